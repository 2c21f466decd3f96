//! Random histories.

use cclf_crosswalk::Table;

use super::made::Made;

/// Numbers that look random, the same each time.
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    fn below(&mut self, most: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap()]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for place in (1..items.len()).rev() {
            items.swap(place, usize::try_from(self.below(place as u64 + 1)).unwrap());
        }
    }
}

/// Names of deliveries, the oldest first; two are of one day.
const DELIVERIES: [(&str, &str); 4] =
    [("2026-02-11", "A"), ("2026-03-11", "A"), ("2026-03-11", "B"), ("2026-04-11", "A")];

/// The person's MBIs, the most recent one first.
const MBIS: [&str; 3] = ["c", "b", "a"];

/// A random history of so many people.
pub(crate) fn history(numbers: &mut Numbers, people: u64) -> Made {
    let mut made = Made::default();
    for person in 0..people {
        for (current, previous) in [("c", "b"), ("b", "a")] {
            made.row(
                Table::Cclf9,
                &format!("CRNT_NUM=M{person}{current} PRVS_NUM=M{person}{previous} on=2026-03-11"),
            );
        }
        for claim in 0..=numbers.below(9) {
            let id = person * 100 + claim;
            let (code, amount) = (
                numbers.of(&["0", "0", "+1", "1+", "2", "2"]),
                numbers.of(&["1.00", "1.00", "-2.50", ""]),
            );
            let effective =
                numbers.of(&["2026-01-02", "2026-01-09", "2026-03-06", "2026-03-13", ""]);
            let place = numbers.of(&["4", "4", "5", ""]);
            // A claim comes in some deliveries, and now and then twice in one.
            let first = numbers.below(4);
            for delivery in first..4.min(first + 1 + numbers.below(3)) {
                let (day, name) = DELIVERIES[usize::try_from(delivery).unwrap()];
                for _ in 0..=(numbers.below(8) / 7) {
                    let mbi = MBIS[usize::try_from(numbers.below(3)).unwrap()];
                    let mut row = format!(
                        "CUR_CLM_UNIQ_ID={id} CLM_ADJSMT_TYPE_CD={code} BENE_MBI_ID=M{person}{mbi} on={day} FILE_NAME={day}{name} "
                    );
                    if !effective.is_empty() {
                        row = format!("{row}CLM_EFCTV_DT={effective} ");
                    }
                    let mut stay = row.clone() + "PRVDR_OSCAR_NUM=9 CLM_FROM_DT=2026-01-01 ";
                    let mut line = row.clone() + "CLM_LINE_NUM=1 ";
                    if !amount.is_empty() {
                        stay = format!("{stay}CLM_PMT_AMT={amount} ");
                        line = format!("{line}CLM_LINE_CVRD_PD_AMT={amount} ");
                    }
                    if !place.is_empty() {
                        stay = format!("{stay}CLM_THRU_DT=2026-01-0{place}");
                        line = format!("{line}CLM_CNTL_NUM={place}");
                    }
                    made.row(Table::Cclf1, &stay).row(Table::Cclf5, &line);
                }
                for place in 0..numbers.below(3) {
                    made.row(Table::Cclf4, &format!("CUR_CLM_UNIQ_ID={id} CLM_PROD_TYPE_CD=E CLM_VAL_SQNC_NUM={place} on={day} FILE_NAME={day}{name}"));
                }
            }
        }
    }
    // Rows of a file come in any order.
    for rows in made.rows.values_mut() {
        numbers.shuffle(rows);
    }
    made
}

//! Random histories are read slowly, too: a reading of CMS's rules over the descriptions of their rows, to compare with.

use std::collections::{BTreeMap, BTreeSet};

use cclf_crosswalk::Table;

use super::made::{Cells, Made, cents};
use super::random::{Numbers, history};

fn cell<'c>(row: &'c Cells, column: &str) -> &'c str {
    row.get(column).map_or("", |cell| cell.trim())
}

/// What is left of a key: its text, an amount, and a type, as often as there are such claims.
type Left = Vec<(String, String, String)>;

/// What the rules say of a table.
#[derive(Debug, Default, PartialEq)]
struct Model {
    finals: Left,
    pairs: u64,
    redelivered: u64,
    repeated: u64,
    several: u64,
    unresolved: BTreeMap<&'static str, u64>,
}

/// The columns of a table that the rules look at.
struct Names {
    amount: &'static str,
    key: &'static [&'static str],
}

const STAYS: Names =
    Names { amount: "CLM_PMT_AMT", key: &["PRVDR_OSCAR_NUM", "CLM_FROM_DT", "CLM_THRU_DT"] };
const LINES: Names =
    Names { amount: "CLM_LINE_CVRD_PD_AMT", key: &["CLM_CNTL_NUM", "CLM_LINE_NUM"] };

impl Names {
    /// The key of a row as text; the MBI by its person.
    fn key(&self, row: &Cells) -> Option<String> {
        let mbi = cell(row, "BENE_MBI_ID").trim_end_matches(['a', 'b']);
        let mut parts = vec![format!("{}c", mbi.trim_end_matches('c'))];
        for name in self.key {
            parts.push(row.get(*name)?.clone());
        }
        Some(parts.join("/"))
    }
}

fn day(row: &Cells) -> &str {
    match cell(row, "CLM_EFCTV_DT") {
        "" => cell(row, "FILE_DATE"),
        day => day,
    }
}

/// The most adjustments that may go with so many originals, by trying every way.
fn most_pairs(cancellations: &[&str], adjustments: &[&str], originals: usize) -> u64 {
    let Some((first, rest)) = cancellations.split_first() else { return 0 };
    let mut most = 0;
    // It goes with an original, with an adjustment before it, or with none.
    if originals > 0 {
        most = most.max(1 + most_pairs(rest, adjustments, originals - 1));
    }
    for place in 0..adjustments.len() {
        if adjustments[place] < *first {
            let mut others = adjustments.to_vec();
            others.remove(place);
            most = most.max(1 + most_pairs(rest, &others, originals));
        }
    }
    most.max(most_pairs(rest, adjustments, originals))
}

/// The rows that count after what came again, by claim, type and effective date.
fn live<'r>(rows: &'r [Cells], model: &mut Model) -> Vec<&'r Cells> {
    let mut newest: BTreeMap<String, Vec<&Cells>> = BTreeMap::new();
    for row in rows {
        let key = ["CUR_CLM_UNIQ_ID", "CLM_LINE_NUM", "CLM_ADJSMT_TYPE_CD", "CLM_EFCTV_DT"];
        newest.entry(key.map(|name| cell(row, name)).join("/")).or_default().push(row);
    }
    let mut live = Vec::new();
    for rows in newest.values() {
        let files: BTreeSet<&str> = rows.iter().map(|row| cell(row, "FILE_NAME")).collect();
        model.redelivered += files.len() as u64 - 1;
        model.repeated += (rows.len() - files.len()) as u64;
        live.extend(rows.iter().rfind(|row| cell(row, "FILE_NAME") == *files.last().unwrap()));
    }
    live
}

fn model(rows: &[Cells], names: &Names) -> Model {
    let mut model = Model::default();
    let live = live(rows, &mut model);
    let mut keys: BTreeMap<String, Vec<&Cells>> = BTreeMap::new();
    for row in live {
        let cancels = cell(row, "CLM_ADJSMT_TYPE_CD") == "1";
        match names.key(row) {
            Some(key) => keys.entry(key).or_default().push(row),
            None if cancels => {
                *model.unresolved.entry("cancellation_without_key").or_default() += 1;
            }
            None => {
                *model.unresolved.entry("without_key").or_default() += 1;
                let kind = cell(row, "CLM_ADJSMT_TYPE_CD").to_owned();
                model.finals.push((String::new(), cell(row, names.amount).to_owned(), kind));
            }
        }
    }
    for (key, rows) in keys {
        let amounts: BTreeSet<&str> = rows.iter().map(|row| cell(row, names.amount)).collect();
        let (mut finals, mut left) = (Left::new(), Vec::new());
        for amount in amounts {
            let of = |kind: &str| {
                let of_kind = |row: &&&Cells| {
                    cell(row, names.amount) == amount && cell(row, "CLM_ADJSMT_TYPE_CD") == kind
                };
                rows.iter().filter(of_kind).map(|row| day(row)).collect::<Vec<_>>()
            };
            let (originals, cancellations, adjustments) = (of("0"), of("1"), of("2"));
            let pairs = most_pairs(&cancellations, &adjustments, originals.len());
            // Originals go first.
            let cancelled = originals.len().min(cancellations.len());
            let adjusted = usize::try_from(pairs).unwrap() - cancelled;
            model.pairs += pairs;
            for (kind, count) in
                [("0", originals.len() - cancelled), ("2", adjustments.len() - adjusted)]
            {
                let claim = (key.clone(), amount.to_owned(), kind.to_owned());
                finals.extend(std::iter::repeat_n(claim, count));
            }
            left.push((cancellations.len() as u64 - pairs, adjustments.len() > adjusted));
        }
        for (count, has_adjustments) in left.into_iter().filter(|(count, _)| *count > 0) {
            let class = match (finals.is_empty(), has_adjustments) {
                (true, _) => "cancellation_without_claim",
                (false, true) => "cancellation_not_after_adjustment",
                (false, false) => "cancellation_of_other_amount",
            };
            *model.unresolved.entry(class).or_default() += count;
        }
        model.several += u64::from(finals.len() > 1);
        model.finals.extend(finals);
    }
    model.finals.sort_unstable();
    model
}

/// The same of what was found.
fn found(made: &Made, result: &super::made::Final, table: Table, names: &Names) -> Model {
    let mut columns = vec!["CUR_CLM_UNIQ_ID", "BENE_MBI_ID", "CLM_ADJSMT_TYPE_CD", names.amount];
    columns.extend(names.key);
    let mut finals = Left::new();
    for row in result.rows(table, &columns) {
        // A blank that is part of a type is none between cells.
        let id = row.split(' ').next().unwrap();
        let of = |row: &&Cells| cell(row, "CUR_CLM_UNIQ_ID") == id;
        let own = made.rows[&table].iter().find(of).unwrap();
        assert!(row.split(' ').nth(1).unwrap().ends_with('c'), "an earlier MBI is left");
        let key = names.key(own).unwrap_or_default();
        let kind = cell(own, "CLM_ADJSMT_TYPE_CD").to_owned();
        finals.push((key, cell(own, names.amount).to_owned(), kind));
    }
    finals.sort_unstable();
    let outcome = result.of(table);
    Model {
        finals,
        pairs: outcome.pairs,
        redelivered: outcome.redelivered,
        repeated: outcome.repeated_in_file,
        several: outcome.several_finals,
        unresolved: outcome
            .unresolved
            .iter()
            .map(|(class, count)| (class.name(), *count))
            .collect(),
    }
}

#[test]
fn random_histories_are_resolved_as_the_rules_say() {
    for seed in 0..8 {
        let made = history(&mut Numbers(seed), 150);
        let result = made.resolve();
        for (table, names) in [(Table::Cclf1, &STAYS), (Table::Cclf5, &LINES)] {
            let rows = &made.rows[&table];
            let (wanted, found) = (model(rows, names), found(&made, &result, table, names));
            assert_eq!(found, wanted, "{table} of {seed}");
            assert!(
                wanted.pairs > 20 && wanted.several > 20 && wanted.unresolved.len() == 5,
                "{wanted:?}"
            );

            // No row is lost, and no cent: what is cancelled and what is final are what came.
            assert_eq!(result.report.rows_in[table.name()], rows.len() as u64);
            assert_eq!(
                result.report.rows_out[table.name()] + result.of(table).gone(),
                rows.len() as u64
            );
            assert_eq!(result.claims(table).len() as u64, result.report.rows_out[table.name()]);
            let sum = |rows: &[&Cells]| -> i64 {
                let amounts = rows.iter().map(|row| cell(row, names.amount));
                amounts.filter(|amount| !amount.is_empty()).map(cents).sum()
            };
            let (cancellations, claims): (Vec<&Cells>, Vec<&Cells>) =
                live(rows, &mut Model::default())
                    .into_iter()
                    .partition(|row| cell(row, "CLM_ADJSMT_TYPE_CD") == "1");
            let listed = std::fs::read_to_string(result.out.join("unresolved.csv")).unwrap();
            let unpaired =
                listed.lines().filter(|line| line.starts_with(&format!("{table},cancellation")));
            let unpaired: Vec<&str> =
                unpaired.map(|line| line.split(',').nth(2).unwrap()).collect();
            let (unpaired, paired): (Vec<&Cells>, Vec<&Cells>) = cancellations
                .into_iter()
                .partition(|row| unpaired.contains(&cell(row, "CUR_CLM_UNIQ_ID")));
            assert_eq!(paired.len() as u64, wanted.pairs);
            assert_eq!(
                unpaired.len() + paired.len() + claims.len(),
                live(rows, &mut Model::default()).len()
            );
            let finals: i64 = found
                .finals
                .iter()
                .filter(|left| !left.1.is_empty())
                .map(|left| cents(&left.1))
                .sum();
            assert_eq!(sum(&claims) - sum(&paired), finals);
        }
        diagnoses(&made, &result);
    }
}

/// Diagnoses are those of final claims, as the newest day tells that has any.
fn diagnoses(made: &Made, result: &super::made::Final) {
    let finals: BTreeSet<String> = result.claims(Table::Cclf1).into_iter().collect();
    let rows = &made.rows[&Table::Cclf4];
    let mut wanted = BTreeSet::new();
    for row in rows {
        let of_claim =
            |other: &&Cells| cell(other, "CUR_CLM_UNIQ_ID") == cell(row, "CUR_CLM_UNIQ_ID");
        let newest =
            rows.iter().filter(of_claim).map(|other| cell(other, "FILE_DATE")).max().unwrap();
        let of_place =
            |other: &&Cells| cell(other, "CLM_VAL_SQNC_NUM") == cell(row, "CLM_VAL_SQNC_NUM");
        let file = rows
            .iter()
            .filter(of_claim)
            .filter(of_place)
            .map(|other| cell(other, "FILE_NAME"))
            .max()
            .unwrap();
        if finals.contains(cell(row, "CUR_CLM_UNIQ_ID"))
            && cell(row, "FILE_DATE") == newest
            && cell(row, "FILE_NAME") == file
        {
            wanted.insert(
                ["CUR_CLM_UNIQ_ID", "CLM_VAL_SQNC_NUM", "FILE_NAME"]
                    .map(|name| cell(row, name))
                    .join(" "),
            );
        }
    }
    let found = result.rows(Table::Cclf4, &["CUR_CLM_UNIQ_ID", "CLM_VAL_SQNC_NUM", "FILE_NAME"]);
    assert_eq!(found.len(), wanted.len());
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
    let outcome = result.of(Table::Cclf4);
    assert_eq!(wanted.len() as u64 + outcome.gone(), rows.len() as u64);
}

#[test]
fn the_order_of_rows_says_nothing() {
    let mut numbers = Numbers(77);
    let mut made = history(&mut numbers, 60);
    let sorted = |result: &super::made::Final, table| {
        let mut claims = result.claims(table);
        claims.sort_unstable();
        claims
    };
    let before = made.resolve();
    for rows in made.rows.values_mut() {
        numbers.shuffle(rows);
    }
    let after = made.resolve();
    for table in [Table::Cclf1, Table::Cclf4, Table::Cclf5] {
        // Even the same of several like claims are left.
        assert_eq!(sorted(&before, table), sorted(&after, table));
        assert_eq!(before.of(table), after.of(table));
    }
}

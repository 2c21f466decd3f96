//! A slow reading of how claims are matched, which the quick one is held against.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use cclf_crosswalk::Table;
use convert::Cancel;
use convert::building::open_temporary;
use publish::Spools;

use super::claim::{Claim, MOST_KEYS, NO_DATE};
use super::cut::Cut;
use super::digest::{Digest, NONE, short};
use super::matching::{Matching, Pairs};
use super::reason::OtherSide;
use super::rungs::Rung;
use super::side::{Both, Side};

/// What becomes of claims: pairs by rung, ambiguous ones, and those that the other side lacks.
#[derive(Debug, Default, PartialEq, Eq)]
struct Fates {
    pairs: BTreeSet<(Digest, Digest)>,
    by_rung: BTreeMap<Rung, u64>,
    ambiguous: Both<u64>,
    only: Both<u64>,
}

/// The rules, one after the other, over lists.
fn slow(table: Table, rows: &[Claim], are_numbers_shared: bool) -> Fates {
    let mut fates = Fates::default();
    let mut open: Vec<Claim> = Vec::new();
    for row in rows {
        let own = open.iter_mut().find(|one| (one.side, one.number) == (row.side, row.number));
        match own {
            Some(own) => own.add(row),
            None => open.push(*row),
        }
    }
    open.sort_by_key(|claim| (claim.cents, claim.number));
    let number = |claim: &Claim| if are_numbers_shared { claim.number } else { NONE };
    let rungs = Rung::below_number(table);
    for place in 0..=rungs.len() {
        let rung = if place == 0 { Rung::ClaimNumber } else { rungs[place - 1].0 };
        let key = |claim: &Claim| if place == 0 { number(claim) } else { claim.keys[place - 1] };
        let keys: BTreeSet<Digest> = open.iter().map(key).filter(|key| *key != NONE).collect();
        for wanted in keys {
            let of = |side: Side| -> Vec<Claim> {
                let is_so = |claim: &&Claim| claim.side == side && key(claim) == wanted;
                open.iter().filter(is_so).copied().collect()
            };
            let (mut left, mut right) = (of(Side::Left), of(Side::Right));
            let mut pairs = Vec::new();
            if left.len() == 1 && right.len() == 1 {
                pairs.push((left.remove(0), right.remove(0)));
            }
            for one in left.clone() {
                if let Some(at) = right.iter().position(|other| other.cents == one.cents) {
                    pairs.push((one, right.remove(at)));
                    left.retain(|own| own.number != one.number);
                }
            }
            let mut gone: Vec<Claim> = Vec::new();
            for (one, other) in pairs {
                fates.pairs.insert((one.number, other.number));
                *fates.by_rung.entry(rung).or_default() += 1;
                gone.extend([one, other]);
            }
            if !left.is_empty() && !right.is_empty() {
                fates.ambiguous.left += left.len() as u64;
                fates.ambiguous.right += right.len() as u64;
                gone.extend(left.into_iter().chain(right));
            }
            open.retain(|claim| !gone.contains(claim));
        }
    }
    for side in Side::ALL {
        fates.only[side] = open.iter().filter(|claim| claim.side == side).count() as u64;
    }
    fates
}

fn quick(
    spools: &Spools,
    (table, rows): (Table, &[Claim]),
    are_numbers_shared: bool,
    threads: usize,
) -> Fates {
    let by_number = Cut::new(spools);
    by_number.push_all(rows.iter().map(|row| row.entry(&row.number))).unwrap();
    let next = Rung::below_number(table).iter().map(|_| Cut::new(spools)).collect();
    let matching = Matching {
        table,
        are_numbers_shared,
        others: Both { left: OtherSide::default(), right: OtherSide::default() },
        has_person: &|_, _| true,
        threads,
        cancel: &Cancel::new(),
        most: 0,
    };
    let pairs = Mutex::new(Pairs::default());
    let tally = matching.run(by_number, next, &pairs).unwrap();
    let pairs = pairs.into_inner().unwrap();
    let lefts: BTreeMap<u64, Digest> = rows
        .iter()
        .filter(|row| row.side == Side::Left && pairs.contains_key(&row.number))
        .filter(|row| pairs[&row.number] == short(&row.number))
        .map(|row| (short(&row.number), row.number))
        .collect();
    let (report, _) = tally.report(table);
    Fates {
        pairs: rows
            .iter()
            .filter(|row| row.side == Side::Right)
            .filter_map(|row| Some((*lefts.get(pairs.get(&row.number)?)?, row.number)))
            .collect(),
        by_rung: report.by_rung.iter().map(|one| (one.rung, one.claims)).collect(),
        ambiguous: report.ambiguous,
        only: report.only,
    }
}

/// Numbers by chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u8) -> u8 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        u8::try_from((self.0 >> 33) % u64::from(end)).unwrap()
    }
}

/// Rows with few numbers, keys and amounts, so that they meet in every way.
fn rows(chance: &mut Chance, are_numbers_shared: bool) -> Vec<Claim> {
    let count = chance.below(40);
    let most = 1 + chance.below(8);
    let one = |_| {
        let side = Side::ALL[usize::from(chance.below(2))];
        let own = 1 + chance.below(30) + if are_numbers_shared { 0 } else { side as u8 * 100 };
        let number = [own; 16];
        let keys: [Digest; MOST_KEYS] = std::array::from_fn(|place| match chance.below(most + 1) {
            0 => NONE,
            key => [key + 10 * u8::try_from(place).unwrap(); 16],
        });
        Claim {
            side,
            number,
            keys,
            person: 1,
            cents: i64::from(chance.below(3)),
            type_code: *b"40",
            day: NO_DATE,
            loaded: NO_DATE,
            has_substance_use: false,
        }
    };
    (0..count).map(one).collect()
}

#[test]
fn claims_are_matched_as_the_slow_reading_says() {
    let stage = open_temporary("reconcile-model").unwrap();
    let mut chance = Chance(1);
    let (mut ambiguous, mut pairs) = (0, BTreeSet::new());
    for round in 0..300 {
        let are_numbers_shared = round % 2 == 0;
        let rows = rows(&mut chance, are_numbers_shared);
        for table in [Table::Cclf1, Table::Cclf5, Table::Cclf7] {
            let wanted = slow(table, &rows, are_numbers_shared);
            let found = quick(stage.spools(), (table, &rows), are_numbers_shared, 1 + round % 3);
            assert_eq!(found, wanted, "round {round}, {table}");
            ambiguous += wanted.ambiguous.left;
            pairs.extend(wanted.by_rung.into_keys());
        }
    }
    assert!(ambiguous > 50 && pairs.len() == 7, "{ambiguous} {pairs:?}");
}

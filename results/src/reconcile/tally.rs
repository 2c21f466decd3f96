//! What is counted while claims are matched, on each thread by itself.

use std::collections::{BTreeMap, BTreeSet};

use cclf_crosswalk::Table;
use cms::FewPeople;

use super::claim::Claim;
use super::digest::Digest;
use super::reason::{Reason, month_name, month_of};
use super::report::{ClaimsReport, ReasonReport, RungReport, Sum, SumReport};
use super::rungs::Rung;
use super::side::{Both, Side};

/// A claim type and a month.
type Group = ([u8; 2], Option<i32>);

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    all: Both<Sum>,
    matched: Both<Sum>,
    apart_cents: u64,
}

/// Claims of a side that the other one lacks for a reason: how many, and the first of them in the order of their digests.
#[derive(Clone, Debug, Default)]
struct Only {
    sum: Sum,
    people: FewPeople<u64>,
    first: BTreeSet<(Digest, i64)>,
}

/// Counts of a table of claims.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    by_rung: BTreeMap<Rung, u64>,
    ambiguous: Both<u64>,
    /// Of all claims that are not matched.
    unmatched: Both<FewPeople<u64>>,
    only: BTreeMap<(Side, Reason), Only>,
    sums: BTreeMap<Group, Sums>,
    /// How many claims of each reason are kept as examples.
    most: usize,
}

/// A claim that may be shown to whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) table: Table,
    pub(super) side: Side,
    pub(super) reason: Reason,
    pub(super) cents: i64,
}

fn group(claim: &Claim) -> Group {
    (claim.type_code, month_of(claim.day))
}

fn add(sum: &mut Sum, claims: u64, cents: i64) {
    sum.claims += claims;
    sum.cents = sum.cents.saturating_add(cents);
}

impl Tally {
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    /// Counts a claim.
    pub(super) fn all(&mut self, claim: &Claim) {
        let sums = self.sums.entry(group(claim)).or_default();
        add(&mut sums.all[claim.side], 1, claim.cents);
    }

    /// Counts a pair.
    pub(super) fn pair(&mut self, rung: Rung, left: &Claim, right: &Claim) {
        *self.by_rung.entry(rung).or_default() += 1;
        for claim in [left, right] {
            let sums = self.sums.entry(group(claim)).or_default();
            add(&mut sums.matched[claim.side], 1, claim.cents);
        }
        let apart = left.cents.abs_diff(right.cents);
        let sums = self.sums.entry(group(left)).or_default();
        sums.apart_cents = sums.apart_cents.saturating_add(apart);
    }

    /// Counts a claim that could be paired in several ways.
    pub(super) fn ambiguous(&mut self, claim: &Claim) {
        self.ambiguous[claim.side] += 1;
        self.unmatched[claim.side].add(claim.person);
    }

    /// Counts a claim that the other side lacks.
    pub(super) fn only(&mut self, claim: &Claim, reason: Reason) {
        let only = self.only.entry((claim.side, reason)).or_default();
        add(&mut only.sum, 1, claim.cents);
        only.people.add(claim.person);
        self.unmatched[claim.side].add(claim.person);
        only.first.insert((claim.number, claim.cents));
        if only.first.len() > self.most {
            only.first.pop_last();
        }
    }

    /// Takes the counts of another thread.
    pub(super) fn merge(&mut self, other: Self) {
        self.unmatched.left.merge(other.unmatched.left);
        self.unmatched.right.merge(other.unmatched.right);
        for (rung, claims) in other.by_rung {
            *self.by_rung.entry(rung).or_default() += claims;
        }
        for side in Side::ALL {
            self.ambiguous[side] += other.ambiguous[side];
        }
        for (key, only) in other.only {
            let own = self.only.entry(key).or_default();
            add(&mut own.sum, only.sum.claims, only.sum.cents);
            own.people.merge(only.people);
            own.first.extend(only.first);
            while own.first.len() > self.most {
                own.first.pop_last();
            }
        }
        for (key, sums) in other.sums {
            let own = self.sums.entry(key).or_default();
            for side in Side::ALL {
                add(&mut own.all[side], sums.all[side].claims, sums.all[side].cents);
                add(&mut own.matched[side], sums.matched[side].claims, sums.matched[side].cents);
            }
            own.apart_cents = own.apart_cents.saturating_add(sums.apart_cents);
        }
    }

    /// What it says of a table.
    pub(super) fn report(&self, table: Table) -> (ClaimsReport, Vec<SumReport>) {
        let by_rung: Vec<_> = self
            .by_rung
            .iter()
            .map(|(rung, claims)| RungReport { rung: *rung, claims: *claims })
            .collect();
        let by_reason: Vec<_> = self
            .only
            .iter()
            .map(|((side, reason), only)| ReasonReport {
                side: *side,
                reason: *reason,
                claims: only.sum.claims,
                cents: only.sum.cents,
                people: only.people.count(),
            })
            .collect();
        let of = |count: &dyn Fn(Side) -> u64| Both {
            left: count(Side::Left),
            right: count(Side::Right),
        };
        let report = ClaimsReport {
            table: table.name(),
            all: of(&|side| self.sums.values().map(|sums| sums.all[side].claims).sum()),
            matched: by_rung.iter().map(|rung| rung.claims).sum(),
            by_rung,
            ambiguous: self.ambiguous,
            unmatched_people: of(&|side| self.unmatched[side].count()),
            only: of(&|side| {
                by_reason.iter().filter(|one| one.side == side).map(|one| one.claims).sum()
            }),
            by_reason,
        };
        let sums = self.sums.iter().map(|((claim_type, month), sums)| {
            let text = String::from_utf8_lossy(claim_type);
            let text = text.trim_end_matches('\0');
            SumReport {
                table: table.name(),
                claim_type: (!text.is_empty()).then(|| text.to_owned()),
                month: month.map(month_name),
                all: sums.all,
                matched: sums.matched,
                apart_cents: sums.apart_cents,
            }
        });
        (report, sums.collect())
    }

    /// The claims that are kept as examples.
    pub(super) fn wanted(&self, table: Table) -> impl Iterator<Item = (Digest, Wanted)> + '_ {
        self.only.iter().flat_map(move |((side, reason), only)| {
            only.first.iter().map(move |(digest, cents)| {
                (*digest, Wanted { table, side: *side, reason: *reason, cents: *cents })
            })
        })
    }
}

//! Claims of both sides, matched rung by rung.

use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::Table;
use convert::building::shared;
use convert::{Cancel, Error};
use hashbrown::HashMap;

use super::claim::Claim;
use super::cut::{Cut, Entry};
use super::digest::{DIGEST_BYTES, Digest, NONE, short};
use super::reason::{OtherSide, reason};
use super::rungs::{Rung, pair_up};
use super::side::{Both, Side};
use super::tally::Tally;

/// Groups between two looks at whether the run was asked to end.
const LOOK_GROUPS: u32 = 4_096;

/// Pairs that are collected before they are put into the map.
const SOME_PAIRS: usize = 4_096;

/// Which pair a claim is of, by the digest of its number.
pub(super) type Pairs = HashMap<Digest, u64>;

/// What there is besides claims.
pub(super) struct Matching<'a> {
    pub(super) table: Table,
    pub(super) are_numbers_shared: bool,
    /// Of each side, what its claims are told about the other one; whether a person is there is asked of `has_person`.
    pub(super) others: Both<OtherSide>,
    pub(super) has_person: &'a (dyn Fn(Side, u64) -> bool + Sync),
    pub(super) threads: usize,
    pub(super) cancel: &'a Cancel,
    /// Claims of each reason that are kept as examples.
    pub(super) most: usize,
}

impl Matching<'_> {
    /// Matches the claims of a table: by number, then those that are left by each rung. `next` has a cut for each rung below
    /// the number.
    ///
    /// # Errors
    /// A spool fails, or the run was asked to end.
    pub(super) fn run(
        &self,
        by_number: Cut,
        next: Vec<Cut>,
        pairs: &Mutex<Pairs>,
    ) -> Result<Tally, Error> {
        let mut tally = Tally::new(self.most);
        let rungs = Rung::below_number(self.table);
        let mut rest: std::collections::VecDeque<Cut> = next.into();
        tally.merge(self.rung(by_number, None, rest.make_contiguous(), pairs)?);
        for (number, (rung, _)) in rungs.iter().enumerate() {
            let Some(cut) = rest.pop_front() else { break };
            tally.merge(self.rung(cut, Some((number, *rung)), rest.make_contiguous(), pairs)?);
        }
        Ok(tally)
    }

    /// Matches by one key; `next` are the cuts of the rungs below.
    fn rung(
        &self,
        cut: Cut,
        rung: Option<(usize, Rung)>,
        next: &[Cut],
        pairs: &Mutex<Pairs>,
    ) -> Result<Tally, Error> {
        let done = shared(cut.into_parts(), self.threads.saturating_sub(1), |part| {
            let mut own =
                Own { all: self, rung, next, pairs, tally: Tally::new(self.most), new: Vec::new() };
            let mut groups = 0;
            part.sorted()?.each_group(DIGEST_BYTES, |group| {
                groups += 1;
                if groups % LOOK_GROUPS == 0 && self.cancel.is_cancelled() {
                    return Err(Error::cancelled());
                }
                match rung {
                    None => own.by_number(group),
                    Some((_, rung)) => own.by_key(group, rung),
                }
            })?;
            own.flush();
            Ok::<_, Error>(own.tally)
        });
        let mut tally = Tally::new(self.most);
        for done in done {
            tally.merge(done?);
        }
        Ok(tally)
    }
}

/// A thread's work on a rung.
struct Own<'a> {
    all: &'a Matching<'a>,
    /// The rung, and its number below the claim number.
    rung: Option<(usize, Rung)>,
    next: &'a [Cut],
    pairs: &'a Mutex<Pairs>,
    tally: Tally,
    new: Vec<(Digest, u64)>,
}

impl Own<'_> {
    /// Claims of one number: on each side one.
    fn by_number(&mut self, group: &[Entry]) -> Result<(), Error> {
        let mut claims: Both<Option<Claim>> = Both::default();
        for entry in group {
            let claim = Claim::of(entry);
            match &mut claims[claim.side] {
                Some(own) => own.add(&claim),
                own => *own = Some(claim),
            }
        }
        for claim in [&claims.left, &claims.right].into_iter().flatten() {
            self.tally.all(claim);
        }
        match (claims.left, claims.right) {
            (Some(left), Some(right)) if self.all.are_numbers_shared => {
                self.pair(Rung::ClaimNumber, &left, &right);
                Ok(())
            }
            (left, right) => {
                left.into_iter().chain(right).try_for_each(|claim| self.goes_on(&claim))
            }
        }
    }

    /// Claims of one key, in the order of their amounts.
    fn by_key(&mut self, group: &[Entry], rung: Rung) -> Result<(), Error> {
        let claims: Vec<Claim> = group.iter().map(Claim::of).collect();
        let of = |side: Side| -> Vec<&Claim> {
            claims.iter().filter(|claim| claim.side == side).collect()
        };
        let (left, right) = (of(Side::Left), of(Side::Right));
        let cents =
            |claims: &[&Claim]| -> Vec<i64> { claims.iter().map(|claim| claim.cents).collect() };
        let paired = pair_up(&cents(&left), &cents(&right));
        for (at, to) in &paired.pairs {
            self.pair(rung, left[*at], right[*to]);
        }
        let rest = paired.left_rest.iter().map(|at| left[*at]);
        let rest = rest.chain(paired.right_rest.iter().map(|at| right[*at]));
        for claim in rest {
            if paired.is_rest_ambiguous() {
                self.tally.ambiguous(claim);
            } else {
                self.goes_on(claim)?;
            }
        }
        Ok(())
    }

    fn pair(&mut self, rung: Rung, left: &Claim, right: &Claim) {
        self.tally.pair(rung, left, right);
        let pair = short(&left.number);
        self.new.push((left.number, pair));
        if right.number != left.number {
            self.new.push((right.number, pair));
        }
        if self.new.len() >= SOME_PAIRS {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.pairs.lock().unwrap_or_else(PoisonError::into_inner).extend(self.new.drain(..));
    }

    /// Hands a claim on to the next rung that it has a key of.
    fn goes_on(&mut self, claim: &Claim) -> Result<(), Error> {
        let rungs = Rung::below_number(self.all.table).len();
        let first = self.rung.map_or(0, |(number, _)| number + 1);
        let keys = claim.keys.iter().enumerate().take(rungs).skip(first);
        if let Some((number, key)) = keys.into_iter().find(|(_, key)| **key != NONE) {
            return self.next[number - first].push_all(std::iter::once(claim.entry(key)));
        }
        let other = claim.side.other();
        let mut of_other = self.all.others[claim.side];
        of_other.has_person = (self.all.has_person)(other, claim.person);
        let has_key = self.all.are_numbers_shared || claim.keys.iter().any(|key| *key != NONE);
        self.tally.only(claim, reason(self.all.table, claim, of_other, has_key));
        Ok(())
    }
}

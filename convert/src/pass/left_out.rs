//! The claims that have no rows because others count: of the versions of a claim all but one, and of what two systems have
//! that of one of them.

use std::fs::File;

use cclf_crosswalk::{ClaimSystem, Precedence, RecordCounts, precedence};

use crate::pass::entry::{Entry, Kin};
use crate::report::LeftOut;

/// The claims that have no rows because others count.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    /// By source the offsets of their lines, in rising order.
    left_out: Vec<Vec<u64>>,
    /// Claims of a shared system that were read and are left out because the National Claims History has them.
    pub(super) shared: u64,
    /// Claims of which no version is left, because they were deleted.
    deleted: u64,
    /// Claims that count as they stand, though another one of the same person has their number, too; none where nobody
    /// knows their numbers.
    pub(super) possibly_replaced: Option<u64>,
    /// The claims that count, one entry behind the other, where a state is kept.
    pub(super) chosen: Option<File>,
}

impl Latest {
    /// The spool of the claims that count; there is one where a state is kept.
    pub(crate) fn take_chosen(&mut self) -> Option<File> {
        self.chosen.take()
    }

    /// Whether the claim that begins there has no rows.
    pub(crate) fn leaves_out(&self, source: usize, offset: u64) -> bool {
        self.left_out.get(source).is_some_and(|own| own.binary_search(&offset).is_ok())
    }

    /// What was left out, of all that these counts are of.
    pub(crate) fn report(&self, counts: &RecordCounts) -> LeftOut {
        LeftOut {
            versions: counts.left_out.saturating_sub(self.shared),
            shared_claims: self.shared,
            deleted_claims: self.deleted,
            deleted_people: counts.deleted_people,
            possibly_replaced: self.possibly_replaced,
        }
    }

    fn leave_out(&mut self, (source, offset): (u32, u64)) {
        let source = source as usize;
        if self.left_out.len() <= source {
            self.left_out.resize_with(source + 1, Vec::new);
        }
        self.left_out[source].push(offset);
    }

    /// Puts what is left out in order, each once; gives how many there are of so many sources.
    pub(super) fn sort(&mut self, sources: usize) -> u64 {
        for own in &mut self.left_out {
            own.sort_unstable();
            own.dedup();
        }
        self.left_out.iter().take(sources).map(|own| own.len() as u64).sum()
    }

    /// The version of a claim that counts, of all in the order of the input; the others are left out.
    pub(super) fn choose(&mut self, versions: &[Entry]) -> Option<Entry> {
        let mut chosen: Option<Entry> = None;
        for new in versions.iter().filter(|version| !version.is_deleted()) {
            chosen = Some(match chosen {
                None => *new,
                Some(known) => match precedence(known.version(), new.version()) {
                    Precedence::Known => known,
                    Precedence::Same => known.as_new_as(new),
                    Precedence::New => *new,
                },
            });
        }
        let alive = versions.iter().filter(|version| !version.is_deleted());
        let newest = alive.map(Entry::newest).max().unwrap_or_default();
        let chosen = chosen.map(|chosen| chosen.besides(newest));
        self.deleted += u64::from(chosen.is_none());
        for version in versions {
            if chosen.is_none_or(|chosen| chosen.place() != version.place()) {
                self.leave_out(version.place());
            }
        }
        chosen
    }

    /// Looks at records of one claim: what the National Claims History has, shared systems have no more.
    pub(super) fn compare(&mut self, same: &[Kin]) {
        let history = same.iter().any(|own| own.is_of(ClaimSystem::History));
        for own in same.iter().filter(|own| history && own.is_of(ClaimSystem::Shared)) {
            self.leave_out(own.place());
        }
        let in_force = same.iter().filter(|own| own.is_in_force()).count() as u64;
        if let Some(count) = &mut self.possibly_replaced {
            *count += in_force.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_again() {
        let mut latest = Latest::default();
        for place in [(2, 9), (0, 5), (2, 1), (2, 9)] {
            latest.leave_out(place);
        }
        assert_eq!((latest.sort(2), latest.sort(3)), (1, 3));
        for place in [(2, 9), (0, 5), (2, 1)] {
            assert!(latest.leaves_out(place.0, place.1));
        }
        for place in [(2, 2), (1, 5), (7, 1), (0, 4)] {
            assert!(!latest.leaves_out(place.0, place.1));
        }
    }
}

//! What tells versions apart that were last changed at one time, and what a deletion of one would mean.

use super::pieces::{PIECE, Pieces};
use crate::people::mbi::Mbi;
use crate::people::person::Enrolled;
use crate::people::precedence::{Precedence, Tie, precedence};

/// The place of a Patient among what is known of a beneficiary; Coverages follow.
pub(super) const OF_PATIENT: usize = 0;

/// The rank of what nothing is known of any more: another Coverage of the same part was there.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// What is known of a version that counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) tie: Tie,
    /// The rank of the newest export that has any version: where that is greater than the one of the tie, another version
    /// would count without this one.
    pub(super) newest: u32,
}

/// What is known of a beneficiary: of the Patient, and of the Coverage of each part with the MBI that it gives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Own {
    pub(super) known: [Known; 1 + Enrolled::COUNT],
    pub(super) subscribers: [Mbi; Enrolled::COUNT],
}

/// What is known of all beneficiaries, by number; nothing where versions are not told apart.
#[derive(Debug, Default)]
pub(super) struct Ties(Option<Pieces<Own>>);

impl Ties {
    /// Such as are kept.
    pub(super) fn kept() -> Self {
        Self(Some(Pieces::default()))
    }

    /// Memory for a piece of the entries.
    pub(super) fn piece_bytes(&self) -> usize {
        if self.0.is_some() { PIECE * size_of::<Own>() } else { 0 }
    }

    /// One beneficiary more.
    pub(super) fn push(&mut self) {
        if let Some(ties) = &mut self.0 {
            ties.push(Own::default());
        }
    }

    /// Of a beneficiary; what tells nothing where none is kept.
    pub(super) fn of(&self, number: u32) -> Own {
        self.0.as_ref().map_or_else(Own::default, |ties| *ties.get(number))
    }

    pub(super) fn own(&mut self, number: u32) -> Option<&mut Own> {
        self.0.as_mut().map(|ties| ties.get_mut(number))
    }

    /// Whether a new version takes the place of the known one.
    pub(super) fn replaces(
        &mut self,
        (number, place): (u32, usize),
        known: i64,
        updated: i64,
        tie: Option<Tie>,
    ) -> bool {
        let Some(own) = self.own(number) else { return known <= updated };
        let (own, tie) = (&mut own.known[place], tie.unwrap_or_default());
        let is_another = own.tie.id() != 0 && own.tie.id() != tie.id();
        own.newest = if is_another { UNKNOWN } else { own.newest.max(tie.rank()) };
        match precedence((known, Some(own.tie)), (updated, Some(tie))) {
            Precedence::Known => false,
            Precedence::Same => {
                own.tie = tie.max(own.tie);
                false
            }
            Precedence::New => {
                own.tie = tie;
                true
            }
        }
    }
}

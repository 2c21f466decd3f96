//! What tells versions apart that were last changed at one time.

use super::pieces::{PIECE, Pieces};
use crate::people::person::Enrolled;
use crate::people::precedence::{Precedence, Tie, precedence};

/// The place of a Patient's tie among those of a beneficiary; those of Coverages follow.
pub(super) const OF_PATIENT: usize = 0;

/// The ties of a beneficiary: of the Patient, and of the Coverage of each part.
type Own = [Tie; 1 + Enrolled::COUNT];

/// The ties of all beneficiaries, by number; none where versions are not told apart.
#[derive(Debug, Default)]
pub(super) struct Ties(Option<Pieces<Own>>);

impl Ties {
    /// Such as are kept.
    pub(super) fn kept() -> Self {
        Self(Some(Pieces::default()))
    }

    /// Memory of the ties of a piece of the entries.
    pub(super) fn piece_bytes(&self) -> usize {
        if self.0.is_some() { PIECE * size_of::<Own>() } else { 0 }
    }

    /// One beneficiary more.
    pub(super) fn push(&mut self) {
        if let Some(ties) = &mut self.0 {
            ties.push(Own::default());
        }
    }

    /// The ties of a beneficiary; such as tell nothing where none are kept.
    pub(super) fn of(&self, number: u32) -> Own {
        self.0.as_ref().map_or_else(Own::default, |ties| *ties.get(number))
    }

    fn own(&mut self, (number, place): (u32, usize)) -> Option<&mut Tie> {
        self.0.as_mut().map(|ties| &mut ties.get_mut(number)[place])
    }

    pub(super) fn set(&mut self, place: (u32, usize), tie: Tie) {
        if let Some(own) = self.own(place) {
            *own = tie;
        }
    }

    /// Whether a new version takes the place of the known one.
    pub(super) fn replaces(
        &mut self,
        place: (u32, usize),
        known: i64,
        updated: i64,
        tie: Option<Tie>,
    ) -> bool {
        let Some(own) = self.own(place) else { return known <= updated };
        let tie = tie.unwrap_or_default();
        match precedence((known, Some(*own)), (updated, Some(tie))) {
            Precedence::Known => false,
            Precedence::Same => {
                *own = tie.max(*own);
                false
            }
            Precedence::New => {
                *own = tie;
                true
            }
        }
    }
}

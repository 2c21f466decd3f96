//! Who was merged into whom.

use std::collections::HashMap;

use crate::people::precedence::Tie;

/// Longest way from one merged Patient to the next that is followed: who are merged in a circle have no survivor.
const MOST_STEPS: usize = 32;

/// Memory of one merge in a map that may just have doubled.
pub(super) const MERGE_BYTES: usize = 56;

/// Who was merged into whom, by number.
#[derive(Debug, Default)]
pub(super) struct Merges(HashMap<u32, Merge>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Merge {
    pub(super) survivor: u32,
    /// The rank of the newest export that says so.
    pub(super) rank: u32,
    /// When the record was last changed that says so, if it tells.
    pub(super) updated: i64,
    /// An export of a later time has the Patient again. What comes of before the merge is nobody all the same.
    pub(super) is_undone: bool,
}

impl Merges {
    pub(super) fn heap_bytes(&self) -> usize {
        self.0.len() * MERGE_BYTES
    }

    /// Everybody who was merged.
    pub(super) fn all(&self) -> impl Iterator<Item = u32> {
        self.0.iter().filter(|(_, merge)| !merge.is_undone).map(|(number, _)| *number)
    }

    pub(super) fn of(&self, number: u32) -> Option<Merge> {
        self.0.get(&number).copied()
    }

    pub(super) fn put(&mut self, number: u32, merge: Merge) {
        self.0.insert(number, merge);
    }

    /// The one that was merged into nobody.
    pub(super) fn survivor(&self, number: u32) -> u32 {
        let mut own = number;
        for _ in 0..MOST_STEPS {
            match self.0.get(&own) {
                Some(merge) if !merge.is_undone => own = merge.survivor,
                _ => return own,
            }
        }
        number
    }

    /// Takes a Patient back who was merged, unless the export of this tie knew it already; whether the Patient is somebody.
    pub(super) fn is_undone(&mut self, number: u32, tie: Option<Tie>) -> bool {
        let Some(merge) = self.0.get_mut(&number) else { return true };
        let is_older = tie.is_some_and(|tie| tie.rank() > merge.rank);
        merge.is_undone |= is_older;
        is_older
    }
}

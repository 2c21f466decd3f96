//! What an earlier result tells of the exports that it was made of.

use cclf_crosswalk::Lineage;

use crate::input::deletions::IdHash;
use crate::input::several::Export;

/// What is known before anything is read; nothing, unless an earlier result is brought up to date.
#[derive(Default)]
pub(crate) struct Known {
    /// The oldest first, with the ranks that the records of the result have.
    pub(crate) exports: Vec<Export>,
    /// What was deleted, and the rank of the export that says so.
    pub(crate) deletions: Vec<(IdHash, u32)>,
    /// The files that people came from, by number.
    pub(crate) lineages: Vec<Lineage>,
    /// The newest FILE_DATE.
    pub(crate) age_at: Option<i32>,
    /// By rank in the result, the rank among all exports.
    pub(crate) ranks: Vec<u32>,
}

impl Known {
    /// Finds the ranks of the exports among all, the oldest of which come first.
    pub(crate) fn rank_among(&mut self, all: &[Export]) {
        let most = self.exports.last().map_or(0, |export| export.rank as usize + 1);
        self.ranks = vec![0; most];
        for export in &self.exports {
            let found = all.iter().find(|own| own.time == export.time);
            self.ranks[export.rank as usize] = found.map_or(0, |own| own.rank);
        }
        let Self { ranks, deletions, .. } = self;
        for (_, rank) in deletions {
            *rank = ranks.get(*rank as usize).copied().unwrap_or(*rank);
        }
    }

    /// The rank among all exports of one that has this among those of the result.
    pub(crate) fn rank(&self, old: u32) -> u32 {
        self.ranks.get(old as usize).copied().unwrap_or(old)
    }
}

//! Counting records: `read = with rows + joined + without rows + skipped + rejected`.

use std::collections::BTreeMap;

use cclf_crosswalk::{ErrorClass, NotActive, RecordError, Untranslated};

/// What became of the records of a block, or of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) with_rows: u64,
    pub(crate) joined: u64,
    pub(crate) without_rows: u64,
    pub(crate) skipped: u64,
    pub(crate) rejected: BTreeMap<ErrorClass, u64>,
    pub(crate) unmatched_claims: u64,
    pub(crate) partial_dates: u64,
    pub(crate) untranslated: Untranslated,
    pub(crate) not_active: NotActive,
}

impl Tally {
    pub(crate) fn rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    pub(crate) fn read(&self) -> u64 {
        self.with_rows + self.joined + self.without_rows + self.skipped + self.rejected()
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.with_rows += other.with_rows;
        self.joined += other.joined;
        self.without_rows += other.without_rows;
        self.skipped += other.skipped;
        for (class, count) in &other.rejected {
            *self.rejected.entry(*class).or_default() += count;
        }
        self.unmatched_claims += other.unmatched_claims;
        self.partial_dates += other.partial_dates;
        self.untranslated.add(&other.untranslated, 1);
        self.not_active.add(&other.not_active);
    }
}

impl Tally {
    /// Counts a bad record of a block and says where it stands; `line` is not kept of lines that were too long.
    pub(crate) fn reject(
        &mut self,
        source: usize,
        number: u64,
        offset: u64,
        error: RecordError,
        line: Option<&[u8]>,
    ) -> Reject {
        *self.rejected.entry(error.class()).or_default() += 1;
        let line = line.map(<[u8]>::to_vec);
        Reject { source, number, offset, error, line, ordinal: self.read() }
    }
}

/// A record that was rejected: where it stands, why, and its line as it was.
#[derive(Debug)]
pub(crate) struct Reject {
    pub(crate) source: usize,
    pub(crate) number: u64,
    pub(crate) offset: u64,
    pub(crate) error: RecordError,
    /// Not kept of lines that were too long.
    pub(crate) line: Option<Vec<u8>>,
    /// Records that the block had judged when this one came, itself included.
    pub(crate) ordinal: u64,
}

/// Something that ends the run whatever else is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fatal {
    /// FHIR R4 in this file.
    Foreign { source: usize, number: u64 },
}

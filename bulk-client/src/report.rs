//! What an export brought, and what it lacks.

use std::time::Duration;

use crate::journal::{FileRecord, FileState, ItemType};
use crate::outcome::IssueCounts;

/// What an export brought.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// All files, those of earlier runs too.
    pub files: Vec<FileRecord>,
    /// How many of them were there already.
    pub already_there: usize,
    /// Types that were asked for and have no file with a record; of BCDA's three if everything was asked for and only
    /// some of them came.
    pub types_without_file: Vec<String>,
    /// Whether there is no record at all.
    pub nothing: bool,
    /// What the error files tell.
    pub issues: IssueCounts,
    /// The server's `transactionTime`.
    pub transaction_time: String,
    /// Where the job is.
    pub job_url: String,
    /// How long this run took.
    pub took: Duration,
}

impl Report {
    /// Whether the export is less than what was asked for: error files, or a type without a file. Exit code 3.
    pub fn has_gaps(&self) -> bool {
        let error_files = self
            .files
            .iter()
            .any(|file| file.item_type == ItemType::Error && file.state != FileState::Empty);
        error_files || self.nothing || !self.types_without_file.is_empty()
    }

    /// Bytes on the disk.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

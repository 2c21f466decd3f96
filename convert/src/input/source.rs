//! A file to read, as it was looked at beforehand.

use cclf_crosswalk::{Guess, Lineage};
use ndjson_io::SourceFile;

use crate::report::FileDateOrigin;

/// A file to read.
pub(crate) struct Source {
    pub(crate) file: SourceFile,
    pub(crate) lineage: Lineage,
    pub(crate) date_origin: FileDateOrigin,
    pub(crate) guess: Guess,
    /// The hash of the bytes as stored that the journal of `bcda export` has of a file of this name and size.
    pub(crate) journaled: Option<String>,
    /// Only its Patients and Coverages count.
    pub(crate) only_people: bool,
    /// Which of the exports it is of.
    pub(crate) export: usize,
}

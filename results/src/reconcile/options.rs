//! What is reconciled.

use std::path::PathBuf;

use convert::{Cancel, Setting, Spelling};

use crate::finished::Source;

/// Which results are compared, and how.
#[derive(Clone, Debug)]
pub struct ReconcileOptions {
    /// The folder of one result.
    pub left: PathBuf,
    /// The folder of the other.
    pub right: PathBuf,
    /// Where the tables of the one come from, if they do not tell it.
    pub left_source: Option<Source>,
    /// The same of the other.
    pub right_source: Option<Source>,
    /// How many examples of each kind of difference, and of unmatched claims by table, side and reason, are written, and
    /// into which folder. It must not exist or be empty, and holds values: only its owner may read it.
    pub examples: Option<(usize, PathBuf)>,
    /// Threads that work at once.
    pub threads: usize,
    /// Ends the run from outside.
    pub cancel: Cancel,
    /// How messages call the settings.
    pub spelling: Spelling,
}

impl ReconcileOptions {
    /// Of two folders, without examples.
    pub fn new(left: PathBuf, right: PathBuf) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (left_source, right_source, examples) = (None, None, None);
        let (cancel, spelling) = (Cancel::new(), Setting::name as Spelling);
        Self { left, right, left_source, right_source, examples, threads, cancel, spelling }
    }
}

//! How inputs are read, whatever is made of them.

use std::sync::Arc;

use cclf_crosswalk::{Api, Columns, Plan};

use crate::cancel::{Cancel, Progress};
use crate::memory;
use crate::options::bad_records::{MaxRejects, OnBadRecord};
use crate::options::drift::Drift;
use crate::options::keep::Keep;
use crate::setting::{Setting, Spelling};

/// How inputs are read: the same for whoever converts, scans or validates them.
///
/// A validation judges each record by itself: which people there are besides, FILE_DATE and what a bad record does mean
/// nothing to it.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Files, folders, globs, addresses (`s3://bucket/export/`), or `-` for standard input. A stream is read once: it is
    /// converted or validated, but not scanned.
    pub inputs: Vec<String>,
    /// Files, folders, globs or addresses whose Patients and Coverages are indexed besides, and nothing else of them:
    /// earlier exports, the oldest first. With them the claims of a stream wait for nobody: a Patient who comes after
    /// a claim of theirs is refused.
    pub patients: Vec<String>,
    /// Most people whose Patients and Coverages are kept in memory; without it as many as fit half of the memory there
    /// is.
    pub max_people: Option<u32>,
    /// The version of the API that the records are of: those of others are bad records then. Without it the first
    /// record that shows a version tells it, and a record of another one ends the run.
    pub api: Option<Api>,
    /// Whether claims of version 3 that are not adjudicated to the end give rows like others.
    pub partially_adjudicated: bool,
    /// Which versions of a record count. Without it all do that one export has, and the latest of several exports: inputs
    /// that lie beside more than one export manifest.
    pub keep: Option<Keep>,
    /// FILE_DATE for all rows, in days since 1970-01-01.
    pub file_date: Option<i32>,
    /// The columns by whose facts records are judged, besides their text and what rows need (ids, types, sequences, links);
    /// by those of all columns unless some are chosen. Columns that are made are always among them. A fault elsewhere in a
    /// record is not seen then.
    pub judged_by: Columns,
    /// Which records are looked through for what is not known. A scan and a validation do without.
    pub drift: Drift,
    /// What a bad record does.
    pub on_bad_record: OnBadRecord,
    /// How many are too many.
    pub max_rejects: MaxRejects,
    /// Worker threads.
    pub threads: usize,
    /// Bytes of a block; changes speed and memory, never what comes out.
    pub block_bytes: usize,
    /// Longest line, in bytes.
    pub max_line_bytes: usize,
    /// Most bytes that one compressed file may hold.
    pub max_decompressed_bytes: u64,
    /// Whether compressed data without a checksum is an error: damage in it could not be seen.
    pub require_checksums: bool,
    /// Whether the report has the BLAKE3 of each input. Where the journal of `bcda export` has that of a file, the report
    /// has it without.
    pub hash_inputs: bool,
    /// How messages call the settings; as this crate does unless told otherwise.
    pub spelling: Spelling,
    /// Ends the reading from outside. A scan's is its own: a dropped scan sets it.
    pub cancel: Cancel,
    /// Counters to watch the reading by; of a validation, its rejects are the records with errors.
    pub progress: Arc<Progress>,
}

/// Large enough that the columns of a block repay their making, small enough for the second-level cache.
const BLOCK_BYTES: usize = 4 << 20;

impl Reading {
    /// The defaults for these inputs.
    pub fn new(inputs: Vec<String>) -> Self {
        let reading = ndjson_io::ReadOptions::default();
        Self {
            inputs,
            patients: Vec::new(),
            max_people: None,
            api: None,
            partially_adjudicated: false,
            keep: None,
            file_date: None,
            judged_by: Columns::from(true),
            drift: Drift::default(),
            on_bad_record: OnBadRecord::default(),
            max_rejects: MaxRejects::default(),
            threads: reading.threads,
            block_bytes: BLOCK_BYTES,
            max_line_bytes: reading.limits.max_line_bytes,
            max_decompressed_bytes: reading.limits.max_decompressed_bytes,
            require_checksums: reading.require_checksums,
            hash_inputs: false,
            spelling: Setting::name,
            cancel: Cancel::new(),
            progress: Arc::default(),
        }
    }

    /// The plan for records of a version of which these columns are made.
    pub(crate) fn plan(&self, api: Api, made: &Columns) -> &'static Plan {
        Plan::judging(api, &self.judged_by.with(made))
    }

    /// Threads that work at once: as many as are asked for, or as there is address space for.
    pub(crate) fn threads(&self) -> usize {
        memory::threads(self.threads).max(1)
    }

    /// The same, as the reader of lines is told.
    pub(crate) fn options(&self, hash: bool) -> ndjson_io::ReadOptions {
        ndjson_io::ReadOptions {
            threads: self.threads(),
            block_bytes: memory::block_bytes(self.block_bytes),
            limits: ndjson_io::Limits {
                max_line_bytes: self.max_line_bytes,
                max_decompressed_bytes: self.max_decompressed_bytes,
            },
            hash,
            require_checksums: self.require_checksums,
            cancel: Arc::clone(&self.cancel.0),
            progress: Some(Arc::clone(&self.progress.reading)),
        }
    }
}

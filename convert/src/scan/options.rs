//! What a scan is asked to do.

use std::sync::Arc;

use cclf_crosswalk::arrow::datatypes::SchemaRef;
use cclf_crosswalk::{BATCH_ROWS, Columns, Plan, Table, schema};
use ndjson_io::{Discovered, SourceFile};

use super::part::Part;
use crate::cancel::{Cancel, Progress};
use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::sources;
use crate::options::{MaxRejects, OnBadRecord, Options, Output};

/// Rejects whose places are kept unless told otherwise.
const MOST_PLACES: usize = 1_000;

/// Where people are looked for before the first claim is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum People {
    /// In files that begin with a Patient or a Coverage, as BCDA writes them: every byte is read once. People met
    /// among claims after all start the scan again, as long as no row has been handed out; then they end it.
    #[default]
    InFilesOfTheirs,
    /// In every file: files with claims are read twice.
    Anywhere,
}

/// What a scan is asked to do.
#[derive(Clone, Debug)]
pub struct ScanOptions {
    /// Files, folders or globs. A stream can be converted, but not scanned: it is read once.
    pub inputs: Vec<String>,
    /// Files, folders or globs whose Patients and Coverages are indexed besides, and nothing else of them.
    pub patients: Vec<String>,
    /// Where people are looked for.
    pub people: People,
    /// The table. CCLF0 counts the rows of all others.
    pub table: Table,
    /// Which columns of it; they come in the order of the layout.
    pub columns: Columns,
    /// Rows of a batch, at least 1; only the last one has fewer.
    pub batch_rows: usize,
    /// FILE_DATE for all rows, in days since 1970-01-01.
    pub file_date: Option<i32>,
    /// What a bad record does.
    pub on_bad_record: OnBadRecord,
    /// How many are too many.
    pub max_rejects: MaxRejects,
    /// Worker threads.
    pub threads: usize,
    /// Bytes of a block; changes speed and memory, never the rows.
    pub block_bytes: usize,
    /// Longest line, in bytes.
    pub max_line_bytes: usize,
    /// Most bytes that one compressed file may hold.
    pub max_decompressed_bytes: u64,
    /// Whether compressed data without a checksum ends the scan: damage in it could not be seen.
    pub require_checksums: bool,
    /// Most people whose Patients and Coverages are kept in memory; without it as many as fit half of the memory there
    /// is.
    pub max_people: Option<u32>,
    /// How many places of rejects the report keeps, of those met while people were read, and of those met while claims
    /// were.
    pub most_places: usize,
    /// Only these lines of claims, as [`split`](crate::split) cut them; [`inputs`](Self::inputs) and
    /// [`patients`](Self::patients) are not looked at then.
    pub part: Option<Part>,
    /// Ends the scan from outside. It is the scan's own: a dropped scan sets it.
    pub cancel: Cancel,
    /// Counters to watch the scan by.
    pub progress: Arc<Progress>,
}

impl ScanOptions {
    /// The defaults for a table of these inputs: all columns, batches of 8,192 rows.
    pub fn new(inputs: Vec<String>, table: Table) -> Self {
        let defaults = Options::new(Vec::new(), Output::Stdout);
        Self {
            inputs,
            patients: Vec::new(),
            people: People::default(),
            table,
            columns: defaults.columns,
            batch_rows: BATCH_ROWS,
            file_date: None,
            on_bad_record: defaults.on_bad_record,
            max_rejects: defaults.max_rejects,
            threads: defaults.threads,
            block_bytes: defaults.block_bytes,
            max_line_bytes: defaults.max_line_bytes,
            max_decompressed_bytes: defaults.max_decompressed_bytes,
            require_checksums: defaults.require_checksums,
            max_people: defaults.max_people,
            most_places: MOST_PLACES,
            part: None,
            cancel: defaults.cancel,
            progress: defaults.progress,
        }
    }

    /// Whether the scan could begin: its options make sense and its inputs are there. Reads no file.
    ///
    /// # Errors
    /// What [`scan`](crate::scan) would say at once.
    pub fn check(&self) -> Result<(), Error> {
        self.files(&Elsewhere::new(&self.cancel)).map(drop)
    }

    /// The files of the scan, and those of its Patients besides.
    pub(super) fn files(&self, elsewhere: &Elsewhere) -> Result<(Discovered, Discovered), Error> {
        if self.batch_rows == 0 {
            return Err(Error::usage("a batch has at least one row"));
        }
        if self.part.is_some() {
            return Ok((Discovered::default(), Discovered::default()));
        }
        let run = self.as_run();
        let files = sources::find_in(&run.inputs, &[], "", &run.cancel, elsewhere)?;
        let patients = sources::find_patients(&run, &files.sources, elsewhere)?;
        if files.sources.iter().chain(&patients.sources).any(SourceFile::is_stream) {
            return Err(Error::usage(
                "standard input (-) and pipes cannot be scanned, because they are read once; convert them, or give a file",
            ));
        }
        Ok((files, patients))
    }

    /// The schema of the batches, with labels, sources and notes as metadata of the columns.
    pub fn schema(&self) -> SchemaRef {
        schema(Plan::stu3().crosswalk(), self.table, &self.columns)
    }

    /// The tables whose rows are made.
    pub(super) fn made(&self) -> Vec<Table> {
        match self.table {
            Table::Cclf0 => Table::ALL.into_iter().filter(|table| *table != Table::Cclf0).collect(),
            table => vec![table],
        }
    }

    /// The same, as the passes are told.
    pub(super) fn as_run(&self) -> Options {
        Options {
            inputs: self.inputs.clone(),
            patients: self.patients.clone(),
            tables: self.made(),
            columns: self.columns.clone(),
            file_date: self.file_date,
            on_bad_record: self.on_bad_record,
            max_rejects: self.max_rejects,
            threads: self.threads,
            block_bytes: self.block_bytes,
            max_line_bytes: self.max_line_bytes,
            max_decompressed_bytes: self.max_decompressed_bytes,
            require_checksums: self.require_checksums,
            max_people: self.max_people,
            cancel: self.cancel.clone(),
            progress: Arc::clone(&self.progress),
            // Where tables go and how they are written is not asked of a scan's passes.
            ..Options::new(Vec::new(), Output::Stdout)
        }
    }
}

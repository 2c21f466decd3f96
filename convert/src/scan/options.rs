//! What a scan is asked to do.

use cclf_crosswalk::arrow::datatypes::SchemaRef;
use cclf_crosswalk::{BATCH_ROWS, Columns, Plan, Table, schema};
use ndjson_io::{Discovered, SourceFile};

use super::part::Part;
use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::find;
use crate::options::Reading;

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
    /// How the inputs are read.
    pub reading: Reading,
    /// Where people are looked for.
    pub people: People,
    /// The table. CCLF0 counts the rows of all others.
    pub table: Table,
    /// Which columns of it; they come in the order of the layout.
    pub columns: Columns,
    /// Rows of a batch, at least 1; only the last one has fewer.
    pub batch_rows: usize,
    /// How many places of rejects the report keeps, of those met while people were read, and of those met while claims
    /// were.
    pub most_places: usize,
    /// Only these lines of claims, as [`split`](crate::split) cut them; inputs and Patients besides are not looked at
    /// then.
    pub part: Option<Part>,
}

impl ScanOptions {
    /// The defaults for a table of these inputs: all columns, batches of 8,192 rows.
    pub fn new(inputs: Vec<String>, table: Table) -> Self {
        Self {
            reading: Reading::new(inputs),
            people: People::default(),
            table,
            columns: Columns::from(true),
            batch_rows: BATCH_ROWS,
            most_places: MOST_PLACES,
            part: None,
        }
    }

    /// Makes these columns, and judges records by them, as somebody asks who names them. Columns alone, without their
    /// verdict, are what a query leaves over.
    pub fn ask_for(&mut self, columns: Columns) {
        self.reading.judged_by = columns.clone();
        self.columns = columns;
    }

    /// Whether the scan could begin: its options make sense and its inputs are there. Reads no file.
    ///
    /// # Errors
    /// What [`scan`](crate::scan) would say at once.
    pub fn check(&self) -> Result<(), Error> {
        self.files(&Elsewhere::new(&self.reading.cancel)).map(drop)
    }

    /// The files of the scan, and those of its Patients besides.
    pub(super) fn files(&self, elsewhere: &Elsewhere) -> Result<(Discovered, Discovered), Error> {
        self.find(elsewhere).map_err(|error| error.spelled(self.reading.spelling))
    }

    fn find(&self, elsewhere: &Elsewhere) -> Result<(Discovered, Discovered), Error> {
        if self.batch_rows == 0 {
            return Err(Error::usage("a batch has at least one row"));
        }
        if self.part.is_some() {
            return Ok((Discovered::default(), Discovered::default()));
        }
        let files = find::find(&self.reading, &[], "".into(), elsewhere)?;
        let patients = find::patients(&self.reading, &files.sources, elsewhere)?;
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
}

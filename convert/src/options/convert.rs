//! Which tables are made of what is read, and where they go.

use std::path::{Path, PathBuf};

use cclf_crosswalk::{Columns, Compression, Format, LateMbi, Naming, Plan, Table};

use crate::elsewhere::is_address;
use crate::options::keep::Keep;
use crate::options::reading::Reading;

/// Where the tables go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A folder, published all at once.
    Folder(PathBuf),
    /// Objects below an address such as `s3://bucket/tables/`: all of them, the manifest last. Needs the feature
    /// `object-storage`.
    Objects(String),
    /// One table on standard output.
    Stdout,
}

impl Output {
    /// A folder, or objects if it is an address.
    pub fn at(place: &Path) -> Self {
        match place.to_str() {
            Some(text) if is_address(text) => Self::Objects(text.to_owned()),
            _ => Self::Folder(place.to_owned()),
        }
    }
}

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// How the inputs are read.
    pub reading: Reading,
    /// Where the tables go.
    pub output: Output,
    /// Whether an earlier result may be replaced.
    pub overwrite: bool,
    /// Format of the tables.
    pub format: Format,
    /// Compression within Parquet and Arrow files.
    pub compression: Compression,
    /// Which tables.
    pub tables: Vec<Table>,
    /// What their files are called.
    pub naming: Naming,
    /// Which columns of them.
    pub columns: Columns,
    /// Whether the result is one that later exports can bring up to date, whatever [`Reading::keep`] says: only the latest
    /// versions count then.
    pub updatable: bool,
    /// How many earlier results that were replaced stay beside the new one.
    pub keep_previous: u32,
    /// Where rejects go when the table goes to standard output.
    pub rejects: Option<PathBuf>,
}

impl Options {
    /// The defaults for these inputs and this output.
    pub fn new(inputs: Vec<String>, output: Output) -> Self {
        Self {
            reading: Reading::new(inputs),
            output,
            overwrite: false,
            format: Format::default(),
            compression: Compression::default(),
            tables: Table::ALL.to_vec(),
            naming: Naming::default(),
            columns: Columns::from(true),
            updatable: false,
            keep_previous: 0,
            rejects: None,
        }
    }

    /// The same, with what other options say of which versions count.
    pub(crate) fn with_keep(&self) -> Self {
        let mut options = self.clone();
        if self.updatable {
            options.reading.keep = Some(Keep::Latest);
        }
        options
    }

    /// Whether the result has a state: it is what [`update`](crate::update) can bring up to date.
    pub(crate) fn keeps_state(&self, keep: Keep) -> bool {
        keep == Keep::Latest && self.is_whole()
    }

    /// Whether the tables are all there is.
    pub fn is_whole(&self) -> bool {
        let has_all = |table: Table| self.tables.contains(&table);
        self.output != Output::Stdout
            && self.format == Format::Parquet
            && Table::ALL.into_iter().all(has_all)
            && self.columns == Columns::from(true)
            && self.reading.judged_by.named().is_none()
    }

    /// Makes these columns, and judges records by them, as somebody asks who names them.
    pub fn ask_for(&mut self, columns: Columns) {
        self.reading.judged_by = columns.clone();
        self.columns = columns;
    }

    /// The places that something is written to, which no input may lie in.
    pub(crate) fn places(&self) -> Vec<PathBuf> {
        let output = match &self.output {
            Output::Folder(out) => Some(out.clone()),
            Output::Objects(out) => Some(out.into()),
            Output::Stdout => None,
        };
        output.into_iter().chain(self.rejects.clone()).collect()
    }
}

/// Whether something of these tables needs the beneficiary of a claim: an MBI, or the hospice stays of CCLF8.
pub(crate) fn joins(tables: &[Table], columns: &Columns) -> bool {
    tables.contains(&Table::Cclf8) || LateMbi::new(Plan::stu3(), tables, columns).is_anywhere()
}

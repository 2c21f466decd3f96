//! What is asked for where CMS's files are written.

use std::path::PathBuf;
use std::sync::Arc;

use cclf_files::Program;
use convert::{Cancel, MaxRejects, Progress, Setting, Spelling};

use crate::finished::Source;

/// Which CCLF files to write of which tables.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// The folder of a Parquet result.
    pub tables: PathBuf,
    /// The folder of the files.
    pub out: PathBuf,
    /// Where the tables come from, if they do not tell it.
    pub source: Option<Source>,
    /// Whether an earlier result may be replaced.
    pub overwrite: bool,
    /// The files as the program's participants get them.
    pub delivery: DeliveryOptions,
    /// Threads.
    pub threads: usize,
    /// Whether the rejects of the tables go with the files: of tables that are gone afterwards.
    pub keep_rejects: bool,
    /// Ends the run from outside.
    pub cancel: Cancel,
    /// Counters to watch the run by.
    pub progress: Arc<Progress>,
    /// How messages call the settings.
    pub spelling: Spelling,
}

/// What a delivery of CCLF files looks like.
#[derive(Clone, Debug)]
pub struct DeliveryOptions {
    /// The participant: `A1234`.
    pub aco: String,
    /// The program that it takes part in.
    pub program: Program,
    /// Two digits; the year of the export's transactionTime unless given, in a run-out the year before.
    pub performance_year: Option<u8>,
    /// Whether it is the run-out of a performance year.
    pub runout: bool,
    /// Whether the files go into one zip.
    pub zip: bool,
    /// Whether all rows are written, not those of final claims alone.
    pub all_versions: bool,
    /// Where claims whose id is not 1 to 13 digits have numbers.
    pub surrogate_ids: Option<PathBuf>,
    /// How many claims and people that do not fit are too many.
    pub max_rejects: MaxRejects,
}

impl DeliveryOptions {
    /// The monthly files of a participant of the Shared Savings Program.
    pub fn new(aco: String) -> Self {
        Self {
            aco,
            program: Program::Mssp,
            performance_year: None,
            runout: false,
            zip: false,
            all_versions: false,
            surrogate_ids: None,
            max_rejects: MaxRejects::default(),
        }
    }
}

impl WriteOptions {
    /// The monthly files of a participant of the Shared Savings Program.
    pub fn new(tables: PathBuf, out: PathBuf, aco: String) -> Self {
        Self {
            tables,
            out,
            source: None,
            overwrite: false,
            delivery: DeliveryOptions::new(aco),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            keep_rejects: false,
            cancel: Cancel::new(),
            progress: Arc::default(),
            spelling: Setting::name,
        }
    }
}

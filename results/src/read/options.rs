//! What is asked for where CMS's files are read.

use std::path::PathBuf;
use std::sync::Arc;

use cclf_crosswalk::{Compression, Format, Naming};
use convert::{Cancel, MaxRejects, OnBadRecord, Progress, Setting, Spelling};

/// Which CCLF files to read into which tables.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Files, folders and zips.
    pub inputs: Vec<PathBuf>,
    /// The folder of the tables.
    pub out: PathBuf,
    /// Whether an earlier result may be replaced.
    pub overwrite: bool,
    /// Format of the tables.
    pub format: Format,
    /// Compression within Parquet and Arrow files.
    pub compression: Compression,
    /// What their files are called.
    pub naming: Naming,
    /// A CSV file that says where the columns stand, in place of CMS's layouts.
    pub layout: Option<PathBuf>,
    /// What a bad line does.
    pub on_bad_record: OnBadRecord,
    /// How many are too many.
    pub max_rejects: MaxRejects,
    /// Threads.
    pub threads: usize,
    /// Ends the run from outside.
    pub cancel: Cancel,
    /// Counters to watch the run by.
    pub progress: Arc<Progress>,
    /// How messages call the settings.
    pub spelling: Spelling,
}

impl ReadOptions {
    /// The defaults for these inputs.
    pub fn new(inputs: Vec<PathBuf>, out: PathBuf) -> Self {
        Self {
            inputs,
            out,
            overwrite: false,
            format: Format::default(),
            compression: Compression::default(),
            naming: Naming::default(),
            layout: None,
            on_bad_record: OnBadRecord::default(),
            max_rejects: MaxRejects::default(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            cancel: Cancel::new(),
            progress: Arc::default(),
            spelling: Setting::name,
        }
    }
}

//! The main job as a library: a BCDA export in, CCLF tables out.
//!
//! ```text
//! inputs ──> sources ──> people ──> claims ──> summaries ──> published
//!            input/      pass/      pass/                    out/
//! ```
//!
//! Patients and Coverages are read first, wherever they lie, into an index; then claims are read, joined
//! and written; CCLF8, CCLF9 and CCLF0 come last. A file's first record guesses its kind, so in the usual
//! layout every byte is read once; a Patient or Coverage met in a file of claims restarts the claim pass
//! once, with the full index. Nothing appears under its final name before everything is complete.
//!
//! [`scan`] reads one table as a stream of record batches, through the same passes, and writes nothing.
//! [`validate`] is another job: the same inputs in, what is wrong with their records out. [`history`] looks through them for
//! the versions of one claim.
//!
//! ```
//! use convert::{Options, Output, run};
//! # let export = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/export").to_owned();
//! # let work = tempfile::tempdir()?;
//! # let tables = work.path().join("tables");
//!
//! let mut options = Options::new(vec![export], Output::Folder(tables.clone()));
//! options.reading.threads = 2;
//! let report = run(&options)?;
//! assert_eq!((report.tables.len(), report.records.rejected), (12, 0));
//! assert!(tables.join("cclf5.parquet").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! This crate reads the clock for nothing but the report, prints nothing and never exits.
#![forbid(unsafe_code)]

mod attribution;
pub mod building;
mod cancel;
mod drift;
mod elsewhere;
mod error;
mod examine;
mod history;
mod input;
mod memory;
mod options;
mod out;
mod pass;
mod renew;
mod report;
mod run;
mod runs;
mod scan;
mod setting;
mod state;
mod stored;
#[cfg(test)]
mod tests;
mod update;
mod validate;
mod warnings;

pub use attribution::{Attribution, GonePerson, attribution};
pub use cancel::{Cancel, Progress};
pub use drift::{DriftFinding, DriftReport};
pub use elsewhere::is_address;
pub use error::{Error, ErrorKind, RejectPlace};
pub use examine::{Examined, examine};
pub use history::{ClaimKey, ClaimVersion, History, HistoryOptions, history};
pub use input::find::remote_file;
pub use options::{Drift, Keep, MaxRejects, OnBadRecord, Options, Output, Reading};
pub use out::stdout::Stdout;
pub use renew::{UpdateOptions, remove, undo, update};
pub use report::{
    CarriedReport, Counts, ExportReport, FileDateOrigin, FileReport, FilledBefore, InputReport,
    LeftOut, Report, ScanReport, SetAside, StageReport, TableReport,
};
pub use run::run;
pub use scan::{Part, People, Piece, Scan, ScanOptions, Split, scan, split};
pub use setting::{Setting, Spelling};
pub use validate::{ClassReport, ValidateOptions, ValidationReport, validate};

/// The file that ends a published folder of tables.
pub const TABLES_MANIFEST: &str = "tables-manifest.json";

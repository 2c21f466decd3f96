//! The main job as a library: a BCDA export in, CCLF tables out.
//!
//! ```text
//! inputs ──> sources ──> index pass ──> claim pass ──> people ──> published
//!            sources.rs  index_pass.rs  claim_pass.rs  job.rs     output.rs
//! ```
//!
//! Patients and Coverages are read first, wherever they lie, into an index; then claims are read, joined
//! and written; CCLF8, CCLF9 and CCLF0 come last. A file's first record guesses its kind, so in the usual
//! layout every byte is read once; a Patient or Coverage met in a file of claims restarts the claim pass
//! once, with the full index. Nothing appears under its final name before everything is complete.
//!
//! [`scan`] reads one table as a stream of record batches, through the same passes, and writes nothing.
//! With the feature `datafusion`, the tables of an export are tables of DataFusion.
//! [`validate`] is another job: the same inputs in, what is wrong with their records out.
//!
//! This crate reads the clock for nothing but the report, prints nothing and never exits.
#![forbid(unsafe_code)]

mod claim_pass;
#[cfg(feature = "datafusion")]
pub mod datafusion;
mod duplicates;
mod elsewhere;
mod error;
mod export_manifest;
mod file_date;
mod index_pass;
mod job;
mod manifest;
mod memory;
mod no_export;
mod options;
mod output;
mod rejects;
mod report;
mod rows;
mod scan;
mod sealed;
mod shared;
mod sources;
mod stdout;
mod stream_pass;
mod tally;
#[cfg(test)]
mod tests;
mod validate;

pub use elsewhere::is_address;
pub use error::{Error, ErrorKind};
pub use job::run;
pub use options::{Cancel, MaxRejects, OnBadRecord, Options, Output, Progress};
pub use rejects::RejectPlace;
pub use report::{Counts, FileDateOrigin, InputReport, Report, TableReport};
pub use scan::{Part, People, Piece, Scan, ScanOptions, ScanReport, Split, scan, split};
pub use sources::remote_file;
pub use stdout::Stdout;
pub use validate::{ClassReport, ValidateOptions, ValidationReport, validate};

/// The file that ends a published folder of tables.
pub const TABLES_MANIFEST: &str = "tables-manifest.json";

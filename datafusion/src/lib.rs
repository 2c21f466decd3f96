//! The tables of an export as tables of DataFusion: SQL over NDJSON, without files between.
//!
//! ```text
//! SQL ──> ExportTable ──> ExportScan ──> thread: convert::scan ──> channel of one batch ──> stream of the query
//! ```
//!
//! Only the columns that a query reads are built, and a `LIMIT` without other work above it ends the reading early.
//! Filters are DataFusion's. Each query reads the files anew; a slow query makes the reading wait, and one that is
//! dropped ends it.
//!
//! Columns have CMS's names, in capitals. DataFusion turns names without quotes into small letters first, unless the
//! session is told otherwise:
//!
//! ```
//! use bcda_datafusion::register;
//! use datafusion::prelude::{SessionConfig, SessionContext};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> datafusion::error::Result<()> {
//! # let export = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/export");
//! let config =
//!     SessionConfig::new().set_bool("datafusion.sql_parser.enable_ident_normalization", false);
//! let context = SessionContext::new_with_config(config);
//! let tables = register(&context, export)?;
//! let lines = context.sql("SELECT sum(CLM_LINE_CVRD_PD_AMT) FROM cclf5").await?.collect().await?;
//! assert_eq!(lines[0].num_rows(), 1);
//! // What became of the records, bad ones too.
//! let report = tables.table("cclf5".parse().unwrap()).and_then(|table| table.last_report());
//! assert_eq!(report.map(|report| report.run.records.rejected), Some(0));
//! # Ok(())
//! # }
//! ```

mod bridge;
mod export;
mod plan;
mod table;

pub use export::{Export, register};
pub use plan::ExportScan;
pub use table::ExportTable;

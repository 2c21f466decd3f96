//! One table of an export.

use std::sync::{Arc, Mutex, PoisonError};

use cclf_crosswalk::arrow::datatypes::SchemaRef;
use convert::{Error, ScanOptions, ScanReport};

/// One table of an export, read anew by each query.
#[derive(Clone, Debug)]
pub struct ExportTable {
    options: ScanOptions,
    schema: SchemaRef,
    last_report: Arc<Mutex<Option<ScanReport>>>,
}

impl ExportTable {
    /// The table that these options scan. Batches have the session's size, not that of the options, and each query
    /// is cancelled by itself; the options' counters count for all of them. Reads no file.
    ///
    /// # Errors
    /// What [`ScanOptions::check`] says.
    pub fn new(options: ScanOptions) -> Result<Self, Error> {
        options.check()?;
        Ok(Self::unchecked(options))
    }

    /// The table of options that were checked.
    pub(crate) fn unchecked(options: ScanOptions) -> Self {
        let schema = options.schema();
        Self { options, schema, last_report: Arc::default() }
    }

    /// What the last query did that read the table to its end: how many records were read and rejected, and where
    /// those stand. None if there was no such query; one that a limit ended has no report.
    pub fn last_report(&self) -> Option<ScanReport> {
        self.last_report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn keep_report(&self, report: ScanReport) {
        *self.last_report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report);
    }

    pub(crate) fn options(&self) -> &ScanOptions {
        &self.options
    }

    /// The schema of the whole table.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

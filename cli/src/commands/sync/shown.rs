//! What is shown of a run: bars and lines of its exports, the bar of its tables.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use bulk_client::{NdjsonLog, Observer, Report};
use convert::Progress;
use indicatif::DecimalBytes;
use sync::{Cause, Watch};

use super::args::SyncArgs;
use crate::export_progress::Shown;
use crate::failure::{Failure, spelled};
use crate::log::Log;
use crate::progress::Bar;
use crate::run_files::RunFiles;
use crate::show::grouped;

/// Tells a person, and a file if one was named.
pub(super) struct Told {
    log: Log,
    shown: Arc<Shown>,
    file: Option<PathBuf>,
    files: RunFiles,
}

impl Told {
    pub(super) fn new(log: Log, arguments: &SyncArgs) -> Result<Self, Failure> {
        let (file, files) = (arguments.log.clone(), arguments.files.clone());
        if let Some(file) = &file {
            // One that cannot be written is told before anything is done.
            NdjsonLog::open(file, spelled)?;
        }
        Ok(Self { log, shown: Arc::new(Shown::new(log)), file, files })
    }

    /// Takes what is shown away.
    pub(super) fn clear(&self) {
        self.shown.clear();
    }
}

impl Watch for Told {
    fn export(&self) -> Result<Arc<dyn Observer>, sync::Error> {
        let mut observers = vec![Arc::clone(&self.shown) as Arc<dyn Observer>];
        if let Some(file) = &self.file {
            // Each export has an id of its own there.
            observers.push(Arc::new(NdjsonLog::open(file, spelled)?));
        }
        Ok(Arc::new(observers))
    }

    fn fetched(&self, name: &str, report: &Report) {
        let records: u64 = report.files.iter().map(|file| file.records).sum();
        self.log.info(&format!(
            "{name}: {} records, {}, transactionTime {}",
            grouped(records),
            DecimalBytes(report.bytes()),
            report.transaction_time
        ));
    }

    fn tables(&self, progress: &Arc<Progress>) -> Box<dyn Any> {
        Box::new(self.log.shows_progress().then(|| Bar::follow(Arc::clone(progress))))
    }

    fn report(&self, report: &sync::Report, warnings: &[String]) -> Result<(), sync::Error> {
        let written = self.files.write_facts(|| report.to_json());
        written.map_err(|failure| Cause::Failed(failure.message))?;
        self.log.report(warnings, || report.to_json(), || report.line.clone());
        Ok(())
    }

    fn info(&self, text: &str) {
        self.log.info(text);
    }

    fn warning(&self, text: &str) {
        self.log.warning(text);
    }
}

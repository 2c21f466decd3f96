//! The files that a run writes beside its tables, for whoever asks: the facts as JSON, and a page to look at.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use convert::Cancel;
use profile::{Options, Profile};

use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::place::is_address;
use crate::run::{PAGE_BESIDE, check_report, check_written, followed, write_file, write_report};

/// `--report` and `--report-html`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunFiles {
    /// Write what the run did as JSON to this file; safe to share.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write a page that shows the run and what is in the tables to this file, as bcda report does; safe to share.
    #[arg(long, value_name = "FILE")]
    pub(crate) report_html: Option<PathBuf>,
}

impl RunFiles {
    /// Finds before the run whether they can be written beside what comes out.
    pub(crate) fn check(&self, out: &Path) -> Result<(), Failure> {
        if let Some(file) = &self.report {
            check_report(file, out)?;
        }
        let Some(file) = &self.report_html else { return Ok(()) };
        if self.report.as_ref() == Some(file) {
            let message = "--report and --report-html name one file; give each its own";
            return Err(Failure::new(2, message));
        }
        if is_address(out) {
            let message =
                "--report-html shows tables in a folder of this machine, not in object storage";
            return Err(Failure::new(2, message));
        }
        check_written(&PAGE_BESIDE, file, out)
    }

    /// Writes the facts.
    pub(crate) fn write_facts(&self, facts: impl FnOnce() -> String) -> Result<(), Failure> {
        write_report(self.report.as_deref(), facts)
    }

    /// Writes the page of the tables that are there now.
    pub(crate) fn write_page(&self, tables: &Path, log: Log) -> Result<(), Failure> {
        let Some(file) = &self.report_html else { return Ok(()) };
        let found = profiled(tables, &Options::default(), log).map_err(Failure::after_all)?;
        write_file(file, &report::page(&found)).map_err(Failure::after_all)?;
        log.info(&format!("the page: {}", one_line(file)));
        Ok(())
    }
}

/// What is in tables, for a page or a screen.
pub(crate) fn profiled(tables: &Path, options: &Options, log: Log) -> Result<Profile, Failure> {
    let cancel = Cancel::new();
    followed((&cancel, &Arc::default()), log, || Profile::of(tables, options, &cancel))
}

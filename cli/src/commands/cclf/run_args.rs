//! What every command on CMS's files is told of its run.

use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::run::check_report;

/// Where the result goes, and how.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The folder of the result.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Replace an earlier result; only what an earlier run wrote is ever replaced.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// How many threads work at once; as many as the machine runs at once unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Write what the run did as JSON to this file; safe to share.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

impl RunArgs {
    /// Refuses a place for the report that cannot be.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.report.as_ref().map_or(Ok(()), |file| check_report(file, &self.out))
    }

    /// As many threads as are asked for, or those that there would be.
    pub(super) fn threads(&self, otherwise: usize) -> usize {
        self.threads.map_or(otherwise, usize::from)
    }
}

//! `bcda cclf write`.

use std::path::PathBuf;

use clap::Args;
use convert::MaxRejects;
use results::{Source, WriteOptions};

use super::delivery::{self, DeliveryArgs};
use crate::failure::Failure;
use crate::log::Log;
use crate::reading_args::option;
use crate::run::{EXIT_REJECTS, check_report, followed, parse_max_rejects, write_report};
use crate::words::source;

/// Make CMS's fixed-width files from tables.
///
/// Rows of final claims are written (BCDA_FINAL), and of those none that cancels another; tables that bcda cclf read has made
/// are written whole. Nothing is cut or changed so that it fits: a claim of which anything does not fit is in none of the
/// files, and rejects/not-written.csv says where it stands in the tables and why.
#[derive(Debug, Args)]
#[command(mut_arg("aco", |arg| arg.required(true)))]
pub(crate) struct WriteArgs {
    /// The folder of tables as bcda convert, bcda update or bcda cclf read has made them, in Parquet.
    #[arg(value_name = "TABLES")]
    pub(crate) tables: PathBuf,
    /// The folder of the files.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Replace earlier files; only what an earlier run wrote is ever replaced.
    #[arg(long)]
    pub(crate) overwrite: bool,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// Where the tables come from, if neither a manifest nor their lineage tells it.
    #[arg(long, value_parser = source())]
    pub(crate) source: Option<Source>,
    /// Stop when more claims and people do not fit: a number, or a share of all (never below 100).
    #[arg(long, default_value = "1%", value_parser = parse_max_rejects, value_name = "N|P%")]
    pub(crate) max_rejects: MaxRejects,
    /// How many threads work at once; as many as the machine runs at once unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Write what the run did as JSON to this file; safe to share.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

pub(super) fn run(arguments: &WriteArgs, log: Log) -> Result<u8, Failure> {
    if let Some(file) = &arguments.report {
        check_report(file, &arguments.out)?;
    }
    let aco = arguments.delivery.aco.as_deref().unwrap_or_default();
    let (tables, out) = (arguments.tables.clone(), arguments.out.clone());
    let mut options = WriteOptions::new(tables, out, String::new());
    options.delivery = arguments.delivery.options(aco, arguments.max_rejects);
    options.source = arguments.source;
    options.overwrite = arguments.overwrite;
    options.spelling = option;
    if let Some(threads) = arguments.threads {
        options.threads = threads.into();
    }
    let watched = (&options.cancel, &options.progress);
    let report = followed(watched, log, || results::write(&options))?;
    write_report(arguments.report.as_deref(), || report.to_json())?;
    let summary = || delivery::summary(&report, &arguments.out);
    log.report(&report.warnings, || report.to_json(), summary);
    Ok(if report.has_rejects() { EXIT_REJECTS } else { 0 })
}

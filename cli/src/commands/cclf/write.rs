//! `bcda cclf write`.

use std::path::PathBuf;

use clap::Args;
use convert::MaxRejects;
use results::{Source, WriteOptions};

use super::delivery::{self, DeliveryArgs};
use super::run_args::RunArgs;
use crate::failure::Failure;
use crate::log::Log;
use crate::reading_args::option;
use crate::run::{EXIT_REJECTS, followed, parse_max_rejects, write_report};
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
    #[command(flatten)]
    pub(crate) run: RunArgs,
    #[command(flatten)]
    pub(crate) delivery: DeliveryArgs,
    /// Where the tables come from, if neither a manifest nor their lineage tells it.
    #[arg(long, value_parser = source())]
    pub(crate) source: Option<Source>,
    /// Stop when more claims and people do not fit: a number, or a share of all (never below 100).
    #[arg(long, default_value = "1%", value_parser = parse_max_rejects, value_name = "N|P%")]
    pub(crate) max_rejects: MaxRejects,
}

pub(super) fn run(arguments: &WriteArgs, log: Log) -> Result<u8, Failure> {
    arguments.run.check()?;
    let aco = arguments.delivery.aco.as_deref().unwrap_or_default();
    let (tables, out) = (arguments.tables.clone(), arguments.run.out.clone());
    let mut options = WriteOptions::new(tables, out, String::new());
    options.delivery = arguments.delivery.options(aco, arguments.max_rejects);
    options.source = arguments.source;
    options.overwrite = arguments.run.overwrite;
    options.spelling = option;
    options.threads = arguments.run.threads(options.threads);
    let watched = (&options.cancel, &options.progress);
    let report = followed(watched, log, || results::write(&options))?;
    write_report(arguments.run.report.as_deref(), || report.to_json())?;
    let summary = || delivery::summary(&report, &arguments.run.out);
    log.report(&report.warnings, || report.to_json(), summary);
    Ok(if report.has_rejects() { EXIT_REJECTS } else { 0 })
}

//! `bcda cclf read`.

use std::path::{Path, PathBuf};

use cclf_crosswalk::{Compression, Format, Naming};
use clap::Args;
use convert::{MaxRejects, OnBadRecord};
use indicatif::DecimalBytes;
use results::{ReadOptions, ReadReport};

use super::run_args::RunArgs;
use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::reading_args::option;
use crate::run::{EXIT_REJECTS, followed, parse_max_rejects, write_report};
use crate::show::{figures, grouped, left_aside, tables};
use crate::words::{compression, format, naming, on_bad_record};

/// Read CMS's fixed-width files into tables.
///
/// The tables have the names, columns and types of those that bcda convert makes. What they hold is CCLF's history of
/// originals, cancellations and adjustments: bcda cclf current makes final claims of it. A file is known by its name, its
/// layout by the length of its records: from version 25 (2018-11) on.
#[derive(Debug, Args)]
pub(crate) struct ReadArgs {
    /// Files, folders and zips, of one delivery or of many. Files in folders and zips that are not called as CMS calls its
    /// own are left aside.
    #[arg(required = true, value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Format of the tables.
    #[arg(long, value_parser = format(), default_value_t)]
    pub(crate) format: Format,
    /// Compression within Parquet and Arrow files.
    #[arg(long, value_parser = compression(), default_value_t)]
    pub(crate) compression: Compression,
    /// What the files of the tables are called.
    #[arg(long, value_parser = naming(), default_value_t)]
    pub(crate) naming: Naming,
    /// Where the columns stand, for files whose layout is not known: a CSV file with the columns file, field_name, start and
    /// end (from 1), whose names are CMS's. Tables that it does not name are read as CMS's.
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) layout: Option<PathBuf>,
    /// What a bad line does.
    #[arg(long, value_parser = on_bad_record(), default_value_t)]
    pub(crate) on_bad_record: OnBadRecord,
    /// Stop when more lines are bad: a number, or a share of the lines read so far (never below 100).
    #[arg(long, default_value = "1%", value_parser = parse_max_rejects, value_name = "N|P%")]
    pub(crate) max_rejects: MaxRejects,
}

pub(super) fn run(arguments: &ReadArgs, log: Log) -> Result<u8, Failure> {
    arguments.run.check()?;
    let mut options = ReadOptions::new(arguments.inputs.clone(), arguments.run.out.clone());
    options.overwrite = arguments.run.overwrite;
    (options.format, options.compression) = (arguments.format, arguments.compression);
    options.naming = arguments.naming;
    options.layout.clone_from(&arguments.layout);
    options.on_bad_record = arguments.on_bad_record;
    options.max_rejects = arguments.max_rejects;
    options.spelling = option;
    options.threads = arguments.run.threads(options.threads);
    let watched = (&options.cancel, &options.progress);
    let report = followed(watched, log, || results::read(&options))?;
    write_report(arguments.run.report.as_deref(), || report.to_json())?;
    log.report(&report.warnings, || report.to_json(), || summary(&report, &arguments.run.out));
    Ok(if report.has_rejects() { EXIT_REJECTS } else { 0 })
}

fn summary(report: &ReadReport, out: &Path) -> String {
    let mut files = figures(&["file", "table", "length", "layouts", "records", "rejected"], 2..=5);
    for file in &report.read {
        files.add_row([
            file.name.clone(),
            file.table.clone(),
            grouped(file.record_length as u64),
            file.layouts.clone(),
            grouped(file.records),
            grouped(file.rejected),
        ]);
    }
    let tables = tables(&report.tables);
    let rejects = if report.has_rejects() {
        format!("\nrejects: {}", one_line(&out.join("rejects")))
    } else {
        String::new()
    };
    format!(
        "{files}\n{tables}\n{} file{}{}, {} in {:.2} s{rejects}",
        grouped(report.read.len() as u64),
        if report.read.len() == 1 { "" } else { "s" },
        left_aside(&report.left_aside),
        DecimalBytes(report.bytes_read),
        report.seconds,
    )
}

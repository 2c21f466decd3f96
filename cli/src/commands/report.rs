//! `bcda report TABLES`.

use std::path::PathBuf;

use clap::Args;
use profile::Options;

use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::run::{PAGE, check_written, write_file};
use crate::run_files::profiled;

/// Make a page that shows what is in tables.
#[derive(Debug, Args)]
pub(crate) struct ReportArgs {
    /// The folder of the tables, all of them, in Parquet.
    #[arg(value_name = "TABLES")]
    tables: PathBuf,
    /// The file of the page. An earlier page is replaced, never another file.
    #[arg(long, value_name = "FILE", default_value = "report.html")]
    out: PathBuf,
    /// Show cells of 1 to 10 people, too, and how many people are in each. Only for those who may see the tables themselves.
    #[arg(long)]
    show_small_cells: bool,
    /// How many threads work at once; as many as the machine runs at once unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

pub(crate) fn run(arguments: &ReportArgs, log: Log) -> Result<u8, Failure> {
    check_written(&PAGE, &arguments.out, &arguments.tables)?;
    let mut options =
        Options { show_small_cells: arguments.show_small_cells, ..Options::default() };
    if let Some(threads) = arguments.threads {
        options.threads = threads.into();
    }
    let found = profiled(&arguments.tables, &options, log)?;
    write_file(&arguments.out, &report::page(&found))?;
    let facts = || found.to_json();
    log.report(&[] as &[&str], facts, || {
        let mut lines = vec![found.verdict_line()];
        lines.extend(found.unusual.iter().map(|own| format!("unusual: {own}")));
        lines.push(format!("the page: {}", one_line(&arguments.out)));
        lines.join("\n")
    });
    Ok(0)
}

//! `bcda profile TABLES`.

mod screen;

use std::path::PathBuf;

use clap::Args;
use profile::Options;

use crate::failure::Failure;
use crate::log::Log;
use crate::run_files::profiled;
use crate::streams;

/// Show what is in tables.
#[derive(Debug, Args)]
pub(crate) struct ProfileArgs {
    /// The folder of the tables, all of them, in Parquet.
    #[arg(value_name = "TABLES")]
    tables: PathBuf,
    /// Print all of it as JSON.
    #[arg(long)]
    json: bool,
    /// Show cells of 1 to 10 people, too, and how many people are in each. Only for those who may see the tables themselves.
    #[arg(long)]
    show_small_cells: bool,
    /// How many threads work at once; as many as the machine runs at once unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

pub(crate) fn run(arguments: &ProfileArgs, log: Log) -> Result<u8, Failure> {
    let mut options =
        Options { show_small_cells: arguments.show_small_cells, ..Options::default() };
    if let Some(threads) = arguments.threads {
        options.threads = threads.into();
    }
    let found = profiled(&arguments.tables, &options, log)?;
    if arguments.json {
        return streams::print(&format!("{}\n", found.to_json()));
    }
    streams::print(&screen::text(&found, streams::line_width()))
}

//! `bcda update`.

use std::path::{Path, PathBuf};

use cclf_crosswalk::Api;
use clap::Args;
use convert::{Drift, MaxRejects, OnBadRecord, UpdateOptions};

use crate::commands::convert::{follow, parse_date};
use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::reading_args::{LineArgs, input};
use crate::run::parse_max_rejects;
use crate::run_files::RunFiles;
use crate::streams;
use crate::words::{api, drift, on_bad_record};

/// Bring tables up to date with later exports.
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The folder of the tables, or their address in object storage, as bcda convert --updatable, or of several exports, has
    /// made them.
    #[arg(value_name = "TABLES")]
    pub(crate) tables: PathBuf,
    /// The new exports: files, folders, globs or addresses.
    #[arg(required_unless_present = "undo", value_name = "EXPORT", value_parser = input())]
    pub(crate) exports: Vec<String>,
    /// Go back to the result before: the newest that --keep-previous has left takes the place of TABLES, which goes.
    #[arg(long, conflicts_with_all = ["exports", "out", "changes", "report_html"])]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) lines: LineArgs,
    /// A new place for the result, a folder or an address; in place of TABLES unless given. Tables in object storage are not
    /// changed in place.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Write what changes to a folder of its own, too: for each table the rows to insert, and in gone.parquet the ids of
    /// claims and the MBIs of people whose rows go first. An earlier one there is replaced.
    #[arg(long, value_name = "DIR")]
    pub(crate) changes: Option<PathBuf>,
    /// Apply exports that the tables hold already.
    #[arg(long)]
    pub(crate) again: bool,
    /// How many earlier results stay beside the new one, as TABLES.previous-000001 and so on.
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) keep_previous: u32,
    /// Hash the inputs while they are read: the manifest then has the BLAKE3 of each.
    #[arg(long)]
    pub(crate) hash_inputs: bool,
    /// FILE_DATE of the new rows (YYYY-MM-DD), in place of the export's transactionTime.
    #[arg(long, value_parser = parse_date, value_name = "DATE")]
    pub(crate) file_date: Option<i32>,
    /// The version of the API that the records are of, which must be that of the tables; those of others are bad then.
    #[arg(long, value_parser = api(), value_name = "VERSION")]
    pub(crate) api: Option<Api>,
    /// What a bad record does.
    #[arg(long, value_parser = on_bad_record(), default_value_t)]
    pub(crate) on_bad_record: OnBadRecord,
    /// Stop when more records are bad: a number, or a share of the records read so far (never below 100).
    #[arg(long, default_value = "1%", value_parser = parse_max_rejects, value_name = "N|P%")]
    pub(crate) max_rejects: MaxRejects,
    /// Which records are looked through, whole, for elements and URLs that are not known: the report and the manifest tell
    /// them as drift.
    #[arg(long, value_parser = drift(), default_value_t, value_name = "WHICH")]
    pub(crate) drift: Drift,
    #[command(flatten)]
    pub(crate) files: RunFiles,
    /// Most people whose Patients and Coverages are kept in memory.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), value_name = "N")]
    pub(crate) max_people: Option<u32>,
}

pub(crate) fn run(arguments: &UpdateArgs, log: Log) -> Result<u8, Failure> {
    let tables = &arguments.tables;
    let out = arguments.out.as_ref().unwrap_or(tables);
    if arguments.undo {
        return undo(tables, log);
    }
    arguments.files.check(out)?;
    let mut options = UpdateOptions::new(tables.clone(), arguments.exports.clone());
    let reading = &mut options.reading;
    reading.hash_inputs = arguments.hash_inputs;
    reading.file_date = arguments.file_date;
    reading.api = arguments.api;
    reading.on_bad_record = arguments.on_bad_record;
    reading.max_rejects = arguments.max_rejects;
    reading.drift = arguments.drift;
    reading.max_people = arguments.max_people;
    arguments.lines.set(reading);
    options.out.clone_from(&arguments.out);
    options.changes.clone_from(&arguments.changes);
    options.again = arguments.again;
    options.keep_previous = arguments.keep_previous;
    streams::check_input(&options.reading.inputs)?;
    follow(&options.reading, (out, false), &arguments.files, log, || convert::update(&options))
}

/// Goes back to the result before.
fn undo(tables: &Path, log: Log) -> Result<u8, Failure> {
    let warnings = convert::undo(tables)
        .map_err(|error| Failure::new(error.exit_code(), error.to_string()))?;
    let report = || serde_json::json!({"undone": tables.display().to_string()}).to_string();
    log.report(&warnings, report, || format!("{} is as it was before", one_line(tables)));
    Ok(0)
}

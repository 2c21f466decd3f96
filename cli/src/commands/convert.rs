//! `bcda convert`.

use std::path::{Path, PathBuf};

use cclf_crosswalk::{Api, Columns, ColumnsError, Compression, Crosswalk, Format, Naming, Table};
use clap::Args;
use convert::{Drift, Keep, MaxRejects, OnBadRecord, Options, Output, Reading, Report};
use indicatif::DecimalBytes;
use results::{WriteOptions, WritePlace};

use crate::commands::cclf::{DeliveryArgs, delivery_summary};
use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::place::is_address;
use crate::reading_args::{ReadingArgs, input, option};
use crate::run::{EXIT_REJECTS, followed, parse_max_rejects};
use crate::run_files::RunFiles;
use crate::show::{figures, grouped, left_aside, tables};
use crate::streams;
use crate::words::{Written, api, compression, drift, keep, naming, on_bad_record, written};

/// Turn an export into CCLF tables.
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// Folder of the tables, an address (s3://BUCKET/PREFIX/, gs://, az://), or - for one table on standard output.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Replace an earlier result; only what an earlier run wrote is ever replaced.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// How many earlier results that were replaced stay beside the new one, as DIR.previous-000001 and so on.
    #[arg(long, default_value_t = 0, requires = "overwrite", value_name = "N")]
    pub(crate) keep_previous: u32,
    /// Format of the tables, or CMS's fixed-width files in their place.
    #[arg(long, value_parser = written(), default_value = "parquet")]
    pub(crate) format: Written,
    /// Compression within Parquet and Arrow files.
    #[arg(long, value_parser = compression(), default_value_t)]
    pub(crate) compression: Compression,
    /// Which tables, e.g. cclf5,cclf7; all twelve unless named.
    #[arg(long, value_delimiter = ',', value_parser = parse_table, value_name = "TABLES")]
    pub(crate) tables: Vec<Table>,
    /// What the files of the tables are called.
    #[arg(long, value_parser = naming(), default_value_t)]
    pub(crate) naming: Naming,
    /// Which columns, e.g. BENE_MBI_ID,cclf5.CLM_POS_CD; without --tables, of every table that has one of them. Records
    /// are judged by their text, by what rows need, and by these columns alone.
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) columns: Vec<String>,
    /// Files, folders, globs or addresses whose Patients and Coverages are joined besides those of INPUT, such as
    /// earlier exports, the oldest first: CCLF8 and CCLF9 hold all of them. Claims on standard input then wait for
    /// nobody else.
    #[arg(long, value_name = "PATH", value_parser = input())]
    pub(crate) patients: Vec<String>,
    /// Which versions of a claim have rows. Several exports are inputs that lie beside more than one export manifest.
    #[arg(long, value_parser = keep(), value_name = "WHICH")]
    pub(crate) keep: Option<Keep>,
    /// Make a result that bcda update can bring up to date, also of one export: with --keep latest, and a folder state in it,
    /// which later exports need. Several exports make such a result without it.
    #[arg(long)]
    pub(crate) updatable: bool,
    /// Hash the inputs while they are read: the manifest then has the BLAKE3 of each. Unless given it has their sizes and
    /// times, and the hashes that bcda export took.
    #[arg(long)]
    pub(crate) hash_inputs: bool,
    /// FILE_DATE of all rows (YYYY-MM-DD), in place of the export's transactionTime.
    #[arg(long, value_parser = parse_date, value_name = "DATE")]
    pub(crate) file_date: Option<i32>,
    /// The version of the API that the records are of; those of others are bad then. Told by the first record that
    /// shows its version unless given, and a record of another version ends the run.
    #[arg(long, value_parser = api(), value_name = "VERSION")]
    pub(crate) api: Option<Api>,
    /// Give rows to claims of v3 that are not adjudicated to the end, too: BCDA_SYSTEM is SharedSystem, and
    /// BCDA_FINAL false.
    #[arg(long)]
    pub(crate) partially_adjudicated: bool,
    /// Leave out the lineage columns (FILE_NAME, FILE_DATE, BCDA_...).
    #[arg(long)]
    pub(crate) no_lineage: bool,
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
    /// Where rejects go when the table goes to standard output; with a folder they go into it.
    #[arg(long, value_name = "DIR")]
    pub(crate) rejects: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) files: RunFiles,
    #[command(flatten, next_help_heading = "With --format cclf")]
    pub(crate) delivery: DeliveryArgs,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
    /// Most people whose Patients and Coverages are kept in memory, some 250 bytes each; as many as fit half of the
    /// memory there is unless given, and never more than fit three quarters.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), value_name = "N")]
    pub(crate) max_people: Option<u32>,
}

pub(crate) fn run(arguments: &ConvertArgs, log: Log) -> Result<u8, Failure> {
    arguments.files.check(&arguments.out)?;
    match (arguments.format, arguments.delivery.aco.as_deref()) {
        (Written::Cclf, Some(aco)) => return to_cclf(arguments, aco, log),
        (Written::Cclf, None) => {
            let message = "--format cclf needs --aco: the names of CCLF files begin with the participant, such as A1234";
            return Err(Failure::new(2, message));
        }
        (Written::Tables(_), Some(_)) => {
            return Err(Failure::new(2, "--aco and what goes with it are for --format cclf"));
        }
        (Written::Tables(_), None) => {}
    }
    let options = options(arguments)?;
    if arguments.files.report_html.is_some() && !options.is_whole() {
        let message = "--report-html shows the Parquet files of all tables, with all columns and lineage: leave --format, \
                       --tables, --columns and --no-lineage out";
        return Err(Failure::new(2, message));
    }
    convert(&options, &arguments.out, &arguments.files, log)
}

/// Converts, and tells what came of it: the tables are in `out`, a report may go to a file of its own.
pub(crate) fn convert(
    options: &Options,
    out: &Path,
    files: &RunFiles,
    log: Log,
) -> Result<u8, Failure> {
    streams::check_input(&options.reading.inputs)?;
    if options.output == Output::Stdout {
        drop(streams::output()?);
    }
    let run = || convert::run(options);
    follow(&options.reading, (out, options.rejects.is_some()), files, log, run)
}

/// Converts to CMS's files: by way of tables, which nobody sees.
fn to_cclf(arguments: &ConvertArgs, aco: &str, log: Log) -> Result<u8, Failure> {
    let is_of_tables = !arguments.tables.is_empty()
        || !arguments.columns.is_empty()
        || arguments.no_lineage
        || arguments.updatable
        || arguments.naming != Naming::default()
        || arguments.keep_previous > 0
        || arguments.files.report_html.is_some();
    if is_of_tables || arguments.out == Path::new("-") || is_address(&arguments.out) {
        let message = "--format cclf makes all files whole, in a folder of this machine: leave --tables, --columns, \
                       --no-lineage, --naming, --updatable, --keep-previous and --report-html out, or make tables first and then \
                       bcda cclf write";
        return Err(Failure::new(2, message));
    }
    for input in &arguments.reading.inputs {
        if publish::overlaps(&arguments.out, input.as_ref()) {
            let message = format!(
                "the output and the input {input} lie in one another; choose another --out"
            );
            return Err(Failure::new(2, message));
        }
    }
    let failed = |error: convert::Error| Failure::new(error.exit_code(), error.to_string());
    let mut options = options(arguments)?;
    let mut writing = WriteOptions::new(PathBuf::new(), arguments.out.clone(), String::new());
    writing.delivery = arguments.delivery.options(aco, arguments.max_rejects);
    writing.delivery.check(&arguments.out).map_err(|error| failed(error.spelled(option)))?;
    let place = WritePlace::open(&arguments.out, arguments.overwrite);
    let place = place.map_err(|error| failed(error.spelled(option)))?;
    writing.tables = place.scratch().map_err(failed)?.join("tables");
    options.output = Output::Folder(writing.tables.clone());
    options.overwrite = false;
    (writing.threads, writing.cancel) = (options.reading.threads, options.reading.cancel.clone());
    (writing.spelling, writing.keep_rejects) = (option, true);
    streams::check_input(&options.reading.inputs)?;
    let both = || {
        let converted = convert::run(&options)?;
        Ok((converted, results::write_at(&writing, place)?))
    };
    let (converted, written) =
        followed((&options.reading.cancel, &options.reading.progress), log, both)?;
    let json = || {
        let mut json = serde_json::to_value(&converted).unwrap_or_default();
        json["cclf"] = serde_json::to_value(&written).unwrap_or_default();
        json["tables"] = serde_json::json!([]);
        serde_json::to_string_pretty(&json).unwrap_or_default()
    };
    arguments.files.write_facts(json)?;
    let warnings: Vec<&String> = converted.warnings.iter().chain(&written.warnings).collect();
    let told = || {
        let records = of_records(&converted, &arguments.out, false);
        let unknown = unknown(&converted, false);
        format!("{records}{unknown}\n{}", delivery_summary(&written, &arguments.out))
    };
    log.report(&warnings, json, told);
    Ok(exit_code(&converted).max(if written.has_rejects() { EXIT_REJECTS } else { 0 }))
}

/// Follows a run, and tells what came of it: the tables are in `out`, and whether rejects are kept elsewhere stands beside it.
pub(crate) fn follow(
    reading: &Reading,
    (out, keeps_rejects): (&Path, bool),
    files: &RunFiles,
    log: Log,
    run: impl FnOnce() -> Result<Report, convert::Error>,
) -> Result<u8, Failure> {
    let report = followed((&reading.cancel, &reading.progress), log, run)?;
    files.write_facts(|| report.to_json())?;
    log.report(&report.warnings, || report.to_json(), || summary(&report, out, keeps_rejects));
    files.write_page(out, log)?;
    Ok(exit_code(&report))
}

/// The exit code of a run that ended with this report.
pub(crate) fn exit_code(report: &Report) -> u8 {
    if report.has_rejects() { EXIT_REJECTS } else { 0 }
}

fn options(arguments: &ConvertArgs) -> Result<Options, Failure> {
    let naming = arguments.naming;
    check_lineage(naming, arguments)?;
    let output =
        if arguments.out == Path::new("-") { Output::Stdout } else { Output::at(&arguments.out) };
    let mut options = Options::new(arguments.reading.inputs.clone(), output);
    options.reading.patients.clone_from(&arguments.patients);
    options.reading.api = arguments.api;
    options.reading.keep = arguments.keep;
    options.updatable = arguments.updatable;
    options.reading.hash_inputs = arguments.hash_inputs;
    options.reading.partially_adjudicated = arguments.partially_adjudicated;
    options.overwrite = arguments.overwrite;
    options.keep_previous = arguments.keep_previous;
    options.format = match arguments.format {
        Written::Tables(format) => format,
        // The files are made of these.
        Written::Cclf => Format::Parquet,
    };
    options.compression = arguments.compression;
    if !arguments.tables.is_empty() {
        options.tables.clone_from(&arguments.tables);
    }
    options.naming = naming;
    options.columns = (!arguments.no_lineage).into();
    if !arguments.columns.is_empty() {
        let (crosswalk, names) = (Crosswalk::stu3(), &arguments.columns);
        if arguments.tables.is_empty() {
            options.tables = Columns::tables_with(crosswalk, &options.tables, names);
        }
        let asked = Columns::only(crosswalk, &options.tables, !arguments.no_lineage, names);
        options.ask_for(asked.map_err(|error| Failure::new(2, advised(&error)))?);
    }
    options.reading.file_date = arguments.file_date;
    options.reading.on_bad_record = arguments.on_bad_record;
    options.reading.max_rejects = arguments.max_rejects;
    options.reading.drift = arguments.drift;
    options.rejects.clone_from(&arguments.rejects);
    arguments.reading.set(&mut options.reading);
    options.reading.max_people = arguments.max_people;
    Ok(options)
}

/// What is wrong with the columns, and what to do.
fn advised(error: &ColumnsError) -> String {
    match error {
        ColumnsError::Unknown(_) => format!("{error}; `bcda describe` lists them"),
        ColumnsError::Unused(_) | ColumnsError::Whole => error.to_string(),
    }
}

/// Who reads a table by another program's name needs the columns that program selects.
fn check_lineage(naming: Naming, arguments: &ConvertArgs) -> Result<(), Failure> {
    if naming.needs_lineage() && arguments.no_lineage {
        let message = "--naming tuva does not go with --no-lineage: the connector selects FILE_NAME \
                       and FILE_DATE";
        return Err(Failure::new(2, message.to_owned()));
    }
    Ok(())
}

/// What had no rows because only the latest versions count.
fn left_out(report: &Report) -> Vec<(&'static str, u64)> {
    let Some(left_out) = &report.left_out else { return Vec::new() };
    let mut rows = vec![("left out: not the latest", report.records.left_out)];
    let parts = [
        ("  of a shared system, in NCH too", left_out.shared_claims),
        ("claims that were deleted", left_out.deleted_claims),
        ("Patients and Coverages that were deleted", left_out.deleted_people),
    ];
    rows.extend(parts.into_iter().filter(|(_, count)| *count > 0));
    rows
}

/// The table at the end of a run.
fn summary(report: &Report, out: &Path, rejects_kept: bool) -> String {
    let has_manifest = out != Path::new("-");
    let records = of_records(report, out, rejects_kept);
    format!("{}\n{records}{}", tables(&report.tables), unknown(report, has_manifest))
}

/// What the records have that is not known, if they have any, and where it is told.
fn unknown(report: &Report, has_manifest: bool) -> String {
    let Some(drift) = &report.drift else { return String::new() };
    let Some(found) = drift.found() else { return String::new() };
    let which = if drift.which == Drift::All { "all of them" } else { "one in 64" };
    let place = if has_manifest {
        "see drift in tables-manifest.json"
    } else {
        "--report FILE has it as drift"
    };
    format!(
        "\nunknown to us: {found} in {} records looked through ({which}); {place}",
        grouped(drift.records)
    )
}

/// What became of the records, for people.
fn of_records(report: &Report, out: &Path, rejects_kept: bool) -> String {
    let mut records = figures(&["records", "count"], 1..=1);
    let counts = &report.records;
    let mut row = |name: &str, count: u64| {
        records.add_row([name.to_owned(), grouped(count)]);
    };
    row("read", counts.read);
    row("with rows", counts.with_rows);
    let aside = report.set_aside;
    row("joined (Patient, Coverage)", counts.joined);
    for (name, count) in [
        ("  Patients merged into others", aside.merged_patients),
        ("  Coverages that were not found", aside.coverages_not_found),
    ] {
        if count > 0 {
            row(name, count);
        }
    }
    row("without rows", counts.without_rows);
    for (name, count) in left_out(report) {
        row(name, count);
    }
    row("skipped by type", counts.skipped_by_type);
    for (name, count) in [
        ("  partially adjudicated claims", aside.partially_adjudicated),
        ("  prior authorizations", aside.prior_authorizations),
    ] {
        if count > 0 {
            row(name, count);
        }
    }
    row("rejected", counts.rejected);
    for (class, count) in &report.rejected_by_class {
        row(&format!("  {class}"), *count);
    }
    for (name, count) in [
        ("claims without Patient", report.claims_without_patient.unwrap_or(0)),
        ("claim ids seen more than once", report.repeated_claim_ids.unwrap_or(0)),
        ("superseded Patients", report.superseded_patients),
        ("superseded Coverages", report.superseded_coverages),
        ("partial dates (null)", report.partial_dates),
        ("state codes without FIPS (null)", report.untranslated_states),
        ("codes outside their list (null)", report.untranslated_codes),
        ("postal codes that are no ZIP (null)", report.untranslated_zips),
        ("claims not told final (null)", report.claims_final_unknown),
    ] {
        if count > 0 {
            row(name, count);
        }
    }
    if let Some(count) =
        report.left_out.as_ref().and_then(|own| own.possibly_replaced).filter(|count| *count > 0)
    {
        row("claims possibly replaced", count);
    }
    if !report.claims_not_final.is_empty() {
        row("claims not final", report.claims_not_final.values().sum());
    }
    for (status, count) in &report.claims_not_final {
        row(&format!("  {status}"), *count);
    }
    let judged_by = report.judged_by.as_ref().map_or_else(String::new, |columns| {
        format!(
            "\nrecords were judged by the {} column{} asked for, and by what rows need",
            columns.len(),
            if columns.len() == 1 { "" } else { "s" }
        )
    });
    let carried = report.carried.as_ref().map_or_else(String::new, |carried| {
        format!(
            "\n{} rows were carried over, {} of them with another MBI; {} rows were taken out",
            grouped(carried.rows),
            grouped(carried.with_other_mbi),
            grouped(carried.gone)
        )
    });
    let which = match report.keep {
        Keep::All => "all versions of a claim have rows (--keep all)",
        Keep::Latest => "only the latest version of each record counts (--keep latest)",
    };
    let kept = match report.exports.len() {
        0 => String::new(),
        1 => format!("\n{which}"),
        count => format!("\n{count} exports: {which}"),
    };
    let restarted = if report.restarted { ", claims read twice: people among them" } else { "" };
    let rejects = match (report.has_rejects(), out == Path::new("-"), rejects_kept) {
        (true, false, _) => format!("\nrejects: {}", one_line(&out.join("rejects"))),
        (true, true, false) => "\nrejects were only counted; --rejects DIR keeps them".to_owned(),
        _ => String::new(),
    };
    format!(
        "{records}\n{} input{}{}, {} in {:.2} s, {}/s{restarted}{carried}{kept}{judged_by}{rejects}",
        grouped(report.inputs.len() as u64),
        if report.inputs.len() == 1 { "" } else { "s" },
        left_aside(&report.left_aside),
        DecimalBytes(report.bytes_read),
        report.seconds,
        DecimalBytes(report.bytes_per_second()),
    )
}

pub(crate) fn parse_table(name: &str) -> Result<Table, String> {
    name.trim().parse().map_err(|fault: cclf_crosswalk::LoadError| fault.to_string())
}

pub(crate) fn parse_date(text: &str) -> Result<i32, String> {
    cclf_crosswalk::parse_day(text)
        .ok_or_else(|| "expected a day that exists, as YYYY-MM-DD".to_owned())
}

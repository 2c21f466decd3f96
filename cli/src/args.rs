//! The arguments: one place from which parsing, help, completions and manual pages come.

use std::path::{Path, PathBuf};

use cclf_crosswalk::{Naming, Table};
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use convert::MaxRejects;

use crate::Failure;
use crate::decrypt_command::DecryptArgs;
use crate::demo_command::DemoArgs;
use crate::export_command::ExportArgs;
use crate::jobs_command::JobsArgs;
use crate::metadata_command::MetadataArgs;

/// BCDA bulk FHIR exports to CCLF tables.
#[derive(Debug, Parser)]
#[command(name = "bcda", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 failed; 2 usage; 3 done, but records were rejected or \
                        have errors; 4 stopped on bad data; 5 server or network; 130 and 143 interrupted."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say nothing but errors.
    #[arg(long, short, global = true, display_order = 900)]
    pub(crate) quiet: bool,
    /// How messages are written to standard error.
    #[arg(long, global = true, display_order = 901, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

/// How messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Turn an export into CCLF tables.
    Convert(Box<ConvertArgs>),
    /// Try it: serve a synthetic export on this machine, fetch it, convert it, and show the tables.
    Demo(DemoArgs),
    /// Fetch an export from BCDA, or from another FHIR bulk server.
    Export(Box<ExportArgs>),
    /// List, look at and cancel the jobs of a bulk server.
    Jobs(Box<JobsArgs>),
    /// Show what a bulk server says it can do.
    Metadata(Box<MetadataArgs>),
    /// Decrypt the files of an export of 2018 to 2020.
    Decrypt(DecryptArgs),
    /// Say what is wrong with the records of an export, by STU3 and the rules of Blue Button.
    Validate(Box<ValidateArgs>),
    /// Show the tables: columns, types, where each value comes from and, where there is none, why.
    Describe(DescribeArgs),
    /// Make a synthetic export: deterministic, in the exact shape of BCDA v1, of nobody.
    Synth(SynthArgs),
    /// Serve the API of the BCDA guides on this machine, from a folder or synthetic data, with faults on request.
    Serve(crate::serve_command::ServeArgs),
    /// Show one record of a file, or a part of it. Prints patient data: for your eyes.
    Inspect(InspectArgs),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write the manual pages.
    Man {
        /// The folder to write them to.
        #[arg(long, default_value = "man")]
        out: PathBuf,
    },
}

/// The formats of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values with a header.
    Csv,
    /// Arrow IPC: files, or a stream on standard output.
    Arrow,
}

/// The compressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compression {
    /// Zstandard, level 1.
    Zstd,
    /// Snappy (in Arrow files: LZ4).
    Snappy,
    /// None.
    None,
}

/// What the tables are called; columns keep CMS's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NamingChoice {
    /// cclf1 to cclf9, cclfa, cclfb and cclf0.
    Cclf,
    /// What Tuva's medicare_cclf_connector reads: parta_claims_header, partb_physicians and so on.
    Tuva,
}

impl From<NamingChoice> for Naming {
    fn from(choice: NamingChoice) -> Self {
        match choice {
            NamingChoice::Cclf => Self::Cclf,
            NamingChoice::Tuva => Self::Tuva,
        }
    }
}

/// What a bad record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnBadRecord {
    /// It is kept aside and the run goes on.
    Reject,
    /// It ends the run.
    Fail,
}

/// Turn an export into CCLF tables.
#[derive(Debug, Args)]
pub(crate) struct ConvertArgs {
    /// Files, folders (all *.ndjson and *.jsonl below, also .gz and .zst), globs, addresses in object storage
    /// (s3://BUCKET/PREFIX/, gs://, az://, https:// for one file), one pipe, or - for standard input.
    #[arg(required = true, value_name = "INPUT", value_parser = input())]
    pub(crate) inputs: Vec<String>,
    /// Folder of the tables, an address (s3://BUCKET/PREFIX/, gs://, az://), or - for one table on standard output.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Replace an earlier result; only what an earlier run wrote is ever replaced.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Format of the tables.
    #[arg(long, value_enum, default_value_t = Format::Parquet)]
    pub(crate) format: Format,
    /// Compression within Parquet and Arrow files.
    #[arg(long, value_enum, default_value_t = Compression::Zstd)]
    pub(crate) compression: Compression,
    /// Which tables, e.g. cclf5,cclf7; all twelve unless named.
    #[arg(long, value_delimiter = ',', value_parser = parse_table, value_name = "TABLES")]
    pub(crate) tables: Vec<Table>,
    /// What the files of the tables are called.
    #[arg(long, value_enum, default_value_t = NamingChoice::Cclf)]
    pub(crate) naming: NamingChoice,
    /// Which columns, e.g. BENE_MBI_ID,cclf5.CLM_POS_CD; without --tables, of every table that has one of them.
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) columns: Vec<String>,
    /// Files, folders, globs or addresses whose Patients and Coverages are joined besides those of INPUT, such as
    /// earlier exports, the oldest first: CCLF8 and CCLF9 hold all of them. Claims on standard input then wait for
    /// nobody else.
    #[arg(long, value_name = "PATH", value_parser = input())]
    pub(crate) patients: Vec<String>,
    /// FILE_DATE of all rows (YYYY-MM-DD), in place of the export's transactionTime.
    #[arg(long, value_parser = parse_date, value_name = "DATE")]
    pub(crate) file_date: Option<i32>,
    /// Leave out the lineage columns (FILE_NAME, FILE_DATE, BCDA_...).
    #[arg(long)]
    pub(crate) no_lineage: bool,
    /// What a bad record does.
    #[arg(long, value_enum, default_value_t = OnBadRecord::Reject)]
    pub(crate) on_bad_record: OnBadRecord,
    /// Stop when more records are bad: a number, or a share of the records read so far (never below 100).
    #[arg(long, default_value = "1%", value_parser = parse_max_rejects, value_name = "N|P%")]
    pub(crate) max_rejects: MaxRejects,
    /// Where rejects go when the table goes to standard output; with a folder they go into it.
    #[arg(long, value_name = "DIR")]
    pub(crate) rejects: Option<PathBuf>,
    /// Write what the run did as JSON to this file; safe to share.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// How many threads work at once; as many as the machine runs at once unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Bytes of a block of lines; changes speed and memory, never the output.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1 << 28), hide = true)]
    pub(crate) block_bytes: Option<u32>,
    /// Longest line that is a record, in bytes.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1 << 31), default_value = "16777216", value_name = "BYTES")]
    pub(crate) max_line_bytes: u32,
    /// Most bytes that one compressed file may hold.
    #[arg(long, default_value = "1099511627776", value_name = "BYTES")]
    pub(crate) max_decompressed: u64,
    /// End with an error where a zstd frame has no checksum, so that damage in it could not be seen; it is a warning
    /// unless given. gzip always has one.
    #[arg(long)]
    pub(crate) require_checksums: bool,
    /// Most people whose Patients and Coverages are kept in memory, some 250 bytes each; as many as fit half of the
    /// memory there is unless given, and never more than fit three quarters.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..), value_name = "N")]
    pub(crate) max_people: Option<u32>,
}

/// The severities of issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LeastSeverity {
    /// Against STU3 or the rules of Blue Button, or not to be read at all.
    Error,
    /// Also what is allowed, but probably not meant.
    Warning,
    /// Also what is worth knowing, such as what BCDA is known to write against STU3.
    Information,
}

/// Say what is wrong with the records of an export.
///
/// Each record that has issues gives one line: a FHIR OperationOutcome. An issue says its class
/// (details.coding), what was expected (details.text), where in the record (expression, a FHIRPath, and
/// location, a path for bcda inspect) and which record (diagnostics: FILE:LINE, and the byte at which it
/// begins). It never holds a value of the record. A summary by class goes to standard error.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 no errors, warnings perhaps; 1 failed; 2 usage; 3 records have errors; \
                        4 not NDJSON, or FHIR R4; 5 object storage or network; 130 and 143 interrupted."
)]
pub(crate) struct ValidateArgs {
    /// Files, folders (all *.ndjson and *.jsonl below, also .gz and .zst), globs, addresses in object storage
    /// (s3://BUCKET/PREFIX/, gs://, az://, https:// for one file), one pipe, or - for standard input.
    #[arg(required = true, value_name = "INPUT", value_parser = input())]
    pub(crate) inputs: Vec<String>,
    /// File for the issues, whole or not at all; - is standard output.
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The least severity that is written; all issues are counted.
    #[arg(long, value_enum, default_value_t = LeastSeverity::Warning)]
    pub(crate) severity: LeastSeverity,
    /// How many threads work at once; as many as the machine runs at once unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Bytes of a block of lines; changes speed and memory, never the output.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1 << 28), hide = true)]
    pub(crate) block_bytes: Option<u32>,
    /// Longest line that is a record, in bytes.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1 << 31), default_value = "16777216", value_name = "BYTES")]
    pub(crate) max_line_bytes: u32,
    /// Most bytes that one compressed file may hold.
    #[arg(long, default_value = "1099511627776", value_name = "BYTES")]
    pub(crate) max_decompressed: u64,
    /// End with an error where a zstd frame has no checksum, so that damage in it could not be seen; it is a warning
    /// unless given. gzip always has one.
    #[arg(long)]
    pub(crate) require_checksums: bool,
}

/// The formats of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DescribeFormat {
    /// For people.
    Table,
    /// Comma-separated values.
    Csv,
    /// JSON.
    Json,
    /// Markdown, a data dictionary.
    Markdown,
    /// SQL: CREATE TABLE.
    Ddl,
    /// SQL: views over a folder of Parquet files, for DuckDB.
    Views,
}

/// The dialects of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    /// DuckDB.
    Duckdb,
    /// Snowflake.
    Snowflake,
    /// BigQuery.
    Bigquery,
    /// Spark and Databricks.
    Spark,
}

/// Show the tables.
#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// Which table; all of them unless named.
    #[arg(value_parser = parse_table)]
    pub(crate) table: Option<Table>,
    /// How.
    #[arg(long, value_enum, default_value_t = DescribeFormat::Table)]
    pub(crate) format: DescribeFormat,
    /// Whose SQL ddl and views are.
    #[arg(long, value_enum, default_value_t = Dialect::Duckdb)]
    pub(crate) dialect: Dialect,
    /// What ddl and views call the tables.
    #[arg(long, value_enum, default_value_t = NamingChoice::Cclf)]
    pub(crate) naming: NamingChoice,
    /// The folder of the tables that views read.
    #[arg(long, default_value = "tables", value_name = "DIR")]
    pub(crate) folder: String,
}

/// Make a synthetic export.
#[derive(Debug, Args)]
pub(crate) struct SynthArgs {
    /// How many beneficiaries; each has about 570 kB.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) beneficiaries: u64,
    /// Another seed makes another export; the same seed makes the same bytes.
    #[arg(long, default_value_t = 1, value_name = "S")]
    pub(crate) seed: u64,
    /// Folder of the export.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Compress the files.
    #[arg(long)]
    pub(crate) gzip: bool,
    /// Share of lines that are broken, 0 to 1.
    #[arg(long, default_value = "0", value_parser = parse_bad_rate, value_name = "P")]
    pub(crate) bad_rate: u32,
    /// Claims of each beneficiary, in place of a realistic number.
    #[arg(long, value_name = "N")]
    pub(crate) claims: Option<u32>,
    /// Replace an earlier synthetic export.
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// Show one record of a file.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The file and the line, as errors and rejects.csv name them: FILE:LINE. A .gz or .zst that they
    /// leave out is found, but for addresses (s3://BUCKET/FILE:LINE).
    #[arg(value_name = "FILE:LINE")]
    pub(crate) place: String,
    /// The input folder that the name is relative to.
    #[arg(long = "in", value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    #[arg(help = "A part of the record, e.g. item[3].adjudication[7].amount.value")]
    pub(crate) path: Option<String>,
}

/// What names an input. Names go into tables and reports, which are UTF-8.
fn input() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().try_map(|input| {
        input.into_string().map_err(|_| {
            "the path is not UTF-8; rename the file, name the folder it is in, or give its content on standard input \
             (-)"
        })
    })
}

fn parse_table(name: &str) -> Result<Table, String> {
    name.trim().parse().map_err(|fault: cclf_crosswalk::LoadError| fault.to_string())
}

fn parse_max_rejects(text: &str) -> Result<MaxRejects, String> {
    text.parse().map_err(str::to_owned)
}

fn parse_bad_rate(text: &str) -> Result<u32, String> {
    synth::parse_rate(text)
        .ok_or_else(|| "expected a share between 0 and 1, such as 0.001".to_owned())
}

fn parse_date(text: &str) -> Result<i32, String> {
    cclf_crosswalk::parse_day(text)
        .ok_or_else(|| "expected a day that exists, as YYYY-MM-DD".to_owned())
}

/// Writes a manual page for the program and each of its commands.
pub(crate) fn write_manual(out: &Path) -> Result<u8, Failure> {
    std::fs::create_dir_all(out)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), out))
        .map_err(|error| {
            let message = format!("write of the manual pages to {} failed: {error}", out.display());
            Failure::new(1, message)
        })?;
    Ok(0)
}

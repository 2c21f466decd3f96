//! `bcda validate`.

use std::cmp::Reverse;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use convert::{Cancel, ValidateOptions, ValidationReport};
use fhir_model::validate::Severity;
use indicatif::DecimalBytes;
use publish::SingleFile;

use crate::failure::Failure;
use crate::log::Log;
use crate::place::{if_there, is_address};
use crate::progress::Bar;
use crate::reading_args::ReadingArgs;
use crate::show::{figures, grouped, left_aside};
use crate::{signals, streams};

/// Records have errors.
const EXIT_ISSUES: u8 = 3;

/// The severities of issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LeastSeverity {
    /// Against FHIR or the rules of Blue Button, or not to be read at all.
    Error,
    /// Also what is allowed, but probably not meant.
    Warning,
    /// Also what is worth knowing, such as what BCDA is known to write against FHIR.
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
                        4 not NDJSON; 5 object storage or network; 130 and 143 interrupted."
)]
pub(crate) struct ValidateArgs {
    /// File for the issues, whole or not at all; - is standard output.
    #[arg(long, short, default_value = "-", value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Replace the file if it exists.
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The least severity that is written; all issues are counted.
    #[arg(long, value_enum, default_value_t = LeastSeverity::Warning)]
    pub(crate) severity: LeastSeverity,
    #[command(flatten)]
    pub(crate) reading: ReadingArgs,
}

/// Where the issues go.
enum Out {
    Stdout(convert::Stdout),
    File(SingleFile),
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout
                .write(bytes)
                .map_err(|error| io::Error::new(error.kind(), format!("standard output: {error}"))),
            Self::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::File(file) => file.flush(),
        }
    }
}

pub(crate) fn run(arguments: &ValidateArgs, log: Log) -> Result<u8, Failure> {
    streams::check_input(&arguments.reading.inputs)?;
    let options = options(arguments);
    let caught = signals::listen(options.reading.cancel.clone())
        .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;
    let mut out = open(arguments, &options.reading.cancel)?;
    let bar = log.shows_progress().then(|| Bar::follow(Arc::clone(&options.reading.progress)));
    let validated = convert::validate(&options, &mut out);
    drop(bar);
    let report = validated.map_err(|error| Failure::of_run(&error, &caught))?;
    if let Out::File(file) = out {
        file.commit().map_err(|error| Failure::new(1, error.to_string()))?;
    }
    log.report(&report.warnings, || report.to_json(), || summary(&report));
    Ok(if report.has_errors() { EXIT_ISSUES } else { 0 })
}

fn open(arguments: &ValidateArgs, cancel: &Cancel) -> Result<Out, Failure> {
    let path = arguments.out.as_path();
    if path == Path::new("-") {
        drop(streams::output()?);
        return convert::Stdout::new(cancel).map(Out::Stdout).map_err(|error| {
            Failure::new(1, format!("writing to standard output failed: {error}"))
        });
    }
    if is_address(path) {
        let message = "--out of validate is a file of this machine, or -; copy it from there";
        return Err(Failure::new(2, message));
    }
    if if_there(path, path.metadata())?.is_some_and(|there| there.is_file()) && !arguments.overwrite
    {
        let message = format!("{} exists; --overwrite replaces it", path.display());
        return Err(Failure::new(2, message));
    }
    // An input that lies there is told before anything is created.
    let inputs = arguments.reading.inputs.iter();
    let is_path =
        |input: &&String| !matches!(input.as_str(), "" | "-") && !convert::is_address(input);
    let inputs = inputs.filter(is_path);
    for input in inputs {
        if publish::overlaps(path, input.as_ref()) {
            let message = format!(
                "the output {} and the input {input} lie in one another; choose another --out",
                path.display()
            );
            return Err(Failure::new(2, message));
        }
    }
    SingleFile::create(path)
        .map(Out::File)
        .map_err(|error| Failure::new(if error.is_usage() { 2 } else { 1 }, error.to_string()))
}

fn options(arguments: &ValidateArgs) -> ValidateOptions {
    let mut options = ValidateOptions::new(arguments.reading.inputs.clone());
    if arguments.out != Path::new("-") {
        options.output = Some(arguments.out.clone());
    }
    options.severity = match arguments.severity {
        LeastSeverity::Error => Severity::Error,
        LeastSeverity::Warning => Severity::Warning,
        LeastSeverity::Information => Severity::Information,
    };
    arguments.reading.set(&mut options.reading);
    options
}

/// Terms that are not known, as many as a screen holds.
const MOST_TERMS: usize = 20;

/// The tables at the end of a run.
fn summary(report: &ValidationReport) -> String {
    let mut text = String::new();
    if !report.classes.is_empty() {
        let mut classes = figures(&["class", "severity", "issues", "first"], 2..=2);
        for class in &report.classes {
            classes.add_row([
                class.class.clone(),
                class.severity.clone(),
                grouped(class.issues),
                ndjson_io::shown(&class.first).into_owned(),
            ]);
        }
        text = format!("{classes}\n");
    }
    if !report.unknown_terms.is_empty() {
        let mut terms = figures(&["term that is not known", "count"], 1..=1);
        let mut counted: Vec<(&String, &u64)> = report.unknown_terms.iter().collect();
        counted.sort_by_key(|(_, count)| Reverse(**count));
        for (term, count) in counted.iter().take(MOST_TERMS) {
            terms.add_row([ndjson_io::shown(term).into_owned(), grouped(**count)]);
        }
        if let Some(more) = counted.len().checked_sub(MOST_TERMS + 1) {
            terms.add_row([format!("and {} more", more + 1), String::new()]);
        }
        text = format!("{text}{terms}\n");
    }
    let mut records = figures(&["records", "count"], 1..=1);
    for (name, count) in [
        ("read", report.records),
        ("valid", report.valid),
        ("with warnings", report.with_warnings),
        ("with errors", report.with_errors),
    ] {
        records.add_row([name.to_owned(), grouped(count)]);
    }
    format!(
        "{text}{records}\n{} input{}{}, {} in {:.2} s",
        grouped(report.inputs),
        if report.inputs == 1 { "" } else { "s" },
        left_aside(&report.left_aside),
        DecimalBytes(report.bytes_read),
        report.seconds,
    )
}

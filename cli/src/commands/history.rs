//! `bcda history FILE:LINE EXPORT...`: every version of one claim, side by side, to the person who asks.

mod compare;
mod screen;

use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use convert::{ClaimKey, History, HistoryOptions, Reading};

use crate::failure::Failure;
use crate::log::Log;
use crate::named_record::{self, RecordArgs};
use crate::progress::Bar;
use crate::reading_args::{LineArgs, input};
use crate::show::grouped;
use crate::{signals, streams};

/// Longer ids are none: FHIR allows 64 characters.
const MAX_ID_BYTES: u64 = 4 << 10;

/// What the command says of itself.
pub(crate) const ABOUT: &str =
    "Show every version of one claim that stands in some exports, side by side. Prints patient data: for your eyes.

Each version has a column, the oldest first, and the last of them is current: that with the greatest meta.lastUpdated, of \
several the one whose export has the greater transactionTime, of several the one whose line has the greater BLAKE3. \
Lines that are equal byte for byte are one version. Other claims of the same claim group (v1 and v2) follow, each as it \
is now, because a correction may have an id of its own.

There is a row for each column of the tables whose value differs, by the line of the claim. What a version says on all \
lines of a table, or in all tables, is shown once (every). FILE_NAME and FILE_DATE are no difference, and BENE_MBI_ID, \
which comes from the Patient, is left out.";

/// Show every version of one claim.
#[derive(Debug, Args)]
#[command(
    override_usage = "bcda history [OPTIONS] <FILE:LINE> <EXPORT>...\n       bcda history [OPTIONS] --id - <EXPORT>...",
    after_help = "Exit codes: 0 shown; 1 failed; 2 usage, no claim, not found; 4 the record is bad, or all that there is \
                  of the claim; 5 object storage or network; 130 and 143 interrupted."
)]
pub(crate) struct HistoryArgs {
    /// A record of the claim by its file and line, as bcda inspect takes it.
    #[arg(value_name = "FILE:LINE", value_parser = input(), required_unless_present = "id")]
    pub(crate) place: Option<String>,
    /// Where to look: files, folders (all *.ndjson and *.jsonl below, also .gz and .zst), globs, addresses in object
    /// storage. Each export is best named by its folder, where its transactionTime stands.
    #[arg(value_name = "EXPORT", value_parser = input())]
    pub(crate) exports: Vec<String>,
    /// Read the id of an ExplanationOfBenefit from standard input (-), in place of FILE:LINE. No id stands among the
    /// arguments, which others on this machine can see.
    #[arg(long, value_name = "-")]
    pub(crate) id: Option<String>,
    /// The input folder that FILE is relative to.
    #[arg(long = "in", value_name = "DIR", conflicts_with = "id")]
    pub(crate) folder: Option<PathBuf>,
    /// Show the columns that are the same everywhere, too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Let the lines be as long as they are, as where the output is no terminal; there they fit its width, and heads that
    /// are too wide for it stand above the table.
    #[arg(long)]
    pub(crate) wide: bool,
    #[command(flatten)]
    pub(crate) lines: LineArgs,
}

pub(crate) fn run(arguments: &HistoryArgs, log: Log) -> Result<u8, Failure> {
    drop(streams::output()?);
    let (key, exports) = asked(arguments)?;
    let mut reading = Reading::new(exports);
    arguments.lines.set(&mut reading);
    let options = HistoryOptions { reading, claim: key };
    let reading = &options.reading;
    let caught = signals::listen(reading.cancel.clone())
        .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;
    let bar = log.shows_progress().then(|| Bar::follow(Arc::clone(&reading.progress)));
    let found = convert::history(&options);
    drop(bar);
    let history = found.map_err(|error| Failure::of_run(&error, &caught))?;
    for note in history.warnings.iter().chain(&notes(&history)) {
        log.warning(note);
    }
    if history.versions.is_empty() {
        return Err(not_found(&history, arguments.id.is_some()));
    }
    let width = if arguments.wide { None } else { streams::width() };
    streams::print(&screen::text(&history, arguments.all, width)?)
}

/// Which claim is meant, and where to look for it.
fn asked(arguments: &HistoryArgs) -> Result<(ClaimKey, Vec<String>), Failure> {
    let usage = |message: &str| Failure::new(2, message.to_owned());
    let (place, mut exports) = (arguments.place.clone(), arguments.exports.clone());
    let key = match (&arguments.id, place) {
        (Some(id), _) if id != "-" => {
            // It is not said again.
            let message = "--id takes only -: write the id to standard input, so that it does not stand among the \
                           arguments, which others on this machine can see";
            return Err(usage(message));
        }
        (Some(_), first) => {
            exports.splice(0..0, first);
            refuse_nowhere(&exports)?;
            ClaimKey::of_id(id_of_input()?)
        }
        (None, place) => {
            refuse_nowhere(&exports)?;
            let (place, folder) = (place.unwrap_or_default(), arguments.folder.clone());
            let line = named_record::read(&RecordArgs { place, folder })?;
            ClaimKey::of_record(&line)
                .map_err(|error| Failure::new(error.exit_code(), error.to_string()))?
        }
    };
    Ok((key, exports))
}

fn refuse_nowhere(exports: &[String]) -> Result<(), Failure> {
    if !exports.is_empty() {
        return Ok(());
    }
    let message = "no export is named; give the files or folders in which to look for the claim";
    Err(Failure::new(2, message))
}

/// The one line of standard input.
fn id_of_input() -> Result<String, Failure> {
    streams::check_input(&["-".to_owned()])?;
    let mut text = Vec::new();
    std::io::stdin()
        .lock()
        .take(MAX_ID_BYTES)
        .read_to_end(&mut text)
        .map_err(|error| Failure::new(1, format!("read of standard input failed: {error}")))?;
    let id = std::str::from_utf8(&text).ok().map(str::trim).filter(|id| {
        !id.is_empty()
            && !id.contains(|character: char| character.is_whitespace() || character.is_control())
    });
    let id = id.map(|id| id.strip_prefix("ExplanationOfBenefit/").unwrap_or(id));
    id.filter(|id| !id.is_empty()).map(str::to_owned).ok_or_else(|| {
        Failure::new(
            2,
            "standard input has no id: give one line with the id of one ExplanationOfBenefit",
        )
    })
}

/// What was not shown, and why.
fn notes(history: &History) -> Vec<String> {
    let counted = |count: u64, one: &str, more: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{} {more}", grouped(count))),
    };
    let bad = counted(
        history.bad,
        "bad record names the claim or its group and is not shown: bcda convert rejects it and says why",
        "bad records name the claim or its group and are not shown: bcda convert rejects them and says why",
    );
    let too_long = counted(
        history.too_long,
        "line is longer than --max-line-bytes and was not looked at",
        "lines are longer than --max-line-bytes and were not looked at",
    );
    let other = counted(
        history.of_other_apis,
        "record with the claim's id is of another version of the API and is not shown: name it by FILE:LINE",
        "records with the claim's id are of another version of the API and are not shown: name one by FILE:LINE",
    );
    [bad, too_long, other].into_iter().flatten().collect()
}

fn not_found(history: &History, by_id: bool) -> Failure {
    let files = match history.files {
        1 => "the file that was read".to_owned(),
        count => format!("the {} files that were read", grouped(count as u64)),
    };
    if history.bad > 0 {
        let message = format!("no good record of the claim in {files}: those that name it are bad");
        return Failure::new(4, message);
    }
    let advice = if by_id {
        "is the id that of an ExplanationOfBenefit of these exports?"
    } else {
        "name the exports that it came in, that of FILE:LINE among them"
    };
    Failure::new(2, format!("no record of the claim in {files}; {advice}"))
}

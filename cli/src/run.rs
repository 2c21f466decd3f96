//! What runs of several commands have in common: how they are followed, their reports, their exit codes.

use std::path::Path;
use std::sync::Arc;

use convert::{Cancel, MaxRejects, Progress};

use crate::failure::Failure;
use crate::log::Log;
use crate::place::{if_there, is_address};
use crate::progress::Bar;
use crate::signals;

/// Larger files are no reports of ours.
const MAX_REPORT_BYTES: u64 = 64 << 20;

/// Records were rejected, the rest is done.
pub(crate) const EXIT_REJECTS: u8 = 3;

/// Follows a run to its end: with a bar, and obeying signals.
pub(crate) fn followed<R>(
    (cancel, progress): (&Cancel, &Arc<Progress>),
    log: Log,
    run: impl FnOnce() -> Result<R, convert::Error>,
) -> Result<R, Failure> {
    let caught = signals::listen(cancel.clone())
        .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;
    let bar = log.shows_progress().then(|| Bar::follow(Arc::clone(progress)));
    let done = run();
    drop(bar);
    done.map_err(|error| Failure::of_run(&error, &caught))
}

/// A file that is written beside the output, when all is done.
pub(crate) struct Written {
    /// The option that names it.
    option: &'static str,
    /// A name that it may have.
    example: &'static str,
    /// Whether these bytes are of such a file.
    is_own: fn(&[u8]) -> bool,
}

/// The facts of a run, as JSON.
const REPORT: Written = Written {
    option: "--report",
    example: "report.json",
    is_own: |text| {
        let report = serde_json::from_slice::<serde_json::Value>(text);
        report.is_ok_and(|report| report.get("crosswalk_version").is_some())
    },
};

/// The page of `bcda report`.
pub(crate) const PAGE: Written =
    Written { option: "--out", example: "report.html", is_own: report::is_page };

/// The same of other commands.
pub(crate) const PAGE_BESIDE: Written = Written { option: "--report-html", ..PAGE };

/// A place for the report that cannot be is found before the run, not after it.
pub(crate) fn check_report(file: &Path, out: &Path) -> Result<(), Failure> {
    check_written(&REPORT, file, out)
}

/// The same of any file that is written when all is done. It may stand in no folder of tables.
pub(crate) fn check_written(what: &Written, file: &Path, out: &Path) -> Result<(), Failure> {
    if file == Path::new("-") {
        let message = format!(
            "{} names a file, which is written whole when the run has ended; it does not go to \
             standard output: name one, such as {}",
            what.option, what.example
        );
        return Err(Failure::new(2, message));
    }
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let there = if_there(file, file.symlink_metadata())?;
    // A link is not followed, and a folder, a pipe or a device not replaced.
    let other = there.as_ref().is_some_and(|there| !there.is_file());
    if there.is_some_and(|there| there.is_file() && there.len() > MAX_REPORT_BYTES)
        || (!other && !may_replace(what, file)?)
    {
        let message = format!(
            "{} exists and is no report of an earlier run; name another file with {}, such as {}",
            file.display(),
            what.option,
            what.example
        );
        return Err(Failure::new(2, message));
    }
    let out_is_folder = out != Path::new("-") && !is_address(out);
    let in_output = out_is_folder && publish::overlaps(out, file);
    let in_folder = if_there(folder, folder.metadata())?.is_some_and(|folder| folder.is_dir());
    if in_output || other || !in_folder {
        let message = format!(
            "{} cannot be the report: name a file in a folder that exists, outside of the output",
            file.display()
        );
        return Err(Failure::new(2, message));
    }
    Ok(())
}

/// Whether what stands there may be replaced: reports come again every week, other files are somebody's.
fn may_replace(what: &Written, file: &Path) -> Result<bool, Failure> {
    match std::fs::read(file) {
        Ok(text) => Ok(text.is_empty() || (what.is_own)(&text)),
        Err(error) => if_there(file, Err(error)).map(|_| true),
    }
}

/// Writes the report of a run that is done, if a file was named for it.
pub(crate) fn write_report(
    file: Option<&Path>,
    report: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    write_file(file, &report()).map_err(Failure::after_all)
}

/// Writes a file, all at once.
pub(crate) fn write_file(file: &Path, text: &str) -> Result<(), Failure> {
    publish::write_file_atomically(file, text.as_bytes())
        .map_err(|error| Failure::new(1, error.to_string()))
}

pub(crate) fn parse_max_rejects(text: &str) -> Result<MaxRejects, String> {
    text.parse().map_err(str::to_owned)
}

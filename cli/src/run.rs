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

/// A place for the report that cannot be is found before the run, not after it.
pub(crate) fn check_report(file: &Path, out: &Path) -> Result<(), Failure> {
    if file == Path::new("-") {
        let message = "--report names a file, which is written whole when the run has ended; it does not go to \
                       standard output: name one, such as report.json";
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
        || (!other && !is_report(file)?)
    {
        let message = format!("{} exists and is no report of an earlier run", file.display());
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
fn is_report(file: &Path) -> Result<bool, Failure> {
    let text = match std::fs::read(file) {
        Ok(text) => text,
        Err(error) => return if_there(file, Err(error)).map(|_| true),
    };
    let report = serde_json::from_slice::<serde_json::Value>(&text);
    Ok(text.is_empty() || report.is_ok_and(|report| report.get("crosswalk_version").is_some()))
}

/// Writes the report of a run that is done, if a file was named for it.
pub(crate) fn write_report(
    file: Option<&Path>,
    report: impl FnOnce() -> String,
) -> Result<(), Failure> {
    let Some(file) = file else { return Ok(()) };
    publish::write_file_atomically(file, report().as_bytes())
        .map_err(|error| Failure::new(1, format!("the result is complete, but: {error}")))
}

pub(crate) fn parse_max_rejects(text: &str) -> Result<MaxRejects, String> {
    text.parse().map_err(str::to_owned)
}

//! Exports: whether they are finished, and how the others go on.

use std::path::Path;

use bulk_client::{FileState, ItemType, Journal};
use jiff::Timestamp;

use super::finding::Findings;
use super::found::{ExportFound, Found};
use crate::failure::spelled;

const CHECK: &str = "exports";
/// The service keeps the files of a job so long.
const HOURS: i64 = 24;

pub(super) fn look(found: &Found, findings: &mut Findings) {
    if found.fault.is_some() {
        return findings.skip(&[CHECK], "the folder cannot be looked at");
    }
    let mut whole = 0;
    for export in &found.exports {
        whole += usize::from(look_at(export, found, findings));
    }
    match (whole, found.newest_export().and_then(ExportFound::finished)) {
        (0, _) if found.exports.is_empty() => {
            findings.ok(CHECK, format!("there is none in {}", found.word(&found.folder)));
        }
        (0, _) | (_, None) => {}
        (1, Some(newest)) => {
            findings.ok(CHECK, format!("1 is finished, of {}", day(newest)));
        }
        (_, Some(newest)) => {
            findings.ok(CHECK, format!("{whole} are finished, the newest of {}", day(newest)));
        }
    }
}

fn day(time: Timestamp) -> jiff::civil::Date {
    time.to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// Whether an export is finished, and all of it is there.
fn look_at(export: &ExportFound, found: &Found, findings: &mut Findings) -> bool {
    let place = found.word(&export.folder);
    let journal = match &export.journal {
        Ok(journal) => journal,
        Err(error) => {
            let to_do = "fetch the export again into another folder";
            findings.fail(CHECK, error.spelled(spelled), to_do);
            return false;
        }
    };
    let Some(record) = &journal.export else {
        // Made by other tools, or synthetic: it says which files there are, and no more.
        return journal.transaction_time.is_some();
    };
    if record.completed.is_none() {
        let hours = age(&record.started);
        unfinished(journal, hours, &place, &export.folder, findings);
        return false;
    }
    if !journal.is_whole(&export.folder) {
        let to_do = "the command that made it fetches them again while the service has them; later fetch a new export";
        findings.fail(
            CHECK,
            format!("files of the finished export in {place} are gone or have another size"),
            to_do,
        );
        return false;
    }
    if record.records_missing {
        let to_do =
            "read its *.errors, and fetch everything anew: --since last does not build on it";
        findings.warning(
            CHECK,
            format!(
                "the export in {place} is finished, and the service could not deliver all records"
            ),
            to_do,
        );
        return false;
    }
    let of_errors = journal.files.iter().filter(|file| file.item_type == ItemType::Error).count();
    if of_errors > 0 {
        findings.note(
            CHECK,
            format!("the export in {place} is finished, with files of errors: {of_errors}"),
            "read its *.errors, which may name people",
        );
    }
    let parts = parts(&export.folder);
    if parts > 0 {
        findings.note(
            CHECK,
            format!("the export in {place} is finished, and files of it are called .part: {parts}"),
            "they are left over, and may be removed",
        );
    }
    true
}

/// What to run where an export did not come to its end.
fn unfinished(
    journal: &Journal,
    hours: Option<i64>,
    place: &str,
    folder: &Path,
    findings: &mut Findings,
) {
    let there = journal.files.iter().filter(|file| file.state != FileState::Pending).count();
    let files = match journal.files.len() {
        0 => "its files are not known yet".to_owned(),
        all => format!("{there} of {all} files are there"),
    };
    let parts = match parts(folder) {
        0 => String::new(),
        parts => format!(" (and begun ones: {parts})"),
    };
    let found = format!("the export in {place} is not finished, and {files}{parts}");
    match hours {
        Some(hours) if hours >= HOURS => findings.fail(
            CHECK,
            format!("{found}; its job is {hours} hours old, and the service keeps files for {HOURS}"),
            format!("begin it anew: bcda export --restart --out {place}, with the options it was begun with"),
        ),
        _ => findings.warning(
            CHECK,
            found,
            format!("go on: bcda export --resume --out {place}, with --credentials FILE"),
        ),
    }
}

/// The age of a job in hours.
fn age(started: &str) -> Option<i64> {
    let started: Timestamp = started.parse().ok()?;
    Some(Timestamp::now().duration_since(started).as_hours())
}

/// Files that did not come to their end.
fn parts(folder: &Path) -> usize {
    let names = publish::names_in(folder).unwrap_or_default();
    names.iter().filter(|name| name.to_string_lossy().ends_with(".part")).count()
}

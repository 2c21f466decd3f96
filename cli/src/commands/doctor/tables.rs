//! Tables: whether this program would make them alike, and whether they go on. And what runs have left beside them.

use super::finding::Findings;
use super::found::{Found, TablesFound};

const CHECK: &str = "tables";
/// What is done with tables that do not go on.
const ANEW: &str =
    "convert all exports again: bcda convert EXPORT... --updatable --overwrite --out";

pub(super) fn look(found: &Found, findings: &mut Findings) {
    if found.fault.is_some() {
        return findings.skip(&[CHECK], "the folder cannot be looked at");
    }
    if found.tables.is_empty() {
        findings.ok(CHECK, format!("there are none in {}", found.word(&found.folder)));
    }
    let newest = found.newest_tables().map(|tables| tables.folder.as_path());
    for tables in &found.tables {
        look_at(tables, newest == Some(tables.folder.as_path()), found, findings);
    }
    left(found, findings);
}

fn look_at(tables: &TablesFound, is_newest: bool, found: &Found, findings: &mut Findings) {
    let place = found.word(&tables.folder);
    let about = match &tables.about {
        Ok(about) => about,
        Err(error) => return findings.fail(CHECK, error.to_string(), format!("{ANEW} {place}")),
    };
    if !about.is_of_this_crosswalk {
        let version = &about.crosswalk_version;
        let what = format!(
            "the tables in {place} are of another crosswalk ({version}; this program has {}), in which columns may be filled \
             otherwise",
            cclf_crosswalk::CROSSWALK_VERSION
        );
        let to_do = format!("{ANEW} {place}");
        return if about.has_state {
            findings.fail(CHECK, what, to_do);
        } else {
            findings.warning(CHECK, what, to_do);
        };
    }
    if let Some(why) = about.not_updatable.as_ref().filter(|_| about.has_state) {
        return findings.fail(
            CHECK,
            format!("bcda update refuses: {why}"),
            format!("{ANEW} {place}"),
        );
    }
    let is_of_exports = about.api.is_some();
    if is_newest && let Some(later) = later(tables, found) {
        let to_do = if about.has_state {
            format!("bring them up to date: bcda update {place} {later}")
        } else {
            format!("convert it: bcda convert {later} --out a new folder")
        };
        return findings.warning(
            CHECK,
            format!("the tables in {place} are older than the newest finished export"),
            to_do,
        );
    }
    if about.has_state {
        findings.ok(
            CHECK,
            format!("{place} has tables of this crosswalk, and bcda update can go on with them"),
        );
    } else if is_of_exports {
        findings.note(
            CHECK,
            format!("{place} has tables of this crosswalk, without the state that bcda update goes on from"),
            "nothing need be done if each week has tables of its own; else make them with --updatable",
        );
    } else {
        findings.ok(CHECK, format!("{place} has tables of this crosswalk, made of CMS's files"));
    }
}

/// The finished exports that are newer than tables, as a command takes them: the oldest first.
fn later(tables: &TablesFound, found: &Found) -> Option<String> {
    let time = tables.time()?;
    let api = tables.about.as_ref().ok()?.api.as_deref();
    let is_same = |own: Option<String>| own.is_none() || own.as_deref() == api;
    let mut later: Vec<_> = found
        .exports
        .iter()
        .filter_map(|export| Some((export.finished()?, export)))
        .filter(|(own, export)| *own > time && is_same(export.api()))
        .collect();
    later.sort_by_key(|(time, _)| *time);
    let words: Vec<String> = later.iter().map(|(_, export)| found.word(&export.folder)).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// What is left of runs that were ended in their midst.
fn left(found: &Found, findings: &mut Findings) {
    let Some(first) = found.left.first() else { return };
    let more = match found.left.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    findings.note(
        "leftovers",
        format!(
            "a run is at work, or was ended in its midst: it has left {}{more}",
            found.word(first)
        ),
        "nothing need be done: the next run with the same output removes it",
    );
}

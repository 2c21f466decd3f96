//! FILE_DATE of each source: the option, else the export's transactionTime, else the file's own date.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ndjson_io::SourceFile;
use serde::Deserialize;

use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::report::FileDateOrigin;

/// Longest export manifest that is looked at, in bytes.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// The name under which our own tools write an export's manifest.
const EXPORT_MANIFEST: &str = "bcda-export.json";

/// What a manifest of an export must have to tell a date.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExportManifest {
    transaction_time: String,
    #[expect(dead_code, reason = "its presence tells an export manifest from other JSON")]
    output: Vec<serde_json::Value>,
}

/// Days since 1970-01-01, in UTC.
fn day(timestamp: Timestamp) -> Option<i32> {
    let date = timestamp.to_zoned(TimeZone::UTC).date();
    let (year, month, day) = (date.year(), date.month(), date.day());
    Some(cclf_crosswalk::days_from_civil(
        i32::from(year),
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    ))
}

/// The date of an RFC 3339 time, in UTC.
fn day_of_time(text: &str) -> Option<i32> {
    day(text.trim().parse::<Timestamp>().ok()?)
}

fn manifest_day(path: &Path) -> Option<i32> {
    // A pipe of this name would wait for a writer.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let file = File::open(path).ok()?;
    file.take(MAX_MANIFEST_BYTES).read_to_end(&mut text).ok()?;
    day_of_manifest(&text)
}

/// The date that the text of an export manifest tells.
fn day_of_manifest(text: &[u8]) -> Option<i32> {
    let manifest: ExportManifest = serde_json::from_slice(text).ok()?;
    day_of_time(&manifest.transaction_time)
}

/// Looks for an export manifest in folders, each once.
pub(crate) struct FileDates {
    elsewhere: Elsewhere,
    folders: HashMap<PathBuf, Option<i32>>,
}

impl FileDates {
    pub(crate) fn new(elsewhere: &Elsewhere) -> Self {
        Self { elsewhere: elsewhere.clone(), folders: HashMap::new() }
    }

    /// The date of a source and where it comes from; no date for a stream.
    ///
    /// # Errors
    /// The manifest of a folder that is not on this machine cannot be had.
    pub(crate) fn of(
        &mut self,
        source: &SourceFile,
        given: Option<i32>,
    ) -> Result<(Option<i32>, FileDateOrigin), Error> {
        if given.is_some() {
            return Ok((given, FileDateOrigin::Option));
        }
        if source.path().as_os_str().is_empty() {
            return Ok((None, FileDateOrigin::Unknown));
        }
        let folder = source.path().parent().unwrap_or(Path::new("")).to_owned();
        let elsewhere = &self.elsewhere;
        let known = if let Some(known) = self.folders.get(&folder) {
            *known
        } else {
            let found = if source.is_remote() {
                let texts = elsewhere.json_files(&folder, EXPORT_MANIFEST, MAX_MANIFEST_BYTES)?;
                texts.iter().find_map(|text| day_of_manifest(text))
            } else {
                in_folder(&folder)
            };
            *self.folders.entry(folder).or_insert(found)
        };
        if known.is_some() {
            return Ok((known, FileDateOrigin::ExportManifest));
        }
        let modified =
            source.modified().and_then(|time| Timestamp::try_from(time).ok()).and_then(day);
        Ok(match modified {
            Some(day) => (Some(day), FileDateOrigin::FileModified),
            None => (None, FileDateOrigin::Unknown),
        })
    }
}

/// The date that a manifest in the folder tells: ours first, else the first by name that is one.
fn in_folder(folder: &Path) -> Option<i32> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if let Some(day) = manifest_day(&folder.join(EXPORT_MANIFEST)) {
        return Some(day);
    }
    let names = publish::names_in(folder).ok()?.into_iter();
    names
        .map(|name| folder.join(name))
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .find_map(|path| manifest_day(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_days_in_utc() {
        assert_eq!(day_of_time("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(day_of_time("1970-01-01T23:00:00-05:00"), Some(1));
        assert_eq!(day_of_time("2019-12-09T20:44:01.705398123Z"), Some(18_239));
        assert_eq!(day_of_time("yesterday"), None);
    }
}

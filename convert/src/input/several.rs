//! Which exports the sources are of, and which of their versions count.
//!
//! An export is what lies beside one manifest. Where only the latest versions count, the sources are read from the oldest
//! export to the newest, in whichever order they were named: what comes out depends on the exports alone.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::error::Error;
use crate::input::file_date::FileDates;
use crate::input::source::Source;
use crate::options::{Keep, Reading};
use crate::report::ExportReport;
use crate::setting::{Setting, said};

/// The folder of deletions, beside the files of an export.
pub(crate) const DELETED: &str = "deleted";

/// An export of which something is read; what no manifest lies beside is one by itself, older than all others.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Export {
    pub(crate) folder: PathBuf,
    /// What it is called in FILE_NAME.
    pub(crate) name: String,
    pub(crate) time: Option<Timestamp>,
    /// BLAKE3 of its manifest.
    pub(crate) manifest: Option<blake3::Hash>,
    /// The rank of its time among those of the others: equal times have one.
    pub(crate) rank: u32,
    /// Not only its people count.
    pub(crate) has_claims: bool,
    /// The manifest that cannot be read.
    pub(crate) damaged: Option<PathBuf>,
    /// What an earlier result that holds it says of it; nothing is read of it then.
    pub(crate) known: Option<ExportReport>,
}

impl Export {
    /// The export of which something lies in a folder that was looked at.
    fn of(folder: &Path, dates: &FileDates, is_remote: bool) -> Self {
        let told = dates.told(folder);
        Self {
            folder: folder.to_owned(),
            name: name_of(folder, is_remote),
            time: told.map(|told| told.time),
            manifest: told.map(|told| told.blake3),
            rank: 0,
            has_claims: false,
            damaged: dates.damaged(folder),
            known: None,
        }
    }

    /// What an earlier result has of an export; none if that is damaged.
    pub(crate) fn of_report(report: &ExportReport) -> Option<Self> {
        let time = report.transaction_time.as_ref().map(|time| time.parse()).transpose().ok()?;
        let manifest = report.manifest_blake3.as_ref();
        let manifest = manifest.map(blake3::Hash::from_hex).transpose().ok()?;
        Some(Self {
            folder: PathBuf::new(),
            name: report.name.clone(),
            time,
            manifest,
            rank: 0,
            has_claims: !report.only_people,
            damaged: None,
            known: Some(report.clone()),
        })
    }

    /// Whether a manifest lies beside it, be it a damaged one.
    fn is_dated(&self) -> bool {
        self.time.is_some() || self.damaged.is_some()
    }

    /// Whether a file is one that says what was deleted, and was read.
    pub(crate) fn deletes(&self, path: &Path) -> bool {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let is_data =
            (name.contains(".ndjson") || name.contains(".jsonl")) && !name.starts_with('.');
        let is_read = self.time.is_some() && self.has_claims && is_data;
        is_read && path.parent().is_some_and(|own| own == self.folder.join(DELETED))
    }

    /// Whether something besides people is read of it now.
    pub(crate) fn is_read(&self) -> bool {
        self.time.is_some() && self.has_claims && !self.is_known()
    }

    /// Whether an earlier result holds it.
    pub(crate) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// What a report has of it, of which so many files and records were read.
    pub(crate) fn report(&self, files: u64, records: u64) -> ExportReport {
        if let Some(known) = &self.known {
            return ExportReport { carried: true, ..known.clone() };
        }
        ExportReport {
            name: self.name.clone(),
            transaction_time: self.time.map(|time| time.to_string()),
            manifest_blake3: self.manifest.map(|hash| hash.to_hex().to_string()),
            files,
            records,
            only_people: !self.has_claims,
            carried: false,
        }
    }
}

/// Gives exports in the order of their times the ranks of these.
pub(crate) fn rank(exports: &mut [Export]) {
    let mut rank = 0;
    for place in 1..exports.len() {
        rank += u32::from(exports[place].time != exports[place - 1].time);
        exports[place].rank = rank;
    }
}

/// The exports of the sources, those in which nothing is to be read, and those that are known, the oldest first. Each source is told which of them is its own.
pub(crate) fn exports_of(
    sources: &mut [Source],
    dates: &FileDates,
    known: &[Export],
    quiet: &[PathBuf],
) -> Vec<Export> {
    let mut exports: Vec<Export> = known.to_vec();
    let of_quiet =
        |folder: &PathBuf| Export { has_claims: true, ..Export::of(folder, dates, false) };
    exports.extend(quiet.iter().map(of_quiet));
    let mut places: HashMap<PathBuf, usize> = HashMap::new();
    for source in &mut *sources {
        let folder = source.file.path().parent().unwrap_or(Path::new(""));
        let place = places.get(folder).copied().unwrap_or_else(|| {
            exports.push(Export::of(folder, dates, source.file.is_remote()));
            places.insert(folder.to_owned(), exports.len() - 1);
            exports.len() - 1
        });
        source.export = place;
        exports[place].has_claims |= !source.only_people;
    }
    let mut order: Vec<usize> = (0..exports.len()).collect();
    order.sort_by_cached_key(|place| {
        let Export { folder, time, manifest, .. } = &exports[*place];
        (*time, manifest.map(|hash| *hash.as_bytes()), folder.clone())
    });
    let mut places = vec![0; exports.len()];
    for (place, old) in order.iter().enumerate() {
        places[*old] = place;
    }
    for source in sources {
        source.export = places[source.export];
    }
    let mut sorted: Vec<Export> = order.iter().map(|old| exports[*old].clone()).collect();
    rank(&mut sorted);
    sorted
}

/// The last part of a folder's path.
fn name_of(folder: &Path, is_remote: bool) -> String {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let whole = if is_remote { None } else { std::path::absolute(folder).ok() };
    let whole = whole.as_deref().unwrap_or(folder);
    whole.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Which versions count: as the user says, else the latest where claims of several exports are read.
///
/// # Errors
/// The latest are asked for of a stream, or of an export whose manifest cannot be read.
pub(crate) fn keep(
    exports: &[Export],
    sources: &[Source],
    reading: &Reading,
) -> Result<Keep, Error> {
    let is_stream = sources.iter().any(|source| source.file.is_stream());
    if is_stream && reading.keep == Some(Keep::Latest) {
        return Err(Error::usage(said![
            "standard input and pipes are read once, and which version of a claim is the latest is known only at the end: \
             write what comes to a file, or leave ",
            Setting::Keep,
            " out"
        ]));
    }
    let own = exports.iter().filter(|export| export.is_dated() && export.has_claims);
    let several = own.count() > 1 && !is_stream;
    let keep = reading.keep.unwrap_or(if several { Keep::Latest } else { Keep::All });
    match exports.iter().find_map(|export| export.damaged.as_ref()) {
        Some(damaged) if keep == Keep::Latest => Err(Error::usage(format!(
            "{}: expected the manifest of an export, with a transactionTime such as 2024-03-01T06:00:00Z; without it nothing \
             tells which version of a record is the latest: mend it, or fetch the export again",
            damaged.display()
        ))),
        _ => Ok(keep),
    }
}

/// Puts the sources in the order of their exports; of several exports FILE_NAME tells which.
pub(crate) fn arrange(sources: &mut [Source], exports: &[Export]) {
    sources.sort_by(|one, other| {
        let key = |source: &Source| (source.export, source.file.path().to_owned());
        key(one).cmp(&key(other))
    });
    if exports.len() < 2 {
        return;
    }
    for source in sources {
        let export = &exports[source.export];
        let own = source.file.name();
        let file = own.rsplit('/').next().unwrap_or(own);
        if export.time.is_some() && !export.name.is_empty() {
            source.lineage.file_name = format!("{}/{file}", export.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_called_as_its_path_ends() {
        assert_eq!(name_of(Path::new("/a/week-02"), false), "week-02");
        assert_eq!(name_of(Path::new("s3://bucket/week-03"), true), "week-03");
        let here = std::env::current_dir().unwrap();
        let wanted = here.file_name().unwrap().to_string_lossy();
        assert_eq!(name_of(Path::new(""), false), wanted);
        assert_eq!(name_of(Path::new("."), false), wanted);
    }
}

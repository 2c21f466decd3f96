//! The exports beside one, and whose people are joined to claims that changed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use url::Url;

use crate::file::{FileState, ItemType};
use crate::journal::Journal;
use crate::place::shown;

/// The types whose records tell of people.
const OF_PEOPLE: [&str; 2] = ["Patient", "Coverage"];

/// A finished export.
pub(crate) struct Finished {
    pub(crate) folder: PathBuf,
    pub(crate) journal: Journal,
    /// Its `transactionTime`.
    pub(crate) end: Timestamp,
}

/// The finished exports in `out` and in the folders beside it that came from this endpoint: the same server, version
/// and group. The oldest first.
pub(crate) fn finished(out: &Path, url: &Url) -> Vec<Finished> {
    let of_endpoint = |found: &Finished| {
        found.journal.request.parse().is_ok_and(|other: Url| shown(&other) == shown(url))
    };
    all_finished(out).into_iter().filter(of_endpoint).collect()
}

/// The finished exports in `out` and in the folders beside it, of whatever server. The oldest first.
pub(crate) fn all_finished(out: &Path) -> Vec<Finished> {
    let parent = match out.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let beside = publish::names_in(parent).unwrap_or_default().into_iter();
    let folders = beside.map(|name| parent.join(name)).filter(|path| path.is_dir());
    let mut found: Vec<Finished> = folders
        .filter_map(|folder| {
            let journal = Journal::read(&folder).ok().flatten()?;
            let end = journal.transaction_time.as_ref()?.parse().ok()?;
            journal.is_complete().then_some(Finished { folder, journal, end })
        })
        .collect();
    found.sort_by(|one, other| (one.end, &one.folder).cmp(&(other.end, &other.folder)));
    found
}

/// The people of the exports before one.
#[derive(Debug, Default)]
pub(crate) struct EarlierPeople {
    /// Files of Patients and Coverages, those of the oldest export first.
    pub(crate) files: Vec<PathBuf>,
    /// Files that such an export had, and that are gone or still encrypted.
    pub(crate) missing: Vec<PathBuf>,
}

/// Finds the people that the finished exports beside an increment brought: those from the same endpoint that ended no
/// later. Most claims that changed are of people who did not. What is no increment holds its people itself.
pub(crate) fn earlier_people(out: &Path, increment: &Journal) -> EarlierPeople {
    let mut people = EarlierPeople::default();
    let since = increment.export.as_ref().and_then(|export| export.since.as_ref());
    let end = increment.transaction_time.as_ref().and_then(|time| time.parse::<Timestamp>().ok());
    let (Some(_), Some(end), Ok(url)) = (since, end, increment.request.parse()) else {
        return people;
    };
    // A link to one of the folders is no export of its own.
    let mut seen: HashSet<PathBuf> = out.canonicalize().into_iter().collect();
    for earlier in finished(out, &url) {
        let real = earlier.folder.canonicalize();
        if earlier.end > end || !real.is_ok_and(|real| seen.insert(real)) {
            continue;
        }
        for file in &earlier.journal.files {
            let of_people = file.item_type == ItemType::Output
                && OF_PEOPLE.contains(&file.resource_type.as_str());
            if !of_people || file.state == FileState::Empty {
                continue;
            }
            let path = earlier.folder.join(&file.name);
            let is_there = file.state == FileState::Complete && path.is_file();
            if is_there { &mut people.files } else { &mut people.missing }.push(path);
        }
    }
    people
}

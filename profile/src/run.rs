//! What became of the input: counts of lines and files, which count no people.

use std::collections::BTreeMap;
use std::path::Path;

use convert::{DriftReport, Error, StageReport};
use results::Finished;
use serde::Serialize;

/// Kinds of rejects that are told one by one; what is beyond them is counted.
const MOST_KINDS: usize = 200;
/// Digits in a row that a path may have: names of elements have fewer, and what has more may be anybody's number.
const MOST_DIGITS: usize = 4;

/// The run that made the tables, as their manifest tells.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Run {
    /// Seconds that it took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Its stages, without the last, which comes after the manifest.
    pub stages: Vec<StageReport>,
    /// What is not known of the records that were looked through, by names and counts of 11 people or more; none where nobody
    /// looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftReport>,
    /// Files that were read.
    pub files: u64,
    /// Their bytes, as stored.
    pub bytes: u64,
    /// Their lines.
    pub lines: u64,
    /// Files that were found and not read, by their ending.
    pub left_aside: BTreeMap<String, u64>,
    /// Rejected records, or lines of CMS's files, the most frequent kinds first.
    pub rejects: Vec<Rejects>,
    /// Rejects of kinds that are not told one by one.
    pub other_rejects: u64,
    /// Lists of rejects that the manifest names and that are not there any more.
    pub missing_lists: u64,
}

/// Rejects of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejects {
    /// Their class.
    pub class: String,
    /// The file that they stand in.
    pub file: String,
    /// Their place in the record, without the numbers of entries of lists; empty for the record as a whole.
    pub place: String,
    /// How many.
    pub count: u64,
}

impl Run {
    pub(crate) fn of(finished: &Finished, tables: &Path) -> Result<Self, Error> {
        let told = finished.run();
        let mut kinds: BTreeMap<(String, String, String), u64> = BTreeMap::new();
        let mut missing_lists = 0;
        for name in &told.reject_lists {
            let list = tables.join(name);
            // Rejects are patient data: whoever passes tables on may well leave them out.
            if list.exists() {
                count(&list, &mut kinds)?;
            } else {
                missing_lists += 1;
            }
        }
        let rejects = kinds.into_iter().map(|((class, file, place), count)| Rejects {
            class,
            file,
            place,
            count,
        });
        let mut rejects: Vec<Rejects> = rejects.collect();
        rejects.sort_by_key(|own| std::cmp::Reverse(own.count));
        let beyond = rejects.split_off(rejects.len().min(MOST_KINDS));
        Ok(Self {
            seconds: told.seconds,
            stages: told.stages,
            // CCLF8 tells how many people there are; the difference would be that of people without a Patient.
            drift: told.drift.map(|drift| DriftReport { people: None, ..drift }),
            files: told.files,
            bytes: told.bytes,
            lines: told.lines,
            left_aside: told.left_aside,
            rejects,
            missing_lists,
            other_rejects: beyond.iter().map(|own| own.count).sum(),
        })
    }
}

/// Counts the lines of a list of rejects by class, file and place.
fn count(path: &Path, kinds: &mut BTreeMap<(String, String, String), u64>) -> Result<(), Error> {
    let failed =
        |error: csv::Error| Error::failed(format!("read of {} failed: {error}", path.display()));
    let mut list = csv::Reader::from_path(path).map_err(failed)?;
    let head = list.headers().map_err(failed)?.clone();
    // Lists of exports and of CMS's files have other names for the same.
    let at = |names: [&str; 2]| head.iter().position(|own| names.contains(&own));
    let (class, file, place) =
        (at(["class", "class"]), at(["source", "file"]), at(["path", "column"]));
    for line in list.records() {
        let line = line.map_err(failed)?;
        let cell = |at: Option<usize>| at.and_then(|at| line.get(at)).unwrap_or_default();
        let kind = (cell(class).to_owned(), cell(file).to_owned(), place_of(cell(place)));
        *kinds.entry(kind).or_default() += 1;
    }
    Ok(())
}

/// A path without the numbers of entries. One that is no path of names is told as `other`.
fn place_of(path: &str) -> String {
    let mut place = String::new();
    let mut is_number = false;
    for character in path.chars() {
        match character {
            '[' => is_number = true,
            ']' => is_number = false,
            _ if is_number => {}
            _ => place.push(character),
        }
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._".contains(&byte);
    let digits = place.split(|character: char| !character.is_ascii_digit()).map(str::len).max();
    if place.bytes().all(is_name) && digits.unwrap_or(0) <= MOST_DIGITS {
        place
    } else {
        "other".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_names_alone() {
        assert_eq!(place_of("item[3].servicedPeriod.start"), "item.servicedPeriod.start");
        assert_eq!(place_of("_birthDate.extension[0]"), "_birthDate.extension");
        assert_eq!(place_of(""), "");
        assert_eq!(place_of("BENE_MBI_ID"), "BENE_MBI_ID");
        assert_eq!(place_of("item.x123456"), "other");
        assert_eq!(place_of("item['a b']"), "item");
        assert_eq!(place_of("a b"), "other");
    }
}

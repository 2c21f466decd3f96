//! The files that are read: what each seems to hold, and of which day it is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use cclf_crosswalk::{Guess, Lineage};
use ndjson_io::{Discovered, SourceFile};

use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::file_date::{Exports, FileDates};
use crate::input::guesses::guess_all;
use crate::options::Reading;
use crate::report::FileDateOrigin;
use crate::setting::{Setting, Spelling};

/// A file to read.
pub(crate) struct Source {
    pub(crate) file: SourceFile,
    pub(crate) lineage: Lineage,
    pub(crate) date_origin: FileDateOrigin,
    pub(crate) guess: Guess,
    /// The hash of the bytes as stored that the journal of `bcda export` has of a file of this name and size.
    pub(crate) journaled: Option<String>,
    /// Only its Patients and Coverages count.
    pub(crate) only_people: bool,
}

/// What is read, as it was looked at beforehand.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) sources: Vec<Source>,
    pub(crate) exports: Exports,
    /// Files that were found and are not read, by their ending.
    pub(crate) left_aside: BTreeMap<String, u64>,
    pub(crate) warnings: Vec<String>,
}

impl Input {
    /// Looks at all files; people of `patients` count, and nothing else of them.
    pub(crate) fn examine(
        files: Discovered,
        patients: Discovered,
        reading: &Reading,
        elsewhere: &Elsewhere,
    ) -> Result<Self, Error> {
        let mut dates = FileDates::new(elsewhere, reading.spelling);
        let mut sources = look_at(patients.sources, true, reading, &mut dates)?;
        sources.extend(look_at(files.sources, false, reading, &mut dates)?);
        let left_aside = patients.left_aside.iter().chain(&files.left_aside);
        let left_aside = endings(left_aside.filter(|path| !dates.is_manifest(path)));
        let empty = sources.iter().filter_map(|source| warning_of_nothing(&source.file));
        let mut warnings: Vec<String> = empty.collect();
        let (exports, of_manifests) = dates.finish();
        warnings.extend(of_manifests);
        warnings.extend(warnings_of_dates(&sources, reading.spelling));
        let total: u64 = sources.iter().filter_map(|source| source.file.len()).sum();
        reading.progress.total_bytes.store(total, Ordering::Relaxed);
        Ok(Self { sources, exports, left_aside, warnings })
    }
}

/// What the user should know where nothing tells the date of an export.
fn warnings_of_dates(sources: &[Source], spelling: Spelling) -> Vec<String> {
    let option = spelling(Setting::FileDate);
    let count = |origin| {
        let of_origin = |source: &&Source| source.date_origin == origin && !source.only_people;
        sources.iter().filter(of_origin).count()
    };
    let mut warnings = Vec::new();
    let modified = count(FileDateOrigin::FileModified);
    if modified > 0 {
        warnings.push(format!(
            "no export manifest tells the date of {modified} input file{}: FILE_DATE is the \
             modification date; {option} sets it",
            if modified == 1 { "" } else { "s" }
        ));
    }
    if count(FileDateOrigin::Unknown) > 0 {
        warnings.push(format!(
            "nothing tells the date of the input: FILE_DATE and BENE_AGE are null; {option} sets it"
        ));
    }
    warnings
}

/// Looks at each file and says what it seems to hold.
fn look_at(
    files: Vec<SourceFile>,
    only_people: bool,
    reading: &Reading,
    dates: &mut FileDates,
) -> Result<Vec<Source>, Error> {
    let guesses = guess_all(&files, reading)?;
    let source = |(file, guess): (SourceFile, Guess)| {
        let (file_date, date_origin) = dates.of(&file, reading.file_date)?;
        let lineage = Lineage { file_name: file.name().to_owned(), file_date };
        let journaled = dates.journaled(&file);
        Ok(Source { file, lineage, date_origin, guess, journaled, only_people })
    };
    files.into_iter().zip(guesses).map(source).collect()
}

/// The endings of files in lower case, `.ndjson` and `.ndjson.gz` say, and how many have each.
pub(crate) fn endings<'p>(paths: impl Iterator<Item = &'p PathBuf>) -> BTreeMap<String, u64> {
    let mut endings = BTreeMap::new();
    for path in paths {
        *endings.entry(ending(path)).or_default() += 1;
    }
    endings
}

/// What is no ending of a kind of file may be anything, and is not told.
fn ending(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let (name, packed) = match name.rsplit_once('.') {
        Some((rest, packed @ ("gz" | "zst"))) => (rest, format!(".{packed}")),
        _ => (&*name, String::new()),
    };
    let is_kind = |end: &str| {
        (1..=8).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    match name.rsplit_once('.') {
        Some((stem, end)) if !stem.is_empty() && is_kind(end) => format!(".{end}{packed}"),
        _ if !packed.is_empty() => packed,
        _ => "other".to_owned(),
    }
}

/// What to say of an empty file that is compressed by its name: an archive of nothing has some bytes.
pub(crate) fn warning_of_nothing(file: &SourceFile) -> Option<String> {
    let end = file.path().extension()?;
    let is_packed = ["gz", "zst"].iter().any(|packed| end.eq_ignore_ascii_case(packed));
    (is_packed && file.is_empty()).then(|| {
        format!(
            "{} has no byte at all, although it is compressed by its name: was it cut short?",
            file.path().display()
        )
    })
}

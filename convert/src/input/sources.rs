//! What each of the files seems to hold, of which day it is, and whether it is NDJSON at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use cclf_crosswalk::{Guess, Guesser, Lineage, is_enough};
use jiff::Timestamp;
use ndjson_io::{Discovered, Purpose, Sniffer, SourceFile};

use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::deletions::Deletions;
use crate::input::file_date::{Exports, FileDates};
use crate::input::find;
use crate::input::instead::Instead;
use crate::input::known::Known;
use crate::input::several::{self, Export};
use crate::input::source::Source;
use crate::options::{Keep, Reading};
use crate::out::shared::shared;
use crate::report::{ExportReport, FileDateOrigin};
use crate::setting::{Setting, Spelling};

/// How much of a file is looked at to guess what it holds: a few times the longest usual record.
pub(crate) const SNIFF_BYTES: usize = 256 << 10;

/// Fewer files than this are looked at sooner than a thread has started.
const FILES_WORTH_A_THREAD: usize = 64;

/// Files behind the one being looked at whose beginnings may come already, if they are not on this machine.
const PREPARED_FILES: usize = 16;

/// What is read, as it was looked at beforehand.
#[derive(Default)]
pub(crate) struct Input {
    pub(crate) sources: Vec<Source>,
    pub(crate) exports: Exports,
    /// The exports by themselves, the oldest first.
    pub(crate) several: Vec<Export>,
    /// What an earlier result holds.
    pub(crate) known: Known,
    /// Which versions of a record count.
    pub(crate) keep: Keep,
    /// What was deleted, where that counts.
    pub(crate) deletions: Deletions,
    /// Files that were found and are not read, by their ending.
    pub(crate) left_aside: BTreeMap<String, u64>,
    pub(crate) warnings: Vec<String>,
}

impl Input {
    /// The rank of the export that a source is of.
    pub(crate) fn rank(&self, source: usize) -> u32 {
        self.several.get(self.sources[source].export).map_or(0, |export| export.rank)
    }

    /// When the export was made that a source is of, where a manifest tells it.
    pub(crate) fn time_of(&self, source: usize) -> Option<Timestamp> {
        self.several.get(self.sources[source].export)?.time
    }

    /// Whether only the latest version of a record counts.
    pub(crate) fn keeps_latest(&self) -> bool {
        self.keep == Keep::Latest
    }

    /// The day at which ages are reckoned, where that is one: of the newest of the sources.
    pub(crate) fn age_at(&self) -> Option<i32> {
        let dates = self.sources.iter().filter_map(|source| source.lineage.file_date);
        dates.max().max(self.known.age_at).filter(|_| self.keeps_latest())
    }

    /// The files that people come from, by the numbers that the index has.
    pub(crate) fn lineages(&self) -> impl Iterator<Item = &Lineage> {
        self.known.lineages.iter().chain(self.sources.iter().map(|source| &source.lineage))
    }

    /// The number of a source, as the index has it.
    pub(crate) fn number_of(&self, source: usize) -> u32 {
        u32::try_from(self.known.lineages.len() + source).unwrap_or(u32::MAX)
    }

    /// Leaves exports out of the list, of which nothing is read.
    pub(crate) fn forget(&mut self, is_out: impl Fn(&Export) -> bool) {
        let mut places = Vec::new();
        let mut kept = Vec::new();
        for export in std::mem::take(&mut self.several) {
            places.push(kept.len());
            if !is_out(&export) {
                kept.push(export);
            }
        }
        self.several = kept;
        for source in &mut self.sources {
            source.export = places[source.export];
        }
    }

    /// The number that stands for an earlier result among the sources.
    pub(crate) fn number_of_earlier(&self) -> u32 {
        u32::try_from(self.sources.len()).unwrap_or(u32::MAX)
    }

    /// When the newest export was made, as its manifest tells.
    pub(crate) fn newest_time(&self) -> Option<String> {
        self.several.iter().filter_map(|export| export.time).max().map(|time| time.to_string())
    }

    /// The exports, where there are several or only the latest versions count; `records` says how many a source has.
    pub(crate) fn export_reports(&self, records: impl Fn(usize) -> u64) -> Vec<ExportReport> {
        let report = |(place, export): (usize, &Export)| {
            let own = self.sources.iter().enumerate().filter(|(_, own)| own.export == place);
            let counts = own.map(|(source, _)| (1, records(source)));
            let (files, records) = counts.fold((0, 0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
            export.report(files, records)
        };
        let dated = self.several.iter().filter(|export| export.time.is_some()).count();
        let several = self.several.iter().enumerate();
        several.filter(|_| self.keeps_latest() || dated > 1).map(report).collect()
    }

    /// Looks at all files; people of `patients` count, and nothing else of them.
    pub(crate) fn examine(
        files: Discovered,
        patients: Discovered,
        reading: &Reading,
        elsewhere: &Elsewhere,
        mut known: Known,
    ) -> Result<Self, Error> {
        let mut dates = FileDates::new(elsewhere, reading.spelling);
        let mut sources = look_at(patients.sources, true, reading, &mut dates)?;
        sources.extend(look_at(files.sources, false, reading, &mut dates)?);
        let quiet = find::quiet(&reading.inputs);
        quiet.iter().try_for_each(|folder| dates.look(folder, false, true))?;
        let several = several::exports_of(&mut sources, &dates, &known.exports, &quiet);
        let keep = several::keep(&several, &sources, reading)?;
        let mut deletions = Deletions::default();
        if keep == Keep::Latest {
            several::arrange(&mut sources, &several);
            known.rank_among(&several);
            let before = known.deletions.drain(..);
            deletions = Deletions::read(&several, reading, elsewhere, before)?;
        }
        let left_aside = patients.left_aside.iter().chain(&files.left_aside);
        let is_read = |path: &&PathBuf| {
            let of_deletions = keep == Keep::Latest && several.iter().any(|own| own.deletes(path));
            of_deletions || dates.is_manifest(path)
        };
        let left_aside = endings(left_aside.filter(|path| !is_read(path)));
        let empty = sources.iter().filter_map(|source| warning_of_nothing(&source.file));
        let mut warnings: Vec<String> = empty.collect();
        let (exports, of_manifests) = dates.finish();
        warnings.extend(of_manifests);
        warnings.extend(warnings_of_dates(&sources, reading.spelling));
        let total: u64 = sources.iter().filter_map(|source| source.file.len()).sum();
        reading.progress.total_bytes.store(total, Ordering::Relaxed);
        Ok(Self { sources, exports, several, known, keep, deletions, left_aside, warnings })
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
        Ok(Source { file, lineage, date_origin, guess, journaled, only_people, export: 0 })
    };
    files.into_iter().zip(guesses).map(source).collect()
}

/// Guesses what each file holds, on several threads with a share of the files each.
///
/// # Errors
/// The first in the order of the files: one is no NDJSON, or cannot be read.
pub(crate) fn guess_all(files: &[SourceFile], reading: &Reading) -> Result<Vec<Guess>, Error> {
    let share = files.len().div_ceil(reading.threads()).max(FILES_WORTH_A_THREAD);
    let shares = files.chunks(share).collect();
    let guesses = shared(shares, reading.threads(), |share| guess_each(share, reading));
    Ok(guesses.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
}

fn guess_each(files: &[SourceFile], reading: &Reading) -> Result<Vec<Guess>, Error> {
    let (mut sniffer, mut guesser) = (Sniffer::default(), Guesser::default());
    let guess = |(number, file): (usize, &SourceFile)| {
        for next in files.iter().skip(number + 1).take(PREPARED_FILES) {
            next.prepare(Purpose::Look);
        }
        if reading.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        if file.is_stream() {
            return Ok(Guess::Claims);
        }
        match guesser.guess(sniffer.beginning(file, SNIFF_BYTES, is_enough)?) {
            Guess::NotNdjson => Err(Instead::ONE_JSON_TEXT.error(file)),
            guess => Ok(guess),
        }
    };
    files.iter().enumerate().map(guess).collect()
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

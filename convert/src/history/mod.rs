//! Every version of one claim that stands in some exports, with the rows of each.
//!
//! ```text
//! files ──> lines that may name it ──> judged ──> different lines ──> versions, with rows
//!           find (bytes)               judge      find (BLAKE3)       history
//! ```
//!
//! Lines are looked through for the bytes of what is wanted, and only those that have them are read as records; what they
//! are, the record says. Claims of the same claim group come with it, because a correction may have an id of its own.
//! The group is known when a version is, so that the files may be read twice. Kept are the lines that were found alone.

mod find;
mod judge;
mod key;

use std::collections::BTreeSet;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{Api, Table};
use jiff::Timestamp;
use ndjson_io::{Discovered, SourceFile};

use self::find::{Findings, Found, Wanted};
use self::judge::Judge;
use crate::elsewhere::Elsewhere;
use crate::error::{Error, ErrorKind};
use crate::input::find as inputs;
use crate::input::known::Known;
use crate::input::sources::{self, Input};
use crate::options::{Keep, Reading};
use crate::warnings;

pub use self::key::ClaimKey;

/// What a history is asked to be of.
#[derive(Clone, Debug)]
pub struct HistoryOptions {
    /// How the inputs are read. Patients, FILE_DATE and what becomes of bad records mean nothing to it.
    pub reading: Reading,
    /// The claim.
    pub claim: ClaimKey,
}

/// The versions of a claim. It holds what the records say: it is for whoever asked.
pub struct History {
    /// The version of the API that the records are of; none where nothing was found.
    pub api: Option<Api>,
    /// Those of the claim, the last of which counts.
    pub versions: Vec<ClaimVersion>,
    /// Of each other claim of the same claim group the version that counts, the claim that changed last at the end.
    pub relatives: Vec<ClaimVersion>,
    /// Bad records that name the claim or its group, as far as that can be seen.
    pub bad: u64,
    /// Lines that are longer than the limit, and were not looked at.
    pub too_long: u64,
    /// Different records with the claim's id that are of another version of the API, and are left out.
    pub of_other_apis: u64,
    /// Files that were read.
    pub files: usize,
    /// What the user should know of the files.
    pub warnings: Vec<String>,
}

/// One version of a claim: what it says, and where it stands.
pub struct ClaimVersion {
    /// The file, as it can be named to open it.
    pub path: String,
    /// One-based line of it.
    pub line: u64,
    /// The transactionTime of the export, as RFC 3339; none where no manifest tells it.
    pub transaction_time: Option<String>,
    /// FILE_DATE, in days since 1970-01-01.
    pub file_date: Option<i32>,
    /// meta.lastUpdated, as RFC 3339.
    pub last_updated: Option<String>,
    /// The id of the ExplanationOfBenefit.
    pub id: Option<String>,
    /// The claim group.
    pub group: Option<String>,
    /// BCDA_STATUS.
    pub status: Option<String>,
    /// BCDA_FINAL.
    pub is_final: Option<bool>,
    /// How often this line came, byte for byte: here is where it came first.
    pub times: u64,
    /// How many different versions of this claim came.
    pub of_versions: usize,
    /// Its rows in each table that it has any in, with lineage, and null where the Patient would tell.
    pub rows: Vec<(Table, RecordBatch)>,
}

/// Finds the versions of a claim. That which counts has the greatest meta.lastUpdated; of several the one whose export has
/// the greater transactionTime; of several the one whose line has the greater BLAKE3. Equal lines are one version, which
/// is of the earliest export that has it.
///
/// ```
/// use convert::{ClaimKey, HistoryOptions, Reading, history};
/// # let export = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/export").to_owned();
///
/// let claim = ClaimKey::of_id("carrier--10000931498648");
/// let found = history(&HistoryOptions { reading: Reading::new(vec![export]), claim })?;
/// let current = found.versions.last().unwrap();
/// assert_eq!((current.times, current.is_final), (1, Some(true)));
/// assert!(current.rows.iter().all(|(_, batch)| batch.num_rows() > 0));
/// # Ok::<(), convert::Error>(())
/// ```
///
/// # Errors
/// What ends the reading: see [`ErrorKind`] for the exit code of each class. Bad records are no error, and neither is it
/// that nothing was found.
pub fn history(options: &HistoryOptions) -> Result<History, Error> {
    search(options).map_err(|error| match error.kind() {
        ErrorKind::Cancelled => {
            Error::new(ErrorKind::Cancelled, "interrupted; not all files were read")
        }
        _ => error.spelled(options.reading.spelling),
    })
}

fn search(options: &HistoryOptions) -> Result<History, Error> {
    let HistoryOptions { reading, claim } = options;
    // All versions are told, also of what was deleted.
    let reading = &Reading { keep: Some(Keep::All), ..reading.clone() };
    let elsewhere = Elsewhere::new(&reading.cancel);
    let files = inputs::find(reading, &[], "".into(), &elsewhere)?;
    if files.sources.iter().any(SourceFile::is_stream) {
        return Err(Error::usage(
            "standard input (-) and pipes are read once, and a claim may have to be looked for twice; give files",
        ));
    }
    let input =
        Input::examine(files, Discovered::default(), reading, &elsewhere, Known::default())?;
    let mut groups: BTreeSet<String> = claim.group.iter().cloned().collect();
    let look = |groups: &BTreeSet<String>| {
        let wanted = Wanted { id: &claim.id, groups };
        find::read(&wanted, claim.api, &input, reading)
    };
    let mut findings = look(&groups)?;
    let known = groups.len();
    let versions = findings.found.iter().filter(|found| found.is_of(&claim.id));
    groups.extend(versions.filter_map(|found| found.facts.group.clone()));
    if groups.len() > known {
        findings = look(&groups)?;
    }
    tell(claim, findings, &input, reading)
}

/// Puts in order what was found.
fn tell(
    claim: &ClaimKey,
    findings: Findings,
    input: &Input,
    reading: &Reading,
) -> Result<History, Error> {
    let Findings { found, bad, too_long, reports } = findings;
    let files = || input.sources.iter().map(|source| &source.file);
    let mut warnings: Vec<String> = files().filter_map(sources::warning_of_nothing).collect();
    warnings.extend(warnings::of_files(files().zip(&reports), reading.spelling));
    let (versions, mut relatives): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|found| found.is_of(&claim.id));
    let api = claim.api.or_else(|| versions.first().map(|first| first.facts.api));
    let is_of_api = |found: &Found| Some(found.facts.api) == api;
    let all = versions.len();
    let mut versions: Vec<_> = versions.into_iter().filter(is_of_api).collect();
    let of_other_apis = (all - versions.len()) as u64;
    versions.sort_by_key(|found| found.standing);
    relatives.retain(is_of_api);
    relatives.sort_by_key(|found| found.standing);
    let count = versions.len();
    let version = |(found, count)| version(found, count, input);
    Ok(History {
        api,
        versions: versions
            .into_iter()
            .map(|found| version((found, count)))
            .collect::<Result<_, _>>()?,
        relatives: counting(relatives).into_iter().map(version).collect::<Result<_, _>>()?,
        bad,
        too_long,
        of_other_apis,
        files: input.sources.len(),
        warnings,
    })
}

/// Of each claim the version that counts, and how many versions it has; they come with the greatest last.
fn counting(found: Vec<Found>) -> Vec<(Found, usize)> {
    let mut counting: Vec<(Found, usize)> = Vec::new();
    for later in found {
        let is_same =
            |(own, _): &(Found, usize)| own.facts.id.is_some() && own.facts.id == later.facts.id;
        let earlier = counting.iter().position(is_same).map(|at| counting.remove(at));
        counting.push((later, earlier.map_or(0, |(_, count)| count) + 1));
    }
    counting
}

fn version(found: Found, of_versions: usize, input: &Input) -> Result<ClaimVersion, Error> {
    let Found { facts, line, source, number, times, .. } = found;
    let time_of_export = input.time_of(source);
    let source = &input.sources[source];
    let rows = Judge::of(facts.api).rows(&line, &source.lineage)?;
    let time = |micros| Timestamp::from_microsecond(micros).ok().map(|time| time.to_string());
    Ok(ClaimVersion {
        path: source.file.path().to_string_lossy().into_owned(),
        line: number,
        transaction_time: time_of_export.map(|time| time.to_string()),
        file_date: source.lineage.file_date,
        last_updated: facts.last_updated.and_then(time),
        id: facts.id,
        group: facts.group,
        status: facts.status,
        is_final: facts.is_final,
        times,
        of_versions,
        rows,
    })
}

//! What a run did, for people and for machines. Names of files and counts; never a value of the data.

use std::collections::BTreeMap;

use cclf_crosswalk::NotActive;
use ndjson_io::{SourceFile, SourceReport};
use serde::{Deserialize, Serialize};

/// Where FILE_DATE came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileDateOrigin {
    /// `--file-date`.
    Option,
    /// The transactionTime of the export's manifest beside the file.
    ExportManifest,
    /// The file's modification date.
    FileModified,
    /// Nothing told it: the column is null.
    Unknown,
}

/// An input file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputReport {
    /// Name relative to the input root, without `.gz` or `.zst`.
    pub name: String,
    /// Bytes as stored.
    pub bytes: u64,
    /// BLAKE3 of the bytes as stored.
    pub blake3: String,
    /// Lines, blank ones included.
    pub lines: u64,
    /// Frames of Zstandard without a checksum: damage in one could not be seen.
    pub frames_without_checksum: u64,
    /// Whether the file grew while it was read; what was added was not read.
    pub grew: bool,
    /// FILE_DATE, as YYYY-MM-DD.
    pub file_date: Option<String>,
    /// Where it came from.
    pub file_date_from: FileDateOrigin,
}

/// Files that a warning names; the report has them all.
const FILES_NAMED: usize = 3;

/// What the user should know of files that were read.
pub(crate) fn warnings<'f>(
    read: impl Iterator<Item = (&'f SourceFile, &'f SourceReport)>,
) -> Vec<String> {
    let read: Vec<_> = read.collect();
    let told = |what: fn(&SourceReport) -> bool, text: &str| {
        let files = read.iter().filter(|(_, report)| what(report));
        let names: Vec<&str> = files.map(|(file, _)| file.name()).collect();
        let (named, others) = names.split_at(names.len().min(FILES_NAMED));
        let more = match others.len() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        (!names.is_empty()).then(|| format!("{}{more}: {text}", named.join(", ")))
    };
    let unchecked = told(
        |report| report.frames_without_checksum > 0,
        "compressed by zstd without a checksum, so that damage could not be seen: compress with --check; \
         --require-checksums refuses such files",
    );
    let grown = told(|report| report.grew, "grew while it was read; what was added was not read");
    unchecked.into_iter().chain(grown).collect()
}

/// A table that was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    /// CMS's name.
    pub table: String,
    /// The file's name in the output folder.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub blake3: String,
}

/// What became of the records: `read = with_rows + joined + without_rows + skipped_by_type + rejected`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// All records.
    pub read: u64,
    /// Claims with rows.
    pub with_rows: u64,
    /// Patients and Coverages.
    pub joined: u64,
    /// Claims that no table has a row of: carrier and DME claims without lines.
    pub without_rows: u64,
    /// Records of resource types that no table wants.
    pub skipped_by_type: u64,
    /// Bad records.
    pub rejected: u64,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of the tool.
    pub version: String,
    /// Version of the crosswalk.
    pub crosswalk_version: String,
    /// What became of the records.
    pub records: Counts,
    /// Rejected records by class.
    pub rejected_by_class: BTreeMap<String, u64>,
    /// The tables.
    pub tables: Vec<TableReport>,
    /// The inputs.
    pub inputs: Vec<InputReport>,
    /// Files that were found and not read, by their ending; export manifests are not counted.
    pub left_aside: BTreeMap<String, u64>,
    /// Beneficiaries in the index.
    pub beneficiaries: u64,
    /// Claims whose Patient is not in the input: their MBI is null.
    pub claims_without_patient: Option<u64>,
    /// Claim ids that came more than once; every version has its rows.
    pub repeated_claim_ids: u64,
    /// Patients that a newer version of the same id replaced.
    pub superseded_patients: u64,
    /// Coverages likewise.
    pub superseded_coverages: u64,
    /// Dates of a year or month only, which became null.
    pub partial_dates: u64,
    /// State codes without FIPS and USPS code in the rows written, which became null.
    pub untranslated_states: u64,
    /// Codes and words outside their closed list (a gender `M`), which became null; unknown marks of an MBI's currency,
    /// which count as none.
    pub untranslated_codes: u64,
    /// Postal codes that are no US ZIP, which became null.
    pub untranslated_zips: u64,
    /// Claims with another status than active, by status: totals leave them out. `other` are words that are no status of
    /// STU3, `absent` those without a status.
    pub claims_not_active: BTreeMap<String, u64>,
    /// Whether the claims were read twice because people stood among them.
    pub restarted: bool,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Seconds from the start to the end of the run.
    pub seconds: f64,
    /// Bytes read as stored, in all passes.
    pub bytes_read: u64,
}

/// The counts of statuses that any claim has.
pub(crate) fn by_status(counts: &NotActive) -> BTreeMap<String, u64> {
    let named = counts.by_name().into_iter().filter(|(_, count)| *count > 0);
    named.map(|(name, count)| (name.to_owned(), count)).collect()
}

impl Report {
    /// Whether any record was rejected: exit code 3.
    pub fn has_rejects(&self) -> bool {
        self.records.rejected > 0
    }

    /// Bytes, as stored, read per second.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a figure for people"
    )]
    pub fn bytes_per_second(&self) -> u64 {
        (self.bytes_read as f64 / self.seconds.max(1e-9)) as u64
    }

    /// The report as JSON.
    ///
    /// # Panics
    /// Never: it holds nothing that JSON cannot say.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

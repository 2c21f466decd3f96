//! What a run did, for people and for machines. Names of files and counts; never a value of the data.

use std::collections::BTreeMap;

use cclf_crosswalk::RecordCounts;
use jiff::Timestamp;
use ndjson_io::SourceFile;
use serde::{Deserialize, Serialize};

use crate::drift::DriftReport;
use crate::error::RejectPlace;
use crate::options::Keep;

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
    /// When it was last changed, before it was read, as an instant in UTC; none of a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    /// BLAKE3 of the bytes as stored, if [`Reading::hash_inputs`](crate::Reading::hash_inputs) asked for it or the journal
    /// of `bcda export` has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
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

impl InputReport {
    /// When a file was last changed, as reports tell it.
    pub(crate) fn modified(file: &SourceFile) -> Option<String> {
        let time = Timestamp::try_from(file.modified()?).ok()?;
        Some(time.to_string())
    }

    /// Whether the file is as this input was: of one size, and last changed at one time.
    pub fn was(&self, file: &SourceFile) -> bool {
        let modified = Self::modified(file);
        file.len() == Some(self.bytes) && modified.is_some() && self.modified == modified
    }
}

/// A file that was written besides the tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileReport {
    /// The file's name in the output folder.
    pub file: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// BLAKE3 of the file.
    pub blake3: String,
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

/// An export of which something was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportReport {
    /// The name of its folder, with which FILE_NAME begins where only the latest versions count.
    pub name: String,
    /// When it was made, as its manifest tells; none without a manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_time: Option<String>,
    /// BLAKE3 of its manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_blake3: Option<String>,
    /// Files of it that were read.
    pub files: u64,
    /// Records in them, bad ones included.
    pub records: u64,
    /// Whether only its Patients and Coverages were read, beside claims of others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_people: bool,
    /// Whether the result that was brought up to date held it already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub carried: bool,
}

/// A table of the earlier result: its rows, and in how many of them each column was filled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilledBefore {
    /// CMS's name.
    pub table: String,
    /// Rows.
    pub rows: u64,
    /// Rows in which a column was filled; without columns that 1 to 10 people had, or that 1 to 10 people were without.
    pub columns: BTreeMap<String, u64>,
}

/// What became of the rows of an earlier result that was brought up to date.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedReport {
    /// Rows of claims that are as they were, but for their MBI.
    pub rows: u64,
    /// Rows whose claims came again or were deleted.
    pub gone: u64,
    /// Of those that are as they were, rows whose MBI is another.
    pub with_other_mbi: u64,
    /// How much was filled before, so that it can be compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filled_before: Vec<FilledBefore>,
}

/// What had no rows because something else counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Versions of claims that a newer one replaced, or that were deleted: the part of `left_out` that is not
    /// `shared_claims`.
    pub versions: u64,
    /// Claims of a shared system that the National Claims History has, too.
    pub shared_claims: u64,
    /// Claims of which nothing is left, because a later export says that they were deleted.
    pub deleted_claims: u64,
    /// Patients and Coverages that were deleted after their export; they count as joined.
    pub deleted_people: u64,
    /// Claims that have rows and may be replaced by others: in version 3 final claims beyond one of a person and control
    /// number, in versions 1 and 2 active ones beyond one of a claim group. None where the facts for it are not read.
    pub possibly_replaced: Option<u64>,
}

/// What became of the records: `read = with_rows + joined + without_rows + left_out + skipped_by_type + rejected`.
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
    /// Claims that have no rows because another version counts, or none; where only the latest do.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub left_out: u64,
    /// Records of resource types that no table wants.
    pub skipped_by_type: u64,
    /// Bad records.
    pub rejected: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl From<&RecordCounts> for Counts {
    fn from(counts: &RecordCounts) -> Self {
        Self {
            read: counts.read(),
            with_rows: counts.with_rows,
            joined: counts.joined,
            without_rows: counts.without_rows,
            left_out: counts.left_out,
            skipped_by_type: counts.skipped,
            rejected: counts.rejected,
        }
    }
}

/// Records of version 3 that no table wants, by what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Claims that are not adjudicated to the end, skipped by type.
    pub partially_adjudicated: u64,
    /// Requests for leave, skipped by type.
    pub prior_authorizations: u64,
    /// Patients that were merged into others; they count as joined.
    pub merged_patients: u64,
    /// Coverages that were asked for and not found; they count as joined.
    pub coverages_not_found: u64,
}

impl SetAside {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl From<&RecordCounts> for SetAside {
    fn from(counts: &RecordCounts) -> Self {
        Self {
            partially_adjudicated: counts.partially_adjudicated,
            prior_authorizations: counts.prior_authorizations,
            merged_patients: counts.merged_patients,
            coverages_not_found: counts.coverages_not_found,
        }
    }
}

/// A stage of a run. Together they take about as long as the run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// `inputs` (finding them and a look at their beginnings), `people`, or `latest` where only the latest versions count (people
    /// and which claims do), `carried` (rows of an earlier result), `claims`, `summaries` (CCLF8, CCLF9, CCLF0, and the ends of
    /// all files), `state`, `publish`.
    pub name: String,
    /// Seconds of wall time.
    pub seconds: f64,
}

/// What a run or a scan did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Version of the tool.
    pub version: String,
    /// Version of the crosswalk.
    pub crosswalk_version: String,
    /// The version of the API that the records are of: `v3`.
    pub api: String,
    /// The columns by whose facts records were judged, as `CCLF5.CLM_POS_CD`, where it was not by those of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_by: Option<Vec<String>>,
    /// Which versions of a record count.
    #[serde(default)]
    pub keep: Keep,
    /// The exports, the oldest first, where there are several or only the latest versions count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exports: Vec<ExportReport>,
    /// When the newest of the exports was made, as its manifest tells; none where no manifest lies beside them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_time: Option<String>,
    /// What became of the records.
    pub records: Counts,
    /// What had no rows because only the latest versions count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_out: Option<LeftOut>,
    /// Those of them that version 3 has and no table wants.
    #[serde(default, skip_serializing_if = "SetAside::is_empty")]
    pub set_aside: SetAside,
    /// Rejected records by class.
    pub rejected_by_class: BTreeMap<String, u64>,
    /// The tables that were written; a scan writes none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableReport>,
    /// What later exports need to bring the tables up to date.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<FileReport>,
    /// What became of the rows that were there, where an earlier result was brought up to date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<CarriedReport>,
    /// The inputs.
    pub inputs: Vec<InputReport>,
    /// Files that were found and not read, by their ending; export manifests are not counted.
    pub left_aside: BTreeMap<String, u64>,
    /// Beneficiaries in the index.
    pub beneficiaries: u64,
    /// Claims whose Patient is not in the input: their MBI is null.
    pub claims_without_patient: Option<u64>,
    /// Claim ids that came more than once; every version has its rows. A scan does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated_claim_ids: Option<u64>,
    /// Patients that a newer version of the same id replaced.
    pub superseded_patients: u64,
    /// Coverages likewise.
    pub superseded_coverages: u64,
    /// Dates of a year or month only, which became null.
    pub partial_dates: u64,
    /// State codes without FIPS and USPS code in the rows made, which became null.
    pub untranslated_states: u64,
    /// Codes and words outside their closed list (a gender `M`), which became null; unknown marks of an MBI's currency,
    /// which count as none.
    pub untranslated_codes: u64,
    /// Postal codes that are no US ZIP, which became null.
    pub untranslated_zips: u64,
    /// Claims that are not final, by status: totals leave them out. `other` are words that are no status of FHIR, `absent`
    /// those without a status.
    pub claims_not_final: BTreeMap<String, u64>,
    /// Claims that do not tell whether they are final: their BCDA_FINAL is null, and totals leave them out.
    pub claims_final_unknown: u64,
    /// Whether the claims were read twice because people stood among them.
    pub restarted: bool,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// What is not known of the records that were looked through; none where nobody asked, nor of a scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftReport>,
    /// The stages of the run in their order; of a scan none. In the manifest, which is written before it, without `publish`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageReport>,
    /// Seconds from the start to the end; a scan waits for its reader.
    pub seconds: f64,
    /// Bytes read as stored, in all passes.
    pub bytes_read: u64,
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

/// What a scan did, once it has ended. Names of files and counts; never a value of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanReport {
    /// CMS's name of the table.
    pub table: String,
    /// Rows handed out.
    pub rows: u64,
    /// Where rejected records stand: at most the first [`most_places`](crate::ScanOptions::most_places) (1,000) of those
    /// met while people were read, and of those met while claims were.
    pub rejects: Vec<RejectPlace>,
    /// What became of the input.
    #[serde(flatten)]
    pub run: Report,
}

impl ScanReport {
    /// The report as JSON.
    ///
    /// # Panics
    /// Never: it holds nothing that JSON cannot say.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

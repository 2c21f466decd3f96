//! What was generated.

use crate::defect::RecordType;
use std::collections::BTreeMap;

/// One data file of the export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    /// The file name, a made-up UUID with `.ndjson` or `.ndjson.gz`, below `deleted/` for deletions.
    pub name: String,
    /// The type of the records; `None` for deletions.
    pub record_type: Option<RecordType>,
    /// Lines, broken ones included.
    pub records: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of the file's NDJSON text; `bytes` unless the file is compressed.
    pub content_bytes: u64,
}

/// What was generated. All counts include broken lines, except where said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// The data files in the order in which they were written; the manifest is not among them.
    pub files: Vec<FileSummary>,
    /// Lines per resource type.
    pub records: BTreeMap<&'static str, u64>,
    /// Bytes of all data files.
    pub bytes: u64,
    /// Bytes of all NDJSON text; `bytes` unless the files are compressed.
    pub content_bytes: u64,
    /// Broken lines per [`Defect::name`](crate::Defect::name).
    pub bad: BTreeMap<&'static str, u64>,
    /// ExplanationOfBenefit lines per [`ClaimType::eob_type`](crate::ClaimType::eob_type).
    pub claims: BTreeMap<&'static str, u64>,
    /// Bytes of ExplanationOfBenefit text per [`ClaimType::eob_type`](crate::ClaimType::eob_type), line feeds included.
    pub claim_bytes: BTreeMap<&'static str, u64>,
    /// ExplanationOfBenefit lines whose Patient is not in the export.
    pub claims_without_patient: u64,
    /// ExplanationOfBenefit lines that are partially adjudicated claims; not among `claims`.
    pub partially_adjudicated: u64,
    /// ExplanationOfBenefit lines that are prior authorizations; not among `claims`.
    pub prior_authorizations: u64,
    /// Lines that are the second version of a record.
    pub second_versions: BTreeMap<&'static str, u64>,
    /// What happened to claims that the export tells of, where it is one of weeks: `late`, `corrected`, `replaced`,
    /// `cancelled`, `deleted`.
    pub events: BTreeMap<&'static str, u64>,
}

impl Summary {
    /// Broken lines of all kinds.
    pub fn bad_lines(&self) -> u64 {
        self.bad.values().sum()
    }
}

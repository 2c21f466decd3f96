//! What a scan did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::RejectPlace;
use crate::report::{Counts, InputReport, Report};

/// What a scan did, once it has ended. Names of files and counts; never a value of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScanReport {
    /// Version of the tool.
    pub version: String,
    /// Version of the crosswalk.
    pub crosswalk_version: String,
    /// CMS's name of the table.
    pub table: String,
    /// Rows handed out.
    pub rows: u64,
    /// What became of the records.
    pub records: Counts,
    /// Rejected records by class.
    pub rejected_by_class: BTreeMap<String, u64>,
    /// Where rejected records stand: at most the first [`most_places`](crate::ScanOptions::most_places) (1,000) of those
    /// met while people were read, and of those met while claims were.
    pub rejects: Vec<RejectPlace>,
    /// The inputs.
    pub inputs: Vec<InputReport>,
    /// Files that were found and not read, by their ending; export manifests are not counted.
    pub left_aside: BTreeMap<String, u64>,
    /// Beneficiaries in the index.
    pub beneficiaries: u64,
    /// Claims whose Patient is not in the input: their MBI is null.
    pub claims_without_patient: Option<u64>,
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
    /// Claims with another status than active, by status: totals leave them out. `other` are words that are no status of
    /// STU3, `absent` those without a status.
    pub claims_not_active: BTreeMap<String, u64>,
    /// Whether the claims were read twice because people stood among them.
    pub restarted: bool,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// Seconds from the start to the end of the scan, waiting for its reader included.
    pub seconds: f64,
    /// Bytes read as stored, in all passes.
    pub bytes_read: u64,
}

impl ScanReport {
    pub(super) fn new(table: &str, rows: u64, rejects: Vec<RejectPlace>, run: Report) -> Self {
        Self {
            version: run.version,
            crosswalk_version: run.crosswalk_version,
            table: table.to_owned(),
            rows,
            records: run.records,
            rejected_by_class: run.rejected_by_class,
            rejects,
            inputs: run.inputs,
            left_aside: run.left_aside,
            beneficiaries: run.beneficiaries,
            claims_without_patient: run.claims_without_patient,
            superseded_patients: run.superseded_patients,
            superseded_coverages: run.superseded_coverages,
            partial_dates: run.partial_dates,
            untranslated_states: run.untranslated_states,
            untranslated_codes: run.untranslated_codes,
            untranslated_zips: run.untranslated_zips,
            claims_not_active: run.claims_not_active,
            restarted: run.restarted,
            warnings: run.warnings,
            seconds: run.seconds,
            bytes_read: run.bytes_read,
        }
    }

    /// The report as JSON.
    ///
    /// # Panics
    /// Never: it holds nothing that JSON cannot say.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

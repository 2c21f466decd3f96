//! Whether a result is whole, by its manifest.

use std::collections::BTreeMap;

use results::Finished;
use serde::Serialize;

/// What the manifest tells. Counts of records are shown where they count no people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether nothing was rejected, every claim has its Patient, and the tables have the rows that the manifest says.
    pub complete: bool,
    /// Whether there is a manifest.
    pub has_manifest: bool,
    /// Records, or lines of CMS's files, that were rejected, by class.
    pub rejected: BTreeMap<String, u64>,
    /// Whether there are claims whose Patient was not in the input; none if nothing tells it. How many could be the claims
    /// of one person.
    pub claims_without_patient: Option<bool>,
    /// Tables with other rows than the manifest says.
    pub other_rows: Vec<&'static str>,
}

impl Verdict {
    pub(crate) fn of(finished: &Finished) -> Self {
        let rejected = finished.rejected_by_class();
        let claims_without_patient = finished.claims_without_patient().map(|count| count > 0);
        let is_other = |table: cclf_crosswalk::Table, rows: u64| {
            finished.listed_rows(table).is_some_and(|listed| listed != rows)
        };
        let other_rows: Vec<&str> = finished
            .tables()
            .filter(|(table, stored)| is_other(*table, stored.rows()))
            .map(|(table, _)| table.name())
            .collect();
        let has_manifest = finished.has_manifest();
        Self {
            complete: has_manifest
                && rejected.values().all(|count| *count == 0)
                && claims_without_patient != Some(true)
                && other_rows.is_empty(),
            has_manifest,
            rejected,
            claims_without_patient,
            other_rows,
        }
    }
}

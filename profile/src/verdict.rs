//! Whether a result is whole, by its manifest.

use std::collections::BTreeMap;

use results::Finished;
use serde::Serialize;

use crate::names::grouped;

/// What the manifest tells. Counts of records are shown where they count no people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether nothing was rejected, every claim has its Patient, and the tables have the rows that the manifest says.
    pub complete: bool,
    /// Whether anything tells what was rejected.
    pub tells_rejects: bool,
    /// Records, or lines of CMS's files, that were rejected, by class.
    pub rejected: BTreeMap<String, u64>,
    /// Whether there are claims whose Patient was not in the input; none if nothing tells it. How many could be the claims
    /// of one person.
    pub claims_without_patient: Option<bool>,
    /// Tables with other rows than the manifest says.
    pub other_rows: Vec<&'static str>,
}

impl Verdict {
    /// In one line, of tables that come from there.
    pub(crate) fn line(&self, source: &str) -> String {
        if !self.tells_rejects {
            return "No manifest tells whether the tables are complete.".to_owned();
        }
        let mut faults = Vec::new();
        let rejected: u64 = self.rejected.values().sum();
        if rejected > 0 {
            let classes = self.rejected.iter().filter(|(_, count)| **count > 0);
            let classes: Vec<String> = classes
                .map(|(class, count)| format!("{class} {}", grouped((*count).into())))
                .collect();
            faults.push(format!("{} rejected ({})", grouped(rejected.into()), classes.join(", ")));
        }
        if self.claims_without_patient == Some(true) {
            faults.push("there are claims without a Patient".to_owned());
        }
        if !self.other_rows.is_empty() {
            faults
                .push(format!("other rows than the manifest says: {}", self.other_rows.join(", ")));
        }
        if faults.is_empty() {
            format!("Complete: tables of {source}, nothing rejected.")
        } else {
            format!("Not complete: {}.", faults.join("; "))
        }
    }

    pub(crate) fn of(finished: &Finished) -> Self {
        let told = finished.rejected_by_class();
        let tells_rejects = told.is_some();
        let rejected = told.unwrap_or_default();
        let claims_without_patient = finished.claims_without_patient().map(|count| count > 0);
        let is_other = |table: cclf_crosswalk::Table, rows: u64| {
            finished.listed_rows(table).is_some_and(|listed| listed != rows)
        };
        let other_rows: Vec<&str> = finished
            .tables()
            .filter(|(table, stored)| is_other(*table, stored.rows()))
            .map(|(table, _)| table.name())
            .collect();
        Self {
            complete: tells_rejects
                && rejected.values().all(|count| *count == 0)
                && claims_without_patient != Some(true)
                && other_rows.is_empty(),
            tells_rejects,
            rejected,
            claims_without_patient,
            other_rows,
        }
    }
}

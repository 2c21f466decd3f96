//! Counting records: read = with rows + joined + without rows + left out + skipped + rejected.

use crate::error::{ErrorClass, RecordError};
use crate::people::person::{Hollow, Person};
use crate::plan::Skipped;
use crate::plan::program::Untranslated;
use crate::rows::claim::Claim;
use crate::rows::finality::NotFinal;

/// What became of the records that were given, each counted once; and what was left null in the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Claims with rows in a table, asked for or not.
    pub with_rows: u64,
    /// Claims without.
    pub without_rows: u64,
    /// Patients and Coverages.
    pub joined: u64,
    /// Of these, Patients that were merged into others.
    pub merged_patients: u64,
    /// Of these, Coverages that were asked for and not found.
    pub coverages_not_found: u64,
    /// Of these, such as were deleted after their export.
    pub deleted_people: u64,
    /// Claims of which another version counts, or none.
    pub left_out: u64,
    /// What no table wants.
    pub skipped: u64,
    /// Of these, claims that are not adjudicated to the end.
    pub partially_adjudicated: u64,
    /// Of these, requests for leave, which are no claims.
    pub prior_authorizations: u64,
    /// Records that were not taken.
    pub rejected: u64,
    /// Those of them that are bad, by class.
    pub rejected_by_class: ByClass,
    /// Claims whose Patient was not given: their MBI is null.
    pub claims_without_patient: u64,
    /// Dates that name only a year or a month, which became null.
    pub partial_dates: u64,
    /// State codes without FIPS and USPS code in the rows made, which became null.
    pub untranslated_states: u64,
    /// Codes and words outside their closed list, which became null; unknown marks of an MBI's currency.
    pub untranslated_codes: u64,
    /// Postal codes that are no US ZIP, which became null.
    pub untranslated_zips: u64,
    /// Claims that are not final, or do not tell, which totals leave out.
    pub not_final: NotFinal,
}

/// Counts of bad records by the class of what is wrong with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByClass([u64; ErrorClass::ALL.len()]);

impl ByClass {
    /// The classes that occurred, each with its count.
    pub fn iter(&self) -> impl Iterator<Item = (ErrorClass, u64)> {
        ErrorClass::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }
}

impl RecordCounts {
    /// Records that were given.
    pub fn read(&self) -> u64 {
        let claims = self.with_rows + self.without_rows + self.left_out;
        claims + self.joined + self.skipped + self.rejected
    }

    /// Counts a claim that has so many rows in all tables.
    pub fn claim(&mut self, claim: &Claim<'_>, rows: u64) {
        if rows > 0 {
            self.with_rows += 1;
        } else {
            self.without_rows += 1;
        }
        self.partial_dates += claim.partial_dates();
        self.not_final.count(claim);
    }

    /// Counts what no table wants.
    pub fn skip(&mut self, why: Skipped) {
        self.skipped += 1;
        match why {
            Skipped::OtherType => {}
            Skipped::PartiallyAdjudicated => self.partially_adjudicated += 1,
            Skipped::PriorAuthorization => self.prior_authorizations += 1,
        }
    }

    /// Counts a Patient or Coverage.
    pub fn person(&mut self, person: &Person) {
        self.joined += 1;
        match person.hollow() {
            Some(Hollow::MergedPatient) => self.merged_patients += 1,
            Some(Hollow::CoverageNotFound) => self.coverages_not_found += 1,
            None => {}
        }
        self.partial_dates += person.partial_dates();
        self.untranslated_codes += person.unknown_marks();
    }

    /// Counts a bad record.
    pub fn bad(&mut self, error: &RecordError) {
        self.rejected += 1;
        self.rejected_by_class.0[error.class() as usize] += 1;
    }

    /// Counts what became null in the rows of tables.
    pub fn untranslated(&mut self, made: Untranslated) {
        self.untranslated_states += made.states;
        self.untranslated_codes += made.codes;
        self.untranslated_zips += made.zips;
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.with_rows += other.with_rows;
        self.without_rows += other.without_rows;
        self.joined += other.joined;
        self.deleted_people += other.deleted_people;
        self.left_out += other.left_out;
        self.skipped += other.skipped;
        self.partially_adjudicated += other.partially_adjudicated;
        self.prior_authorizations += other.prior_authorizations;
        self.merged_patients += other.merged_patients;
        self.coverages_not_found += other.coverages_not_found;
        self.rejected += other.rejected;
        for (own, other) in self.rejected_by_class.0.iter_mut().zip(other.rejected_by_class.0) {
            *own += other;
        }
        self.claims_without_patient += other.claims_without_patient;
        self.partial_dates += other.partial_dates;
        self.untranslated_states += other.untranslated_states;
        self.untranslated_codes += other.untranslated_codes;
        self.untranslated_zips += other.untranslated_zips;
        self.not_final.add(&other.not_final);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_counted_each_in_its_place() {
        let mut counts = RecordCounts::default();
        for class in ErrorClass::ALL {
            let mut one = RecordCounts::default();
            one.bad(&RecordError::new(class, 0));
            assert_eq!(one.rejected_by_class.iter().collect::<Vec<_>>(), [(class, 1)]);
            counts.add(&one);
            counts.add(&one);
        }
        assert!(counts.rejected_by_class.iter().eq(ErrorClass::ALL.map(|class| (class, 2))));
        assert_eq!((counts.rejected, counts.read()), (28, 28));
    }
}

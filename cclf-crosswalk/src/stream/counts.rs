//! What became of the records that were given.

use crate::error::RecordError;
use crate::evaluate::Untranslated;
use crate::status::NotActive;

/// What became of the records that were given to [`Beneficiaries`](crate::Beneficiaries) and
/// [`TableStream`](crate::TableStream), each counted once; and what was left null in the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Claims with rows in a table, asked for or not.
    pub with_rows: u64,
    /// Claims without.
    pub without_rows: u64,
    /// Patients and Coverages.
    pub joined: u64,
    /// Resources of other types.
    pub skipped: u64,
    /// Records that were not taken.
    pub rejected: u64,
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
    /// Claims that are not active, which totals leave out.
    pub not_active: NotActive,
}

impl RecordCounts {
    pub(super) fn untranslated(&mut self, made: Untranslated) {
        self.untranslated_states += made.states;
        self.untranslated_codes += made.codes;
        self.untranslated_zips += made.zips;
    }

    /// Records that were given.
    pub fn read(&self) -> u64 {
        self.with_rows + self.without_rows + self.joined + self.skipped + self.rejected
    }
}

/// Whether a bad record says that it is a claim.
pub(super) fn is_of_a_claim(error: &RecordError) -> bool {
    error.resource() == Some(crate::Resource::ExplanationOfBenefit)
}

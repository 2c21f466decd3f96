//! Claims that totals leave out, by whether they are final and by their status.

use crate::rows::claim::Claim;

/// Claims that are not final, by their status, and those that do not tell whether they are. Totals count neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotFinal {
    /// `active` and yet not final, where something else than the status says what is final.
    pub active: u64,
    /// `cancelled`: a later version stands in their place.
    pub cancelled: u64,
    /// `draft`.
    pub draft: u64,
    /// `entered-in-error`.
    pub entered_in_error: u64,
    /// A word that is no status of FHIR.
    pub other: u64,
    /// No status at all.
    pub absent: u64,
    /// Whether they are final is not told: their BCDA_FINAL is null.
    pub untold: u64,
}

impl NotFinal {
    /// Counts a claim, unless it is final.
    pub fn count(&mut self, claim: &Claim<'_>) {
        let counted = match (claim.is_final(), claim.status().as_deref()) {
            (Some(true), _) => return,
            (None, _) => &mut self.untold,
            (Some(false), Some("active")) => &mut self.active,
            (Some(false), Some("cancelled")) => &mut self.cancelled,
            (Some(false), Some("draft")) => &mut self.draft,
            (Some(false), Some("entered-in-error")) => &mut self.entered_in_error,
            (Some(false), Some(_)) => &mut self.other,
            (Some(false), None) => &mut self.absent,
        };
        *counted += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.active += other.active;
        self.cancelled += other.cancelled;
        self.draft += other.draft;
        self.entered_in_error += other.entered_in_error;
        self.other += other.other;
        self.absent += other.absent;
        self.untold += other.untold;
    }

    /// The claims that are not final, by status. A word that is no status of FHIR is not named: it is the input's.
    pub fn by_status(&self) -> [(&'static str, u64); 6] {
        [
            ("active", self.active),
            ("cancelled", self.cancelled),
            ("draft", self.draft),
            ("entered-in-error", self.entered_in_error),
            ("other", self.other),
            ("absent", self.absent),
        ]
    }
}

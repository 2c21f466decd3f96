//! Claims that totals leave out, by their status.

use crate::rows::claim::Claim;

/// Claims whose status is not `active`, which is all that totals count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotActive {
    /// `cancelled`: a later version stands in their place.
    pub cancelled: u64,
    /// `draft`.
    pub draft: u64,
    /// `entered-in-error`.
    pub entered_in_error: u64,
    /// A word that is no status of STU3.
    pub other: u64,
    /// No status at all.
    pub absent: u64,
}

impl NotActive {
    /// Counts a claim, unless it is active.
    pub fn count(&mut self, claim: &Claim<'_>) {
        let of_status = match claim.status().as_deref() {
            Some("active") => return,
            Some("cancelled") => &mut self.cancelled,
            Some("draft") => &mut self.draft,
            Some("entered-in-error") => &mut self.entered_in_error,
            Some(_) => &mut self.other,
            None => &mut self.absent,
        };
        *of_status += 1;
    }

    /// Adds what was counted elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.cancelled += other.cancelled;
        self.draft += other.draft;
        self.entered_in_error += other.entered_in_error;
        self.other += other.other;
        self.absent += other.absent;
    }

    /// The counts by status. A word that is no status of STU3 is not named: it is the input's.
    pub fn by_name(&self) -> [(&'static str, u64); 5] {
        [
            ("cancelled", self.cancelled),
            ("draft", self.draft),
            ("entered-in-error", self.entered_in_error),
            ("other", self.other),
            ("absent", self.absent),
        ]
    }
}

//! Why a claim may be on one side only.

use cclf_crosswalk::Table;
use serde::Serialize;

use super::claim::{Claim, NO_DATE};

/// Days before an export in which drug events are not all there yet.
const PART_D_DAYS: i32 = 31;

/// Days from 1970 within which dates are told apart.
const FARTHEST_DAY: i32 = 1 << 30;

/// Why a claim may be on one side only: each has the first that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The person has neither a row of CCLF8 nor a claim on the other side.
    PersonNotOnOtherSide,
    /// Its month is before the first or after the last one of the table on the other side.
    OutsideHistory,
    /// CLM_IDR_LD_DT, or CLM_EFCTV_DT where that is absent, is after the newest FILE_DATE of the other side.
    LoadedLater,
    /// A drug event of the last 31 days before the newest FILE_DATE of the other side.
    PartDTiming,
    /// A diagnosis is of the family of substance use (ICD-10 F10 to F19, ICD-9 291, 292 and 303 to 305). Both CCLF and
    /// BCDA leave claims out by lists of codes, whose dates differ. The lists are not known here, only the family is, and of
    /// the diagnoses those that stand in the claim's own rows.
    MaybeSubstanceUse,
    /// It has none of the keys that claims of the two sides are matched by.
    NoKey,
    /// Nothing of that.
    NotKnown,
}

impl Reason {
    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PersonNotOnOtherSide => "person_not_on_other_side",
            Self::OutsideHistory => "outside_history",
            Self::LoadedLater => "loaded_later",
            Self::PartDTiming => "part_d_timing",
            Self::MaybeSubstanceUse => "maybe_substance_use",
            Self::NoKey => "no_key",
            Self::NotKnown => "not_known",
        }
    }
}

/// The other side of a claim, as far as reasons go.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OtherSide {
    /// The first and last months of its table.
    pub(super) months: Option<(i32, i32)>,
    /// Its newest FILE_DATE.
    pub(super) newest: Option<i32>,
    pub(super) has_person: bool,
}

/// Why a claim is not on the other side.
pub(super) fn reason(table: Table, claim: &Claim, other: OtherSide, has_key: bool) -> Reason {
    let month = month_of(claim.day);
    let is_outside = month
        .zip(other.months)
        .is_some_and(|(month, (first, last))| !(first..=last).contains(&month));
    let is_later = |day: i32, days: i32| {
        day != NO_DATE && other.newest.is_some_and(|newest| day > newest.saturating_sub(days))
    };
    if claim.person != 0 && !other.has_person {
        Reason::PersonNotOnOtherSide
    } else if is_outside {
        Reason::OutsideHistory
    } else if is_later(claim.loaded, 0) {
        Reason::LoadedLater
    } else if table == Table::Cclf7 && is_later(claim.day, PART_D_DAYS) {
        Reason::PartDTiming
    } else if claim.has_substance_use {
        Reason::MaybeSubstanceUse
    } else if !has_key {
        Reason::NoKey
    } else {
        Reason::NotKnown
    }
}

/// The month of a day, counted from the year 0.
pub(super) fn month_of(day: i32) -> Option<i32> {
    (day != NO_DATE).then(|| {
        // No date is so far away that the calendar ends.
        let (year, month, _) =
            cclf_crosswalk::civil_from_days(day.clamp(-FARTHEST_DAY, FARTHEST_DAY));
        i32::try_from(i64::from(year) * 12 + i64::from(month) - 1).unwrap_or(i32::MAX)
    })
}

/// A month as text: `2024-05`.
pub(super) fn month_name(month: i32) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// Whether a diagnosis is of the family of substance use.
pub(super) fn is_substance_use(code: &str) -> bool {
    matches!(
        code.as_bytes(),
        [b'F' | b'f', b'1', b'0'..=b'9', ..]
            | [b'2', b'9', b'1' | b'2', ..]
            | [b'3', b'0', b'3'..=b'5', ..]
    )
}

#[cfg(test)]
mod tests {
    use super::super::claim::tests::claim;
    use super::super::side::Side;
    use super::*;

    #[test]
    fn the_first_reason_that_applies_counts() {
        let day = cclf_crosswalk::days_from_civil(2024, 5, 31);
        let mut one = claim(Side::Left, 1, 0);
        (one.day, one.loaded, one.has_substance_use) = (day, day + 9, true);
        let may = month_of(day).unwrap();
        let mut other =
            OtherSide { months: Some((may + 1, may + 2)), newest: Some(day), has_person: false };
        assert_eq!(reason(Table::Cclf7, &one, other, true), Reason::PersonNotOnOtherSide);
        other.has_person = true;
        assert_eq!(reason(Table::Cclf7, &one, other, true), Reason::OutsideHistory);
        other.months = Some((may, may));
        assert_eq!(reason(Table::Cclf7, &one, other, true), Reason::LoadedLater);
        one.loaded = day;
        assert_eq!(reason(Table::Cclf7, &one, other, true), Reason::PartDTiming);
        assert_eq!(reason(Table::Cclf5, &one, other, true), Reason::MaybeSubstanceUse);
        (one.day, other.months) = (day - 31, Some((may - 1, may)));
        assert_eq!(reason(Table::Cclf7, &one, other, true), Reason::MaybeSubstanceUse);
        one.has_substance_use = false;
        assert_eq!(reason(Table::Cclf7, &one, other, false), Reason::NoKey);
        assert_eq!(reason(Table::Cclf7, &one, other, true), Reason::NotKnown);
    }

    #[test]
    fn months_have_names() {
        let of = |year, month, day| {
            month_name(month_of(cclf_crosswalk::days_from_civil(year, month, day)).unwrap())
        };
        assert_eq!((of(2024, 1, 1), of(1969, 12, 31)), ("2024-01".into(), "1969-12".into()));
        assert_eq!(month_of(NO_DATE), None);
    }

    #[test]
    fn the_family_of_substance_use() {
        for code in ["F10", "F1920", "29181", "292", "30301", "3051"] {
            assert!(is_substance_use(code), "{code}");
        }
        for code in ["F20", "F01", "2900", "302", "306", "E10", "", "F"] {
            assert!(!is_substance_use(code), "{code}");
        }
    }
}

//! Days.

use cclf_crosswalk::{civil_from_days, days_from_civil};

use super::fault::FaultClass;
use super::numbers::PAIRS;

/// The first and the last day whose year has four digits.
const FIRST: i32 = days_from_civil(1, 1, 1);
const LAST: i32 = days_from_civil(9999, 12, 31);

/// Writes YYYY-MM-DD.
#[inline]
pub(super) fn write(days: i32, field: &mut [u8; 10]) -> Result<(), FaultClass> {
    if !(FIRST..=LAST).contains(&days) {
        return Err(FaultClass::Width);
    }
    let (year, month, day) = civil_from_days(days);
    let year = year.cast_unsigned();
    *field = *b"0000-00-00";
    for (at, pair) in [(0, year / 100), (2, year % 100), (5, month), (8, day)] {
        field[at..at + 2].copy_from_slice(&PAIRS[pair as usize]);
    }
    Ok(())
}

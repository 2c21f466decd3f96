//! Days.

use cclf_crosswalk::{civil_from_days, days_from_civil};

use super::fault::Bad;
use crate::words::{is_blank, is_not_available, trimmed};

/// Days that mean that there is none.
const MISSING: [i32; 3] =
    [days_from_civil(1, 1, 1), days_from_civil(1000, 1, 1), days_from_civil(9999, 12, 31)];

/// `0000-00-`, the digits and the lines that a date has where its first eight characters are.
const FORM: u64 = u64::from_le_bytes(*b"0000-00-");
/// What carries into the upper half of a byte from ten on, in a line from one on.
const CARRY: u64 = u64::from_le_bytes([6, 6, 6, 6, 15, 6, 6, 15]);
const UPPER: u64 = 0xf0f0_f0f0_f0f0_f0f0;

/// Reads YYYY-MM-DD. Blanks, `~` and the days that CMS uses for "missing" are none.
#[inline]
pub(super) fn read(field: &[u8; 10]) -> Result<Option<i32>, Bad> {
    let [.., tens, ones] = field.map(|byte| byte ^ b'0');
    let digits = u64::from_le_bytes(*field.first_chunk().unwrap_or(&[0; 8])) ^ FORM;
    if (digits | digits.wrapping_add(CARRY)) & UPPER != 0 || tens > 9 || ones > 9 {
        let is_missing = is_blank(field) || is_not_available(trimmed(field));
        return if is_missing { Ok(None) } else { Err(Bad) };
    }
    let [y1, y2, y3, y4, _, m1, m2, _] = digits.to_le_bytes().map(u32::from);
    let year = (y1 * 1000 + y2 * 100 + y3 * 10 + y4).cast_signed();
    let (month, day) = (m1 * 10 + m2, u32::from(tens * 10 + ones));
    if year == 0 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(Bad);
    }
    let days = days_from_civil(year, month, day);
    // All months have 28 days; whether this one has more is known by coming back.
    if day > 28 && civil_from_days(days) != (year, month, day) {
        return Err(Bad);
    }
    Ok(if MISSING.contains(&days) { None } else { Some(days) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_exists_or_is_missing() {
        for text in
            ["          ", "~         ", "  ~       ", "1000-01-01", "9999-12-31", "0001-01-01"]
        {
            assert_eq!(read(text.as_bytes().first_chunk().unwrap()), Ok(None), "`{text}`");
        }
        for text in [
            "2026-02-29",
            "2026-04-31",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "0000-01-01",
            "2026/01/01",
            "20260101  ",
            "2026-1-1  ",
            "2026-01-1 ",
            "2026-01-1:",
            "202:-01-11",
            "2026.01-11",
            "2026-01.11",
            " 2026-01-0",
            "~026-01-01",
            "01/01/2026",
        ] {
            assert_eq!(read(text.as_bytes().first_chunk().unwrap()), Err(Bad), "`{text}`");
        }
        for day in [-719_161, -1, 0, 19_782, 20_000, 2_932_894] {
            let (year, month, of_month) = civil_from_days(day);
            let text = format!("{year:04}-{month:02}-{of_month:02}");
            assert_eq!(read(text.as_bytes().first_chunk().unwrap()), Ok(Some(day)), "{text}");
        }
    }
}

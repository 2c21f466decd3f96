//! Dates and instants from text. They exist as a whole, or are refused.

use crate::error::ErrorClass;

/// Days from 1970-01-01 to the dates that CMS uses for "missing".
const MISSING_DAYS: [i32; 3] =
    [days_from_civil(1, 1, 1), days_from_civil(1000, 1, 1), days_from_civil(9999, 12, 31)];

/// What a date text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateText {
    /// A day: days since 1970-01-01.
    Day(i32),
    /// Only a year or a month: null in a date column, and counted.
    Partial,
    /// One of the dates that mean "missing": null.
    Missing,
}

/// Days since 1970-01-01 of a day of the proleptic Gregorian calendar.
/// (Counting in 400-year eras that begin on 1 March, so that the leap day comes last.)
pub const fn days_from_civil(year: i32, month: u32, day: u32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month.cast_signed() + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day.cast_signed() - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day counted from 1970-01-01.
pub const fn civil_from_days(days: i32) -> (i32, u32, u32) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1).cast_unsigned();
    let month = ((month_from_march + 2) % 12 + 1).cast_unsigned();
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        _ if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        _ => 28,
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0u32, |value, byte| {
        byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0'))
    })
}

/// Reads the date of a FHIR date, dateTime or instant: its first ten characters.
///
/// # Errors
/// [`ErrorClass::Date`] for what is no date, or does not exist as a whole: a time of day too has to be one.
pub(crate) fn date(text: &str) -> Result<DateText, ErrorClass> {
    let bytes = text.as_bytes();
    let (day_part, rest) = bytes.split_at(bytes.len().min(10));
    let year_month = |part: &[u8]| {
        let year = number(part.get(..4)?)?;
        let month = match part.len() {
            4 => 1,
            7 if part[4] == b'-' => number(&part[5..7])?,
            _ => return None,
        };
        (year > 0 && (1..=12).contains(&month)).then_some((year, month))
    };
    match day_part.len() {
        4 | 7 if year_month(day_part).is_some() => Ok(DateText::Partial),
        10 if day_part[4] == b'-' && day_part[7] == b'-' => {
            let (year, month, day) =
                match (number(&day_part[..4]), number(&day_part[5..7]), number(&day_part[8..])) {
                    (Some(year), Some(month), Some(day)) => (year.cast_signed(), month, day),
                    _ => return Err(ErrorClass::Date),
                };
            let exists = year > 0 && (1..=12).contains(&month) && day > 0;
            if !exists || day > days_in_month(year, month) {
                return Err(ErrorClass::Date);
            }
            if !rest.is_empty() {
                time(rest)?;
            }
            let days = days_from_civil(year, month, day);
            Ok(if MISSING_DAYS.contains(&days) { DateText::Missing } else { DateText::Day(days) })
        }
        _ => Err(ErrorClass::Date),
    }
}

/// A day as days since 1970-01-01; `None` for what is no existing day, as YYYY-MM-DD.
pub fn parse_day(text: &str) -> Option<i32> {
    match date(text) {
        Ok(DateText::Day(days)) if text.len() == 10 => Some(days),
        _ => None,
    }
}

/// Reads an instant as microseconds since 1970-01-01T00:00:00Z; finer digits are cut off.
/// `None` for a dateTime without a time and zone.
///
/// # Errors
/// [`ErrorClass::Date`] for what is none, or does not exist.
pub(crate) fn timestamp(text: &str) -> Result<Option<i64>, ErrorClass> {
    match (date(text)?, text.as_bytes().get(10..)) {
        (DateText::Day(days), Some(rest)) if !rest.is_empty() => {
            Ok(Some(i64::from(days) * 86_400_000_000 + time(rest)?))
        }
        _ => Ok(None),
    }
}

/// Reads the time of day and the zone of a dateTime, `T13:43:00.037-04:00`, as microseconds from midnight in universal
/// time.
fn time(text: &[u8]) -> Result<i64, ErrorClass> {
    let bad = ErrorClass::Date;
    let bytes = text.strip_prefix(b"T").ok_or(bad)?;
    let two = |at: usize| bytes.get(at..at + 2).and_then(number).map(i64::from).ok_or(bad);
    if bytes.get(2) != Some(&b':') || bytes.get(5) != Some(&b':') {
        return Err(bad);
    }
    let (hour, minute, second) = (two(0)?, two(3)?, two(6)?);
    if hour > 23 || minute > 59 || second > 60 {
        return Err(bad);
    }
    let mut at = 8;
    let mut micros = 0;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        let start = at;
        let mut unit = 100_000;
        while let Some(digit) = bytes.get(at).filter(|byte| byte.is_ascii_digit()) {
            micros += i64::from(digit - b'0') * unit;
            unit /= 10;
            at += 1;
        }
        if at == start {
            return Err(bad);
        }
    }
    let offset_minutes = match bytes.get(at) {
        Some(b'Z') if bytes.len() == at + 1 => 0,
        Some(sign @ (b'+' | b'-')) if bytes.len() == at + 6 && bytes[at + 3] == b':' => {
            let (hours, minutes) = (two(at + 1)?, two(at + 4)?);
            let minutes = if minutes > 59 { i64::MAX } else { hours * 60 + minutes };
            if minutes > 14 * 60 {
                return Err(bad);
            }
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return Err(bad),
    };
    let seconds = hour * 3600 + (minute - offset_minutes) * 60 + second;
    Ok(seconds * 1_000_000 + micros)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date("1970-01-01"), Ok(DateText::Day(0)));
        assert_eq!(date("2000-02-29"), Ok(DateText::Day(11016)));
        assert_eq!(date("2016-01-15T00:00:00-05:00"), date("2016-01-15"));
        assert_eq!(date("2018"), Ok(DateText::Partial));
        assert_eq!(date("2018-07"), Ok(DateText::Partial));
        assert_eq!(date("1000-01-01"), Ok(DateText::Missing));
        assert_eq!(date("9999-12-31"), Ok(DateText::Missing));
        assert_eq!(date("0001-01-01"), Ok(DateText::Missing));
        assert_eq!(date("0001-01-01T00:00:00Z"), Ok(DateText::Missing));
        for bad in [
            "",
            "2019-02-30",
            "1900-02-29",
            "2018-13",
            "2018-00-01",
            "20180101",
            "2018-1-1",
            "2018-01-01x",
            "abcd",
            "2018-01-0é",
            "0000",
            "0000-05",
            "0000-05-05",
            "2018-01-01T",
            "2018-01-01T99:99:99",
            "2018-01-01T99:99:99Z",
            "2018-01-01T10:00:00",
            "2018-01-01T10:00Z",
            "2018-01-01T10:00:00+15:00",
            "2018-01-01T10:00:00+14:01",
            "2018-01-01T10:00:00+10:60",
            "2018-01-01 10:00:00Z",
            "1000-01-01T99:99:99Z",
        ] {
            assert_eq!(date(bad), Err(ErrorClass::Date), "{bad}");
        }
    }

    #[test]
    fn instants() {
        assert_eq!(timestamp("1970-01-01T00:00:00Z"), Ok(Some(0)));
        assert_eq!(timestamp("2021-08-17T13:43:00.037-04:00"), Ok(Some(1_629_222_180_037_000)));
        assert_eq!(timestamp("2021-08-17T17:43:00.037123999Z"), Ok(Some(1_629_222_180_037_123)));
        assert_eq!(timestamp("2021"), Ok(None));
        assert_eq!(timestamp("2021-08-17"), Ok(None));
        for bad in [
            "2021-08-17T25:00:00Z",
            "2021-08-17T10:00:00",
            "2021-08-17T10:00Z",
            "2021-08-17T10:00:00.Z",
        ] {
            assert_eq!(timestamp(bad), Err(ErrorClass::Date), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn civil_days_round_trip(days in -800_000i32..3_000_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }
    }
}

//! The closed list of conversions: from JSON text to typed values, from codes to codes. Exact or refused.

use std::borrow::Cow;

use hashbrown::HashMap;

use crate::error::ErrorClass;
use crate::facts::rows_csv::rows;
use crate::layout::load_error::LoadError;

/// Days from 1970-01-01 to the dates that CMS uses for "missing".
const MISSING_DAYS: [i32; 3] =
    [days_from_civil(1, 1, 1), days_from_civil(1000, 1, 1), days_from_civil(9999, 12, 31)];

/// Most digits that a number may take when written out plainly: Decimal128 has 38.
const MAX_PLAIN_DIGITS: i64 = 64;

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

/// A JSON number as sign, digits without leading or trailing zeros, and the power of ten of the last digit.
struct Scientific {
    negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

/// A length as the exponents count.
fn length(digits: impl AsRef<[u8]>) -> i64 {
    i64::try_from(digits.as_ref().len()).unwrap_or(i64::MAX)
}

fn scientific(text: &str) -> Scientific {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        // An exponent beyond i64 cannot fit anything; saturate.
        Some(at) => (
            &text[..at],
            text[at + 1..].trim_start_matches('+').parse::<i64>().unwrap_or_else(|_| {
                if text[at + 1..].starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 }
            }),
        ),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
    let mut exponent = exponent.saturating_sub(length(fraction));
    while digits.last() == Some(&b'0') {
        digits.pop();
        exponent = exponent.saturating_add(1);
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..zeros);
    if digits.is_empty() {
        return Scientific { negative: false, digits, exponent: 0 };
    }
    Scientific { negative, digits, exponent }
}

/// The short way for what amounts look like: up to 18 digits, no exponent.
#[inline]
fn scaled_short(text: &str, scale: u8) -> Option<i64> {
    let bytes = text.as_bytes();
    let (negative, bytes) = match bytes.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, bytes),
    };
    if bytes.len() > 18 {
        return None;
    }
    let mut value: i64 = 0;
    let mut fraction: Option<u8> = None;
    for &byte in bytes {
        match byte {
            b'0'..=b'9' => {
                value = value * 10 + i64::from(byte - b'0');
                if let Some(count) = &mut fraction {
                    *count += 1;
                }
            }
            b'.' if fraction.is_none() => fraction = Some(0),
            _ => return None,
        }
    }
    let fraction = fraction.unwrap_or(0);
    if fraction > scale {
        return None;
    }
    let value = value.checked_mul(10i64.checked_pow(u32::from(scale - fraction))?)?;
    Some(if negative { -value } else { value })
}

/// Reads a JSON number (checked against the grammar) as an integer of `10^-scale`, exactly.
///
/// # Errors
/// [`ErrorClass::Number`] when digits would be lost or `precision` digits are not enough.
pub(crate) fn decimal(text: &str, precision: u8, scale: u8) -> Result<i128, ErrorClass> {
    if let Some(value) = scaled_short(text, scale) {
        // More digits than a word has always fit.
        let fits = match 10u64.checked_pow(u32::from(precision)) {
            Some(limit) => value.unsigned_abs() < limit,
            None => true,
        };
        return if fits { Ok(value.into()) } else { Err(ErrorClass::Number) };
    }
    let number = scientific(text);
    if number.digits.is_empty() {
        return Ok(0);
    }
    let shift = number.exponent.saturating_add(i64::from(scale));
    let places = length(&number.digits).saturating_add(shift);
    if shift < 0 || places > i64::from(precision) {
        return Err(ErrorClass::Number);
    }
    let mut value: i128 = 0;
    for digit in &number.digits {
        value = value * 10 + i128::from(digit - b'0');
    }
    for _ in 0..shift {
        value *= 10;
    }
    Ok(if number.negative { -value } else { value })
}

/// Reads a JSON number as an integer, exactly (`60.0` is one).
///
/// # Errors
/// [`ErrorClass::Number`] when it is none or does not fit 64 bits.
pub(crate) fn integer(text: &str) -> Result<i64, ErrorClass> {
    let value = decimal(text, 19, 0)?;
    i64::try_from(value).map_err(|_| ErrorClass::Number)
}

/// Writes a JSON number as plain digits, for a text column: `1.50E1` is `15`.
///
/// # Errors
/// [`ErrorClass::Number`] when that takes more than 64 digits.
pub(crate) fn plain_digits(text: &str, out: &mut String) -> Result<(), ErrorClass> {
    let Scientific { negative, digits, exponent } = scientific(text);
    let len = length(&digits);
    if exponent.abs() > MAX_PLAIN_DIGITS || len > MAX_PLAIN_DIGITS {
        return Err(ErrorClass::Number);
    }
    if negative {
        out.push('-');
    }
    let point = len + exponent;
    if point <= 0 {
        out.push('0');
        if !digits.is_empty() {
            out.push('.');
            (point..0).for_each(|_| out.push('0'));
        }
    }
    for (at, digit) in (0..).zip(&digits) {
        if at > 0 && at == point {
            out.push('.');
        }
        out.push(char::from(*digit));
    }
    (0..exponent.max(0)).for_each(|_| out.push('0'));
    Ok(())
}

/// Left-pads a code with zeros to `width` characters.
pub(crate) fn pad(text: &str, width: usize) -> Cow<'_, str> {
    let len = text.chars().count();
    if len >= width {
        return Cow::Borrowed(text);
    }
    let mut padded = "0".repeat(width - len);
    padded.push_str(text);
    Cow::Owned(padded)
}

/// Characters `from` (one-based) to `to` (inclusive, to the end when absent); `None` when there are none.
pub(crate) fn slice(text: &str, from: usize, to: Option<usize>) -> Option<&str> {
    let mut bounds = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let start = bounds.nth(from.saturating_sub(1))?;
    let rest = &text[start..];
    let piece = match to {
        Some(to) => {
            let count = (to + 1).saturating_sub(from);
            let end = rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at);
            &rest[..end]
        }
        None => rest,
    };
    (!piece.is_empty()).then_some(piece)
}

/// The digits of a US postal code, without hyphens and blanks; `None` for what is none, as those with letters are.
pub(crate) fn zip(text: &str) -> Option<String> {
    let said: String = text.chars().filter(|ch| *ch != '-' && !ch.is_whitespace()).collect();
    said.bytes().all(|byte| byte.is_ascii_digit()).then_some(said)
}

/// The first five of the digits of a postal code, or those it has.
pub(crate) fn zip5(digits: &str) -> Option<&str> {
    (!digits.is_empty()).then(|| digits.get(..5).unwrap_or(digits))
}

/// The last four of nine digits.
pub(crate) fn zip4(digits: &str) -> Option<&str> {
    if digits.len() == 9 { digits.get(5..) } else { None }
}

/// SSA state codes and USPS letters, to FIPS digits and USPS letters.
#[derive(Clone, Debug, Default)]
pub struct States {
    /// By SSA code and by USPS letters: letters and digits.
    areas: HashMap<String, (String, String)>,
}

impl States {
    pub(crate) fn load(text: &str) -> Result<Self, LoadError> {
        const FILE: &str = "states.csv";
        let mut states = Self::default();
        for (line, row) in rows(FILE, text, &["ssa", "usps", "fips"])? {
            let area = (row[1].to_owned(), row[2].to_owned());
            if let Some(other) = states.areas.insert(row[1].to_owned(), area.clone())
                && other != area
            {
                return Err(LoadError::new("two FIPS codes for one state").at(FILE, line));
            }
            if states.areas.insert(row[0].to_owned(), area).is_some() {
                return Err(LoadError::new("the SSA code has a row already").at(FILE, line));
            }
        }
        Ok(states)
    }

    fn area(&self, code: &str) -> Option<&(String, String)> {
        self.areas.get(code).or_else(|| self.areas.get(&code.to_ascii_uppercase()))
    }

    /// The two FIPS digits of a state given as SSA code or USPS letters.
    pub fn fips(&self, code: &str) -> Option<&str> {
        self.area(code).map(|(_, fips)| fips.as_str())
    }

    /// The USPS letters of a state given as SSA code or USPS letters.
    pub fn usps(&self, code: &str) -> Option<&str> {
        self.area(code).map(|(usps, _)| usps.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    #[test]
    fn decimals_are_exact_or_refused() {
        assert_eq!(decimal("37.5", 15, 2), Ok(3750));
        assert_eq!(decimal("60.0", 15, 0), Ok(60));
        assert_eq!(decimal("1.0000000000", 3, 2), Ok(100));
        assert_eq!(decimal("-0", 3, 2), Ok(0));
        assert_eq!(decimal("1E2", 5, 2), Ok(10000));
        assert_eq!(decimal("1.5e-1", 5, 2), Ok(15));
        assert_eq!(decimal("0e999999999999999999999", 5, 2), Ok(0));
        assert_eq!(decimal("99999999999999999999.99", 22, 2), Ok(9_999_999_999_999_999_999_999));
        for bad in
            ["1.005", "1e-3", "1e999999999999999999999", "1e-999999999999999999999", "100000000000"]
        {
            assert_eq!(decimal(bad, 11, 2), Err(ErrorClass::Number), "{bad}");
        }
        assert_eq!(integer("37.5"), Err(ErrorClass::Number));
        assert_eq!(integer("9223372036854775808"), Err(ErrorClass::Number));
        assert_eq!(integer("-9223372036854775808"), Ok(i64::MIN));
    }

    #[test]
    fn numbers_as_plain_digits() {
        for (text, plain) in [
            ("3", "3"),
            ("1.50E1", "15"),
            ("0.10", "0.1"),
            ("-1e-3", "-0.001"),
            ("1e3", "1000"),
            ("0.0", "0"),
            ("12.34", "12.34"),
        ] {
            let mut out = String::new();
            plain_digits(text, &mut out).unwrap();
            assert_eq!(out, plain, "{text}");
        }
        assert!(plain_digits("1e65", &mut String::new()).is_err());
    }

    #[test]
    fn pieces_of_codes() {
        assert_eq!(pad("12", 4), "0012");
        assert_eq!(pad("12345", 4), "12345");
        assert_eq!(slice("CO120", 3, None), Some("120"));
        assert_eq!(slice("CO120", 1, Some(2)), Some("CO"));
        assert_eq!(slice("C", 3, None), None);
        assert_eq!(zip(" 12345-6789").as_deref(), Some("123456789"));
        assert_eq!(zip("K1A 0B1"), None);
        assert_eq!(zip("12345x"), None);
        assert_eq!(zip("12.345"), None);
        assert_eq!(zip("-").as_deref(), Some(""));
        assert_eq!(zip5("123456789"), Some("12345"));
        assert_eq!(zip4("123456789"), Some("6789"));
        assert_eq!(zip4("12345"), None);
        assert_eq!(zip5("123"), Some("123"));
        assert_eq!(zip5(""), None);
    }

    proptest! {
        #[test]
        fn civil_days_round_trip(days in -800_000i32..3_000_000) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
        }

        #[test]
        fn short_and_long_ways_agree(whole in 0u64..10_000_000_000, fraction in 0u64..10_000, digits in 0u32..=4) {
            let width = digits as usize;
            let text = match digits {
                0 => whole.to_string(),
                _ => format!("{whole}.{:0width$}", fraction % 10u64.pow(digits)),
            };
            // An exponent sends the same number the long way.
            let long = format!("{text}e0");
            prop_assert_eq!(decimal(&text, 30, 2), decimal(&long, 30, 2));
        }
    }
}

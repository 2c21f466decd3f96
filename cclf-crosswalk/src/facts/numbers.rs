//! Numbers from the digits of the text: exact, or refused.

use crate::error::ErrorClass;

/// Most digits that a number may take when written out plainly: Decimal128 has 38.
const MAX_PLAIN_DIGITS: i64 = 64;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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

    proptest! {
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

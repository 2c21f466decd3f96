//! Numbers as the record wrote them; arithmetic happens on request, exactly or not at all.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::text::Str;

/// A JSON number, kept as text: `120.00` stays `120.00`, `1E-17` stays `1E-17`.
///
/// Equality compares text; [`cmp_value`](Self::cmp_value) compares what the texts stand for.
///
/// ```
/// use fhir_model::Decimal;
///
/// let amount: Decimal = "37.50".parse().unwrap();
/// assert_eq!(amount.as_str(), "37.50");
/// assert_eq!(amount.to_scaled(2), Ok(3750)); // cents
/// assert_eq!(amount.to_scaled(1), Ok(375));
/// assert!(amount.to_scaled(0).is_err()); // would lose a digit
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Decimal<'a>(Str<'a>);

/// Why a number was refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum DecimalError {
    /// The text is not a JSON number.
    #[error("not a JSON number")]
    NotANumber,
    /// The value has more fraction digits than the scale holds.
    #[error("more fraction digits than asked for")]
    Inexact,
    /// The value does not fit the integer.
    #[error("too large a number")]
    Overflow,
}

/// Sign, significant digits without leading or trailing zeros, and the power of ten of the last digit.
struct Digits<'t> {
    negative: bool,
    /// Digits before and after the point; together they begin and end with a digit that is not zero.
    whole: &'t [u8],
    fraction: &'t [u8],
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// A number from text that the JSON walk has checked.
    pub(crate) fn from_checked(text: &'a str) -> Self {
        Self(Str::from(text))
    }

    /// The number with this text.
    ///
    /// # Errors
    /// [`DecimalError::NotANumber`] unless the text is a number by the JSON grammar.
    pub fn new(text: impl Into<Str<'a>>) -> Result<Self, DecimalError> {
        let text = text.into();
        if is_number(text.as_bytes()) { Ok(Self(text)) } else { Err(DecimalError::NotANumber) }
    }

    /// The number `value` / 10^`scale`, written with `scale` fraction digits: the inverse of
    /// [`to_scaled`](Self::to_scaled).
    ///
    /// ```
    /// assert_eq!(fhir_model::Decimal::from_scaled(-5, 2).as_str(), "-0.05");
    /// ```
    pub fn from_scaled(value: i128, scale: u32) -> Decimal<'static> {
        let places = usize::try_from(scale).unwrap_or(usize::MAX);
        let mut text = value.unsigned_abs().to_string();
        if places > 0 {
            if text.len() <= places {
                text.insert_str(0, &"0".repeat(places + 1 - text.len()));
            }
            text.insert(text.len() - places, '.');
        }
        if value < 0 {
            text.insert(0, '-');
        }
        Decimal(Str::from(text))
    }

    /// The number's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same number without ties to the input.
    pub fn into_owned(self) -> Decimal<'static> {
        Decimal(self.0.into_owned())
    }

    /// The value times 10^`scale` as an integer: with scale 2, cents.
    ///
    /// Trailing zeros and exponents count for nothing: `60.0` fits scale 0, `1E2` is 100.
    ///
    /// # Errors
    /// [`DecimalError::Inexact`] when a digit would be lost, [`DecimalError::Overflow`] when the
    /// integer does not fit. Exponents of any length are safe.
    pub fn to_scaled(&self, scale: u32) -> Result<i128, DecimalError> {
        let digits = self.digits();
        if digits.is_zero() {
            return Ok(0);
        }
        let shift = digits.exponent.saturating_add(i64::from(scale));
        if shift < 0 {
            return Err(DecimalError::Inexact);
        }
        // An i128 has at most 39 digits.
        let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
        if length.saturating_add(shift) > 39 {
            return Err(DecimalError::Overflow);
        }
        let mut value: i128 = 0;
        let zeros = usize::try_from(shift).map_err(|_| DecimalError::Overflow)?;
        for digit in digits.iter().chain(std::iter::repeat_n(b'0', zeros)) {
            let digit = i128::from(digit - b'0');
            let next = value.checked_mul(10);
            // Built below zero so that the least i128 fits too.
            value = next.and_then(|next| next.checked_sub(digit)).ok_or(DecimalError::Overflow)?;
        }
        if digits.negative { Ok(value) } else { value.checked_neg().ok_or(DecimalError::Overflow) }
    }

    /// The value as an integer.
    ///
    /// # Errors
    /// As [`to_scaled`](Self::to_scaled) with scale 0.
    pub fn to_i64(&self) -> Result<i64, DecimalError> {
        i64::try_from(self.to_scaled(0)?).map_err(|_| DecimalError::Overflow)
    }

    /// The nearest double: for display and statistics, never for money.
    pub fn to_f64_lossy(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// Compares by value: `1.0`, `1` and `10E-1` are equal.
    pub fn cmp_value(&self, other: &Decimal<'_>) -> Ordering {
        let (a, b) = (self.digits(), other.digits());
        match (a.sign(), b.sign()) {
            (x, y) if x != y => x.cmp(&y),
            (0, _) => Ordering::Equal,
            (sign, _) => {
                let size = a.top().cmp(&b.top()).then_with(|| a.iter().cmp(b.iter()));
                if sign < 0 { size.reverse() } else { size }
            }
        }
    }

    fn digits(&self) -> Digits<'_> {
        let text = self.0.as_bytes();
        let (negative, text) = match text.split_first() {
            Some((b'-', rest)) => (true, rest),
            _ => (false, text),
        };
        let mark = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = match mark {
            Some(mark) => (&text[..mark], exponent(&text[mark + 1..])),
            None => (text, 0),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.');
        let (mut whole, mut fraction) = match point {
            Some(point) => (&mantissa[..point], &mantissa[point + 1..]),
            None => (mantissa, &[][..]),
        };
        while let [b'0', rest @ ..] = whole {
            whole = rest;
        }
        while let [rest @ .., b'0'] = fraction {
            fraction = rest;
        }
        let mut places = -i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        if fraction.is_empty() {
            while let [rest @ .., b'0'] = whole {
                whole = rest;
                places += 1;
            }
        } else if whole.is_empty() {
            while let [b'0', rest @ ..] = fraction {
                fraction = rest;
            }
        }
        Digits { negative, whole, fraction, exponent: exponent.saturating_add(places) }
    }
}

/// The exponent's value, cut at a size no mantissa in memory can make up for.
fn exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let value = digits.iter().fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit.wrapping_sub(b'0')))
    });
    if negative { -value } else { value }
}

impl Digits<'_> {
    fn len(&self) -> usize {
        self.whole.len() + self.fraction.len()
    }

    fn is_zero(&self) -> bool {
        self.len() == 0
    }

    fn sign(&self) -> i8 {
        match (self.is_zero(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// The power of ten just above the first digit.
    fn top(&self) -> i64 {
        self.exponent.saturating_add(i64::try_from(self.len()).unwrap_or(i64::MAX))
    }

    fn iter(&self) -> impl Iterator<Item = u8> {
        self.whole.iter().chain(self.fraction).copied()
    }
}

/// The JSON grammar of numbers.
fn is_number(text: &[u8]) -> bool {
    fn digits(text: &[u8]) -> Option<&[u8]> {
        let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        (length > 0).then(|| &text[length..])
    }
    fn rest(text: &[u8]) -> Option<&[u8]> {
        let text = text.strip_prefix(b"-").unwrap_or(text);
        let mut text = match text {
            [b'0', rest @ ..] => rest,
            _ => digits(text)?,
        };
        if let [b'.', rest @ ..] = text {
            text = digits(rest)?;
        }
        if let [b'e' | b'E', rest @ ..] = text {
            let rest = match rest {
                [b'+' | b'-', rest @ ..] => rest,
                _ => rest,
            };
            text = digits(rest)?;
        }
        Some(text)
    }
    rest(text).is_some_and(<[u8]>::is_empty)
}

impl FromStr for Decimal<'static> {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        Decimal::new(text.to_owned())
    }
}

impl From<i64> for Decimal<'static> {
    fn from(value: i64) -> Self {
        Decimal(Str::from(value.to_string()))
    }
}

impl fmt::Display for Decimal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A whole number (`integer`, `positiveInt`, `unsignedInt`), kept as text as every number is.
///
/// ```
/// use fhir_model::Integer;
/// let sequence = Integer::from(6);
/// assert_eq!(sequence.get(), Some(6));
/// assert_eq!(sequence, 6);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Integer<'a>(pub Decimal<'a>);

impl Integer<'_> {
    /// The value, or `None` when the record wrote something that is no 64-bit integer.
    pub fn get(&self) -> Option<i64> {
        self.0.to_i64().ok()
    }

    /// The same number without ties to the input.
    pub fn into_owned(self) -> Integer<'static> {
        Integer(self.0.into_owned())
    }
}

impl From<i64> for Integer<'static> {
    fn from(value: i64) -> Self {
        Integer(Decimal::from(value))
    }
}

impl PartialEq<i64> for Integer<'_> {
    fn eq(&self, other: &i64) -> bool {
        self.get() == Some(*other)
    }
}

impl fmt::Display for Integer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scaled(text: &str, scale: u32) -> Result<i128, DecimalError> {
        text.parse::<Decimal>().unwrap().to_scaled(scale)
    }

    #[test]
    fn scales_exactly_or_not_at_all() {
        assert_eq!(scaled("120.00", 2), Ok(12000));
        assert_eq!(scaled("120.00", 0), Ok(120));
        assert_eq!(scaled("0.10", 2), Ok(10));
        assert_eq!(scaled("0.10", 1), Ok(1));
        assert_eq!(scaled("-37.5", 2), Ok(-3750));
        assert_eq!(scaled("-0", 0), Ok(0));
        assert_eq!(scaled("-0.000", 0), Ok(0));
        assert_eq!(scaled("1.005", 2), Err(DecimalError::Inexact));
        assert_eq!(scaled("1E-17", 2), Err(DecimalError::Inexact));
        assert_eq!(scaled("1E-17", 17), Ok(1));
        assert_eq!(scaled("1.5e3", 0), Ok(1500));
        assert_eq!(scaled("12000e-2", 0), Ok(120));
        assert_eq!(scaled("0.00012e+5", 0), Ok(12));
        assert_eq!(scaled("1e999999999999999999999999", 0), Err(DecimalError::Overflow));
        assert_eq!(scaled("1e-999999999999999999999999", 9), Err(DecimalError::Inexact));
        assert_eq!(scaled("0e999999999999999999999999", 0), Ok(0));
        assert_eq!(scaled("1", u32::MAX), Err(DecimalError::Overflow));
        assert_eq!(scaled(&i128::MIN.to_string(), 0), Ok(i128::MIN));
        assert_eq!(scaled(&i128::MAX.to_string(), 0), Ok(i128::MAX));
        assert_eq!(
            scaled("170141183460469231731687303715884105728", 0),
            Err(DecimalError::Overflow)
        );
    }

    #[test]
    fn refuses_what_json_refuses() {
        for text in ["", "-", "+1", "01", "1.", ".5", "1e", "1e+", "NaN", "1 ", "0x1", "1.2.3"] {
            assert_eq!(Decimal::new(text), Err(DecimalError::NotANumber), "{text}");
        }
    }

    #[test]
    fn compares_by_value() {
        let cmp = |a: &str, b: &str| {
            a.parse::<Decimal>().unwrap().cmp_value(&b.parse::<Decimal>().unwrap())
        };
        assert_eq!(cmp("1.0", "10E-1"), Ordering::Equal);
        assert_eq!(cmp("-0", "0.00"), Ordering::Equal);
        assert_eq!(cmp("-2", "-1"), Ordering::Less);
        assert_eq!(cmp("0.5", "0.49"), Ordering::Greater);
        assert_eq!(cmp("12", "9"), Ordering::Greater);
        assert_eq!(cmp("1e400", "2"), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn scaling_inverts_writing(value in any::<i64>(), places in 0_u32..12) {
            let unit = 10_u128.pow(places);
            let size = u128::from(value.unsigned_abs());
            let sign = if value < 0 { "-" } else { "" };
            let width = places as usize;
            let text = if places == 0 {
                format!("{sign}{size}")
            } else {
                format!("{sign}{}.{:0width$}", size / unit, size % unit)
            };
            let number: Decimal = text.parse().unwrap();
            prop_assert_eq!(number.as_str(), &text);
            prop_assert_eq!(number.to_scaled(places), Ok(i128::from(value)));
            let written = Decimal::from_scaled(i128::from(value), places);
            prop_assert_eq!(written.as_str(), &text);
            prop_assert_eq!(number.to_scaled(places + 3), Ok(i128::from(value) * 1000));
        }

        #[test]
        fn exponents_move_the_point(value in any::<i32>(), exponent in -20_i64..20) {
            let number: Decimal = format!("{value}e{exponent}").parse().unwrap();
            let scale = u32::try_from((-exponent).max(0)).unwrap();
            let power = u32::try_from(exponent.max(0)).unwrap();
            prop_assert_eq!(number.to_scaled(scale), Ok(i128::from(value) * 10_i128.pow(power)));
        }

        #[test]
        fn agrees_with_integers(a in any::<i64>(), b in any::<i64>()) {
            prop_assert_eq!(Decimal::from(a).cmp_value(&Decimal::from(b)), a.cmp(&b));
            prop_assert_eq!(Integer::from(a).get(), Some(a));
        }

        #[test]
        fn any_text_is_safe(text in "[-+0-9.eE]{0,40}") {
            if let Ok(number) = Decimal::new(text.as_str()) {
                let _ = number.to_scaled(2);
                prop_assert_eq!(number.cmp_value(&number), Ordering::Equal);
                prop_assert!(text.parse::<f64>().is_ok());
            }
        }
    }
}

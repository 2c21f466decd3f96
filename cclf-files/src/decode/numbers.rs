//! Whole numbers and amounts.

use super::fault::Bad;
use crate::words::{self, is_blank, trimmed};

/// The most digits that the quick way takes: those of every column of CMS's.
const QUICK_DIGITS: usize = 18;

/// A whole number: blanks, a sign, blanks, digits, blanks. Blanks alone are none.
#[inline]
pub(super) fn whole(field: &[u8]) -> Result<Option<i64>, Bad> {
    if field.len() <= QUICK_DIGITS
        && let Some(value) = words::digits(field)
    {
        // 18 digits are fewer than 64 bits take.
        return Ok(Some(value.cast_signed()));
    }
    whole_slowly(field)
}

fn whole_slowly(field: &[u8]) -> Result<Option<i64>, Bad> {
    let Some((is_negative, digits)) = signed(field)? else { return Ok(None) };
    if digits.is_empty() {
        return Err(Bad);
    }
    digits
        .iter()
        .try_fold(0_i64, |value, byte| {
            let digit = i64::from(digit(*byte)?);
            value.checked_mul(10)?.checked_add(if is_negative { -digit } else { digit })
        })
        .map(Some)
        .ok_or(Bad)
}

/// How amounts of one column are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amounts {
    pub(super) precision: u8,
    decimals: u8,
    /// The unit, in the smallest of them.
    one: i128,
    /// The first size that has too many digits.
    limit: u128,
}

impl Amounts {
    pub(super) fn new(precision: u8, decimals: u8) -> Self {
        let one = 10_i128.pow(u32::from(decimals));
        Self { precision, decimals, one, limit: 10_u128.pow(u32::from(precision)) }
    }

    pub(super) fn scale(&self) -> i8 {
        self.decimals.cast_signed()
    }

    /// An amount: blanks, a sign, blanks, digits with or without a point and decimals, blanks. Blanks alone are none.
    #[inline]
    pub(super) fn read(&self, field: &[u8]) -> Result<Option<i128>, Bad> {
        match self.quick(field) {
            Some(value) if value.unsigned_abs() < self.limit => Ok(Some(value)),
            _ => self.slow(field),
        }
    }

    /// The form that CMS writes: a sign or a blank, digits in all places, a point, all decimals.
    #[inline]
    fn quick(&self, field: &[u8]) -> Option<i128> {
        let (sign, rest) = field.split_first()?;
        let (units, decimals) =
            rest.split_at_checked(rest.len().checked_sub(usize::from(self.decimals) + 1)?)?;
        let (point, decimals) = decimals.split_first()?;
        if *point != b'.' || units.len() > QUICK_DIGITS || units.is_empty() {
            return None;
        }
        let units = i128::from(words::digits(units)?);
        let size = units * self.one + i128::from(words::digits(decimals)?);
        match sign {
            b' ' => Some(size),
            b'-' => Some(-size),
            _ => None,
        }
    }

    fn slow(&self, field: &[u8]) -> Result<Option<i128>, Bad> {
        let Some((is_negative, text)) = signed(field)? else { return Ok(None) };
        let point = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
        let (units, decimals) = text.split_at(point);
        let decimals = decimals.strip_prefix(b".").unwrap_or_default();
        if units.is_empty() && decimals.is_empty() {
            return Err(Bad);
        }
        let (kept, more) = decimals.split_at(decimals.len().min(usize::from(self.decimals)));
        if more.iter().any(|byte| *byte != b'0') {
            return Err(Bad);
        }
        let missing = usize::from(self.decimals) - kept.len();
        let digits = units.iter().chain(kept).copied().chain(std::iter::repeat_n(b'0', missing));
        let mut size = 0_u128;
        for byte in digits {
            let digit = u128::from(digit(byte).ok_or(Bad)?);
            size = size.checked_mul(10).and_then(|size| size.checked_add(digit)).ok_or(Bad)?;
            if size >= self.limit {
                return Err(Bad);
            }
        }
        let size = i128::try_from(size).map_err(|_| Bad)?;
        Ok(Some(if is_negative { -size } else { size }))
    }
}

/// Whether there is a minus, and what follows the sign. `None` for blanks.
fn signed(field: &[u8]) -> Result<Option<(bool, &[u8])>, Bad> {
    if is_blank(field) {
        return Ok(None);
    }
    let text = trimmed(field);
    match text.split_first() {
        Some((b'-', rest)) => Ok(Some((true, trimmed(rest)))),
        Some((b'+', rest)) => Ok(Some((false, trimmed(rest)))),
        Some(_) => Ok(Some((false, text))),
        None => Err(Bad),
    }
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_may_have_signs_and_blanks() {
        for (text, value) in [
            ("0000000012", Ok(Some(12))),
            ("        12", Ok(Some(12))),
            ("12        ", Ok(Some(12))),
            ("+       12", Ok(Some(12))),
            ("-       12", Ok(Some(-12))),
            ("  -000012 ", Ok(Some(-12))),
            ("          ", Ok(None)),
            ("", Ok(None)),
            ("         -", Err(Bad)),
            ("1       2 ", Err(Bad)),
            ("12-       ", Err(Bad)),
            ("- -12     ", Err(Bad)),
            ("12.0      ", Err(Bad)),
            ("~         ", Err(Bad)),
            ("999999999999999999", Ok(Some(999_999_999_999_999_999))),
            ("99999999999999999999", Err(Bad)),
        ] {
            assert_eq!(whole(text.as_bytes()), value, "`{text}`");
        }
    }

    #[test]
    fn amounts_may_lack_what_goes_without_saying() {
        let amounts = Amounts::new(13, 2);
        for (text, value) in [
            (" 00000000098.21", Ok(Some(9821))),
            ("-00000000098.21", Ok(Some(-9821))),
            ("+00000000098.21", Ok(Some(9821))),
            ("000000000098.21", Ok(Some(9821))),
            ("-         98.21", Ok(Some(-9821))),
            ("         -98.21", Ok(Some(-9821))),
            ("98.21          ", Ok(Some(9821))),
            ("98.2           ", Ok(Some(9820))),
            ("98.            ", Ok(Some(9800))),
            ("98             ", Ok(Some(9800))),
            (".5             ", Ok(Some(50))),
            ("98.21000       ", Ok(Some(9821))),
            ("-00000000000.00", Ok(Some(0))),
            ("               ", Ok(None)),
            ("98.215         ", Err(Bad)),
            ("98.2.          ", Err(Bad)),
            ("9 8.21         ", Err(Bad)),
            ("98.21-         ", Err(Bad)),
            ("1,098.21       ", Err(Bad)),
            (".              ", Err(Bad)),
            ("-              ", Err(Bad)),
            ("--1            ", Err(Bad)),
            ("~              ", Err(Bad)),
            ("000000000098,21", Err(Bad)),
            (" 0000000009/.21", Err(Bad)),
            (" 99999999999.99", Ok(Some(9_999_999_999_999))),
            ("099999999999.99", Ok(Some(9_999_999_999_999))),
            ("100000000000.00", Err(Bad)),
        ] {
            assert_eq!(amounts.read(text.as_bytes()), value, "`{text}`");
        }
        let wide = Amounts::new(38, 4);
        assert_eq!(
            wide.read(b"9999999999999999999999999999999999.9999").map(Option::unwrap),
            Ok(99_999_999_999_999_999_999_999_999_999_999_999_999)
        );
        assert_eq!(wide.read(b"99999999999999999999999999999999999.9999"), Err(Bad));
    }
}

//! Made-up codes: procedures, diagnoses, drugs, MBIs. All follow from a number, none is looked up.

use crate::rng::Rng;

/// A short code of capital letters and digits, kept inline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ShortCode {
    bytes: [u8; 12],
    len: usize,
}

impl ShortCode {
    const EMPTY: Self = Self { bytes: [b'0'; 12], len: 0 };

    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    fn digit(&mut self, number: u32) {
        self.push(b'0' + (number % 10) as u8);
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }

    fn letter(&mut self, letters: &[u8], number: u32) {
        self.push(letters[number as usize % letters.len()]);
    }

    /// A made-up procedure code: five digits, or a letter and four digits.
    pub(crate) fn hcpcs(rng: &mut Rng) -> Self {
        let mut code = Self::EMPTY;
        let n = rng.below(20_000);
        match n % 4 {
            0 => code.letter(b"AEGJLQ", n / 4),
            _ => code.digit(9 - n / 4 % 3),
        }
        for place in [1, 10, 100, 1000] {
            code.digit(n / place);
        }
        code
    }

    /// A made-up drug code of eleven digits with the labeler 99999.
    pub(crate) fn ndc(number: u32) -> Self {
        let mut code = Self::EMPTY;
        for _ in 0..5 {
            code.digit(9);
        }
        for place in [100_000, 10_000, 1000, 100, 10, 1] {
            code.digit(number / place);
        }
        code
    }

    /// A made-up ICD-10 diagnosis code of 3 to 7 places without the dot.
    pub(crate) fn icd10(number: u32) -> Self {
        let mut code = Self::EMPTY;
        code.letter(b"ABCDEFGHIJKLMNOPQRSTZ", number * 7);
        code.digit(number);
        code.digit(number / 10);
        for place in 0..number % 5 {
            code.letter(b"0123456789AXDS", number / 3 + place * 5);
        }
        code
    }

    /// A made-up ICD-9 diagnosis code of 3 to 5 places.
    pub(crate) fn icd9(number: u32) -> Self {
        let mut code = Self::EMPTY;
        match number % 12 {
            0 => code.letter(b"V", 0),
            1 => {
                code.letter(b"E", 0);
                code.digit(8 + number % 2);
            }
            _ => code.digit(number / 5),
        }
        code.digit(number);
        code.digit(number / 10);
        for place in 0..(number % 3).min(if number % 12 == 1 { 1 } else { 2 }) {
            code.digit(number / 7 + place);
        }
        code
    }

    /// A made-up procedure code: seven places (ICD-10) or four digits (ICD-9).
    pub(crate) fn procedure(number: u32, icd10: bool) -> Self {
        let mut code = Self::EMPTY;
        for place in 0..if icd10 { 7 } else { 4 } {
            if icd10 {
                code.letter(b"0123456789BCDFGHJKLMNPQRSTVWXYZ", number / (place + 1) + place * 11);
            } else {
                code.digit(number / (place + 1) + place);
            }
        }
        code
    }

    /// The same code with a dot after so many places, if more follow.
    pub(crate) fn dotted(&self, after: usize) -> Self {
        if self.len <= after {
            return *self;
        }
        let mut code = Self::EMPTY;
        for (place, &byte) in self.bytes[..self.len].iter().enumerate() {
            if place == after {
                code.push(b'.');
            }
            code.push(byte);
        }
        code
    }

    /// A synthetic MBI: 11 places that begin 1S00. One to one for numbers below 240 million.
    pub(crate) fn mbi(number: u64) -> Self {
        const LETTERS: &[u8] = b"ACDEFGHJKMNPQRTUVWXY";
        const EITHER: &[u8] = b"0123456789ACDEFGHJKMNPQRTUVWXY";
        const DIGITS: &[u8] = b"0123456789";
        let mut code = Self::EMPTY;
        for byte in *b"1S00" {
            code.push(byte);
        }
        // The multiplier shares no factor with the 240 million numbers, so none is given twice.
        let mut left = number % MBIS * 104_729_003 % MBIS;
        for alphabet in [LETTERS, EITHER, DIGITS, LETTERS, LETTERS, DIGITS, DIGITS] {
            let len = alphabet.len() as u64;
            code.push(alphabet[usize::try_from(left % len).unwrap_or(0)]);
            left /= len;
        }
        code
    }
}

/// How many synthetic MBIs there are.
pub(crate) const MBIS: u64 = 20 * 30 * 10 * 20 * 20 * 10 * 10;

#[cfg(test)]
mod tests {
    use super::{MBIS, ShortCode};
    use std::collections::BTreeSet;

    #[test]
    fn mbis_are_distinct_and_well_formed() {
        assert_eq!(MBIS, 240_000_000);
        let mbis: BTreeSet<String> =
            (0..20_000).map(|n| ShortCode::mbi(n).as_str().to_owned()).collect();
        assert_eq!(mbis.len(), 20_000);
        assert!(mbis.iter().all(|m| m.len() == 11 && m.starts_with("1S00")));
    }

    #[test]
    fn dots_stand_before_what_follows() {
        let code = ShortCode::procedure(5, true);
        assert_eq!(code.dotted(7).as_str(), code.as_str());
        let dotted = code.dotted(3);
        assert_eq!(dotted.as_str().replace('.', ""), code.as_str());
        assert_eq!(dotted.as_str().find('.'), Some(3));
    }

    #[test]
    fn codes_have_their_lengths() {
        for number in 0..5000 {
            assert!((3..=7).contains(&ShortCode::icd10(number).as_str().len()));
            assert!((3..=5).contains(&ShortCode::icd9(number).as_str().len()));
            assert_eq!(ShortCode::ndc(number).as_str().len(), 11);
            assert_eq!(ShortCode::procedure(number, true).as_str().len(), 7);
            assert_eq!(ShortCode::procedure(number, false).as_str().len(), 4);
        }
    }
}

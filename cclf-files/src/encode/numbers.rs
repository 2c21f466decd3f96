//! Whole numbers and amounts.

use super::fault::FaultClass;

/// The digits of 0 to 99.
pub(super) const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let (mut tens, mut at) = (b'0', 0);
    while at < 100 {
        let mut ones = b'0';
        while ones <= b'9' {
            pairs[at] = [tens, ones];
            ones += 1;
            at += 1;
        }
        tens += 1;
    }
    pairs
};

/// The value of the ninth digit from the right.
const EIGHT_DIGITS: u64 = 100_000_000;
/// The value of the seventeenth digit from the right.
const SIXTEEN_DIGITS: u128 = 10_000_000_000_000_000;

/// How many decimals there are.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    decimals: usize,
    one: u64,
}

impl Scale {
    pub(super) fn new(scale: u8) -> Self {
        // CMS has 2 and 4; the layout cannot have others, as its columns are CMS's.
        Self { decimals: usize::from(scale), one: 10_u64.pow(u32::from(scale.min(18))) }
    }

    /// Whole units and the rest. Divisors that the compiler knows become multiplications.
    #[inline]
    fn split(self, value: u64) -> (u64, u64) {
        match self.one {
            100 => (value / 100, value % 100),
            10_000 => (value / 10_000, value % 10_000),
            one => (value / one, value % one),
        }
    }
}

/// Writes the digits of a number right in a place, and zeros on the left. False if there are more digits than places.
#[inline]
pub(super) fn digits(mut value: u64, field: &mut [u8]) -> bool {
    let mut eights = field.rchunks_exact_mut(8);
    for chunk in &mut eights {
        chunk.copy_from_slice(&eight_digits(value % EIGHT_DIGITS));
        value /= EIGHT_DIGITS;
    }
    let mut twos = eights.into_remainder().rchunks_exact_mut(2);
    for chunk in &mut twos {
        chunk.copy_from_slice(&PAIRS[usize::try_from(value % 100).unwrap_or_default()]);
        value /= 100;
    }
    if let Some(last) = twos.into_remainder().first_mut() {
        *last = PAIRS[usize::try_from(value % 10).unwrap_or_default()][1];
        value /= 10;
    }
    value == 0
}

/// The digits of a number below 100,000,000: four, two and one at a time in the lanes of one word.
#[inline]
fn eight_digits(value: u64) -> [u8; 8] {
    let fours = (value / 10_000) | ((value % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | ((twos - tens * 10) << 8);
    (ones | 0x3030_3030_3030_3030).to_le_bytes()
}

/// Writes an amount: sign, digits with zeros on the left, point, decimals.
#[inline]
pub(super) fn amount(value: i128, scale: Scale, field: &mut [u8]) -> Result<(), FaultClass> {
    let point = field.len().checked_sub(scale.decimals + 1).ok_or(FaultClass::Width)?;
    let (left, decimals) = field.split_at_mut(point);
    let (dot, decimals) = decimals.split_first_mut().ok_or(FaultClass::Width)?;
    let (sign, whole) = left.split_first_mut().ok_or(FaultClass::Width)?;
    if value < 0 {
        *sign = b'-';
    }
    *dot = b'.';
    let size = value.unsigned_abs();
    let fits = if let Ok(size) = u64::try_from(size) {
        let (units, rest) = scale.split(size);
        digits(rest, decimals) & digits(units, whole)
    } else {
        let one = u128::from(scale.one);
        // The rest is below `one`.
        digits(u64::try_from(size % one).unwrap_or_default(), decimals)
            & many_digits(size / one, whole)
    };
    if fits { Ok(()) } else { Err(FaultClass::Width) }
}

/// The same as [`digits`], for numbers of more than 64 bits.
fn many_digits(value: u128, field: &mut [u8]) -> bool {
    match u64::try_from(value) {
        Ok(value) => digits(value, field),
        Err(_) if field.len() <= 16 => false,
        Err(_) => {
            let (left, right) = field.split_at_mut(field.len() - 16);
            let low = u64::try_from(value % SIXTEEN_DIGITS).unwrap_or_default();
            digits(low, right) & many_digits(value / SIXTEEN_DIGITS, left)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: i128, scale: u8, width: usize) -> Option<String> {
        let mut field = vec![b' '; width];
        amount(value, Scale::new(scale), &mut field).ok()?;
        String::from_utf8(field).ok()
    }

    #[test]
    fn eight_digits_are_those_of_the_number() {
        for value in (0..EIGHT_DIGITS).step_by(99_991).chain([9, 10, 99, 9_999, 99_999_999]) {
            assert_eq!(eight_digits(value), *format!("{value:08}").as_bytes());
        }
    }

    #[test]
    fn digits_fill_their_place() {
        for (value, width, written) in [
            (0, 1, Some("0")),
            (7, 2, Some("07")),
            (123, 3, Some("123")),
            (1234, 3, None),
            (123_456_789, 9, Some("123456789")),
            (1_234_567_890, 10, Some("1234567890")),
            (12, 18, Some("000000000000000012")),
            (u64::MAX, 20, Some("18446744073709551615")),
            (u64::MAX, 19, None),
        ] {
            let mut field = vec![b' '; width];
            let fits = digits(value, &mut field);
            assert_eq!(fits.then_some(&*field), written.map(str::as_bytes), "{value} in {width}");
        }
    }

    #[test]
    fn amounts_have_a_place_for_the_sign() {
        assert_eq!(text(1_187_642, 2, 17).unwrap(), " 0000000011876.42");
        assert_eq!(text(-1, 2, 17).unwrap(), "-0000000000000.01");
        assert_eq!(text(0, 4, 24).unwrap(), " 000000000000000000.0000");
        assert_eq!(
            text(-9_999_999_999_999_999_999_999, 4, 24).unwrap(),
            "-999999999999999999.9999"
        );
        assert_eq!(text(10_000_000_000_000_000_000_000, 4, 24), None);
        assert_eq!(text(99_999_999_999, 2, 13).unwrap(), " 999999999.99");
        assert_eq!(text(100_000_000_000, 2, 13), None);
        assert_eq!(text(i128::MIN, 2, 24), None);
        assert_eq!(text(i128::MIN, 2, 41).unwrap(), "-1701411834604692317316873037158841057.28");
    }
}

//! Bytes of a place, eight at a time.

/// Eight blanks.
const BLANKS: [u8; 8] = [b' '; 8];
/// Eight times the digit 0.
const ZEROS: u64 = 0x3030_3030_3030_3030;
/// What carries into the upper half of a byte from ten on.
const CARRY: u64 = 0x0606_0606_0606_0606;
const UPPER: u64 = 0xf0f0_f0f0_f0f0_f0f0;
/// What the first eight digits of sixteen are worth.
const EIGHT_DIGITS: u64 = 100_000_000;

/// Whether all are blanks.
#[inline]
pub(crate) fn is_blank(field: &[u8]) -> bool {
    trimmed_end(field).is_empty()
}

/// Without the blanks on both sides.
#[inline]
pub(crate) fn trimmed(field: &[u8]) -> &[u8] {
    let mut field = trimmed_end(field);
    while let Some((b' ', rest)) = field.split_first() {
        field = rest;
    }
    field
}

/// Without the blanks on the right.
#[inline]
pub(crate) fn trimmed_end(mut field: &[u8]) -> &[u8] {
    while let Some((rest, &BLANKS)) = field.split_last_chunk() {
        field = rest;
    }
    while let Some((b' ', rest)) = field.split_last() {
        field = rest;
    }
    field
}

/// Whether a text without blanks around it says that there is no value: nothing, or `~` alone.
#[inline]
pub(crate) fn is_not_available(text: &[u8]) -> bool {
    text.iter().all(|byte| *byte == b'~')
}

/// The number that up to 18 digits make. `None` if there are none, or other characters.
#[inline]
pub(crate) fn digits(field: &[u8]) -> Option<u64> {
    let (mut value, rest) = match field.first_chunk() {
        // The digits before the last whole words are moved up, past zeros.
        Some(first) => {
            let (head, rest) = field.split_at(field.len() % 8);
            let word = u64::from_le_bytes(*first) ^ ZEROS;
            let value = if head.is_empty() { 0 } else { eight(word << (64 - 8 * head.len()))? };
            (value, rest)
        }
        None if field.is_empty() => return None,
        None => {
            let mut value = 0;
            let mut wrong = 0;
            for byte in field {
                let digit = byte ^ b'0';
                wrong |= digit | (digit.wrapping_add(6));
                value = value * 10 + u64::from(digit);
            }
            return if wrong & 0xf0 == 0 { Some(value) } else { None };
        }
    };
    for chunk in rest.as_chunks::<8>().0 {
        value = value * EIGHT_DIGITS + eight(u64::from_le_bytes(*chunk) ^ ZEROS)?;
    }
    Some(value)
}

/// The number of eight digits, the first of which is in the lowest byte: pairs, fours, all.
#[inline]
fn eight(digits: u64) -> Option<u64> {
    if (digits | digits.wrapping_add(CARRY)) & UPPER != 0 {
        return None;
    }
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_in_any_number() {
        for width in 1..=18 {
            for value in [0, 1, 9, 98_765_432_101_234_567, 999_999_999_999_999_999] {
                let value = value % 10_u64.pow(width);
                let text = format!("{value:0width$}", width = width as usize);
                assert_eq!(digits(text.as_bytes()), Some(value), "{text}");
                for at in 0..text.len() {
                    for wrong in [b' ', b'/', b':', b'-', b'.', 0, 0xb0, 0xff] {
                        let mut bytes = text.clone().into_bytes();
                        bytes[at] = wrong;
                        assert_eq!(digits(&bytes), None, "{bytes:?}");
                    }
                }
            }
        }
        assert_eq!(digits(b""), None);
    }

    #[test]
    fn blanks_go_on_both_sides() {
        for (text, rest) in [
            ("", ""),
            (" ", ""),
            ("                    ", ""),
            ("   A B          ", "A B"),
            ("           A", "A"),
            ("A                ", "A"),
        ] {
            assert_eq!(trimmed(text.as_bytes()), rest.as_bytes(), "`{text}`");
            assert_eq!(is_blank(text.as_bytes()), rest.is_empty());
        }
    }
}

//! The byte loops: strings, numbers, literals. Everything here works on bytes known to be UTF-8.

use crate::error::{Error, ErrorKind};

const LOW_BITS: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// High bit set in every byte of `word` that is a quote, a backslash or below 0x20.
/// Bits above the lowest set one may be wrong (borrows), the lowest never is.
#[inline]
const fn special_bytes(word: u64) -> u64 {
    // A quote is 0x22: with bit 1 flipped it stands right after the control characters, which stay
    // among themselves, and the two characters between (0x20 and 0x21) go above it.
    let flipped = word ^ (LOW_BITS * 0x02);
    let backslash = word ^ (LOW_BITS * b'\\' as u64);
    let is_control_or_quote = flipped.wrapping_sub(LOW_BITS * 0x21) & !flipped;
    let is_backslash = backslash.wrapping_sub(LOW_BITS) & !backslash;
    (is_control_or_quote | is_backslash) & HIGH_BITS
}

#[inline]
fn word(bytes: &[u8; 16], at: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(word)
}

/// Index of the first quote, backslash or control byte at or after `pos`.
#[inline]
fn next_special(bytes: &[u8], mut pos: usize) -> Option<usize> {
    // Two words a step: most names and values end within one, so the branch is easily foretold.
    while let Some(chunk) = bytes.get(pos..).and_then(|rest| rest.first_chunk::<16>()) {
        let low = special_bytes(word(chunk, 0));
        let high = special_bytes(word(chunk, 8));
        if low | high != 0 {
            let (hits, base) = if low != 0 { (low, pos) } else { (high, pos + 8) };
            return Some(base + (hits.trailing_zeros() / 8) as usize);
        }
        pos += 16;
    }
    while let Some(&byte) = bytes.get(pos) {
        if byte == b'"' || byte == b'\\' || byte < 0x20 {
            return Some(pos);
        }
        pos += 1;
    }
    None
}

/// Checks the string whose first content byte is at `start` (after its quote).
/// Gives the index of the closing quote and whether the content holds escapes.
#[inline]
pub(crate) fn string(bytes: &[u8], start: usize) -> Result<(usize, bool), Error> {
    let mut escaped = false;
    let mut pos = start;
    loop {
        let Some(hit) = next_special(bytes, pos) else {
            return Err(Error::new(ErrorKind::UnexpectedEnd, bytes.len()));
        };
        match bytes[hit] {
            b'"' => return Ok((hit, escaped)),
            b'\\' => {
                escaped = true;
                pos = escape(bytes, hit)?;
            }
            _ => return Err(Error::new(ErrorKind::ControlCharacter, hit)),
        }
    }
}

/// Checks the escape whose backslash is at `pos`; gives the index after it (after both halves of a pair).
pub(crate) fn escape(bytes: &[u8], pos: usize) -> Result<usize, Error> {
    match bytes.get(pos + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(pos + 2),
        Some(b'u') => match hex4(bytes, pos)? {
            0 => Err(Error::new(ErrorKind::NulCharacter, pos)),
            0xD800..=0xDBFF => match (bytes.get(pos + 6), bytes.get(pos + 7)) {
                (Some(b'\\'), Some(b'u')) => match hex4(bytes, pos + 6)? {
                    0xDC00..=0xDFFF => Ok(pos + 12),
                    _ => Err(Error::new(ErrorKind::LoneSurrogate, pos)),
                },
                (None | Some(b'\\'), None) => {
                    Err(Error::new(ErrorKind::UnexpectedEnd, bytes.len()))
                }
                _ => Err(Error::new(ErrorKind::LoneSurrogate, pos)),
            },
            0xDC00..=0xDFFF => Err(Error::new(ErrorKind::LoneSurrogate, pos)),
            _ => Ok(pos + 6),
        },
        Some(_) => Err(Error::new(ErrorKind::BadEscape, pos)),
        None => Err(Error::new(ErrorKind::UnexpectedEnd, bytes.len())),
    }
}

/// The four hexadecimal digits of the `\u` escape whose backslash is at `pos`.
pub(crate) fn hex4(bytes: &[u8], pos: usize) -> Result<u32, Error> {
    let mut value = 0;
    for at in pos + 2..pos + 6 {
        let digit = match bytes.get(at) {
            Some(byte @ b'0'..=b'9') => byte - b'0',
            Some(byte @ b'a'..=b'f') => byte - b'a' + 10,
            Some(byte @ b'A'..=b'F') => byte - b'A' + 10,
            Some(_) => return Err(Error::new(ErrorKind::BadEscape, pos)),
            None => return Err(Error::new(ErrorKind::UnexpectedEnd, bytes.len())),
        };
        value = value << 4 | u32::from(digit);
    }
    Ok(value)
}

fn digits(bytes: &[u8], mut pos: usize) -> usize {
    while bytes.get(pos).is_some_and(u8::is_ascii_digit) {
        pos += 1;
    }
    pos
}

/// Checks the number that starts at `start`; gives the index after it.
#[inline]
pub(crate) fn number(bytes: &[u8], start: usize) -> Result<usize, Error> {
    let bad = |at: usize| {
        let kind = if at >= bytes.len() { ErrorKind::UnexpectedEnd } else { ErrorKind::BadNumber };
        Err(Error::new(kind, at))
    };
    let mut pos = start + usize::from(bytes.get(start) == Some(&b'-'));
    match bytes.get(pos) {
        Some(b'0') => pos += 1,
        Some(b'1'..=b'9') => pos = digits(bytes, pos),
        _ => return bad(pos),
    }
    if bytes.get(pos) == Some(&b'.') {
        let fraction = pos + 1;
        pos = digits(bytes, fraction);
        if pos == fraction {
            return bad(pos);
        }
    }
    if matches!(bytes.get(pos), Some(b'e' | b'E')) {
        let exponent = pos + 1 + usize::from(matches!(bytes.get(pos + 1), Some(b'+' | b'-')));
        pos = digits(bytes, exponent);
        if pos == exponent {
            return bad(pos);
        }
    }
    match bytes.get(pos) {
        // A number must not run into a word or a second number: `1x`, `01`, `1.2.3`.
        Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_') => {
            Err(Error::new(ErrorKind::BadNumber, pos))
        }
        _ => Ok(pos),
    }
}

/// Index after the number that starts at `start` and is known to be good.
#[inline]
pub(crate) fn number_end(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E');
    start + rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len())
}

/// Checks that `word` stands at `start`, and nothing runs into it; gives the index after it.
#[inline]
pub(crate) fn literal(bytes: &[u8], start: usize, word: &'static [u8]) -> Result<usize, Error> {
    let end = start + word.len();
    if bytes.get(start..end) == Some(word) {
        return match bytes.get(end) {
            Some(byte) if byte.is_ascii_alphanumeric() || *byte == b'_' => {
                Err(Error::new(ErrorKind::BadLiteral, start))
            }
            _ => Ok(end),
        };
    }
    let rest = bytes.get(start..).unwrap_or_default();
    if word.starts_with(rest) {
        Err(Error::new(ErrorKind::UnexpectedEnd, bytes.len()))
    } else {
        Err(Error::new(ErrorKind::BadLiteral, start))
    }
}

/// Index of the first byte at or after `pos` that is not JSON white space.
#[inline]
pub(crate) fn white_space(bytes: &[u8], mut pos: usize) -> usize {
    while matches!(bytes.get(pos), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        pos += 1;
    }
    pos
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_at_every_place_and_length() {
        for len in 0..40 {
            for special in [b'"', b'\\', 0x00, 0x1f, b'\n'] {
                for at in 0..len {
                    let mut bytes = vec![b'!'; len];
                    bytes[at] = special;
                    assert_eq!(next_special(&bytes, 0), Some(at), "{special:#x} at {at} of {len}");
                }
            }
            assert_eq!(next_special(&vec![0xC3; len], 0), None);
            assert_eq!(next_special(&vec![0x20; len], 0), None);
            assert_eq!(next_special(&vec![0x7f; len], 0), None);
        }
    }

    #[test]
    fn every_pair_of_bytes_is_seen_as_one_by_one() {
        let special = |byte: u8| byte == b'"' || byte == b'\\' || byte < 0x20;
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                for at in [0, 3, 7, 14] {
                    let mut bytes = [b'!'; 16];
                    bytes[at] = first;
                    bytes[at + 1] = second;
                    let expected = bytes.iter().position(|byte| special(*byte));
                    assert_eq!(next_special(&bytes, 0), expected, "{first:#x} {second:#x} at {at}");
                }
            }
        }
    }
}

//! Columns of texts, which take what comes.

use std::borrow::Cow;
use std::sync::Arc;

use cclf_crosswalk::arrow::array::{ArrayRef, StringArray};
use cclf_crosswalk::arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use cclf_crosswalk::arrow::error::ArrowError;

use super::columns::nulls;
use crate::layout::{Kind, Place, Zeros};
use crate::words::{is_not_available, trimmed};

/// Sixteen blanks in one word.
const BLANKS: u128 = u128::from_le_bytes([b' '; 16]);
/// A `~` and blanks, less the blanks.
const TILDE: u128 = (b'~' ^ b' ') as u128;

/// The texts of one column.
pub(super) struct Texts {
    /// Zeros on the left of digits are not kept.
    is_number: bool,
    /// Where each text ends.
    ends: Vec<i32>,
    bytes: Vec<u8>,
    /// A byte for each row: bits are made of them at the end, 64 at once.
    is_valid: Vec<bool>,
}

impl Texts {
    pub(super) fn new(kind: Kind) -> Self {
        let is_number = matches!(kind, Kind::Digits(Zeros::Dropped) | Kind::DigitsOrText);
        Self { is_number, ends: vec![0], bytes: Vec::new(), is_valid: Vec::new() }
    }

    /// Appends the text of each line, all of which are of ASCII.
    pub(super) fn append_ascii(&mut self, place: &Place, lines: &[&[u8]]) {
        // With a width that the compiler knows a text is moved whole, blanks and all, and the next one begins where the
        // blanks do: no call, and no branch on a length.
        match (self.is_number, place.width) {
            (true, _) => self.append_by(place, lines, |field| number(trimmed(field))),
            (_, 1) => self.append_words::<1>(place, lines),
            (_, 2) => self.append_words::<2>(place, lines),
            (_, 3) => self.append_words::<3>(place, lines),
            (_, 4) => self.append_words::<4>(place, lines),
            (_, 5) => self.append_words::<5>(place, lines),
            (_, 6) => self.append_words::<6>(place, lines),
            (_, 7) => self.append_words::<7>(place, lines),
            (_, 10) => self.append_words::<10>(place, lines),
            (_, 11) => self.append_words::<11>(place, lines),
            _ => self.append_by(place, lines, trimmed),
        }
    }

    fn append_words<const WIDTH: usize>(&mut self, place: &Place, lines: &[&[u8]]) {
        let mut end = self.bytes.len();
        self.room(WIDTH * lines.len());
        self.bytes.resize(end + WIDTH * lines.len(), 0);
        for line in lines {
            // The width is the place's, by the choice above.
            let Some(field) = line[place.start..].first_chunk::<WIDTH>() else { return };
            let mut word = [b' '; 16];
            word[..WIDTH].copy_from_slice(field);
            let word = u128::from_le_bytes(word) ^ BLANKS;
            let is_valid = word != 0 && word != TILDE;
            // A blank first, or a `~` and more: left to the plain way.
            if is_valid && (field[0] == b' ' || field[0] == b'~') {
                let text = trimmed(field);
                let is_valid = !is_not_available(text);
                if is_valid {
                    self.bytes[end..end + text.len()].copy_from_slice(text);
                    end += text.len();
                }
                self.push_end(end, is_valid);
                continue;
            }
            self.bytes[end..end + WIDTH].copy_from_slice(field);
            end += if is_valid { 16 - word.leading_zeros() as usize / 8 } else { 0 };
            self.push_end(end, is_valid);
        }
        self.bytes.truncate(end);
    }

    #[inline]
    fn append_by(&mut self, place: &Place, lines: &[&[u8]], text: impl Fn(&[u8]) -> &[u8]) {
        self.room(place.width * lines.len());
        for line in lines {
            let text = text(place.of(line));
            let is_valid = !is_not_available(text);
            if is_valid {
                self.bytes.extend_from_slice(text);
            }
            self.push_end(self.bytes.len(), is_valid);
        }
    }

    /// Appends the text of each line, and says of which it was read as Latin-1.
    pub(super) fn append(&mut self, place: &Place, lines: &[&[u8]], is_latin1: &mut [bool]) {
        // A character of Latin-1 has two bytes at most.
        self.room(2 * place.width * lines.len());
        for (line, is_latin1) in lines.iter().zip(is_latin1) {
            let text = trimmed(place.of(line));
            let text = if self.is_number { number(text) } else { text };
            let is_valid = !is_not_available(text);
            if is_valid {
                let text = if let Ok(text) = std::str::from_utf8(text) {
                    Cow::Borrowed(text)
                } else {
                    *is_latin1 = true;
                    Cow::Owned(text.iter().copied().map(char::from).collect())
                };
                self.bytes.extend_from_slice(text.as_bytes());
            }
            self.push_end(self.bytes.len(), is_valid);
        }
    }

    /// Makes sure that offsets can tell where texts end.
    fn room(&mut self, more: usize) {
        let most = self.bytes.len() + more;
        assert!(i32::try_from(most).is_ok(), "a column has 2 GiB of text: finish batches sooner");
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "see `room`")]
    fn push_end(&mut self, end: usize, is_valid: bool) {
        self.ends.push(end as i32);
        self.is_valid.push(is_valid);
    }

    /// The column so far; the next one is empty.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let mut ends = Vec::with_capacity(self.ends.len());
        ends.push(0);
        let offsets = ScalarBuffer::from(std::mem::replace(&mut self.ends, ends));
        let room = Vec::with_capacity(self.bytes.len());
        let bytes = Buffer::from_vec(std::mem::replace(&mut self.bytes, room));
        let nulls = nulls(&mut self.is_valid);
        Ok(Arc::new(StringArray::try_new(OffsetBuffer::new(offsets), bytes, nulls)?))
    }
}

/// Without the zeros on the left of digits; the last digit stays.
#[inline]
fn number(text: &[u8]) -> &[u8] {
    let is_number = text.iter().fold(true, |all, byte| all & byte.is_ascii_digit());
    let zeros = text.iter().position(|byte| *byte != b'0').unwrap_or(text.len().saturating_sub(1));
    if is_number { &text[zeros..] } else { text }
}

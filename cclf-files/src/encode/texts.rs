//! Texts and texts of digits.

use cclf_crosswalk::arrow::array::{Array, StringArray};
use cclf_crosswalk::arrow::buffer::NullBuffer;

use super::block::Block;
use super::fault::FaultClass;
use crate::layout::Place;

/// The texts of one column.
pub(super) struct Texts<'a> {
    offsets: &'a [i32],
    bytes: &'a [u8],
    /// All characters of all of them can stand in a file.
    is_plain: bool,
}

impl<'a> Texts<'a> {
    pub(super) fn new(array: &'a StringArray) -> Self {
        let (offsets, bytes) = (array.value_offsets(), array.value_data());
        let used = match (offsets.first(), offsets.last()) {
            (Some(first), Some(last)) if !array.is_empty() => &bytes[at(*first)..at(*last)],
            _ => &[],
        };
        Self { offsets, bytes, is_plain: is_plain(used) }
    }

    #[inline]
    fn get(&self, row: usize) -> &'a [u8] {
        &self.bytes[at(self.offsets[row])..at(self.offsets[row + 1])]
    }

    /// Left in their places.
    pub(super) fn write_text(
        &self,
        place: &Place,
        nulls: Option<&NullBuffer>,
        block: &mut Block<'_>,
    ) {
        // Nearly all values of a code are as wide as its place, and a move of a known length is no call.
        match place.width {
            1 => self.write_codes::<1>(place, nulls, block),
            2 => self.write_codes::<2>(place, nulls, block),
            3 => self.write_codes::<3>(place, nulls, block),
            4 => self.write_codes::<4>(place, nulls, block),
            5 => self.write_codes::<5>(place, nulls, block),
            6 => self.write_codes::<6>(place, nulls, block),
            7 => self.write_codes::<7>(place, nulls, block),
            10 => self.write_codes::<10>(place, nulls, block),
            11 => self.write_codes::<11>(place, nulls, block),
            _ => block.fill(place, |row, field| {
                if is_null(nulls, row) { Ok(()) } else { self.text_into(row, field) }
            }),
        }
    }

    fn write_codes<const WIDTH: usize>(
        &self,
        place: &Place,
        nulls: Option<&NullBuffer>,
        block: &mut Block<'_>,
    ) {
        block.fill_exactly::<WIDTH>(place, |row, field| {
            if is_null(nulls, row) {
                return Ok(());
            }
            let text = self.get(row);
            match text.first_chunk() {
                Some(chunk) if text.len() == WIDTH && self.is_plain => *field = *chunk,
                _ => return self.text_into(row, field),
            }
            Ok(())
        });
    }

    fn text_into(&self, row: usize, field: &mut [u8]) -> Result<(), FaultClass> {
        let text = self.get(row);
        if !self.is_plain && !is_plain(text) {
            return Err(FaultClass::Text);
        }
        field.get_mut(..text.len()).ok_or(FaultClass::Width)?.copy_from_slice(text);
        Ok(())
    }

    /// Right in their places, with zeros on the left. What is not digits is a fault where `is_strict`, else it is written
    /// as a text.
    pub(super) fn write_digits(
        &self,
        place: &Place,
        is_strict: bool,
        nulls: Option<&NullBuffer>,
        block: &mut Block<'_>,
    ) {
        block.fill(place, |row, field| {
            if is_null(nulls, row) { Ok(()) } else { self.digits_into(row, is_strict, field) }
        });
    }

    #[inline]
    pub(super) fn digits_into(
        &self,
        row: usize,
        is_strict: bool,
        field: &mut [u8],
    ) -> Result<(), FaultClass> {
        let text = self.get(row);
        let is_number =
            !text.is_empty() && text.iter().fold(true, |all, b| all & b.is_ascii_digit());
        if !is_number {
            return match self.text_into(row, field) {
                Ok(()) if is_strict => Err(FaultClass::Width),
                other => other,
            };
        }
        let zeros = field.len().checked_sub(text.len()).ok_or(FaultClass::Width)?;
        let (left, right) = field.split_at_mut(zeros);
        left.fill(b'0');
        right.copy_from_slice(text);
        Ok(())
    }
}

#[inline]
fn is_null(nulls: Option<&NullBuffer>, row: usize) -> bool {
    nulls.is_some_and(|nulls| nulls.is_null(row))
}

/// An offset, which Arrow holds not to be below zero.
#[inline]
fn at(offset: i32) -> usize {
    offset.cast_unsigned() as usize
}

/// Whether all are characters of ASCII that are printed. (Without a way out in the middle, so that it goes by vectors.)
fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & matches!(byte, b' '..=b'~'))
}

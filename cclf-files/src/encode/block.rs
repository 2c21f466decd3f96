//! Records of some rows, side by side, while their columns are filled in.

use super::fault::{Fault, FaultClass};
use crate::layout::Place;

/// The records of some rows at the end of the output, each with its line feed.
pub(super) struct Block<'a> {
    out: &'a mut Vec<u8>,
    /// Where the first record begins.
    begin: usize,
    /// Bytes from one record to the next.
    stride: usize,
    /// The rows of the batch.
    rows: &'a [usize],
    /// The first fault of each row that has one, as they were found, with the row's place in `rows`.
    faults: Vec<(usize, Fault)>,
}

impl<'a> Block<'a> {
    /// Records of blanks.
    pub(super) fn new(record_length: usize, rows: &'a [usize], out: &'a mut Vec<u8>) -> Self {
        let (begin, stride) = (out.len(), record_length + 1);
        out.resize(begin + rows.len() * stride, b' ');
        for record in out[begin..].chunks_exact_mut(stride) {
            record[record_length] = b'\n';
        }
        Self { out, begin, stride, rows, faults: Vec::new() }
    }

    /// Fills in one column: `fill` gets a row of the batch and the bytes of its place, which are blank.
    #[inline]
    pub(super) fn fill(
        &mut self,
        place: &Place,
        mut fill: impl FnMut(usize, &mut [u8]) -> Result<(), FaultClass>,
    ) {
        let (start, end) = (place.start, place.end());
        let records = self.out[self.begin..].chunks_exact_mut(self.stride);
        for (index, (record, row)) in records.zip(self.rows).enumerate() {
            if let Err(class) = fill(*row, &mut record[start..end]) {
                let Place { column, name, .. } = *place;
                self.faults.push((index, Fault { row: *row, column, name, class }));
            }
        }
    }

    /// The same for a width that the compiler knows, which makes moves of known lengths.
    #[inline]
    pub(super) fn fill_exactly<const WIDTH: usize>(
        &mut self,
        place: &Place,
        mut fill: impl FnMut(usize, &mut [u8; WIDTH]) -> Result<(), FaultClass>,
    ) {
        self.fill(place, |row, field| match field.first_chunk_mut() {
            Some(field) => fill(row, field),
            None => Err(FaultClass::Width),
        });
    }

    /// Takes out the records of rows with faults, and says which these are.
    pub(super) fn finish(mut self, faults: &mut Vec<Fault>) {
        if self.faults.is_empty() {
            return;
        }
        // A stable order: of one row's faults the one in the first column comes first.
        self.faults.sort_by_key(|(index, _)| *index);
        self.faults.dedup_by_key(|(index, _)| *index);
        let mut kept = self.begin;
        let mut from = 0;
        let ends = self.faults.iter().map(|(index, _)| *index).chain([self.rows.len()]);
        for end in ends {
            let bytes = self.begin + from * self.stride..self.begin + end * self.stride;
            let length = bytes.len();
            self.out.copy_within(bytes, kept);
            kept += length;
            from = end + 1;
        }
        self.out.truncate(kept);
        faults.extend(self.faults.into_iter().map(|(_, fault)| fault));
    }
}

//! Records of fixed width as rows of record batches.

mod columns;
mod dates;
mod fault;
mod numbers;
mod texts;

use std::fmt;
use std::sync::Arc;

use cclf_crosswalk::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use cclf_crosswalk::arrow::datatypes::{Field, Schema, SchemaRef};
use cclf_crosswalk::arrow::error::ArrowError;

use crate::layout::{Layout, Place, columns};
pub use fault::{LineFault, LineFaultClass};

use columns::Column;
use texts::Texts;

/// Records that are decoded together, column by column. Their bytes stay in the second cache.
const BLOCK_LINES: usize = 256;

/// Makes rows of the records of one table.
///
/// The rows have all columns that CMS has for the table, in its order and with the crosswalk's types. Columns that the
/// layout lacks are null.
///
/// # Example
/// ```
/// use cclf_crosswalk::Table;
/// use cclf_files::{Decoder, Layout};
///
/// let mut decoder = Decoder::new(&Layout::of_length(Table::Cclf9, 55)?);
/// decoder.line(b"M1S00A00ZA011S00A00ZA812018-05-012023-02-28            ")?;
/// assert!(decoder.line(b"M1S00A00ZA01").is_err());
/// let batch = decoder.finish()?;
/// assert_eq!((batch.num_rows(), batch.num_columns()), (1, 6));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Decoder {
    layout: Layout,
    schema: SchemaRef,
    /// Columns whose values can be at fault, each with its place.
    checked: Vec<(Place, Column)>,
    /// Columns that take what comes.
    texts: Vec<(Place, Texts)>,
    rows: usize,
    latin1: u64,
    /// Of the records at hand: whether a text of it was read as Latin-1.
    is_latin1: Vec<bool>,
}

/// Without what was read, which is of patients.
impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("table", &self.layout.table())
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl Decoder {
    /// A decoder of records of this layout.
    pub fn new(layout: &Layout) -> Self {
        let all = columns(layout.table());
        let fields: Vec<_> = all
            .iter()
            .map(|column| Field::new(&column.name, column.column_type.arrow(), true))
            .collect();
        let (mut checked, mut texts) = (Vec::new(), Vec::new());
        for place in layout.places() {
            match Column::new(place.kind, all[place.column].column_type) {
                Some(column) => checked.push((*place, column)),
                None => texts.push((*place, Texts::new(place.kind))),
            }
        }
        Self {
            layout: layout.clone(),
            schema: Arc::new(Schema::new(fields)),
            checked,
            texts,
            rows: 0,
            latin1: 0,
            is_latin1: Vec::new(),
        }
    }

    /// The layout.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The schema of the batches.
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows since the last batch.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Records so far that had bytes above 127 which were not UTF-8, and were read as Latin-1.
    pub const fn latin1(&self) -> u64 {
        self.latin1
    }

    /// Appends the row of one record, of which neither line feed nor carriage return is a part. Many at once are faster:
    /// see [`Self::lines`].
    ///
    /// # Errors
    /// The record has no row. Nothing of it is appended.
    ///
    /// # Panics
    /// One column has 2 GiB of text since the last batch.
    pub fn line(&mut self, line: &[u8]) -> Result<(), LineFault> {
        match self.lines(&[line]).pop() {
            Some((_, fault)) => Err(fault),
            None => Ok(()),
        }
    }

    /// Appends the rows of records, of which neither line feed nor carriage return is a part. Says which of them, counted
    /// from 0, have no row, in their order; of these nothing is appended.
    ///
    /// # Panics
    /// One column has 2 GiB of text since the last batch.
    pub fn lines(&mut self, lines: &[&[u8]]) -> Vec<(usize, LineFault)> {
        let mut faults = Vec::new();
        for (block, lines) in lines.chunks(BLOCK_LINES).enumerate() {
            self.block(block * BLOCK_LINES, lines, &mut faults);
        }
        faults
    }

    /// Appends some records, the first of which is the record `first` of the caller.
    fn block(&mut self, first: usize, lines: &[&[u8]], faults: &mut Vec<(usize, LineFault)>) {
        let before = faults.len();
        let length = self.layout.record_length();
        if lines.iter().all(|line| line.len() == length) {
            self.check(first, lines, faults);
            if faults.len() == before {
                self.append(lines);
                return;
            }
        } else {
            let fault = |line: &[u8]| LineFault {
                class: LineFaultClass::Length,
                column: None,
                byte: line.len(),
            };
            let wrong = lines.iter().enumerate().filter(|(_, line)| line.len() != length);
            faults.extend(wrong.map(|(index, line)| (first + index, fault(line))));
        }
        // Faults are rare: what stood beside one is read again, without it, until there is none.
        let bad: Vec<_> = faults[before..].iter().map(|(index, _)| index - first).collect();
        let (at, good): (Vec<usize>, Vec<&[u8]>) =
            lines.iter().enumerate().filter(|(index, _)| bad.binary_search(index).is_err()).unzip();
        if good.is_empty() {
            return;
        }
        let own = faults.len();
        self.block(0, &good, faults);
        for (index, _) in &mut faults[own..] {
            *index = first + at[*index];
        }
        faults[before..].sort_by_key(|(index, _)| *index);
    }

    /// Appends to the columns that can be at fault; if one is, to none.
    fn check(&mut self, first: usize, lines: &[&[u8]], faults: &mut Vec<(usize, LineFault)>) {
        let before = faults.len();
        for (place, column) in &mut self.checked {
            column.append(place, lines, &mut |index, class| {
                let fault = LineFault { class, column: Some(place.column), byte: place.start };
                faults.push((first + index, fault));
            });
        }
        if faults.len() > before {
            for (_, column) in &mut self.checked {
                column.truncate(self.rows);
            }
            // A stable order: of one record's faults the one in the first column comes first.
            let mut own = faults.split_off(before);
            own.sort_by_key(|(index, _)| *index);
            own.dedup_by_key(|(index, _)| *index);
            faults.append(&mut own);
        }
    }

    /// Appends to the other columns, which makes the rows whole.
    fn append(&mut self, lines: &[&[u8]]) {
        if lines.iter().all(|line| line.is_ascii()) {
            for (place, texts) in &mut self.texts {
                texts.append_ascii(place, lines);
            }
        } else {
            self.is_latin1.clear();
            self.is_latin1.resize(lines.len(), false);
            for (place, texts) in &mut self.texts {
                texts.append(place, lines, &mut self.is_latin1);
            }
            self.latin1 += self.is_latin1.iter().filter(|is_latin1| **is_latin1).count() as u64;
        }
        self.rows += lines.len();
    }

    /// The rows since the last batch.
    ///
    /// # Errors
    /// What Arrow says: never, as far as is known.
    pub fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = std::mem::take(&mut self.rows);
        let mut arrays: Vec<Option<ArrayRef>> = vec![None; self.schema.fields().len()];
        for (place, column) in &mut self.checked {
            arrays[place.column] = Some(column.finish()?);
        }
        for (place, texts) in &mut self.texts {
            arrays[place.column] = Some(texts.finish()?);
        }
        let fields = self.schema.fields().iter();
        let arrays = arrays
            .into_iter()
            .zip(fields)
            .map(|(array, field)| array.unwrap_or_else(|| new_null_array(field.data_type(), rows)));
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays.collect(), &options)
    }
}

//! Rows of a record batch as records of fixed width.

mod block;
mod dates;
mod fault;
mod numbers;
mod source;
mod texts;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::datatypes::Schema;

pub use fault::{Fault, FaultClass, SchemaError};
pub use source::SurrogateIds;

use crate::layout::{CLAIM_ID, Layout, Place};
use block::Block;
use source::Source;

/// Rows that are encoded together, column by column. Their records stay in the second cache.
const BLOCK_ROWS: usize = 512;

/// Writes rows of one schema as records of one layout.
///
/// Nothing is cut, and nothing is changed so that it fits: a row with a value that does not fit is not written.
///
/// # Example
/// ```
/// use std::sync::Arc;
///
/// use cclf_crosswalk::Table;
/// use cclf_crosswalk::arrow::array::{ArrayRef, RecordBatch, StringArray};
/// use cclf_files::{Encoder, Layout};
///
/// let layouts = Layout::from_csv("file,field_name,start,end\nCCLF9,CRNT_NUM,2,12\n")?;
/// let mbis: ArrayRef = Arc::new(StringArray::from(vec!["1S00A00ZA01", "a text of more places"]));
/// let batch = RecordBatch::try_from_iter([("CRNT_NUM", mbis)])?;
/// let encoder = Encoder::new(&layouts[0], &batch.schema())?;
/// let mut records = Vec::new();
/// let faults = encoder.encode(&batch, |_| true, None, &mut records);
/// assert_eq!(records, b" 1S00A00ZA01\n");
/// assert_eq!((faults.len(), faults[0].row, faults[0].name), (1, 1, "CRNT_NUM"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    record_length: usize,
    /// Each with its column of the schema.
    places: Vec<(Place, usize)>,
}

impl Encoder {
    /// Finds the columns of the layout in a schema, by their names. The schema may have more.
    ///
    /// # Errors
    /// Columns are missing, or have types other than the crosswalk's.
    pub fn new(layout: &Layout, schema: &Schema) -> Result<Self, SchemaError> {
        let mut error =
            SchemaError { table: layout.table(), missing: Vec::new(), types: Vec::new() };
        let mut places = Vec::new();
        for place in layout.places() {
            match schema.index_of(place.name) {
                Err(_) => error.missing.push(place.name),
                Ok(index) if source::takes(place.kind, schema.field(index).data_type()) => {
                    places.push((*place, index));
                }
                Ok(_) => error.types.push(place.name),
            }
        }
        if error.missing.is_empty() && error.types.is_empty() {
            Ok(Self { record_length: layout.record_length(), places })
        } else {
            Err(error)
        }
    }

    /// Bytes of a record, with its line feed.
    pub fn bytes_per_row(&self) -> usize {
        self.record_length + 1
    }

    /// Appends to `out` a record and a line feed for each row that `keep` says yes to and that has no fault. Says which
    /// rows have one, in their order: one fault each.
    ///
    /// Where `ids` gives a number it is written as CUR_CLM_UNIQ_ID of the row; where it gives none, the row's own.
    ///
    /// # Panics
    /// The batch is not of the schema that the encoder was made for.
    pub fn encode(
        &self,
        batch: &RecordBatch,
        keep: impl Fn(usize) -> bool,
        ids: Option<SurrogateIds<'_>>,
        out: &mut Vec<u8>,
    ) -> Vec<Fault> {
        let sources: Vec<_> = self
            .places
            .iter()
            .map(|(place, index)| (place, Source::new(place.kind, batch.column(*index))))
            .collect();
        let mut faults = Vec::new();
        let mut rows = Vec::with_capacity(BLOCK_ROWS);
        let mut next = 0;
        while next < batch.num_rows() {
            rows.clear();
            while next < batch.num_rows() && rows.len() < BLOCK_ROWS {
                if keep(next) {
                    rows.push(next);
                }
                next += 1;
            }
            let mut block = Block::new(self.record_length, &rows, out);
            for (place, source) in &sources {
                match ids {
                    Some(ids) if place.name == CLAIM_ID => {
                        source.write_ids(place, ids, &mut block);
                    }
                    _ => source.write(place, &mut block),
                }
            }
            block.finish(&mut faults);
        }
        faults
    }
}

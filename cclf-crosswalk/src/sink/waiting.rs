//! The rows of a Parquet row group that is not full: the first ones in memory, the others in a spill.
//!
//! They wait as columns. A row group is encoded when it is complete, column by column, so that the encoders of one
//! column are there at a time and not those of all columns of all tables; these were most of a run's memory, and
//! grew until every table had filled a row group.

use std::collections::HashMap;
use std::sync::Arc;

use crate::arrow::array::{Array, ArrayRef, RecordBatch, new_null_array};
use crate::arrow::buffer::Buffer;
use crate::arrow::datatypes::{Schema, SchemaRef};
use crate::arrow::error::ArrowError;
use crate::arrow::ipc::reader::read_record_batch;
use crate::arrow::ipc::root_as_message;
use crate::arrow::ipc::writer::{
    DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions,
};

use super::options::Spill;

/// Rows of one table that stay in memory, in bytes: a small run spills nothing.
const KEPT_BYTES: usize = 1 << 20;

/// Some rows of one column.
#[derive(Debug)]
enum Piece {
    Kept(ArrayRef),
    /// So many nulls and nothing else, which most columns of a table are.
    Nulls(usize),
    /// An IPC message `at` bytes from the beginning of the spill, and behind it the arrays it tells of.
    Spilled {
        at: u64,
        message_bytes: usize,
        array_bytes: usize,
    },
}

/// Columns of rows that wait.
pub(super) struct Waiting {
    columns: Vec<(SchemaRef, Vec<Piece>)>,
    rows: usize,
    kept_bytes: usize,
    spill: Option<Box<dyn Spill>>,
    spilled_bytes: u64,
    /// Bytes on their way to the spill.
    buffer: Vec<u8>,
    context: IpcWriteContext,
}

impl Waiting {
    pub(super) fn new(schema: &SchemaRef, spill: Option<Box<dyn Spill>>) -> Self {
        let column = |field: &Arc<_>| {
            let fields = vec![Arc::clone(field)];
            (Arc::new(Schema::new(fields)), Vec::new())
        };
        Self {
            columns: schema.fields().iter().map(column).collect(),
            rows: 0,
            kept_bytes: 0,
            spill,
            spilled_bytes: 0,
            buffer: Vec::new(),
            context: IpcWriteContext::default(),
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn push(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.rows += batch.num_rows();
        let is_null = |array: &ArrayRef| array.null_count() == array.len();
        let said = batch.columns().iter().filter(|array| !is_null(array));
        let bytes: usize = said.map(Array::get_array_memory_size).sum();
        if let Some(spill) = self.spill.as_ref().filter(|_| self.kept_bytes + bytes > KEPT_BYTES) {
            self.buffer.clear();
            for ((schema, pieces), array) in self.columns.iter_mut().zip(batch.columns()) {
                if is_null(array) {
                    pieces.push(Piece::Nulls(array.len()));
                    continue;
                }
                let at = self.spilled_bytes + self.buffer.len() as u64;
                let column =
                    RecordBatch::try_new(SchemaRef::clone(schema), vec![ArrayRef::clone(array)])?;
                let (message_bytes, array_bytes) =
                    encode(&column, &mut self.context, &mut self.buffer)?;
                pieces.push(Piece::Spilled { at, message_bytes, array_bytes });
            }
            spill.write_at(&self.buffer, self.spilled_bytes)?;
            self.spilled_bytes += self.buffer.len() as u64;
        } else {
            self.kept_bytes += bytes;
            for ((_, pieces), array) in self.columns.iter_mut().zip(batch.columns()) {
                pieces.push(if is_null(array) {
                    Piece::Nulls(array.len())
                } else {
                    Piece::Kept(ArrayRef::clone(array))
                });
            }
        }
        Ok(())
    }

    /// The arrays of a column, in their order.
    pub(super) fn column(
        &self,
        number: usize,
    ) -> impl Iterator<Item = Result<ArrayRef, ArrowError>> + '_ {
        let column = self.columns.get(number);
        column
            .into_iter()
            .flat_map(|(schema, pieces)| pieces.iter().map(|piece| self.read(schema, piece)))
    }

    fn read(&self, schema: &SchemaRef, piece: &Piece) -> Result<ArrayRef, ArrowError> {
        let (at, message_bytes, array_bytes) = match piece {
            Piece::Kept(array) => return Ok(ArrayRef::clone(array)),
            Piece::Nulls(rows) => return Ok(new_null_array(schema.field(0).data_type(), *rows)),
            Piece::Spilled { at, message_bytes, array_bytes } => {
                (*at, *message_bytes, *array_bytes)
            }
        };
        let unread = || ArrowError::IpcError("rows that wait cannot be read again".to_owned());
        let spill = self.spill.as_ref().ok_or_else(unread)?;
        let (mut message, mut arrays) = (vec![0; message_bytes], vec![0; array_bytes]);
        spill.read_at(&mut message, at)?;
        spill.read_at(&mut arrays, at + message_bytes as u64)?;
        let message = root_as_message(&message).map_err(|_| unread())?;
        let header = message.header_as_record_batch().ok_or_else(unread)?;
        let (arrays, schema) = (Buffer::from(arrays), SchemaRef::clone(schema));
        let batch =
            read_record_batch(&arrays, header, schema, &HashMap::new(), None, &message.version())?;
        batch.columns().first().map(ArrayRef::clone).ok_or_else(unread)
    }

    /// Forgets all rows. The spill is written from its beginning again.
    pub(super) fn clear(&mut self) {
        self.columns.iter_mut().for_each(|(_, pieces)| pieces.clear());
        (self.rows, self.kept_bytes, self.spilled_bytes) = (0, 0, 0);
    }
}

/// Appends the IPC message of a batch and its arrays; how many bytes each has.
fn encode(
    batch: &RecordBatch,
    context: &mut IpcWriteContext,
    out: &mut Vec<u8>,
) -> Result<(usize, usize), ArrowError> {
    // No column of a table is a dictionary.
    let mut dictionaries = DictionaryTracker::new(false);
    let options = IpcWriteOptions::default();
    let (_, encoded) =
        IpcDataGenerator::default().encode(batch, &mut dictionaries, &options, context)?;
    out.extend_from_slice(&encoded.ipc_message);
    out.extend_from_slice(&encoded.arrow_data);
    Ok((encoded.ipc_message.len(), encoded.arrow_data.len()))
}

//! Parquet: real types, fixed row groups, descriptions in the schema's metadata.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use crate::arrow::array::{Array, ArrayRef, RecordBatch};
use crate::arrow::compute::concat;
use crate::arrow::datatypes::{Field, SchemaRef};
use crate::arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;

use super::options::{
    BATCH_ROWS, ColumnArrays, Compression, Provenance, ROW_GROUP_ROWS, Resources, Share,
    WAITING_ROWS,
};
use super::waiting::Waiting;

/// A column with more distinct values than fit here goes on without a dictionary. Larger ones made larger files that
/// took longer to write: those of 1 MiB by a fifth.
const DICTIONARY_BYTES: usize = 32 << 10;

/// Columns that are encoded before any of them is written; what comes of them is in memory until then.
const COLUMNS_AT_A_TIME: usize = 16;

pub(super) struct Encoder<W: Write + Send> {
    schema: SchemaRef,
    waiting: Waiting,
    share: Share,
    writer: SerializedFileWriter<W>,
    columns: ArrowRowGroupWriterFactory,
    row_groups: usize,
}

/// The encoder of a column, until whoever encodes the column takes it; then what came of it.
enum Column {
    Open(Box<ArrowColumnWriter>),
    Taken,
    Encoded(Result<Box<ArrowColumnChunk>, ArrowError>),
}

impl<W: Write + Send> Encoder<W> {
    pub(super) fn new(
        schema: &SchemaRef,
        compression: Compression,
        provenance: &Provenance,
        resources: Resources,
        out: W,
    ) -> Result<Self, ArrowError> {
        let codec = match compression {
            Compression::Zstd => Codec::ZSTD(ZstdLevel::try_new(1)?),
            Compression::Snappy => Codec::SNAPPY,
            Compression::None => Codec::UNCOMPRESSED,
        };
        let mut pairs: Vec<KeyValue> = schema
            .metadata()
            .iter()
            .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
            .collect();
        pairs.extend(
            provenance.pairs.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone())),
        );
        pairs.sort_by(|one, other| one.key.cmp(&other.key));
        let properties = WriterProperties::builder()
            .set_compression(codec)
            .set_created_by(format!("bcda {}", env!("CARGO_PKG_VERSION")))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_write_batch_size(BATCH_ROWS)
            .set_data_page_row_count_limit(BATCH_ROWS)
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .set_key_value_metadata(Some(pairs))
            .build();
        let writer = ArrowWriter::try_new(out, SchemaRef::clone(schema), Some(properties))?;
        let (writer, columns) = writer.into_serialized_writer()?;
        let Resources { spill, share } = resources;
        let waiting = Waiting::new(schema, spill);
        let schema = SchemaRef::clone(schema);
        Ok(Self { schema, waiting, share, writer, columns, row_groups: 0 })
    }

    /// Takes rows, as many at a time as divide a row group, or the last.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.waiting.push(batch)?;
        if self.waiting.rows() < ROW_GROUP_ROWS { Ok(()) } else { self.write_row_group(None) }
    }

    /// Whether no rows wait for the rest of their row group.
    pub(super) fn is_between(&self) -> bool {
        self.waiting.rows() == 0
    }

    /// Writes a row group of other rows than those that wait.
    pub(super) fn write_columns(&mut self, columns: &ColumnArrays<'_>) -> Result<(), ArrowError> {
        self.write_row_group(Some(columns))
    }

    /// Writes a row group: of what waits, unless its columns are given.
    fn write_row_group(&mut self, given: Option<&ColumnArrays<'_>>) -> Result<(), ArrowError> {
        let (schema, waiting) = (&self.schema, &self.waiting);
        let encode_column = |writer: ArrowColumnWriter, number: usize| match given {
            None => encode(writer, schema.field(number), waiting.column(number)),
            Some(columns) => {
                encode(writer, schema.field(number), pieces(columns(number)?)?.into_iter().map(Ok))
            }
        };
        let mut writers = self.columns.create_column_writers(self.row_groups)?.into_iter();
        let mut row_group = self.writer.next_row_group()?;
        for first in (0..schema.fields().len()).step_by(COLUMNS_AT_A_TIME) {
            let columns: Vec<Mutex<Column>> = writers
                .by_ref()
                .take(COLUMNS_AT_A_TIME)
                .map(|writer| Mutex::new(Column::Open(Box::new(writer))))
                .collect();
            (self.share)(columns.len(), &|number| {
                let mut column = columns[number].lock().unwrap_or_else(PoisonError::into_inner);
                if let Column::Open(writer) = std::mem::replace(&mut *column, Column::Taken) {
                    *column = Column::Encoded(encode_column(*writer, first + number));
                }
            });
            for column in columns {
                match column.into_inner().unwrap_or_else(PoisonError::into_inner) {
                    Column::Encoded(chunk) => chunk?.append_to_row_group(&mut row_group)?,
                    Column::Open(_) | Column::Taken => {
                        let fault = "a column was not encoded".to_owned();
                        return Err(ParquetError::General(fault).into());
                    }
                }
            }
        }
        row_group.close()?;
        self.row_groups += 1;
        self.waiting.clear();
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, ArrowError> {
        if self.waiting.rows() > 0 {
            self.write_row_group(None)?;
        }
        Ok(self.writer.into_inner()?)
    }
}

fn encode(
    mut writer: ArrowColumnWriter,
    field: &Field,
    arrays: impl Iterator<Item = Result<ArrayRef, ArrowError>>,
) -> Result<Box<ArrowColumnChunk>, ArrowError> {
    for array in arrays {
        for leaf in compute_leaves(field, &array?)? {
            writer.write(&leaf)?;
        }
    }
    Ok(Box::new(writer.close()?))
}

/// Cuts the rows of a row group where they would be cut if they waited: an encoder looks at its limits after each array,
/// and what it makes of the same rows is to be the same.
fn pieces(arrays: Vec<ArrayRef>) -> Result<Vec<ArrayRef>, ArrowError> {
    let mut pieces = Vec::with_capacity(ROW_GROUP_ROWS / WAITING_ROWS);
    // Arrays of a piece that has its rows from several, and how many they are.
    let (mut parts, mut rows): (Vec<ArrayRef>, usize) = (Vec::new(), 0);
    for array in arrays {
        let mut at = 0;
        while at < array.len() {
            let part = array.slice(at, (WAITING_ROWS - rows).min(array.len() - at));
            at += part.len();
            rows += part.len();
            parts.push(part);
            if rows == WAITING_ROWS {
                pieces.push(joined(&parts)?);
                parts.clear();
                rows = 0;
            }
        }
    }
    if rows == 0 && pieces.len() == ROW_GROUP_ROWS / WAITING_ROWS {
        return Ok(pieces);
    }
    Err(ArrowError::InvalidArgumentError("a column has not the rows of a row group".to_owned()))
}

fn joined(parts: &[ArrayRef]) -> Result<ArrayRef, ArrowError> {
    match parts {
        [part] => Ok(ArrayRef::clone(part)),
        _ => concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Memory;
    use super::*;
    use std::sync::Arc;

    use crate::arrow::array::StringArray;
    use crate::arrow::datatypes::{DataType, Schema};

    #[test]
    fn a_spill_does_not_show() {
        let schema: SchemaRef =
            Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, false)]));
        let written = |resources| {
            let provenance = Provenance::default();
            let mut encoder =
                Encoder::new(&schema, Compression::Zstd, &provenance, resources, Vec::new())
                    .unwrap();
            let mut state = 1_u64;
            let mut text = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                format!("{:016x}", state ^ (state >> 29))
            };
            for _ in 0..=2 * ROW_GROUP_ROWS / BATCH_ROWS {
                let column = StringArray::from_iter_values((0..BATCH_ROWS).map(&mut text));
                let batch = RecordBatch::try_new(SchemaRef::clone(&schema), vec![Arc::new(column)]);
                encoder.write(&batch.unwrap()).unwrap();
            }
            encoder.finish().unwrap()
        };
        let memory = Memory::default();
        let backwards = |count, work: &(dyn Fn(usize) + Sync)| (0..count).rev().for_each(work);
        let resources =
            Resources { spill: Some(Box::new(memory.clone())), share: Box::new(backwards) };
        assert!(written(resources) == written(Resources::default()));
        // Of two row groups and a batch the second had the place of the first.
        let row_group_bytes = ROW_GROUP_ROWS * 20;
        let spilled = memory.len();
        assert!((row_group_bytes / 2..row_group_bytes * 5 / 4).contains(&spilled), "{spilled}");
    }
}

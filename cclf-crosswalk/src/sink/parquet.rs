//! Parquet: real types, fixed row groups, descriptions in the schema's metadata.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::{BATCH_ROWS, Compression, Provenance, ROW_GROUP_ROWS};

/// A column with more distinct values than fit here goes on without a dictionary. With the usual 1 MiB the open
/// row groups of all tables held three times as much memory, and files were larger and took longer to write.
const DICTIONARY_BYTES: usize = 128 << 10;

pub(super) struct Encoder<W: Write + Send> {
    writer: ArrowWriter<W>,
}

impl<W: Write + Send> Encoder<W> {
    pub(super) fn new(
        schema: &SchemaRef,
        compression: Compression,
        provenance: &Provenance,
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
        Ok(Self { writer })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        Ok(self.writer.write(batch)?)
    }

    pub(super) fn finish(self) -> Result<W, ArrowError> {
        Ok(self.writer.into_inner()?)
    }
}

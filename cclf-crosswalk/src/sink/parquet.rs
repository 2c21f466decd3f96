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

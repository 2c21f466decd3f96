//! CSV: UTF-8, a header, LF, null as nothing, decimals at the column's scale, quotes as RFC 4180 asks.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::csv::{Writer, WriterBuilder};
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;

pub(super) struct Encoder<W: Write> {
    writer: Writer<W>,
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(schema: &SchemaRef, out: W) -> Result<Self, ArrowError> {
        let mut writer = WriterBuilder::new()
            .with_header(true)
            .with_timestamp_tz_format("%Y-%m-%dT%H:%M:%S%.6fZ".to_owned())
            .build(out);
        // The header is there even when no row follows.
        writer.write(&RecordBatch::new_empty(SchemaRef::clone(schema)))?;
        Ok(Self { writer })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        self.writer.write(batch)
    }

    pub(super) fn finish(self) -> W {
        self.writer.into_inner()
    }
}

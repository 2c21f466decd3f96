//! Arrow IPC: the file format where the output has an end to read from, the stream format on a pipe.

use std::io::Write;

use crate::arrow::array::RecordBatch;
use crate::arrow::datatypes::SchemaRef;
use crate::arrow::error::ArrowError;
use crate::arrow::ipc::CompressionType;
use crate::arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};

use super::options::Compression;

pub(super) enum Encoder<W: Write> {
    File(FileWriter<W>),
    Stream(StreamWriter<W>),
}

impl<W: Write> Encoder<W> {
    pub(super) fn new(
        schema: &SchemaRef,
        compression: Compression,
        stream: bool,
        out: W,
    ) -> Result<Self, ArrowError> {
        let codec = match compression {
            Compression::Zstd => Some(CompressionType::ZSTD),
            Compression::Snappy => Some(CompressionType::LZ4_FRAME),
            Compression::None => None,
        };
        let options = IpcWriteOptions::default().try_with_compression(codec)?;
        Ok(if stream {
            Self::Stream(StreamWriter::try_new_with_options(out, schema, options)?)
        } else {
            Self::File(FileWriter::try_new_with_options(out, schema, options)?)
        })
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ArrowError> {
        match self {
            Self::File(writer) => writer.write(batch),
            Self::Stream(writer) => writer.write(batch),
        }
    }

    pub(super) fn finish(self) -> Result<W, ArrowError> {
        match self {
            Self::File(writer) => writer.into_inner(),
            Self::Stream(writer) => writer.into_inner(),
        }
    }
}

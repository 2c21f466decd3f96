//! Stored bytes, before anything is decompressed.

use std::io::{self, Read};

use crate::error::ErrorKind;
use crate::fault::Fault;
use crate::plain::PlainFile;
use crate::source::Opened;

/// Most stored bytes read at once: they are hashed while they are in the processor's nearest caches.
pub(super) const INPUT_BYTES: usize = 128 * 1024;

/// Stored bytes: no more than the size at open, counted and hashed.
pub(super) struct Raw {
    pub(super) input: RawInput,
    pub(super) hasher: Option<blake3::Hasher>,
    pub(super) count: u64,
}

pub(super) enum RawInput {
    File(PlainFile),
    Stream(Box<dyn Read + Send>),
    Remote { reader: Box<dyn Read + Send>, size: u64 },
}

impl Raw {
    pub(super) fn new(opened: Opened, hash: bool) -> Self {
        let input = match opened {
            Opened::File(file) => RawInput::File(file),
            Opened::Stream(stream) => RawInput::Stream(stream),
            Opened::Remote { reader, size } => RawInput::Remote { reader, size },
        };
        Self { input, hasher: hash.then(blake3::Hasher::new), count: 0 }
    }

    /// Zero at the end. Retries when a signal interrupts.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Fault> {
        let most = buffer.len().min(INPUT_BYTES);
        let buffer = &mut buffer[..most];
        let count = match &mut self.input {
            RawInput::File(file) => file.read_at(buffer, self.count)?,
            RawInput::Stream(stream) => retry(stream, buffer)?,
            RawInput::Remote { reader, size } => {
                let count = retry(reader, buffer)?;
                let found_bytes = self.count + count as u64;
                if count == 0 && found_bytes < *size {
                    let kind = ErrorKind::Shrunk { expected_bytes: *size, found_bytes };
                    return Err(Fault::Kind(kind));
                }
                count
            }
        };
        self.count += count as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(&buffer[..count]);
        }
        Ok(count)
    }

    /// Whether the file is longer than when it was opened.
    ///
    /// # Errors
    /// It was read before, and is not what it was then.
    pub(super) fn grew(&self) -> Result<bool, Fault> {
        if let RawInput::File(file) = &self.input { file.grew() } else { Ok(false) }
    }
}

fn retry(reader: &mut impl Read, buffer: &mut [u8]) -> Result<usize, Fault> {
    loop {
        match reader.read(buffer) {
            Ok(count) => return Ok(count.min(buffer.len())),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Fault::Io(error)),
        }
    }
}

//! Stored bytes, before anything is decompressed.

use std::fs::File;
use std::io::{self, Read};

use super::step::Fault;
use crate::error::ErrorKind;
use crate::range::PlainFile;
use crate::source::{Identity, Opened};

/// Most stored bytes read at once: they are hashed while they are in the processor's nearest caches.
pub(super) const INPUT_BYTES: usize = 128 * 1024;

/// Stored bytes: no more than the size at open, counted and hashed.
pub(super) struct Raw {
    pub(super) input: RawInput,
    pub(super) hasher: Option<blake3::Hasher>,
    pub(super) count: u64,
}

pub(super) enum RawInput {
    File { file: File, size_at_open: u64, unchanged: Option<Identity> },
    Stream(Box<dyn Read + Send>),
    Remote { reader: Box<dyn Read + Send>, size: u64 },
}

impl Raw {
    pub(super) fn new(opened: Opened, hash: bool) -> Self {
        let input = match opened {
            Opened::File(PlainFile { file, size_at_open, unchanged, .. }) => {
                RawInput::File { file, size_at_open, unchanged }
            }
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
            RawInput::File { file, size_at_open, .. } => {
                let left = *size_at_open - self.count;
                let len = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                if len == 0 {
                    return Ok(0);
                }
                let count = retry(file, &mut buffer[..len])?;
                if count == 0 {
                    return Err(Fault::Kind(ErrorKind::Shrunk {
                        expected_bytes: *size_at_open,
                        found_bytes: self.count,
                    }));
                }
                count
            }
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
        let RawInput::File { file, size_at_open, unchanged } = &self.input else {
            return Ok(false);
        };
        grown(file, *size_at_open, *unchanged)
    }
}

/// Whether a file is longer than when it was opened.
///
/// # Errors
/// It was read before, and is not what it was then.
pub(crate) fn grown(
    file: &File,
    size_at_open: u64,
    unchanged: Option<Identity>,
) -> Result<bool, Fault> {
    let Ok(metadata) = file.metadata() else { return Ok(false) };
    if unchanged.is_some_and(|first| Identity::of(&metadata) != first) {
        return Err(Fault::Kind(ErrorKind::Changed));
    }
    Ok(metadata.len() > size_at_open)
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

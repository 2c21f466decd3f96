//! Files of a result while they are written: hashed on the way.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use publish::{Stage, StagedFile};

use crate::error::Error;
use crate::report::FileReport;

/// Where the bytes of a file go, hashed on the way.
pub(crate) struct Hashed {
    file: StagedFile,
    name: String,
    hasher: blake3::Hasher,
    bytes: u64,
    failure: Arc<Failure>,
}

/// The first I/O failure of a table's output or scratch: encoders wrap and reword it.
#[derive(Debug, Default)]
pub(crate) struct Failure(Mutex<Option<String>>);

impl Failure {
    pub(crate) fn note(&self, error: &io::Error) {
        let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| error.to_string());
    }

    /// What the failure said, if there was one.
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Hashed {
    /// A new file of a result.
    pub(crate) fn create(stage: &Stage, name: &str, failure: Arc<Failure>) -> Result<Self, Error> {
        let file = stage.create(name)?;
        Ok(Self { file, name: name.to_owned(), hasher: blake3::Hasher::new(), bytes: 0, failure })
    }

    /// What was written, and the file, which is not durable yet.
    pub(crate) fn end(self) -> (FileReport, StagedFile) {
        let blake3 = self.hasher.finalize().to_hex().to_string();
        (FileReport { file: self.name, bytes: self.bytes, blake3 }, self.file)
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(count) => {
                self.hasher.update(&bytes[..count]);
                self.bytes += count as u64;
                Ok(count)
            }
            Err(error) => {
                self.failure.note(&error);
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // The file flushes when it is finished; asking it more often costs calls.
        Ok(())
    }
}

//! A file being written into the private folder of a run.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::Error;
use crate::folder::{Gate, sync_file, write};
use crate::progress::Progress;

/// Bytes collected before a write: large enough that calls do not count.
const BUFFER_BYTES: usize = 128 * 1024;

/// A file that will be published with the others of its [`Stage`](crate::Stage).
///
/// Writes are buffered. A file that is dropped without [`finish`](Self::finish)
/// keeps its stage from being published, and so does a failed write.
///
/// # Example
///
/// ```
/// use std::io::Write;
///
/// # let work = tempfile::tempdir()?;
/// # let out = work.path().join("tables");
/// # let options =
/// #     publish::StageOptions { overwrite: false, manifest_name: "m.json".into(), keep_previous: 0 };
/// let stage = publish::Stage::open(&out, &options, |_| Ok(None))?;
/// let mut file = stage.create("rejects/rejects.csv")?;
/// file.write_all(b"source,line\n")?;
/// let summary = file.finish()?;
/// assert_eq!(summary.bytes, 12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct StagedFile {
    file: File,
    path: PathBuf,
    relative: String,
    buffer: Vec<u8>,
    written_bytes: u64,
    state: State,
    gate: Gate,
    progress: Arc<Progress>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    /// A write failed like this.
    Failed(io::ErrorKind),
    Finished,
}

/// What [`StagedFile::finish`] knows about the file.
///
/// # Example
///
/// ```
/// let summary = publish::FileSummary { bytes: 12 };
/// assert_eq!(summary.bytes, 12);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileSummary {
    /// The size of the file in bytes.
    pub bytes: u64,
}

impl StagedFile {
    pub(crate) fn new(
        file: File,
        path: PathBuf,
        relative: &str,
        gate: Gate,
        progress: Arc<Progress>,
    ) -> StagedFile {
        StagedFile {
            file,
            path,
            relative: relative.to_owned(),
            buffer: Vec::with_capacity(BUFFER_BYTES),
            written_bytes: 0,
            state: State::Good,
            gate,
            progress,
        }
    }

    /// Writes what is buffered, makes the file durable and closes it.
    ///
    /// After a good fsync a close has nothing left to report; that the file still
    /// has its size is checked again when the stage is committed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when a write or the fsync fails, or an earlier write
    /// failed. The stage cannot be committed any more.
    pub fn finish(mut self) -> Result<FileSummary, Error> {
        self.write_out()?;
        sync_file(&self.gate, &self.file, &self.path)?;
        self.state = State::Finished;
        self.progress.finished(&self.relative, self.written_bytes);
        Ok(FileSummary { bytes: self.written_bytes })
    }

    /// Writes the buffer to the file.
    fn write_out(&mut self) -> Result<(), Error> {
        let buffer = std::mem::take(&mut self.buffer);
        let result = self.write_all_now(&buffer);
        self.buffer = buffer;
        self.buffer.clear();
        result
    }

    fn write_all_now(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if let State::Failed(kind) = self.state {
            // After a failed write nobody knows what the file holds.
            return Err(Error::io("write", &self.path, kind.into()));
        }
        while !bytes.is_empty() {
            match write(&self.gate, &self.file, &self.path, bytes) {
                Ok(count) => {
                    self.written_bytes += count as u64;
                    bytes = &bytes[count..];
                }
                Err(error) => {
                    let kind = error.io_error().map_or(io::ErrorKind::Other, io::Error::kind);
                    self.state = State::Failed(kind);
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.write_out()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.write_all_now(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(self.write_out()?)
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if self.state != State::Finished {
            self.progress.spoiled(&self.path);
        }
    }
}

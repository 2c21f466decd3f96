//! A regular file that is open, and how one is told from another and from itself after a change.

use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};

use crate::error::ErrorKind;
use crate::fault::Fault;

/// Which file it is, and what changes whenever somebody writes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Device and inode.
    pub(crate) file: (u64, u64),
    pub(crate) len: u64,
    /// When its content was changed, and when anything of it was: seconds and nanoseconds.
    times: [(i64, i64); 2],
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let modified = (metadata.mtime(), metadata.mtime_nsec());
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        let file = (metadata.dev(), metadata.ino());
        Self { file, len: metadata.len(), times: [modified, changed] }
    }
}

/// A regular file, or some of it.
#[derive(Debug)]
pub(crate) struct PlainFile {
    pub(crate) file: File,
    pub(crate) size_at_open: u64,
    /// The lines to read are those that begin here.
    pub(crate) lines: Range<u64>,
    /// What it must be at the end, where it was read before.
    pub(crate) unchanged: Option<Identity>,
}

impl PlainFile {
    /// Where the last range ends.
    pub(crate) fn end(&self) -> u64 {
        self.lines.end.min(self.size_at_open)
    }

    /// The bytes to read, cut into ranges of so many.
    pub(crate) fn ranges(&self, bytes: u64) -> impl Iterator<Item = Range<u64>> + use<> {
        let end = self.end();
        let mut next = Some(self.lines.start.min(end));
        std::iter::from_fn(move || {
            let at = next?;
            // Where there is nothing to read there is one empty range, which ends the source.
            let range = at..end.min(at.saturating_add(bytes));
            next = (range.end < end).then_some(range.end);
            Some(range)
        })
    }

    /// Whether the file is longer than when it was opened.
    ///
    /// # Errors
    /// It was read before, and is not what it was then.
    pub(crate) fn grew(&self) -> Result<bool, Fault> {
        let Ok(metadata) = self.file.metadata() else { return Ok(false) };
        if self.unchanged.is_some_and(|first| Identity::of(&metadata) != first) {
            return Err(Fault::Kind(ErrorKind::Changed));
        }
        Ok(metadata.len() > self.size_at_open)
    }

    /// Reads at most up to the size at open, where it gives 0. Goes on when a signal interrupts.
    pub(crate) fn read_at(&self, buffer: &mut [u8], at: u64) -> Result<usize, Fault> {
        let left = usize::try_from(self.size_at_open.saturating_sub(at)).unwrap_or(usize::MAX);
        let len = buffer.len().min(left);
        if len == 0 {
            return Ok(0);
        }
        loop {
            match self.file.read_at(&mut buffer[..len], at) {
                Ok(0) => {
                    let now = self.file.metadata().map_or(at, |metadata| metadata.len());
                    let expected_bytes = self.size_at_open;
                    let kind = ErrorKind::Shrunk { expected_bytes, found_bytes: now.min(at) };
                    return Err(Fault::Kind(kind));
                }
                Ok(count) => return Ok(count.min(len)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Fault::Io(error)),
            }
        }
    }
}

//! What has been read so far, and what was found in each source at its end.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::decompress::Compression;

/// Counters that grow while a reading runs. Share one through
/// [`ReadOptions::progress`](crate::ReadOptions::progress) and look at it from another thread.
///
/// The counters tell what was *read*, which is ahead of what the sink has seen by the blocks in
/// flight. They are independent of each other: no order between them is promised.
#[derive(Debug, Default)]
pub struct Progress {
    raw_bytes: AtomicU64,
    decompressed_bytes: AtomicU64,
    lines: AtomicU64,
    files_done: AtomicU64,
}

impl Progress {
    /// Counters at zero.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes read as stored, over all sources.
    pub fn raw_bytes(&self) -> u64 {
        self.raw_bytes.load(Ordering::Relaxed)
    }

    /// Bytes after decompression, over all sources; equal to the raw bytes for plain sources.
    pub fn decompressed_bytes(&self) -> u64 {
        self.decompressed_bytes.load(Ordering::Relaxed)
    }

    /// Lines cut so far, blank and too long ones included.
    pub fn lines(&self) -> u64 {
        self.lines.load(Ordering::Relaxed)
    }

    /// Sources read to their end.
    pub fn files_done(&self) -> u64 {
        self.files_done.load(Ordering::Relaxed)
    }

    pub(crate) fn add_bytes(&self, raw: u64, decompressed: u64) {
        self.raw_bytes.fetch_add(raw, Ordering::Relaxed);
        self.decompressed_bytes.fetch_add(decompressed, Ordering::Relaxed);
    }

    pub(crate) fn add_lines(&self, lines: u64) {
        self.lines.fetch_add(lines, Ordering::Relaxed);
    }

    pub(crate) fn add_file(&self) {
        self.files_done.fetch_add(1, Ordering::Relaxed);
    }
}

/// What was found in one source. All counts are final when [`finished`](Self::finished) is true;
/// otherwise the reading was stopped by its sink before the end of this source, and they are zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceReport {
    /// Bytes read as stored.
    pub raw_bytes: u64,
    /// Bytes after decompression.
    pub decompressed_bytes: u64,
    /// Lines, blank and too long ones included. An unfinished last line counts.
    pub lines: u64,
    /// Lines of nothing but spaces, tabs and carriage returns; not given to a worker.
    pub blank_lines: u64,
    /// Lines over the limit; reported to a worker without their bytes.
    pub too_long_lines: u64,
    /// BLAKE3 of the bytes as stored, if [`ReadOptions::hash`](crate::ReadOptions::hash) asked.
    pub blake3: Option<[u8; 32]>,
    /// How it was compressed, from its first bytes.
    pub compression: Compression,
    /// Frames of Zstandard without a checksum: damage in one can go unseen. gzip always has
    /// one, and skippable frames hold no data.
    pub frames_without_checksum: u64,
    /// True if the file was longer at the end of reading than when it was opened. What was added
    /// was not read.
    pub grew: bool,
    /// True if the source was read to its end.
    pub finished: bool,
}

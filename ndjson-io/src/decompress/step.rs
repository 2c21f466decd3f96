//! What one step of reading gives, or why it gives nothing.

use std::io;

use crate::error::{Error, ErrorKind};

/// Details of [`ErrorKind::Corrupt`].
pub(super) mod detail {
    pub(crate) const GZIP_TRUNCATED: &str = "the last gzip member is cut short";
    pub(crate) const GZIP_DAMAGED: &str = "a gzip member is not valid or its checksum is wrong";
    pub(crate) const GZIP_GARBAGE: &str = "something other than gzip follows the last gzip member";
    pub(crate) const ZSTD_TRUNCATED: &str = "the last zstd frame is cut short";
    pub(crate) const ZSTD_DAMAGED: &str =
        "a zstd frame is not valid, its checksum is wrong, or something else follows the last one";
    pub(crate) const ZSTD_WINDOW: &str = "a zstd frame needs a window over 128 MiB";
}

/// Why bytes could not be had; becomes an [`Error`] once it is known where.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    Kind(ErrorKind),
}

impl Fault {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Io(error) => Error::io("read", error),
            Self::Kind(kind) => Error::new(kind),
        }
    }

    pub(super) fn corrupt(detail: &'static str) -> Self {
        Self::Kind(ErrorKind::Corrupt { detail })
    }
}

/// What one step of reading gave. `Bytes(0)` means "nothing yet": the caller may look whether it
/// should stop, and comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    Bytes(usize),
    End,
}

/// Bytes used, bytes made, and what that means.
pub(super) type Step = (usize, usize, Chunk);

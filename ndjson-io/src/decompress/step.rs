//! What one step of reading gives.

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

/// What one step of reading gave. `Bytes(0)` means "nothing yet": the caller may look whether it
/// should stop, and comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunk {
    Bytes(usize),
    End,
}

/// Bytes used, bytes made, and what that means.
pub(super) type Step = (usize, usize, Chunk);

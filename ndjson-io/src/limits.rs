//! How large things may get before reading stops or a line is refused.

/// Longest line that is given to a worker, unless told otherwise: 16 MiB.
pub const DEFAULT_MAX_LINE_BYTES: usize = 16 * 1024 * 1024;

/// Most bytes one compressed file may expand to, unless told otherwise: 1 TiB.
pub const DEFAULT_MAX_DECOMPRESSED_BYTES: u64 = 1 << 40;

/// The limits of a reading. The default is 16 MiB per line and 1 TiB decompressed per file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest line that is given to a worker, in bytes, without its line end and without a byte
    /// order mark. A longer one is skipped in constant memory and reported through
    /// [`BlockWorker::too_long`](crate::BlockWorker::too_long).
    pub max_line_bytes: usize,
    /// Most bytes one compressed source may expand to. Beyond it reading fails with
    /// [`ErrorKind::ExpandsTooMuch`](crate::ErrorKind::ExpandsTooMuch). Plain files do not expand,
    /// so it does not bind them.
    pub max_decompressed_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_line_bytes: DEFAULT_MAX_LINE_BYTES,
            max_decompressed_bytes: DEFAULT_MAX_DECOMPRESSED_BYTES,
        }
    }
}

//! How tables are written: format, compression, sizes, and what a writer may use.

use std::fmt::{self, Debug, Formatter};
use std::io;
use std::str::FromStr;

use crate::arrow::array::ArrayRef;
use crate::arrow::error::ArrowError;
use crate::layout::load_error::LoadError;

/// Rows of a batch, whatever blocks they come from: part of the promise of same bytes.
pub const BATCH_ROWS: usize = 8_192;

/// Rows of a Parquet row group: 15 batches.
pub const ROW_GROUP_ROWS: usize = 122_880;

/// Rows that are encoded or begin to wait at a time, in Parquet: a part of a page, since those of all tables are in
/// memory until they are so many.
pub(super) const WAITING_ROWS: usize = 2_048;

/// The format of a table's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Format {
    /// Apache Parquet.
    #[default]
    Parquet,
    /// Comma-separated values: UTF-8, a header, LF, null as nothing.
    Csv,
    /// Arrow IPC: the file format in files, the stream format on stdout.
    Arrow,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Parquet, Self::Csv, Self::Arrow];

    /// The extension of its files, without the dot; also what the format is called.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Parquet => "parquet",
            Self::Csv => "csv",
            Self::Arrow => "arrow",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.extension())
    }
}

impl FromStr for Format {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let found = Self::ALL.into_iter().find(|one| one.extension() == text);
        found.ok_or_else(|| LoadError::new("expected parquet, csv or arrow"))
    }
}

/// How Parquet pages and Arrow buffers are compressed. CSV is never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Compression {
    /// Zstandard, level 1.
    #[default]
    Zstd,
    /// Snappy; Arrow IPC knows none, and uses LZ4 in its place.
    Snappy,
    /// None.
    None,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Zstd, Self::Snappy, Self::None];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Snappy => "snappy",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Compression {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let found = Self::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or_else(|| LoadError::new("expected zstd, snappy or none"))
    }
}

/// What every written file says of its making, besides its schema.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    /// Key and value pairs for the file's metadata.
    pub pairs: Vec<(String, String)>,
}

/// Where a table keeps for a while what cannot be written yet: a file without a name, say.
pub trait Spill: Debug + Send + Sync {
    /// Writes all of `bytes`, `at` bytes from the beginning.
    ///
    /// # Errors
    /// Whatever keeps any of it from being written.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// Reads what was written there, as many bytes as asked for.
    ///
    /// # Errors
    /// Whatever keeps any of it from being read.
    fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<()>;
}

/// Does independent pieces of work, 0 to so many, side by side or in any order, and returns when all are done.
pub type Share = Box<dyn Fn(usize, &(dyn Fn(usize) + Sync)) + Send>;

/// The arrays of a column, by its place, in their order; on any thread.
pub type ColumnArrays<'a> = dyn Fn(usize) -> Result<Vec<ArrayRef>, ArrowError> + Sync + 'a;

/// What a table may use besides its output. The default is memory and the thread at hand.
pub struct Resources {
    /// Where Parquet keeps the rows of its open row group, which are up to [`ROW_GROUP_ROWS`], beyond the first MiB.
    pub spill: Option<Box<dyn Spill>>,
    /// Shares out the columns of a row group.
    pub share: Share,
}

impl Default for Resources {
    fn default() -> Self {
        Self { spill: None, share: Box::new(|count, work| (0..count).for_each(work)) }
    }
}

impl Debug for Resources {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resources").field("spill", &self.spill).finish_non_exhaustive()
    }
}

//! What a run is asked to do.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use cclf_crosswalk::{Columns, Compression, Format, Naming, Table};

use crate::cancel::{Cancel, Progress};
use crate::elsewhere::is_address;
use crate::memory;

/// Where the tables go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// A folder, published all at once.
    Folder(PathBuf),
    /// Objects below an address such as `s3://bucket/tables/`: all of them, the manifest last. Needs the feature
    /// `object-storage`.
    Objects(String),
    /// One table on standard output.
    Stdout,
}

impl Output {
    /// A folder, or objects if it is an address.
    pub fn at(place: &Path) -> Self {
        match place.to_str() {
            Some(text) if is_address(text) => Self::Objects(text.to_owned()),
            _ => Self::Folder(place.to_owned()),
        }
    }
}

/// What a bad record does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OnBadRecord {
    /// It is kept with the rejects and the run goes on.
    #[default]
    Reject,
    /// It ends the run.
    Fail,
}

/// How many bad records are too many.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MaxRejects {
    /// More than this many.
    Count(u64),
    /// More than this share of the records read so far, in millionths, but never fewer than 100.
    PerMillion(u64),
}

/// Rejects that a share never stops at.
const LEAST_REJECTS: u64 = 100;

impl Default for MaxRejects {
    /// 1 % of the records read so far, at least 100.
    fn default() -> Self {
        Self::PerMillion(10_000)
    }
}

impl MaxRejects {
    /// Whether `rejected` of `read` records are too many.
    pub fn exceeded(self, rejected: u64, read: u64) -> bool {
        match self {
            Self::Count(most) => rejected > most,
            Self::PerMillion(share) => {
                let most = u128::from(read) * u128::from(share) / 1_000_000;
                u128::from(rejected) > most.max(u128::from(LEAST_REJECTS))
            }
        }
    }
}

impl FromStr for MaxRejects {
    type Err = &'static str;

    /// `250` or `0.5%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FAULT: &str = "expected a number such as 250, or a share such as 0.5%";
        let Some(share) = text.strip_suffix('%') else {
            return text.parse().map(Self::Count).map_err(|_| FAULT);
        };
        let (whole, fraction) = share.split_once('.').unwrap_or((share, ""));
        if fraction.len() > 4 {
            return Err("a share has at most four digits after the point");
        }
        let whole: u64 = whole.parse().map_err(|_| FAULT)?;
        let fraction: u64 = format!("{fraction:0<4}").parse().map_err(|_| FAULT)?;
        if whole > 100 {
            return Err("a share is at most 100%");
        }
        Ok(Self::PerMillion(whole * 10_000 + fraction))
    }
}

/// What a run is asked to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// Files, folders, globs, addresses (`s3://bucket/export/`), or `-` for standard input.
    pub inputs: Vec<String>,
    /// Files, folders, globs or addresses whose Patients and Coverages are indexed besides, and nothing else of them:
    /// earlier exports, the oldest first. With them the claims of a stream wait for nobody: a Patient who comes after
    /// a claim of theirs is refused.
    pub patients: Vec<String>,
    /// Where the tables go.
    pub output: Output,
    /// Whether an earlier result may be replaced.
    pub overwrite: bool,
    /// Format of the tables.
    pub format: Format,
    /// Compression within Parquet and Arrow files.
    pub compression: Compression,
    /// Which tables.
    pub tables: Vec<Table>,
    /// What their files are called.
    pub naming: Naming,
    /// Which columns of them.
    pub columns: Columns,
    /// FILE_DATE for all rows, in days since 1970-01-01.
    pub file_date: Option<i32>,
    /// What a bad record does.
    pub on_bad_record: OnBadRecord,
    /// How many are too many.
    pub max_rejects: MaxRejects,
    /// Where rejects go when the table goes to standard output.
    pub rejects: Option<PathBuf>,
    /// Worker threads.
    pub threads: usize,
    /// Bytes of a block; changes speed and memory, never the output.
    pub block_bytes: usize,
    /// Longest line, in bytes.
    pub max_line_bytes: usize,
    /// Most bytes that one compressed file may hold.
    pub max_decompressed_bytes: u64,
    /// Whether compressed data without a checksum ends the run: damage in it could not be seen.
    pub require_checksums: bool,
    /// Most people whose Patients and Coverages are kept in memory; without it as many as fit half of the memory there
    /// is.
    pub max_people: Option<u32>,
    /// Ends the run from outside.
    pub cancel: Cancel,
    /// Counters to watch the run by.
    pub progress: Arc<Progress>,
}

/// Large enough that the columns of a block repay their making, small enough for the second-level cache.
const BLOCK_BYTES: usize = 4 << 20;

impl Options {
    /// The defaults for these inputs and this output.
    pub fn new(inputs: Vec<String>, output: Output) -> Self {
        let reading = ndjson_io::ReadOptions::default();
        Self {
            inputs,
            patients: Vec::new(),
            output,
            overwrite: false,
            format: Format::default(),
            compression: Compression::default(),
            tables: Table::ALL.to_vec(),
            naming: Naming::default(),
            columns: Columns::from(true),
            file_date: None,
            on_bad_record: OnBadRecord::default(),
            max_rejects: MaxRejects::default(),
            rejects: None,
            threads: reading.threads,
            block_bytes: BLOCK_BYTES,
            max_line_bytes: reading.limits.max_line_bytes,
            max_decompressed_bytes: reading.limits.max_decompressed_bytes,
            require_checksums: reading.require_checksums,
            max_people: None,
            cancel: Cancel::new(),
            progress: Arc::default(),
        }
    }

    pub(crate) fn reading(&self, hash: bool) -> ndjson_io::ReadOptions {
        ndjson_io::ReadOptions {
            threads: memory::threads(self.threads),
            block_bytes: memory::block_bytes(self.block_bytes),
            limits: ndjson_io::Limits {
                max_line_bytes: self.max_line_bytes,
                max_decompressed_bytes: self.max_decompressed_bytes,
            },
            hash,
            require_checksums: self.require_checksums,
            cancel: Arc::clone(&self.cancel.0),
            progress: Some(Arc::clone(&self.progress.reading)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_counts() {
        let parse = |text: &str| text.parse::<MaxRejects>();
        assert_eq!(parse("250"), Ok(MaxRejects::Count(250)));
        assert_eq!(parse("1%"), Ok(MaxRejects::default()));
        assert_eq!(parse("0.25%"), Ok(MaxRejects::PerMillion(2_500)));
        for bad in ["", "%", "x", "-1", "101%", "1.23456%", "1.x%"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_never_stops_before_a_hundred() {
        let share = MaxRejects::default();
        assert!(!share.exceeded(100, 100));
        assert!(share.exceeded(101, 101));
        assert!(!share.exceeded(101, 10_100));
        assert!(share.exceeded(102, 10_100));
        assert!(MaxRejects::Count(0).exceeded(1, 1_000_000));
    }
}

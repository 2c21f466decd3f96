//! Why nothing was made of a record. Never a value of it.

use std::fmt;

use cms::Api;

use crate::arrow::error::ArrowError;

use crate::counts::RecordCounts;
use crate::error::RecordError;
use crate::people::index::IndexFull;

/// Why a record was not taken.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// It is bad: class, byte and path tell why.
    Bad(RecordError),
    /// It is of this version of the API, and not of the one that is being read.
    Foreign(Api),
    /// A Patient or Coverage among claims. Rows may be out that should have had its MBI; give people to
    /// [`Beneficiaries`](crate::Beneficiaries), before the first claim.
    Person,
    /// Nobody more fits in the index of people.
    Full(IndexFull),
}

impl NotTaken {
    /// Class, byte and path, if the record is bad.
    pub fn record(&self) -> Option<&RecordError> {
        match self {
            Self::Bad(error) => Some(error),
            Self::Foreign(_) | Self::Person | Self::Full(_) => None,
        }
    }
}

impl NotTaken {
    /// Counts the record as one that was not taken.
    pub(super) fn count(&self, counts: &mut RecordCounts) {
        match self.record() {
            Some(error) => counts.bad(error),
            None => counts.rejected += 1,
        }
    }
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bad(error) => error.fmt(f),
            Self::Full(full) => full.fmt(f),
            Self::Foreign(api) => write!(
                f,
                "a record of BCDA {api} among those of another version: records of one version make tables",
            ),
            Self::Person => f.write_str(
                "a Patient or Coverage among claims: give all people before the first claim",
            ),
        }
    }
}

impl std::error::Error for NotTaken {}

/// A record that was not taken, given back. Neither `Debug` nor `Display` show it. It owns what it holds, so that it
/// goes through `?` and outlives the records.
#[derive(Clone, PartialEq, Eq)]
pub struct BadRecord {
    /// Its place among the records that were given, from 1 on.
    pub number: u64,
    /// Why it was not taken.
    pub error: NotTaken,
    /// The record as it was given.
    pub record: Vec<u8>,
}

impl fmt::Display for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {}", self.number, self.error)
    }
}

impl fmt::Debug for BadRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, error, record: _ } = self;
        f.debug_struct("BadRecord")
            .field("number", number)
            .field("error", error)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for BadRecord {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// What comes from [`Batches`](crate::Batches) in place of a batch.
#[non_exhaustive]
#[derive(Debug)]
pub enum BatchError {
    /// A record was not taken. The records after it are.
    Record(BadRecord),
    /// Arrow could not make a batch, and nothing comes after it: more text in a column of one batch than it can
    /// address, 2 GiB.
    Arrow(ArrowError),
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record(record) => record.fmt(f),
            Self::Arrow(error) => write!(f, "a record batch could not be made: {error}"),
        }
    }
}

impl std::error::Error for BatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Record(record) => Some(record),
            Self::Arrow(error) => Some(error),
        }
    }
}

impl From<ArrowError> for BatchError {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

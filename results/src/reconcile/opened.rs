//! A result that is compared, and which of its rows are.

use std::path::Path;

use convert::Error;
use publish::Spools;

use super::column::check;
use crate::current::{Kept, Resolved};
use crate::finished::{Finished, Source};
use crate::mbis::Mbis;
use crate::rows::Reader;

/// A side.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) finished: Finished,
    pub(super) kept: Kept,
    /// What became of the rest, where it is a history of CMS's.
    pub(super) resolved: Resolved,
}

impl Opened {
    /// Opens a result.
    ///
    /// # Errors
    /// It is no result, or not whole.
    pub(super) fn open(folder: &Path, source: Option<Source>) -> Result<Finished, Error> {
        let finished = Finished::open(folder, source)?;
        for (table, stored) in finished.tables() {
            check(table, stored)?;
        }
        Ok(finished)
    }

    /// The rows of final claims of a result.
    ///
    /// # Errors
    /// A table cannot be read.
    pub(super) fn of(
        finished: Finished,
        reader: Reader<'_>,
        spools: &Spools,
        mbis: &Mbis,
    ) -> Result<Self, Error> {
        let (kept, resolved) = Kept::of_result(&finished, reader, spools, mbis)?;
        Ok(Self { finished, kept, resolved })
    }
}

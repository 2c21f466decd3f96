//! Claims, cut by their keys into parts that are sorted each by itself.

use std::sync::{Mutex, PoisonError};

use convert::Error;
use convert::building::Runs;
use publish::Spools;

use super::claim::ENTRY_BYTES;

/// Parts: more than threads, so that they end together.
const PARTS: usize = 8;

/// Bytes of a part that are in memory before they are sorted and written.
const RUN_BYTES: usize = 2 << 20;

/// Claims that are sorted by a key.
pub(super) struct Cut {
    parts: Vec<Mutex<Runs<ENTRY_BYTES>>>,
}

/// An entry of a claim.
pub(super) type Entry = [u8; ENTRY_BYTES];

impl Cut {
    /// None yet.
    pub(super) fn new(spools: &Spools) -> Self {
        let parts = (0..PARTS).map(|_| Mutex::new(Runs::new(spools, RUN_BYTES))).collect();
        Self { parts }
    }

    /// Adds entries.
    ///
    /// # Errors
    /// A spool cannot be written.
    pub(super) fn push_all(&self, entries: impl Iterator<Item = Entry>) -> Result<(), Error> {
        for entry in entries {
            let part = &self.parts[usize::from(entry[0]) % PARTS];
            part.lock().unwrap_or_else(PoisonError::into_inner).push(entry)?;
        }
        Ok(())
    }

    /// The parts: all entries of a key are in one.
    pub(super) fn into_parts(self) -> Vec<Runs<ENTRY_BYTES>> {
        let own = |part: Mutex<_>| part.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.parts.into_iter().map(own).collect()
    }
}

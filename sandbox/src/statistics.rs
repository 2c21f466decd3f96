//! What was asked, and what came of it.

use std::collections::BTreeMap;

use crate::fault::Requests;

/// How many requests of which kind were answered with which status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics(BTreeMap<(Requests, u16), u64>);

impl Statistics {
    /// Counts one more.
    pub(crate) fn add(&mut self, requests: Requests, status: u16) {
        *self.0.entry((requests, status)).or_default() += 1;
    }

    /// How many requests of the kind were answered with the status.
    pub fn count(&self, requests: Requests, status: u16) -> u64 {
        self.0.get(&(requests, status)).copied().unwrap_or(0)
    }

    /// All of them: kind, status, count.
    pub fn all(&self) -> impl Iterator<Item = (Requests, u16, u64)> + '_ {
        self.0.iter().map(|(&(requests, status), &count)| (requests, status, count))
    }
}

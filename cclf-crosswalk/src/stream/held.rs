//! People who show no version of the API, until a record shows one.

use crate::plan::guess::Guesser;
use crate::rows::claim::Lineage;
use cms::Api;

/// Records that are held at most: then version 1 is assumed.
const MOST: usize = 1_000;

/// Records of people that were read as of version 1, because nothing had told their version, each with its source.
#[derive(Debug, Default)]
pub(super) struct Held(Vec<(Lineage, Vec<u8>)>);

impl Held {
    /// Holds a record; whether there is still room.
    pub(super) fn hold(&mut self, source: &Lineage, record: &[u8]) -> bool {
        self.0.push((source.clone(), record.to_owned()));
        self.0.len() < MOST
    }

    /// The records, in their order.
    pub(super) fn records(self) -> impl Iterator<Item = (Lineage, Vec<u8>)> {
        self.0.into_iter()
    }
}

/// The version that a record shows.
pub(super) fn shown(record: &[u8]) -> Option<Api> {
    Guesser::version(record)
}

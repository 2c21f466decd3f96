//! The passes over the input: people, claims, and both at once for a stream.

mod block;
pub(crate) mod claims;
pub(crate) mod duplicates;
pub(crate) mod first_bad;
mod held;
pub(crate) mod no_export;
pub(crate) mod people;
pub(crate) mod rejects;
pub(crate) mod stream;
pub(crate) mod tally;

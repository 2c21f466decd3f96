//! The passes over the input: people, claims, and both at once for a stream.

pub(crate) mod claims;
pub(crate) mod duplicates;
mod held;
pub(crate) mod no_export;
pub(crate) mod people;
pub(crate) mod rejects;
pub(crate) mod stream;
pub(crate) mod tally;

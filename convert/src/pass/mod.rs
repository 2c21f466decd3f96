//! The passes over the input: people, then claims, or both at once for a stream; then the summaries.

mod block;
pub(crate) mod claims;
pub(crate) mod context;
mod duplicates;
pub(crate) mod entry;
mod first_bad;
mod held;
pub(crate) mod latest;
pub(crate) mod left_out;
pub(crate) mod no_export;
pub(crate) mod outcome;
pub(crate) mod people;
pub(crate) mod rejects;
pub(crate) mod stream;
pub(crate) mod summaries;

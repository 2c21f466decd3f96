//! Where the results of a run go.

pub(crate) mod hashed;
pub(crate) mod manifest;
pub(crate) mod place;
pub(crate) mod shared;
pub(crate) mod stdout;
pub(crate) mod tables;

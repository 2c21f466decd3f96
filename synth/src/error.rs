//! Why an export was not generated.

use std::io;

/// Why an export was not generated. Files opened before the failure are incomplete.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be opened or written.
    #[error("cannot write {name}")]
    Write {
        /// The file's name, as given to `create`.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// An option is out of its range.
    #[error("cannot generate: {0}")]
    Options(&'static str),
}

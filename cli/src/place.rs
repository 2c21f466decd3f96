//! Places that options name.

use std::fs::Metadata;
use std::io;
use std::path::Path;

use crate::failure::Failure;

/// Whether a place is in object storage.
pub(crate) fn is_address(place: &Path) -> bool {
    place.to_str().is_some_and(convert::is_address)
}

/// What was found at a path; none if nothing stands there. What the system does not tell is a failure, no wrong option.
pub(crate) fn if_there(
    path: &Path,
    found: io::Result<Metadata>,
) -> Result<Option<Metadata>, Failure> {
    use io::ErrorKind::{NotADirectory, NotFound};
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(None),
        Err(error) => Err(Failure::new(1, format!("{}: cannot examine: {error}", path.display()))),
    }
}

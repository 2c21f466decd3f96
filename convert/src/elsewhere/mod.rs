//! Inputs and outputs that are not on this machine: where the run and object storage meet.
//!
//! Without the feature `object-storage` there is the same face, which refuses every address.

#[cfg(not(feature = "object-storage"))]
mod none;
#[cfg(feature = "object-storage")]
mod objects;

#[cfg(not(feature = "object-storage"))]
use none::is_one;
#[cfg(not(feature = "object-storage"))]
pub(crate) use none::{Elsewhere, Publication, overlaps};
#[cfg(feature = "object-storage")]
use object_storage::is_address as is_one;
#[cfg(feature = "object-storage")]
pub(crate) use objects::{Elsewhere, Publication, overlaps};

/// Whether an input or output is an address in object storage or of an HTTP server, rather than a path.
///
/// # Example
///
/// ```
/// assert!(convert::is_address("s3://bucket/export/"));
/// assert!(!convert::is_address("export/Patient.ndjson"));
/// ```
pub fn is_address(text: &str) -> bool {
    is_one(text)
}

//! The front door for values that outlive their bytes.

use std::io::{self, Read};

use crate::error::Error;
use crate::own::IntoOwned;
use crate::read::from_slice;
use crate::resource::Resource;

/// Longest record that [`from_reader`] takes: 256 MiB, as long as the longest line that the NDJSON reader of
/// this suite takes by default.
pub const MAX_RECORD_BYTES: u64 = 256 << 20;

/// Why [`from_reader`] gave no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The source failed.
    #[error("reading the record failed: {0}")]
    Io(#[from] io::Error),
    /// The source goes on past [`MAX_RECORD_BYTES`].
    #[error(
        "the record is longer than {MAX_RECORD_BYTES} bytes; files of many records are read line by line"
    )]
    TooLong,
    /// The bytes are no resource.
    #[error(transparent)]
    Record(#[from] Error),
}

/// Reads one resource from a source of bytes, up to its end, and keeps nothing of the source.
///
/// As strict as [`from_slice`]. One record, not one file: NDJSON is split into lines first.
///
/// # Errors
/// Faults of the source and of the record. See [`ReadError`].
///
/// # Example
/// ```
/// use fhir_model::{Resource, from_reader};
///
/// let source = std::io::Cursor::new(br#"{"resourceType":"Patient","id":"-1000"}"#);
/// let patient: Resource<'static> = from_reader(source)?;
/// assert_eq!(patient.id(), Some("-1000"));
/// # Ok::<(), fhir_model::ReadError>(())
/// ```
pub fn from_reader(source: impl Read) -> Result<Resource<'static>, ReadError> {
    read_up_to(source, MAX_RECORD_BYTES)
}

fn read_up_to(source: impl Read, limit_bytes: u64) -> Result<Resource<'static>, ReadError> {
    let mut bytes = Vec::new();
    source.take(limit_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(ReadError::TooLong);
    }
    Ok(from_slice(&bytes)?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_source_and_record_are_told_apart() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        assert!(matches!(from_reader(Broken), Err(ReadError::Io(_))));
        assert!(matches!(from_reader(&b"{"[..]), Err(ReadError::Record(_))));
        assert!(matches!(read_up_to(io::repeat(b' '), 1000), Err(ReadError::TooLong)));
        let record = br#"{"resourceType":"Patient"}"#;
        assert!(read_up_to(&record[..], 26).is_ok());
        assert!(matches!(read_up_to(&record[..], 25), Err(ReadError::TooLong)));
    }
}

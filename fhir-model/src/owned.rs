//! The front door for values that outlive their bytes.

use std::io::{self, Read};

use crate::error::Error;

/// Longest record that `from_reader` takes: 256 MiB, as long as the longest line that the NDJSON reader of
/// this suite takes by default.
pub const MAX_RECORD_BYTES: u64 = 256 << 20;

/// Why `from_reader` gave no record.
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

/// The bytes of a source that is no longer than a record may be.
pub(crate) fn bytes_of(source: impl Read) -> Result<Vec<u8>, ReadError> {
    read_up_to(source, MAX_RECORD_BYTES)
}

fn read_up_to(source: impl Read, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    source.take(limit_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit_bytes {
        return Err(ReadError::TooLong);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_may_fail_or_be_too_long() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        assert!(matches!(bytes_of(Broken), Err(ReadError::Io(_))));
        assert!(matches!(read_up_to(io::repeat(b' '), 1000), Err(ReadError::TooLong)));
        let record = br#"{"resourceType":"Patient"}"#;
        assert!(read_up_to(&record[..], 26).is_ok());
        assert!(matches!(read_up_to(&record[..], 25), Err(ReadError::TooLong)));
    }
}

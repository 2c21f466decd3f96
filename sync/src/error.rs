//! What went wrong.

use std::fmt;

/// A sentence without any value of the data, and the exit code of its class.
#[derive(Debug)]
pub struct Error {
    code: u8,
    message: String,
}

impl Error {
    /// Asked for something that cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: 2, message: message.into() }
    }

    /// This machine failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Self { code: 1, message: message.into() }
    }

    /// 1 for a failure of this machine, 2 for what cannot be, 4 for bad data, and so on as everywhere.
    pub fn exit_code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<convert::Error> for Error {
    fn from(error: convert::Error) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

impl From<publish::Error> for Error {
    fn from(error: publish::Error) -> Self {
        convert::Error::from(error).into()
    }
}

impl From<bulk_client::Error> for Error {
    fn from(error: bulk_client::Error) -> Self {
        Self { code: error.exit_code(), message: error.to_string() }
    }
}

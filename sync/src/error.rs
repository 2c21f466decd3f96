//! What went wrong.

use std::fmt;

use crate::spelling::Spelling;

/// A sentence without any value of the data, and the exit code of its class.
#[derive(Debug)]
pub struct Error {
    cause: Cause,
    /// What it is about, if the sentence does not say it.
    place: Option<String>,
}

/// What an [`Error`] comes from.
#[derive(Debug)]
#[non_exhaustive]
pub enum Cause {
    /// Something was asked for that cannot be.
    Usage(String),
    /// This machine failed.
    Failed(String),
    /// The run was asked to end.
    Interrupted,
    /// The server could not deliver.
    Undelivered(String),
    /// The tables could not be made.
    Tables(convert::Error),
    /// An export could not be fetched.
    Export(bulk_client::Error),
}

impl Error {
    /// Asked for something that cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Cause::Usage(message.into()).into()
    }

    /// This machine failed.
    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Cause::Failed(message.into()).into()
    }

    /// Says what it is about.
    pub(crate) fn at(self, place: String) -> Self {
        Self { place: Some(place), ..self }
    }

    /// What it comes from.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Whether the run was asked to end, and did.
    pub fn is_interruption(&self) -> bool {
        match &self.cause {
            Cause::Interrupted => true,
            Cause::Tables(error) => error.kind() == convert::ErrorKind::Cancelled,
            Cause::Export(error) => error.kind() == bulk_client::ErrorKind::Interrupted,
            _ => false,
        }
    }

    /// 1 for a failure of this machine, 2 for what cannot be, 4 for bad data, and so on as everywhere.
    pub fn exit_code(&self) -> u8 {
        match &self.cause {
            Cause::Failed(_) => 1,
            Cause::Usage(_) => 2,
            Cause::Undelivered(_) => 5,
            Cause::Interrupted => 130,
            Cause::Tables(error) => error.exit_code(),
            Cause::Export(error) => error.exit_code(),
        }
    }

    /// The sentence, with options as they are written where it is read.
    pub fn spelled(&self, spelling: Spelling) -> String {
        let text = match &self.cause {
            Cause::Usage(message) | Cause::Failed(message) | Cause::Undelivered(message) => {
                message.clone()
            }
            Cause::Interrupted => "interrupted; the same call goes on".to_owned(),
            Cause::Tables(error) => error.clone().spelled(spelling.tables).to_string(),
            Cause::Export(error) => error.spelled(spelling.export),
        };
        match &self.place {
            Some(place) => format!("{place}: {text}"),
            None => text,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled(Spelling::default()))
    }
}

impl std::error::Error for Error {}

impl From<Cause> for Error {
    fn from(cause: Cause) -> Self {
        Self { cause, place: None }
    }
}

impl From<convert::Error> for Error {
    fn from(error: convert::Error) -> Self {
        Cause::Tables(error).into()
    }
}

impl From<publish::Error> for Error {
    fn from(error: publish::Error) -> Self {
        convert::Error::from(error).into()
    }
}

impl From<bulk_client::Error> for Error {
    fn from(error: bulk_client::Error) -> Self {
        Cause::Export(error).into()
    }
}

//! Why a run did not end well: what it means for the exit code, and what to do.

use std::fmt;

use cclf_crosswalk::RecordError;
use serde::{Deserialize, Serialize};

use crate::setting::{Message, Setting, Spelling, said};

/// The class of an error; each has an exit code of its own.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Asked for something that cannot be: no such input, output exists. Exit code 2, nothing was changed.
    Usage,
    /// Reading, writing or the program itself failed. Exit code 1, nothing was published.
    Failed,
    /// The data is not what it should be. Exit code 4, nothing was published.
    BadData,
    /// A store or a server of inputs or outputs refused, did not answer or went on failing. Exit code 5, nothing was
    /// published.
    Network,
    /// The run was asked to end.
    Cancelled,
    /// Whoever read standard output has gone: a normal end.
    BrokenPipe,
}

/// An error of the whole run: its class and a sentence without any value of the data.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    message: Message,
    spelling: Spelling,
    /// Where the single bad record stands that ended the run.
    record: Option<Box<RejectPlace>>,
}

impl Error {
    /// An error of a class.
    pub fn new(kind: ErrorKind, message: impl Into<Message>) -> Self {
        Self { kind, message: message.into(), spelling: Setting::name, record: None }
    }

    /// The same error, whose message calls settings so.
    #[must_use]
    pub fn spelled(self, spelling: Spelling) -> Self {
        Self { spelling, ..self }
    }

    /// The same error, which does not happen where the result may be replaced.
    pub(crate) fn unless_overwritten(self) -> Self {
        self.with(said![" (", Setting::Overwrite, ")"])
    }

    /// The same error, and what to do.
    #[must_use]
    pub fn with(self, advice: Message) -> Self {
        Self { message: self.message.with(advice), ..self }
    }

    /// Asked for something that cannot be.
    pub fn usage(message: impl Into<Message>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Reading, writing or the program itself failed.
    pub fn failed(message: impl Into<Message>) -> Self {
        Self::new(ErrorKind::Failed, message)
    }

    /// Columns that do not fit together: never with the tables of a loaded crosswalk.
    pub fn unbuilt() -> Self {
        Self::failed("building a record batch failed; please report it")
    }

    /// The data is not what it should be.
    pub fn bad_data(message: impl Into<Message>) -> Self {
        Self::new(ErrorKind::BadData, message)
    }

    /// The run was asked to end before anything was published.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "interrupted; nothing was published")
    }

    /// A bad record, at this place, in a run that does not go on after one.
    pub(crate) fn of_a_record(place: RejectPlace, text: String) -> Self {
        let keeps = "=reject keeps such records aside";
        let message = said![text, "; ", Setting::OnBadRecord, keeps];
        Self { record: Some(Box::new(place)), ..Self::bad_data(message) }
    }

    pub(crate) const fn is_of_a_record(&self) -> bool {
        self.record.is_some()
    }

    /// Where the bad record stands that ended the run, if a single one did.
    pub fn record(&self) -> Option<&RejectPlace> {
        self.record.as_deref()
    }

    /// The settings that the message names, in its order.
    pub fn settings(&self) -> impl Iterator<Item = Setting> {
        self.message.settings()
    }

    /// The class.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The exit code of a command that ends with this error, apart from signals.
    pub const fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Usage => 2,
            ErrorKind::Failed => 1,
            ErrorKind::BadData => 4,
            ErrorKind::Network => 5,
            ErrorKind::Cancelled => 130,
            ErrorKind::BrokenPipe => 0,
        }
    }
}

/// Where a rejected record stands and why it was rejected; never what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectPlace {
    /// Name of the source file, as in FILE_NAME.
    pub source: String,
    /// One-based line.
    pub line: u64,
    /// Byte of the decompressed file at which the line begins.
    pub byte_offset: u64,
    /// Class of the error.
    pub class: String,
    /// Byte of the line at which the fault is.
    pub fault_byte: u64,
    /// Path in the record, made of our own names; may be empty.
    pub path: String,
}

impl RejectPlace {
    pub(crate) fn new(source: &str, line: u64, byte_offset: u64, error: &RecordError) -> Self {
        Self {
            source: source.to_owned(),
            line,
            byte_offset,
            class: error.class().to_string(),
            fault_byte: error.offset() as u64,
            path: error.path(),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message.spelled(self.spelling))
    }
}

impl std::error::Error for Error {}

impl From<ndjson_io::Error> for Error {
    fn from(fault: ndjson_io::Error) -> Self {
        if fault.is_cancelled() {
            return Self::cancelled();
        }
        let kind = match fault.kind() {
            ndjson_io::ErrorKind::Remote => ErrorKind::Network,
            _ if fault.is_usage() => ErrorKind::Usage,
            _ => ErrorKind::Failed,
        };
        let error = Self::new(kind, fault.to_string());
        match fault.kind() {
            ndjson_io::ErrorKind::NoChecksum => {
                error.with(said![", or leave ", Setting::RequireChecksums, " out"])
            }
            _ => error,
        }
    }
}

impl From<publish::Error> for Error {
    fn from(fault: publish::Error) -> Self {
        let kind = if fault.is_usage() { ErrorKind::Usage } else { ErrorKind::Failed };
        let error = Self::new(kind, fault.to_string());
        match fault.kind() {
            publish::ErrorKind::OutputExists => error.unless_overwritten(),
            _ => error,
        }
    }
}

//! Why something did not work: its class, which decides the exit code, and a sentence of our own.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::cause::Cause;
use crate::outcome::Outcome;
use crate::setting::{Message, Setting, Spelling};

/// The remedy of what may pass.
const GOES_ON: &str = "what is complete stays, and the same command goes on from there";
/// The remedy of a request that the server does not want.
const REFUSED_AGAIN: &str = "asking again will not help: something must change first";

/// Whether a status says that the server may answer otherwise another time.
pub(crate) const fn may_pass(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502..)
}

/// The class of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Asked for something that cannot be: a bad URL, credentials that others can read, an output in use.
    Usage,
    /// Something on this machine failed: a disk, a file.
    Local,
    /// The server was not reached, or not for long enough: retries are used up.
    Network,
    /// The server refused the credentials or the token.
    Refused,
    /// The server answered, but not as it should: a status, a body or a manifest that cannot be.
    Server,
    /// The server says that the job has failed.
    JobFailed,
    /// The job or its files are not there any more (410, 404): only a new job helps.
    JobGone,
    /// A downloaded body is not what it should be: truncated, damaged, HTML.
    BadFile,
    /// Asked to end.
    Interrupted,
}

/// An error: its class and a sentence, which holds no token, no query of a URL and no text of a person's record.
pub struct Error {
    kind: ErrorKind,
    message: Message,
    status: Option<u16>,
    cause: Option<Cause>,
    outcome: Option<Box<Outcome>>,
    /// The file that has the whole answer.
    kept_in: Option<Box<Path>>,
    passing: Option<Passing>,
    /// What to do about it, where the message does not say so.
    remedy: Option<&'static str>,
    /// A run ends with it: it is said how to get what else the server says.
    is_last: bool,
}

/// The fault may be gone when one tries again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passing {
    /// How long the server asks to wait, if it does.
    pub(crate) asked: Option<Duration>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Message>) -> Self {
        Self {
            kind,
            message: message.into(),
            status: None,
            cause: None,
            outcome: None,
            kept_in: None,
            passing: None,
            remedy: None,
            is_last: false,
        }
    }

    pub(crate) fn usage(message: impl Into<Message>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    pub(crate) fn local(message: impl Into<Message>) -> Self {
        Self::new(ErrorKind::Local, message)
    }

    pub(crate) fn server(message: impl Into<Message>) -> Self {
        Self::new(ErrorKind::Server, message)
    }

    pub(crate) fn interrupted() -> Self {
        Self::new(ErrorKind::Interrupted, "interrupted")
    }

    pub(crate) fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same error with why there was no connection.
    pub(crate) fn because(mut self, cause: Cause) -> Self {
        self.cause = Some(cause);
        self
    }

    /// The status was no answer to the call itself.
    pub(crate) fn without_status(mut self) -> Self {
        self.status = None;
        self
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = Some(Box::new(outcome));
        self
    }

    /// The whole answer is in this file.
    pub(crate) fn with_answer_in(mut self, file: Option<&Path>) -> Self {
        self.kept_in = file.map(Into::into);
        self
    }

    pub(crate) fn passing(mut self, asked: Option<Duration>) -> Self {
        self.passing = Some(Passing { asked });
        self
    }

    /// The same error where trying again is over.
    pub(crate) fn lasting(mut self) -> Self {
        self.passing = None;
        self
    }

    /// Whether, and after what wait, to try again.
    pub(crate) fn is_passing(&self) -> Option<Passing> {
        self.passing
    }

    pub(crate) fn of_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// The same error with words before it.
    pub(crate) fn at(mut self, place: impl Into<Message>) -> Self {
        self.message = place.into().then(": ").then(self.message);
        self
    }

    /// The same error with words after it.
    pub(crate) fn after(mut self, more: impl Into<Message>) -> Self {
        self.message = self.message.then(more);
        self
    }

    /// The same error of a connection, which is named.
    pub(crate) fn on(self, connection: &str) -> Self {
        self.after(format!(" ({connection})"))
    }

    /// The error that a run ends with: what ends by something that may pass goes on when it is run again, if a job was
    /// begun, and what was refused for good is refused again.
    pub(crate) fn with_remedy(mut self, begun: bool) -> Self {
        self.remedy = match (self.kind, self.status) {
            (ErrorKind::Network | ErrorKind::BadFile, _) => begun.then_some(GOES_ON),
            (ErrorKind::Server, Some(status)) if may_pass(status) => begun.then_some(GOES_ON),
            (ErrorKind::Server | ErrorKind::Refused, Some(400..=499)) => Some(REFUSED_AGAIN),
            _ => None,
        };
        self.is_last = true;
        self
    }

    /// What it says, with options as they are written where it is read.
    pub fn spelled(&self, spelling: Spelling) -> String {
        self.whole().spelled(spelling)
    }

    fn whole(&self) -> Message {
        let outcome = self.outcome.as_deref();
        let mut whole = self.message.clone();
        if let Some(outcome) = outcome.filter(|outcome| !outcome.is_empty()) {
            whole = whole.then(format!(" ({outcome})"));
        }
        if let Some(remedy) = self.remedy {
            whole = whole.then("; ").then(remedy);
        }
        match &self.kept_in {
            Some(file) => whole.then(format!("; the whole answer is in {}", file.display())),
            None if self.is_last && outcome.is_some_and(Outcome::has_more) => whole.then([
                "; the server says more, which may name people: ".into(),
                Setting::ErrorBodies.of("FILE"),
                " keeps it".into(),
            ]),
            None => whole,
        }
    }

    /// The class.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The HTTP status that was answered, if one was.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// Why the server was not reached, if that is the fault.
    pub fn cause(&self) -> Option<Cause> {
        self.cause
    }

    /// What the server said about it, reduced to what may be shown.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_deref()
    }

    /// The exit code of a command that ends with this error: 2 usage, 1 this machine, 5 server or network,
    /// 130 interrupted.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Usage => 2,
            ErrorKind::Local => 1,
            ErrorKind::Interrupted => 130,
            _ => 5,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.whole().fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}: {self})", self.kind)
    }
}

impl std::error::Error for Error {}

impl From<publish::Error> for Error {
    fn from(fault: publish::Error) -> Self {
        let kind = if fault.is_usage() { ErrorKind::Usage } else { ErrorKind::Local };
        Self::new(kind, fault.to_string())
    }
}

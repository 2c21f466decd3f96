//! How a command fails.

use bulk_client::{Mention, Setting, Value};
use convert::ErrorKind;

use crate::signals::Caught;

/// How a command failed: its exit code and what to say.
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// That of a run: what a signal ended has its exit code, and a reader that has gone is told nothing.
    pub(crate) fn of_run(error: &convert::Error, caught: &Caught) -> Self {
        let code = match error.kind() {
            ErrorKind::Cancelled => caught.exit_code().unwrap_or(error.exit_code()),
            _ => error.exit_code(),
        };
        let silent = error.kind() == ErrorKind::BrokenPipe;
        Self::new(code, if silent { String::new() } else { error.to_string() })
    }

    /// The same of what came after a run whose result is there.
    pub(crate) fn after_all(self) -> Self {
        Self::new(self.code, format!("the result is complete, but: {}", self.message))
    }
}

impl From<bulk_client::Error> for Failure {
    fn from(error: bulk_client::Error) -> Self {
        Self::new(error.exit_code(), error.spelled(spelled))
    }
}

/// The name of an option as it is written here.
pub(crate) fn option_of(setting: Setting) -> String {
    format!("--{}", setting.name())
}

/// An option as it is written here.
pub(crate) fn spelled(mention: Mention) -> String {
    let option = option_of(mention.setting);
    match mention.value {
        None => option,
        Some(Value::Any(value) | Value::Word(value)) => format!("{option} {value}"),
    }
}

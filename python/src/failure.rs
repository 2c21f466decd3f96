//! Errors of the crates, and panics, as exceptions.

use std::panic::AssertUnwindSafe;

use bulk_client::{ErrorKind as ServerKind, Mention, Setting, Value};
use convert::{ErrorKind, RejectPlace};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sync::Cause;

/// An error on its way to Python.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// Name of the exception.
    class: &'static str,
    kind: &'static str,
    exit_code: u8,
    message: String,
    place: Option<Box<RejectPlace>>,
}

impl Failure {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { class: "UsageError", kind: "usage", exit_code: 2, message, place: None }
    }

    /// A usage error that is a TypeError, too.
    pub(crate) fn wrong_type(message: impl Into<String>) -> Self {
        Self { class: "WrongType", ..Self::usage(message) }
    }

    /// A panic; what it said may quote the data.
    pub(crate) fn internal() -> Self {
        Self::failed("internal fault; please report it")
    }

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { class: "BcdaError", kind: "failed", exit_code: 1, message, place: None }
    }

    pub(crate) fn interrupted(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { class: "Interrupted", kind: "cancelled", exit_code: 130, message, place: None }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The exception.
    pub(crate) fn exception<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let place = self.place.as_ref().map(|place| {
            let dict = PyDict::new(py);
            dict.set_item("source", &place.source)?;
            dict.set_item("line", place.line)?;
            dict.set_item("byte_offset", place.byte_offset)?;
            dict.set_item("class", &place.class)?;
            dict.set_item("fault_byte", place.fault_byte)?;
            dict.set_item("path", &place.path)?;
            Ok::<_, PyErr>(dict)
        });
        let class = py.import("bcda._errors")?.getattr(self.class)?;
        class.call1((&self.message, self.kind, self.exit_code, place.transpose()?))
    }
}

/// Does what Python asked for. A panic becomes a BcdaError: the exception that PyO3 makes of one is none to those who
/// catch Exception.
pub(crate) fn guarded<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    let done = std::panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|_| Err(Failure::internal().into()))
}

impl From<convert::Error> for Failure {
    fn from(error: convert::Error) -> Self {
        let (class, kind) = match error.kind() {
            ErrorKind::Usage => ("UsageError", "usage"),
            ErrorKind::BadData => ("BadDataError", "bad-data"),
            ErrorKind::Network => ("ServerError", "network"),
            ErrorKind::Cancelled => ("Interrupted", "cancelled"),
            _ => ("BcdaError", "failed"),
        };
        Self {
            class,
            kind,
            exit_code: error.exit_code(),
            message: error.to_string(),
            place: error.record().cloned().map(Box::new),
        }
    }
}

/// An option of an export as the argument that it is here.
pub(crate) fn argument(mention: Mention) -> String {
    let name = match mention.setting {
        Setting::Param => "params".to_owned(),
        Setting::Type => "types".to_owned(),
        other => other.name().replace('-', "_"),
    };
    match mention.value {
        None => name,
        Some(Value::Any(_)) if mention.setting == Setting::Param => {
            format!("{name}={{\"NAME\": \"VALUE\"}}")
        }
        Some(Value::Any(value)) => format!("{name}={value}"),
        Some(Value::Word(value)) => format!("{name}=\"{value}\""),
    }
}

impl From<bulk_client::Error> for Failure {
    fn from(error: bulk_client::Error) -> Self {
        Self::of_server(&error)
    }
}

impl Failure {
    /// That of `bcda.sync`, with options as `spelling` writes them.
    pub(crate) fn of_sync(error: &sync::Error, spelling: sync::Spelling) -> Self {
        let known = match error.cause() {
            Cause::Tables(cause) => Self::from(cause.clone()),
            Cause::Export(cause) => Self::of_server(cause),
            Cause::Usage(_) => Self::usage(""),
            Cause::Interrupted => Self::interrupted(""),
            Cause::Undelivered(_) => {
                Self { class: "ServerError", kind: "job-gone", ..Self::failed("") }
            }
            _ => Self::failed(""),
        };
        Self { message: error.spelled(spelling), exit_code: error.exit_code(), ..known }
    }

    fn of_server(error: &bulk_client::Error) -> Self {
        let (class, kind) = match error.kind() {
            ServerKind::Usage => ("UsageError", "usage"),
            ServerKind::Interrupted => ("Interrupted", "cancelled"),
            ServerKind::Network => ("ServerError", "network"),
            ServerKind::Refused => ("ServerError", "refused"),
            ServerKind::Server => ("ServerError", "server"),
            ServerKind::JobFailed => ("ServerError", "job-failed"),
            ServerKind::JobGone => ("ServerError", "job-gone"),
            ServerKind::BadFile => ("ServerError", "bad-file"),
            _ => ("BcdaError", "failed"),
        };
        let message = error.spelled(argument);
        Self { class, kind, exit_code: error.exit_code(), message, place: None }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| match failure.exception(py) {
            Ok(exception) => Self::from_value(exception),
            Err(error) => error,
        })
    }
}

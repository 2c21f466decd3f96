//! The one error type of this crate: a class and a sentence in our own words.

use std::error::Error as _;
use std::fmt;

use object_store::client::{HttpError, HttpErrorKind};

use crate::address::Address;

/// What an error means for whoever asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// It was asked for wrongly: an address that is none, a result that is there already. Nothing was changed.
    Usage,
    /// No such object, bucket or container.
    NotFound,
    /// Another object took the place of this one while it was being read, or it was deleted.
    Replaced,
    /// The credentials there are, or their absence, do not allow it.
    Denied,
    /// The store did not answer, or went on failing after all tries.
    Network,
    /// A file of this machine could not be read.
    Local,
    /// The run was asked to end.
    Cancelled,
}

/// An error: its class and what to tell people. It holds no value of the data and no secret.
#[derive(Clone, Debug)]
pub struct Error(Box<(ErrorKind, String)>);

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new((kind, message.into())))
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "interrupted")
    }

    pub(crate) fn replaced(address: &Address) -> Self {
        let message =
            format!("{address}: the object was replaced or deleted while it was being read");
        Self::new(ErrorKind::Replaced, message)
    }

    /// What the crate below says, in our words. `tried` is a verb with its object: "read the object".
    pub(crate) fn of(error: &object_store::Error, tried: &str, address: &Address) -> Self {
        use object_store::Error as Below;
        let class = match error {
            Below::NotFound { .. } => Some(404),
            Below::PermissionDenied { .. } => Some(403),
            Below::Unauthenticated { .. } => Some(401),
            Below::Precondition { .. } => Some(412),
            _ => status(error),
        };
        let (kind, why) = match class {
            Some(404) => {
                let what = if address.is_http() {
                    "no such object"
                } else {
                    "no such object, bucket or container"
                };
                (ErrorKind::NotFound, what.to_owned())
            }
            Some(401 | 403) => (
                ErrorKind::Denied,
                format!(
                    "access was denied (HTTP {}): the credentials of the environment must allow to {tried}",
                    class.unwrap_or_default()
                ),
            ),
            Some(412) => return Self::replaced(address),
            Some(status) if status >= 500 || status == 429 => (
                ErrorKind::Network,
                format!(
                    "cannot {tried}: the store went on answering HTTP {status}; try again later"
                ),
            ),
            Some(status) => {
                (ErrorKind::Network, format!("cannot {tried}: the store answered HTTP {status}"))
            }
            None => (ErrorKind::Network, format!("cannot {tried}: {}", transport(error))),
        };
        Self::new(kind, format!("{address}: {why}"))
    }

    /// The class.
    pub fn kind(&self) -> ErrorKind {
        self.0.0
    }

    /// True if the run was asked to end.
    pub fn is_cancelled(&self) -> bool {
        self.kind() == ErrorKind::Cancelled
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.1)
    }
}

impl std::error::Error for Error {}

/// The status that the server answered last. The crate keeps it to itself where it has no class for it: its text
/// begins the answer with it, and only these three digits are taken from there.
fn status(error: &object_store::Error) -> Option<u16> {
    const BEFORE: &str = "non-2xx status code: ";
    let mut link = error.source();
    while let Some(cause) = link {
        let text = cause.to_string();
        if let Some((_, rest)) = text.split_once(BEFORE) {
            return rest.get(..3)?.parse().ok();
        }
        if text.contains("Server returned error response") {
            return Some(503);
        }
        link = cause.source();
    }
    None
}

/// What happened on the way to the server.
fn transport(error: &object_store::Error) -> &'static str {
    let mut link = error.source();
    while let Some(cause) = link {
        if let Some(http) = cause.downcast_ref::<HttpError>() {
            return match http.kind() {
                HttpErrorKind::Connect => {
                    "no connection to the store (name, network, TLS, or plain http:// not allowed)"
                }
                HttpErrorKind::Timeout => "the store did not answer in time",
                HttpErrorKind::Interrupted | HttpErrorKind::Request => {
                    "the connection to the store broke off"
                }
                _ => "the answer of the store broke off or makes no sense",
            };
        }
        link = cause.source();
    }
    "the store's answer makes no sense, or its settings in the environment do not fit together"
}

/// Whether the answer came and its body broke off: what fails before, the crate tries again by itself, and its error
/// says what it performed.
pub(crate) fn body_broke_off(error: &object_store::Error) -> bool {
    let mut link = error.source();
    let mut http = false;
    while let Some(cause) = link {
        if cause.to_string().starts_with("Error performing") {
            return false;
        }
        http |= cause.is::<HttpError>();
        link = cause.source();
    }
    http
}

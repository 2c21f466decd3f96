//! Why there was no answer, or no whole one: what may pass and what does not.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use crate::cause::Cause;
use crate::error::{Error, ErrorKind};
use crate::outcome::shown;

/// Nothing came for too long.
pub(crate) fn silent(waited: Duration) -> Error {
    let message = format!("the server sent nothing for {} seconds", waited.as_secs_f32());
    Error::new(ErrorKind::Network, message).passing(None).because(Cause::Silent)
}

/// No connection, or one that broke. A certificate does not get better, and what speaks no TLS does not learn it.
pub(crate) fn broken(error: &reqwest::Error) -> Error {
    let cause = root_cause(error);
    match tls_fault(error) {
        Some(
            fault @ (rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented),
        ) => {
            let message = format!("the server's certificate is not to be trusted: {cause}");
            Error::new(ErrorKind::Network, message).because(Cause::of_certificate(fault))
        }
        // An alert is the other side's word, which may be another tomorrow.
        Some(fault) if error.is_connect() && !matches!(fault, rustls::Error::AlertReceived(_)) => {
            let message =
                format!("no TLS connection: the server does not speak it as it must: {cause}");
            Error::new(ErrorKind::Network, message).because(Cause::NoTls)
        }
        _ => {
            let what = if error.is_connect() { "no connection" } else { "the connection broke" };
            Error::new(ErrorKind::Network, format!("{what}: {cause}"))
                .passing(None)
                .because(Cause::of_connection(error))
        }
    }
}

/// What TLS says, wherever it is among the causes.
fn tls_fault(error: &reqwest::Error) -> Option<&rustls::Error> {
    let mut cause = error.source();
    while let Some(here) = cause {
        if let Some(fault) = here.downcast_ref() {
            return Some(fault);
        }
        // An `io::Error` does not name what it wraps as its source, but the source of that.
        let mut wrapped = here.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        while let Some(inner) = wrapped {
            if let Some(fault) = inner.downcast_ref() {
                return Some(fault);
            }
            wrapped = inner.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        }
        cause = here.source();
    }
    None
}

/// The innermost cause: the system's, TLS's or HTTP's own words, which hold no URL.
pub(crate) fn root_cause(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    cause.map_or_else(|| "no answer".to_owned(), |cause| shown(&cause.to_string()))
}

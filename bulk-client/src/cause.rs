//! Why a server was not reached, for whoever tells it in words of their own.

use std::error::Error as _;
use std::io;

use rustls::CertificateError;

/// Why there was no connection, or none that held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The name of the host does not resolve.
    Name,
    /// Nothing listens there.
    Refused,
    /// Nothing came for too long.
    Silent,
    /// The proxy wants to know who asks.
    ProxyWantsUser,
    /// The proxy is not reached, or does not lead there.
    Proxy,
    /// The certificate is of an authority that is not trusted here.
    UnknownIssuer,
    /// The certificate is one of another host.
    OtherHost,
    /// The certificate has expired, by the clock of this machine.
    Expired,
    /// The certificate is not valid yet, by the clock of this machine.
    NotValidYet,
    /// The certificate cannot be trusted for another reason.
    Certificate,
    /// What answers speaks no TLS, or not as it must.
    NoTls,
    /// The connection broke.
    Broken,
}

impl Cause {
    /// Of what TLS says of a certificate.
    pub(crate) fn of_certificate(fault: &rustls::Error) -> Self {
        let rustls::Error::InvalidCertificate(fault) = fault else { return Self::Certificate };
        match fault {
            // One that has the name of a known authority, and not its key, is as unknown.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownIssuer,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::OtherHost
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotValidYet
            }
            _ => Self::Certificate,
        }
    }

    /// Of a connection that failed for no fault of TLS. What HTTP's library says of proxies and names is known by its
    /// words alone: their types are private.
    pub(crate) fn of_connection(error: &reqwest::Error) -> Self {
        let mut found = if error.is_timeout() { Self::Silent } else { Self::Broken };
        let mut cause = error.source();
        while let Some(here) = cause {
            let said = here.to_string();
            if said.starts_with("tunnel error: proxy authorization") {
                return Self::ProxyWantsUser;
            }
            if said.starts_with("tunnel error") {
                return Self::Proxy;
            }
            let is_refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
            if said == "dns error" {
                found = Self::Name;
            } else if here.downcast_ref().is_some_and(is_refused) {
                found = Self::Refused;
            }
            cause = here.source();
        }
        found
    }
}

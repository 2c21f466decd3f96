//! Why a server was not reached, in sentences without a word of its own.

use bulk_client::{Cause, Error, ErrorKind};

/// What is wrong, and what to do.
pub(super) struct Told {
    pub(super) found: String,
    pub(super) to_do: String,
}

/// Of a connection to this host, by way of this proxy if there is one.
pub(super) fn told(error: &Error, host: &str, proxy: Option<&str>) -> Told {
    let by = proxy.map(|proxy| format!(", by the proxy {proxy}")).unwrap_or_default();
    let (found, to_do) = match error.cause() {
        Some(Cause::Name) => (
            format!("{host} does not resolve{by}"),
            "look for a misspelt host, and ask whoever runs your network for its DNS",
        ),
        Some(Cause::Refused) => (
            format!("{host} refuses connections{by}"),
            "check the port, and that the service, or the sandbox, runs there",
        ),
        Some(Cause::Silent) => (
            format!("{host} does not answer in time{by}"),
            "a firewall may drop what is sent: ask that this machine may reach the host on its port, or set HTTPS_PROXY",
        ),
        Some(Cause::ProxyWantsUser) => (
            format!("the proxy wants a user and a password before it leads to {host}{by}"),
            "put them into HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), which is not shown here",
        ),
        Some(Cause::Proxy) => (
            format!("the proxy is not reached, or does not lead to {host}{by}"),
            "check HTTPS_PROXY, and ask that the proxy lets the host through; NO_PROXY names hosts without a proxy",
        ),
        Some(Cause::UnknownIssuer) => (
            format!("the certificate of {host} is of an authority that is not trusted here{by}"),
            "if a proxy of yours opens TLS, name its authority's file with SSL_CERT_FILE; if not, do not send your secret there",
        ),
        Some(Cause::OtherHost) => (
            format!("the certificate is none of {host}{by}"),
            "check the host of the base URL; name it, and not its address",
        ),
        Some(Cause::Expired) => (
            format!("the certificate of {host} has expired, by the clock of this machine{by}"),
            "compare this clock with another; if it is right, only the server's owner can help",
        ),
        Some(Cause::NotValidYet) => (
            format!("the certificate of {host} is not valid yet, by the clock of this machine{by}"),
            "compare this clock with another, and set it",
        ),
        Some(Cause::Certificate) => (
            format!("the certificate of {host} cannot be trusted{by}"),
            "tell the server's owner, and do not send your secret there",
        ),
        Some(Cause::NoTls) => (
            format!("what listens at {host} speaks no TLS as it must{by}"),
            "check the port; a sandbox on this machine has http:// in place of https://",
        ),
        _ => other(error, host, &by),
    };
    Told { found, to_do: to_do.to_owned() }
}

fn other(error: &Error, host: &str, by: &str) -> (String, &'static str) {
    match (error.kind(), error.status()) {
        (_, Some(status)) => (
            format!("{host} answers {status}{by}"),
            match status {
                403 => {
                    "the service, or something before it, refuses this machine: ask for access of its address"
                }
                404 | 410 => "nothing is there: check the base URL and the version",
                407 => "the proxy wants a user and a password: put them into HTTPS_PROXY",
                429 => "it was asked too often: wait some minutes",
                500.. => "the service has trouble of its own: try later",
                _ => "check the base URL",
            },
        ),
        (ErrorKind::Network, _) => (
            format!("the connection to {host} breaks{by}"),
            "try again; if it goes on, ask whoever runs your network what breaks it",
        ),
        (ErrorKind::Local | ErrorKind::Usage, _) => (
            "this machine cannot ask: no request can be made with what is set".to_owned(),
            "check that SSL_CERT_FILE, if it is set, names a file of certificates that can be read",
        ),
        _ => (
            format!("{host} does not answer as the API does{by}"),
            "check the base URL; a page of a proxy or a gateway may stand in between",
        ),
    }
}

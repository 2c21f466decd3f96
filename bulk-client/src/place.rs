//! URLs: which server they lead to, whether it may be asked in the clear, and how they are shown.

use std::net::IpAddr;

use url::{Host, Url};

use crate::error::Error;

/// Scheme, host and port: what a token belongs to.
///
/// # Example
///
/// ```
/// let one = bulk_client::Origin::of(&"https://bulk.example/api".parse()?);
/// assert_eq!(one, bulk_client::Origin::of(&"https://bulk.example:443/data?x=1".parse()?));
/// assert_ne!(one, bulk_client::Origin::of(&"https://bulk.example:444/".parse()?));
/// # Ok::<(), url::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    /// The origin of a URL.
    pub fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_owned(),
            port: url.port_or_known_default(),
        }
    }
}

/// Reads a URL that a user or a server gives; relative ones stand against `base`.
pub(crate) fn parse(text: &str, base: Option<&Url>) -> Result<Url, Error> {
    let parsed = match base {
        Some(base) => base.join(text),
        None => Url::parse(text),
    };
    let url = parsed.map_err(|_| Error::usage("not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(Error::usage(format!("{}: expected an https URL", shown(&url))));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::usage(format!("{}: a URL may not hold credentials", shown(&url))));
    }
    Ok(url)
}

/// The URL without what may be secret: user, password, query and fragment.
///
/// # Example
///
/// ```
/// let signed = "https://files.example/a.ndjson?sig=abc".parse()?;
/// assert_eq!(bulk_client::shown_url(&signed), "https://files.example/a.ndjson");
/// # Ok::<(), url::ParseError>(())
/// ```
pub fn shown_url(url: &Url) -> String {
    shown(url)
}

pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// A URL below another.
pub(crate) fn below(base: &Url, path: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url
}

/// Whether what is sent there does not leave this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

/// Refuses plain HTTP, except to this machine or where it was asked for, and what is no HTTP at all.
pub(crate) fn check_plain(url: &Url, insecure_allowed: bool) -> Result<(), Error> {
    match url.scheme() {
        "https" => return Ok(()),
        "http" if is_loopback(url) || insecure_allowed => return Ok(()),
        "http" => {}
        _ => return Err(Error::usage(format!("{}: expected an https URL", shown(url)))),
    }
    Err(Error::usage(format!(
        "{} is plain HTTP, which anyone on the way can read and change; use https",
        shown(url)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine() {
        let check = |text: &str| check_plain(&text.parse().unwrap(), false).is_ok();
        assert!(
            check("http://localhost:3000/")
                && check("http://127.0.0.1/")
                && check("http://[::1]:1/")
        );
        assert!(check("https://bulk.example/"));
        assert!(!check("http://bulk.example/") && !check("http://127.0.0.1.example/"));
        assert!(!check("http://localhost.example/") && !check("http://10.0.0.1/"));
    }

    #[test]
    fn urls_with_credentials_or_other_schemes_are_refused() {
        for text in ["file:///etc/passwd", "https://u:canary@x.example/", "data:text/plain,x", "x"]
        {
            let error = parse(text, None).unwrap_err();
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}

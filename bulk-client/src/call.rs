//! One call to a server, and who may be given the token for it.

use reqwest::Method;
use reqwest::header::{ACCEPT, HeaderName};
use url::Url;

/// Who may be given the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenFor {
    /// Nobody.
    Nobody,
    /// The configured origin, once it has answered 401 without the token.
    OnDemand,
    /// The configured origin.
    Configured,
    /// The configured origin, and those that the user allows.
    Allowed,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call<'c> {
    pub(crate) method: Method,
    pub(crate) url: &'c Url,
    pub(crate) headers: Vec<(HeaderName, String)>,
    pub(crate) token: TokenFor,
}

impl<'c> Call<'c> {
    pub(crate) fn get(url: &'c Url) -> Self {
        let headers = vec![(ACCEPT, "application/fhir+json".to_owned())];
        Self { method: Method::GET, url, headers, token: TokenFor::Configured }
    }
}

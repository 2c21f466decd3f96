//! A bulk server: calls with a token where it belongs, redirects followed by hand, one renewal on 401, retries.

use std::path::PathBuf;
use std::sync::Arc;

use reqwest::header::{ACCEPT, HeaderName, LOCATION};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use crate::auth::{Auth, Token, Tokens};
use crate::error::{Error, ErrorKind};
use crate::observe::Observer;
use crate::place::{Origin, check_plain, parse, shown};
use crate::settings::Settings;
use crate::wire::{Wire, built};

/// Redirects that are followed in one call.
const MAX_REDIRECTS: usize = 10;

/// Who may be given the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenFor {
    /// Nobody.
    Nobody,
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

/// A bulk server and how we talk to it.
///
/// # Example
///
/// ```
/// use bulk_client::{Auth, Server, Settings};
/// use std::sync::Arc;
///
/// let base = bulk_client::fhir_base("https://sandbox.bcda.cms.gov", Some("v1"))?;
/// assert_eq!(base.as_str(), "https://sandbox.bcda.cms.gov/api/v1");
/// let server = Server::new(base, Auth::None, Settings::default(), None, Arc::new(()))?;
/// assert!(Server::new("http://bulk.example/".parse()?, Auth::None, Settings::default(), None, Arc::new(())).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Server {
    pub(crate) base: Url,
    pub(crate) wire: Arc<Wire>,
    configured: Origin,
    tokens: Tokens,
}

impl Server {
    /// `base` is the FHIR base ([`fhir_base`]); `token_cache` the folder of tokens that runs share, if they do.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] when the base or the token's URL is plain HTTP and neither on this machine nor allowed.
    pub fn new(
        base: Url,
        auth: Auth,
        settings: Settings,
        token_cache: Option<PathBuf>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        check_plain(&base, settings.insecure_http)?;
        if let Auth::Basic { token_url, .. } | Auth::Backend { token_url, .. } = &auth {
            check_plain(token_url, settings.insecure_http)?;
        }
        let wire = Arc::new(Wire::new(&base, settings, observer)?);
        let tokens = Tokens::new(auth, Arc::clone(&wire), token_cache);
        Ok(Self { configured: Origin::of(&base), base, wire, tokens })
    }

    /// The FHIR base.
    pub fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn observer(&self) -> &dyn Observer {
        self.wire.observer.as_ref()
    }

    /// A URL below the FHIR base.
    pub(crate) fn below(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Whether the token goes there.
    pub(crate) fn is_trusted(&self, url: &Url, token: TokenFor) -> bool {
        let origin = Origin::of(url);
        match token {
            TokenFor::Nobody => false,
            TokenFor::Configured => origin == self.configured,
            TokenFor::Allowed => {
                origin == self.configured || self.wire.settings.allowed_origins.contains(&origin)
            }
        }
    }

    /// Calls until there is an answer that does not pass: 2xx, or an error.
    pub(crate) async fn send(&self, call: &Call<'_>) -> Result<Response, Error> {
        let mut tries = self.wire.tries();
        loop {
            match self.try_once(call).await {
                Ok(response) => return Ok(response),
                Err(error) => tries.after(error).await?,
            }
        }
    }

    /// Calls once; a refused token is renewed once. Statuses other than 2xx are errors, 416 for a part excepted.
    pub(crate) async fn try_once(&self, call: &Call<'_>) -> Result<Response, Error> {
        let named = |error: Error| {
            let place = format!("{} {}", call.method, shown(call.url));
            if error.kind() == ErrorKind::Usage { error } else { error.at(&place) }
        };
        let mut token = match call.token {
            TokenFor::Nobody => None,
            _ => self.tokens.current().await?,
        };
        let mut renewed = false;
        loop {
            let response = self.follow(call, token.as_ref()).await.map_err(named)?;
            let status = response.status();
            if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
                return Ok(response);
            }
            if status == StatusCode::UNAUTHORIZED
                && !renewed
                && let Some(refused) = &token
                && let Some(other) = self.tokens.instead_of(refused).await?
            {
                (token, renewed) = (Some(other), true);
                continue;
            }
            let secret = token.as_ref().map(Token::text).unwrap_or_default();
            return Err(named(self.wire.refusal(response, &[secret]).await));
        }
    }

    /// Sends a request and follows where it leads.
    async fn follow(&self, call: &Call<'_>, token: Option<&Token>) -> Result<Response, Error> {
        let mut url = call.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            check_plain(&url, self.wire.settings.insecure_http)
                .map_err(|error| error.of_kind(ErrorKind::Server))?;
            let mut request = self.wire.client.request(call.method.clone(), url.clone());
            for (name, value) in &call.headers {
                request = request.header(name, value);
            }
            if let Some(token) = token.filter(|_| self.is_trusted(&url, call.token)) {
                request = request.bearer_auth(token.text());
            }
            let response = self.wire.exchange(built(request)?).await?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            if call.method != Method::GET {
                return Err(Error::server(
                    "the server redirects a call that is not repeated elsewhere",
                ));
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let next = location.ok_or_else(|| Error::server("a redirect that leads nowhere"))?;
            let next = parse(next, Some(&url))
                .map_err(|error| error.of_kind(ErrorKind::Server).at("the server redirects"))?;
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(Error::server("the server redirects from https to plain http"));
            }
            url = next;
        }
        Err(Error::server(format!("more than {MAX_REDIRECTS} redirects")))
    }
}

/// The FHIR base that `--base-url` and `--api` mean: a URL without a path gets `/api/<api>` (v1 by default), one
/// with a path is the base itself, unless an `api` is asked for.
///
/// # Errors
///
/// [`ErrorKind::Usage`] when it is no `https` URL, or has a query or a fragment: no request could carry them.
pub fn fhir_base(base_url: &str, api: Option<&str>) -> Result<Url, Error> {
    let mut url = parse(base_url, None).map_err(|error| error.at("the base URL"))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Error::usage(format!(
            "the base URL: {} has a query or a fragment after it, which no request would carry; leave it out",
            shown(&url)
        )));
    }
    let bare = url.path() == "/";
    if let Some(api) = api.or(bare.then_some("v1"))
        && let Ok(mut segments) = url.path_segments_mut()
    {
        segments.pop_if_empty().extend(["api", api]);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Where BCDA gives tokens: `/auth/token` at the origin of the FHIR base.
pub fn bcda_token_url(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path("/auth/token");
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases() {
        let base = |url: &str, api| fhir_base(url, api).unwrap().to_string();
        assert_eq!(base("https://a.example", None), "https://a.example/api/v1");
        assert_eq!(base("https://a.example/", Some("v2")), "https://a.example/api/v2");
        assert_eq!(base("https://a.example/fhir/R4/", None), "https://a.example/fhir/R4");
        for more in ["?x=canary", "/fhir/R4?x=canary", "/fhir#canary", "?", "/fhir/?_type=canary"] {
            let error = fhir_base(&format!("https://a.example{more}"), None).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Usage, 2), "{more}");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        assert_eq!(base("https://a.example/x", Some("v1")), "https://a.example/x/api/v1");
        let token = bcda_token_url(&fhir_base("https://a.example:8/b", None).unwrap());
        assert_eq!(token.as_str(), "https://a.example:8/auth/token");
    }
}

//! A bulk server: calls with a token where it belongs, redirects followed by hand, one renewal on 401, retries.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::Value;
use url::Url;

use crate::auth::{Auth, Token, Tokens};
use crate::call::{Call, TokenFor};
use crate::error::{Error, ErrorKind};
use crate::manifest::MAX_MANIFEST;
use crate::observe::Observer;
use crate::place::{Origin, below, check_plain, shown};
use crate::settings::Settings;
use crate::wire::Wire;

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
    /// Whether files wanted the token of which the manifest says that they need none.
    demanded: AtomicBool,
    /// What the server says of itself, once it was asked.
    statement: OnceLock<Value>,
}

impl Server {
    /// `base` is the FHIR base ([`fhir_base`](crate::fhir_base)); `token_cache` the folder of tokens that runs share, if they do.
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
        if let Some(token_url) = auth.token_url() {
            check_plain(token_url, settings.insecure_http)?;
        }
        let wire = Arc::new(Wire::new(&base, settings, observer)?);
        let tokens = Tokens::new(auth, &base, Arc::clone(&wire), token_cache);
        let demanded = AtomicBool::new(false);
        let statement = OnceLock::new();
        Ok(Self { configured: Origin::of(&base), base, wire, tokens, demanded, statement })
    }

    /// The same, when it has said already what it can do.
    #[must_use]
    pub fn knowing(self, statement: Option<Value>) -> Self {
        if let Some(statement) = statement {
            let _ = self.statement.set(statement);
        }
        self
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
        below(&self.base, path)
    }

    /// Whether the token goes there.
    pub(crate) fn is_trusted(&self, url: &Url, token: TokenFor) -> bool {
        let origin = Origin::of(url);
        match token {
            TokenFor::Nobody => false,
            TokenFor::Configured | TokenFor::OnDemand => origin == self.configured,
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

    /// Calls once; a refused token is renewed once, and one that was not sent goes along once where it is demanded.
    /// Statuses other than 2xx are errors, 416 for a part excepted.
    pub(crate) async fn try_once(&self, call: &Call<'_>) -> Result<Response, Error> {
        let named = |error: Error| {
            let place = format!("{} {}", call.method, shown(call.url));
            if error.kind() == ErrorKind::Usage { error } else { error.at(&place) }
        };
        let mut token = match call.token {
            TokenFor::Nobody => None,
            TokenFor::OnDemand if !self.demanded.load(Ordering::Relaxed) => None,
            _ => self.tokens.current().await?,
        };
        let mut renewed = false;
        loop {
            let trusted = |url: &Url| token.as_ref().filter(|_| self.is_trusted(url, call.token));
            let bearer = |url: &Url| trusted(url).map(Token::text);
            let response = self.wire.follow(call, bearer).await.map_err(named)?;
            let status = response.status();
            if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
                return Ok(response);
            }
            if status == StatusCode::UNAUTHORIZED
                && !renewed
                && let Some(other) = self.instead_of(token.as_ref(), call, response.url()).await?
            {
                (token, renewed) = (Some(other), true);
                continue;
            }
            let secret = token.as_ref().map(Token::text).unwrap_or_default();
            let error = self.wire.refusal(response, &[secret]).await;
            let why = self.tokens.why_refused().filter(|_| status == StatusCode::UNAUTHORIZED);
            return Err(named(match why.filter(|_| token.is_some()) {
                Some(why) => error.at(&why),
                None => error,
            }));
        }
    }

    /// How long the token is good that calls are made with, if there is one that tells.
    pub(crate) async fn life_of_token(&self) -> Result<Option<Duration>, Error> {
        Ok(self.tokens.current().await?.as_ref().and_then(Token::life))
    }

    /// The CapabilityStatement; asked for once, without a token.
    pub async fn metadata(&self) -> Result<Value, Error> {
        if let Some(known) = self.statement.get() {
            return Ok(known.clone());
        }
        let url = self.below(&["metadata"]);
        let response = self.send(&Call { token: TokenFor::Nobody, ..Call::get(&url) }).await?;
        let status = response.status().as_u16();
        let body = self.wire.body(response, MAX_MANIFEST).await?;
        let no_json = |_| Error::server("the answer is not JSON").with_status(status);
        let statement: Value = serde_json::from_slice(&body).map_err(no_json)?;
        Ok(self.statement.get_or_init(|| statement).clone())
    }

    /// What to send in place of a token that was refused there, or of none.
    async fn instead_of(
        &self,
        sent: Option<&Token>,
        call: &Call<'_>,
        refused_at: &Url,
    ) -> Result<Option<Token>, Error> {
        match sent {
            Some(refused) => self.tokens.instead_of(refused).await,
            None if call.token == TokenFor::OnDemand
                && self.is_trusted(refused_at, TokenFor::Configured) =>
            {
                let token = self.tokens.current().await?;
                if token.is_some() && !self.demanded.swap(true, Ordering::Relaxed) {
                    self.observer().token_demanded(refused_at);
                }
                Ok(token)
            }
            None => Ok(None),
        }
    }
}

/// Where BCDA gives tokens: `/auth/token` at the origin of the FHIR base.
pub fn bcda_token_url(base: &Url) -> Url {
    let mut url = base.clone();
    url.set_path("/auth/token");
    url
}

//! Tokens: asked for with Basic (BCDA) or a signed assertion (SMART Backend Services), kept, shared between runs,
//! renewed before they expire and when the server refuses them.

use std::fmt;
use std::fs::DirBuilder;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use encryption::{KeyError, SigningKey};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Request, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};
use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::call::Call;
use crate::credentials::{Credentials, read_secret};
use crate::error::{Error, ErrorKind};
use crate::manifest::MAX_MANIFEST;
use crate::metadata::Metadata;
use crate::outcome::Outcome;
use crate::place::{below, check_plain, parse, shown};
use crate::setting::Setting;
use crate::wire::{Wire, built};

/// Life of a token where the server does not tell it: BCDA's guides say 20 minutes.
const USUAL_LIFE: Duration = Duration::from_mins(20);
/// A token is not kept longer, whatever the server says.
const LONGEST_LIFE: Duration = Duration::from_hours(24);
/// A token is renewed so long before its end, or a tenth of its life if that is less.
const MARGIN: Duration = Duration::from_mins(1);
/// Life of a signed assertion; SMART allows no more.
const ASSERTION_LIFE: Duration = Duration::from_mins(5);
/// Largest answer of a token endpoint, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// How to get a token.
#[derive(Clone)]
pub enum Auth {
    /// None is needed.
    None,
    /// This one; it is never renewed.
    Bearer(SecretString),
    /// `POST` with HTTP Basic, as BCDA does.
    Basic {
        /// Client id and secret.
        credentials: Credentials,
        /// Where tokens are given, such as `https://sandbox.bcda.cms.gov/auth/token`.
        token_url: Url,
    },
    /// SMART Backend Services: an assertion signed with our key (RS384, ES384 or ES256, as the key is).
    Backend {
        /// The id under which the server knows our public key.
        client_id: String,
        /// The private key, PEM: RSA, or EC on P-384 or P-256.
        key: SecretString,
        /// The `kid` of the key, if the server wants one.
        key_id: Option<String>,
        /// What is asked for, such as `system/*.read`.
        scope: String,
        /// Where tokens are given; also the `aud` of the assertion. None: where the server says, in
        /// `.well-known/smart-configuration` or in its CapabilityStatement.
        token_url: Option<Url>,
    },
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bearer(_) => "Bearer([...])",
            Self::Basic { .. } => "Basic([...])",
            Self::Backend { .. } => "Backend([...])",
        })
    }
}

impl Auth {
    /// Where tokens are given, if that is known.
    pub(crate) fn token_url(&self) -> Option<&Url> {
        match self {
            Self::None | Self::Bearer(_) => None,
            Self::Basic { token_url, .. } => Some(token_url),
            Self::Backend { token_url, .. } => token_url.as_ref(),
        }
    }

    /// Whether what was given can be sent: a token that is one, a key that signs. No server is asked.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] when it cannot.
    pub fn check(&self) -> Result<(), Error> {
        match self {
            Self::None | Self::Basic { .. } => Ok(()),
            Self::Bearer(text) => check_bearer(text),
            Self::Backend { client_id, key, key_id, .. } => {
                let nobody = parse("https://localhost", None)?;
                assertion(client_id, key, key_id.clone(), &nobody).map(drop)
            }
        }
    }

    /// What was refused, where it came from, and why that may be.
    fn refused(&self) -> String {
        match self {
            Self::Basic { credentials, .. } => format!(
                "the client id and secret{} are refused; BCDA's expire after 90 days, after which new ones are needed",
                credentials.place()
            ),
            Self::Backend { .. } => {
                "the client id and the signed statement are refused; the server must know the id and the public key"
                    .to_owned()
            }
            Self::None | Self::Bearer(_) => {
                "the token that was given is refused, and no other can be had; BCDA's are good for 20 minutes".to_owned()
            }
        }
    }

    /// What tells the tokens of one client at one server from others; none where there is nothing to keep.
    fn cache_name(&self, base: &Url) -> Option<String> {
        let mut hasher = blake3::Hasher::new_derive_key("bcda-bulk-client 2026 token cache name");
        let (id, secret) = match self {
            Self::None | Self::Bearer(_) => return None,
            Self::Basic { credentials, .. } => {
                (credentials.id.expose_secret(), credentials.secret.expose_secret())
            }
            Self::Backend { client_id, key, .. } => (client_id.as_str(), key.expose_secret()),
        };
        for part in [self.token_url().unwrap_or(base).as_str(), id, secret] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Some(format!("token-{}.json", &hasher.finalize().to_hex()[..32]))
    }
}

/// A token and its end.
#[derive(Clone)]
pub(crate) struct Token {
    text: SecretString,
    expires: SystemTime,
    life: Duration,
}

impl Token {
    pub(crate) fn text(&self) -> &str {
        self.text.expose_secret()
    }

    /// How long it is good from when it was had; none where nothing tells.
    pub(crate) fn life(&self) -> Option<Duration> {
        Some(self.life).filter(|life| !life.is_zero())
    }

    fn is_fresh(&self) -> bool {
        SystemTime::now() + MARGIN.min(self.life / 10) < self.expires
    }
}

#[derive(Serialize, Deserialize)]
struct Cached {
    access_token: String,
    /// Seconds since 1970.
    expires_at: u64,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    /// A number, a string, or nothing.
    expires_in: Option<Value>,
}

/// A request for a token.
struct Question {
    request: Request,
    /// What it says that no message may: id, secret, assertion, in every form in which they may come back.
    secrets: Vec<SecretString>,
}

/// The tokens of a run.
pub(crate) struct Tokens {
    auth: Auth,
    wire: Arc<Wire>,
    /// The FHIR base, which says where tokens are given if nobody else does.
    base: Url,
    discovered: OnceCell<Url>,
    /// The file that runs share.
    cache: Option<PathBuf>,
    current: Mutex<Option<Token>>,
}

impl Tokens {
    /// `cache` is the folder of shared tokens, made 0700 if need be; without it they are not shared.
    pub(crate) fn new(auth: Auth, base: &Url, wire: Arc<Wire>, cache: Option<PathBuf>) -> Self {
        let cache = cache.zip(auth.cache_name(base)).map(|(folder, name)| folder.join(name));
        let (base, discovered) = (base.clone(), OnceCell::new());
        Self { auth, wire, base, discovered, cache, current: Mutex::new(None) }
    }

    /// A token that is not about to expire; none where none is used.
    pub(crate) async fn current(&self) -> Result<Option<Token>, Error> {
        let mut current = self.current.lock().await;
        let known = current.take().or_else(|| self.read_cache()).filter(Token::is_fresh);
        *current = match known {
            Some(token) => Some(token),
            None => self.fetch().await?,
        };
        Ok(current.clone())
    }

    /// Why a call may have been refused though a token went along, where that is ours to tell.
    pub(crate) fn why_refused(&self) -> Option<String> {
        matches!(self.auth, Auth::Bearer(_)).then(|| self.auth.refused())
    }

    /// A token in place of one that the server refused; none where it cannot be renewed.
    pub(crate) async fn instead_of(&self, refused: &Token) -> Result<Option<Token>, Error> {
        let mut current = self.current.lock().await;
        let other = |token: &Token| token.text() != refused.text() && token.is_fresh();
        let known = current.take().filter(other).or_else(|| self.read_cache().filter(other));
        *current = match (known, &self.auth) {
            (Some(token), _) => Some(token),
            (None, Auth::None | Auth::Bearer(_)) => return Ok(None),
            (None, _) => self.fetch().await?,
        };
        Ok(current.clone())
    }

    async fn fetch(&self) -> Result<Option<Token>, Error> {
        if let Auth::Bearer(text) = &self.auth {
            check_bearer(text)?;
            let expires = SystemTime::now() + Duration::from_hours(24 * 365);
            return Ok(Some(Token { text: text.clone(), expires, life: Duration::ZERO }));
        }
        let mut tries = self.wire.tries().of("token");
        loop {
            let asked = match self.question().await {
                Ok(None) => return Ok(None),
                Ok(Some(question)) => self.ask(question).await,
                Err(error) => Err(error),
            };
            match asked {
                Ok(token) => {
                    self.write_cache(&token);
                    return Ok(Some(token));
                }
                Err(error) => {
                    tries.after(error).await.map_err(|error| error.at("token").without_status())?;
                }
            }
        }
    }

    /// Where tokens are given, as the server says.
    async fn discover(&self) -> Result<Url, Error> {
        type Pick = fn(&Value) -> Option<String>;
        let places: [(&[&str], Pick); 2] = [
            (&[".well-known", "smart-configuration"], |found| {
                found.get("token_endpoint")?.as_str().map(str::to_owned)
            }),
            // Servers from before that file have it in their statement.
            (&["metadata"], |statement| Some(Metadata::of(statement).token_url)),
        ];
        for (path, pick) in places {
            let asked = below(&self.base, path);
            let found = match self.ask_openly(&asked).await {
                Ok(found) => pick(&found).filter(|url| !url.is_empty()),
                Err(error) if error.is_passing().is_some() => {
                    return Err(error.at(format!("GET {}", shown(&asked))));
                }
                Err(_) => None,
            };
            if let Some(found) = found {
                let url = parse(&found, Some(&asked)).and_then(|url| {
                    check_plain(&url, self.wire.settings.insecure_http).map(|()| url)
                });
                return url.map_err(|error| {
                    error
                        .of_kind(ErrorKind::Server)
                        .at("where the server says that tokens are given")
                });
            }
        }
        Err(Error::usage([
            "the server does not say where tokens are given, neither in .well-known/smart-configuration nor in \
             metadata: name the place ("
                .into(),
            Setting::TokenUrl.alone(),
            ")".into(),
        ]))
    }

    /// JSON for which no token is needed.
    async fn ask_openly(&self, url: &Url) -> Result<Value, Error> {
        let call =
            Call { headers: vec![(ACCEPT, "application/json".to_owned())], ..Call::get(url) };
        let response = self.wire.follow(&call, |_| None).await?;
        if !response.status().is_success() {
            return Err(self.wire.refusal(response, &[]).await);
        }
        let body = self.wire.body(response, MAX_MANIFEST).await?;
        serde_json::from_slice(&body).map_err(|_| Error::server("the answer is not JSON"))
    }

    async fn question(&self) -> Result<Option<Question>, Error> {
        let url = match (&self.auth, self.auth.token_url()) {
            (_, Some(url)) => url,
            (Auth::Backend { .. }, None) => {
                self.discovered.get_or_try_init(|| self.discover()).await?
            }
            (_, None) => return Ok(None),
        };
        let post = self.wire.client.post(url.clone()).header(ACCEPT, "application/json");
        let (post, said) = match &self.auth {
            Auth::None | Auth::Bearer(_) => return Ok(None),
            Auth::Basic { credentials, .. } => {
                let (id, secret) =
                    (credentials.id.expose_secret(), credentials.secret.expose_secret());
                (post.basic_auth(id, Some(secret)), vec![id.to_owned(), secret.to_owned()])
            }
            Auth::Backend { client_id, key, key_id, scope, .. } => {
                let assertion = assertion(client_id, key, key_id.clone(), url)?;
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.append_pair("grant_type", "client_credentials")
                    .append_pair("scope", scope)
                    .append_pair(
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    )
                    .append_pair("client_assertion", &assertion);
                let form_type = "application/x-www-form-urlencoded";
                let post = post.header(CONTENT_TYPE, form_type).body(form.finish());
                (post, vec![client_id.clone(), assertion])
            }
        };
        let request = built(post)?;
        let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let coded = header.and_then(|value| value.strip_prefix("Basic ")).map(str::to_owned);
        let in_urls = |text: &String| byte_serialize(text.as_bytes()).collect();
        let in_urls: Vec<String> = said.iter().map(in_urls).collect();
        let secrets =
            said.into_iter().chain(in_urls).chain(coded).map(SecretString::from).collect();
        Ok(Some(Question { request, secrets }))
    }

    async fn ask(&self, question: Question) -> Result<Token, Error> {
        let response: Response = self.wire.exchange(question.request).await?;
        let status = response.status();
        if !status.is_success() {
            let secrets: Vec<&str> =
                question.secrets.iter().map(ExposeSecret::expose_secret).collect();
            let error = self.wire.refusal(response, &secrets).await;
            return Err(match (status.as_u16(), error.is_passing()) {
                (_, Some(_)) => error,
                (401 | 403, None) => error.of_kind(ErrorKind::Refused).at(self.auth.refused()),
                // What OAuth answers to an id or secret that it does not know.
                (400, None) if error.outcome().is_some_and(Outcome::says_unknown_client) => {
                    error.of_kind(ErrorKind::Refused).at(self.auth.refused())
                }
                // A redirect is not followed: the credentials are for this address alone.
                (300..=399, None) => error.of_kind(ErrorKind::Server),
                (_, None) => error.of_kind(ErrorKind::Refused),
            });
        }
        let body = SecretString::from(
            String::from_utf8(self.wire.body(response, MAX_ANSWER).await?).unwrap_or_default(),
        );
        let answer: Answer = serde_json::from_str(body.expose_secret())
            .map_err(|_| Error::server("the answer to the request for a token holds none"))?;
        if !is_token(&answer.access_token) {
            return Err(Error::server("the token is empty or has characters that no token has"));
        }
        let life = answer.expires_in.as_ref().and_then(seconds).unwrap_or(USUAL_LIFE);
        let now = SystemTime::now();
        let expires = now.checked_add(life).unwrap_or(now);
        Ok(Token { text: answer.access_token.into(), expires, life })
    }

    fn read_cache(&self) -> Option<Token> {
        let text = read_secret(self.cache.as_ref()?).ok()?;
        let cached: Cached = serde_json::from_str(text.expose_secret()).ok()?;
        if !is_token(&cached.access_token) {
            return None;
        }
        let expires = UNIX_EPOCH.checked_add(Duration::from_secs(cached.expires_at))?;
        let life = expires.duration_since(SystemTime::now()).ok()?;
        Some(Token { text: cached.access_token.into(), expires, life })
    }

    /// A token that cannot be shared is only asked for more often.
    fn write_cache(&self, token: &Token) {
        let Some(path) = &self.cache else { return };
        if let Some(folder) = path.parent() {
            let _ = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        }
        let expires_at = token.expires.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let cached = Cached { access_token: token.text().to_owned(), expires_at };
        if let Ok(text) = serde_json::to_vec(&cached) {
            let _ = publish::write_file_atomically(path, &text);
        }
    }
}

/// Whether a header can hold it.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic())
}

fn check_bearer(text: &SecretString) -> Result<(), Error> {
    if is_bearer(text.expose_secret()) {
        return Ok(());
    }
    Err(Error::usage(
        "the token is empty or has a line break or another character that no token has: expected the token alone, no JSON \
         and no name before it",
    ))
}

/// Whether it is what RFC 6750 lets be sent: a file with more than a token in it is not.
fn is_bearer(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    !text.is_empty() && text.bytes().all(known)
}

/// `expires_in`: BCDA writes a string, others a number. What is no time that can pass is as good as absent.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Some(Duration::try_from_secs_f64(seconds).ok()?.min(LONGEST_LIFE))
}

const CANNOT_SIGN: &str = "the key cannot sign: it must be RSA, or EC on P-384 or P-256";

/// The signed statement of who we are, a JSON web signature in its compact form.
fn assertion(
    client_id: &str,
    key: &SecretString,
    key_id: Option<String>,
    audience: &Url,
) -> Result<String, Error> {
    let key =
        SigningKey::from_pem(key.expose_secret().as_bytes()).map_err(|error| match error {
            KeyError::NotRsa => Error::usage(CANNOT_SIGN),
            error => Error::usage(format!(
                "the key is no private key in PEM, RSA or EC on P-384 or P-256: {error}"
            )),
        })?;
    let random = || RandomState::new().build_hasher().finish();
    let expires = (SystemTime::now() + ASSERTION_LIFE).duration_since(UNIX_EPOCH);
    let mut header = serde_json::json!({ "typ": "JWT", "alg": key.algorithm() });
    if let Some(key_id) = key_id {
        header["kid"] = key_id.into();
    }
    let claims = serde_json::json!({
        "iss": client_id,
        "sub": client_id,
        "aud": audience.as_str(),
        "exp": expires.unwrap_or_default().as_secs(),
        "jti": format!("{:016x}{:016x}", random(), random()),
    });
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(signed.as_bytes()).ok_or_else(|| Error::usage(CANNOT_SIGN))?;
    Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lives_of_tokens() {
        let of = |text: &str| seconds(&serde_json::from_str(text).unwrap());
        assert_eq!(of("1200"), Some(Duration::from_mins(20)));
        assert_eq!(of("\"1200\""), Some(Duration::from_mins(20)));
        assert_eq!(of("1200.0"), Some(Duration::from_mins(20)));
        for odd in ["null", "\"soon\"", "-1", "[]", "1e300", "\"NaN\"", "\"inf\""] {
            assert_eq!(of(odd), None, "{odd}");
        }
        for long in ["1e19", "\"1e19\"", "31536000"] {
            assert_eq!(of(long), Some(LONGEST_LIFE), "{long}");
        }
    }

    #[test]
    fn caches_are_told_apart_and_their_names_hold_nothing() {
        let auth = |id: &str, secret: &str| Auth::Basic {
            credentials: Credentials::new(id, secret),
            token_url: "https://bulk.example/auth/token".parse().unwrap(),
        };
        let name_of = |auth: Auth| auth.cache_name(&"https://bulk.example/".parse().unwrap());
        let name = name_of(auth("a", "bc")).unwrap();
        assert_ne!(name, name_of(auth("ab", "c")).unwrap());
        assert!(name.starts_with("token-") && name.len() == 43);
        assert!(!format!("{:?}", auth("id", "canary")).contains("canary"));
    }
}

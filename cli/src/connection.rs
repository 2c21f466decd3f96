//! The options that say which bulk server is meant, who we are there, and how it is treated.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bulk_client::{
    Auth, Credentials, Observer, Origin, SecretString, Server, Settings, Url, read_secret,
    read_secret_from,
};
use clap::{Args, ValueEnum};

use crate::failure::Failure;
use crate::log::Log;

/// How a token is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AuthKind {
    /// Client id and secret, as BCDA wants them.
    Basic,
    /// SMART Backend Services: a statement signed with a private key.
    Backend,
    /// A token that is known already.
    Bearer,
    /// None is needed.
    None,
}

/// Which server, and who we are there.
#[derive(Debug, Args)]
pub(crate) struct ConnectionArgs {
    #[arg(
        help = "The server, e.g. https://sandbox.bcda.cms.gov; with a path, the FHIR base itself. The variables \
                HTTPS_PROXY and NO_PROXY say by way of which proxy, SSL_CERT_FILE whom to trust"
    )]
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub(crate) base_url: Option<String>,
    /// Version of the API, below /api/ at the server; v1 unless the URL has a path. none: the URL is the FHIR base,
    /// though it has no path.
    #[arg(long, value_name = "API", help_heading = "Server")]
    pub(crate) api: Option<String>,
    /// Other server that may be given the token where the manifest says that files need it; repeatable.
    #[arg(long, value_name = "URL", help_heading = "Server")]
    pub(crate) allow_origin: Vec<String>,
    /// Allow plain HTTP to other machines: anyone on the way can read token and data.
    #[arg(long, help_heading = "Server")]
    pub(crate) insecure_http: bool,
    /// Most requests in five minutes.
    #[arg(long, default_value_t = 3_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Server")]
    pub(crate) rate: u32,
    /// Seconds without a byte after which a connection is given up.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400), help_heading = "Server")]
    pub(crate) timeout: u64,
    /// How often a call is tried that fails in a way that may pass.
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100), help_heading = "Server")]
    pub(crate) attempts: u16,

    /// How a token is had; told by the other options unless given.
    #[arg(long, value_enum, help_heading = "Credentials")]
    pub(crate) auth: Option<AuthKind>,
    /// File with client_id = ... and client_secret = ... that only you can read; - is standard input.
    /// Without it the variables BCDA_CLIENT_ID and BCDA_CLIENT_SECRET.
    #[arg(long, value_name = "FILE", help_heading = "Credentials")]
    pub(crate) credentials: Option<PathBuf>,
    /// File with a token that only you can read; - is standard input. Without it the variable BCDA_TOKEN.
    #[arg(long, value_name = "FILE", conflicts_with = "credentials", help_heading = "Credentials")]
    pub(crate) token: Option<PathBuf>,
    /// File with a private key (PEM: RSA, or EC on P-384 or P-256) that only you can read.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["credentials", "token"], help_heading = "Credentials")]
    pub(crate) signing_key: Option<PathBuf>,
    /// The id under which the server knows the key.
    #[arg(long, value_name = "ID", requires = "signing_key", help_heading = "Credentials")]
    pub(crate) client_id: Option<String>,
    /// The kid of the key, if the server wants one.
    #[arg(long, value_name = "KID", requires = "signing_key", help_heading = "Credentials")]
    pub(crate) key_id: Option<String>,
    /// What is asked for with the key.
    #[arg(
        long,
        value_name = "SCOPE",
        default_value = "system/*.read",
        help_heading = "Credentials"
    )]
    pub(crate) scope: String,
    /// Where tokens are given; unless given, /auth/token at the server with client id and secret, and with a key where
    /// the server says (.well-known/smart-configuration).
    #[arg(long, value_name = "URL", help_heading = "Credentials")]
    pub(crate) token_url: Option<String>,
    /// Do not keep tokens for the next run (in the user's cache folder, readable by you only).
    #[arg(long, help_heading = "Credentials")]
    pub(crate) no_token_cache: bool,
}

impl ConnectionArgs {
    /// The FHIR base; `known` is used where none is given.
    pub(crate) fn base(&self, known: Option<&str>) -> Result<Url, Failure> {
        match (&self.base_url, known) {
            (Some(url), _) => Ok(bulk_client::fhir_base(url, self.api.as_deref())?),
            // It is the base itself, at the root of its host too.
            (None, Some(known)) => Ok(bulk_client::fhir_base(known, Some("none"))?),
            (None, None) => {
                let message = "which server? give --base-url, e.g. https://sandbox.bcda.cms.gov";
                Err(Failure::new(2, message))
            }
        }
    }

    /// Says what was given up.
    pub(crate) fn warn(&self, log: Log) {
        if self.insecure_http {
            log.warning("--insecure-http: anyone on the way can read the token and the data");
        }
    }

    /// The limits.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let origins = self.allow_origin.iter().map(|text| {
            let url = text.parse::<Url>();
            let url = url.map_err(|_| Failure::new(2, "--allow-origin: expected a URL"))?;
            Ok(Origin::of(&url))
        });
        Ok(Settings {
            requests: self.rate,
            idle_timeout: Duration::from_secs(self.timeout),
            attempts: self.attempts.into(),
            insecure_http: self.insecure_http,
            allowed_origins: origins.collect::<Result<_, Failure>>()?,
            ..Settings::default()
        })
    }

    /// The server, with its token; secrets are read now.
    pub(crate) fn server(
        &self,
        base: Url,
        settings: Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Server, Failure> {
        let auth = self.auth(&base)?;
        let cache = if self.no_token_cache { None } else { cache_folder() };
        Ok(Server::new(base, auth, settings, cache, observer)?)
    }

    /// How a token is had, by what was given.
    pub(crate) fn kind(&self) -> Result<AuthKind, Failure> {
        let kind = match self.auth {
            Some(kind) => Some(kind),
            None if self.signing_key.is_some() => Some(AuthKind::Backend),
            None if self.token.is_some() => Some(AuthKind::Bearer),
            None if self.credentials.is_some() => Some(AuthKind::Basic),
            None if variable("BCDA_CLIENT_SECRET").is_some() => Some(AuthKind::Basic),
            None if variable("BCDA_TOKEN").is_some() => Some(AuthKind::Bearer),
            None => None,
        };
        kind.ok_or_else(|| {
            Failure::new(
                2,
                "who are you? give --credentials FILE, or BCDA_CLIENT_ID and BCDA_CLIENT_SECRET in the \
                 environment; --auth none for a server that wants no token",
            )
        })
    }

    /// Where tokens are given, if that was said.
    pub(crate) fn token_url(&self) -> Result<Option<Url>, Failure> {
        let parsed = self.token_url.as_ref().map(|text| text.parse()).transpose();
        parsed.map_err(|_| Failure::new(2, "--token-url: expected a URL"))
    }

    fn auth(&self, base: &Url) -> Result<Auth, Failure> {
        let token_url = self.token_url()?;
        Ok(match self.kind()? {
            AuthKind::None => Auth::None,
            AuthKind::Bearer => {
                let token = match &self.token {
                    Some(file) => Some(secret(file)?),
                    None => variable("BCDA_TOKEN"),
                };
                Auth::Bearer(trimmed(&token.ok_or_else(|| missing("--token FILE"))?))
            }
            AuthKind::Basic => {
                let credentials = match &self.credentials {
                    Some(file) if file == Path::new("-") => {
                        Credentials::parse(exposed(&secret(file)?))?.from_place("standard input")
                    }
                    Some(file) => Credentials::from_file(file)?,
                    None => Credentials::from_environment()
                        .ok_or_else(|| missing("--credentials FILE"))?,
                };
                let token_url = token_url.unwrap_or_else(|| bulk_client::bcda_token_url(base));
                Auth::Basic { credentials, token_url }
            }
            AuthKind::Backend => {
                let (Some(file), Some(client_id)) = (&self.signing_key, &self.client_id) else {
                    return Err(missing("--signing-key FILE and --client-id ID"));
                };
                Auth::Backend {
                    client_id: client_id.clone(),
                    key: secret(file)?,
                    key_id: self.key_id.clone(),
                    scope: self.scope.clone(),
                    token_url,
                }
            }
        })
    }
}

fn missing(what: &str) -> Failure {
    Failure::new(2, format!("this way to get a token needs {what}"))
}

fn exposed(secret: &SecretString) -> &str {
    bulk_client::ExposeSecret::expose_secret(secret)
}

fn trimmed(secret: &SecretString) -> SecretString {
    exposed(secret).trim().into()
}

fn variable(name: &str) -> Option<SecretString> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(SecretString::from)
}

/// A secret of a file or of standard input.
pub(crate) fn secret(file: &Path) -> Result<SecretString, Failure> {
    Ok(if file == Path::new("-") {
        read_secret_from(std::io::stdin().lock())?
    } else {
        read_secret(file)?
    })
}

/// Reads a private key that only its owner can read.
pub(crate) fn private_key(file: &Path) -> Result<encryption::PrivateKey, Failure> {
    let text = secret(file)?;
    let text = bulk_client::ExposeSecret::expose_secret(&text).as_bytes();
    encryption::PrivateKey::from_pem(text)
        .map_err(|error| Failure::new(2, format!("{}: {error}", file.display())))
}

/// Where runs share tokens.
fn cache_folder() -> Option<PathBuf> {
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("bcda"))
}

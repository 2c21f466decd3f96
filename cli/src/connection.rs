//! The options that say which bulk server is meant, who we are there, and how it is treated.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bulk_client::{
    Address, Auth, Identity, Observer, SecretPlace, Server, Settings, Url, Variables, block_on,
    offered, token_cache,
};
use clap::{Args, ValueEnum};

use crate::failure::{Failure, spelled};
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

impl From<AuthKind> for bulk_client::AuthKind {
    fn from(kind: AuthKind) -> Self {
        match kind {
            AuthKind::Basic => Self::Basic,
            AuthKind::Backend => Self::Backend,
            AuthKind::Bearer => Self::Bearer,
            AuthKind::None => Self::None,
        }
    }
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
    /// Version of the API, below /api/ at the server. Unless the URL has a path, it is v3 where the server offers it,
    /// and v1 elsewhere; an export stays in the version of the finished exports beside it. none: the URL is the FHIR
    /// base, though it has no path.
    #[arg(long, value_name = "v1|v2|v3", help_heading = "Server")]
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
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=Settings::LONGEST_TIMEOUT), help_heading = "Server")]
    pub(crate) timeout: u64,
    /// How often a call is tried that fails in a way that may pass.
    #[arg(long, default_value_t = 6, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(Settings::MOST_ATTEMPTS)), help_heading = "Server")]
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
        default_value = Identity::USUAL_SCOPE,
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
    /// The server that is meant.
    pub(crate) fn address(&self) -> Result<Address, Failure> {
        Ok(Address::given(self.base_url.as_deref(), self.api.as_deref())?)
    }

    /// Says what was given up.
    pub(crate) fn warn(settings: &Settings, log: Log) {
        if let Some(warning) = settings.warning() {
            log.warning(&warning.spelled(spelled));
        }
    }

    /// The limits.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        let mut settings = Settings {
            requests: self.rate,
            idle_timeout: Duration::from_secs(self.timeout),
            attempts: self.attempts.into(),
            insecure_http: self.insecure_http,
            ..Settings::default()
        };
        settings.allow(&self.allow_origin)?;
        Ok(settings)
    }

    /// Who we are, as far as the options say it.
    pub(crate) fn identity(&self) -> Identity {
        let place = |file: &Option<PathBuf>| file.as_deref().map(SecretPlace::named);
        Identity {
            kind: self.auth.map(Into::into),
            credentials: place(&self.credentials),
            token: place(&self.token),
            signing_key: place(&self.signing_key),
            client_id: self.client_id.clone(),
            key_id: self.key_id.clone(),
            scope: self.scope.clone(),
            token_url: self.token_url.clone(),
        }
    }

    /// How tokens of the server are had; secrets are read now.
    pub(crate) fn auth(&self, base: &Url) -> Result<Auth, Failure> {
        Ok(self.identity().auth(base, VARIABLES)?)
    }

    /// The server with its token.
    pub(crate) fn server(
        &self,
        base: Url,
        auth: Auth,
        settings: Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Server, Failure> {
        Ok(self.server_of(base, auth, settings, observer)?)
    }

    /// The same, for whoever looks at the error.
    pub(crate) fn server_of(
        &self,
        base: Url,
        auth: Auth,
        settings: Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Server, bulk_client::Error> {
        let cache = if self.no_token_cache { None } else { token_cache(VARIABLES) };
        Server::new(base, auth, settings, cache, observer)
    }

    /// The server in the version that is named, or that it offers.
    pub(crate) fn found(&self, settings: Settings) -> Result<Server, Failure> {
        let address = self.address()?;
        // What is wrong with secrets is found before a server is asked for anything.
        let auth = self.auth(&address.base("v1"))?;
        let observer: Arc<dyn Observer> = Arc::new(());
        let (base, statement) = block_on(offered(&address, &settings, &observer))?;
        Ok(self.server(base, auth, settings, observer)?.knowing(statement))
    }
}

/// Those of the process.
pub(crate) const VARIABLES: Variables<'static> = &|name| std::env::var_os(name);

/// What somebody does whose version of the API ends.
pub(crate) fn what_to_do_then(api: &str) -> String {
    format!(
        "bcda sync DIR --api v3 moves a folder that bcda sync keeps; otherwise fetch everything once with --api v3, into folders \
         of their own, since records of {api} and v3 do not match (docs/guide/from-v1-to-v3.md)"
    )
}

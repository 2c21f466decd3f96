//! Who we are, by what a user gives and what the environment says: the same rules for everybody who asks a user.

use std::fmt;
use std::path::{Path, PathBuf};

use encryption::PrivateKey;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::auth::Auth;
use crate::credentials::{Credentials, Variables, read_secret, read_secret_from, variable};
use crate::error::Error;
use crate::server::bcda_token_url;
use crate::setting::{Piece, Setting};

/// The variable that holds a token.
const TOKEN: &str = "BCDA_TOKEN";
/// The variable that tells that there are credentials.
const SECRET: &str = "BCDA_CLIENT_SECRET";

/// How a token is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthKind {
    /// Client id and secret, as BCDA wants them.
    Basic,
    /// SMART Backend Services: a statement signed with a private key.
    Backend,
    /// A token that is known already.
    Bearer,
    /// None is needed.
    None,
}

impl AuthKind {
    /// By the word for it: `basic`, `backend`, `bearer` or `none`.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "basic" => Some(Self::Basic),
            "backend" => Some(Self::Backend),
            "bearer" => Some(Self::Bearer),
            "none" => Some(Self::None),
            _ => None,
        }
    }
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretPlace {
    /// In a file that only its owner can read.
    File(PathBuf),
    /// On standard input.
    Stdin,
}

impl SecretPlace {
    /// A file, or standard input where the name is `-`.
    pub fn named(path: &Path) -> Self {
        if path == Path::new("-") { Self::Stdin } else { Self::File(path.to_owned()) }
    }

    fn read(&self) -> Result<SecretString, Error> {
        match self {
            Self::File(file) => read_secret(file),
            Self::Stdin => read_secret_from(std::io::stdin().lock()),
        }
    }

    /// A private key in PEM.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when it cannot be read, others can read it, or it is no key.
    pub fn private_key(&self) -> Result<PrivateKey, Error> {
        let text = self.read()?;
        PrivateKey::from_pem(text.expose_secret().as_bytes())
            .map_err(|error| Error::usage(format!("{self}: {error}")))
    }
}

impl fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => file.display().fmt(f),
            Self::Stdin => f.write_str("-"),
        }
    }
}

/// What a user says of who they are. What is left out is looked for in the environment.
///
/// # Example
///
/// ```
/// use bulk_client::{Auth, AuthKind, Identity};
///
/// let nobody = Identity::default();
/// assert!(nobody.kind(&|_| None).is_err());
/// let with_token = |name: &str| (name == "BCDA_TOKEN").then(|| "a.b.c".into());
/// assert_eq!(nobody.kind(&with_token)?, AuthKind::Bearer);
/// let base = bulk_client::fhir_base("https://sandbox.bcda.cms.gov", None)?;
/// assert!(matches!(nobody.auth(&base, &with_token)?, Auth::Bearer(_)));
/// # Ok::<(), bulk_client::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// How a token is had; told by the rest unless given.
    pub kind: Option<AuthKind>,
    /// Client id and secret.
    pub credentials: Option<SecretPlace>,
    /// A token.
    pub token: Option<SecretPlace>,
    /// A private key that signs.
    pub signing_key: Option<SecretPlace>,
    /// The id under which the server knows the key.
    pub client_id: Option<String>,
    /// The `kid` of the key, if the server wants one.
    pub key_id: Option<String>,
    /// What is asked for with the key.
    pub scope: String,
    /// Where tokens are given.
    pub token_url: Option<String>,
}

impl Identity {
    /// What is usually asked for with a key.
    pub const USUAL_SCOPE: &str = "system/*.read";

    /// How a token is had: what was given comes before the environment, and there a client's secret before a token.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when nothing says it, or two things do.
    pub fn kind(&self, variables: Variables<'_>) -> Result<AuthKind, Error> {
        if self.token.is_some() && self.credentials.is_some() {
            let both = [Setting::Token.alone(), " and ".into(), Setting::Credentials.alone()];
            return Err(Error::usage(both).after(" exclude each other"));
        }
        let kind = match self.kind {
            Some(kind) => Some(kind),
            None if self.signing_key.is_some() => Some(AuthKind::Backend),
            None if self.token.is_some() => Some(AuthKind::Bearer),
            None if self.credentials.is_some() => Some(AuthKind::Basic),
            None if variable(variables, SECRET).is_some() => Some(AuthKind::Basic),
            None if variable(variables, TOKEN).is_some() => Some(AuthKind::Bearer),
            None => None,
        };
        kind.ok_or_else(|| {
            Error::usage([
                "who are you? give ".into(),
                Setting::Credentials.of("FILE"),
                ", or BCDA_CLIENT_ID and BCDA_CLIENT_SECRET in the environment; ".into(),
                Setting::Auth.set_to("none"),
                " for a server that wants no token".into(),
            ])
        })
    }

    /// Where tokens are given, if that was said.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when it is no URL.
    pub fn token_url(&self) -> Result<Option<Url>, Error> {
        let parsed = self.token_url.as_ref().map(|text| text.parse()).transpose();
        parsed.map_err(|_| Error::usage([Setting::TokenUrl.alone(), ": expected a URL".into()]))
    }

    /// How the tokens of a server are had; secrets are read now.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when something that is needed is not there, is not what it
    /// should be, or can be read by others.
    pub fn auth(&self, base: &Url, variables: Variables<'_>) -> Result<Auth, Error> {
        let token_url = self.token_url()?;
        Ok(match self.kind(variables)? {
            AuthKind::None => Auth::None,
            AuthKind::Bearer => {
                let token = match &self.token {
                    Some(place) => place.read()?,
                    None => variable(variables, TOKEN)
                        .ok_or_else(|| missing([Setting::Token.of("FILE")]))?,
                };
                Auth::Bearer(token.expose_secret().trim().into())
            }
            AuthKind::Basic => {
                let credentials = match &self.credentials {
                    Some(SecretPlace::File(file)) => Credentials::from_file(file)?,
                    Some(SecretPlace::Stdin) => {
                        let text = SecretPlace::Stdin.read()?;
                        Credentials::parse(text.expose_secret())?.from_place("standard input")
                    }
                    None => Credentials::from_variables(variables)
                        .ok_or_else(|| missing([Setting::Credentials.of("FILE")]))?,
                };
                let token_url = token_url.unwrap_or_else(|| bcda_token_url(base));
                Auth::Basic { credentials, token_url }
            }
            AuthKind::Backend => {
                let (Some(key), Some(client_id)) = (&self.signing_key, &self.client_id) else {
                    let (key, id) = (Setting::SigningKey.of("FILE"), Setting::ClientId.of("ID"));
                    return Err(missing([key, " and ".into(), id]));
                };
                Auth::Backend {
                    client_id: client_id.clone(),
                    key: key.read()?,
                    key_id: self.key_id.clone(),
                    scope: self.scope.clone(),
                    token_url,
                }
            }
        })
    }
}

fn missing<const N: usize>(what: [Piece; N]) -> Error {
    Error::usage("this way to get a token needs ").after(what)
}

/// The folder where the runs of one user share tokens, if the environment says where caches are.
pub fn token_cache(variables: Variables<'_>) -> Option<PathBuf> {
    let absolute =
        |name: &str| variables(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("bcda"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn among<'v>(known: &'v [(&'v str, &'v str)]) -> impl Fn(&str) -> Option<OsString> + 'v {
        move |name| known.iter().find(|(own, _)| *own == name).map(|(_, text)| text.into())
    }

    #[test]
    fn what_is_given_comes_before_the_environment() {
        let all = [("BCDA_CLIENT_ID", "me"), (SECRET, "hush"), (TOKEN, "a.b.c")];
        let file = || Some(SecretPlace::File("x".into()));
        let kind = |identity: Identity, known: &[(&str, &str)]| identity.kind(&among(known)).ok();
        let none = Identity::default;
        assert_eq!(kind(none(), &all), Some(AuthKind::Basic));
        assert_eq!(kind(none(), &all[2..]), Some(AuthKind::Bearer));
        assert_eq!(kind(none(), &[]), None);
        assert_eq!(kind(none(), &[(TOKEN, "")]), None, "an empty one is none");
        assert_eq!(kind(Identity { token: file(), ..none() }, &all), Some(AuthKind::Bearer));
        let key = Identity { signing_key: file(), ..none() };
        assert_eq!(kind(key, &all), Some(AuthKind::Backend));
        let said = Identity { kind: Some(AuthKind::None), ..none() };
        assert_eq!(kind(said, &all), Some(AuthKind::None));
        let both = Identity { token: file(), credentials: file(), ..none() };
        assert_eq!(kind(both, &all), None);
    }

    #[test]
    fn tokens_are_shared_where_the_user_has_caches() {
        let of = |known: &[(&str, &str)]| token_cache(&among(known));
        let home = ("HOME", "/home/me");
        assert_eq!(of(&[home]), Some("/home/me/.cache/bcda".into()));
        assert_eq!(of(&[home, ("XDG_CACHE_HOME", "/c")]), Some("/c/bcda".into()));
        assert_eq!(of(&[home, ("XDG_CACHE_HOME", "c")]), Some("/home/me/.cache/bcda".into()));
        assert_eq!(of(&[("HOME", "")]), None);
    }
}

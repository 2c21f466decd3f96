//! Options by what they are. Whoever asks for exports calls them by names of its own, and messages leave that to it.

use std::fmt;

/// An option of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// Other servers that may be given the token.
    AllowOrigin,
    /// The version of the API.
    Api,
    /// How a token is had.
    Auth,
    /// The server.
    BaseUrl,
    /// The id under which the server knows the key that signs.
    ClientId,
    /// Client id and secret.
    Credentials,
    /// The private key that opens files.
    DecryptKey,
    /// Another endpoint in place of a group.
    Endpoint,
    /// A file for the answers that are errors.
    ErrorBodies,
    /// Whose data.
    Group,
    /// Whether plain HTTP is allowed.
    InsecureHttp,
    /// Claims of this outcome.
    Outcome,
    /// Another parameter of the kick-off.
    Param,
    /// Whether claims come that are not adjudicated to the end.
    PartiallyAdjudicated,
    /// Whether a new job replaces an unfinished export.
    Restart,
    /// Whether an unfinished export goes on, whatever is asked for.
    Resume,
    /// Claims of services on these days.
    ServiceDate,
    /// The private key that signs.
    SigningKey,
    /// From when on changes are asked for.
    Since,
    /// A token that is known already.
    Token,
    /// Where tokens are given.
    TokenUrl,
    /// The types that are asked for.
    Type,
    /// Which records of a type are asked for.
    TypeFilter,
}

impl Setting {
    /// Its name in small letters, words joined by hyphens: `decrypt-key`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AllowOrigin => "allow-origin",
            Self::Api => "api",
            Self::Auth => "auth",
            Self::BaseUrl => "base-url",
            Self::ClientId => "client-id",
            Self::Credentials => "credentials",
            Self::DecryptKey => "decrypt-key",
            Self::Endpoint => "endpoint",
            Self::ErrorBodies => "error-bodies",
            Self::Group => "group",
            Self::InsecureHttp => "insecure-http",
            Self::Outcome => "outcome",
            Self::Param => "param",
            Self::PartiallyAdjudicated => "partially-adjudicated",
            Self::Restart => "restart",
            Self::Resume => "resume",
            Self::ServiceDate => "service-date",
            Self::SigningKey => "signing-key",
            Self::Since => "since",
            Self::Token => "token",
            Self::TokenUrl => "token-url",
            Self::Type => "type",
            Self::TypeFilter => "type-filter",
        }
    }

    pub(crate) const fn alone(self) -> Piece {
        Piece::Option(Mention { setting: self, value: None })
    }

    /// With what a user puts there, such as `FILE`.
    pub(crate) const fn of(self, what: &'static str) -> Piece {
        Piece::Option(Mention { setting: self, value: Some(Value::Any(what)) })
    }

    /// With one of the words that it may be set to.
    pub(crate) const fn set_to(self, word: &'static str) -> Piece {
        Piece::Option(Mention { setting: self, value: Some(Value::Word(word)) })
    }
}

/// An option where a message mentions it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mention {
    /// Which.
    pub setting: Setting,
    /// What it is set to, if the message says so.
    pub value: Option<Value>,
}

/// What an option is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Stands for what a user puts there, such as `FILE`.
    Any(&'static str),
    /// One of the words that it may be set to.
    Word(&'static str),
}

/// How an option is written where a message is read.
pub type Spelling = fn(Mention) -> String;

impl fmt::Display for Mention {
    /// By the bare name: for whoever has no spelling of their own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.setting.name())?;
        match self.value {
            None => Ok(()),
            Some(Value::Any(value) | Value::Word(value)) => write!(f, " {value}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Words(String),
    Option(Mention),
}

impl<T: Into<String>> From<T> for Piece {
    fn from(words: T) -> Self {
        Self::Words(words.into())
    }
}

/// A message in which options have no spelling yet. `Display` gives them their bare names.
///
/// # Example
///
/// ```
/// use bulk_client::Begin;
///
/// let error = Begin::of(true, true).unwrap_err();
/// assert_eq!(error.to_string(), "resume and restart exclude each other");
/// let told = error.spelled(|option| format!("--{}", option.setting.name()));
/// assert_eq!(told, "--resume and --restart exclude each other");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<Piece>);

impl Message {
    /// With options as they are written where it is read.
    pub fn spelled(&self, spelling: Spelling) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Option(mention) => spelling(*mention),
        });
        pieces.collect()
    }

    /// With more after it.
    pub(crate) fn then(mut self, more: impl Into<Self>) -> Self {
        self.0.extend(more.into().0);
        self
    }
}

impl From<&str> for Message {
    fn from(words: &str) -> Self {
        Self(vec![words.into()])
    }
}

impl From<String> for Message {
    fn from(words: String) -> Self {
        Self(vec![words.into()])
    }
}

impl From<&String> for Message {
    fn from(words: &String) -> Self {
        Self(vec![words.into()])
    }
}

impl<const N: usize> From<[Piece; N]> for Message {
    fn from(pieces: [Piece; N]) -> Self {
        Self(pieces.into())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.spelled(|mention| mention.to_string()))
    }
}

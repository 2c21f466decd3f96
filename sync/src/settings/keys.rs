//! The keys of the settings: what each may be set to, and what the file says of it.

/// What a key may be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// The path of a file, which may be relative to the folder of the settings.
    Path,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Texts in a list.
    Texts,
    /// Ids of groups in a list.
    Groups,
    /// A whole number from this one to that.
    Count(u64, u64),
    /// `true` or `false`.
    Flag,
}

impl Kind {
    /// What is expected, for messages.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Text => "a text in quotes".to_owned(),
            Self::Path => "the path of a file, in quotes".to_owned(),
            Self::Word(words) => format!("one of \"{}\"", words.join("\", \"")),
            Self::Texts => "a list of texts in quotes".to_owned(),
            Self::Groups => {
                "a list of one or more ids of groups, each once, of letters, digits, points, hyphens and underscores"
                    .to_owned()
            }
            Self::Count(least, most) if most == u64::from(u32::MAX) => format!("a number from {least}"),
            Self::Count(least, most) => format!("a number from {least} to {most}"),
            Self::Flag => "true or false".to_owned(),
        }
    }
}

const MOST: u64 = u32::MAX as u64;

/// All keys, in the order in which the file has them.
pub(super) const KEYS: [(&str, Kind); 21] = [
    ("base-url", Kind::Text),
    ("api", Kind::Word(&["v1", "v2", "v3", "none"])),
    ("group", Kind::Groups),
    ("partially-adjudicated", Kind::Flag),
    ("keep-exports", Kind::Count(1, MOST)),
    ("drop-gone", Kind::Flag),
    ("auth", Kind::Word(&["basic", "backend", "bearer", "none"])),
    ("credentials", Kind::Path),
    ("token", Kind::Path),
    ("signing-key", Kind::Path),
    ("client-id", Kind::Text),
    ("key-id", Kind::Text),
    ("scope", Kind::Text),
    ("token-url", Kind::Text),
    ("no-token-cache", Kind::Flag),
    ("allow-origin", Kind::Texts),
    ("insecure-http", Kind::Flag),
    ("rate", Kind::Count(1, MOST)),
    ("timeout", Kind::Count(1, 86_400)),
    ("attempts", Kind::Count(1, 100)),
    ("parallel", Kind::Count(1, 64)),
];

/// Parts of words that a key is called by which holds a secret.
const SECRET_WORDS: [&str; 7] =
    ["secret", "password", "passwd", "passphrase", "private", "bearer", "api-key"];

/// Whether a key that is none of ours is one for a secret.
pub(super) fn is_for_a_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('_', "-");
    SECRET_WORDS.iter().any(|word| key.contains(word))
        || ["access-token", "auth-token", "refresh-token", "key", "pem"].contains(&&*key)
}

/// Whether a value is a secret itself, where a file is to be named.
pub(super) fn is_a_secret(value: &str) -> bool {
    let is_jwt = value.starts_with("eyJ") && value.matches('.').count() == 2;
    is_jwt || value.contains("-----BEGIN") || value.contains("client_secret")
}

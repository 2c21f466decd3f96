//! Addresses of objects: what may be named, and how it is shown.

use std::fmt::{self, Write};
use std::str::FromStr;

use object_store::path::Path;
use url::{Position, Url};

use crate::error::{Error, ErrorKind};

/// The kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    S3,
    Gs,
    Az,
    Http,
}

/// How addresses begin.
const SCHEMES: [(&str, Scheme); 8] = [
    ("s3://", Scheme::S3),
    ("s3a://", Scheme::S3),
    ("gs://", Scheme::Gs),
    ("az://", Scheme::Az),
    ("abfs://", Scheme::Az),
    ("abfss://", Scheme::Az),
    ("https://", Scheme::Http),
    ("http://", Scheme::Http),
];

/// Hosts that are this machine: what goes there needs no TLS.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether this names an object, or objects, rather than a file of this machine.
pub fn is_address(text: &str) -> bool {
    scheme_of(text).is_some()
}

fn scheme_of(text: &str) -> Option<Scheme> {
    // Schemes are told without regard to case, as in every URL.
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme));
    SCHEMES.iter().find(|(scheme, _)| begins(scheme)).map(|(_, scheme)| *scheme)
}

/// The text as messages may show it: without query, fragment, user name and password. Anything else than an address
/// stays as it is.
pub fn without_secrets(text: &str) -> String {
    if !is_address(text) {
        return text.to_owned();
    }
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let (authority, path) =
        rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    // A container of Azure stands where others put a user; what follows a colon there is a password all the same.
    let host = match authority.rsplit_once('@') {
        Some((user, host)) if scheme_of(text) == Some(Scheme::Az) && !user.contains(':') => {
            format!("{user}@{host}")
        }
        Some((_, host)) => host.to_owned(),
        None => authority.to_owned(),
    };
    path.map_or_else(|| format!("{scheme}://{host}"), |path| format!("{scheme}://{host}/{path}"))
}

/// Where an object is, or a prefix that objects have in common.
///
/// Its text is free of secrets: a user name or a query is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    pub(crate) scheme: Scheme,
    /// Scheme and bucket, container or host: everything before the key.
    pub(crate) root: String,
    pub(crate) key: Path,
    /// It ends in `/`, or names a whole bucket.
    folder: bool,
}

impl FromStr for Address {
    type Err = Error;

    /// # Errors
    /// [`ErrorKind::Usage`]: what is wrong with it and how it is written.
    fn from_str(text: &str) -> Result<Self, Error> {
        let refused =
            |why: &str| Error::new(ErrorKind::Usage, format!("{}: {why}", without_secrets(text)));
        let Some(scheme) = scheme_of(text) else {
            return Err(refused("expected s3://, gs://, az:// or https://"));
        };
        let url = Url::parse(text)
            .map_err(|_| refused("not an address; expected for example s3://BUCKET/KEY"))?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(refused("the bucket is missing; expected for example s3://BUCKET/KEY"));
        }
        let user = !url.username().is_empty() && scheme != Scheme::Az;
        if user || url.password().is_some() {
            return Err(refused(
                "an address holds no user name and no password; credentials come from the environment",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused(
                "an address holds no query (a signature, say) and no fragment; write %3F and %23 for a ? and a # \
                 of the key",
            ));
        }
        let plain = url.scheme() == "http";
        if plain && !LOOPBACK.contains(&url.host_str().unwrap_or_default()) {
            return Err(refused(
                "http:// sends records in the clear; use https:// (http:// is for this machine only)",
            ));
        }
        let key = Path::from_url_path(url.path())
            .map_err(|_| refused("the key has an empty part, or one of . and .."))?;
        let folder = url.path().ends_with('/') || key.is_root();
        Ok(Self { scheme, root: url[..Position::BeforePath].to_owned(), key, folder })
    }
}

impl Address {
    /// Whether it can name several objects only: it ends in `/`, or is a bucket.
    pub fn is_folder(&self) -> bool {
        self.folder
    }

    /// An `https://` address: one object, nothing can be listed there.
    pub fn is_http(&self) -> bool {
        self.scheme == Scheme::Http
    }

    /// Whether one of the two lies in the other, as folders do.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.root == other.root
            && (self.key.prefix_matches(&other.key) || other.key.prefix_matches(&self.key))
    }

    /// Another key of the same bucket, container or host.
    pub(crate) fn with_key(&self, key: Path) -> Self {
        Self { key, folder: false, ..self.clone() }
    }

    /// The address of a file below this one. `relative` has `/` between its parts.
    pub(crate) fn below(&self, relative: &str) -> Self {
        let key = relative.split('/').fold(self.key.clone(), Path::join);
        self.with_key(key)
    }
}

/// As it is written: read again, it names the same. What would begin a query, a fragment, an escape or a pattern is
/// escaped.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.root)?;
        for character in self.key.as_ref().chars() {
            match character {
                '%' | '?' | '#' | '*' | '[' => write!(f, "%{:02X}", u32::from(character))?,
                other => f.write_char(other)?,
            }
        }
        f.write_str(if self.folder && !self.key.is_root() { "/" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Address, String> {
        text.parse().map_err(|error: Error| error.to_string())
    }

    #[test]
    fn addresses_of_every_kind() {
        for (text, root, key, folder) in [
            ("s3://bucket/a/b.ndjson", "s3://bucket", "a/b.ndjson", false),
            ("s3a://bucket/a/", "s3a://bucket", "a", true),
            ("gs://my_bucket", "gs://my_bucket", "", true),
            ("az://container/a%20b", "az://container", "a b", false),
            (
                "abfss://c@account.dfs.core.windows.net/a",
                "abfss://c@account.dfs.core.windows.net",
                "a",
                false,
            ),
            ("https://example.org:8443/x/y.gz", "https://example.org:8443", "x/y.gz", false),
            ("http://127.0.0.1:9/x", "http://127.0.0.1:9", "x", false),
        ] {
            let address = parse(text).unwrap();
            assert_eq!((&*address.root, address.key.as_ref()), (root, key), "{text}");
            assert_eq!(address.is_folder(), folder, "{text}");
            assert!(is_address(text));
        }
        for path in ["a/b", "/s3/x", "s3:x", "file:///x", "-", "c:\\x", "s3:/bucket"] {
            assert!(!is_address(path), "{path}");
        }
    }

    #[test]
    fn what_is_refused_says_why_and_tells_no_secret() {
        for (text, why) in [
            ("https://u:SECRET@h/x", "no user name"),
            ("s3://SECRET@bucket/x", "no user name"),
            ("az://c:SECRET@account/x", "no user name"),
            ("https://h/x?X-Amz-Signature=SECRET", "no query"),
            ("s3://bucket/x#SECRET", "no fragment"),
            ("http://example.org/x", "in the clear"),
            ("http://127.0.0.1.example.org/x", "in the clear"),
            ("s3:///x", "bucket is missing"),
            ("s3://bucket/a//b", "empty part"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why) && !error.contains("SECRET"), "{text}: {error}");
        }
    }

    #[test]
    fn shown_without_secrets() {
        for (text, shown) in [
            ("https://u:p@h/x?sig=1", "https://h/x"),
            ("az://c@account/x", "az://c@account/x"),
            ("az://c:p@account/x", "az://account/x"),
            ("s3://bucket", "s3://bucket"),
            ("folder/a?b", "folder/a?b"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }

    #[test]
    fn overlaps_as_folders_do() {
        let overlap = |a, b| parse(a).unwrap().overlaps(&parse(b).unwrap());
        assert!(overlap("s3://b/a/", "s3://b/a/c"));
        assert!(overlap("s3://b/a/c", "s3://b/a"));
        assert!(overlap("s3://b", "s3://b/a"));
        assert!(!overlap("s3://b/ab", "s3://b/a"));
        assert!(!overlap("s3://b/a", "s3://c/a"));
        assert!(!overlap("gs://b/a", "s3://b/a"));
    }

    #[test]
    fn what_is_shown_names_the_same() {
        for key in ["a b.ndjson", "50%25", "%2541", "a%3Fb%23c", "x%2Ay%5B1%5D", "\u{e9}/\u{1f600}"]
        {
            for end in ["", "/"] {
                let address = parse(&format!("s3://b/{key}{end}")).unwrap();
                assert_eq!(parse(&address.to_string()).unwrap(), address, "{address}");
                assert!(!address.to_string().contains(['?', '#', '*', '[']), "{address}");
            }
        }
        assert_eq!(parse("s3://b/a%20b").unwrap().to_string(), "s3://b/a b");
    }

    #[test]
    fn below_adds_parts() {
        let address = parse("s3://b/tables/").unwrap();
        assert_eq!(
            address.below("rejects/rejects.csv").to_string(),
            "s3://b/tables/rejects/rejects.csv"
        );
    }
}

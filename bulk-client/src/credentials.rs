//! Who we are: a client id and a secret, or a key, from a file, the environment or standard input.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::error::Error;

/// Larger files hold no credentials, in bytes.
const MAX_BYTES: u64 = 64 << 10;
/// The permission bits of group and others.
const OTHERS: u32 = 0o077;

/// A client id and its secret. `Debug` shows neither.
///
/// # Example
///
/// ```
/// use bulk_client::Credentials;
///
/// let credentials = Credentials::parse("client_id = me\nclient_secret = hush\n")?;
/// assert!(!format!("{credentials:?}").contains("hush"));
/// assert!(Credentials::parse(r#"{"client_id": "me", "client_secret": "hush"}"#).is_ok());
/// assert!(Credentials::parse("hush").is_err());
/// # Ok::<(), bulk_client::Error>(())
/// ```
#[derive(Clone)]
pub struct Credentials {
    pub(crate) id: SecretString,
    pub(crate) secret: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials([...])")
    }
}

#[derive(Deserialize)]
struct Json {
    #[serde(alias = "clientId", alias = "id")]
    client_id: String,
    #[serde(alias = "clientSecret", alias = "secret")]
    client_secret: String,
}

impl Credentials {
    /// A client id and its secret.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into().into(), secret: secret.into().into() }
    }

    /// Reads JSON with `client_id` and `client_secret`; or lines `client_id = ...` and `client_secret = ...`, with
    /// or without `BCDA_` and capitals; or two lines, the id and the secret.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let unclear = || {
            Error::usage(
                "credentials: expected two lines, client_id = ... and client_secret = ..., or JSON with these members",
            )
        };
        if text.trim_start().starts_with('{') {
            let found: Json = serde_json::from_str(text).map_err(|_| unclear())?;
            return Ok(Self::new(found.client_id, found.client_secret));
        }
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let lines = lines.into_iter().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (mut id, mut secret, mut bare) = (None, None, Vec::new());
        for line in lines {
            let (name, value) = line.split_once('=').unwrap_or(("", line));
            let name = name.trim().trim_start_matches("export ").to_ascii_lowercase();
            let value = value.trim().trim_matches(['"', '\'']);
            match name.trim_start_matches("bcda_") {
                "client_id" => id = Some(value),
                "client_secret" => secret = Some(value),
                _ => bare.push(line),
            }
        }
        match (id, secret, bare.as_slice()) {
            (Some(id), Some(secret), _) | (None, None, &[id, secret]) => Ok(Self::new(id, secret)),
            _ => Err(unclear()),
        }
    }

    /// Reads a file that only its owner can read.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when group or others have any permission on it, when it is no
    /// regular file or when credentials are not in it.
    pub fn from_file(path: &Path) -> Result<Self, Error> {
        Self::parse(read_secret(path)?.expose_secret())
    }
}

/// Reads a small file of secrets that only its owner can read.
///
/// # Errors
///
/// As [`Credentials::from_file`].
pub fn read_secret(path: &Path) -> Result<SecretString, Error> {
    let failed = |what: &dyn fmt::Display| Error::usage(format!("{}: {what}", path.display()));
    let opened = File::options().read(true).custom_flags(nonblock()).open(path);
    let file = opened.map_err(|error| failed(&format!("cannot be read: {error}")))?;
    let metadata = file.metadata().map_err(|error| failed(&error))?;
    if !metadata.is_file() {
        return Err(failed(&"not a regular file"));
    }
    if metadata.mode() & OTHERS != 0 {
        return Err(failed(&format!(
            "others can read this secret (mode {:03o}); run chmod 600 on it, and consider a new secret",
            metadata.mode() & 0o777
        )));
    }
    read_text(file).map_err(|what| failed(&what))
}

/// Reads a secret from a stream, such as standard input.
///
/// # Errors
///
/// [`ErrorKind::Usage`](crate::ErrorKind::Usage) when it cannot be read, is longer than 64 KiB or no text.
pub fn read_secret_from(stream: impl Read) -> Result<SecretString, Error> {
    read_text(stream).map_err(|what| Error::usage(format!("the secret on standard input: {what}")))
}

fn read_text(stream: impl Read) -> Result<SecretString, String> {
    let mut text = String::new();
    let read = stream.take(MAX_BYTES + 1).read_to_string(&mut text);
    let text = SecretString::from(text);
    match read {
        Ok(bytes) if bytes as u64 <= MAX_BYTES => Ok(text),
        Ok(_) => Err("longer than a secret can be".to_owned()),
        Err(error) => Err(format!("cannot be read: {}", error.kind())),
    }
}

/// A pipe at the name must not hang the run.
fn nonblock() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().cast_signed()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_that_others_can_read_is_refused_without_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("credentials");
        std::fs::write(&path, "client_id=me\nclient_secret=canary\n").unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = Credentials::from_file(&path).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(!error.to_string().contains("canary"));
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let found = Credentials::from_file(&path).unwrap();
        assert_eq!((found.id.expose_secret(), found.secret.expose_secret()), ("me", "canary"));
    }

    #[test]
    fn forms() {
        let both = |text: &str| {
            let found = Credentials::parse(text).unwrap();
            (found.id.expose_secret().to_owned(), found.secret.expose_secret().to_owned())
        };
        let wanted = ("a".to_owned(), "b=c".to_owned());
        assert_eq!(both("a\nb=c\n"), wanted);
        assert_eq!(both("# mine\nexport BCDA_CLIENT_ID=\"a\"\nBCDA_CLIENT_SECRET='b=c'\n"), wanted);
        assert_eq!(both(r#"{"clientId":"a","clientSecret":"b=c"}"#), wanted);
        for bad in ["", "{}", "client_id=a", "a\nb\nc"] {
            assert!(Credentials::parse(bad).is_err());
        }
    }
}

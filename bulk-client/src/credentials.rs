//! Who we are: a client id and a secret, or a key, from a file, the environment or standard input.

use std::ffi::OsString;
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
/// The variables that hold an id and a secret.
const VARIABLES: [&str; 2] = ["BCDA_CLIENT_ID", "BCDA_CLIENT_SECRET"];
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
    /// Where they are from, for messages.
    place: Option<String>,
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
        Self { id: id.into().into(), secret: secret.into().into(), place: None }
    }

    /// The same, with words for where they are from.
    #[must_use]
    pub fn from_place(self, place: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..self }
    }

    /// Those of the variables BCDA_CLIENT_ID and BCDA_CLIENT_SECRET, if both are set.
    pub fn from_environment() -> Option<Self> {
        Self::from_variables(&|name| std::env::var_os(name))
    }

    /// The same, looked up elsewhere.
    pub(crate) fn from_variables(variables: Variables<'_>) -> Option<Self> {
        let [id, secret] = VARIABLES.map(|name| variable(variables, name));
        Some(Self { id: id?, secret: secret?, place: Some(VARIABLES.join(" and ")) })
    }

    /// What about an id or a secret makes it unlikely that they are meant so, if anything does; neither is told.
    pub fn doubt(&self) -> Option<&'static str> {
        let both = [self.id.expose_secret(), self.secret.expose_secret()];
        let is_around = |ch: char| ch.is_whitespace() || matches!(ch, '"' | '\'' | '`');
        if both.iter().any(|text| text.starts_with(is_around) || text.ends_with(is_around)) {
            return Some("the client id or the secret has a blank or a quotation mark around it");
        }
        if both.iter().any(|text| is_placeholder(text)) {
            return Some("the client id or the secret is the placeholder of an example");
        }
        (both[0] == both[1]).then_some("the client id and the secret are the same")
    }

    /// Whether the client id is this one.
    pub fn is_of(&self, id: &str) -> bool {
        self.id.expose_secret() == id
    }

    /// ` of PLACE`, if that is known.
    pub(crate) fn place(&self) -> String {
        self.place.as_ref().map(|place| format!(" of {place}")).unwrap_or_default()
    }

    /// Reads JSON with `client_id` and `client_secret`; or lines `client_id = ...` and `client_secret = ...`, with
    /// or without `BCDA_` and capitals; or two lines, the id and the secret.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) for any other form: names with other words or marks (`ID=...`,
    /// `client_id: ...`) are not taken for an id or a secret.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let unclear = || {
            Error::usage(
                "the credentials have another form than expected: two lines, client_id = ... and client_secret = ..., \
                 or JSON with these members",
            )
        };
        let text = text.trim_start_matches('\u{feff}');
        if text.trim_start().starts_with('{') {
            let found: Json = serde_json::from_str(text).map_err(|_| unclear())?;
            if found.client_id.is_empty() || found.client_secret.is_empty() {
                return Err(unclear());
            }
            return Ok(Self::new(found.client_id, found.client_secret));
        }
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let lines = lines.into_iter().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (mut id, mut secret, mut bare) = (None, None, Vec::new());
        // A line with something behind the value, or a placeholder, is not what was meant.
        let is_value = |value: &&str| {
            !value.contains(|ch: char| ch.is_whitespace() || ch == '"')
                && !value.bytes().all(|byte| byte == b'.')
        };
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
            (Some(id), Some(secret), _) if is_value(&id) && is_value(&secret) => {
                Ok(Self::new(id, secret))
            }
            (None, None, &[id, secret]) if is_bare_id(id) && is_bare_secret(secret) => {
                Ok(Self::new(id, secret))
            }
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
        let place = path.display();
        let found = Self::parse(read_secret(path)?.expose_secret());
        let found = found.map_err(|error| error.at(place.to_string()))?;
        Ok(found.from_place(place.to_string()))
    }
}

/// Whether a text stands in an example for what one has to put there.
fn is_placeholder(text: &str) -> bool {
    let text = text.trim_matches(['<', '>', '[', ']', '{', '}', '$', '%']).to_ascii_lowercase();
    let names = ["id", "secret", "client_id", "client_secret", "client-id", "client-secret"];
    let is_filler = text.bytes().all(|byte| matches!(byte, b'.' | b'x' | b'*' | b'?'));
    is_filler || names.contains(&text.as_str()) || text.starts_with("your") || text == "changeme"
}

/// Whether a line can be an id and nothing else: a name before it, or JSON or YAML around it, has one of these marks.
fn is_bare_id(line: &str) -> bool {
    let is_name = ["id", "client_id", "clientid", "client-id"]
        .iter()
        .any(|name| line.eq_ignore_ascii_case(name));
    !is_name && !line.contains(|ch: char| ch.is_whitespace() || "=:\"'{}[],;<>".contains(ch))
}

/// The same of a secret, which may have marks of its own, such as the = that ends base64.
fn is_bare_secret(line: &str) -> bool {
    let named = line.split_once(['=', ':']).is_some_and(|(name, _)| {
        let is_word = |byte: u8| byte.is_ascii_alphabetic() || b"_-".contains(&byte);
        let joined = name.contains(['_', '-']) && name.bytes().all(is_word);
        joined
            || ["secret", "password", "clientsecret"]
                .iter()
                .any(|word| name.eq_ignore_ascii_case(word))
    });
    !named && !line.contains(|ch: char| ch.is_whitespace() || "\"'{}[],<>".contains(ch))
}

/// Looks up a variable of the environment.
pub type Variables<'v> = &'v dyn Fn(&str) -> Option<OsString>;

/// A variable that is there and not empty.
pub(crate) fn variable(variables: Variables<'_>, name: &str) -> Option<SecretString> {
    let text = variables(name)?.into_string().ok().filter(|text| !text.is_empty())?;
    Some(text.into())
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
        assert_eq!(found.place(), format!(" of {}", path.display()));
        std::fs::write(&path, "ID=me\nSECRET=canary\n").unwrap();
        let error = Credentials::from_file(&path).unwrap_err().to_string();
        assert!(
            error.contains(&path.display().to_string()) && !error.contains("canary"),
            "{error}"
        );
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
        assert_eq!(both("\u{feff}client_id=a\r\nclient_secret=b=c\r\n"), wanted);
    }

    #[test]
    fn what_is_hardly_meant_so_is_told_without_it() {
        for (id, secret, told) in [
            (" canary", "b", Some("around")),
            ("a", "'canary'", Some("around")),
            ("a", "canary\n", Some("around")),
            ("<your-id>", "canary", Some("placeholder")),
            ("xxx", "canary", Some("placeholder")),
            ("canary", "CLIENT_SECRET", Some("placeholder")),
            ("canary", "canary", Some("same")),
            ("canary", "b=c", None),
        ] {
            let doubt = Credentials::new(id, secret).doubt();
            assert_eq!(doubt.is_some(), told.is_some(), "{id}");
            assert!(doubt.is_none_or(|doubt| doubt.contains(told.unwrap())), "{doubt:?}");
            assert!(doubt.is_none_or(|doubt| !doubt.contains("canary")), "{doubt:?}");
        }
        assert!(Credentials::new("a", "b").is_of("a") && !Credentials::new("a", "b").is_of("b"));
    }

    #[test]
    fn other_forms_are_refused_by_what_they_should_look_like() {
        for bad in [
            "",
            "{}",
            "client_id=a",
            "a\nb\nc",
            "ID=canary\nSECRET=canary",
            "id = canary\nsecret = canary",
            "ID: canary\nSECRET: canary",
            "client_id: canary\nclient_secret: canary\n",
            "client_id:canary\nclient_secret:canary",
            "canary\nclient_secret: canary",
            "canary\nsecret=canary",
            "[\"canary\",\n\"canary\"]",
            "\"client_id\": \"canary\",\n\"client_secret\": \"canary\"",
            "{\"ID\": \"canary\", \"SECRET\": \"canary\"}",
            "{\"client_id\": \"\", \"client_secret\": \"canary\"}",
            "[{\"client_id\": \"canary\", \"client_secret\": \"canary\"}]",
            "<id>canary</id>\n<secret>canary</secret>",
            "client_id=\nclient_secret=canary",
            "user canary\npassword canary",
            "client_id = \"canary\" # mine\nclient_secret = \"canary\"",
            "client_id = ...\nclient_secret = ...",
            "canary\nAPI_KEY=canary",
            "canary\nclient-secret=canary",
            "id\ncanary",
        ] {
            let error = Credentials::parse(bad).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{bad}");
            let told = error.to_string();
            assert!(told.contains("client_id = ... and client_secret = ..."), "{told}");
            assert!(!told.contains("canary"), "{told}");
        }
    }
}

//! Answers that were errors, kept as they came: what they say may name people, so that no message shows it.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::prelude::{BASE64_STANDARD, Engine};
use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use url::Url;

use crate::error::Error;
use crate::place::shown;
use crate::setting::Setting;

/// Bytes that one run adds at most: a server that only fails fills no disk.
const MOST_BYTES: usize = 16 << 20;
/// Headers that help whoever looks for the fault, here or with those who run the server.
const HEADERS: [&str; 9] = [
    "content-encoding",
    "content-type",
    "date",
    "retry-after",
    "server",
    "via",
    "x-amzn-requestid",
    "x-correlation-id",
    "x-request-id",
];
/// What stands in place of a secret.
const TAKEN_OUT: &[u8] = b"[...]";

/// A file of the answers that were errors, one JSON object a line: `time`, `url` (without its query), `status`,
/// `headers` (some), `body` (or `bodyBase64` where it is no UTF-8) and `whole`, which says whether that is all of it.
/// What was sent as a secret is taken out.
///
/// # Example
///
/// ```
/// use bulk_client::{ErrorBodies, Settings};
/// use std::sync::Arc;
///
/// let work = tempfile::tempdir()?;
/// let bodies = ErrorBodies::open(&work.path().join("errors.ndjson"))?;
/// let settings = Settings { error_bodies: Some(Arc::new(bodies)), ..Settings::default() };
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ErrorBodies {
    path: PathBuf,
    file: Mutex<Room>,
}

/// The file, and how many bytes more it takes.
struct Room {
    file: File,
    left: usize,
}

/// An answer that was an error.
pub(crate) struct Refusal<'r> {
    pub(crate) url: &'r Url,
    pub(crate) status: StatusCode,
    pub(crate) headers: &'r HeaderMap,
    pub(crate) body: &'r [u8],
    /// Whether that is the whole body.
    pub(crate) whole: bool,
    /// What was sent and may come back.
    pub(crate) secrets: &'r [&'r str],
}

impl ErrorBodies {
    /// Opens the file, 0600 if it is new; answers are added at its end.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) for what others can read, or what is no file, and
    /// [`ErrorKind::Local`](crate::ErrorKind::Local) when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let place = path.display();
        let refused = |why: &str| {
            Error::usage([Setting::ErrorBodies.alone(), format!(": {place} {why}").into()])
        };
        // Opening a pipe would wait for whoever reads it.
        let check = |found: &Metadata| match (found.is_file(), found.permissions().mode() & 0o077) {
            (false, _) => Err(refused("is no file")),
            (true, 0) => Ok(()),
            (true, _) => Err(refused(
                "can be read by others, and answers may name people; chmod 600 it, or name another file",
            )),
        };
        if let Ok(found) = std::fs::metadata(path) {
            check(&found)?;
        }
        let cannot =
            |error: std::io::Error| Error::local(format!("{place} cannot be opened: {error}"));
        let opened = File::options().append(true).create(true).mode(0o600).open(path);
        let file = opened.map_err(cannot)?;
        check(&file.metadata().map_err(cannot)?)?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(Room { file, left: MOST_BYTES }) })
    }

    /// Keeps an answer; gives where, if it could be kept.
    pub(crate) fn keep(&self, refusal: &Refusal<'_>) -> Option<&Path> {
        let mut line = refusal.to_json().to_string();
        line.push('\n');
        let mut room = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        room.left = room.left.checked_sub(line.len())?;
        // A full disk will be told by what matters more.
        room.file.write_all(line.as_bytes()).ok()?;
        Some(&self.path)
    }
}

impl fmt::Debug for ErrorBodies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrorBodies({})", self.path.display())
    }
}

impl Refusal<'_> {
    fn to_json(&self) -> Value {
        let of_header = |name: &&str| {
            let value = self.without_secrets(self.headers.get(*name)?.as_bytes());
            Some(((*name).to_owned(), String::from_utf8_lossy(&value).into()))
        };
        let headers: Map<String, Value> = HEADERS.iter().filter_map(of_header).collect();
        let mut line = json!({
            "time": Timestamp::now().to_string(),
            "url": shown(self.url),
            "status": self.status.as_u16(),
            "headers": headers,
            "whole": self.whole,
        });
        match String::from_utf8(self.without_secrets(self.body)) {
            Ok(body) => line["body"] = body.into(),
            Err(other) => line["bodyBase64"] = BASE64_STANDARD.encode(other.as_bytes()).into(),
        }
        line
    }

    fn without_secrets(&self, text: &[u8]) -> Vec<u8> {
        // The longest first: one may be part of another.
        let mut secrets: Vec<&str> = self.secrets.to_vec();
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let mut left = text;
        let mut kept = Vec::with_capacity(text.len());
        while let Some((&first, rest)) = left.split_first() {
            let secret = secrets.iter().find_map(|secret| left.strip_prefix(secret.as_bytes()));
            left = if let Some(after) = secret {
                kept.extend_from_slice(TAKEN_OUT);
                after
            } else {
                kept.push(first);
                rest
            };
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<'r>(
        body: &'r [u8],
        secrets: &'r [&'r str],
        at: &'r (Url, HeaderMap),
    ) -> Refusal<'r> {
        let (url, headers) = at;
        Refusal { url, status: StatusCode::BAD_REQUEST, headers, body, whole: true, secrets }
    }

    #[test]
    fn secrets_are_taken_out_and_the_rest_is_as_it_came() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "of me".parse().unwrap());
        headers.insert("set-cookie", "a=b".parse().unwrap());
        let at = ("https://me@a.example/b?sig=c".parse().unwrap(), headers);
        let line = refusal(b"no: me-and-you, me\n", &["me", "", "me-and-you"], &at).to_json();
        assert_eq!(line["body"], "no: [...], [...]\n");
        assert_eq!(line["headers"], json!({"x-request-id": "of [...]"}));
        assert_eq!((&line["url"], &line["status"]), (&json!("https://a.example/b"), &json!(400)));
        let line = refusal(b"\xff", &[], &at).to_json();
        assert_eq!((line.get("body"), &line["bodyBase64"]), (None, &json!("/w==")));
    }

    #[test]
    fn the_file_ends_somewhere() {
        let work = tempfile::tempdir().unwrap();
        let bodies = ErrorBodies::open(&work.path().join("bodies")).unwrap();
        let body = vec![b'a'; MOST_BYTES / 3];
        let at = ("https://a.example/".parse().unwrap(), HeaderMap::new());
        let kept = || bodies.keep(&refusal(&body, &[], &at)).is_some();
        assert_eq!([kept(), kept(), kept(), kept()], [true, true, false, false]);
    }
}

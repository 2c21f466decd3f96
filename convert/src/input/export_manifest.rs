//! What the manifest of an export tells: its time, its server, and whether its people are made up.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::setting::{Setting, Spelling};

/// Longest file that may be a manifest, in bytes: as long as a server's may be.
const MAX_MANIFEST_BYTES: u64 = 16 << 20;

/// Longest manifest of our own tools, in bytes: the journal of the longest that a server gives.
const MAX_OWN_BYTES: u64 = 512 << 20;

/// The name under which our own tools write an export's manifest.
pub(crate) const EXPORT_MANIFEST: &str = "bcda-export.json";

/// What is read of a manifest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Text {
    transaction_time: String,
    #[expect(dead_code, reason = "its presence tells an export manifest from other JSON")]
    output: Vec<IgnoredAny>,
    request: Option<Value>,
    synthetic: Option<Value>,
    files: Option<Value>,
}

/// What the manifest that counts in a folder tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) time: Timestamp,
    /// BLAKE3 of the manifest.
    pub(crate) blake3: blake3::Hash,
    /// Scheme and host of the server that made the export.
    pub(crate) server: Option<String>,
    /// How a synthetic export was made; none of a real one.
    pub(crate) synthetic: Option<Value>,
    /// By the name of a file: its bytes as stored, and their BLAKE3. The client of exports writes them.
    pub(crate) files: HashMap<String, (u64, String)>,
}

/// The manifests of a folder: what the one that counts tells, and the files of all that were looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manifests {
    pub(crate) told: Option<Told>,
    pub(crate) files: Vec<PathBuf>,
    /// One of our own name that tells nothing.
    pub(crate) damaged: Option<PathBuf>,
}

/// Most bytes of a JSON file that are looked at, by its name.
pub(crate) fn most_bytes(name: &OsStr) -> u64 {
    if name == EXPORT_MANIFEST { MAX_OWN_BYTES } else { MAX_MANIFEST_BYTES }
}

impl Told {
    /// What a text tells, if it is a manifest.
    fn of(text: &[u8]) -> Option<Self> {
        let blake3 = blake3::hash(text);
        let text: Text =
            serde_json::from_slice(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)).ok()?;
        Some(Self {
            time: text.transaction_time.trim().parse().ok()?,
            blake3,
            server: text.request.as_ref().and_then(Value::as_str).and_then(server),
            synthetic: text
                .synthetic
                .filter(|synthetic| !matches!(synthetic, Value::Null | Value::Bool(false))),
            files: text.files.iter().flat_map(hashes).collect(),
        })
    }
}

/// The files of a journal that have a hash.
fn hashes(files: &Value) -> impl Iterator<Item = (String, (u64, String))> + '_ {
    let is_hash = |hash: &&str| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    files.as_array().into_iter().flatten().filter_map(move |file| {
        let hash = file["blake3"].as_str().filter(is_hash)?;
        Some((file["name"].as_str()?.to_owned(), (file["bytes"].as_u64()?, hash.to_owned())))
    })
}

/// Scheme and host of an address, without a name or password in front.
fn server(request: &str) -> Option<String> {
    let (scheme, rest) = request.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let of_hosts =
        |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-' | ':' | '[' | ']');
    let is_one =
        matches!(scheme, "http" | "https") && !host.is_empty() && host.chars().all(of_hosts);
    is_one.then(|| format!("{scheme}://{host}"))
}

impl Manifests {
    /// Of JSON files and their texts: the one that our tools write counts, else the one with the latest time.
    pub(crate) fn of(texts: impl IntoIterator<Item = (PathBuf, Vec<u8>)>) -> Self {
        let mut found = Self::default();
        for (path, text) in texts {
            let is_ours = path.file_name().is_some_and(|name| name == EXPORT_MANIFEST);
            let Some(told) = Told::of(&text) else {
                found.damaged = Some(path).filter(|_| is_ours).or(found.damaged);
                continue;
            };
            if is_ours {
                return Self { told: Some(told), files: vec![path], damaged: None };
            }
            if found.told.as_ref().is_none_or(|earlier| earlier.time < told.time) {
                found.told = Some(told);
            }
            found.files.push(path);
        }
        found
    }

    /// Of a folder on this machine.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let ours = folder.join(EXPORT_MANIFEST);
        let found = Self::of(text(&ours).map(|text| (ours, text)));
        if found.told.is_some() {
            return found;
        }
        let is_json = |path: &PathBuf| {
            path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
        };
        let names = publish::names_in(folder).unwrap_or_default().into_iter();
        let mut paths: Vec<PathBuf> = names.map(|name| folder.join(name)).filter(is_json).collect();
        paths.sort();
        Self::of(paths.into_iter().filter_map(|path| text(&path).map(|text| (path, text))))
    }

    /// What to say where several manifests stand side by side and one had to be chosen.
    pub(crate) fn warning(&self, spelling: Spelling) -> Option<String> {
        let names: Vec<_> = self.files.iter().map(|path| path.to_string_lossy()).collect();
        (names.len() > 1).then(|| {
            format!(
                "several export manifests in one folder: {}; FILE_DATE is from the one with the latest \
                 transactionTime; {} sets it",
                names.join(", "),
                spelling(Setting::FileDate)
            )
        })
    }
}

/// The text of a file that might be a manifest.
fn text(path: &Path) -> Option<Vec<u8>> {
    // A pipe of this name would wait for a writer.
    if !path.metadata().ok()?.is_file() {
        return None;
    }
    let mut text = Vec::new();
    let most = most_bytes(path.file_name()?);
    File::open(path).ok()?.take(most).read_to_end(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(name: &str, time: &str, more: &str) -> (PathBuf, Vec<u8>) {
        let text = format!("{{\"transactionTime\":\"{time}\",\"output\":[]{more}}}");
        (name.into(), text.into_bytes())
    }

    #[test]
    fn ours_counts_or_the_latest() {
        let (old, new) = ("2021-01-01T00:00:00Z", "2021-01-01T01:30:00+01:00");
        let of = |texts: &[(PathBuf, Vec<u8>)]| Manifests::of(texts.to_vec());
        let time = |found: &Manifests| found.told.as_ref().map(|told| told.time.to_string());
        let found = of(&[manifest("a.json", old, ""), manifest("b.json", new, "")]);
        assert_eq!(time(&found).as_deref(), Some("2021-01-01T00:30:00Z"));
        let warning = found.warning(Setting::name).unwrap();
        assert!(warning.contains("a.json, b.json"), "{warning}");
        let ours = manifest(EXPORT_MANIFEST, old, "");
        let found = of(&[manifest("a.json", new, ""), ours, manifest("b.json", new, "")]);
        assert_eq!(time(&found).as_deref(), Some("2021-01-01T00:00:00Z"));
        assert_eq!((found.warning(Setting::name), found.files.len()), (None, 1));
        // Other JSON is none.
        let none = [("x.json".into(), b"{}".to_vec()), manifest("y.json", "yesterday", "")];
        assert_eq!(time(&of(&none)), None);
    }

    #[test]
    fn a_mark_a_server_and_synthetic() {
        let told = |more: &str| {
            let (_, text) = manifest("a.json", "2021-01-01T00:00:00Z", more);
            Told::of(&[b"\xEF\xBB\xBF", &text[..]].concat()).unwrap()
        };
        let made =
            told(",\"synthetic\":{\"seed\":1},\"request\":\"https://a:b@x.gov:8/v1/$export?c\"");
        assert_eq!(made.server.as_deref(), Some("https://x.gov:8"));
        assert_eq!(made.synthetic, Some(serde_json::json!({"seed": 1})));
        for none in
            ["", ",\"synthetic\":null,\"request\":7", ",\"synthetic\":false,\"request\":\"x\""]
        {
            let told = told(none);
            assert_eq!((told.server, told.synthetic), (None, None), "{none}");
        }
    }
}

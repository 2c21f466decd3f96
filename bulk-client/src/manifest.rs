//! What the server answers when a job is done.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;
use url::{Position, Url};

use crate::error::{Error, ErrorKind};
use crate::place::parse;

/// Largest manifest or list of jobs, in bytes.
pub(crate) const MAX_MANIFEST: usize = 16 << 20;
/// The name that BCDA gives to a part without records.
const BLANK: &str = "blank.ndjson";

/// Longest name of a FHIR type that is believed, in characters after the first.
const MAX_TYPE: usize = 63;

/// A file of the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The FHIR type, `[A-Z][A-Za-z]{0,63}`.
    pub resource_type: String,
    /// Where the file is.
    pub url: Url,
    /// The wrapped key of an encrypted file (2018 to 2020), hex.
    pub encrypted_key: Option<String>,
    /// How many records the server says the file has; none if it does not say.
    pub count: Option<u64>,
}

impl Entry {
    /// The last part of the path: the name that the server gave the file, and the label of its encryption.
    pub fn server_name(&self) -> &str {
        base_name(&self.url)
    }
}

/// The last part of a URL's path.
pub(crate) fn base_name(url: &Url) -> &str {
    url.path().rsplit('/').next().unwrap_or_default()
}

/// The answer of a finished job. Members that are not known are ignored.
///
/// # Example
///
/// ```
/// let job = "https://bulk.example/api/v1/jobs/1".parse()?;
/// let manifest = bulk_client::Manifest::parse(
///     br#"{"transactionTime": "2020-01-02T03:04:05Z", "request": "https://bulk.example/api/v1/Patient/$export",
///         "requiresAccessToken": true, "JobID": 1, "error": [],
///         "output": [{"type": "Patient", "url": "https://bulk.example/data/1/a.ndjson"}]}"#,
///     &job,
/// )?;
/// assert_eq!(manifest.output[0].resource_type, "Patient");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// RFC 3339: the next export begins here.
    pub transaction_time: String,
    /// The URL of the kick-off, as the server saw it.
    pub request: String,
    /// Whether files need the token; none if the server does not say.
    pub requires_access_token: Option<bool>,
    /// Files of records.
    pub output: Vec<Entry>,
    /// Files of OperationOutcomes.
    pub error: Vec<Entry>,
    /// Files of what is no more.
    pub deleted: Vec<Entry>,
    /// `JobID`.
    pub job_id: Option<Value>,
    /// Entries that named the URL of another one of their list: the lists have each URL once.
    pub repeated: u64,
    /// Where the manifest goes on (`link` with the relation `next`); none once its pages are joined.
    pub next: Option<Url>,
    /// How many further pages are joined.
    pub further_pages: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    transaction_time: String,
    #[serde(default)]
    request: Option<String>,
    #[serde(default)]
    requires_access_token: Option<bool>,
    output: Option<Vec<RawEntry>>,
    #[serde(default)]
    error: Option<Vec<RawEntry>>,
    #[serde(default)]
    deleted: Option<Vec<RawEntry>>,
    #[serde(default, alias = "JobID", alias = "jobID", alias = "JobId")]
    job_id: Option<Value>,
    #[serde(default, alias = "KeyMap", alias = "keymap")]
    key_map: Option<BTreeMap<String, String>>,
    #[serde(default)]
    link: Value,
}

#[derive(Deserialize)]
struct RawEntry {
    #[serde(rename = "type")]
    resource_type: String,
    url: String,
    #[serde(default, rename = "encryptedKey", alias = "EncryptedKey")]
    encrypted_key: Option<String>,
    /// Some servers write numbers as texts.
    #[serde(default)]
    count: Option<Value>,
}

impl Manifest {
    /// Reads the body of a finished job; relative URLs stand against that of the job.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Server`] when it is no manifest: HTML, no `transactionTime`, the name of a type that cannot be
    /// one, a URL that is none, a further page that cannot be found, whose files would be missing.
    pub fn parse(body: &[u8], job: &Url) -> Result<Self, Error> {
        if body.trim_ascii_start().starts_with(b"<") {
            return Err(Error::server("the manifest is an HTML page"));
        }
        let raw: Raw = serde_json::from_slice(body).map_err(|fault| {
            // The parser's own message may quote.
            let (line, column) = (fault.line(), fault.column());
            Error::server(format!("the manifest is not one (line {line}, column {column})"))
        })?;
        if raw.transaction_time.parse::<jiff::Timestamp>().is_err() {
            return Err(Error::server("the manifest's transactionTime is no instant"));
        }
        let next = next_page(&raw.link, job)?;
        let keys = raw.key_map.unwrap_or_default();
        let keys: BTreeMap<&str, &String> =
            keys.iter().map(|(name, key)| (name.trim(), key)).collect();
        let mut repeated = 0;
        let mut entries = |raw: Option<Vec<RawEntry>>| -> Result<Vec<Entry>, Error> {
            let mut list = List::default();
            for raw in raw.unwrap_or_default() {
                list.add(entry(raw, &keys, job)?);
            }
            repeated += list.repeated;
            Ok(list.entries)
        };
        let (output, error, deleted) =
            (entries(raw.output)?, entries(raw.error)?, entries(raw.deleted)?);
        Ok(Self {
            transaction_time: raw.transaction_time,
            request: raw.request.unwrap_or_default(),
            requires_access_token: raw.requires_access_token,
            output,
            error,
            deleted,
            job_id: raw.job_id,
            repeated,
            next,
            further_pages: 0,
        })
    }

    /// This manifest with the files of its further pages, in their order.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Server`] when a page is of another instant: it would be of another export.
    pub(crate) fn with_pages(self, pages: Vec<Self>) -> Result<Self, Error> {
        let further_pages = pages.len() as u64;
        let mut whole = Self { repeated: 0, ..self.clone() };
        let mut lists: [List; 3] = Default::default();
        for page in std::iter::once(self).chain(pages) {
            if page.transaction_time != whole.transaction_time {
                return Err(Error::server(
                    "a further page of the manifest has another transactionTime",
                ));
            }
            // A token goes to servers that the user allows, and to no others, so that one page may speak for all.
            whole.requires_access_token =
                match (whole.requires_access_token, page.requires_access_token) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (before, now) => before.or(now),
                };
            for (list, entries) in lists.iter_mut().zip([page.output, page.error, page.deleted]) {
                for entry in entries {
                    list.add(entry);
                }
            }
            whole.repeated += page.repeated;
        }
        let [output, error, deleted] = lists;
        whole.repeated += output.repeated + error.repeated + deleted.repeated;
        (whole.output, whole.error, whole.deleted) =
            (output.entries, error.entries, deleted.entries);
        Ok(Self { next: None, further_pages, ..whole })
    }
}

/// A list of files, each URL once.
#[derive(Default)]
struct List {
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
    /// Entries that named a URL again.
    repeated: u64,
}

impl List {
    fn add(&mut self, entry: Entry) {
        if entry.server_name() == BLANK {
            return;
        }
        // A fragment is never sent: it makes no other file.
        let url = entry.url[..Position::AfterQuery].to_owned();
        let known = self.places.get(&url).and_then(|&place| self.entries.get_mut(place));
        if let Some(known) = known {
            // Of different announcements the one counts that misses most.
            known.count = known.count.max(entry.count);
            self.repeated += 1;
        } else {
            self.places.insert(url, self.entries.len());
            self.entries.push(entry);
        }
    }
}

/// Where a manifest goes on, if it does.
fn next_page(links: &Value, job: &Url) -> Result<Option<Url>, Error> {
    let mut links = links.as_array().into_iter().flatten();
    let Some(next) = links.find(|link| link["relation"] == "next") else { return Ok(None) };
    let url = next["url"].as_str().unwrap_or_default().trim();
    let found =
        if url.is_empty() { Err(Error::server("it has no URL")) } else { parse(url, Some(job)) };
    let named = |error: Error| {
        error.of_kind(ErrorKind::Server).at("the further page of the manifest (link next)")
    };
    found.map(Some).map_err(named)
}

fn entry(raw: RawEntry, keys: &BTreeMap<&str, &String>, job: &Url) -> Result<Entry, Error> {
    if !is_type_name(&raw.resource_type) {
        let length = raw.resource_type.len();
        return Err(Error::server(format!(
            "the manifest names a type of {length} bytes that is none: expected [A-Z][A-Za-z]{{0,63}}"
        )));
    }
    let url = parse(raw.url.trim(), Some(job))
        .map_err(|error| error.of_kind(ErrorKind::Server).at("a file of the manifest"))?;
    let key = raw.encrypted_key.filter(|key| !key.trim().is_empty());
    let key = key.or_else(|| keys.get(base_name(&url)).map(|&key| key.clone()));
    let encrypted_key = key.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    let count = raw.count.and_then(|count| match count {
        Value::String(digits) => whole(digits.trim()),
        Value::Number(number) => whole(&number.to_string()),
        _ => None,
    });
    Ok(Entry { resource_type: raw.resource_type, url, encrypted_key, count })
}

/// A whole number, which may have a fraction of zeros.
fn whole(digits: &str) -> Option<u64> {
    let (digits, zeros) = digits.split_once('.').unwrap_or((digits, ""));
    zeros.bytes().all(|digit| digit == b'0').then(|| digits.parse().ok())?
}

/// Whether a text is `[A-Z][A-Za-z]{0,63}`: what becomes part of a file's name.
pub(crate) fn is_type_name(text: &str) -> bool {
    text.len() <= MAX_TYPE + 1
        && text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|b| b.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Result<Manifest, Error> {
        Manifest::parse(text.as_bytes(), &"https://a.example/api/v1/jobs/1".parse().unwrap())
    }

    #[test]
    fn keys_of_all_years() {
        let found = manifest(
            r#"{"transactionTime":"2019-12-09T20:44:01.705398123Z","request":"x","requiresAccessToken":true,
            "output":[{"type":"Patient","url":"https://a.example/data/1/a.ndjson"},
                      {"type":"Coverage","url":"/data/1/b.ndjson?sig=1","encryptedKey":"0b"},
                      {"type":"Coverage","url":"https://a.example/data/1/blank.ndjson"}],
            "error":[{"type":"OperationOutcome","url":"https://a.example/data/1/a-error.ndjson"}],
            "KeyMap":{"a.ndjson   ":"0a","a-error.ndjson":""},"JobID":7,"extension":{"a":[1]}}"#,
        )
        .unwrap();
        let keys: Vec<_> =
            found.output.iter().map(|entry| entry.encrypted_key.as_deref()).collect();
        assert_eq!(keys, [Some("0a"), Some("0b")]);
        assert_eq!(found.output[1].server_name(), "b.ndjson");
        assert_eq!((found.error[0].encrypted_key.as_deref(), found.job_id), (None, Some(7.into())));
    }

    #[test]
    fn counts_are_numbers_and_each_url_stands_once() {
        let of = |count: &str| {
            let found = manifest(&format!(
                r#"{{"transactionTime":"2020-01-01T00:00:00Z","output":[
                {{"type":"Patient","url":"/a?x=1","count":{count}}},{{"type":"Coverage","url":"/a?x=1#again"}},
                {{"type":"Patient","url":"/a?x=2"}}],"error":[{{"type":"OperationOutcome","url":"/a?x=1"}}]}}"#
            ));
            let found = found.unwrap();
            assert_eq!((found.output.len(), found.error.len(), found.repeated), (2, 1, 1));
            assert_eq!(found.output[0].resource_type, "Patient");
            found.output[0].count
        };
        assert_eq!((of("7"), of("\" 7 \""), of("0")), (Some(7), Some(7), Some(0)));
        assert_eq!((of("7.0"), of("\"7.00\"")), (Some(7), Some(7)));
        for nonsense in ["null", "-1", "1.5", "\"x\"", "[]", "true"] {
            assert_eq!(of(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn of_a_repeated_url_the_greatest_count_is_what_was_announced() {
        for (first, again) in
            [("", ",\"count\":9"), (",\"count\":2", ",\"count\":9"), (",\"count\":9", "")]
        {
            let found = manifest(&format!(
                r#"{{"transactionTime":"2020-01-01T00:00:00Z","output":[
                {{"type":"Patient","url":"/a"{first}}},{{"type":"Patient","url":"/a"{again}}}]}}"#
            ));
            let found = found.unwrap();
            assert_eq!(
                (found.output.len(), found.output[0].count, found.repeated),
                (1, Some(9), 1)
            );
        }
    }

    #[test]
    fn a_further_page_is_found_and_joined() {
        let with = |links: &str| {
            manifest(&format!(
                r#"{{"transactionTime":"2020-01-01T00:00:00Z","output":[],"link":{links}}}"#
            ))
        };
        for links in ["null", "[]", "7", r#"[{"relation":"self","url":"/x"}]"#] {
            assert_eq!(with(links).unwrap().next, None, "{links}");
        }
        let found = with(r#"[{"relation":"next","url":"/x?page=2"}]"#).unwrap();
        assert_eq!(found.next.unwrap().as_str(), "https://a.example/x?page=2");
        for url in ["", r#","url":"""#, r#","url":"file:///canary""#, r#","url":7"#] {
            let error = with(&format!(r#"[{{"relation":"next"{url}}}]"#)).unwrap_err();
            assert!(
                error.exit_code() == 5 && error.to_string().contains("further page"),
                "{error}"
            );
        }
        let page = |time: &str, output: &str| {
            let text = format!(r#"{{"transactionTime":"{time}","output":[{output}]}}"#);
            manifest(&text).unwrap()
        };
        let (one, two) = (r#"{"type":"Patient","url":"/1"}"#, r#"{"type":"Patient","url":"/2"}"#);
        let time = "2020-01-01T00:00:00Z";
        let pages = vec![page(time, two), page(time, &format!("{one},{two}"))];
        let whole = page(time, one).with_pages(pages).unwrap();
        assert_eq!((whole.output.len(), whole.repeated, whole.further_pages), (2, 2, 2));
        assert!(page(time, one).with_pages(vec![page("2020-01-02T00:00:00Z", two)]).is_err());
    }

    #[test]
    fn empty_lists_in_all_their_forms() {
        for output in ["[]", "null"] {
            let text = format!(
                r#"{{"transactionTime":"2020-01-01T00:00:00Z","output":{output},"error":null}}"#
            );
            assert!(manifest(&text).unwrap().output.is_empty());
        }
    }

    #[test]
    fn what_is_no_manifest() {
        let with = |entry: &str| {
            format!(r#"{{"transactionTime":"2020-01-01T00:00:00Z","output":[{entry}]}}"#)
        };
        for (text, canary) in [
            ("<html>canary</html>".to_owned(), "HTML"),
            (r#"{"canary":1}"#.to_owned(), "not one"),
            (r#"{"transactionTime":"canary","output":[]}"#.to_owned(), "no instant"),
            (with(r#"{"type":"../canary","url":"https://a.example/x"}"#), "9 bytes"),
            (with(r#"{"type":"patient","url":"https://a.example/x"}"#), "7 bytes"),
            (with(r#"{"type":"Patient","url":"file:///canary"}"#), "expected an https URL"),
        ] {
            let error = manifest(&text).unwrap_err().to_string();
            assert!(error.contains(canary), "{error}");
        }
    }
}

//! How a download is continued: what tells the version of a file, its coding, and which part of it comes.

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_RANGE, DATE, ETAG, HeaderMap, HeaderName, LAST_MODIFIED,
};
use serde::{Deserialize, Serialize};

/// A `Last-Modified` this much older than the answer tells versions apart, in seconds (RFC 9110, 8.8.2.2).
const STRONG_DATE_SECONDS: u64 = 60;

/// How to go on with a `.part`: kept beside it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Continuation {
    /// Without its query.
    pub(crate) url: String,
    /// Of the whole URL.
    #[serde(default)]
    pub(crate) url_hash: Option<String>,
    pub(crate) validator: String,
    pub(crate) encoding: String,
}

/// How the body is coded, in our words.
pub(crate) fn encoding(headers: &HeaderMap) -> String {
    let named = headers.get(CONTENT_ENCODING).and_then(|value| value.to_str().ok());
    match named.unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "" | "identity" => "identity".to_owned(),
        "gzip" | "x-gzip" => "gzip".to_owned(),
        other => other.to_owned(),
    }
}

/// What tells this version of the file from others, strongly: an ETag, or a date that is old enough.
pub(crate) fn validator(headers: &HeaderMap) -> Option<String> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(tag) = text(ETAG) {
        return tag.starts_with('"').then(|| tag.to_owned());
    }
    let modified = text(LAST_MODIFIED)?;
    let now = httpdate::parse_http_date(text(DATE)?).ok()?;
    let age = now.duration_since(httpdate::parse_http_date(modified).ok()?).ok()?;
    (age.as_secs() >= STRONG_DATE_SECONDS).then(|| modified.to_owned())
}

/// The first byte and the length of the whole, of `bytes 5-9/10`, `bytes 5-9/*` and `bytes */10`.
pub(crate) fn range(headers: &HeaderMap) -> Option<(Option<u64>, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?.trim().strip_prefix("bytes ")?;
    let (part, total) = text.split_once('/')?;
    let start = part.split_once('-').and_then(|(start, _)| start.trim().parse().ok());
    Some((start, total.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_strong_validators_count() {
        let of = |pairs: &[(HeaderName, &str)]| validator(&headers(pairs));
        assert_eq!(of(&[(ETAG, "\"a\"")]).as_deref(), Some("\"a\""));
        assert_eq!(of(&[(ETAG, "W/\"a\"")]), None);
        let date = "Tue, 10 Dec 2019 20:44:01 GMT";
        assert_eq!(of(&[(LAST_MODIFIED, date), (DATE, date)]), None);
        let later = "Tue, 10 Dec 2019 20:46:01 GMT";
        assert_eq!(of(&[(LAST_MODIFIED, date), (DATE, later)]).as_deref(), Some(date));
        assert_eq!(of(&[(LAST_MODIFIED, "2019-12-10 20:44:01 +0000 UTC"), (DATE, later)]), None);
    }

    #[test]
    fn ranges() {
        let of = |text: &str| range(&headers(&[(CONTENT_RANGE, text)]));
        assert_eq!(of("bytes 5-9/10"), Some((Some(5), Some(10))));
        assert_eq!(of("bytes 5-9/*"), Some((Some(5), None)));
        assert_eq!(of("bytes */10"), Some((None, Some(10))));
        assert_eq!(of("lines 5-9/10"), None);
    }
}

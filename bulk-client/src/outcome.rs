//! What a server says about an error, in any of the forms it was seen in, reduced to what may be shown.
//!
//! Bodies are OperationOutcomes of 2019 (severity and code are words with capitals, the text in
//! `details.coding[].display` or `details.text`) or of now (`diagnostics`), plain text, or empty. Only codes and
//! sentences of closed lists are shown: any other text may name somebody. [`ErrorBodies`](crate::ErrorBodies) keeps
//! what else a body says, for who asks for it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// Issues of one body that are shown at most.
const MOST_ISSUES: usize = 3;
/// Longest text of this machine that is shown, in characters.
const MAX_TEXT: usize = 300;
/// Words with this many digits may be somebody's number.
const DIGITS_OF_A_NUMBER: usize = 4;
/// Longer words may be tokens.
const LONGEST_WORD: usize = 60;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(rename = "resourceType")]
    resource_type: String,
    issue: Vec<Issue>,
    /// What OAuth has in place of issues.
    error: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Issue {
    severity: Option<String>,
    code: Option<String>,
    details: Option<Details>,
    diagnostics: Option<String>,
}

impl Issue {
    /// Its class, if that is one that may be shown.
    fn class(self) -> String {
        let coding = self.details.and_then(|details| details.coding.into_iter().next());
        let class = coding.and_then(|coding| coding.code);
        let class = class.or(self.code).filter(|class| is_class(class));
        class.unwrap_or_else(|| "unnamed".to_owned())
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    coding: Vec<Coding>,
    text: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Coding {
    code: Option<String>,
    display: Option<String>,
}

/// The severity of an issue, whichever way it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The records told of are missing. Also whatever is not one of the other words.
    Error,
    /// Warnings.
    Warning,
    /// Information.
    Information,
}

impl Severity {
    fn of(text: Option<&str>) -> Self {
        match text.unwrap_or_default().to_ascii_lowercase().as_str() {
            "warning" => Self::Warning,
            "information" | "success" => Self::Information,
            _ => Self::Error,
        }
    }

    /// `error`, `warning` or `information`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        }
    }
}

/// What a server said about a request.
///
/// # Example
///
/// ```
/// use bulk_client::Outcome;
///
/// let old = br#"{"resourceType":"OperationOutcome","issue":[{"severity":"Error","code":"Exception",
///     "details":{"coding":[{"display":"Invalid Token"}],"text":"Invalid Token"}}]}"#;
/// assert_eq!(Outcome::of_body(old).to_string(), "the server says: Invalid Token");
/// let said = Outcome::of_body(b"Jane Roe is not attributed");
/// assert!(said.is_empty() && said.has_more());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Codes and sentences of closed lists.
    said: Vec<String>,
    has_more: bool,
    is_from_service: bool,
    says_no_jobs: bool,
}

impl Outcome {
    /// Reads a body: an OperationOutcome, an error of OAuth, plain text or nothing.
    pub fn of_body(body: &[u8]) -> Self {
        let mut outcome = Self::default();
        if let Ok(body) = serde_json::from_slice::<Body>(body) {
            outcome.is_from_service = body.resource_type == "OperationOutcome";
            outcome.has_more = body.issue.len() > MOST_ISSUES;
            for issue in body.issue.into_iter().take(MOST_ISSUES) {
                let details = issue.details.unwrap_or_default();
                let mut texts = vec![issue.diagnostics, details.text];
                texts.extend(details.coding.into_iter().flat_map(|it| [it.display, it.code]));
                texts.push(issue.code);
                outcome.take(texts.iter().flatten());
            }
            outcome.take(body.error.iter().filter_map(Value::as_str));
        } else if let Ok(text) = std::str::from_utf8(body)
            && !text.trim_start().starts_with(['<', '{', '['])
        {
            outcome.take([text]);
        }
        outcome.has_more |= outcome.said.is_empty() && !body.trim_ascii().is_empty();
        outcome.said.dedup();
        outcome
    }

    /// The texts of one thing that is said, the most telling first: of those that may be shown the first is.
    fn take<T: AsRef<str>>(&mut self, texts: impl IntoIterator<Item = T>) {
        let mut known = None;
        for text in texts {
            let text = text.as_ref().trim();
            self.says_no_jobs |= text.to_ascii_lowercase().contains("no jobs");
            if is_class(text) || is_sentence(text) {
                known.get_or_insert_with(|| text.to_owned());
            } else if let Some(beginning) = known_beginning(text) {
                known.get_or_insert_with(|| beginning.to_owned());
                self.has_more = true;
            } else {
                self.has_more |= !text.is_empty();
            }
        }
        self.said.extend(known);
    }

    /// Whether the server said nothing that may be shown.
    pub fn is_empty(&self) -> bool {
        self.said.is_empty()
    }

    /// Whether it said more, which may name somebody.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Whether it is an OperationOutcome: the service itself says something, and not a web server before it.
    pub(crate) fn is_from_service(&self) -> bool {
        self.is_from_service
    }

    /// BCDA's way to say that a list of jobs is empty.
    pub(crate) fn says_no_jobs(&self) -> bool {
        self.says_no_jobs
    }

    /// Whether it says, in the words of OAuth, that it does not know who asks.
    pub(crate) fn says_unknown_client(&self) -> bool {
        self.said.iter().any(|said| said.eq_ignore_ascii_case(UNKNOWN_CLIENT))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server says: {}", self.said.join("; "))
    }
}

/// A text of the libraries below us without control characters and without words that may be somebody's number or a
/// token: it may repeat what came over the line.
pub(crate) fn shown(text: &str) -> String {
    let text = plain(text);
    let words = text.split_whitespace().map(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if digits >= DIGITS_OF_A_NUMBER || word.len() > LONGEST_WORD { "[...]" } else { word }
    });
    words.collect::<Vec<_>>().join(" ").chars().take(MAX_TEXT).collect()
}

fn plain(text: &str) -> String {
    text.chars().filter(|ch| !ch.is_control()).collect()
}

/// Counts of the issues of error files, by severity and class; their text, which names people, is never kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IssueCounts {
    counts: BTreeMap<(Severity, String), u64>,
}

impl IssueCounts {
    /// Counts the issues of one line of an error file.
    pub fn add_line(&mut self, line: &[u8]) {
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let outcome = serde_json::from_slice::<Body>(line).unwrap_or_default();
        if outcome.resource_type != "OperationOutcome" || outcome.issue.is_empty() {
            self.add(Severity::Error, "not an OperationOutcome");
        }
        for issue in outcome.issue {
            let severity = Severity::of(issue.severity.as_deref());
            self.add(severity, &issue.class());
        }
    }

    fn add(&mut self, severity: Severity, class: &str) {
        *self.counts.entry((severity, class.to_owned())).or_default() += 1;
    }

    /// Adds the counts of another file.
    pub fn add_all(&mut self, other: &Self) {
        for (key, count) in &other.counts {
            *self.counts.entry(key.clone()).or_default() += count;
        }
    }

    /// Severity, class and number of issues, errors first.
    pub fn iter(&self) -> impl Iterator<Item = (Severity, &str, u64)> {
        self.counts.iter().map(|((severity, class), count)| (*severity, class.as_str(), *count))
    }

    /// Whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.counts.keys().any(|(severity, _)| *severity == Severity::Error)
    }
}

/// The class of the first issue, where a whole text is one OperationOutcome.
pub(crate) fn only_class(text: &[u8]) -> Option<String> {
    let outcome = serde_json::from_slice::<Body>(text).ok()?;
    let issue = outcome.issue.into_iter().next().unwrap_or_default();
    (outcome.resource_type == "OperationOutcome").then(|| issue.class())
}

/// FHIR's types of issues, and the words that BCDA had for them in 2019; in small letters.
const CLASSES: [&str; 47] = [
    "invalid",
    "structure",
    "required",
    "value",
    "invariant",
    "security",
    "login",
    "unknown",
    "expired",
    "forbidden",
    "suppressed",
    "processing",
    "not-supported",
    "duplicate",
    "multiple-matches",
    "not-found",
    "deleted",
    "too-long",
    "code-invalid",
    "extension",
    "too-costly",
    "business-rule",
    "conflict",
    "transient",
    "lock-error",
    "no-store",
    "exception",
    "timeout",
    "incomplete",
    "throttled",
    "informational",
    "success",
    "blue button error",
    "database error",
    "error",
    "formatting error",
    "internal error",
    "invalid token",
    "not found",
    "processing error",
    "request error",
    "structural issue",
    "token error",
    "unauthorized",
    "unauthorized error",
    "unknown entity",
    "warning",
];

/// OAuth's word for a client id or secret that it does not know.
const UNKNOWN_CLIENT: &str = "invalid_client";

/// What BCDA, OAuth and web servers are known to say of requests, in small letters; none names anybody.
const SENTENCES: [&str; 33] = [
    "accept header is required",
    "prefer header is required",
    "application/fhir+json is the only supported response format",
    "only asynchronous responses are supported",
    "failed to process request given more than one _typefilter parameter",
    "invalid date format supplied in _since parameter.  date must be in fhir instant format.",
    "invalid date format supplied in _since parameter. date must be a date that has already passed",
    "invalid group id",
    "invalid parameter: query parameters cannot start with ?",
    "invalid parameter: this server does not support the _elements parameter.",
    "invalid token",
    "no jobs found",
    UNKNOWN_CLIENT,
    "access_denied",
    "invalid_grant",
    "invalid_request",
    "invalid_scope",
    "invalid_token",
    "insufficient_scope",
    "temporarily_unavailable",
    "unauthorized_client",
    "unsupported_grant_type",
    "404 page not found",
    "bad gateway",
    "bad request",
    "gateway timeout",
    "gone",
    "internal server error",
    "method not allowed",
    "not acceptable",
    "request timeout",
    "service unavailable",
    "too many requests",
];

/// What BCDA is known to say with a part of the request at the end, in small letters.
const BEGINNINGS: [&str; 8] = [
    "invalid resource type",
    "repeated resource type",
    "invalid _typefilter resource type (only eobs valid)",
    "invalid _typefilter subquery parameter",
    "invalid _typefilter parameter/value",
    "invalid outcome value",
    "invalid service-date value",
    "invalid _tag value",
];

/// The part of a text that is known, without what may follow.
fn known_beginning(text: &str) -> Option<&str> {
    let is_of = |beginning: &&&str| {
        let head = text.get(..beginning.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(beginning))
    };
    BEGINNINGS.iter().find(is_of).and_then(|beginning| text.get(..beginning.len()))
}

fn is_sentence(text: &str) -> bool {
    SENTENCES.contains(&text.to_ascii_lowercase().as_str())
}

/// Classes are of a closed list: anything else, be it two words, may be somebody's name.
fn is_class(text: &str) -> bool {
    CLASSES.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_bodies() {
        let issue = |members: &str| {
            format!(
                r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"error",{members}}}]}}"#
            )
        };
        let token = r#""code":"Exception","details":{"coding":[{"display":"Invalid Token"}],"text":"Invalid Token"}"#;
        for (body, said, has_more) in [
            (
                issue(r#""code":"structure","diagnostics":"Invalid group ID""#),
                "Invalid group ID",
                false,
            ),
            (
                issue(r#""code":"structure","diagnostics":"Repeated resource type Jane Roe""#),
                "Repeated resource type",
                true,
            ),
            (issue(r#""code":"structure","diagnostics":"Jane Roe""#), "structure", true),
            (issue(r#""code":"Jane Roe""#), "", true),
            (issue(token), "Invalid Token", false),
            (
                r#"{"error":"invalid_client","error_description":"Jane Roe"}"#.to_owned(),
                UNKNOWN_CLIENT,
                false,
            ),
            (r#"{"error":{"code":"Jane Roe"}}"#.to_owned(), "", true),
            ("Unauthorized\n".to_owned(), "Unauthorized", false),
            ("\u{1b}[2J beneficiary Jane Roe gone".to_owned(), "", true),
            ("<html>no</html>".to_owned(), "", true),
            ("[1]".to_owned(), "", true),
            (" \n".to_owned(), "", false),
        ] {
            let outcome = Outcome::of_body(body.as_bytes());
            assert_eq!(outcome.said.join("; "), said, "{body}");
            assert_eq!(
                (outcome.is_empty(), outcome.has_more()),
                (said.is_empty(), has_more),
                "{body}"
            );
        }
        assert!(Outcome::of_body(br#"{"error":"invalid_client"}"#).says_unknown_client());
        assert!(Outcome::of_body(b"No jobs found for you").says_no_jobs());
        assert!(!Outcome::of_body(b"<p>No jobs here</p>").says_no_jobs());
    }

    #[test]
    fn error_files_are_counted_without_their_text() {
        let mut counts = IssueCounts::default();
        let old = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"Error","code":"Exception","details":{"coding":[{"code":"Blue Button Error","display":"Error retrieving 1EG4TE5MK73"}]}}]}"#;
        let warning = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"1EG4TE5MK73"}]}"#;
        let named = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"Jane Roe"}]}"#;
        for line in [old, old, warning, named, "", "{broken"] {
            counts.add_line(line.as_bytes());
        }
        let all: Vec<_> = counts.iter().collect();
        assert_eq!(
            all,
            [
                (Severity::Error, "Blue Button Error", 2),
                (Severity::Error, "not an OperationOutcome", 1),
                (Severity::Warning, "unnamed", 1),
                (Severity::Information, "unnamed", 1),
            ]
        );
        assert!(counts.has_errors());
    }
}

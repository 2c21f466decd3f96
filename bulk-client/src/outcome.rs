//! What a server says about an error, in any of the forms it was seen in, reduced to what may be shown.
//!
//! Bodies are OperationOutcomes of 2019 (severity and code are words with capitals, the text in
//! `details.coding[].display` or `details.text`) or of now (`diagnostics`), plain text, or empty.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

/// Longest text of a server that is shown, in characters.
const MAX_TEXT: usize = 300;
/// Words of a server with this many digits may be somebody's number.
const DIGITS_OF_A_NUMBER: usize = 4;
/// Longer words may be tokens.
const LONGEST_WORD: usize = 60;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    #[serde(rename = "resourceType")]
    resource_type: String,
    issue: Vec<Issue>,
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
/// let old = br#"{"resourceType":"OperationOutcome","issue":[{"severity":"Error","code":"Exception",
///     "details":{"coding":[{"display":"Invalid Token"}],"text":"Invalid Token"}}]}"#;
/// assert_eq!(bulk_client::Outcome::of_body(old).to_string(), "the server says: Invalid Token");
/// assert!(bulk_client::Outcome::of_body(b"").is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    texts: Vec<String>,
}

impl Outcome {
    /// Reads a body: an OperationOutcome, plain text or nothing. HTML says nothing.
    pub fn of_body(body: &[u8]) -> Self {
        Self::of_body_without(body, &[])
    }

    /// The same, and takes out every occurrence of secrets, before the text is cut to a length.
    pub(crate) fn of_body_without(body: &[u8], secrets: &[&str]) -> Self {
        // The longest first: one may be part of another.
        let mut secrets: Vec<String> = secrets.iter().map(|secret| plain(secret)).collect();
        secrets.retain(|secret| !secret.is_empty());
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        let shown = |text: &str| {
            let text =
                secrets.iter().fold(plain(text), |text, secret| text.replace(secret, "[...]"));
            shown(&text)
        };
        let mut texts = Vec::new();
        if let Ok(body) = serde_json::from_slice::<Body>(body) {
            for issue in body.issue.into_iter().take(3) {
                let details = issue.details.unwrap_or_default();
                let coded = details.coding.into_iter().find_map(|coding| coding.display);
                let text = issue.diagnostics.or(details.text).or(coded).or(issue.code);
                texts.extend(text.map(|text| shown(&text)));
            }
        } else if let Ok(text) = std::str::from_utf8(body)
            && !text.trim_start().starts_with(['<', '{', '['])
        {
            texts.push(shown(text));
        }
        texts.retain(|text| !text.is_empty());
        texts.dedup();
        Self { texts }
    }

    /// Whether the server said nothing.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server says: {}", self.texts.join("; "))
    }
}

/// A server's text without control characters and without words that may be somebody's number or a token.
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

/// Classes are of a closed list: anything else, be it two words, may be somebody's name.
fn is_class(text: &str) -> bool {
    CLASSES.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_of_bodies() {
        let said = |body: &str| Outcome::of_body(body.as_bytes()).texts;
        let now = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"structure","diagnostics":"Invalid group ID"}]}"#;
        assert_eq!(said(now), ["Invalid group ID"]);
        assert_eq!(said("Unauthorized\n"), ["Unauthorized"]);
        assert_eq!(said("<html>no</html>"), [""; 0]);
        assert_eq!(said("[1]"), [""; 0]);
        assert_eq!(said("\u{1b}[2J beneficiary 1EG4TE5MK73 gone"), ["[2J beneficiary [...] gone"]);
    }

    #[test]
    fn secrets_are_taken_out_whole_and_before_the_text_is_cut() {
        let body = format!("{} me-and-canary me-and\u{1}-canary, me!", "word ".repeat(56));
        let said = Outcome::of_body_without(body.as_bytes(), &["me", "", "me-and-canary"]);
        let said = said.to_string();
        assert!(!said.contains("canary") && !said.contains("me"), "{said}");
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

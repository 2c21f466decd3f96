//! What is asked for: the kick-off of a job.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use url::Url;

use crate::error::Error;
use crate::manifest::is_type_name;
use crate::place::{below, shown};

/// Whose data: which `$export` is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    /// `[base]/$export`.
    System,
    /// `[base]/Patient/$export`.
    Patient,
    /// `[base]/Group/[id]/$export`: with BCDA `all` or `runout`.
    Group(String),
    /// `[base]/[type]/$export`, as BCDA had in 2019: `ExplanationOfBenefit` or `Coverage`.
    Type(String),
}

impl Level {
    /// What a user says: an endpoint (`system`, `Patient`, a type), or without one the id of a group.
    pub fn of(endpoint: Option<&str>, group: &str) -> Self {
        match endpoint {
            None => Self::Group(group.to_owned()),
            Some("system") => Self::System,
            Some("Patient") => Self::Patient,
            Some(name) => Self::Type(name.to_owned()),
        }
    }
}

/// A bulk export request.
///
/// # Example
///
/// ```
/// use bulk_client::{ExportRequest, Level};
///
/// let mut request = ExportRequest::new(Level::Group("all".into()));
/// request.types = vec!["Patient".into(), "Coverage".into()];
/// request.since = Some("2020-02-13T08:00:00.000-05:00".into());
/// request.check()?;
/// assert!(ExportRequest { types: vec!["../x".into()], ..request }.check().is_err());
/// # Ok::<(), bulk_client::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRequest {
    /// Which endpoint.
    pub level: Level,
    /// `_type`; all that the server has if empty.
    pub types: Vec<String>,
    /// `_since`: a FHIR instant.
    pub since: Option<String>,
}

impl ExportRequest {
    /// A request for everything at an endpoint.
    pub fn new(level: Level) -> Self {
        Self { level, types: Vec::new(), since: None }
    }

    /// Whether it can be asked at all: names of types, the instant.
    pub fn check(&self) -> Result<(), Error> {
        let legacy = match &self.level {
            Level::Type(name) => Some(name),
            _ => None,
        };
        if let Some(name) = self.types.iter().chain(legacy).find(|name| !is_type_name(name)) {
            return Err(Error::usage(format!("{name:?} is not the name of a FHIR type")));
        }
        if let Some(since) = &self.since
            && (Timestamp::from_str(since).is_err() || since.as_bytes().get(10) != Some(&b'T'))
        {
            return Err(Error::usage(
                "since: expected an instant with a zone, such as 2020-02-13T08:00:00.000-05:00",
            ));
        }
        Ok(())
    }

    /// The types that may come: those of `_type`, or that of an endpoint of one type; empty for all that the server
    /// has.
    pub fn asked_types(&self) -> Vec<String> {
        match &self.level {
            Level::Type(name) if self.types.is_empty() => vec![name.clone()],
            _ => self.types.clone(),
        }
    }

    /// The URL that is called, below the FHIR base.
    pub fn url(&self, base: &Url) -> Url {
        let mut url = match &self.level {
            Level::System => below(base, &["$export"]),
            Level::Patient => below(base, &["Patient", "$export"]),
            Level::Group(id) => below(base, &["Group", id, "$export"]),
            Level::Type(name) => below(base, &[name, "$export"]),
        };
        if !self.types.is_empty() {
            url.query_pairs_mut().append_pair("_type", &self.types.join(","));
        }
        if let Some(since) = &self.since {
            url.query_pairs_mut().append_pair("_since", since);
        }
        url
    }
}

/// What the URL of a kick-off asks for: the same however it is written.
#[derive(PartialEq, Eq)]
pub(crate) struct Asked {
    endpoint: String,
    types: BTreeSet<String>,
    since: Option<String>,
}

impl Asked {
    pub(crate) fn of(url: &Url) -> Self {
        let values = |name: &str| {
            let pairs = url.query_pairs().filter(|(key, _)| key == name);
            pairs.map(|(_, value)| value.into_owned()).collect::<Vec<String>>()
        };
        let types = values("_type");
        let types = types.iter().flat_map(|names| names.split(',')).map(str::to_owned).collect();
        let instant =
            |text: String| text.parse::<Timestamp>().map_or(text, |instant| instant.to_string());
        let since = values("_since").pop().map(instant);
        Self { endpoint: shown(url), types, since }
    }

    /// The same endpoint and types, from wherever.
    pub(crate) fn at_any_time(self) -> Self {
        Self { since: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_all_endpoints() {
        let url = |level, types: &[&str], since: Option<&str>| {
            let base = "https://a.example/fhir/".parse().unwrap();
            let types = types.iter().map(|&name| name.to_owned()).collect();
            let request = ExportRequest { level, types, since: since.map(str::to_owned) };
            request.check().unwrap();
            request.url(&base).as_str().trim_start_matches("https://a.example/fhir/").to_owned()
        };
        assert_eq!(url(Level::System, &[], None), "$export");
        assert_eq!(
            url(Level::Patient, &["Patient", "Coverage"], None),
            "Patient/$export?_type=Patient%2CCoverage"
        );
        let since = Some("2020-02-13T08:00:00.000+05:00");
        assert_eq!(
            url(Level::Group("runout".into()), &[], since),
            "Group/runout/$export?_since=2020-02-13T08%3A00%3A00.000%2B05%3A00"
        );
        assert_eq!(url(Level::Group("a/../b".into()), &[], None), "Group/a%2F..%2Fb/$export");
        assert_eq!(url(Level::Type("Coverage".into()), &[], None), "Coverage/$export");
    }

    #[test]
    fn what_cannot_be_asked() {
        for name in ["", "patient", "P1", "../x", "Patient ", &"P".repeat(65)] {
            assert!(!is_type_name(name), "{name}");
        }
        assert!(is_type_name("Patient") && is_type_name(&"P".repeat(64)));
        for since in ["last", "2020-02-13", "2020-02-13T08:00:00", "2020-02-13 08:00:00Z", "é"] {
            let request =
                ExportRequest { since: Some(since.into()), ..ExportRequest::new(Level::Patient) };
            assert!(request.check().is_err(), "{since}");
        }
    }
}

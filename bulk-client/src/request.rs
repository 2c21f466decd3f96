//! What is asked for: the kick-off of a job.

use std::collections::BTreeSet;
use std::str::FromStr;

use jiff::Timestamp;
use url::Url;

use crate::address::{V3, api_of};
use crate::error::Error;
use crate::filter::{escaped, parts, unescaped};
use crate::manifest::is_type_name;
use crate::place::{below, shown};
use crate::setting::Setting;

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

    /// The type that it is at, as metadata calls it; empty for the whole system.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::System => "",
            Self::Patient => "Patient",
            Self::Group(_) => "Group",
            Self::Type(name) => name,
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
    /// `_typeFilter`, not encoded: which records of a type.
    pub type_filter: Option<String>,
    /// Other parameters of the query.
    pub parameters: Vec<(String, String)>,
}

impl ExportRequest {
    /// A request for everything at an endpoint.
    pub fn new(level: Level) -> Self {
        Self { level, types: Vec::new(), since: None, type_filter: None, parameters: Vec::new() }
    }

    /// The request that the URL of a kick-off below a FHIR base is.
    pub(crate) fn of(url: &Url, base: &Url) -> Option<Self> {
        let path = url.path().strip_prefix(base.path().trim_end_matches('/'))?;
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let level = match segments.as_slice() {
            ["$export"] => Level::System,
            ["Group", id, "$export"] => Level::Group(unescaped(&id.replace('+', "%2B"))),
            ["Patient", "$export"] => Level::Patient,
            [name, "$export"] => Level::Type((*name).to_owned()),
            _ => return None,
        };
        let mut request = Self::new(level);
        for (name, value) in url.query_pairs() {
            let value = value.into_owned();
            match name.as_ref() {
                "_type" => request.types.extend(value.split(',').map(str::to_owned)),
                "_since" => request.since = Some(value),
                "_typeFilter" if is_read_twice(base) => {
                    request.type_filter = Some(unescaped(&value));
                }
                "_typeFilter" => request.type_filter = Some(value),
                _ => request.parameters.push((name.into_owned(), value)),
            }
        }
        Some(request)
    }

    /// Whether it can be asked of this FHIR base: BCDA's versions before the third pass filters over without a word.
    pub(crate) fn check_for(&self, base: &Url) -> Result<(), Error> {
        self.check()?;
        match api_of(base) {
            Some(api @ ("v1" | "v2")) if self.type_filter.is_some() => Err(Error::usage([
                Setting::TypeFilter.alone(),
                format!(" and its short forms need v3: {api} would give all claims (").into(),
                Setting::Api.set_to(V3),
                " asks v3)".into(),
            ])),
            _ => Ok(()),
        }
    }

    /// Whether it can be asked at all: names of types, the instant, the filter.
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
        self.type_filter.as_deref().map_or(Ok(()), |filter| parts(filter).map(drop))
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
            // Servers refuse a type that stands there twice.
            let mut types: Vec<&str> = Vec::new();
            for name in &self.types {
                if !types.contains(&name.as_str()) {
                    types.push(name);
                }
            }
            url.query_pairs_mut().append_pair("_type", &types.join(","));
        }
        if let Some(since) = &self.since {
            url.query_pairs_mut().append_pair("_since", since);
        }
        if let Some(filter) = &self.type_filter {
            let twice = is_read_twice(base).then(|| escaped(filter));
            let value = twice.as_ref().unwrap_or(filter);
            url.query_pairs_mut().append_pair("_typeFilter", value);
        }
        for (name, value) in &self.parameters {
            url.query_pairs_mut().append_pair(name, value);
        }
        url
    }
}

/// Whether the server there unescapes a filter once more after it has read the query.
fn is_read_twice(base: &Url) -> bool {
    api_of(base) == Some(V3)
}

/// What the URL of a kick-off asks for: the same however it is written.
#[derive(PartialEq, Eq)]
pub(crate) struct Asked {
    endpoint: String,
    types: BTreeSet<String>,
    since: Option<String>,
    /// The filter, and whatever else stands in the query.
    more: Vec<(String, String)>,
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
        let more =
            url.query_pairs().filter(|(name, _)| !matches!(name.as_ref(), "_type" | "_since"));
        let mut more: Vec<(String, String)> =
            more.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        more.sort_unstable();
        Self { endpoint: shown(url), types, since, more }
    }

    /// The same records of whatever types, from whenever: what one export may continue of another.
    pub(crate) fn continues(&self, other: &Self) -> bool {
        self.endpoint == other.endpoint && self.more == other.more
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
            let base: Url = "https://a.example/fhir/".parse().unwrap();
            let types = types.iter().map(|&name| name.to_owned()).collect();
            let since = since.map(str::to_owned);
            let request = ExportRequest { types, since, ..ExportRequest::new(level) };
            request.check().unwrap();
            assert_eq!(ExportRequest::of(&request.url(&base), &base), Some(request.clone()));
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
        let twice = ["Patient", "Coverage", "Patient"].map(str::to_owned).to_vec();
        let request = ExportRequest { types: twice, ..ExportRequest::new(Level::Patient) };
        let base: Url = "https://a.example/fhir/".parse().unwrap();
        assert!(request.url(&base).as_str().ends_with("?_type=Patient%2CCoverage"));
    }

    #[test]
    fn v3_reads_a_filter_twice_and_others_once() {
        let filter = "ExplanationOfBenefit?_tag=a|b+c,100%&outcome=partial";
        let request = ExportRequest {
            type_filter: Some(filter.into()),
            parameters: vec![("x".into(), "a+b%".into())],
            ..ExportRequest::new(Level::Patient)
        };
        request.check().unwrap();
        for (base, plus, percent) in [
            ("https://a.example/api/v3", "%252B", "%2525"),
            ("https://a.example/fhir", "%2B", "%25"),
        ] {
            let base: Url = base.parse().unwrap();
            let url = request.url(&base);
            let sent = format!(
                "_typeFilter=ExplanationOfBenefit%3F_tag%3Da%7Cb{plus}c%2C100{percent}%26outcome%3Dpartial&x=a%2Bb%25"
            );
            assert_eq!(url.query(), Some(sent.as_str()));
            assert_eq!(ExportRequest::of(&url, &base), Some(request.clone()));
            request.check_for(&base).unwrap();
        }
        for api in ["v1", "v2"] {
            let base = format!("https://a.example/api/{api}").parse().unwrap();
            assert_eq!(request.check_for(&base).unwrap_err().exit_code(), 2);
            assert!(ExportRequest::new(Level::Patient).check_for(&base).is_ok());
        }
        // Something else is asked for where the filter is another.
        let base: Url = "https://a.example/api/v3".parse().unwrap();
        let other = ExportRequest { type_filter: None, ..request.clone() };
        assert!(Asked::of(&request.url(&base)) != Asked::of(&other.url(&base)));
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

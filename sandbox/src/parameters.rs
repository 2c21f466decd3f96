//! The headers and parameters with which a job is started, and what is said about wrong ones.

use std::borrow::Cow;

use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, HeaderName};
use cms::Api;
use jiff::Timestamp;

use crate::resource::ResourceType;
use crate::type_filter::TypeFilter;

/// The parameters of a job.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Parameters {
    pub(crate) types: Vec<ResourceType>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) filter: TypeFilter,
}

/// Checks `Accept` and `Prefer`: any of several values may be the wanted one, and what stands after a semicolon
/// does not count.
pub(crate) fn check_headers(headers: &HeaderMap) -> Result<(), String> {
    let prefer = HeaderName::from_static("prefer");
    for (name, wanted, missing, other) in [
        (
            ACCEPT,
            "application/fhir+json",
            "Accept header is required",
            "application/fhir+json is the only supported response format",
        ),
        (
            prefer,
            "respond-async",
            "Prefer header is required",
            "Only asynchronous responses are supported",
        ),
    ] {
        let values: Vec<&str> =
            headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        if values.iter().all(|value| value.trim().is_empty()) {
            return Err(missing.to_owned());
        }
        let found = values
            .iter()
            .flat_map(|value| value.split(','))
            .map(|value| value.split(';').next().unwrap_or(value).trim())
            .any(|value| value.eq_ignore_ascii_case(wanted));
        if !found {
            return Err(other.to_owned());
        }
    }
    Ok(())
}

/// Reads a query for an endpoint of the version that has these types.
pub(crate) fn parse(query: &str, known: &[ResourceType], api: Api) -> Result<Parameters, String> {
    let filter = TypeFilter::unless_asked(api);
    let mut parameters = Parameters { types: Vec::new(), since: None, filter };
    let mut type_filter = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name.starts_with('?') {
            return Err("Invalid parameter: query parameters cannot start with ?".to_owned());
        }
        match &*name {
            "_type" => types(&value, known, &mut parameters.types)?,
            "_since" => parameters.since = Some(since(&value)?),
            "_outputFormat" => output_format(&value)?,
            "_typeFilter" if TypeFilter::is_known(api) => once(&mut type_filter, value)?,
            "_elements" => {
                return Err(
                    "Invalid parameter: this server does not support the _elements parameter."
                        .to_owned(),
                );
            }
            _ => {}
        }
    }
    if let Some(value) = type_filter {
        parameters.filter = TypeFilter::parse(&value)?;
    }
    if parameters.types.is_empty() {
        parameters.types = known.to_vec();
    }
    Ok(parameters)
}

fn types(value: &str, known: &[ResourceType], types: &mut Vec<ResourceType>) -> Result<(), String> {
    for name in value.split(',') {
        let Some(kind) = ResourceType::named(name).filter(|kind| known.contains(kind)) else {
            // A name of any length may stand there.
            let name: String = name.chars().take(64).collect();
            let known: Vec<&str> = known.iter().map(|kind| kind.name()).collect();
            let known = known.join(" ");
            return Err(format!("invalid resource type {name}. Supported types [{known}]"));
        };
        if types.contains(&kind) {
            return Err(format!("Repeated resource type {}", kind.name()));
        }
        types.push(kind);
    }
    Ok(())
}

/// Keeps the value of a parameter that may be given once.
fn once<'q>(kept: &mut Option<Cow<'q, str>>, value: Cow<'q, str>) -> Result<(), String> {
    match kept.replace(value) {
        None => Ok(()),
        Some(_) => {
            Err("failed to process request given more than one _typeFilter parameter".to_owned())
        }
    }
}

fn since(value: &str) -> Result<Timestamp, String> {
    let wrong = "Invalid date format supplied in _since parameter.";
    // An instant has a time of day and a zone, with a T between day and time.
    let shape = value.as_bytes().get(10) == Some(&b'T') && !value.contains('[');
    let since: Timestamp = value
        .parse()
        .ok()
        .filter(|_| shape)
        // The two blanks are the service's.
        .ok_or_else(|| format!("{wrong}  Date must be in FHIR Instant format."))?;
    if since > Timestamp::now() {
        return Err(format!("{wrong} Date must be a date that has already passed"));
    }
    Ok(since)
}

fn output_format(value: &str) -> Result<(), String> {
    const KNOWN: [&str; 3] = ["application/fhir+ndjson", "application/ndjson", "ndjson"];
    if KNOWN.contains(&value) {
        return Ok(());
    }
    Err("_outputFormat parameter must be application/fhir+ndjson, application/ndjson, or ndjson"
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Parameters, String> {
        super::parse(query, &ResourceType::ALL, Api::V1)
    }

    fn fault(query: &str) -> String {
        parse(query).expect_err(query)
    }

    #[test]
    fn an_endpoint_of_one_type_has_no_other() {
        let of = |query: &str| super::parse(query, &[ResourceType::Coverage], Api::V1);
        for query in ["", "_type=Coverage"] {
            assert_eq!(of(query).expect(query).types, [ResourceType::Coverage], "{query}");
        }
        for query in ["_type=Patient", "_type=Coverage,Patient"] {
            let said = "invalid resource type Patient. Supported types [Coverage]";
            assert_eq!(of(query), Err(said.to_owned()), "{query}");
        }
    }

    #[test]
    fn types_are_a_list() {
        assert_eq!(parse("").expect("all").types, ResourceType::ALL);
        for query in
            ["_type=Patient,Coverage", "_type=Patient%2CCoverage", "_type=Patient&_type=Coverage"]
        {
            let types = parse(query).expect("two").types;
            assert_eq!(types, [ResourceType::Patient, ResourceType::Coverage], "{query}");
        }
        assert_eq!(
            fault("_type=Practitioner"),
            "invalid resource type Practitioner. Supported types [Patient ExplanationOfBenefit Coverage]"
        );
        assert_eq!(fault("_type=Patient,Patient"), "Repeated resource type Patient");
        assert!(fault("_type=").starts_with("invalid resource type"));
        assert!(fault(&format!("_type={}", "x".repeat(9000))).len() < 200);
    }

    #[test]
    fn since_is_an_instant_of_the_past() {
        for good in
            ["2020-02-13T08:00:00.000-05:00", "2020-02-13T08:00:00Z", "2020-02-13T08:00:00%2B02:00"]
        {
            assert!(parse(&format!("_since={good}")).expect(good).since.is_some());
        }
        let shape = "Invalid date format supplied in _since parameter.  Date must be in FHIR Instant format.";
        for bad in
            ["", "2020", "2020-02-13", "2020-02-13T08:00:00", "2020-02-13T08:00:00+02:00", "x"]
        {
            assert_eq!(fault(&format!("_since={bad}")), shape, "{bad}");
        }
        assert_eq!(
            fault("_since=2120-02-13T08:00:00Z"),
            "Invalid date format supplied in _since parameter. Date must be a date that has already passed"
        );
    }

    #[test]
    fn other_parameters() {
        for good in ["ndjson", "application/ndjson", "application/fhir%2Bndjson"] {
            assert!(parse(&format!("_outputFormat={good}")).is_ok());
        }
        assert!(fault("_outputFormat=csv").starts_with("_outputFormat parameter must be "));
        assert!(fault("_elements=id").contains("does not support the _elements"));
        assert_eq!(
            fault("?_type=Patient"),
            "Invalid parameter: query parameters cannot start with ?"
        );
        assert!(parse("_pretty=true").is_ok());
    }

    #[test]
    fn one_type_filter_and_in_version_3_alone() {
        let of = |query: &str, api| super::parse(query, &ResourceType::ALL, api);
        let asked = "_typeFilter=ExplanationOfBenefit%3Foutcome%3Dcomplete";
        let other = of(asked, Api::V3).expect("one").filter;
        assert_ne!(other, of("", Api::V3).expect("none").filter);
        let twice = of(&format!("{asked}&{asked}"), Api::V3).expect_err("two");
        assert!(twice.contains("more than one _typeFilter"), "{twice}");
        for api in [Api::V1, Api::V2] {
            let plain = of("", api).expect("none").filter;
            for query in [asked, "_typeFilter=x", &format!("{asked}&{asked}")] {
                assert_eq!(of(query, api).expect("ignored").filter, plain, "{query}");
            }
        }
    }

    #[test]
    fn headers_may_be_lists() {
        let check = |accept: &[&str], prefer: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in accept {
                headers.append(ACCEPT, value.parse().expect("a value"));
            }
            for value in prefer {
                headers.append("prefer", value.parse().expect("a value"));
            }
            check_headers(&headers)
        };
        let good = ["application/fhir+json"];
        assert_eq!(check(&good, &["respond-async"]), Ok(()));
        for accept in
            ["text/html, application/fhir+json;q=0.9", "Application/FHIR+JSON; fhirVersion=3.0"]
        {
            assert_eq!(check(&[accept], &["respond-async, wait=10"]), Ok(()), "{accept}");
        }
        assert_eq!(check(&["*/*", "application/fhir+json"], &["x", "respond-async;a=b"]), Ok(()));
        let error = |text: &str| Err(text.to_owned());
        assert_eq!(check(&[], &["respond-async"]), error("Accept header is required"));
        assert_eq!(
            check(&["*/*"], &["respond-async"]),
            error("application/fhir+json is the only supported response format")
        );
        assert_eq!(check(&good, &[]), error("Prefer header is required"));
        assert_eq!(
            check(&good, &["return=minimal"]),
            error("Only asynchronous responses are supported")
        );
    }
}

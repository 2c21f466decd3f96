//! `_typeFilter`, which version 3 has: of all claims, those that a job exports.

use cms::Api;
use serde::Deserialize;
use serde_json::Value;

use crate::search_date::{Period, SearchDate};

/// The system of the tags that say where a claim comes from.
const SYSTEM_TYPE: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/System-Type";
/// The codes of the claims that are adjudicated to the end: what comes unless other tags are asked for.
const USUAL: [&str; 2] = ["NationalClaimsHistory", "DDPS"];
/// The code of all others: the shared systems have them before.
const SHARED: &str = "SharedSystem";
const OUTCOMES: [&str; 2] = ["partial", "complete"];
/// The most characters of a client's own words that an answer repeats.
const MOST_REPEATED: usize = 64;

/// Which claims are let through: those for which all conditions hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypeFilter(Vec<Condition>);

/// One of these holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    /// The claim has a tag with the code.
    SystemType(Vec<&'static str>),
    /// The claim's outcome.
    Outcome(Vec<&'static str>),
    /// When the care was given.
    ServiceDate(Vec<SearchDate>),
}

/// A parameter of the filter.
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// Its type in FHIR.
    pub(crate) kind: &'static str,
    /// What the CapabilityStatement says of it.
    pub(crate) text: &'static str,
    read: fn(&str) -> Result<Condition, String>,
}

/// All that the filter knows. The one place where their names are.
pub(crate) static PARAMETERS: [Parameter; 3] = [
    Parameter {
        name: "_tag",
        kind: "token",
        text: "Only claims with one of these tags, each written system|code. The system is \
               https://bluebutton.cms.gov/fhir/CodeSystem/System-Type, the codes are SharedSystem, NationalClaimsHistory \
               and DDPS. Without it NationalClaimsHistory and DDPS are given.",
        read: |list| each(list, tag).map(Condition::SystemType),
    },
    Parameter {
        name: "outcome",
        kind: "token",
        text: "Only claims of this outcome: partial or complete.",
        read: |list| each(list, outcome).map(Condition::Outcome),
    },
    Parameter {
        name: "service-date",
        kind: "date",
        text: "Only claims whose billablePeriod is so: a FHIR date with a prefix, as gt2026-01-14.",
        read: |list| each(list, service_date).map(Condition::ServiceDate),
    },
];

/// A value that the OpenAPI document and the page show: all claims, whatever system they come from.
pub(crate) fn example() -> String {
    let tags = [SHARED, USUAL[0], USUAL[1]].map(|code| format!("{SYSTEM_TYPE}|{code}"));
    format!("ExplanationOfBenefit?_tag={}", tags.join(","))
}

impl TypeFilter {
    /// Whether the version knows the parameter; others ignore it.
    pub(crate) fn is_known(api: Api) -> bool {
        api == Api::V3
    }

    /// What is let through where the parameter is not given: in version 3 what is adjudicated to the end, in others
    /// everything.
    pub(crate) fn unless_asked(api: Api) -> Self {
        let mut filter = Self(Vec::new());
        if Self::is_known(api) {
            filter.add_usual();
        }
        filter
    }

    /// Reads the parameter's value, which has been decoded once, as that of any parameter. The service decodes it a
    /// second time, and so a plus or percent sign has to be encoded twice.
    pub(crate) fn parse(value: &str) -> Result<Self, String> {
        let value = unescape(value).ok_or("failed to unescape the _typeFilter parameter")?;
        let (resource, query) =
            value.split_once('?').ok_or("missing question mark in the _typeFilter parameter")?;
        if resource != "ExplanationOfBenefit" {
            return Err("Invalid _typeFilter Resource Type (Only EOBs valid)".to_owned());
        }
        let mut filter = Self(Vec::new());
        for pair in query.split('&') {
            let (name, list) = pair.split_once('=').ok_or("Invalid _typeFilter parameter/value")?;
            let known = PARAMETERS.iter().find(|known| known.name == name).ok_or_else(|| {
                let name: String = name.chars().take(MOST_REPEATED).collect();
                format!("Invalid _typeFilter subquery parameter: {name}")
            })?;
            filter.0.push((known.read)(list)?);
        }
        filter.add_usual();
        Ok(filter)
    }

    /// Unless a tag is asked for, the usual ones are.
    fn add_usual(&mut self) {
        if !self.0.iter().any(|condition| matches!(condition, Condition::SystemType(_))) {
            self.0.push(Condition::SystemType(USUAL.to_vec()));
        }
    }

    /// Whether a claim, one line, is exported.
    pub(crate) fn lets_through(&self, line: &[u8]) -> bool {
        self.0.is_empty()
            || serde_json::from_slice::<Claim>(line)
                .is_ok_and(|claim| self.0.iter().all(|condition| condition.holds(&claim)))
    }
}

/// What the conditions look at; of whichever form, so that nothing else of the claim decides.
#[derive(Deserialize)]
struct Claim {
    #[serde(default)]
    meta: Value,
    #[serde(default)]
    outcome: Value,
    #[serde(default, rename = "billablePeriod")]
    billable_period: Value,
}

impl Condition {
    fn holds(&self, claim: &Claim) -> bool {
        let is_one = |known: &[&str], value: &Value| {
            value.as_str().is_some_and(|value| known.contains(&value))
        };
        match self {
            Self::SystemType(codes) => claim.meta["tag"].as_array().is_some_and(|tags| {
                tags.iter().any(|tag| tag["system"] == SYSTEM_TYPE && is_one(codes, &tag["code"]))
            }),
            Self::Outcome(outcomes) => is_one(outcomes, &claim.outcome),
            Self::ServiceDate(dates) => {
                let day = |name: &str| claim.billable_period[name].as_str();
                let period = Period::between(day("start"), day("end"));
                period.is_some_and(|period| dates.iter().any(|date| date.holds(period)))
            }
        }
    }
}

/// The values of a list, of which one is enough.
fn each<T>(list: &str, read: fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    list.split(',').map(read).collect()
}

fn tag(token: &str) -> Result<&'static str, String> {
    let (system, code) = token.split_once('|').ok_or(
        "invalid _tag value. Searching by tag requires a token (system|code) to be specified",
    )?;
    let mut known = USUAL.into_iter().chain([SHARED]);
    known.find(|known| system == SYSTEM_TYPE && *known == code).ok_or_else(|| {
        format!(
            "invalid _tag value. Supported are {SYSTEM_TYPE}|{SHARED}, |{} and |{}",
            USUAL[0], USUAL[1]
        )
    })
}

fn outcome(value: &str) -> Result<&'static str, String> {
    OUTCOMES.into_iter().find(|known| *known == value).ok_or_else(|| {
        "invalid outcome value. Supported outcome values are 'complete' and 'partial'".to_owned()
    })
}

fn service_date(value: &str) -> Result<SearchDate, String> {
    SearchDate::parse(value)
        .ok_or_else(|| "invalid service-date value. Pass a valid FHIR date parameter".to_owned())
}

/// Decodes as a value of a query, strictly: a percent sign begins two hexadecimal digits.
fn unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(value: &str) -> String {
        TypeFilter::parse(value).expect_err(value)
    }

    fn claim(code: &str, outcome: &str, start: &str, end: &str) -> Vec<u8> {
        serde_json::json!({
            "resourceType": "ExplanationOfBenefit",
            "meta": {"tag": [{"system": "x", "code": "DDPS"}, {"system": SYSTEM_TYPE, "code": code}]},
            "outcome": outcome,
            "billablePeriod": {"start": start, "end": end},
        })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn the_value_is_decoded_once_more() {
        assert_eq!(unescape("a%3Fb+c%2B%C3%A9").as_deref(), Some("a?b c+é"));
        for wrong in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert_eq!(unescape(wrong), None, "{wrong}");
        }
        let plain = TypeFilter::parse("ExplanationOfBenefit?outcome=partial").expect("plain");
        for again in
            ["ExplanationOfBenefit%3Foutcome%3Dpartial", "%45xplanationOfBenefit?outcome=%70artial"]
        {
            assert_eq!(TypeFilter::parse(again).expect(again), plain, "{again}");
        }
        // A plus that was encoded once is a blank now.
        let at = |zone: &str| {
            TypeFilter::parse(&format!(
                "ExplanationOfBenefit?service-date=lt2026-01-14T08:00:00{zone}02:00"
            ))
        };
        assert!(at("%2B").is_ok() && at("-").is_ok() && at("+").is_err());
    }

    #[test]
    fn what_is_wrong_is_told_without_its_value() {
        for (value, told) in [
            ("%", "failed to unescape"),
            ("ExplanationOfBenefit", "missing question mark"),
            ("", "missing question mark"),
            ("Patient?outcome=partial", "Only EOBs valid"),
            ("ExplanationOfBenefit?", "parameter/value"),
            ("ExplanationOfBenefit?outcome", "parameter/value"),
            ("ExplanationOfBenefit?outcome=partial&", "parameter/value"),
            ("ExplanationOfBenefit?patient=7Q", "subquery parameter: patient"),
            ("ExplanationOfBenefit?outcome=7Q", "invalid outcome value"),
            ("ExplanationOfBenefit?outcome=", "invalid outcome value"),
            ("ExplanationOfBenefit?outcome=partial,", "invalid outcome value"),
            ("ExplanationOfBenefit?_tag=SharedSystem", "requires a token"),
            ("ExplanationOfBenefit?_tag=7Q|SharedSystem", "invalid _tag value. Supported"),
            (
                &format!("ExplanationOfBenefit?_tag={SYSTEM_TYPE}|7Q"),
                "invalid _tag value. Supported",
            ),
            ("ExplanationOfBenefit?service-date=7Q", "invalid service-date value"),
        ] {
            let said = fault(value);
            assert!(said.contains(told) && !said.contains("7Q"), "{value}: {said}");
        }
        assert!(fault(&format!("ExplanationOfBenefit?{}=1", "x".repeat(9000))).len() < 200);
    }

    #[test]
    fn all_conditions_and_of_each_one_value() {
        let lets =
            |value: &str, claim: &[u8]| TypeFilter::parse(value).expect(value).lets_through(claim);
        let of = |query: &str| format!("ExplanationOfBenefit?{query}");
        let partial = claim("SharedSystem", "partial", "2026-01-10", "2026-01-12");
        let complete = claim("NationalClaimsHistory", "complete", "2026-02-10", "2026-02-12");
        let shared = format!("_tag={SYSTEM_TYPE}|SharedSystem");
        for (query, of_partial, of_complete) in [
            ("outcome=complete", false, true),
            // What is not adjudicated to the end is asked for by its tag.
            ("outcome=partial", false, false),
            (&shared, true, false),
            (&format!("{shared},{SYSTEM_TYPE}|NationalClaimsHistory"), true, true),
            (&format!("{shared},{SYSTEM_TYPE}|DDPS&outcome=partial,complete"), true, false),
            (&format!("{shared}&outcome=complete"), false, false),
            (&format!("{shared}&service-date=lt2026-01-11"), true, false),
            (&format!("{shared}&service-date=lt2025,gt2026-01-11"), true, false),
            ("service-date=ge2026-02-01&service-date=lt2026-03-01", false, true),
            ("service-date=ge2026-03-01&service-date=lt2026-04-01", false, false),
        ] {
            assert_eq!(lets(&of(query), &partial), of_partial, "{query}");
            assert_eq!(lets(&of(query), &complete), of_complete, "{query}");
        }
        let usual = TypeFilter::unless_asked(Api::V3);
        assert!(!usual.lets_through(&partial) && usual.lets_through(&complete));
        assert!(!usual.lets_through(br#"{"meta":{"tag":{}},"outcome":{"coding":[]}}"#), "no tag");
        for api in [Api::V1, Api::V2] {
            assert!(TypeFilter::unless_asked(api).lets_through(&partial));
        }
        assert!(TypeFilter::parse(&example()).expect("the example").lets_through(&partial));
    }
}

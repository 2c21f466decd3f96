//! Which claims are asked for: the one `_typeFilter` that the server takes, made of a user's own and of short forms.

use std::str::FromStr;

use jiff::civil::Date;

use crate::error::Error;
use crate::manifest::is_type_name;
use crate::setting::{Message, Piece, Setting};

/// The resource that v3 can filter.
const CLAIMS: &str = "ExplanationOfBenefit";
/// The code system of the systems that claims come from.
const SYSTEM_TYPE: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/System-Type";
/// The system that has claims which are not adjudicated to the end.
const SHARED: &str = "SharedSystem";
/// All systems. The server adds those after the first by itself, unless a filter names any.
const SYSTEMS: [&str; 3] = [SHARED, "NationalClaimsHistory", "DDPS"];
/// The outcomes that a claim may have.
const OUTCOMES: [&str; 2] = ["complete", "partial"];
/// What may stand before a date.
const PREFIXES: [&str; 9] = ["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"];

/// What a user says of the claims that are wanted.
///
/// # Example
///
/// ```
/// let wanted = bulk_client::ClaimsWanted {
///     service_date: Some("gt2026-01-14".into()),
///     outcome: Some("complete".into()),
///     ..Default::default()
/// };
/// let filter = wanted.type_filter()?.unwrap();
/// assert_eq!(filter, "ExplanationOfBenefit?service-date=gt2026-01-14&outcome=complete");
/// # Ok::<(), bulk_client::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsWanted {
    /// A filter as the server takes it, not encoded: `ExplanationOfBenefit?name=value&name=value`.
    pub type_filter: Option<String>,
    /// Whether claims come, too, that are not adjudicated to the end.
    pub partially_adjudicated: bool,
    /// Days of service: FHIR dates with prefixes, such as `gt2026-01-14`; several by commas.
    pub service_date: Option<String>,
    /// `complete` or `partial`.
    pub outcome: Option<String>,
}

impl ClaimsWanted {
    /// All of it as the one value of `_typeFilter`; none if nothing is said.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) for what no server could take, and for a name that would stand
    /// there twice.
    pub fn type_filter(&self) -> Result<Option<String>, Error> {
        let mut filter = self.type_filter.clone();
        let own = self.type_filter.as_deref().map(parts).transpose()?;
        let has = |name: &str| own.iter().flat_map(|own| &own.1).any(|(own, _)| *own == name);
        let mut more = Vec::new();
        if self.partially_adjudicated && !filter.as_deref().is_some_and(asks_for_shared) {
            more.push((Setting::PartiallyAdjudicated, "_tag", tags()));
        }
        if let Some(date) = &self.service_date {
            check_dates(date)?;
            more.push((Setting::ServiceDate, "service-date", date.clone()));
        }
        if let Some(outcome) = &self.outcome {
            if !OUTCOMES.contains(&outcome.as_str()) {
                let what = format!(": expected {}", OUTCOMES.join(" or "));
                return Err(Error::usage([Setting::Outcome.alone(), what.into()]));
            }
            more.push((Setting::Outcome, "outcome", outcome.clone()));
        }
        if let (Some((resource, _)), Some((setting, ..))) = (&own, more.first())
            && *resource != CLAIMS
        {
            let pieces = [Setting::TypeFilter.alone(), " is not one of claims, ".into()];
            return Err(Error::usage(pieces).after([setting.alone(), " asks for claims".into()]));
        }
        for (setting, name, value) in more {
            if has(name) {
                let pieces: [Piece; 4] = [
                    setting.alone(),
                    " and ".into(),
                    Setting::TypeFilter.alone(),
                    format!(" both say {name}; give one of them").into(),
                ];
                return Err(Error::usage(pieces));
            }
            filter = Some(match filter {
                None => format!("{CLAIMS}?{name}={value}"),
                Some(filter) => format!("{filter}&{name}={value}"),
            });
        }
        Ok(filter)
    }
}

/// The tags of all systems, as one value.
fn tags() -> String {
    SYSTEMS.map(|code| format!("{SYSTEM_TYPE}|{code}")).join(",")
}

/// The parts of a filter: the type, and names with values.
pub(crate) type Parts<'f> = (&'f str, Vec<(&'f str, &'f str)>);

/// Takes a filter apart.
pub(crate) fn parts(filter: &str) -> Result<Parts<'_>, Error> {
    let said = |what: &str| Error::usage([Setting::TypeFilter.alone(), format!(": {what}").into()]);
    let Some((resource, query)) = filter.split_once('?') else {
        let is_encoded = filter.to_ascii_lowercase().contains("%3f");
        return Err(said(if is_encoded {
            "it is encoded already; give it plain, it is encoded when it is sent"
        } else {
            "expected TYPE?NAME=VALUE, such as ExplanationOfBenefit?outcome=complete"
        }));
    };
    let named: Option<Vec<_>> = query.split('&').map(|part| part.split_once('=')).collect();
    let named = named
        .filter(|parts| parts.iter().all(|(name, value)| !name.is_empty() && !value.is_empty()));
    match named {
        Some(named) if is_type_name(resource) && !filter.contains(char::is_control) => {
            Ok((resource, named))
        }
        _ => Err(said(
            "expected TYPE?NAME=VALUE, and more of it as &NAME=VALUE, such as ExplanationOfBenefit?outcome=complete",
        )),
    }
}

/// Whether a filter asks for the claims of shared systems, which are not adjudicated to the end.
pub(crate) fn asks_for_shared(filter: &str) -> bool {
    let Ok((_, named)) = parts(filter) else { return false };
    let mut tags = named.iter().filter(|(name, _)| *name == "_tag");
    tags.any(|(_, tags)| tags.split(',').any(|tag| tag.rsplit('|').next() == Some(SHARED)))
}

/// The type of which a filter may leave nothing over. A filter that names all systems, and no more, leaves out nothing.
pub(crate) fn narrowed(filter: &str) -> Option<&str> {
    let (resource, named) = parts(filter).ok()?;
    let names_all = |tags: &str| {
        SYSTEMS.iter().all(|code| tags.split(',').any(|tag| tag.rsplit('|').next() == Some(code)))
    };
    let is_whole = named.iter().all(|(name, value)| *name == "_tag" && names_all(value));
    (!is_whole).then_some(resource)
}

/// Whether these are FHIR dates with prefixes, by commas.
fn check_dates(dates: &str) -> Result<(), Error> {
    let is_date = |text: &str| {
        let prefix = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix));
        let date = prefix.unwrap_or(text);
        let is_long = date.len() > 10;
        // A year or a month stands for all of its days.
        let whole = match date.len() {
            4 => format!("{date}-01-01"),
            7 => format!("{date}-01"),
            _ => date.to_owned(),
        };
        match whole.get(..10) {
            Some(day) if !is_long => Date::from_str(day).is_ok(),
            Some(_) => jiff::Timestamp::from_str(&whole).is_ok(),
            None => false,
        }
    };
    if dates.split(',').all(is_date) {
        return Ok(());
    }
    let what = ": expected a date, with eq, gt, lt, ge or le before it, such as gt2026-01-14; several by commas";
    Err(Error::usage([Setting::ServiceDate.alone(), what.into()]))
}

/// Reads parameters of the kick-off that have no option of their own, each `NAME=VALUE`.
pub(crate) fn parameters(given: &[String]) -> Result<Vec<(String, String)>, Error> {
    let said = |what: Message| Error::usage([Setting::Param.of("NAME=VALUE")]).after(what);
    given
        .iter()
        .map(|text| {
            let Some((name, value)) = text.split_once('=') else {
                return Err(said(": expected a name, = and a value".into()));
            };
            let is_name = |b: u8| b.is_ascii_alphanumeric() || b"_-.:".contains(&b);
            if name.is_empty() || !name.bytes().all(is_name) {
                return Err(said(": that is not the name of a parameter".into()));
            }
            match own_option(name) {
                Some(own) => Err(said(
                    [format!(": {name} has an option of its own, ").into(), own.alone()].into(),
                )),
                None => Ok((name.to_owned(), value.to_owned())),
            }
        })
        .collect()
}

/// The option that says a parameter of the kick-off, if it has one of its own.
pub(crate) fn own_option(parameter: &str) -> Option<Setting> {
    match parameter {
        "_type" => Some(Setting::Type),
        "_since" => Some(Setting::Since),
        "_typeFilter" => Some(Setting::TypeFilter),
        _ => None,
    }
}

/// A value for a server that unescapes it once more after it was decoded as part of a query: v3 does. What means
/// something to that second reading is escaped for it.
pub(crate) fn escaped(value: &str) -> String {
    value.replace('%', "%25").replace('+', "%2B")
}

/// The second reading of [`escaped`]: `%XX` is a byte, `+` a blank.
pub(crate) fn unescaped(value: &str) -> String {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, byte) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(filter: Option<&str>, more: [Option<&str>; 2], all: bool) -> Result<String, Error> {
        let [service_date, outcome] = more.map(|text| text.map(str::to_owned));
        let wanted = ClaimsWanted {
            type_filter: filter.map(str::to_owned),
            partially_adjudicated: all,
            service_date,
            outcome,
        };
        wanted.type_filter().map(Option::unwrap_or_default)
    }

    #[test]
    fn short_forms_join_into_one_value() {
        let none = [None, None];
        assert_eq!(wanted(None, none, false).unwrap(), "");
        let tags = "https://bluebutton.cms.gov/fhir/CodeSystem/System-Type|SharedSystem,\
            https://bluebutton.cms.gov/fhir/CodeSystem/System-Type|NationalClaimsHistory,\
            https://bluebutton.cms.gov/fhir/CodeSystem/System-Type|DDPS";
        let all = format!("ExplanationOfBenefit?_tag={tags}");
        assert_eq!(wanted(None, none, true).unwrap(), all);
        assert_eq!(
            wanted(None, [Some("gt2026-01-14"), Some("complete")], true).unwrap(),
            format!("{all}&service-date=gt2026-01-14&outcome=complete")
        );
        let own = "ExplanationOfBenefit?outcome=partial";
        assert_eq!(
            wanted(Some(own), [Some("ge2026,le2026-06"), None], false).unwrap(),
            "ExplanationOfBenefit?outcome=partial&service-date=ge2026,le2026-06"
        );
        // A filter that names the shared systems has all that the other option adds.
        let shared = "ExplanationOfBenefit?_tag=https://bluebutton.cms.gov/fhir/CodeSystem/System-Type|SharedSystem";
        assert_eq!(wanted(Some(shared), none, true).unwrap(), shared);
    }

    #[test]
    fn what_cannot_be_joined_or_asked() {
        let own = "ExplanationOfBenefit?outcome=partial";
        let drugs = "ExplanationOfBenefit?_tag=x|DDPS";
        for (filter, more, all, said) in [
            (Some(own), [None, Some("complete")], false, "both say outcome"),
            (Some(drugs), [None, None], true, "both say _tag"),
            (Some("Patient?active=true"), [None, Some("complete")], false, "not one of claims"),
            (
                Some("ExplanationOfBenefit%3Foutcome%3Dpartial"),
                [None, None],
                false,
                "encoded already",
            ),
            (Some("ExplanationOfBenefit"), [None, None], false, "TYPE?NAME=VALUE"),
            (Some("ExplanationOfBenefit?outcome"), [None, None], false, "TYPE?NAME=VALUE"),
            (Some("ExplanationOfBenefit?outcome="), [None, None], false, "TYPE?NAME=VALUE"),
            (Some("eob?outcome=partial"), [None, None], false, "TYPE?NAME=VALUE"),
            (None, [Some("soon"), None], false, "expected a date"),
            (None, [Some("gt2026-13-01"), None], false, "expected a date"),
            (None, [Some("gt2026-01-14,"), None], false, "expected a date"),
            (None, [None, Some("queued")], false, "complete or partial"),
        ] {
            let error = wanted(filter, more, all).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(said), "{filter:?} {more:?}: {error}");
        }
    }

    #[test]
    fn dates_of_all_lengths() {
        for date in
            ["2026", "gt2026-01", "le2026-01-14", "ap2026-01-14T00:00:00Z", "2025,ge2026-02"]
        {
            assert!(check_dates(date).is_ok(), "{date}");
        }
        for date in
            ["", "26", "xx2026", "2026-1-1", "2026-01-14T", "gt", "é2026-01-1", "2026-01-14T00:00"]
        {
            assert!(check_dates(date).is_err(), "{date}");
        }
    }

    #[test]
    fn parameters_without_an_option_of_their_own() {
        let of = |text: &str| parameters(&[text.to_owned()]);
        assert_eq!(of("_elements=id,x=y").unwrap(), [("_elements".into(), "id,x=y".into())]);
        for text in ["_type=Patient", "_since=x", "_typeFilter=x", "no", "=x", "a b=x", "a&b=x"] {
            assert_eq!(of(text).unwrap_err().exit_code(), 2, "{text}");
        }
        let error = of("_since=canary").unwrap_err().to_string();
        assert!(error.contains("option of its own, since") && !error.contains("canary"), "{error}");
    }

    #[test]
    fn a_second_reading_gives_the_value_back() {
        for value in ["a", "a%b", "a+b c", "100%25", "%2B+%", "é|,&=?", "%zz%4"] {
            assert_eq!(unescaped(&escaped(value)), value);
        }
        assert_eq!((unescaped("%"), unescaped("a+%41%é")), ("%".into(), "a A%é".into()));
    }

    #[test]
    fn what_a_filter_leaves_over() {
        let all = wanted(None, [None, None], true).unwrap();
        assert!(asks_for_shared(&all) && narrowed(&all).is_none());
        for filter in ["ExplanationOfBenefit?outcome=partial", "ExplanationOfBenefit?_tag=x|DDPS"] {
            assert_eq!((asks_for_shared(filter), narrowed(filter)), (false, Some(CLAIMS)));
        }
    }
}

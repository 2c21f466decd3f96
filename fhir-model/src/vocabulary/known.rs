//! Which URIs a version of the API is known to write, and the hosts on which they are: what is not among them is new.

use std::collections::HashSet;
use std::sync::LazyLock;

use cms::Api;

use super::{CodeSystem, by_monthly_uri, by_uri, by_uri_in, terms_in};

/// What records of R4 have besides the terms of their vocabularies: systems and extensions of FHIR, CARIN and US Core that
/// no path of ours names.
const STANDARD: &str = include_str!("standard.csv");

/// The URIs of R4 that are no terms: those of the table, and the systems of terms that are `system|code`.
static OTHERS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let systems = terms_in(Api::V3).iter().filter_map(|term| term.uri.split_once('|'));
    STANDARD.lines().skip(1).chain(systems.map(|(system, _)| system)).collect()
});

/// Whether the records of a version are known to have the URI as an extension's `url`, or as the `system` of a code or an
/// identifier.
///
/// ```
/// use fhir_model::{Api, vocabulary::is_known};
/// assert!(is_known(Api::V1, "https://bluebutton.cms.gov/resources/variables/clm_id"));
/// assert!(!is_known(Api::V3, "https://bluebutton.cms.gov/resources/variables/clm_id"));
/// assert!(is_known(Api::V3, "https://www.nubc.org/CodeSystem/TypeOfBill"));
/// ```
pub fn is_known(api: Api, uri: &str) -> bool {
    // Version 1 ends its system for codes of another ICD in the version that the claim has.
    let of_icd = || {
        uri.rsplit_once('/').is_some_and(|(stem, _)| stem == CodeSystem::UnknownIcdVersion.uri())
    };
    let has_month = || by_monthly_uri(uri).is_some_and(|(_, _, month)| (1..=12).contains(&month));
    match api {
        Api::V1 => by_uri(uri).is_some() || has_month() || of_icd(),
        // The terms of version 1 are most of what it has, and are found sooner.
        Api::V2 => {
            by_uri(uri).is_some()
                || OTHERS.contains(uri)
                || by_uri_in(api, uri).is_some()
                || has_month()
                || of_icd()
        }
        Api::V3 => by_uri_in(api, uri).is_some() || OTHERS.contains(uri),
    }
}

/// Whether it is one of the hosts on which the known URIs of all versions are: `bluebutton.cms.gov`, `hl7.org` and so on. A
/// name on any other host is not told to anybody.
pub fn is_known_host(host: &str) -> bool {
    static HOSTS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let terms = Api::ALL.into_iter().flat_map(terms_in).map(|term| term.uri);
        terms.chain(STANDARD.lines().skip(1)).filter_map(host_of).collect()
    });
    HOSTS.contains(host)
}

/// The host of a URL of the web.
pub(crate) fn host_of(url: &str) -> Option<&str> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    rest.split('/').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_of_known_uris() {
        for host in ["bluebutton.cms.gov", "hl7.org", "terminology.hl7.org", "www.nubc.org"] {
            assert!(is_known_host(host), "{host}");
        }
        for host in ["", "example.org", "bluebutton.cms.gov:443", "HL7.org", "x.hl7.org"] {
            assert!(!is_known_host(host), "{host}");
        }
    }

    #[test]
    fn each_version_has_its_own_terms_and_months() {
        let monthly = "https://bluebutton.cms.gov/resources/variables/ptdcntrct03/2018-3";
        assert!(is_known(Api::V1, monthly) && is_known(Api::V2, monthly));
        assert!(!is_known(Api::V1, &monthly.replace("-3", "-13")));
        for line in STANDARD.lines().skip(1) {
            assert!(is_known(Api::V2, line) && is_known(Api::V3, line), "{line}");
        }
        assert!(is_known(Api::V3, "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType"));
    }
}

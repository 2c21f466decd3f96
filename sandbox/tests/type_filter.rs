//! `_typeFilter` of version 3: what is asked for, how it is written, and what is wrong with it.

use crate::common::{self, EXPORT, bearer, export, population, send, start_all_versions};
use sandbox::{Api, Running};
use serde_json::Value;

const SYSTEM: &str = "https://bluebutton.cms.gov/fhir/CodeSystem/System-Type";

/// Writes a value as a client does: letters and digits are themselves, all else is encoded.
fn encode(value: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    value
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn tags(codes: &[&str]) -> String {
    let tokens: Vec<String> = codes.iter().map(|code| format!("{SYSTEM}|{code}")).collect();
    format!("_tag={}", tokens.join(","))
}

/// The claims that come for a value which is encoded once.
fn claims(running: &Running, token: &str, filter: &str) -> Vec<Value> {
    let filter = encode(&format!("ExplanationOfBenefit?{filter}"));
    let target =
        format!("/api/v3/Group/all/$export?_type=ExplanationOfBenefit&_typeFilter={filter}");
    records(running, token, &target, "ExplanationOfBenefit")
}

fn records(running: &Running, token: &str, target: &str, kind: &str) -> Vec<Value> {
    let manifest = export(running, token, target);
    parsed(&common::lines(running, token, &manifest, kind))
}

fn parsed(lines: &[u8]) -> Vec<Value> {
    let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a record")).collect()
}

fn system_of(claim: &Value) -> &str {
    let tags = claim["meta"]["tag"].as_array().expect("tags");
    let tag = tags.iter().find(|tag| tag["system"] == SYSTEM).expect("a tag of the system");
    tag["code"].as_str().expect("a code")
}

#[test]
fn claims_in_progress_come_only_when_they_are_asked_for() {
    let running = start_all_versions();
    let token = bearer(&running);
    let all = parsed(&population::lines(Api::V3, 2, 1, "ExplanationOfBenefit"));
    let count = |wanted: &dyn Fn(&Value) -> bool| all.iter().filter(|claim| wanted(claim)).count();
    let of = |codes: &[&str]| count(&|claim| codes.contains(&system_of(claim)));
    let (shared, history, drugs) =
        (of(&["SharedSystem"]), of(&["NationalClaimsHistory"]), of(&["DDPS"]));
    assert!(shared > 0 && history > 0 && drugs > 0, "{shared} {history} {drugs}");
    for target in [
        "/api/v3/Patient/$export",
        "/api/v3/Group/all/$export?_type=ExplanationOfBenefit",
        "/api/v3/Group/runout/$export?_since=2020-01-01T00:00:00Z",
    ] {
        let given = records(&running, &token, target, "ExplanationOfBenefit");
        assert_eq!(given.len(), history + drugs, "{target}");
        assert!(given.iter().all(|claim| system_of(claim) != "SharedSystem"), "{target}");
    }
    let given = |filter: &str| claims(&running, &token, filter).len();
    let every = ["SharedSystem", "NationalClaimsHistory", "DDPS"];
    assert_eq!(given(&tags(&every)), all.len());
    for code in every {
        assert_eq!(given(&tags(&[code])), of(&[code]), "{code}");
    }
    assert_eq!(given("outcome=complete"), history + drugs);
    assert_eq!(given("outcome=partial"), 0, "the tag is not asked for");
    assert_eq!(given(&format!("{}&outcome=partial", tags(&every))), shared);
    assert_eq!(given(&format!("{}&outcome=partial,complete", tags(&every))), all.len());
    assert_eq!(
        given(&format!("{}&{}", tags(&["DDPS"]), tags(&["SharedSystem"]))),
        0,
        "both at once"
    );
}

#[test]
fn service_dates_are_held_against_the_billable_period() {
    let running = start_all_versions();
    let token = bearer(&running);
    let all = claims(&running, &token, "outcome=complete");
    let day = |claim: &Value, name: &str| claim["billablePeriod"][name].as_str().map(str::to_owned);
    let mut ends: Vec<String> = all.iter().filter_map(|claim| day(claim, "end")).collect();
    ends.sort();
    let middle = ends[ends.len() / 2].as_str();
    let (year, month) = (&middle[..4], &middle[..7]);
    let given = |filter: &str| claims(&running, &token, filter).len();
    // Days are written so that their order is that of their text.
    let count = |wanted: &dyn Fn(&str, &str) -> bool| {
        let periods =
            all.iter().filter_map(|claim| Some((day(claim, "start")?, day(claim, "end")?)));
        periods.filter(|(start, end)| wanted(start, end)).count()
    };
    for (prefix, wanted) in [
        ("gt", count(&|_, end| end > middle)),
        ("ge", count(&|_, end| end >= middle)),
        ("lt", count(&|start, _| start < middle)),
        ("le", count(&|start, _| start <= middle)),
        ("sa", count(&|start, _| start > middle)),
        ("eb", count(&|_, end| end < middle)),
        ("eq", count(&|start, end| start == middle && end == middle)),
        ("", count(&|start, end| start == middle && end == middle)),
        ("ne", count(&|start, end| start != middle || end != middle)),
    ] {
        assert_eq!(given(&format!("service-date={prefix}{middle}")), wanted, "{prefix}");
    }
    let within =
        |prefix: &str| count(&|start, end| start.starts_with(prefix) && end.starts_with(prefix));
    assert!(within(year) > 0);
    assert_eq!(given(&format!("service-date={year}")), within(year));
    assert_eq!(given(&format!("service-date={month}")), within(month));
    assert_eq!(
        given(&format!("service-date=ge{month}&service-date=lt{middle}")),
        count(&|start, end| end >= month && start < middle)
    );
    assert_eq!(
        given(&format!("service-date=lt{year},gt{middle}")),
        count(&|start, end| start < year || end > middle)
    );
    assert_eq!(
        given(&format!("service-date=gt{middle}")),
        given(&format!("service-date=gt{middle}T23:59:59Z"))
    );
}

#[test]
fn the_value_is_decoded_twice() {
    let running = start_all_versions();
    let token = bearer(&running);
    let start = |value: &str| {
        let target = format!("/api/v3/Patient/$export?_typeFilter={value}");
        send(&running, "GET", &target, &[&token, EXPORT[0], EXPORT[1]])
    };
    let dated = "ExplanationOfBenefit?service-date=lt2026-01-14T08:00:00+02:00";
    // Once: the plus sign is a blank by then.
    let answer = start(&encode(dated));
    assert_eq!(answer.status, 400);
    assert!(answer.diagnostics("structure").contains("service-date"));
    for value in [
        encode(&encode(dated)),
        encode(dated).replace("%2B", "%252B"),
        encode("ExplanationOfBenefit?outcome=complete"),
        encode(&encode("ExplanationOfBenefit?outcome=complete")),
        // Not encoded at all, but for what ends a parameter.
        "ExplanationOfBenefit?outcome=complete".to_owned(),
        format!("ExplanationOfBenefit?{}", tags(&["SharedSystem"])),
    ] {
        assert_eq!(start(&value).status, 202, "{value}");
    }
    // A percent sign that is one, and digits that make none.
    for value in ["%25", "ExplanationOfBenefit%3Foutcome%3D%25zz", "%25ff"] {
        let answer = start(value);
        assert_eq!(answer.status, 400, "{value}");
        assert!(answer.diagnostics("structure").contains("unescape"), "{value}");
    }
    // The service's own example.
    let target = concat!(
        "/api/v3/Patient/$export?_type=ExplanationOfBenefit&_typeFilter=ExplanationOfBenefit%3F_tag%3D",
        "https%3A%2F%2Fbluebutton.cms.gov%2Ffhir%2FCodeSystem%2FSystem-Type%7CSharedSystem%2C",
        "https%3A%2F%2Fbluebutton.cms.gov%2Ffhir%2FCodeSystem%2FSystem-Type%7CNationalClaimsHistory%2C",
        "https%3A%2F%2Fbluebutton.cms.gov%2Ffhir%2FCodeSystem%2FSystem-Type%7CDDPS"
    );
    let all = parsed(&population::lines(Api::V3, 2, 1, "ExplanationOfBenefit"));
    assert_eq!(records(&running, &token, target, "ExplanationOfBenefit"), all);
}

#[test]
fn what_is_wrong_is_status_400_and_an_operation_outcome() {
    let running = start_all_versions();
    let token = bearer(&running);
    let start = |query: &str| {
        let target = format!("/api/v3/Group/all/$export?{query}");
        send(&running, "GET", &target, &[&token, EXPORT[0], EXPORT[1]])
    };
    let one = format!("_typeFilter={}", encode("ExplanationOfBenefit?outcome=complete"));
    assert_eq!(start(&one).status, 202);
    let answer = start(&format!("{one}&{one}"));
    assert_eq!(answer.status, 400);
    assert!(answer.diagnostics("structure").contains("more than one _typeFilter"));
    for (value, told) in [
        ("", "missing question mark"),
        ("ExplanationOfBenefit", "missing question mark"),
        ("Patient?_tag=x", "Only EOBs valid"),
        ("Coverage?outcome=complete", "Only EOBs valid"),
        ("ExplanationOfBenefit?", "Invalid _typeFilter parameter/value"),
        ("ExplanationOfBenefit?_lastUpdated=gt2026", "subquery parameter: _lastUpdated"),
        ("ExplanationOfBenefit?outcome=complete&type=carrier", "subquery parameter: type"),
        ("ExplanationOfBenefit?Outcome=complete", "subquery parameter: Outcome"),
        ("ExplanationOfBenefit?outcome=queued", "invalid outcome value"),
        ("ExplanationOfBenefit?_tag=DDPS", "requires a token"),
        ("ExplanationOfBenefit?_tag=https://example.org|DDPS", "invalid _tag value"),
        (&format!("ExplanationOfBenefit?{}", tags(&["DDPS", "None"])), "invalid _tag value"),
        ("ExplanationOfBenefit?service-date=2026-02-30", "invalid service-date value"),
        ("ExplanationOfBenefit?service-date=after2026", "invalid service-date value"),
    ] {
        let answer = start(&format!("_typeFilter={}", encode(value)));
        assert_eq!(answer.status, 400, "{value}");
        let said = answer.diagnostics("structure");
        assert!(said.contains(told), "{value}: {said}");
    }
}

#[test]
fn versions_1_and_2_ignore_it_and_it_filters_claims_alone() {
    let running = start_all_versions();
    let token = bearer(&running);
    let filter = encode("ExplanationOfBenefit?service-date=gt2999");
    for api in ["v1", "v2"] {
        let target = format!("/api/{api}/Patient/$export?_type=ExplanationOfBenefit");
        let all = records(&running, &token, &target, "ExplanationOfBenefit");
        for query in [format!("_typeFilter={filter}"), "_typeFilter=x&_typeFilter=y".to_owned()] {
            let target = format!("{target}&{query}");
            assert_eq!(records(&running, &token, &target, "ExplanationOfBenefit"), all, "{target}");
        }
    }
    let target = format!("/api/v3/Patient/$export?_typeFilter={filter}");
    for (kind, wanted) in [
        ("ExplanationOfBenefit", Vec::new()),
        ("Patient", all_of("Patient")),
        ("Coverage", all_of("Coverage")),
    ] {
        assert_eq!(records(&running, &token, &target, kind), wanted, "{kind}");
    }
}

fn all_of(kind: &str) -> Vec<Value> {
    parsed(&population::lines(Api::V3, 2, 1, kind))
}

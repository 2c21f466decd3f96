//! Records as the data server gives them have no errors; records broken at any place never panic, and no
//! outcome holds a piece of them.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::Path;

use fhir_model::validate::{IssueClass, Severity};
use fhir_model::{from_slice, r4};
use serde_json::{Value, json};

/// A made-up claim with a bit of everything.
const CLAIM: &str = r##"{"_status":{"id":"s"},"billablePeriod":{"end":"2018-02-28","start":"2018-02-01"},"careTeam":[{"provider":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"1000000000"}},"sequence":2}],"contained":[{"id":"1","intent":"plan","requester":{"agent":{"identifier":{"value":"1000000000"}}},"resourceType":"ReferralRequest","status":"active","subject":{"reference":"Patient/-9"}}],"diagnosis":[{"diagnosisCodeableConcept":{"coding":[{"code":"Z00","system":"http://hl7.org/fhir/sid/icd-10"}]},"sequence":1}],"extension":[{"url":"https://bluebutton.cms.gov/resources/variables/prpayamt","valueMoney":{"code":"USD","system":"urn:iso:std:iso:4217","value":0.10}}],"id":"carrier--1","identifier":[{"system":"https://bluebutton.cms.gov/resources/variables/clm_id","value":"-1"}],"information":[{"category":{"coding":[{"code":"https://bluebutton.cms.gov/resources/variables/nch_wkly_proc_dt"}]},"sequence":1,"timingDate":"2018-03-02"}],"item":[{"adjudication":[{"amount":{"code":"USD","system":"urn:iso:std:iso:4217","value":37.50},"category":{"coding":[{"code":"https://bluebutton.cms.gov/resources/variables/line_nch_pmt_amt"}]}}],"careTeamLinkId":[2],"diagnosisLinkId":[1],"sequence":1,"servicedPeriod":{"start":"2018-02-01"}}],"meta":{"lastUpdated":"2021-04-05T06:07:08.009Z"},"patient":{"reference":"Patient/-9"},"referral":{"reference":"#1"},"resourceType":"ExplanationOfBenefit","status":"active","type":{"coding":[{"code":"CARRIER"}]}}"##;

/// The lines of the records that the data server gave; none where they are not.
fn golden() -> Vec<String> {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data"));
    let mut lines = Vec::new();
    for folder in ["", "identifiers", "seed-samples", "../cases/drg-without-sequence"] {
        for name in ["ExplanationOfBenefit", "Patient", "Coverage", "eob", "pat"] {
            let path = data.join(folder).join(format!("{name}.ndjson"));
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    if lines.is_empty() {
        println!("skipped: no ../shared");
    }
    lines
}

#[test]
fn records_of_the_server_have_no_errors_and_no_warnings() {
    for line in golden().iter().map(String::as_str).chain([CLAIM]) {
        let record = from_slice(line.as_bytes()).unwrap();
        for finding in record.findings() {
            assert_eq!(finding.class(), IssueClass::KnownDeviation, "{finding:?}");
            assert_eq!(finding.class().severity(), Severity::Information);
        }
        assert!(!record.validate().has_errors());
    }
    assert_eq!(from_slice(CLAIM.as_bytes()).unwrap().findings(), []);
}

/// A made-up claim of version 3 with a bit of everything.
fn claim_r4() -> String {
    let coding = |system: &str, code: &str| json!({"coding": [{"system": system, "code": code}]});
    let own = |system: &str, code: &str| {
        coding(&format!("https://bluebutton.cms.gov/fhir/CodeSystem/{system}"), code)
    };
    json!({
        "billablePeriod": {"start": "2023-02-01", "end": "2023-02-28"},
        "careTeam": [{"sequence": 1, "provider": {"identifier": {
            "system": "http://hl7.org/fhir/sid/us-npi", "value": "1000000000"}},
            "role": coding("http://terminology.hl7.org/CodeSystem/claimcareteamrole", "rendering")}],
        "contained": [{"resourceType": "Organization", "id": "insurer", "name": "CMS"}],
        "created": "2023-03-01T00:00:00+00:00",
        "diagnosis": [{"sequence": 1, "diagnosisCodeableConcept":
            coding("http://hl7.org/fhir/sid/icd-10-cm", "Z00.0")}],
        "id": "1",
        "identifier": [{"type": coding("http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType", "uc"), "value": "1"}],
        "insurance": [{"focal": true, "coverage": {"reference": "Coverage/1"}}],
        "insurer": {"reference": "#insurer"},
        "item": [{"sequence": 1, "diagnosisSequence": [1], "informationSequence": [1],
            "productOrService": coding("http://www.ama-assn.org/go/cpt", "99213"),
            "adjudication": [{"category": own("Adjudication", "CLM_LINE_CVRD_PD_AMT"),
                "amount": {"value": 37.5, "currency": "USD"}}]}],
        "meta": {"lastUpdated": "2026-07-29T17:58:11.000+00:00", "tag": [{"code": "FinalAction",
            "system": "https://bluebutton.cms.gov/fhir/CodeSystem/Final-Action"}]},
        "outcome": "complete",
        "patient": {"reference": "Patient/-9"},
        "provider": {"_reference": {"extension": [{"valueCode": "unknown",
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason"}]}},
        "resourceType": "ExplanationOfBenefit",
        "status": "active",
        "supportingInfo": [{"sequence": 1, "category": own("Supporting-Information", "CLM_QUERY_CD"),
            "code": own("CLM-QUERY-CD", "3")}],
        "type": own("CLM-TYPE-CD", "71"),
        "use": "claim"
    })
    .to_string()
}

fn golden_r4() -> Vec<String> {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/r4"));
    let mut lines = Vec::new();
    for file in ["v2", "v3"].iter().flat_map(|folder| {
        ["ExplanationOfBenefit", "Patient", "Coverage", "from-maps"]
            .map(|name| format!("{folder}/{name}.ndjson"))
    }) {
        let text = std::fs::read_to_string(data.join(file)).unwrap_or_default();
        lines.extend(text.lines().map(str::to_owned));
    }
    if lines.is_empty() {
        println!("skipped: no ../shared");
    }
    lines
}

#[test]
fn records_of_versions_2_and_3_have_no_errors_and_no_warnings() {
    let mut broken_periods = 0;
    for line in golden_r4().iter().chain([&claim_r4()]) {
        for finding in r4::from_slice(line.as_bytes()).unwrap().findings() {
            // One person of the server's tests has an identifier that ended before it began.
            if finding.expression() == "Patient.identifier[0].period" {
                broken_periods += 1;
                continue;
            }
            assert_eq!(finding.class(), IssueClass::KnownDeviation, "{finding:?}");
        }
    }
    assert!(broken_periods <= 1);
    assert_eq!(r4::from_slice(claim_r4().as_bytes()).unwrap().findings(), []);
}

#[test]
fn synthetic_records_of_versions_2_and_3_have_no_errors_and_no_warnings() {
    for api in [synth::Api::V2, synth::Api::V3] {
        let mut records =
            vec![synth::patient_of(api, 1), synth::coverage_of(api, 1, synth::Part::D)];
        records.extend(synth::ClaimType::ALL.map(|claim_type| synth::eob_of(api, 1, claim_type)));
        for record in records {
            for finding in r4::from_slice(record.as_bytes()).unwrap().findings() {
                assert_eq!(finding.class(), IssueClass::KnownDeviation, "{api} {finding:?}");
            }
        }
    }
}

#[test]
fn records_of_r4_are_judged_by_r4() {
    let claim: Value = serde_json::from_str(&claim_r4()).unwrap();
    let classes = |change: &dyn Fn(&mut Value)| {
        let mut claim = claim.clone();
        change(&mut claim);
        let found = r4::from_slice(claim.to_string().as_bytes()).unwrap().findings();
        found.iter().map(|own| (own.class(), own.location().to_owned())).collect::<Vec<_>>()
    };
    let at = |class, place: &str| vec![(class, place.to_owned())];
    for (place, value, class, location) in [
        ("/use", json!("bill"), IssueClass::Code, "use"),
        ("/outcome", json!("done"), IssueClass::Code, "outcome"),
        ("/created", json!("2023"), IssueClass::Valid, ""),
        ("/created", json!("yesterday"), IssueClass::Format, "created"),
        ("/item/0/diagnosisSequence/0", json!(2), IssueClass::Link, "item[0].diagnosisSequence[0]"),
        (
            "/item/0/informationSequence/0",
            json!(9),
            IssueClass::Link,
            "item[0].informationSequence[0]",
        ),
        (
            "/insurer/reference",
            json!("ReferralRequest/1"),
            IssueClass::Reference,
            "insurer.reference",
        ),
        ("/patient/reference", json!("Group/1"), IssueClass::ReferenceType, "patient.reference"),
        (
            "/supportingInfo/0/category/coding/0/code",
            json!("CLM_NEW_CD"),
            IssueClass::UnknownTerm,
            "supportingInfo[0].category.coding[0].code",
        ),
        (
            "/meta/tag/0/system",
            json!("https://bluebutton.cms.gov/fhir/CodeSystem/Final-Act"),
            IssueClass::UnknownTerm,
            "meta.tag[0].system",
        ),
        ("/contained/0/name", json!(""), IssueClass::Format, "contained[0].name"),
    ] {
        let found = classes(&|claim| *claim.pointer_mut(place).unwrap() = value.clone());
        match class {
            IssueClass::Valid => assert_eq!(found, [], "{place}"),
            class => assert!(found.contains(&at(class, location)[0]), "{place}: {found:?}"),
        }
    }
    for (place, location) in [
        ("/status", "status"),
        ("/type", "type"),
        ("/use", "use"),
        ("/provider", "provider"),
        ("/insurance", "insurance"),
        ("/item/0/productOrService", "item[0].productOrService"),
        ("/supportingInfo/0/category", "supportingInfo[0].category"),
    ] {
        let found = classes(&|claim| {
            remove(claim, place).unwrap();
        });
        assert!(found.contains(&at(IssueClass::Required, location)[0]), "{place}: {found:?}");
    }
    let found = classes(&|claim| claim["hospitalization"] = json!({"start": "2023-02-01"}));
    assert_eq!(found, at(IssueClass::UnknownMember, ""));
    let found = classes(&|claim| {
        remove(&mut claim["item"][0]["adjudication"][0], "/amount").unwrap();
        claim["item"][0]["adjudication"][0]["value"] = json!(1);
    });
    assert_eq!(found, at(IssueClass::TermValue, "item[0].adjudication[0].value"));
    let found = classes(&|claim| {
        remove(&mut claim["contained"][0], "/name").unwrap();
    });
    assert_eq!(found, at(IssueClass::Invariant, "contained[0]"));
}

/// What no server tells is no error: a Coverage that was not found, a person merged into another.
#[test]
fn records_that_are_nearly_empty_in_version_3() {
    let findings = |text: &str| r4::from_slice(text.as_bytes()).unwrap().findings();
    for finding in findings(r#"{"id":"part-a-1","resourceType":"Coverage"}"#) {
        assert_eq!(finding.class(), IssueClass::KnownDeviation, "{finding:?}");
    }
    let merged = r#"{"id":"1","link":[{"other":{"reference":"Patient/2"},"type":"replaced-by"}],"resourceType":"Patient"}"#;
    assert_eq!(findings(merged), []);
}

/// In no word of this crate.
const CANARY: &str = "Qzjxkv";

/// The outcome of a text, read or not, as JSON.
type Judge = fn(&str) -> String;

macro_rules! judge {
    ($name:ident, $release:ident) => {
        fn $name(text: &str) -> String {
            use fhir_model::$release::{OperationOutcome, Resource, from_slice};
            let outcome = match from_slice(text.as_bytes()) {
                Ok(record) => record.validate(),
                Err(error) => OperationOutcome::from(&error),
            };
            assert!(!outcome.issue.is_empty());
            assert_eq!(outcome.findings(), []);
            Resource::from(outcome).to_json()
        }
    };
}

judge!(judge_stu3, stu3);
judge!(judge_r4, r4);

#[track_caller]
fn assert_discreet(judge: Judge, text: &str) {
    let shown = judge(text);
    assert!(!shown.contains(CANARY), "{shown}");
}

/// Every string a canary, and one more member of that name in every object.
fn marked(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let known = members.iter().map(|(name, value)| match name.as_str() {
                "resourceType" => (name.clone(), value.clone()),
                _ => (name.clone(), marked(value)),
            });
            let mut members: serde_json::Map<String, Value> = known.collect();
            members.insert(CANARY.to_owned(), json!({ CANARY: [CANARY] }));
            Value::Object(members)
        }
        Value::Array(entries) => entries.iter().map(marked).collect(),
        Value::String(_) => CANARY.into(),
        other => other.clone(),
    }
}

/// The paths of all values, as JSON pointers.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut child = |name: &str, value: &Value| {
        let at = format!("{at}/{name}");
        found.push(at.clone());
        pointers(value, &at, found);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| child(name, value)),
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(index, value)| child(&index.to_string(), value));
        }
        _ => {}
    }
}

fn remove(record: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, name) = pointer.rsplit_once('/')?;
    match record.pointer_mut(parent)? {
        Value::Object(members) => members.remove(name),
        Value::Array(entries) => Some(entries.remove(name.parse().ok()?)),
        _ => None,
    }
}

/// Breaks each `step`-th place of a record in every way there is.
fn break_everywhere(judge: Judge, record: &Value, step: usize) {
    let mut places = Vec::new();
    pointers(record, "", &mut places);
    let wrong = [
        Value::Null,
        json!([]),
        json!({}),
        json!([null]),
        json!(CANARY),
        json!([CANARY]),
        json!({ CANARY: CANARY }),
        json!(-1.5),
        json!(true),
    ];
    for place in places.iter().step_by(step) {
        let mut broken = record.clone();
        let value = remove(&mut broken, place).unwrap();
        assert_discreet(judge, &broken.to_string());
        let (parent, name) = place.rsplit_once('/').unwrap();
        if let Some(Value::Object(members)) = broken.pointer_mut(parent) {
            members.insert(CANARY.to_owned(), value);
            assert_discreet(judge, &broken.to_string());
        }
        for wrong in &wrong {
            let mut broken = record.clone();
            *broken.pointer_mut(place).unwrap() = wrong.clone();
            assert_discreet(judge, &broken.to_string());
            if let Some(Value::Object(members)) = broken.pointer_mut(parent) {
                members.insert(format!("_{name}"), wrong.clone());
                assert_discreet(judge, &broken.to_string());
            }
        }
    }
}

#[test]
fn a_record_broken_anywhere_is_judged_without_a_piece_of_it() {
    broken_anywhere(judge_stu3, CLAIM, &golden());
}

#[test]
fn a_record_of_r4_broken_anywhere_is_judged_without_a_piece_of_it() {
    broken_anywhere(judge_r4, &claim_r4(), &golden_r4());
}

fn broken_anywhere(judge: Judge, claim: &str, golden: &[String]) {
    let claim: Value = serde_json::from_str(claim).unwrap();
    assert_discreet(judge, &marked(&claim).to_string());
    break_everywhere(judge, &claim, 1);
    break_everywhere(judge, &marked(&claim), 3);
    for (number, line) in golden.iter().enumerate() {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_discreet(judge, &marked(&record).to_string());
        // All records share most of their shapes: a part of the places of each will do.
        let mut places = Vec::new();
        pointers(&record, "", &mut places);
        break_everywhere(judge, &record, places.len() / 40 + number % 3 + 1);
    }
}

#[test]
fn a_missing_required_element_is_always_found() {
    let claim: Value = serde_json::from_str(CLAIM).unwrap();
    for (place, expression) in [
        ("/item/0/sequence", "item[0].sequence"),
        ("/item/0/adjudication/0/category", "item[0].adjudication[0].category"),
        ("/careTeam/0/provider", "careTeam[0].provider"),
        ("/diagnosis/0/diagnosisCodeableConcept", "diagnosis[0].diagnosis"),
        ("/information/0/category", "information[0].category"),
        ("/extension/0/url", "extension[0].url"),
        ("/contained/0/subject", "contained[0].subject"),
    ] {
        let mut broken = claim.clone();
        remove(&mut broken, place).unwrap();
        let broken = broken.to_string();
        let found = from_slice(broken.as_bytes()).unwrap().findings();
        let expected = format!("ExplanationOfBenefit.{expression}");
        let is_it = |class, place: &str| class == IssueClass::Required && place == expected;
        assert!(found.iter().any(|f| is_it(f.class(), f.expression())), "{place}: {found:?}");
    }
}

#[test]
fn the_guide_has_the_classes() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/validate.md");
    let Ok(page) = std::fs::read_to_string(page) else {
        println!("skipped: not in the workspace");
        return;
    };
    for class in IssueClass::ALL {
        let row = format!("| `{class}` | {} | {} |\n", class.severity().as_str(), class.about());
        assert!(page.contains(&row), "{row}");
    }
}

//! Records as the data server gives them have no errors; records broken at any place never panic, and no
//! outcome holds a piece of them.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use std::path::Path;

use fhir_model::stu3::OperationOutcome;
use fhir_model::validate::{IssueClass, Severity};
use fhir_model::{Resource, from_slice};
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

/// In no word of this crate.
const CANARY: &str = "Qzjxkv";

/// The outcome of a text, read or not.
fn outcome(text: &str) -> OperationOutcome<'static> {
    match from_slice(text.as_bytes()) {
        Ok(record) => record.validate(),
        Err(error) => OperationOutcome::from(&error),
    }
}

#[track_caller]
fn assert_discreet(text: &str) {
    let outcome = outcome(text);
    assert!(!outcome.issue.is_empty());
    assert_eq!(outcome.findings(), []);
    let shown = Resource::from(outcome).to_json();
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
fn break_everywhere(record: &Value, step: usize) {
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
        assert_discreet(&broken.to_string());
        let (parent, name) = place.rsplit_once('/').unwrap();
        if let Some(Value::Object(members)) = broken.pointer_mut(parent) {
            members.insert(CANARY.to_owned(), value);
            assert_discreet(&broken.to_string());
        }
        for wrong in &wrong {
            let mut broken = record.clone();
            *broken.pointer_mut(place).unwrap() = wrong.clone();
            assert_discreet(&broken.to_string());
            if let Some(Value::Object(members)) = broken.pointer_mut(parent) {
                members.insert(format!("_{name}"), wrong.clone());
                assert_discreet(&broken.to_string());
            }
        }
    }
}

#[test]
fn a_record_broken_anywhere_is_judged_without_a_piece_of_it() {
    let claim: Value = serde_json::from_str(CLAIM).unwrap();
    assert_discreet(&marked(&claim).to_string());
    break_everywhere(&claim, 1);
    break_everywhere(&marked(&claim), 3);
    for (number, line) in golden().iter().enumerate() {
        let record: Value = serde_json::from_str(line).unwrap();
        assert_discreet(&marked(&record).to_string());
        // All records share most of their shapes: a part of the places of each will do.
        let mut places = Vec::new();
        pointers(&record, "", &mut places);
        break_everywhere(&record, places.len() / 40 + number % 3 + 1);
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

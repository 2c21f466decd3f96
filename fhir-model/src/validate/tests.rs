//! A tiny record for each fault: exactly that issue, at exactly that place.

use super::*;
use crate::stu3::{OperationOutcome, Patient, Resource, from_slice};

const V: &str = "https://bluebutton.cms.gov/resources/variables/";

/// Class, FHIRPath without the resource type, and JSON path of every issue.
fn issues(record: &str) -> Vec<(&'static str, String, String)> {
    let record = record.replace("V/", V);
    let findings = from_slice(record.as_bytes()).unwrap().findings();
    let short = |finding: &Finding| {
        let path = finding.expression().split_once('.').map_or("", |(_, path)| path).to_owned();
        (finding.class().name(), path, finding.location().to_owned())
    };
    findings.iter().map(short).collect()
}

/// A resource with these members has exactly one issue.
#[track_caller]
fn one(resource: &str, members: &str, class: IssueClass, expression: &str, location: &str) {
    let record = format!("{{{members},\"resourceType\":\"{resource}\"}}");
    assert_eq!(
        issues(&record),
        [(class.name(), expression.to_owned(), location.to_owned())],
        "{members}"
    );
}

/// The same where both paths are alike.
#[track_caller]
fn at(resource: &str, members: &str, class: IssueClass, place: &str) {
    one(resource, members, class, place, place);
}

#[track_caller]
fn none(resource: &str, members: &str) {
    assert_eq!(issues(&format!("{{{members},\"resourceType\":\"{resource}\"}}")), [], "{members}");
}

const EOB: &str = "ExplanationOfBenefit";

#[test]
fn required_elements() {
    let class = IssueClass::Required;
    at(EOB, r#""item":[{"sequence":1},{"factor":1}]"#, class, "item[1].sequence");
    at(
        EOB,
        r#""addItem":[{"adjudication":[{"value":1}]}]"#,
        class,
        "addItem[0].adjudication[0].category",
    );
    at("Patient", r#""link":[{"type":"refer"}]"#, class, "link[0].other");
    at("OperationOutcome", r#""id":"1""#, class, "issue");
    at("Observation", r#""code":{"text":"x"}"#, class, "status");
    // The sibling may stand for the value; with nothing but an id it does not.
    let sequence = |sibling| format!(r#""item":[{{"_sequence":{sibling}}}]"#);
    none(EOB, &sequence(r#"{"extension":[{"url":"http://a","valueString":"x"}]}"#));
    let found = issues(&format!("{{{},\"resourceType\":\"{EOB}\"}}", sequence(r#"{"id":"x"}"#)));
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], ("empty", "item[0].sequence".to_owned(), "item[0]._sequence".to_owned()));
    assert_eq!(found[1].0, "required");
    // What a missing choice is called.
    one(
        EOB,
        r#""diagnosis":[{"sequence":1}]"#,
        class,
        "diagnosis[0].diagnosis",
        "diagnosis[0].diagnosis[x]",
    );
    one(
        "Patient",
        r#""extension":[{"valueString":"x"}]"#,
        class,
        "extension[0].url",
        "extension[0].url",
    );
}

#[test]
fn empty_elements() {
    let class = IssueClass::Empty;
    at("Patient", r#""birthDate":null"#, class, "birthDate");
    at("Patient", r#""name":[]"#, class, "name");
    at("Patient", r#""name":[{}]"#, class, "name[0]");
    at("Patient", r#""name":[{"id":"x"}]"#, class, "name[0]");
    at("Patient", r#""maritalStatus":{"coding":[{}]}"#, class, "maritalStatus.coding[0]");
    at("Patient", r#""name":[{"given":["A",null]}]"#, class, "name[0].given[1]");
    one("Patient", r#""_birthDate":null"#, class, "birthDate", "_birthDate");
    one("Patient", r#""_birthDate":{}"#, class, "birthDate", "_birthDate");
    none("Patient", r#""_birthDate":{"id":"x"},"birthDate":"2000""#);
    one("Patient", r#""_birthDate":{},"birthDate":"2000""#, class, "birthDate", "_birthDate");
    none("Patient", r#""_birthDate":{"extension":[{"url":"http://a","valueString":"x"}]}"#);
}

#[test]
fn siblings_of_lists() {
    let given = |values: &str, siblings: &str| {
        format!(r#""name":[{{"given":{values},"_given":{siblings}}}]"#)
    };
    let why = r#"{"extension":[{"url":"http://a","valueString":"x"}]}"#;
    none("Patient", &given(r#"["A",null]"#, &format!("[null,{why}]")));
    one(
        "Patient",
        &given(r#"["A"]"#, &format!("[null,{why}]")),
        IssueClass::Siblings,
        "name[0].given",
        "name[0]._given",
    );
    at(
        "Patient",
        &given(r#"["A",null]"#, r#"[null,{"id":"x"}]"#),
        IssueClass::Empty,
        "name[0].given[1]",
    );
    one(
        "Patient",
        &given(r#"["A"]"#, r#"[{"extension":[{"valueString":"x"}]}]"#),
        IssueClass::Required,
        "name[0].given[0].extension[0].url",
        "name[0]._given[0].extension[0].url",
    );
}

#[test]
fn codes_and_formats() {
    at(EOB, r#""status":"actve""#, IssueClass::Code, "status");
    at("Patient", r#""name":[{"use":"maidn"}]"#, IssueClass::Code, "name[0].use");
    let class = IssueClass::Format;
    at("Patient", r#""id":"a b""#, class, "id");
    at("Patient", r#""birthDate":"2019-02-30""#, class, "birthDate");
    at("Patient", r#""gender":"""#, class, "gender");
    at("Patient", r#""meta":{"lastUpdated":"2018-01-01"}"#, class, "meta.lastUpdated");
    at("Patient", r#""meta":{"profile":["http://a","b c"]}"#, class, "meta.profile[1]");
    at("Patient", r#""name":[{"given":["A",""]}]"#, class, "name[0].given[1]");
    at("Patient", r#""text":{"div":"","status":"empty"}"#, class, "text.div");
    at(EOB, r#""item":[{"sequence":0}]"#, class, "item[0].sequence");
    at(EOB, r#""precedence":1.5"#, class, "precedence");
    one(
        "Patient",
        r#""multipleBirthInteger":99999999999"#,
        class,
        "multipleBirth",
        "multipleBirthInteger",
    );
    none(EOB, r#""item":[{"factor":1E-17,"sequence":1}]"#);
}

#[test]
fn references_and_their_types() {
    let to = |text: &str| format!(r#""patient":{{"reference":"{text}"}}"#);
    for good in ["Patient/-1", "Patient/1/_history/2", "http://a/b", "urn:uuid:5-5"] {
        none(EOB, &to(good));
    }
    for bad in
        ["1", "Patient/", "Patient/a b", "Patient/1/2", "Subject/1", "Patient/1/_history/", "://x"]
    {
        at(EOB, &to(bad), IssueClass::Reference, "patient.reference");
    }
    at(EOB, &to("Practitioner/1"), IssueClass::ReferenceType, "patient.reference");
    at(EOB, &to("#1"), IssueClass::Unresolved, "patient.reference");
    at(EOB, &to(""), IssueClass::Format, "patient.reference");
    // Any type where the table names none.
    none(
        EOB,
        r#""information":[{"category":{"text":"x"},"sequence":1,"valueReference":{"reference":"Basic/1"}}]"#,
    );
}

#[test]
fn contained_resources() {
    let class = IssueClass::Contained;
    let with =
        |contained: &str| format!(r##""contained":[{contained}],"referral":{{"reference":"#1"}}"##);
    let referral = |more: &str| {
        format!(
            r#"{{"id":"1","intent":"plan","resourceType":"ReferralRequest","status":"active","subject":{{"display":"x"}}{more}}}"#
        )
    };
    none(EOB, &with(&referral("")));
    let twice = format!("{0},{0}", referral(""));
    at(EOB, &with(&twice), class, "contained[1]");
    let other = r##","requester":{"agent":{"reference":"#2"}}"##;
    let practitioner = r#"{"id":"2","resourceType":"Practitioner"}"#;
    let both = format!("{},{practitioner}", referral(other));
    at(EOB, &with(&both), IssueClass::NotChecked, "contained[1]");
    let alone = format!("{},{practitioner}", referral(""));
    let found = issues(&format!("{{{},\"resourceType\":\"{EOB}\"}}", with(&alone)));
    assert_eq!(found.iter().map(|issue| issue.0).collect::<Vec<_>>(), ["not-checked", "contained"]);
    let unnamed = format!("{},{}", referral(""), referral("").replace("\"id\":\"1\",", ""));
    at(EOB, &with(&unnamed), class, "contained[1]");
    at(
        EOB,
        &with(&referral(&format!(r#","contained":[{practitioner}]"#))),
        class,
        "contained[0].contained[0]",
    );
    at(EOB, &with(&referral(r#","meta":{"versionId":"1"}"#)), class, "contained[0]");
    at(
        EOB,
        &with(&referral(r#","text":{"div":"<div/>","status":"empty"}"#)),
        class,
        "contained[0]",
    );
    at(
        EOB,
        &with(r#"{"id":"1","resourceType":"Patient"}"#),
        IssueClass::ReferenceType,
        "referral.reference",
    );
    at(EOB, &with(&referral("").replace("plan", "plam")), IssueClass::Code, "contained[0].intent");
    let nameless = format!(r#"{},{{"id":"2"}}"#, referral(other));
    at(EOB, &with(&nameless), IssueClass::ResourceType, "contained[1]");
}

#[test]
fn invariants() {
    let class = IssueClass::Invariant;
    at(EOB, r#""billablePeriod":{"end":"2018-01","start":"2018-02-01"}"#, class, "billablePeriod");
    none(EOB, r#""billablePeriod":{"end":"2018-02","start":"2018-02-01"}"#);
    at("Patient", r#""extension":[{"url":"http://a"}]"#, class, "extension[0]");
    let both = r#""extension":[{"extension":[{"url":"b","valueCode":"x"}],"url":"http://a","valueCode":"x"}]"#;
    at("Patient", both, class, "extension[0]");
    at(EOB, r#""totalCost":{"value":1}"#, class, "totalCost");
    at(EOB, r#""totalCost":{"code":"USD","system":"USD","value":1}"#, class, "totalCost");
    at(EOB, r#""item":[{"quantity":{"code":"mg"},"sequence":1}]"#, class, "item[0].quantity");
    at("Patient", r#""telecom":[{"value":"1"}]"#, class, "telecom[0]");
    at("Patient", r#""photo":[{"data":"QUJD"}]"#, class, "photo[0]");
    at("Patient", r#""contact":[{"gender":"other"}]"#, class, "contact[0]");
    let observation = r#""code":{"text":"x"},"status":"final""#;
    let absent = format!(r#"{observation},"dataAbsentReason":{{"text":"x"}},"valueString":"x""#);
    at("Observation", &absent, class, "");
    let range = r#""referenceRange":[{"age":{"high":{"value":1},"low":{"value":2}}}]"#;
    at("Observation", &format!("{observation},{range}"), class, "referenceRange[0].age");
}

#[test]
fn terms_of_blue_button() {
    let class = IssueClass::TermValue;
    let extension =
        |url: &str, value: &str| format!(r#""extension":[{{"url":"V/{url}",{value}}}]"#);
    let money = r#""valueMoney":{"code":"USD","system":"urn:iso:std:iso:4217","value":1}"#;
    none(EOB, &extension("prpayamt", money));
    none(EOB, &extension("ptdcntrct03/2018-3", r#""valueCoding":{"code":"x"}"#));
    one(
        EOB,
        &extension("prpayamt", r#""valueDecimal":1"#),
        class,
        "extension[0].value",
        "extension[0].valueDecimal",
    );
    one(
        EOB,
        &extension("asgmntcd", r#""valueCode":"A""#),
        class,
        "extension[0].value",
        "extension[0].valueCode",
    );
    for wrong in ["prpayamtt", "ptdcntrct03/2018-13"] {
        at(EOB, &extension(wrong, money), IssueClass::UnknownTerm, "extension[0].url");
    }
    let adjudication = |variable: &str, value: &str| {
        format!(
            r#""item":[{{"adjudication":[{{"category":{{"coding":[{{"code":"V/{variable}"}}]}}{value}}}],"sequence":1}}]"#
        )
    };
    let amount = r#","amount":{"code":"USD","system":"urn:iso:std:iso:4217","value":1}"#;
    let reason = r#","reason":{"text":"x"}"#;
    none(EOB, &adjudication("line_nch_pmt_amt", amount));
    none(EOB, &adjudication("line_nch_pmt_amt", &format!("{amount}{reason}")));
    none(EOB, &adjudication("line_nch_pmt_amt", ""));
    none(EOB, &adjudication("line_prcsg_ind_cd", reason));
    at(EOB, &adjudication("line_nch_pmt_amt", reason), class, "item[0].adjudication[0].reason");
    at(EOB, &adjudication("line_prcsg_ind_cd", amount), class, "item[0].adjudication[0].amount");
    at(EOB, &adjudication("nch_wkly_proc_dt", amount), class, "item[0].adjudication[0].amount");
    at(
        EOB,
        &adjudication("nope", amount),
        IssueClass::UnknownTerm,
        "item[0].adjudication[0].category.coding[0].code",
    );
    let information = |variable: &str, value: &str| {
        format!(
            r#""information":[{{"category":{{"coding":[{{"code":"V/{variable}"}}]}},"sequence":1,{value}}}]"#
        )
    };
    none(EOB, &information("nch_wkly_proc_dt", r#""timingDate":"2018-01-01""#));
    one(
        EOB,
        &information("nch_wkly_proc_dt", r#""timingPeriod":{"start":"2018"}"#),
        class,
        "information[0].timing",
        "information[0].timingPeriod",
    );
    let system = r#""identifier":[{"system":"https://bluebutton.cms.gov/resources/identifier/x","value":"1"}]"#;
    at(EOB, system, IssueClass::UnknownTerm, "identifier[0].system");
}

#[test]
fn links_members_and_types() {
    let item = r#""item":[{"careTeamLinkId":[2,3],"sequence":1}]"#;
    let team = r#""careTeam":[{"provider":{"display":"x"},"sequence":2}]"#;
    at(EOB, &format!("{team},{item}"), IssueClass::Link, "item[0].careTeamLinkId[1]");
    at(EOB, r#""item":[{"nickname":"x","sequence":1}]"#, IssueClass::UnknownMember, "item[0]");
    at(EOB, r#""use":"claim""#, IssueClass::UnknownMember, "");
    at("Basic", r#""id":"1""#, IssueClass::NotChecked, "");
    at("Bundle", r#""id":"1""#, IssueClass::Bundle, "");
    at("Subject", r#""id":"1""#, IssueClass::ResourceType, "");
    let group = r#""diagnosis":[{"packageCode":{"text":"x"},"sequence":1}]"#;
    one(
        EOB,
        group,
        IssueClass::KnownDeviation,
        "diagnosis[0].diagnosis",
        "diagnosis[0].diagnosis[x]",
    );
    at("Coverage", r#""contract":[{"id":"x"}]"#, IssueClass::KnownDeviation, "contract[0]");
    none("Patient", r#""id":"1""#);
}

#[test]
fn what_servers_of_some_years_wrote_is_known() {
    // Until April 2022: the diagnosis-related group without a sequence, and without a diagnosis as ever.
    let coded = r#""diagnosisCodeableConcept":{"text":"y"}"#;
    let classes = |entry: &str| -> Vec<IssueClass> {
        let line = format!(r#"{{"diagnosis":[{{{entry}}}],"resourceType":"{EOB}"}}"#);
        let found = from_slice(line.as_bytes()).unwrap().findings();
        found.iter().map(super::Finding::class).collect()
    };
    assert_eq!(classes(r#""packageCode":{"text":"x"}"#), [IssueClass::KnownDeviation; 2]);
    // Of a diagnosis it was never so.
    assert_eq!(classes(coded), [IssueClass::Required]);
    let both = format!(r#""packageCode":{{"text":"x"}},{coded}"#);
    assert_eq!(classes(&both), [IssueClass::Required]);
    // Before identifiers of pharmacies were typed by their own systems.
    none(
        EOB,
        r#""facility":{"identifier":{"type":{"coding":[{"code":"NCPDP",
        "system":"https://bluebutton.cms.gov/resources/codesystem/identifier-type"}]},"value":"1"}}"#,
    );
}

#[test]
fn outcomes_are_valid_resources() {
    let good = from_slice(br#"{"id":"1","resourceType":"Patient"}"#).unwrap().validate();
    assert_eq!(good.issue[0].class(), Some(IssueClass::Valid));
    assert!(!good.has_errors());
    let bad = from_slice(br#"{"name":[{"use":"x"}],"resourceType":"Patient"}"#).unwrap().validate();
    assert!(bad.has_errors());
    for outcome in [good, bad] {
        assert_eq!(outcome.findings(), []);
        let text = Resource::from(outcome.clone()).to_json();
        assert_eq!(from_slice(text.as_bytes()).unwrap(), Resource::from(outcome));
    }
    let text =
        Resource::from(from_slice(br#"{"id":"_","resourceType":"Patient"}"#).unwrap().validate())
            .to_json();
    assert_eq!(
        text,
        concat!(
            r#"{"issue":[{"code":"value","details":{"coding":[{"code":"format","#,
            r#""display":"text or number against the format of its type","system":"urn:bcda-cclf:issue-class"}],"#,
            r#""text":"expected an id: 1 to 64 letters, digits, hyphens and points"},"#,
            r#""expression":["Patient.id"],"location":["id"],"severity":"error"}],"resourceType":"OperationOutcome"}"#
        )
    );
}

#[test]
fn faults_of_reading_are_outcomes() {
    for (text, class, location) in [
        (&b"{"[..], IssueClass::Syntax, ""),
        (b"{\"resourceType\":\"Patient\",\"id\":\"\xff\"}", IssueClass::Utf8, ""),
        (br#"{"resourceType":"Patient","id":"\ud800"}"#, IssueClass::Text, ""),
        (br#"{"resourceType":"Patient","id":"1","id":"2"}"#, IssueClass::DuplicateMember, ""),
        (br#"{"id":"2"}"#, IssueClass::ResourceType, ""),
        (
            br#"{"resourceType":"Patient","name":[{"given":[1]}]}"#,
            IssueClass::WrongType,
            "name[0].given[0]",
        ),
        (
            br#"{"resourceType":"Patient","name":[{"secret":[{"a":1,"a":2}]}]}"#,
            IssueClass::DuplicateMember,
            "name[0]",
        ),
        (
            br#"{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2018"}"#,
            IssueClass::TwoValues,
            "deceasedDateTime",
        ),
    ] {
        let outcome = OperationOutcome::from(&from_slice(text).unwrap_err());
        let issue = &outcome.issue[0];
        assert_eq!(issue.class(), Some(class));
        let found = issue.location.first().and_then(|path| path.as_deref()).unwrap_or_default();
        assert!(
            found == location || class == IssueClass::Text && found == "id",
            "{class}: {found}"
        );
        assert!(outcome.has_errors() && outcome.findings().is_empty(), "{class}");
    }
    let deep =
        format!("{{\"resourceType\":\"Patient\",\"x\":{}{}}}", "[".repeat(80), "]".repeat(80));
    let error = from_slice(deep.as_bytes()).unwrap_err();
    assert_eq!(Finding::from(&error).class(), IssueClass::Depth);
}

#[test]
fn the_number_of_issues_is_bounded() {
    let hostile =
        format!(r#"{{"name":[{}],"resourceType":"Patient"}}"#, vec!["{}"; 5000].join(","));
    let found = from_slice(hostile.as_bytes()).unwrap().findings();
    assert_eq!(found.len(), MAX_FINDINGS + 1);
    assert_eq!(found[MAX_FINDINGS].class(), IssueClass::More);
    // Exactly as many as fit.
    let full =
        format!(r#"{{"name":[{}],"resourceType":"Patient"}}"#, vec!["{}"; MAX_FINDINGS].join(","));
    assert_eq!(from_slice(full.as_bytes()).unwrap().findings().len(), MAX_FINDINGS);
}

#[test]
fn many_warnings_hide_no_error() {
    let names = vec![r#"{"nickname":1}"#; 2 * MAX_FINDINGS].join(",");
    let hostile = format!(r#"{{"name":[{names}],"photo":[{{}}],"resourceType":"Patient"}}"#);
    let found = from_slice(hostile.as_bytes()).unwrap().findings();
    assert_eq!(found.len(), MAX_FINDINGS + 1);
    let last = [found[MAX_FINDINGS - 1].class(), found[MAX_FINDINGS].class()];
    assert_eq!(last, [IssueClass::Empty, IssueClass::More]);
}

#[test]
fn records_built_in_memory_may_nest_deeper_than_text() {
    use crate::stu3::datatypes::Extension;
    let mut nested = Extension { url: Some("http://a".into()), ..Extension::default() };
    for _ in 0..1000 {
        nested = Extension {
            url: Some("http://a".into()),
            extension: thin_vec::thin_vec![nested],
            ..Extension::default()
        };
    }
    let patient = Patient { extension: thin_vec::thin_vec![nested], ..Patient::default() };
    let found = patient.findings();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].class(), IssueClass::Depth);
}

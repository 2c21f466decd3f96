//! What is new in a record, and what of it is told.

use super::*;
use json_walk::{Index, Limits};

fn found(api: Api, resource: &'static str, line: &str) -> Vec<(String, Option<String>)> {
    let mut index = Index::new();
    let walker = index.read(line.as_bytes(), Limits::default()).unwrap().walker();
    let found = Looker::new(api).look(walker, resource);
    found.into_iter().map(|new| (new.parent, new.name)).collect()
}

const EOB: &str = "ExplanationOfBenefit";

#[test]
fn members_are_told_by_fhirs_names_alone() {
    let line = r#"{"item":[{"supportingInfo":1,"zzz":{"url":"x"},"_sequence":{"extension":[{"zz":1}]},
        "_it\u0065m":2}],"id":"1","supp\u006frtingInfo":[],"it\u0065m2":[]}"#;
    let own = |parent: &str, name: Option<&str>| (parent.to_owned(), name.map(str::to_owned));
    assert_eq!(
        found(Api::V1, EOB, line),
        [
            own(EOB, None),
            own(EOB, Some("supportingInfo")),
            own("ExplanationOfBenefit.item", None),
            own("ExplanationOfBenefit.item", Some("_item")),
            own("ExplanationOfBenefit.item", Some("supportingInfo")),
            own("ExplanationOfBenefit.item.sequence.extension", None),
        ]
    );
    assert_eq!(found(Api::V3, EOB, r#"{"supportingInfo":[{"sequence":1}]}"#), []);
}

#[test]
fn contained_resources_are_looked_through_too() {
    let line = r#"{"contained":[{"id":"1","zzz":1,"resourceType":"ReferralRequest"},
        {"zzz":1,"resourceType":"Device"},{"zzz":1},[{"zzz":1}],7]}"#;
    let parent = "ExplanationOfBenefit.contained".to_owned();
    assert_eq!(found(Api::V1, EOB, line), [(parent, None)]);
}

#[test]
fn urls_are_told_that_hold_nothing_but_names() {
    let base = "https://bluebutton.cms.gov/resources/variables";
    for (url, is_shown) in [
        (format!("{base}/clm_new_cd"), true),
        (format!("{base}/new01/2031-12"), true),
        ("http://terminology.hl7.org/CodeSystem/v2-9999".to_owned(), true),
        ("http:\\/\\/hl7.org/fhir/new".to_owned(), true),
        (format!("{base}/clm_new_cd?id=1"), false),
        (format!("{base}/clm_new_cd#a"), false),
        (format!("{base}/12345"), false),
        (format!("{base}/123-45-6789A"), false),
        (format!("{base}/1S00E00AA00"), false),
        (format!("{base}/x1s00-e00-aa00y"), false),
        (format!("{base}/J\u{f6}rg"), false),
        (format!("{base}/a b"), false),
        (format!("{base}/{}", "x".repeat(65)), false),
        (format!("{base}{}", "/x".repeat(20)), false),
        ("https://example.org/fhir/new".to_owned(), false),
        ("https://bluebutton.cms.gov.example.org/x".to_owned(), false),
        ("https://me@bluebutton.cms.gov/x".to_owned(), false),
        ("ftp://bluebutton.cms.gov/x".to_owned(), false),
        ("urn:oid:1.2.3".to_owned(), false),
        ("1S00E00AA00".to_owned(), false),
    ] {
        for (parent, line) in [
            ("extension", format!(r#"{{"extension":[{{"url":"{url}","valueCode":"x"}}]}}"#)),
            ("identifier", format!(r#"{{"identifier":[{{"value":"1","system":"{url}"}}]}}"#)),
            ("type.coding", format!(r#"{{"type":{{"coding":[{{"system":"{url}"}}]}}}}"#)),
        ] {
            let name = is_shown.then(|| url.replace('\\', ""));
            assert_eq!(found(Api::V1, EOB, &line), [(format!("{EOB}.{parent}"), name)], "{url}");
        }
    }
}

#[test]
fn codes_are_told_by_their_systems() {
    let line = |system: &str, code: &str| {
        format!(r#"{{"type":{{"coding":[{{"code":"{code}","system":"{system}"}}]}}}}"#)
    };
    let place = "ExplanationOfBenefit.type.coding.code".to_owned();
    let system = "https://bluebutton.cms.gov/fhir/CodeSystem/Final-Action";
    assert_eq!(found(Api::V3, EOB, &line(system, "FinalAction")), []);
    let name = Some(system.to_owned());
    assert_eq!(found(Api::V3, EOB, &line(system, "1S00E00AA00")), [(place.clone(), name)]);
    let system = "https://bluebutton.cms.gov/resources/variables/clm_id";
    let code = "https://bluebutton.cms.gov/resources/variables/new";
    let name = Some(code.to_owned());
    assert_eq!(found(Api::V1, EOB, &line(system, code)), [(place, name)]);
    assert_eq!(found(Api::V1, EOB, &line(system, "anything")), []);
}

#[test]
fn a_record_of_new_names_alone_is_cut() {
    let url = |n: usize| format!(r#"{{"url":"http://hl7.org/fhir/x{n}y"}}"#);
    let all: Vec<String> = (0..3000).map(url).collect();
    let found = found(Api::V1, EOB, &format!(r#"{{"extension":[{}]}}"#, all.join(",")));
    assert_eq!(found.len(), MOST_OF_A_RECORD + 1);
    assert_eq!(found[0], (EOB.to_owned(), None));
}

#[test]
fn synthetic_records_have_nothing_new() {
    for api in Api::ALL {
        for claim_type in synth::ClaimType::ALL {
            for seed in 0..20 {
                let claim = synth::eob_of(api, seed, claim_type);
                assert_eq!(found(api, EOB, &claim), [], "{api} {claim_type:?}");
            }
        }
        for seed in 0..20 {
            assert_eq!(found(api, "Patient", &synth::patient_of(api, seed)), [], "{api}");
            let coverage = synth::coverage_of(api, seed, synth::Part::D);
            assert_eq!(found(api, "Coverage", &coverage), [], "{api}");
        }
    }
}

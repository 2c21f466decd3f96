//! Reading never panics, agrees with the JSON walk on what is a text, and writing inverts it.

use fhir_model::{IntoOwned, Object, Resource, from_slice, from_slice_as};
use json_walk::{Duplicates, Limits, check};
use proptest::prelude::*;

/// A made-up claim with a bit of everything.
const CLAIM: &str = r#"{"_status":{"id":"s"},"billablePeriod":{"end":"2018-02-28","start":"2018-02-01"},"contained":[{"id":"1","requester":{"agent":{"identifier":{"system":"http://hl7.org/fhir/sid/us-npi","value":"1000000000"}}},"resourceType":"ReferralRequest"},{"id":"2","kind":"x","resourceType":"Basic"}],"extension":[{"url":"https://bluebutton.cms.gov/resources/variables/prpayamt","valueMoney":{"code":"USD","value":0.10}}],"item":[{"adjudication":[{"amount":{"value":37.50}}],"careTeamLinkId":[2,3],"sequence":1,"servicedPeriod":{"start":"2018-02-01"}}],"new":{"a":[null,true,1e-3,"\u00e9\n"]},"patient":{"reference":"Patient/-9"},"resourceType":"ExplanationOfBenefit","status":"active","type":{"coding":[{"code":"CARRIER"}]}}"#;

/// Small pieces of JSON that mutations put in.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("\"".to_owned()),
        Just(",".to_owned()),
        Just("\"id\":\"x\",".to_owned()),
        Just("\"resourceType\":\"Patient\",".to_owned()),
        Just("\\ud800".to_owned()),
        "[-0-9.eE]{1,6}",
        "[\\PC]{1,3}",
    ]
}

fn json(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        "-?(0|[1-9][0-9]{0,5})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?",
        "[a-z0-9 é]{0,8}".prop_map(|text| format!("{text:?}")),
    ];
    leaf.prop_recursive(depth, 64, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5)
                .prop_map(|list| format!("[{}]", list.join(","))),
            prop::collection::btree_map("[a-z]{1,6}", inner, 0..5)
                .prop_map(|members| object(&members)),
        ]
    })
    .boxed()
}

fn object(members: &std::collections::BTreeMap<String, String>) -> String {
    let members: Vec<String> =
        members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn the_claim_itself_comes_back() {
    let claim = from_slice(CLAIM.as_bytes()).unwrap();
    let written = claim.to_json();
    assert_eq!(written.len(), CLAIM.replace("\\u00e9", "é").len());
    assert_eq!(from_slice(written.as_bytes()).unwrap(), claim);
}

#[test]
fn text_is_borrowed_unless_it_has_escapes() {
    let Resource::ExplanationOfBenefit(claim) = from_slice(CLAIM.as_bytes()).unwrap() else {
        panic!("another type")
    };
    assert!(claim.extension[0].url.as_ref().unwrap().is_borrowed());
    let text = r#"{"id":"a\u002fb","resourceType":"Patient"}"#;
    let Resource::Patient(patient) = from_slice(text.as_bytes()).unwrap() else { panic!() };
    assert_eq!(patient.id.as_deref(), Some("a/b"));
    assert!(!patient.id.as_ref().unwrap().is_borrowed());
}

proptest! {
    #[test]
    fn damaged_claims_are_read_or_refused(at in 0..CLAIM.len(), cut in 0_usize..12, put in piece()) {
        let mut bytes = CLAIM.as_bytes().to_vec();
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, put.bytes());
        let strict = check(&bytes, Limits::default(), Duplicates::Refuse);
        match from_slice(&bytes) {
            Ok(resource) => {
                prop_assert!(strict.is_ok());
                let written = resource.to_json();
                let again = from_slice(written.as_bytes()).unwrap();
                prop_assert_eq!(&again, &resource);
                prop_assert_eq!(&again.to_json(), &written);
            }
            Err(fault) => {
                prop_assert!(fault.offset() <= bytes.len());
                if let Err(first) = strict
                    && first.kind() != json_walk::ErrorKind::DuplicateMember
                {
                    // Faults of the model may come earlier in the text, never later. Only a member that comes
                    // twice in a contained resource is seen after the rest of that resource's text.
                    prop_assert!(!fault.is_syntax() || fault.offset() <= first.offset());
                }
            }
        }
    }

    #[test]
    fn objects_come_back_byte_for_byte(members in prop::collection::btree_map("[a-zA-Z]{1,9}", json(4), 0..6)) {
        let text = object(&members);
        let tree: Object = from_slice_as(text.as_bytes()).unwrap();
        prop_assert_eq!(serde_json::to_string(&fhir_model::Value::Object(tree.clone()).node()).unwrap(), &text[..]);
        prop_assert_eq!(tree.clone().into_owned(), tree);
    }

    #[test]
    fn members_of_any_shape_are_read_or_refused(name in "(name|birthDate|_birthDate|extension|active|contained|identifier|z)", value in json(3)) {
        let text = format!(r#"{{"{name}":{value},"resourceType":"Patient"}}"#);
        if let Ok(resource) = from_slice(text.as_bytes()) {
            prop_assert_eq!(resource.to_json().len(), text.len());
        }
    }
}

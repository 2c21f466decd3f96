//! What the front door refuses, and how it says so.

use fhir_model::stu3::Patient;
use fhir_model::stu3::codes::{IssueSeverity, IssueType};
use fhir_model::stu3::datatypes::Quantity;
use fhir_model::{Error, ErrorKind, Node, Resource, Siblings, from_slice, from_slice_as};

fn fault(text: &str) -> Error {
    from_slice(text.as_bytes()).expect_err(text)
}

#[test]
fn refuses_what_is_no_strict_json() {
    for text in [
        "",
        " ",
        "null",
        "[]",
        "{",
        r#"{"resourceType":"Patient"} {}"#,
        r#"{"resourceType":"Patient",}"#,
        r#"{"resourceType":"Patient","id":"\ud800"}"#,
        r#"{"resourceType":"Patient","id":"\u0000"}"#,
        "{\"resourceType\":\"Patient\",\"id\":\"a\nb\"}",
        r#"{"resourceType":"Patient","id":"a\x"}"#,
        r#"{"resourceType":"Patient","multipleBirthInteger":01}"#,
        r#"{"resourceType":"Patient","multipleBirthInteger":NaN}"#,
        r#"{"resourceType":"Patient","unknown":{"a":[1,2,]}}"#,
    ] {
        fault(text);
    }
    let bad_utf8 = [&b"{\"resourceType\":\"Patient\",\"id\":\""[..], &[0xff], b"\"}"].concat();
    assert!(from_slice(&bad_utf8).is_err());
}

#[test]
fn refuses_duplicates_in_every_object() {
    for text in [
        r#"{"resourceType":"Patient","id":"1","id":"1"}"#,
        r#"{"resourceType":"Patient","resourceType":"Patient"}"#,
        r#"{"resourceType":"Patient","id":"1","i\u0064":"2"}"#,
        r#"{"resourceType":"Patient","id":null,"id":null}"#,
        r#"{"resourceType":"Patient","_id":{},"_id":{}}"#,
        r#"{"resourceType":"Patient","name":[{"family":"a","family":"b"}]}"#,
        r#"{"resourceType":"Patient","new":1,"new":2}"#,
        r#"{"resourceType":"Patient","new":{"a":[{"b":1,"b":2}]}}"#,
        r#"{"resourceType":"Patient","contained":[{"resourceType":"Basic","a":1,"a":2}]}"#,
        r#"{"resourceType":"Basic","a":{"b":1,"b":2}}"#,
    ] {
        assert_eq!(fault(text).kind(), ErrorKind::DuplicateMember, "{text}");
    }
}

/// The payee has an element `resourceType` of its own, which was once taken for the type of a resource.
#[test]
fn a_payee_needs_no_resource_type() {
    let text = r#"{"payee":{"type":{"text":"provider"}},"resourceType":"ExplanationOfBenefit"}"#;
    assert_eq!(from_slice(text.as_bytes()).unwrap().to_json(), text);
}

#[test]
fn every_way_in_asks_for_the_type_of_a_record() {
    let text = r#"{"contained":[{"id":"9"}],"id":"1"}"#;
    assert_eq!(fault(text).kind(), ErrorKind::NoResourceType);
    let named = from_slice_as::<Resource<'_>>(text.as_bytes()).unwrap_err();
    assert_eq!(named.kind(), ErrorKind::NoResourceType);
    assert!(serde_json::from_str::<Resource<'_>>(text).is_err());
}

/// Reading guesses the type from the end of the text; what stands there may be another's.
#[test]
fn the_type_is_that_of_the_record_wherever_others_stand() {
    for text in [
        r#"{"resourceType":"Patient","contained":[{"resourceType":"Coverage"}]}"#,
        r#"{"resourceType":"Patient","z":{"resourceType":"Coverage"}}"#,
        r#"{"resourceType":"Patient","z":"\"resourceType\":\"Coverage\""}"#,
        r#"{ "resourceType" : "Patient" , "z" : { "resourceType" : 7 } }"#,
        r#"{"\u0072esourceType":"Patient"}"#,
        r#"{"resourceType":"\u0050atient","z":{"resourceType":"Coverage"}}"#,
    ] {
        assert_eq!(from_slice(text.as_bytes()).unwrap().resource_type(), "Patient", "{text}");
    }
    for text in [
        r#"{"resourceType":"Basic","z":{"resourceType":"Patient"}}"#,
        r#"{"contained":[{"resourceType":"Patient"}],"resourceType":"Basic"}"#,
    ] {
        assert!(matches!(from_slice(text.as_bytes()), Ok(Resource::Other(_))), "{text}");
    }
    let text = r#"{"contained":[{"resourceType":"Patient"}]}"#;
    assert_eq!(fault(text).kind(), ErrorKind::NoResourceType);
}

#[test]
fn refuses_two_values_of_one_choice() {
    let text = r#"{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2018"}"#;
    assert_eq!(fault(text).kind(), ErrorKind::TwoValues);
    assert_eq!(fault(text).path(), "deceasedDateTime");
}

#[test]
fn stops_at_depth_64() {
    let nested = |depth: usize| {
        format!(
            r#"{{"resourceType":"Patient","x":{}{}}}"#,
            "[".repeat(depth - 1),
            "]".repeat(depth - 1)
        )
    };
    assert!(from_slice(nested(64).as_bytes()).is_ok());
    assert_eq!(fault(&nested(65)).kind(), ErrorKind::TooDeep);
    assert_eq!(fault(&nested(1_000_000)).kind(), ErrorKind::TooDeep);
    // Depth goes on counting inside contained resources.
    let contained = |depth: usize| {
        let inner = nested(depth);
        format!(r#"{{"resourceType":"Patient","contained":[{inner}]}}"#)
    };
    assert!(from_slice(contained(62).as_bytes()).is_ok());
    assert_eq!(fault(&contained(63)).kind(), ErrorKind::TooDeep);
    let extensions = format!(
        r#"{{"resourceType":"Patient",{}"id":"x"{}}}"#,
        r#""extension":[{"url":"u","#.repeat(40),
        "}]".repeat(40)
    );
    // The inner objects need no url of their own: what is tested is the depth.
    assert_eq!(fault(&extensions).kind(), ErrorKind::TooDeep);
}

#[test]
fn many_unknown_members_take_linear_time() {
    let members: Vec<String> = (0..200_000).map(|n| format!(r#""m{n}":{n}"#)).collect();
    let text = format!(r#"{{"resourceType":"Patient",{}}}"#, members.join(","));
    let Resource::Patient(patient) = from_slice(text.as_bytes()).unwrap() else { panic!() };
    assert_eq!(patient.extra.unknown().len(), 200_000);
}

#[test]
fn says_what_was_expected_and_where() {
    let cases = [
        (r#"{"resourceType":"Patient","name":{}}"#, "name", "expected a list, found an object"),
        (
            r#"{"resourceType":"Patient","name":["x"]}"#,
            "name[0]",
            "expected an object, found a string",
        ),
        (
            r#"{"resourceType":"Patient","name":[null]}"#,
            "name[0]",
            "expected an object, found null",
        ),
        (
            r#"{"resourceType":"Patient","active":"true"}"#,
            "active",
            "expected a boolean, found a string",
        ),
        (
            r#"{"resourceType":"Patient","x":{"a":1,"a":2}}"#,
            "(unknown)",
            "the same member twice in one object",
        ),
        (
            r#"{"resourceType":"ExplanationOfBenefit","item":[{"adjudication":[{},{"amount":{"value":"7"}}]}]}"#,
            "item[0].adjudication[1].amount.value",
            "expected a number, found a string",
        ),
        (
            r#"{"contained":[{"resourceType":"Observation","code":[]}],"resourceType":"ExplanationOfBenefit"}"#,
            "contained[0].code",
            "expected an object, found a list",
        ),
        (r#"{"resourceType":7}"#, "resourceType", "expected a string, found a number"),
    ];
    for (text, path, message) in cases {
        let fault = fault(text);
        assert_eq!(fault.path(), path, "{text}");
        assert_eq!(fault.kind().to_string(), message, "{text}");
    }
    let text = r#"{"contained":[ {"resourceType":"Observation","code":[]}],"resourceType":"ExplanationOfBenefit"}"#;
    assert_eq!(&text[fault(text).offset()..][..2], "[]");
    assert_eq!(fault(r#"{"id":"x"}"#).kind(), ErrorKind::NoResourceType);
    assert_eq!(
        from_slice_as::<Patient>(br#"{"resourceType":"Coverage"}"#).unwrap_err().kind(),
        ErrorKind::WrongResourceType { expected: "Patient" }
    );
    assert_eq!(
        from_slice_as::<Patient>(br#"{"id":"x"}"#).unwrap_err().kind(),
        ErrorKind::NoResourceType
    );
}

#[test]
fn messages_hold_nothing_of_the_input() {
    const SECRET: &str = "1S00EU7FT65";
    for text in [
        format!(r#"{{"resourceType":"Patient","{SECRET}":{{"a":1,"a":2}}}}"#),
        format!(r#"{{"resourceType":"Patient","active":"{SECRET}"}}"#),
        format!(r#"{{"resourceType":"Patient","{SECRET}":1,"{SECRET}":1}}"#),
        format!(r#"{{"resourceType":"Patient","id":"{SECRET}"#),
        format!(r#"{{"resourceType":"Patient","id":{SECRET}}}"#),
        format!(r#"{{"resourceType":["{SECRET}"]}}"#),
    ] {
        let fault = fault(&text);
        assert!(!format!("{fault} {fault:?}").contains("1S00"), "{text}");
        if let Err(fault) = serde_json::from_str::<Patient>(&text)
            && fault.is_data()
        {
            assert!(!fault.to_string().contains("1S00"), "{text}");
        }
    }
}

#[test]
fn keeps_what_it_does_not_know() {
    for text in [
        // Number texts.
        r#"{"code":"USD","value":120.00}"#,
        r#"{"value":0.10}"#,
        r#"{"value":1E-17}"#,
        r#"{"value":-0.0}"#,
        r#"{"value":123456789012345678901234567890.123456789}"#,
        // Nulls and empty lists where a value should be.
        r#"{"code":null}"#,
        r#"{"extension":[]}"#,
        // Siblings, and members of a later version.
        r#"{"code":"USD","_code":{"extension":[{"url":"u","valueString":"v"}],"id":"c"},"z":1,"a":[{"y":1.50,"x":[]}]}"#,
        r#"{"value":1,"_id":null}"#,
        r#"{"_comparator":{"extension":[]},"z":"\u0001\"\\"}"#,
    ] {
        let quantity: Quantity = from_slice_as(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&quantity).unwrap(), text);
    }
}

#[test]
fn keeps_null_slots_of_lists_and_their_siblings() {
    let text = r#"{"name":[{"given":["Ann",null,"C"],"_given":[null,{"id":"b"},null]}],"resourceType":"Patient"}"#;
    let Resource::Patient(patient) = from_slice(text.as_bytes()).unwrap() else { panic!() };
    let name = &patient.name[0];
    assert_eq!(name.given.len(), 3);
    assert!(name.given[1].is_none());
    let Some(Siblings::Many(siblings)) = name.extra.siblings("given") else { panic!() };
    assert_eq!(siblings[1].as_ref().unwrap().id.as_deref(), Some("b"));
    assert_eq!(Resource::Patient(patient).to_json(), text);
}

#[test]
fn lists_have_room_for_what_they_hold() {
    for count in [1, 2, 3, 64, 65, 66, 1_000] {
        let contacts = vec![r#"{"id":"c"}"#; count].join(",");
        let text = format!(r#"{{"contact":[{contacts}],"resourceType":"Patient"}}"#);
        let Resource::Patient(patient) = from_slice(text.as_bytes()).unwrap() else { panic!() };
        assert_eq!(patient.contact.len(), count);
        let room = if count <= 64 { count } else { 2 * count };
        assert!(patient.contact.capacity() <= room, "{count}: {}", patient.contact.capacity());
    }
}

#[test]
fn keeps_codes_and_resources_that_it_does_not_model() {
    let text = r#"{"contained":[{"resourceType":"Basic","z":1.0,"a":null},{"id":"9"}],"gender":"robot","resourceType":"Patient"}"#;
    let resource = from_slice(text.as_bytes()).unwrap();
    assert_eq!(resource.to_json(), text);
    let contained = resource.node().child("contained").unwrap();
    let basic = contained.get(0).unwrap();
    assert_eq!(basic.child("resourceType").and_then(Node::as_text), Some("Basic"));
    assert_eq!(basic.child("z").and_then(Node::as_number).unwrap().as_str(), "1.0");
    let Resource::Patient(patient) = resource else { panic!() };
    assert!(!patient.gender.unwrap().is_listed());
}

#[test]
fn choices_are_read_by_their_own_name_only() {
    let text = r#"{"extension":[{"url":"u","valueCoding":{"code":"1"}}],"resourceType":"Patient"}"#;
    let resource = from_slice(text.as_bytes()).unwrap();
    let extension = resource.node().child("extension").unwrap().get(0).unwrap();
    assert_eq!(extension.child("valueCoding").unwrap().to_json(), r#"{"code":"1"}"#);
    assert!(extension.child("valueString").is_none());
    assert!(extension.child("value").is_none());
}

#[test]
fn export_error_files_are_read() {
    let text = r#"{"issue":[{"code":"exception","details":{"text":"no data"},"severity":"error"}],"resourceType":"OperationOutcome"}"#;
    let Resource::OperationOutcome(outcome) = from_slice(text.as_bytes()).unwrap() else {
        panic!("another type")
    };
    assert_eq!(outcome.issue[0].severity, Some(IssueSeverity::Error));
    assert_eq!(outcome.issue[0].code, Some(IssueType::Exception));
    assert_eq!(Resource::OperationOutcome(outcome).to_json(), text);
}

#[test]
fn models_cross_threads() {
    fn is_portable<T: Send + Sync + 'static>() {}
    is_portable::<Resource<'static>>();
    is_portable::<Error>();
}

/// The same reader reads R4: what it refuses, and what only the release decides.
#[test]
fn r4_is_read_as_strictly() {
    use fhir_model::r4;
    let fault = |text: &str| r4::from_slice(text.as_bytes()).expect_err(text);
    for text in [
        r#"{"resourceType":"Patient","id":"1","id":"1"}"#,
        r#"{"resourceType":"Patient","contained":[{"resourceType":"Basic","a":1,"a":2}]}"#,
        r#"{"resourceType":"ExplanationOfBenefit","new":{"a":[{"b":1,"b":2}]}}"#,
    ] {
        assert_eq!(fault(text).kind(), ErrorKind::DuplicateMember, "{text}");
    }
    for (text, path) in [
        (r#"{"resourceType":"ExplanationOfBenefit","insurance":{}}"#, "insurance"),
        (r#"{"resourceType":"ExplanationOfBenefit","outcome":{"coding":[]}}"#, "outcome"),
        (
            r#"{"resourceType":"ExplanationOfBenefit","item":[{"adjudication":[{"amount":{"value":"7"}}]}]}"#,
            "item[0].adjudication[0].amount.value",
        ),
        (
            r#"{"contained":[{"resourceType":"Organization","name":[]}],"resourceType":"Coverage"}"#,
            "contained[0].name",
        ),
        (
            r#"{"resourceType":"ExplanationOfBenefit","supportingInfo":[{"valueString":"a","valueBoolean":true}]}"#,
            "supportingInfo[0].valueBoolean",
        ),
        // Broken text: the place is found by the tables of R4.
        (
            r#"{"resourceType":"ExplanationOfBenefit","supportingInfo":[{"sequence":01}]}"#,
            "supportingInfo[0].sequence",
        ),
    ] {
        assert_eq!(fault(text).path(), path, "{text}");
    }
    // What STU3 has and R4 has not is kept as it is.
    let text =
        r#"{"hospitalization":{"start":"2018-01-01"},"resourceType":"ExplanationOfBenefit"}"#;
    let r4::Resource::ExplanationOfBenefit(claim) = r4::from_slice(text.as_bytes()).unwrap() else {
        panic!("another type")
    };
    assert_eq!(claim.extra.unknown().len(), 1);
    let text = r#"{"name":[{"given":["Ann",null],"_given":[null,{"id":"b"}]}],"resourceType":"Practitioner"}"#;
    let r4::Resource::Practitioner(person) = r4::from_slice(text.as_bytes()).unwrap() else {
        panic!("another type")
    };
    let Some(r4::Siblings::Many(siblings)) = person.name[0].extra.siblings("given") else {
        panic!()
    };
    assert_eq!(siblings[1].as_ref().unwrap().id.as_deref(), Some("b"));
    assert_eq!(r4::Resource::from(*person).to_json().len(), text.len());
    let owned = r4::from_reader(text.as_bytes()).unwrap();
    assert_eq!(owned.resource_type(), "Practitioner");
}

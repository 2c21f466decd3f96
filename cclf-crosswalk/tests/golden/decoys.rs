//! Golden records with a decoy before every entry that is matched by system, url, role or category: whoever
//! takes the first entry instead takes the decoy.

use serde_json::{Value, json};

const OTHER: &str = "https://example.invalid/decoy";

/// Codings of which the one with a certain system counts: all of those that the crosswalk reads but categories, whose
/// codes are whole URIs.
const MATCHED_BY_SYSTEM: [&str; 19] = [
    "/type",
    "/item/category",
    "/item/service",
    "/item/revenue",
    "/item/locationCodeableConcept",
    "/careTeam/qualification",
    "/diagnosis/packageCode",
    "/diagnosis/diagnosisCodeableConcept",
    "/diagnosis/type",
    "/procedure/procedureCodeableConcept",
    "/information/code",
    "/item/modifier",
    "/item/adjudication/reason",
    "/facility/identifier/type",
    "/careTeam/role",
    // As R4 calls them. What supportingInfo says is told by its category: the systems of the codes are not sure.
    "/item/productOrService",
    "/item/detail/productOrService",
    "/related/relationship",
    "/identifier/type",
];

/// The record with its decoys.
pub(crate) fn with_decoys(line: &str) -> String {
    let mut record: Value = serde_json::from_str(line).expect("JSON");
    plant(&mut record, "");
    record.to_string()
}

fn plant(value: &mut Value, path: &str) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let inner = format!("{path}/{name}");
                plant(member, &inner);
                if let (Value::Array(entries), Some(decoy)) = (member, decoy(path, name)) {
                    entries.insert(0, decoy);
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| plant(entry, path)),
        _ => {}
    }
}

/// What goes before the entries of a list.
fn decoy(path: &str, name: &str) -> Option<Value> {
    let coding = || json!({"coding": [{"system": OTHER, "code": "DECOY"}]});
    let category = || json!({"coding": [{"system": OTHER, "code": OTHER}]});
    let npi = || json!({"system": "http://hl7.org/fhir/sid/us-npi", "value": "DECOY"});
    match name {
        "extension" => Some(json!({
            "url": OTHER,
            "valueCoding": {"system": OTHER, "code": "DECOY"},
            "valueDate": "1999",
            "valueIdentifier": {"system": OTHER, "value": "DECOY"},
            "valueMoney": {"value": -1},
            "valueQuantity": {"value": -1},
        })),
        "identifier" => Some(json!({"system": OTHER, "value": "DECOY"})),
        "coding" if MATCHED_BY_SYSTEM.contains(&path) => {
            Some(json!({"system": OTHER, "code": "DECOY"}))
        }
        "information" => Some(json!({
            "sequence": 99,
            "category": category(),
            "code": coding(),
            "timingDate": "1999-12-31",
        })),
        "supportingInfo" => Some(json!({
            "sequence": 99,
            "category": coding(),
            "code": coding(),
            "timingDate": "1999-12-31",
            "valueString": "DECOY",
        })),
        "adjudication" => Some(json!({
            "category": category(),
            "amount": {"value": -1},
            "reason": coding(),
        })),
        "careTeam" => Some(json!({
            "sequence": 1,
            "role": coding(),
            "provider": {"identifier": npi()},
        })),
        "contained" => Some(json!({
            "resourceType": "ProcedureRequest",
            "requester": {"agent": {"identifier": npi()}},
        })),
        _ => None,
    }
}

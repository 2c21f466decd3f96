//! Small records in the shape of BCDA v1: only what a test needs, members in alphabetical order as the
//! service writes them.

use serde_json::{Value, json};

/// Where the Blue Button variables are.
pub(crate) const VARIABLE: &str = "https://bluebutton.cms.gov/resources/variables/";
const CODESYSTEM: &str = "https://bluebutton.cms.gov/resources/codesystem/";

fn adjudication(variable: &str, amount: &Value) -> Value {
    json!({
        "amount": {"code": "USD", "system": "urn:iso:std:iso:4217", "value": amount},
        "category": {"coding": [{
            "code": format!("{VARIABLE}{variable}"),
            "display": "Amount",
            "system": format!("{CODESYSTEM}adjudication"),
        }]},
    })
}

/// A claim without items.
pub(crate) fn claim(eob_type: &str, id: &str, patient: &str) -> Value {
    let number = if eob_type == "PDE" { "pde_id" } else { "clm_id" };
    json!({
        "billablePeriod": {"end": "2020-03-05", "start": "2020-03-01"},
        "id": format!("{}-{id}", eob_type.to_lowercase()),
        "identifier": [
            {"system": format!("{VARIABLE}{number}"), "value": id},
            {
                "system": "https://bluebutton.cms.gov/resources/identifier/claim-group",
                "value": format!("7{id}"),
            },
        ],
        "meta": {"lastUpdated": "2021-04-05T06:07:08.009Z"},
        "patient": {"reference": format!("Patient/{patient}")},
        "resourceType": "ExplanationOfBenefit",
        "status": "active",
        "type": {"coding": [
            {"code": eob_type, "system": format!("{CODESYSTEM}eob-type")},
            {"code": "71", "display": "Local", "system": format!("{VARIABLE}nch_clm_type_cd")},
        ]},
    })
}

/// A line of a claim, with an amount of Part B.
pub(crate) fn item(sequence: u32) -> Value {
    json!({
        "adjudication": [
            adjudication("line_nch_pmt_amt", &json!(12.5)),
            adjudication("line_alowd_chrg_amt", &json!(20)),
        ],
        "quantity": {"value": 1},
        "sequence": sequence,
        "service": {"coding": [
            {"code": "99213", "display": "Visit", "system": format!("{CODESYSTEM}hcpcs")},
        ]},
        "servicedPeriod": {"end": "2020-03-04", "start": "2020-03-02"},
    })
}

/// A claim with items.
pub(crate) fn claim_with_items(eob_type: &str, id: &str, patient: &str, items: u32) -> Value {
    let mut claim = claim(eob_type, id, patient);
    claim["item"] = (1..=items).map(item).collect();
    claim
}

/// A claim of Part B with one item: a row of CCLF5.
pub(crate) fn carrier(id: &str, patient: &str) -> Value {
    claim_with_items("CARRIER", id, patient, 1)
}

/// A hospice claim without items, with the days of the stay.
pub(crate) fn hospice(id: &str, patient: &str, start: &str, end: Option<&str>) -> Value {
    let mut claim = claim("HOSPICE", id, patient);
    claim["hospitalization"] = json!({"start": start});
    if let Some(end) = end {
        claim["hospitalization"]["end"] = end.into();
    }
    claim
}

/// An MBI of a Patient; the currency is `current`, `historic` or not told.
pub(crate) fn mbi(value: &str, currency: Option<&str>) -> Value {
    let mut identifier = json!({"system": "http://hl7.org/fhir/sid/us-mbi", "value": value});
    if let Some(currency) = currency {
        let system = format!("{CODESYSTEM}identifier-currency");
        identifier["extension"] =
            json!([{"url": system, "valueCoding": {"code": currency, "system": system}}]);
    }
    identifier
}

/// A Patient with one current MBI.
pub(crate) fn patient(id: &str, current: &str) -> Value {
    json!({
        "address": [{"city": "MOCKVILLE", "postalCode": "123456789", "state": "49"}],
        "birthDate": "1950-06-15",
        "gender": "female",
        "id": id,
        "identifier": [mbi(current, Some("current"))],
        "meta": {"lastUpdated": "2021-01-02T03:04:05.006Z"},
        "name": [{"family": "Mock", "given": ["Ada", "B"]}],
        "resourceType": "Patient",
    })
}

/// A Coverage of a part, `A` to `D`.
pub(crate) fn coverage(patient: &str, part: &str) -> Value {
    json!({
        "beneficiary": {"reference": format!("Patient/{patient}")},
        "extension": [
            {"url": format!("{VARIABLE}ms_cd"), "valueCoding": {"code": "10"}},
            {"url": format!("{VARIABLE}rfrnc_yr"), "valueDate": "2020"},
        ],
        "grouping": {"subGroup": "Medicare", "subPlan": format!("Part {part}")},
        "id": format!("part-{}-{patient}", part.to_lowercase()),
        "meta": {"lastUpdated": "2021-01-02T03:04:05.006Z"},
        "resourceType": "Coverage",
        "status": "active",
    })
}

/// A claim of BCDA v2.
pub(crate) fn v2_claim(id: &str) -> Value {
    let mut claim = r4_claim(id);
    let system = "https://bluebutton.cms.gov/resources/codesystem/eob-type";
    claim["type"] = json!({"coding": [{"code": "CARRIER", "system": system}]});
    claim["identifier"] = json!([{"system": format!("{VARIABLE}clm_id"), "value": id}]);
    claim
}

/// A claim of FHIR R4 that does not show of which version it is.
pub(crate) fn r4_claim(id: &str) -> Value {
    json!({
        "id": id,
        "insurance": [{"coverage": {"reference": "Coverage/part-a-1"}, "focal": true}],
        "insurer": {"identifier": {"value": "CMS"}},
        "meta": {"profile": ["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-EOB"]},
        "outcome": "complete",
        "patient": {"reference": "Patient/1"},
        "resourceType": "ExplanationOfBenefit",
        "status": "active",
        "supportingInfo": [],
        "use": "claim",
    })
}

/// Each record as its line, without the line feed.
pub(crate) fn lines(records: &[Value]) -> Vec<String> {
    records.iter().map(Value::to_string).collect()
}

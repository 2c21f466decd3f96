//! Small records in the shape of BCDA v1, and where a function takes a version in that of it: only what a test needs,
//! members in alphabetical order as the service writes them.

use serde_json::{Value, json};
use synth::Api;

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

const FHIR: &str = "https://bluebutton.cms.gov/fhir/";

/// The same claim of a version.
pub(crate) fn claim_of(api: Api, eob_type: &str, id: &str, patient: &str) -> Value {
    let mut claim = claim(eob_type, id, patient);
    if api == Api::V1 {
        return claim;
    }
    for (member, value) in [
        ("insurance", json!([{"coverage": {"reference": "Coverage/part-b-1"}, "focal": true}])),
        ("created", json!("2020-03-20T00:00:00+00:00")),
        ("outcome", json!("complete")),
        ("provider", json!({"display": "Clinic"})),
        ("use", json!("claim")),
    ] {
        claim[member] = value;
    }
    if api == Api::V3 {
        let system = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBIdentifierType";
        claim["identifier"] =
            json!([{"type": {"coding": [{"code": "uc", "system": system}]}, "value": id}]);
        claim["meta"]["tag"] = json!([
            {"code": "NationalClaimsHistory", "system": format!("{FHIR}CodeSystem/System-Type")},
            {"code": "FinalAction", "system": format!("{FHIR}CodeSystem/Final-Action")},
        ]);
        claim["type"] = json!({"coding": [
            {"code": eob_type, "system": format!("{FHIR}CodeSystem/EOB-TYPE")},
            {"code": "71", "display": "Local", "system": format!("{FHIR}CodeSystem/CLM-TYPE-CD")},
        ]});
    }
    claim
}

/// The same line of a claim of a version.
pub(crate) fn item_of(api: Api, sequence: u32) -> Value {
    let mut item = item(sequence);
    if api == Api::V1 {
        return item;
    }
    let names = if api == Api::V2 {
        ["line_nch_pmt_amt", "line_alowd_chrg_amt"].map(|name| format!("{VARIABLE}{name}"))
    } else {
        ["CLM_LINE_CVRD_PD_AMT", "CLM_LINE_ALOWD_CHRG_AMT"].map(str::to_owned)
    };
    let system = match api {
        Api::V3 => format!("{FHIR}CodeSystem/Adjudication"),
        _ => format!("{CODESYSTEM}adjudication"),
    };
    let amounts = names.iter().zip([json!(12.5), json!(20)]);
    let amount = |(name, value): (&String, Value)| {
        json!({
            "amount": {"currency": "USD", "value": value},
            "category": {"coding": [{"code": name, "system": system}]},
        })
    };
    item["adjudication"] = amounts.map(amount).collect();
    let service = item.as_object_mut().unwrap().remove("service").unwrap();
    item["productOrService"] = service;
    if api == Api::V3 {
        item["productOrService"]["coding"][0]["system"] = "http://www.ama-assn.org/go/cpt".into();
    }
    item
}

/// The same claim with items of a version.
pub(crate) fn claim_with_items_of(
    api: Api,
    eob_type: &str,
    id: &str,
    patient: &str,
    items: u32,
) -> Value {
    let mut claim = claim_of(api, eob_type, id, patient);
    claim["item"] = (1..=items).map(|sequence| item_of(api, sequence)).collect();
    claim
}

/// The same claim of Part B of a version.
pub(crate) fn carrier_of(api: Api, id: &str, patient: &str) -> Value {
    claim_with_items_of(api, "CARRIER", id, patient, 1)
}

/// The same Patient of a version.
pub(crate) fn patient_of(api: Api, id: &str, current: &str) -> Value {
    let mut person = patient(id, current);
    if api == Api::V1 {
        return person;
    }
    let typed = |code: &str| {
        let system = "http://terminology.hl7.org/CodeSystem/v2-0203";
        json!({"coding": [{"code": code, "system": system}]})
    };
    let mbi = |code: &str| {
        let system = "http://hl7.org/fhir/sid/us-mbi";
        json!({"system": system, "type": typed(code), "value": current})
    };
    person["meta"]["profile"] =
        json!(["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Patient"]);
    if api == Api::V2 {
        let system = format!("{CODESYSTEM}identifier-currency");
        let mut mbi = mbi("MC");
        mbi["type"]["coding"][0]["extension"] =
            json!([{"url": system, "valueCoding": {"code": "current", "system": system}}]);
        let bene_id = format!("{VARIABLE}bene_id");
        person["identifier"] =
            json!([{"system": bene_id, "type": typed("MB"), "value": format!("9{id}")}, mbi]);
    } else {
        person["identifier"] = json!([mbi("MB")]);
        person["address"][0]["state"] = "VA".into();
    }
    person
}

/// The same Coverage of a version.
pub(crate) fn coverage_of(api: Api, patient: &str, part: &str) -> Value {
    let mut cover = coverage(patient, part);
    if api == Api::V1 {
        return cover;
    }
    cover.as_object_mut().unwrap().remove("grouping");
    let class = "http://terminology.hl7.org/CodeSystem/coverage-class";
    cover["class"] = json!([{
        "type": {"coding": [{"code": "plan", "system": class}]},
        "value": format!("Part {part}"),
    }]);
    if api == Api::V2 {
        cover["type"] = json!({"coding": [{
            "code": "SUBSIDIZ",
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        }]});
    } else {
        cover["type"] = json!({"coding": [{"code": "1", "system": "https://nahdo.org/sopt"}]});
        let url = format!("{FHIR}StructureDefinition/BENE-MDCR-STUS-CD");
        cover["extension"] = json!([{"url": url, "valueCoding": {"code": "10"}}]);
    }
    cover
}

/// Each record as its line, without the line feed.
pub(crate) fn lines(records: &[Value]) -> Vec<String> {
    records.iter().map(Value::to_string).collect()
}

//! The records of v2 and v3 have the shape of the server's.

use crate::common::export;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use synth::{Api, ClaimType, Options, RecordType};

/// Where values are, and of which systems: `item.quantity.value`, `item.extension.url=V/tax_num`. For each, the claim
/// types and resources that have it.
type Shapes = BTreeMap<String, BTreeSet<String>>;

const SHORT: [(&str, &str); 7] = [
    ("https://bluebutton.cms.gov/resources/variables/", "V/"),
    ("https://bluebutton.cms.gov/resources/codesystem/", "CS/"),
    ("https://bluebutton.cms.gov/fhir/CodeSystem/", "F/"),
    ("https://bluebutton.cms.gov/fhir/StructureDefinition/", "SD/"),
    ("http://hl7.org/fhir/us/carin-bb/CodeSystem/", "C4/"),
    ("http://hl7.org/fhir/us/carin-bb/StructureDefinition/", "C4SD/"),
    ("http://terminology.hl7.org/CodeSystem/", "T/"),
];

/// What a record is: a claim type, a resource, or `prior`.
fn group(record: &Value) -> String {
    let resource = record["resourceType"].as_str().unwrap();
    if resource != "ExplanationOfBenefit" {
        return resource.to_lowercase();
    }
    let codings = record["type"]["coding"].as_array().unwrap();
    let is_type = |coding: &&Value| {
        let system = coding["system"].as_str().unwrap();
        system.ends_with("/eob-type") || system.ends_with("/EOB-TYPE")
    };
    let found = codings.iter().find(is_type).and_then(|coding| coding["code"].as_str());
    found.unwrap_or("prior").to_lowercase()
}

/// A url without what counts: months on record, places of diagnoses.
fn shorten(url: &str) -> String {
    let (base, short) =
        SHORT.iter().find(|(base, _)| url.starts_with(base)).copied().unwrap_or_default();
    let rest = &url[base.len()..];
    if let Some((name, month)) = rest.split_once('/')
        && month.starts_with("20")
    {
        return format!("{short}{name}/MONTH");
    }
    if rest.contains("poa_ind_sw") {
        return format!("{short}{}", rest.trim_end_matches(|c: char| c.is_ascii_digit()));
    }
    format!("{short}{rest}")
}

fn walk(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(value, &path, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| walk(value, path, found)),
        Value::String(text) if text.starts_with("http") => {
            found.insert(path.to_owned());
            found.insert(format!("{path}={}", shorten(text)));
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

fn add(shapes: &mut Shapes, record: &Value) {
    let group = group(record);
    let mut found = BTreeSet::new();
    walk(record, "", &mut found);
    for path in found {
        shapes.entry(path).or_default().insert(group.clone());
    }
}

/// What the generator writes of claims of 150 seeds and of 300 people.
fn ours(api: Api) -> Shapes {
    let mut shapes = Shapes::new();
    for claim_type in ClaimType::ALL {
        for seed in 0..150 {
            let claim = synth::eob_of(api, seed, claim_type);
            add(&mut shapes, &serde_json::from_str(&claim).unwrap());
        }
    }
    let options =
        Options { api, beneficiaries: 300, claims_per_beneficiary: Some(0), ..Options::default() };
    let made = export(&options);
    for record_type in [RecordType::Patient, RecordType::Coverage] {
        for line in made.lines(record_type) {
            add(&mut shapes, &serde_json::from_slice(line).unwrap());
        }
    }
    if api == Api::V3 {
        let options = Options {
            claims_per_beneficiary: Some(4),
            partially_adjudicated_per_million: 1_000_000,
            beneficiaries: 12,
            ..options
        };
        for line in export(&options).lines(RecordType::ExplanationOfBenefit) {
            let record: Value = serde_json::from_slice(line).unwrap();
            if record["use"] == "preauthorization" {
                add(&mut shapes, &record);
            }
        }
    }
    shapes
}

fn text(shapes: &Shapes) -> String {
    let line = |(path, groups): (&String, &BTreeSet<String>)| {
        let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
        format!("{path} | {}\n", groups.join(" "))
    };
    shapes.iter().map(line).collect()
}

fn list(api: Api) -> &'static str {
    match api {
        Api::V3 => include_str!("shapes/v3.txt"),
        _ => include_str!("shapes/v2.txt"),
    }
}

/// When this fails, records have another shape. If that is meant, put what the message says into the list.
#[test]
fn records_have_the_paths_of_the_list() {
    for api in [Api::V2, Api::V3] {
        let made = text(&ours(api));
        let made: BTreeSet<&str> = made.lines().collect();
        let listed: BTreeSet<&str> = list(api).lines().collect();
        let gone: Vec<&&str> = listed.difference(&made).collect();
        let new: Vec<&&str> = made.difference(&listed).collect();
        assert!(gone.is_empty() && new.is_empty(), "{api}: gone {gone:#?}, new {new:#?}");
    }
}

/// What the generator writes though no golden record has it, and why: (path or how it begins, reason).
fn reasons_of_ours(api: Api) -> &'static [(&'static str, &'static str)] {
    match api {
        Api::V3 => &[
            ("diagnosis.diagnosisCodeableConcept.coding.system=", "both versions of ICD"),
            ("item.extension.url=SD/CLM-LINE-CARR-HPSA-SCRCTY-CD", "told by the dictionary"),
            ("item.extension.valueCoding.system=F/CLM-LINE-CARR-HPSA-SCRCTY-CD", "the same"),
            (
                "item.productOrService.coding.system=https://www.cms.gov/Medicare/Medicare-Fee-for",
                "HIPPS",
            ),
            ("procedure.procedureCodeableConcept.coding.system=", "both versions of ICD"),
            ("item.extension.url=SD/CLM-FED-TYPE-SRVC-CD", "from the server's code"),
            ("item.extension.valueCoding.system=F/CLM-FED-TYPE-SRVC-CD", "the same"),
            ("item.extension.url=SD/CLM-PRMRY-PYR-CD", "from the server's code"),
            ("item.extension.valueCoding.system=F/CLM-PRMRY-PYR-CD", "the same"),
            (
                "item.productOrService.coding.system=http://hl7.org/fhir/sid/ndc",
                "a drug that is no compound",
            ),
            ("related.", "from the server's code: no golden claim replaces another"),
            ("supportingInfo.code.coding.system=F/CLM-RLT-COND-CD", "from the server's code"),
            ("deceasedDateTime", "nobody died in golden records"),
            ("extension.extension.valueCoding.system=T/v3-NullFlavor", "a race that is unknown"),
            (
                "extension.url=http://hl7.org/fhir/us/core/StructureDefinition/us-core-ethnicity",
                "told for race 5",
            ),
        ],
        _ => &[
            (
                "diagnosis.diagnosisCodeableConcept.coding.system=http://hl7.org/fhir/sid/unknown",
                "as in v1",
            ),
            (
                "item.productOrService.coding.system=http://hl7.org/fhir/StructureDefinition/data",
                "no code",
            ),
            ("item.adjudication.reason.coding.system=V/rev_cntr_3rd", "a third reason"),
            ("item.adjudication.reason.coding.system=V/rev_cntr_4th", "a fourth reason"),
            ("facility.identifier.type.coding.system=T/", "pharmacies without an NPI"),
            ("item.adjudication.category.coding.code=V/ncvrd_plan_pd_amt", "drugs not covered"),
            ("deceasedBoolean", "the living"),
        ],
    }
}

/// What golden records have though the generator does not write it, and why: (how the line begins, reason).
fn reasons_of_theirs(api: Api) -> &'static [(&'static str, &'static str)] {
    match api {
        Api::V3 => &[
            ("meta.profile=SD/CMS-", "of the maps, not of the server"),
            ("item.extension.valueCoding.system=F/CLM-OTAF-IND-CD", "of the maps"),
            ("item.extension.url=SD/CLM-LINE-RX-NUM", "of the maps"),
            ("item.extension.url=SD/CLM-RNDRG-PRVDR-PRTCPTG-CD", "of the maps"),
            ("item.extension.valueCoding.system=F/CLM-RNDRG-PRVDR-PRTCPTG-CD", "of the maps"),
            ("item.extension.valueString", "of the maps"),
            ("item.revenue", "of the maps: lines of equipment have no revenue centre"),
            ("item.servicedDate", "of the maps, on DME"),
            ("item.productOrService.coding.display", "of the maps"),
            ("procedure.", "of the maps: home health and hospice have no procedures here"),
            ("contained.valueString", "of the maps"),
            ("contained.address", "some providers have a ZIP code"),
            ("contained.code", "on DME by the maps alone"),
            ("supportingInfo.valueReference", "of the maps"),
            ("supportingInfo.valueQuantity", "blood: by the maps on more types"),
            ("supportingInfo.timingPeriod", "an admission of outpatients: by the maps"),
            (
                "supportingInfo.code.coding.system=",
                "codes of stays that the maps and home health have on more types",
            ),
            ("careTeam.qualification", "specialties of institutions' physicians"),
            ("diagnosis.onAdmission", "told of inpatient stays alone, as in v1"),
            ("item.detail", "of the maps: drugs among equipment"),
            ("item.modifier", "modifiers on stays: v1 has none there"),
            ("item.extension", "the status of revenue centres on stays, and of DME by the maps"),
            ("item.informationSequence", "the type has no entries of lines here"),
            ("item.adjudication", "reasons and status of types that the maps have"),
            (
                "contained.identifier.system=http://terminology.hl7.org/NamingSystem/CCN",
                "suppliers, by the maps",
            ),
        ],
        _ => &[],
    }
}

fn golden(api: Api) -> Option<Shapes> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/r4");
    let mut shapes = Shapes::new();
    for entry in std::fs::read_dir(root.join(api.name())).ok()? {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "ndjson") {
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                add(&mut shapes, &serde_json::from_str(line).unwrap());
            }
        }
    }
    Some(shapes)
}

#[test]
#[allow(clippy::print_stdout, reason = "a skipped test says so")]
fn the_list_is_that_of_golden_records() {
    for api in [Api::V2, Api::V3] {
        let Some(golden) = golden(api) else {
            println!("skipped: no ../shared");
            return;
        };
        let listed: Shapes = list(api)
            .lines()
            .map(|line| line.split_once(" | ").unwrap())
            .map(|(path, groups)| (path.to_owned(), groups.split(' ').map(str::to_owned).collect()))
            .collect();
        let explained = |path: &str, reasons: &[(&str, &str)]| {
            reasons.iter().any(|(start, reason)| path.starts_with(start) && !reason.is_empty())
        };
        let unknown: Vec<&String> = listed
            .keys()
            .filter(|path| !golden.contains_key(*path) && !explained(path, reasons_of_ours(api)))
            .collect();
        assert!(unknown.is_empty(), "{api}: in no golden record: {unknown:#?}");
        let mut missing = Vec::new();
        let (mut made, mut all) = (0, 0);
        for (path, groups) in &golden {
            for group in groups {
                all += 1;
                if listed.get(path).is_some_and(|ours| ours.contains(group)) {
                    made += 1;
                } else if !explained(path, reasons_of_theirs(api)) {
                    missing.push(format!("{group}: {path}"));
                }
            }
        }
        assert!(missing.is_empty(), "{api}: {missing:#?}");
        assert!(made * 100 > all * 90, "{api}: {made} of {all}");
    }
}

/// The first value at a path of names; nothing of what a version does not have.
fn at<'a>(record: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(record, |value, name| {
        let value = if value.is_array() { value.get(0)? } else { value };
        value.get(name)
    })
}

#[test]
fn versions_tell_of_the_same_claims() {
    for claim_type in ClaimType::ALL {
        for seed in 0..40 {
            let [v1, v2, v3] = Api::ALL.map(|api| {
                serde_json::from_str::<Value>(&synth::eob_of(api, seed, claim_type)).unwrap()
            });
            for path in ["payment.amount.value", "payment.date", "billablePeriod.start"] {
                assert_eq!(at(&v1, path), at(&v2, path), "{claim_type:?} {path}");
                assert_eq!(at(&v1, path), at(&v3, path), "{claim_type:?} {path}");
            }
            assert_eq!(v1["id"], v2["id"]);
            assert_eq!(v3["id"].as_str().unwrap().len(), 13);
            let lines = |record: &Value| -> Vec<Value> {
                let items = record["item"].as_array().cloned().unwrap_or_default();
                items.iter().map(|item| item["sequence"].clone()).collect()
            };
            assert_eq!(lines(&v1), lines(&v2));
            assert_eq!(lines(&v1), lines(&v3));
            let active = v1["status"] == "active";
            assert_eq!(v2["status"] == "active", active);
            assert_eq!(v3["status"], "active");
            assert_eq!(v3["meta"]["tag"][1]["code"] == "FinalAction", active);
        }
    }
}

#[test]
fn exports_of_the_versions_have_the_same_claims_and_people() {
    let options = Options { beneficiaries: 60, seed: 4, ..Options::default() };
    let [v1, v2, v3] = Api::ALL.map(|api| export(&Options { api, ..options.clone() }));
    for (api, made) in [(Api::V2, &v2), (Api::V3, &v3)] {
        assert_eq!(made.summary.claims, v1.summary.claims, "{api}");
        assert_eq!(made.summary.second_versions, v1.summary.second_versions, "{api}");
        let request = made.manifest()["request"].as_str().unwrap().to_owned();
        assert!(request.contains(&format!("/api/{api}/Group/")), "{request}");
    }
    assert_eq!(v2.summary.records, v1.summary.records);
    // v3 has records of its own: people who were found to be one, and whether Medicaid pays.
    let people = v3.summary.records["Patient"] - v1.summary.records["Patient"];
    assert!((1..6).contains(&people), "{people}");
    let text = String::from_utf8(v3.bytes()).unwrap();
    for mark in [
        r#""type":"replaced-by""#,
        r#""type":"replaces""#,
        r#""id":"dual-"#,
        "Dual Medicare/Medicaid",
        "NotFinalAction",
        "CLM_NGACO_TLHLTH_SW",
        "CLM_RLT_COND_CD",
    ] {
        assert!(text.contains(mark), "{mark}");
    }
    let alone = |line: &&[u8]| line.starts_with(br#"{"id":"dual-"#);
    assert!(v3.lines(RecordType::Coverage).iter().any(alone), "no Coverage of only an id");
    assert!(!text.contains("SharedSystem") && !text.contains("preauthorization"));
}

#[test]
fn claims_in_progress_come_on_request() {
    let options = Options {
        api: Api::V3,
        beneficiaries: 30,
        partially_adjudicated_per_million: 100_000,
        ..Options::default()
    };
    let made = export(&options);
    let (partly, prior) = (made.summary.partially_adjudicated, made.summary.prior_authorizations);
    let claims: u64 = made.summary.claims.values().sum();
    assert!((40..130).contains(&(partly * 1000 / claims)), "{partly} of {claims}");
    assert!(prior > 0 && prior < partly);
    assert_eq!(made.summary.records["ExplanationOfBenefit"], claims + partly + prior);
    let of = |mark: &[u8]| {
        let holds = |line: &&[u8]| line.windows(mark.len()).any(|window| window == mark);
        made.lines(RecordType::ExplanationOfBenefit).into_iter().filter(holds).count() as u64
    };
    assert_eq!(of(br#""code":"SharedSystem""#), partly + prior);
    assert_eq!(of(br#""use":"preauthorization""#), prior);
    let synthetic = &made.manifest()["synthetic"];
    assert_eq!(synthetic["partially_adjudicated"], partly);
    for api in [Api::V1, Api::V2] {
        let refused = synth::generate(&Options { api, ..options.clone() }, |_| Ok(std::io::sink()));
        assert!(refused.is_err(), "{api}");
    }
}

//! The records have the shape of the real ones.

use crate::common::export;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use synth::{Api, ClaimType, Options, Part, RecordType};

/// Checks that every object's names rise strictly, so that none comes twice, and that there is no space outside
/// strings. Gives the place after the value.
fn check(text: &[u8], mut at: usize) -> usize {
    let string = |mut at: usize| {
        at += 1;
        while text[at] != b'"' {
            at += if text[at] == b'\\' { 2 } else { 1 };
        }
        at + 1
    };
    match text[at] {
        b'{' => {
            let mut last: Option<&[u8]> = None;
            while text[at] != b'}' {
                let name = at + 1;
                at = string(name);
                let key = &text[name + 1..at - 1];
                assert!(last.is_none_or(|l| l < key), "{:?}", String::from_utf8_lossy(key));
                last = Some(key);
                assert_eq!(text[at], b':');
                at = check(text, at + 1);
                assert!(matches!(text[at], b',' | b'}'));
            }
            assert!(last.is_some(), "an empty object");
            at + 1
        }
        b'[' => {
            while text[at] != b']' {
                at = check(text, at + 1);
                assert!(matches!(text[at], b',' | b']'));
            }
            at + 1
        }
        b'"' => string(at),
        _ => {
            let start = at;
            while !matches!(text[at], b',' | b'}' | b']') {
                at += 1;
            }
            let literal = std::str::from_utf8(&text[start..at]).unwrap();
            let number = literal.trim_start_matches('-');
            let decimals = number.split_once('.').map_or("1", |(_, d)| d);
            assert!(
                matches!(literal, "true" | "false")
                    || (decimals.len() <= 3 && !decimals.ends_with('0')),
                "{literal}"
            );
            at
        }
    }
}

#[test]
fn records_are_compact_json_in_alphabetical_order() {
    let mut escapes = BTreeSet::new();
    let made = export(&Options { beneficiaries: 40, ..Options::default() });
    let [v2, v3] = [Api::V2, Api::V3]
        .map(|api| export(&Options { beneficiaries: 12, api, ..Options::default() }));
    let all = [&made, &v2, &v3].map(|made| RecordType::ALL.map(|each| (each, made.lines(each))));
    for (record_type, lines) in all.into_iter().flatten() {
        for line in lines {
            assert_eq!(check(line, 0), line.len());
            let record: Value = serde_json::from_slice(line).unwrap();
            assert_eq!(record["resourceType"], record_type.name());
            for (at, _) in line.iter().enumerate().filter(|(_, b)| **b == b'\\') {
                let len = if line[at + 1] == b'u' { 6 } else { 2 };
                escapes.insert(String::from_utf8_lossy(&line[at..at + len]).into_owned());
            }
        }
    }
    for escape in ["\\\"", "\\\\", "\\u003c", "\\u003e", "\\u0026"] {
        assert!(escapes.contains(escape), "{escape}");
    }
    let text = String::from_utf8(made.bytes()).unwrap();
    assert!(text.contains('é') && text.contains("Ł"));
}

/// Every value at `path`, a path of `tests/paths.txt`.
fn values<'a>(from: Vec<&'a Value>, path: &str) -> Vec<&'a Value> {
    let mut at = from;
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(filter) = rest.strip_prefix('[') {
            let (filter, after) = filter.split_once(']').unwrap();
            rest = after;
            if let Ok(place) = filter.parse::<usize>() {
                at = at.into_iter().filter_map(|v| v.get(place)).collect();
                continue;
            }
            let (name, value) = filter.split_once('=').unwrap();
            let value =
                value.trim_matches('\'').replace("V/", VARIABLES).replace("CS/", CODE_SYSTEMS);
            let prefix = name.ends_with('^');
            let is = |found: &Value| match found {
                Value::String(text) if prefix => text.starts_with(&value),
                Value::String(text) => *text == value,
                Value::Number(number) => value.parse() == Ok(number.as_u64().unwrap_or(0)),
                _ => false,
            };
            at = flat(at)
                .filter(|v| values(vec![v], name.trim_end_matches('^')).into_iter().any(is))
                .collect();
        } else {
            let name = rest.trim_start_matches('.');
            let end = name.find(['.', '[']).unwrap_or(name.len());
            at = flat(at).filter_map(|v| v.get(&name[..end])).collect();
            rest = &name[end..];
        }
    }
    at
}

fn flat(values: Vec<&Value>) -> impl Iterator<Item = &Value> {
    values.into_iter().flat_map(|value| match value {
        Value::Array(list) => list.iter().collect(),
        other => vec![other],
    })
}

const VARIABLES: &str = "https://bluebutton.cms.gov/resources/variables/";
const CODE_SYSTEMS: &str = "https://bluebutton.cms.gov/resources/codesystem/";

fn eob_type(record: &Value) -> String {
    let path = "type.coding[system='CS/eob-type'].code";
    values(vec![record], path)[0].as_str().unwrap().to_lowercase()
}

/// The type of a claim without parsing it: `type` is the last member.
fn quick_type(line: &[u8]) -> ClaimType {
    let tail = String::from_utf8_lossy(&line[line.len().saturating_sub(1000)..]);
    let of = |t: &ClaimType| tail.contains(&format!("\"code\":\"{}\"", t.eob_type()));
    ClaimType::ALL.into_iter().find(of).unwrap()
}

#[test]
fn every_path_occurs() {
    let made = export(&Options { beneficiaries: 700, ..Options::default() });
    let mut records: BTreeMap<String, Vec<(&[u8], Value)>> = BTreeMap::new();
    for record_type in RecordType::ALL {
        for line in made.lines(record_type) {
            let group = match record_type {
                RecordType::ExplanationOfBenefit => quick_type(line).eob_type().to_lowercase(),
                other => other.name().to_lowercase(),
            };
            let group = records.entry(group).or_default();
            if group.len() < 700 {
                group.push((line, serde_json::from_slice(line).unwrap()));
            }
        }
    }
    let lines = include_str!("paths.txt").lines().filter(|l| !l.starts_with('#'));
    let mut missing = Vec::new();
    for (types, path) in lines.map(|l| l.split_once(" | ").unwrap()) {
        for group in types.split(' ') {
            let found = records[group].iter().any(|(line, record)| match path.strip_prefix("V/") {
                Some(name) => {
                    let url = format!("{VARIABLES}{name}\"");
                    line.windows(url.len()).any(|w| w == url.as_bytes())
                }
                None => !values(vec![record], path).is_empty(),
            });
            if !found {
                missing.push(format!("{group}: {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// What `of` tells of the claims of an export, at most `each` of every type.
fn claims<T>(
    beneficiaries: u64,
    each: usize,
    of: impl Fn(ClaimType, &Value) -> Option<T>,
) -> Vec<T> {
    let made = export(&Options { beneficiaries, ..Options::default() });
    let mut counts: BTreeMap<ClaimType, usize> = BTreeMap::new();
    let mut told = Vec::new();
    for line in made.lines(RecordType::ExplanationOfBenefit) {
        let claim_type = quick_type(line);
        let count = counts.entry(claim_type).or_default();
        *count += 1;
        if *count <= each {
            told.extend(of(claim_type, &serde_json::from_slice(line).unwrap()));
        }
    }
    told
}

fn is_institutional(claim_type: ClaimType) -> bool {
    !matches!(claim_type, ClaimType::Carrier | ClaimType::Dme | ClaimType::Pde)
}

fn links(record: &Value) -> BTreeSet<u64> {
    values(vec![record], "item.careTeamLinkId")
        .into_iter()
        .flat_map(|l| flat(vec![l]))
        .filter_map(Value::as_u64)
        .collect()
}

#[test]
fn care_teams_begin_at_two_and_links_point_into_them() {
    let attending = claims(100, 300, |claim_type, record| {
        let team: Vec<u64> = values(vec![record], "careTeam.sequence")
            .into_iter()
            .filter_map(Value::as_u64)
            .collect();
        // careTeam is one list, so the sequences are 2, 3, ...
        assert!(team.iter().zip(2..).all(|(&sequence, expected)| sequence == expected));
        let links = links(record);
        assert!(links.iter().all(|l| team.contains(l)));
        let diagnoses: Vec<u64> = values(vec![record], "diagnosis.sequence")
            .into_iter()
            .filter_map(Value::as_u64)
            .collect();
        for link in
            values(vec![record], "item.diagnosisLinkId").into_iter().flat_map(|l| flat(vec![l]))
        {
            assert!(diagnoses.contains(&link.as_u64().unwrap()));
        }
        let institutional = is_institutional(claim_type);
        let primaries = values(vec![record], "careTeam[role.coding.code='primary'].sequence");
        let unlinked = primaries.iter().filter(|p| !links.contains(&p.as_u64().unwrap())).count();
        (institutional && !primaries.is_empty()).then_some((unlinked, primaries.len()))
    });
    assert!(attending.iter().any(|&(unlinked, _)| unlinked == 1), "an attending physician alone");
    assert!(attending.contains(&(0, 1)), "attending = rendering");
    assert!(attending.iter().any(|&(_, primaries)| primaries > 2), "several rendering physicians");
}

#[test]
fn diagnoses_are_in_the_order_of_the_server_and_distinct() {
    let seen: BTreeSet<&str> = claims(300, 300, |claim_type, record| {
        let mut codes = BTreeSet::new();
        for coding in values(vec![record], "diagnosis.diagnosisCodeableConcept.coding")
            .into_iter()
            .flat_map(|c| flat(vec![c]))
        {
            assert!(
                codes.insert((coding["system"].as_str(), coding["code"].as_str())),
                "twice in one claim"
            );
        }
        let principals =
            values(vec![record], "diagnosis[type.coding.code='principal'].sequence").len();
        let stay = matches!(claim_type, ClaimType::Inpatient | ClaimType::Snf);
        let systems: BTreeSet<_> = codes.iter().map(|c| c.0).collect();
        if stay && values(vec![record], "diagnosis.packageCode").len() == 1 {
            assert_eq!(record["diagnosis"][0]["sequence"], 1);
            assert!(record["diagnosis"][0].get("packageCode").is_some());
        }
        match (principals, systems.len()) {
            (0, _) if stay => Some("admitting = principal"),
            (2, _) => Some("principal is not slot 1"),
            (_, 2) => Some("both ICD versions"),
            _ => None,
        }
    })
    .into_iter()
    .collect();
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[test]
fn payments_of_outpatient_claims_are_the_sums_of_their_lines() {
    let cents = |value: &Value| {
        let text = value.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
        whole.parse::<i64>().unwrap() * 100 + format!("{decimals:0<2}").parse::<i64>().unwrap()
    };
    let checked = claims(60, 200, |claim_type, record| {
        let path =
            "item.adjudication[category.coding.code='V/rev_cntr_prvdr_pmt_amt'].amount.value";
        let sum: i64 = values(vec![record], path).into_iter().map(cents).sum();
        (claim_type == ClaimType::Outpatient)
            .then(|| assert_eq!(sum, cents(&record["payment"]["amount"]["value"])))
    });
    assert!(checked.len() > 100);
}

#[test]
fn adjustments_and_cancellations_show_in_every_signal() {
    let text = |record: &Value, path: &str| {
        values(vec![record], path).first().and_then(|v| v.as_str()).unwrap_or_default().to_owned()
    };
    let signals: BTreeSet<String> = claims(300, 600, |_, record| {
        let signal = |name: &str, path: &str| format!("{name} {}", text(record, path));
        Some([
            signal("status", "status"),
            signal("disposition", "disposition"),
            signal(
                "frequency",
                "information[category.coding.code='V/clm_freq_cd'].code.coding.code",
            ),
            signal("query", "billablePeriod.extension.valueCoding.code"),
            signal(
                "drug",
                "information[category.coding.code='V/adjstmt_dltn_cd'].code.coding.code",
            ),
        ])
    })
    .into_iter()
    .flatten()
    .collect();
    for signal in [
        "status active",
        "status cancelled",
        "disposition 01",
        "disposition 1",
        "disposition 03",
        "disposition ",
        "frequency 1",
        "frequency 7",
        "frequency 8",
        "query 0",
        "query 3",
        "query 5",
        "drug A",
        "drug D",
        "drug R",
    ] {
        assert!(signals.contains(signal), "{signal}: {signals:?}");
    }
}

#[test]
fn hospice_claims_fall_into_spells() {
    let spells = claims(700, 500, |claim_type, record| {
        let start = record["hospitalization"]["start"].as_str().map(str::to_owned);
        let end = record["hospitalization"]["end"].is_string();
        (claim_type == ClaimType::Hospice)
            .then(|| ((record["patient"]["reference"].to_string(), start.unwrap()), end))
    });
    let mut by_spell: BTreeMap<_, BTreeSet<bool>> = BTreeMap::new();
    for (spell, end) in &spells {
        by_spell.entry(spell).or_default().insert(*end);
    }
    assert!(by_spell.len() < spells.len());
    let kinds: BTreeSet<Vec<bool>> =
        by_spell.values().map(|ends| ends.iter().copied().collect()).collect();
    assert_eq!(kinds.len(), 3, "spells with, without and with some discharge dates");
}

#[test]
fn patients_and_coverages_vary_as_the_real_ones() {
    let made = export(&Options {
        beneficiaries: 700,
        claims_per_beneficiary: Some(0),
        ..Options::default()
    });
    let mut seen = BTreeSet::new();
    let mut mbis = BTreeMap::new();
    for line in made.lines(RecordType::Patient) {
        let patient: Value = serde_json::from_slice(line).unwrap();
        let id = patient["id"].as_str().unwrap().to_owned();
        let historic =
            values(vec![&patient], "identifier[extension.valueCoding.code='historic'].value");
        seen.insert(format!("historic {}", historic.len().min(3)));
        seen.insert(format!("gender {}", patient["gender"].as_str().unwrap()));
        let zip = patient["address"][0]["postalCode"].as_str().map_or(0, str::len);
        seen.insert(format!("zip {zip}"));
        seen.insert(format!(
            "lines {}",
            patient["address"][0]["line"].as_array().map_or(0, Vec::len)
        ));
        let state = patient["address"][0]["state"].as_str().unwrap();
        seen.insert(format!(
            "state {}",
            if state.as_bytes()[0].is_ascii_digit() { "SSA" } else { "USPS" }
        ));
        let current =
            values(vec![&patient], "identifier[extension.valueCoding.code='current'].value");
        if let Some(mbi) = current.first() {
            let other = mbis.insert(mbi.as_str().unwrap().to_owned(), id.clone());
            assert!(other.is_none_or(|other| other == id), "one MBI for two people");
        }
        if !id.starts_with('-') {
            seen.insert("positive id".to_owned());
            assert!(!String::from_utf8_lossy(line).contains("us-mbi"));
            assert!(String::from_utf8_lossy(line).contains("hicn-hash"));
            assert!(patient.get("meta").is_none());
        }
    }
    for line in made.lines(RecordType::Coverage) {
        let coverage: Value = serde_json::from_slice(line).unwrap();
        seen.insert(format!("coverage {}", coverage["status"].as_str().unwrap()));
        if coverage.get("contract").is_some() {
            seen.insert("contract".to_owned());
        }
        let part = coverage["grouping"]["subPlan"].as_str().unwrap();
        assert_eq!(coverage["type"]["coding"][0]["code"], part);
        assert!(coverage.get("period").is_none() || matches!(part, "Part A" | "Part B"));
        let months = coverage["extension"].as_array().unwrap().len();
        if part == "Part D" && months > 200 {
            seen.insert("hundreds of months".to_owned());
        }
    }
    for fact in [
        "historic 0",
        "historic 1",
        "historic 2",
        "historic 3",
        "gender male",
        "gender female",
        "gender unknown",
        "zip 0",
        "zip 5",
        "zip 9",
        "lines 0",
        "lines 1",
        "lines 6",
        "state SSA",
        "state USPS",
        "positive id",
        "coverage active",
        "coverage cancelled",
        "contract",
        "hundreds of months",
    ] {
        assert!(seen.contains(fact), "{fact}: {seen:?}");
    }
}

#[test]
fn single_records_belong_together() {
    let patient: Value = serde_json::from_str(&synth::patient(11)).unwrap();
    let reference = format!("Patient/{}", patient["id"].as_str().unwrap());
    for claim_type in ClaimType::ALL {
        let claim: Value = serde_json::from_str(&synth::eob(11, claim_type)).unwrap();
        assert_eq!(eob_type(&claim).to_uppercase(), claim_type.eob_type());
        assert_eq!(claim["patient"]["reference"], reference.as_str());
    }
    for part in Part::ALL {
        let coverage: Value = serde_json::from_str(&synth::coverage(11, part)).unwrap();
        assert_eq!(coverage["beneficiary"]["reference"], reference.as_str());
    }
}

/// The members of the golden records are all members of ours, display texts apart.
#[test]
fn no_member_of_the_reference_records_is_missing() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let Ok(golden) = std::fs::read_to_string(folder.join("ExplanationOfBenefit.ndjson")) else {
        println_skipped();
        return;
    };
    let mut ours: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (eob_type, ours_of_one) in claims(700, 250, |claim_type, record| {
        let mut names = BTreeSet::new();
        members(record, "", &mut names);
        Some((claim_type.eob_type().to_lowercase(), names))
    }) {
        ours.entry(eob_type).or_default().extend(ours_of_one);
    }
    for line in golden.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let mut theirs = BTreeSet::new();
        members(&record, "", &mut theirs);
        let missing: Vec<_> = theirs.difference(&ours[&eob_type(&record)]).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }
}

#[allow(clippy::print_stdout, reason = "tells that the reference records are not at hand")]
fn println_skipped() {
    println!("skipped: no ../shared");
}

fn members(value: &Value, path: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            let url = object.get("url").and_then(Value::as_str).unwrap_or_default();
            let category = values(vec![value], "category.coding.code");
            let category = category
                .first()
                .and_then(|v| v.as_str())
                .filter(|c| c.starts_with("https"))
                .unwrap_or_default();
            for (name, member) in object.iter().filter(|(name, _)| *name != "display") {
                members(member, &format!("{path}[{url}{category}].{name}"), into);
            }
        }
        Value::Array(list) => list.iter().for_each(|v| members(v, path, into)),
        _ => {
            into.insert(path.to_owned());
        }
    }
}

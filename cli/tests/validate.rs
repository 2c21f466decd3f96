//! `bcda validate`: which records have issues, where they stand, and how a run ends.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

use crate::common::records::{
    VARIABLE, carrier, carrier_of, claim_with_items, coverage, lines, patient,
};
use crate::common::{Ran, Work, joined, wait_until};
use fhir_model::stu3::OperationOutcome;
use fhir_model::validate::IssueClass;
use fhir_model::{Resource, from_slice};
use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Three good records, a blank line, and four with one issue each.
fn mixed() -> Vec<u8> {
    let mut format = patient("2", "1S00A00AA02");
    format["birthDate"] = json!("2019-02-30");
    let mut code = coverage("1", "A");
    code["status"] = json!("actve");
    let mut unknown = carrier("3", "1");
    unknown["item"][0]["nickname"] = json!("x");
    let mut all = lines(&[carrier("1", "1"), patient("1", "1S00A00AA01")]);
    all.push(String::new());
    all.extend(lines(&[format, coverage("2", "B"), code]));
    all.push("{\"resourceType\":".to_owned());
    all.extend(lines(&[unknown]));
    joined(all)
}

/// The outcomes on standard output: one a line, each a resource that reads back and has no faults of its own.
#[track_caller]
fn outcomes(text: &[u8]) -> Vec<OperationOutcome<'_>> {
    let parse = |line| {
        let Resource::OperationOutcome(outcome) = from_slice(line).unwrap() else {
            panic!("another resource");
        };
        assert_eq!(outcome.findings(), []);
        *outcome
    };
    assert!(text.is_empty() || text.ends_with(b"\n"));
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(parse).collect()
}

/// Class, place in the record and place of the record of every issue.
#[track_caller]
fn issues(text: &[u8]) -> Vec<(&'static str, String, String)> {
    let outcomes = outcomes(text);
    let all = outcomes.iter().flat_map(|outcome| &outcome.issue);
    all.map(|issue| {
        let place = issue.expression.first().and_then(|path| path.as_deref());
        (
            issue.class().unwrap().name(),
            place.unwrap_or_default().to_owned(),
            issue.diagnostics.as_deref().unwrap().to_owned(),
        )
    })
    .collect()
}

#[test]
fn good_records_give_no_line() {
    let work = Work::new();
    work.write_lines("in.ndjson", lines(&[carrier("1", "1"), patient("1", "1S00A00AA01")]));
    let ran = work.bcda("validate in.ndjson").exits(0);
    assert!(ran.stdout.is_empty(), "{}", ran.text());
    assert!(ran.stderr.contains("valid") && ran.stderr.contains("1 input"), "{}", ran.stderr);
    let ran = work.bcda("validate in.ndjson --quiet").exits(0);
    assert_eq!((ran.stdout.len(), ran.stderr.as_str()), (0, ""));
    work.write("empty.ndjson", "\n\n");
    assert!(work.bcda("validate empty.ndjson -q").exits(0).stdout.is_empty());
}

#[test]
fn a_drg_without_a_sequence_is_a_known_deviation() {
    let work = Work::new();
    let mut claim = carrier("1", "1");
    let drg = json!({"coding": [{"code": "191", "system": format!("{VARIABLE}clm_drg_cd")}]});
    claim["diagnosis"] = json!([{"packageCode": drg}]);
    work.write_lines("in.ndjson", lines(&[claim.clone()]));
    work.bcda("validate in.ndjson").exits(0);
    let ran = work.bcda("validate in.ndjson --severity information").exits(0);
    let found = issues(&ran.stdout);
    assert!(!found.is_empty() && found.iter().all(|(class, ..)| *class == "known-deviation"));
    assert!(
        found.iter().any(|(_, place, _)| place.ends_with("diagnosis[0].sequence")),
        "{found:?}"
    );
    // A diagnosis has to have one.
    claim["diagnosis"] = json!([{"diagnosisCodeableConcept": {"coding": [{"code": "I10"}]}}]);
    work.write_lines("in.ndjson", lines(&[claim]));
    let ran = work.bcda("validate in.ndjson").exits(3);
    assert_eq!(issues(&ran.stdout)[0].0, "required");
}

#[test]
fn synthetic_exports_have_no_errors_and_no_warnings() {
    let work = Work::new();
    work.synth("export", "--beneficiaries 20 --seed 5 --claims 24");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/export");
    for input in ["export", shipped] {
        let ran = work.run(&["validate", input, "--severity", "information"]).exits(0);
        for (class, place, record) in issues(&ran.stdout) {
            assert_eq!(class, IssueClass::KnownDeviation.name(), "{place} {record}");
        }
    }
}

#[test]
fn each_bad_record_gives_a_line_in_order() {
    let work = Work::new();
    let input = mixed();
    work.write("in.ndjson", &input);
    let ran = work.bcda("validate in.ndjson").exits(3);
    let begins = |number: usize| -> usize {
        input.split_inclusive(|byte| *byte == b'\n').take(number - 1).map(<[u8]>::len).sum()
    };
    let at = |number| format!("in.ndjson:{number}, byte {}", begins(number));
    let expected = [
        ("format", "Patient.birthDate", at(4)),
        ("code", "Coverage.status", at(6)),
        ("syntax", "", format!("{}, fault at byte 16 of the record", at(7))),
        ("unknown-member", "ExplanationOfBenefit.item[0]", at(8)),
    ];
    let found = issues(&ran.stdout);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, (class, place, record)) in found.iter().zip(expected) {
        assert_eq!((found.0, found.1.as_str(), found.2.as_str()), (class, place, record.as_str()));
    }
    assert_eq!(outcomes(&ran.stdout).len(), 4);
    // The summary names each class, how often and where first.
    for words in ["format", "in.ndjson:4", "unknown-member", "warning", "with errors"] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    // The places are those that inspect takes.
    let shown = work.bcda("inspect in.ndjson:4 birthDate").exits(0);
    assert_eq!(shown.text(), "\"2019-02-30\"\n");
}

#[test]
fn the_same_bytes_however_it_is_read() {
    let work = Work::new();
    let many: Vec<u8> = (0..40).flat_map(|_| mixed()).collect();
    work.write("in.ndjson", &many);
    work.write("packed/in.ndjson.gz", gzip(&many));
    let first = work.bcda("validate in.ndjson --threads 1 -q").exits(3).stdout;
    assert_eq!(outcomes(&first).len(), 160);
    for words in [
        "validate in.ndjson --threads 4 -q",
        "validate in.ndjson --threads 3 --block-bytes 1 -q",
        "validate packed --threads 2 -q",
        "validate *.ndjson -q",
    ] {
        assert!(work.bcda(words).exits(3).stdout == first, "{words}");
    }
    let piped = work.feed("validate - --threads 2 -q", many.chunks(777)).exits(3);
    let name = String::from_utf8(first).unwrap().replace("in.ndjson:", "stdin:");
    assert!(piped.text() == name);
}

#[test]
fn severity_chooses_what_is_written() {
    let work = Work::new();
    let mut warned = carrier("3", "1");
    warned["nickname"] = json!(1);
    warned["diagnosis"] = json!([{"packageCode": {"text": "x"}, "sequence": 1}]);
    work.write_lines("in.ndjson", lines(&[warned, carrier("1", "1")]));
    for (severity, count) in [("error", 0), ("warning", 1), ("information", 2)] {
        let ran = work.bcda(&format!("validate in.ndjson --severity {severity}")).exits(0);
        assert_eq!(issues(&ran.stdout).len(), count, "{severity}");
        assert!(ran.stderr.contains("unknown-member"), "all are counted");
    }
    work.bcda("validate in.ndjson --severity fatal").exits(2);
}

#[test]
fn the_report_on_standard_error_may_be_json() {
    let work = Work::new();
    work.write("in.ndjson", mixed());
    let ran = work.bcda("validate in.ndjson --log-format json").exits(3);
    let report: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(report["records"], 7);
    let counts = ["valid", "with_warnings", "with_errors"].map(|name| report[name].as_u64());
    assert_eq!(counts, [Some(3), Some(1), Some(3)]);
    let classes: Vec<_> = report["classes"].as_array().unwrap().iter().collect();
    let row = |class: &Value| {
        (class["class"].as_str().unwrap().to_owned(), class["first"].as_str().unwrap().to_owned())
    };
    assert_eq!(row(classes[0]), ("syntax".to_owned(), "in.ndjson:7".to_owned()));
    assert_eq!(classes.len(), 4);
}

#[test]
fn a_file_of_issues_is_whole_and_private() {
    let work = Work::new();
    work.write("in.ndjson", mixed());
    let expected = work.bcda("validate in.ndjson -q").exits(3).stdout;
    let ran = work.bcda("validate in.ndjson --out issues.ndjson").exits(3);
    assert!(ran.stdout.is_empty());
    assert_eq!(work.read("issues.ndjson"), expected);
    let mode = fs::metadata(work.path("issues.ndjson")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // It is replaced only on demand, and stays when the run fails.
    let ran = work.bcda("validate in.ndjson --out issues.ndjson").exits(2);
    assert!(ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    work.write("damaged.ndjson.gz", &gzip(&mixed())[..60]);
    work.bcda("validate damaged.ndjson.gz --out issues.ndjson --overwrite").exits(1);
    assert_eq!(work.read("issues.ndjson"), expected);
    work.write_lines("good.ndjson", lines(&[carrier("1", "1")]));
    work.bcda("validate good.ndjson --out issues.ndjson --overwrite").exits(0);
    assert_eq!(work.read("issues.ndjson"), b"");
    // Neither over an input nor among the inputs.
    work.bcda("validate in.ndjson --out in.ndjson --overwrite").exits(2);
    work.write("folder/in.ndjson", mixed());
    work.bcda("validate folder --out folder/issues.ndjson").exits(2);
    assert!(!work.exists("folder/issues.ndjson"));
    assert_eq!(work.read("in.ndjson"), mixed());
    work.bcda("validate in.ndjson --out missing/issues.ndjson").exits(1);
    work.bcda("validate in.ndjson --out folder").exits(2);
    work.assert_clean();
}

/// Each record is judged by its own release: versions may stand in one file.
#[test]
fn records_of_all_versions_are_judged() {
    let work = Work::new();
    for api in synth::Api::ALL {
        let mut records =
            vec![synth::patient_of(api, 1), synth::coverage_of(api, 1, synth::Part::B)];
        records.extend(synth::ClaimType::ALL.map(|claim_type| synth::eob_of(api, 1, claim_type)));
        work.write_lines(&format!("in/{api}.ndjson"), records);
    }
    work.bcda("validate in").exits(0);
    let broken = synth::eob_of(synth::Api::V3, 1, synth::ClaimType::Carrier);
    let broken = broken.replace("\"outcome\":\"complete\"", "\"outcome\":\"done\"");
    let request = r#"{"resourceType":"Claim","id":"1","use":"bill"}"#.to_owned();
    work.write_lines("in/broken.ndjson", [broken, request]);
    let ran = work.bcda("validate in").exits(3);
    let stdout = String::from_utf8_lossy(&ran.stdout);
    assert!(stdout.contains("queued | complete | error | partial"), "{}", stdout);
    assert!(stdout.contains("claim | preauthorization | predetermination"), "{}", stdout);
}

/// What is new in the service is seen by its name; what might be anybody's is not named.
#[test]
fn terms_that_are_not_known_are_counted_by_name() {
    const SERVICE: &str = "https://bluebutton.cms.gov";
    let work = Work::new();
    let mut claim = carrier_of(synth::Api::V3, "1", "1");
    let category = &mut claim["item"][0]["adjudication"][0]["category"]["coding"][0];
    category["code"] = json!("CLM_LINE_NEW_AMT");
    claim["meta"]["tag"][1]["code"] = json!("MaybeFinal");
    claim["item"][0]["extension"] = json!([
        {"url": format!("{SERVICE}/fhir/StructureDefinition/CLM-NEW-CD"), "valueString": "x"},
        {"url": format!("{SERVICE}/fhir/StructureDefinition/1S00E00AA00"), "valueString": "x"},
    ]);
    let mut older = carrier("2", "1");
    older["extension"] = json!([{"url": format!("{VARIABLE}clm_new_cd"), "valueString": "x"}]);
    work.write_lines("in.ndjson", lines(&[claim.clone(), older, claim]));
    let report: Value = {
        let ran = work.bcda("validate in.ndjson --out issues.ndjson --log-format json").exits(0);
        serde_json::from_str(ran.stderr.lines().last().unwrap()).unwrap()
    };
    let terms = &report["unknown_terms"];
    let expected = json!({
        format!("{SERVICE}/fhir/CodeSystem/Adjudication|..."): 2,
        format!("{SERVICE}/fhir/CodeSystem/Final-Action|..."): 2,
        format!("{SERVICE}/fhir/StructureDefinition/CLM-NEW-CD"): 2,
        format!("{SERVICE}/fhir/StructureDefinition/..."): 2,
        format!("{VARIABLE}clm_new_cd"): 1,
    });
    assert_eq!(*terms, expected, "{report}");
    let ran = work.bcda("validate in.ndjson --out issues.ndjson --overwrite").exits(0);
    assert!(ran.stderr.contains("StructureDefinition/CLM-NEW-CD"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("1S00E00AA00"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_validated() {
    let work = Work::new();
    let says = |words: &str, code, part: &str| {
        let ran = work.bcda(words).exits(code);
        assert!(ran.stderr.contains(part), "{words}: {}", ran.stderr);
    };
    work.write("array.ndjson", "[{\"resourceType\":\"Patient\"}]");
    says("validate array.ndjson", 4, "not NDJSON");
    work.write("pretty.ndjson", "{\n  \"resourceType\": \"Patient\"\n}\n");
    says("validate pretty.ndjson", 4, "not NDJSON");
    says("validate nothing.ndjson", 2, "nothing.ndjson");
    says("validate", 2, "INPUT");
    says("validate - array.ndjson", 2, "standard input");
    for bytes in ["1", "300"] {
        let words = format!("validate - --block-bytes {bytes}");
        let ran = work.feed(&words, work.read("pretty.ndjson").chunks(7)).exits(4);
        assert!(ran.stderr.contains("not NDJSON"), "{}", ran.stderr);
        let ran = work.feed(&words, work.read("array.ndjson").chunks(7)).exits(4);
        assert!(ran.stderr.contains("not NDJSON"), "{}", ran.stderr);
    }
}

#[test]
fn lines_and_types_that_are_no_records_of_ours() {
    let work = Work::new();
    let other = json!({"id": "1", "resourceType": "Organization"});
    let bundle = json!({"resourceType": "Bundle", "type": "collection"});
    let long = claim_with_items("CARRIER", "1", "1", 40);
    work.write_lines("in.ndjson", lines(&[carrier("1", "1"), other, bundle, long]));
    let ran = work.bcda("validate in.ndjson --max-line-bytes 4000").exits(3);
    let found: Vec<_> = issues(&ran.stdout).into_iter().map(|issue| issue.0).collect();
    assert_eq!(found, ["not-checked", "bundle", "line-too-long"]);
    // A list that is not complete says so.
    let mut many = patient("1", "1S00A00AA01");
    many["name"] = vec![json!({}); 1_100].into();
    work.write_lines("many.ndjson", lines(&[many]));
    let ran = work.bcda("validate many.ndjson --severity error").exits(3);
    let found = issues(&ran.stdout);
    assert_eq!((found.len(), found[0].0, found[1_000].0), (1_001, "empty", "more"));
}

/// In no word of the program.
const MARK: &str = "Qzjxkv";

fn marked(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: serde_json::Map<String, Value> = members
                .iter()
                .map(|(name, value)| match name.as_str() {
                    "resourceType" => (name.clone(), value.clone()),
                    _ => (name.clone(), marked(value)),
                })
                .collect();
            members.insert(MARK.to_owned(), MARK.into());
            Value::Object(members)
        }
        Value::Array(entries) => entries.iter().map(marked).collect(),
        Value::String(text) => format!("{MARK} {text}").into(),
        other => other.clone(),
    }
}

#[test]
fn nothing_of_a_record_is_said() {
    let work = Work::new();
    let marked: Vec<Value> = [carrier("1", "1"), patient("1", "1S00A00AA01"), coverage("1", "A")]
        .iter()
        .map(marked)
        .collect();
    let mut bad = lines(&marked);
    bad.push(format!("{{\"{MARK}\":\"{MARK}\""));
    bad.push(format!("{{\"resourceType\":\"{MARK}\",\"{MARK}\":{{}}}}"));
    bad.push(format!("{{\"resourceType\":\"Patient\",\"{MARK}\":{{\"{MARK}\":1,\"{MARK}\":2}}}}"));
    bad.push(MARK.to_owned());
    work.write_lines("in.ndjson", &bad);
    for words in
        ["validate in.ndjson --severity information", "validate in.ndjson --log-format json"]
    {
        let Ran { stdout, stderr, .. } = work.bcda(words).exits(3);
        assert_eq!(outcomes(&stdout).len(), bad.len());
        assert!(!String::from_utf8(stdout).unwrap().contains(MARK) && !stderr.contains(MARK));
    }
}

#[test]
fn a_reader_that_goes_early_is_a_normal_end() {
    let work = Work::new();
    // More than a pipe holds.
    let many: Vec<u8> = (0..400).flat_map(|_| mixed()).collect();
    work.write("in.ndjson", many);
    let mut child = work.start("validate in.ndjson");
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 10]).unwrap();
    drop(stdout);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let work = Work::new();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut child = work.start("validate - --out issues.ndjson");
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(&mixed()).unwrap();
        wait_until("it began", || !work.leftovers().is_empty());
        kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap()).exits(code);
        assert!(ran.stderr.contains("interrupted"), "{}", ran.stderr);
        drop(stdin);
        assert!(!work.exists("issues.ndjson"));
        work.assert_clean();
    }
}

//! No patient data outside the data files: marks in values and names of good and broken records never turn up
//! in what the program says, in its report, its manifest or its list of rejects.

use crate::common::defects::all;
use crate::common::records::{carrier, carrier_of, coverage_of, lines, patient_of, r4_claim};
use crate::common::{Ran, Work, joined};
use serde_json::Value;
use synth::Api;

/// In no word of the program.
const MARK: &str = "Qzjxkv";

/// Members whose texts tell what a record is, besides URIs: with a mark it would be another, or none.
const TELLING: [&str; 14] = [
    "resourceType",
    "system",
    "reference",
    "subPlan",
    "lastUpdated",
    "birthDate",
    "valueDate",
    "start",
    "end",
    "eob-type",
    // Of versions 2 and 3.
    "created",
    "EOB-TYPE",
    "C4BBIdentifierType",
    "coverage-class",
];

/// A record whose every text but those, and one more member at every level, carries the mark.
fn marked(value: &Value) -> Value {
    marked_member("", value)
}

fn marked_member(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let system = members.get("system").and_then(Value::as_str).unwrap_or_default();
            let system = system.rsplit('/').next().unwrap_or_default();
            let inside =
                |name: &str| if name == "code" { system.to_owned() } else { name.to_owned() };
            let mut members: serde_json::Map<String, Value> = members
                .iter()
                .map(|(name, value)| (name.clone(), marked_member(&inside(name), value)))
                .collect();
            members.insert(format!("{MARK}Name"), Value::from(format!("{MARK} value")));
            Value::Object(members)
        }
        Value::Array(entries) => entries.iter().map(|entry| marked_member(name, entry)).collect(),
        Value::String(text) if !TELLING.contains(&name) && !tells(text) => {
            format!("{text}{MARK}").into()
        }
        other => other.clone(),
    }
}

/// Whether a text tells what a record is, whatever its member is called.
fn tells(text: &str) -> bool {
    text.starts_with("http") || text.starts_with("Part ")
}

#[test]
fn every_text_is_marked_and_the_records_are_good() {
    Api::ALL.into_iter().for_each(marked_and_good);
}

fn marked_and_good(api: Api) {
    fn texts(name: &str, value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| texts(name, value, found));
            }
            Value::Array(entries) => entries.iter().for_each(|entry| texts(name, entry, found)),
            Value::String(text) => found.push((name.to_owned(), text.clone())),
            _ => {}
        }
    }
    for record in [carrier_of(api, "1", "P"), patient_of(api, "P", "M"), coverage_of(api, "P", "A")]
    {
        let mut found = Vec::new();
        texts("", &marked(&record), &mut found);
        let unmarked = found.iter().filter(|(_, text)| !text.contains(MARK));
        for (name, text) in unmarked {
            let codes = ["CARRIER", "uc", "plan"];
            let told = TELLING.contains(&name.as_str()) || codes.contains(&text.as_str());
            assert!(told || tells(text), "{name} is not marked");
        }
    }
    let work = Work::new();
    work.write_lines("in.ndjson", good_of(api));
    work.bcda("convert in.ndjson --out out --report report.json").exits(0);
}

/// Good records with marks in values that tables show and in members that nobody knows.
fn good() -> Vec<String> {
    good_of(Api::V1)
}

/// The same of a version.
fn good_of(api: Api) -> Vec<String> {
    let mut claim = marked(&carrier_of(api, &format!("{MARK}1"), &format!("{MARK}P")));
    claim["status"] = MARK.into();
    let mut person = marked(&patient_of(api, &format!("{MARK}P"), &format!("{MARK}MBI")));
    person["name"][0]["family"] = MARK.into();
    let cover = marked(&coverage_of(api, &format!("{MARK}P"), "A"));
    let other = marked(&serde_json::json!({"resourceType": "Organization", "id": MARK}));
    lines(&[person, cover, claim.clone(), other, claim])
}

/// Broken lines with marks before, in and after the fault.
fn bad() -> Vec<Vec<u8>> {
    bad_of(Api::V1)
}

/// The same of a version.
fn bad_of(api: Api) -> Vec<Vec<u8>> {
    let insert = |line: &[u8], at: usize| {
        [&line[..at], format!("\"{MARK}\":\"{MARK}\",").as_bytes(), &line[at..]].concat()
    };
    let mut found: Vec<Vec<u8>> = all(api)
        .into_iter()
        .map(|defect| match defect.line.first() {
            Some(b'{') if defect.line.len() > 2 => insert(&defect.line, 1),
            _ => [MARK.as_bytes(), &defect.line].concat(),
        })
        .collect();
    let good = carrier_of(api, "13", "1").to_string();
    let swap = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1).into_bytes()
    };
    // The wrong value itself is the mark.
    found.extend([
        swap("ExplanationOfBenefit", MARK),
        swap("CARRIER", MARK),
        swap("2020-03-05", MARK),
        swap("\"2020-03-05\"", MARK),
        swap("12.5", MARK),
        swap("12.5", &format!("\"{MARK}\"")),
        swap("\"sequence\":1", &format!("\"sequence\":\"{MARK}\"")),
        swap("\"status\":", &format!("\"{MARK}\":1,\"{MARK}\":2,\"status\":")),
        swap("\"status\":", &format!("\"{MARK}\":\"\\ud800\",\"status\":")),
        swap(
            "\"status\":",
            &format!("\"{MARK}\":{{\"{MARK}\":{}{}}},\"status\":", "[".repeat(80), "]".repeat(80)),
        ),
        swap("\"status\":", &format!("\"{MARK}\"{MARK}:1,\"status\":")),
        format!("{good}{MARK}").into_bytes(),
        MARK.as_bytes().to_vec(),
        format!("\"{MARK}\"").into_bytes(),
    ]);
    found
}

/// Nothing said has the mark.
#[track_caller]
fn silent(work: &Work, ran: &Ran, how: &str) {
    assert!(!ran.stderr.contains(MARK), "{how}: {}", ran.stderr);
    assert!(!String::from_utf8_lossy(&ran.stdout).contains(MARK), "{how}");
    for file in [
        "report.json",
        "page.html",
        "out/tables-manifest.json",
        "out/rejects/rejects.csv",
        "rejects/rejects.csv",
    ] {
        if work.exists(file) {
            let text = work.read_text(file);
            assert!(!text.contains(MARK), "{how}: {file}");
            assert!(text.len() > 20, "{how}: {file}");
        }
    }
    for name in work.leftovers() {
        assert!(!name.contains(MARK), "{how}: {name}");
    }
}

const VOICES: [&str; 4] = ["", "--quiet", "--log-format json", "--log-format json --quiet"];

#[test]
fn nothing_of_a_record_is_said() {
    Api::ALL.into_iter().for_each(nothing_of_a_record);
}

fn nothing_of_a_record(api: Api) {
    let work = Work::new();
    let good = good_of(api).into_iter().map(String::into_bytes);
    let all: Vec<Vec<u8>> = good.chain(bad_of(api)).collect();
    work.write_lines("in.ndjson", &all);
    for voice in VOICES {
        let ending = "--report report.json --report-html page.html --overwrite --max-rejects 100% --drift all --out out";
        let ran = work.bcda(&format!("convert in.ndjson {ending} {voice}")).exits(3);
        silent(&work, &ran, voice);
        assert!(work.exists("out/rejects/rejects.csv"), "the check looks at what is there");
        assert!(work.read_text("page.html").contains("in.ndjson"), "it tells of rejects");
        // With all that may be shown to those who may see the tables.
        let ran = work.bcda("report out --show-small-cells --out page.html").exits(0);
        silent(&work, &ran, "a page");
    }
    // What is asked for is there: in the tables and with the raw rejects.
    work.bcda("convert in.ndjson --out out --overwrite --max-rejects 100% --format csv -q")
        .exits(3);
    assert!(work.read_text("out/cclf5.csv").contains(MARK));
    assert!(work.read_text("out/cclf8.csv").contains(MARK));
    let raw = work.read("out/rejects/rejects.ndjson");
    assert!(String::from_utf8_lossy(&raw).contains(MARK));
}

#[test]
fn nothing_is_said_when_the_run_ends_early() {
    let work = Work::new();
    let (good, bad) = (good(), bad());
    for (number, line) in bad.iter().enumerate() {
        work.write("in.ndjson", [joined(&good), joined([line])].concat());
        let voice = VOICES[number % VOICES.len()];
        let words = format!("convert in.ndjson --out out --on-bad-record fail {voice}");
        let ran = work.bcda(&words).exits(4);
        assert!(ran.stderr.contains("in.ndjson, line 6"), "{}", ran.stderr);
        silent(&work, &ran, "the first bad record");
    }
    work.write_lines("in.ndjson", &bad);
    for most in ["3", "100%"] {
        for voice in VOICES {
            let words = format!("convert in.ndjson --out out --max-rejects {most} {voice}");
            let ran = work.bcda(&words).exits(4);
            silent(&work, &ran, "too many bad records");
        }
    }
}

#[test]
fn nothing_is_said_about_files_that_are_no_exports() {
    let work = Work::new();
    let mut r4 = marked(&r4_claim(MARK));
    r4["resourceType"] = "ExplanationOfBenefit".into();
    r4["meta"]["profile"] = serde_json::json!([format!("http://carin/{MARK}")]);
    let pretty = serde_json::to_string_pretty(&marked(&carrier(MARK, "1"))).unwrap();
    for text in [r4.to_string(), pretty, format!("[{}]", good()[0])] {
        work.write("in.ndjson", text);
        for voice in VOICES {
            let ran = work.bcda(&format!("convert in.ndjson --out out {voice}")).exits(4);
            silent(&work, &ran, "not an export");
        }
    }
    // Damaged compression, and a manifest that is none.
    let packed = zstd::encode_all(&joined(good())[..], 1).unwrap();
    work.write("in.ndjson", &packed[..packed.len() - 9]);
    work.write("bcda-export.json", format!("{{\"transactionTime\":\"{MARK}\",\"output\":[]}}"));
    let ran = work.bcda("convert in.ndjson --out out --report report.json").exits(1);
    silent(&work, &ran, "damaged");
    work.write_lines("in.ndjson", good());
    let ran = work.bcda("convert in.ndjson --out out --report report.json").exits(0);
    silent(&work, &ran, "a manifest with no time");
}

#[test]
fn nothing_is_said_of_streams() {
    let work = Work::new();
    let all: Vec<Vec<u8>> = good().into_iter().map(String::into_bytes).chain(bad()).collect();
    let text = joined(&all);
    for voice in VOICES {
        let ending = "--report report.json --max-rejects 100% --out out --overwrite";
        let ran = work.feed(&format!("convert - {ending} {voice}"), text.chunks(5000)).exits(3);
        silent(&work, &ran, voice);
        let ending = "--report report.json --max-rejects 100% --out - --tables cclf5";
        let words =
            format!("convert - {ending} --rejects rejects --overwrite --format csv {voice}");
        let mut ran = work.feed(&words, text.chunks(5000)).exits(3);
        assert!(String::from_utf8_lossy(&ran.stdout).contains(MARK), "the table was asked for");
        ran.stdout.clear();
        silent(&work, &ran, voice);
        assert!(work.exists("rejects/rejects.csv"));
    }
}

#[test]
fn a_record_is_shown_to_the_person_who_asks_and_errors_still_say_nothing() {
    let work = Work::new();
    work.write_lines("in.ndjson", [&good()[0], "{\"Qzjxkv"]);
    assert!(work.bcda("inspect in.ndjson:1").exits(0).text().contains(MARK));
    for words in ["in.ndjson:2 status", "in.ndjson:1 nothing", "in.ndjson:7", "in.ndjson:1 name[9]"]
    {
        let ran = work.bcda(&format!("inspect {words}"));
        assert!(matches!(ran.code, Some(2 | 4)), "{words}: {:?}", ran.code);
        silent(&work, &ran, words);
    }
}

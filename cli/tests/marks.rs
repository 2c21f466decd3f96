//! No patient data outside the data files, place by place: each element of real-looking records in turn gets a mark
//! for its text, its number or its name, and whatever that breaks, the mark is in no message, report, list, log,
//! progress bar or file name. `canary.rs` has the marks in all places at once.

#![allow(clippy::print_stderr, reason = "a test says that it was skipped")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::common::records::{carrier, coverage, patient};
use crate::common::{Ran, Work, bcda, joined};
use sandbox::{Data, Fault, Options, Sandbox};
use serde_json::{Value, json};
use synth::Api;

/// In no word of the program.
const MARK: &str = "Qzjxkv";
/// Nor in its numbers. Hashes are left out where they are looked for.
const NUMBER: &str = "7340157463";

/// Where an element is: names of members, and places in lists.
type Path = Vec<Step>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Member(String),
    Place(usize),
}

/// The paths of all values, without the places: one path for all entries of a list.
fn paths(
    value: &Value,
    at: &mut Path,
    kind: &str,
    seen: &mut BTreeSet<String>,
    found: &mut Vec<Path>,
) {
    let plain: Vec<&str> = at
        .iter()
        .filter_map(|step| if let Step::Member(name) = step { Some(&**name) } else { None })
        .collect();
    if !at.is_empty() && seen.insert(format!("{kind} {}", plain.join("."))) {
        found.push(at.clone());
    }
    let mut go = |step, value| {
        at.push(step);
        paths(value, at, kind, seen, found);
        at.pop();
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| go(Step::Member(name.clone()), value));
        }
        Value::Array(entries) => {
            entries.iter().enumerate().for_each(|(place, value)| go(Step::Place(place), value));
        }
        _ => {}
    }
}

/// The object or list that holds the element.
fn holder<'v>(record: &'v mut Value, path: &[Step]) -> &'v mut Value {
    path[..path.len() - 1].iter().fold(record, |value, step| match step {
        Step::Member(name) => &mut value[name.as_str()],
        Step::Place(place) => &mut value[*place],
    })
}

/// The record with one element changed, in every way.
fn broken(record: &Value, path: &[Step]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let with = |value: Value| {
        let mut record = record.clone();
        match path.last().unwrap() {
            Step::Member(name) => holder(&mut record, path)[name.as_str()] = value,
            Step::Place(place) => holder(&mut record, path)[*place] = value,
        }
        record.to_string()
    };
    let number = NUMBER.parse::<u64>().unwrap();
    // A list of insurances is a mark of FHIR R4, which ends a run.
    let is_mark = path == [Step::Member("insurance".to_owned())];
    for value in [
        json!(MARK),
        json!(number),
        json!([MARK, number]),
        json!({ MARK: { MARK: number } }),
        json!(format!("2019-02-30 {MARK}\u{e9}")),
        json!(format!("{NUMBER}.{NUMBER}")),
    ] {
        if !(is_mark && value.is_array()) {
            lines.push(with(value).into_bytes());
        }
    }
    // What serde_json cannot write: numbers of many digits, faults of the text within a mark.
    let placeholder = "\"PLACE\"";
    let text = with(json!("PLACE"));
    for raw in [
        format!("{NUMBER}.{NUMBER}0{NUMBER}"),
        format!("{NUMBER}e{NUMBER}"),
        format!("\"{MARK}\\ud800{MARK}\""),
        format!("\"{MARK}\u{1}{MARK}\""),
        MARK.to_owned(),
        format!("\"{MARK}\" \"{MARK}\""),
        format!("{{\"{MARK}\":1,\"{MARK}\":{NUMBER}}}"),
        format!("{}{NUMBER}", "[".repeat(70)),
    ] {
        lines.push(text.replacen(placeholder, &raw, 1).into_bytes());
    }
    let utf8 = text.replacen("PLACE", &format!("{MARK}\u{7}"), 1).into_bytes();
    lines.push(utf8.into_iter().map(|byte| if byte == 7 { 0xff } else { byte }).collect());
    if let Some(Step::Member(name)) = path.last() {
        let mut record = record.clone();
        let object = holder(&mut record, path);
        let value = object.as_object_mut().unwrap().remove(name).unwrap();
        object[MARK] = value.clone();
        lines.push(record.to_string().into_bytes());
        // And the name twice, in another case, with an escape.
        let twice = record.to_string().replacen(
            &format!("\"{MARK}\":"),
            &format!("\"{MARK}\":\"{MARK}\",\"\\u0051{}\":", &MARK[1..]),
            1,
        );
        lines.push(twice.into_bytes());
    }
    lines
}

/// One record of each kind, of the shape that the service writes in a version.
fn records(work: &Work, api: Api) -> Vec<Value> {
    let out = format!("synthetic-{api}");
    work.synth(&out, &format!("--api {api} --beneficiaries 1 --seed 5 --claims 16"));
    let mut kinds = BTreeSet::new();
    let mut records = Vec::new();
    for (_, bytes) in work.data_files(&out) {
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let record: Value = serde_json::from_slice(line).unwrap();
            let coding = record["type"]["coding"].as_array().into_iter().flatten();
            let is_type = |system: &Value| {
                let name = system.as_str().and_then(|system| system.rsplit('/').next());
                name.is_some_and(|name| name.eq_ignore_ascii_case("eob-type"))
            };
            let code = coding.into_iter().find(|coding| is_type(&coding["system"]));
            let kind = format!("{}{:?}", record["resourceType"], code.map(|code| &code["code"]));
            if kinds.insert(kind) {
                records.push(record);
            }
        }
    }
    assert!(records.len() > 6, "{kinds:?}");
    if api != Api::V1 {
        return records;
    }
    // What the service does not write, but might.
    let mut odd = carrier("13", "1");
    odd["language"] = json!("en");
    odd["contained"] = json!([
        {"id": "c", "resourceType": "Organization", "name": "x"},
        {"id": "d", "resourceType": "Practitioner", "extension": [{"url": "u", "valueString": "v"}]},
    ]);
    odd["extension"] = json!([{"url": "urn:x", "extension": [{"url": "y", "valueCode": "z"}]}]);
    odd["_status"] = json!({"extension": [{"url": "urn:x", "valueInteger": 1}]});
    odd["text"] = json!({"div": "<div/>", "status": "generated"});
    let mut person = patient("1", "1S00A00AA01");
    person["contact"] = json!([{"name": {"family": "x"}, "telecom": [{"value": "y"}]}]);
    person["multipleBirthInteger"] = json!(1);
    records.extend([odd, person, coverage("1", "B")]);
    records
}

/// All the broken lines: each element of each record in every way, one of each path.
fn lines(work: &Work) -> Vec<Vec<u8>> {
    lines_of(work, Api::V1)
}

/// The same of a version.
fn lines_of(work: &Work, api: Api) -> Vec<Vec<u8>> {
    let mut seen = BTreeSet::new();
    let mut lines = Vec::new();
    for record in records(work, api) {
        let mut found = Vec::new();
        let kind = record["resourceType"].as_str().unwrap();
        paths(&record, &mut Path::new(), kind, &mut seen, &mut found);
        for path in found {
            lines.extend(broken(&record, &path));
        }
    }
    assert!(lines.len() > 3_000, "{} lines", lines.len());
    lines
}

/// The text with hexadecimal hashes taken out.
fn without_hashes(text: &str) -> String {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .filter(|word| word.len() != 64)
        .collect::<Vec<_>>()
        .join(" ")
}

#[track_caller]
fn silent(text: &[u8], what: &str) {
    let text = without_hashes(&String::from_utf8_lossy(text));
    for mark in [MARK, NUMBER] {
        if let Some(at) = text.find(mark) {
            let from = at.saturating_sub(200);
            panic!("{what}: {}", text.get(from..at).unwrap_or_default());
        }
    }
}

/// Files that hold records because they are asked to; all else is looked at, names included.
fn nothing_beside_the_data(work: &Work, folder: &str, what: &str) {
    for (name, bytes) in work.snapshot(folder).into_iter().flatten() {
        silent(name.as_bytes(), what);
        if !name.starts_with("cclf") && name != "rejects/rejects.ndjson" {
            silent(&bytes, &format!("{what}, {name}"));
        }
    }
}

/// Everything that makes a program say more.
fn loud(work: &Work, words: &str) -> Command {
    let mut command = work.command(&words.split_whitespace().collect::<Vec<_>>());
    command.env("RUST_BACKTRACE", "full").env("RUST_LIB_BACKTRACE", "1").env("RUST_LOG", "trace");
    command
}

#[test]
fn no_element_of_a_record_is_said() {
    Api::ALL.into_iter().for_each(no_element);
}

fn no_element(api: Api) {
    let work = Work::new();
    let lines = lines_of(&work, api);
    work.write_lines("in.ndjson", &lines);
    // Among what is broken is what tells the version.
    let ending =
        format!("--api {api} --max-rejects 100% --format csv --overwrite --report report.json");
    for voice in ["", "--quiet", "--log-format json"] {
        let ran: Ran = loud(&work, &format!("convert in.ndjson --out out {ending} {voice}"))
            .output()
            .unwrap()
            .into();
        let ran = ran.exits(3);
        silent(ran.stderr.as_bytes(), voice);
        silent(&ran.stdout, voice);
        silent(&work.read("report.json"), "the report");
        nothing_beside_the_data(&work, "out", voice);
    }
    // Both marks came through: in tables and in the raw rejects.
    let counted = work.read_json("report.json");
    assert!(counted["records"]["rejected"].as_u64().unwrap() > 1_000, "{counted}");
    assert!(counted["records"]["with_rows"].as_u64().unwrap() > 1_000, "{counted}");
    let tables =
        ["cclf1", "cclf5", "cclf7", "cclf8"].map(|table| work.read(&format!("out/{table}.csv")));
    let raw = work.read("out/rejects/rejects.ndjson");
    for mark in [MARK, NUMBER] {
        assert!(String::from_utf8_lossy(&tables.concat()).contains(mark));
        assert!(String::from_utf8_lossy(&raw).contains(mark));
    }
    for voice in ["--severity information", "--severity information --log-format json"] {
        let ran: Ran = loud(&work, &format!("validate in.ndjson {voice}")).output().unwrap().into();
        let ran = ran.exits(3);
        silent(&ran.stdout, "the issues");
        silent(ran.stderr.as_bytes(), voice);
        assert!(ran.stdout.len() > 100_000);
    }
}

#[test]
fn runs_that_end_at_the_first_bad_record_say_nothing_of_it() {
    let work = Work::new();
    let lines = lines(&work);
    // One of each verdict: a process for each line would take its time.
    work.write_lines("in.ndjson", &lines);
    work.bcda("convert in.ndjson --out all --max-rejects 100% --format csv -q").exits(3);
    let rejects = work.csv("all/rejects/rejects.csv");
    let mut seen = BTreeSet::new();
    for [line, class, path] in rejects.select(["line", "class", "path"]) {
        let last = path.rsplit('.').next().unwrap_or_default().to_owned();
        let depth = path.split('.').count();
        if !seen.insert((class.to_owned(), last.len() % 3, depth)) {
            continue;
        }
        let line = &lines[line.parse::<usize>().unwrap() - 1];
        work.write_lines("one.ndjson", [line]);
        let words = "convert one.ndjson --out out --on-bad-record fail --report report.json";
        let ran: Ran = loud(&work, words).output().unwrap().into();
        let ran = ran.exits(4);
        assert!(ran.stderr.contains("one.ndjson"), "{}", ran.stderr);
        silent(ran.stderr.as_bytes(), class);
        let ran: Ran =
            loud(&work, &format!("inspect one.ndjson:1 {MARK}z.a[3]")).output().unwrap().into();
        assert!(matches!(ran.code, Some(2 | 4)));
        silent(ran.stderr.replace(&format!("{MARK}z"), "").as_bytes(), "inspect");
    }
    assert!(seen.len() > 20, "{seen:?}");
}

/// Standard error is a terminal, so that the bar is drawn.
#[test]
fn the_progress_bar_says_nothing() {
    let work = Work::new();
    let lines = lines(&work);
    work.write_lines("in.ndjson", &lines);
    let found = Command::new("script").arg("--version").stdout(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no script(1) to make a terminal");
        return;
    }
    let program = bcda().display().to_string();
    for words in [
        "convert in.ndjson --out out --overwrite --max-rejects 100% --format csv --threads 1",
        "validate in.ndjson --out issues.ndjson --overwrite --threads 1",
        "validate in.ndjson --severity information --threads 1",
    ] {
        let mut command = Command::new("script");
        command
            .args(["-qec", &format!("{program} {words}"), "typescript"])
            .current_dir(work.path(""));
        command.env("TMPDIR", work.path("")).env("TERM", "xterm").stdin(Stdio::null());
        let ran = command.output().unwrap();
        assert_eq!(ran.status.code(), Some(3), "{words}: {}", String::from_utf8_lossy(&ran.stdout));
        let said = work.read("typescript");
        let drawn = String::from_utf8_lossy(&said).contains(" records (");
        assert!(drawn, "{words}: no bar was drawn");
        silent(&said, words);
        silent(&ran.stdout, words);
    }
}

#[test]
fn server_and_client_say_nothing_of_what_they_carry() {
    let work = Work::new();
    let mut lines = lines(&work);
    lines.truncate(2_000);
    work.write("data/in.ndjson", joined(&lines));
    let known = sandbox::Credentials::published();
    work.write(
        "credentials",
        format!("client_id = {}\nclient_secret = {}\n", known.id, known.secret),
    );
    fs::set_permissions(work.path("credentials"), fs::Permissions::from_mode(0o600)).unwrap();
    for fault in ["", "error-files", "truncate-body=1", "html-200=1"] {
        let mut options = Options::new(Data::Folder(work.path("data")));
        options.faults = Some(fault)
            .filter(|fault| !fault.is_empty())
            .map(|fault| fault.parse::<Fault>().unwrap())
            .into_iter()
            .collect();
        let running = Sandbox::start(options).unwrap();
        let out = format!("export-{}", fault.replace('=', "-"));
        let words = format!(
            "--log-format json export --base-url {} --credentials credentials --no-token-cache \
             --out {out} --log log.ndjson",
            running.url()
        );
        let ran: Ran = loud(&work, &words).output().unwrap().into();
        assert!(matches!(ran.code, Some(0 | 3)), "{fault}: {}", ran.stderr);
        let log = work.read("log.ndjson");
        let journal = work.read(&format!("{out}/bcda-export.json"));
        let secrets = [known.id.as_str(), known.secret.as_str()];
        for text in [ran.stderr.as_bytes(), &ran.stdout, &log, &journal] {
            silent(text, fault);
            let text = String::from_utf8_lossy(text);
            assert!(secrets.iter().all(|secret| !text.contains(secret)), "{fault}");
            // The server's own error names a beneficiary.
            assert!(!text.contains("T0000"), "{fault}: {text}");
        }
        let _ = fs::remove_file(work.path("log.ndjson"));
    }
    // The server as a process, with all that it says.
    let mut child = loud(&work, "serve --port 0 --data data")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains("Ctrl-C ends it") {
        let mut byte = [0];
        assert_eq!(stderr.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
        said.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&said).into_owned();
    let url = text.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let words = format!(
        "export --base-url {} --credentials credentials --no-token-cache --out served -q",
        url.trim_end_matches(['/', ',', '.'])
    );
    let ran: Ran = loud(&work, &words).output().unwrap().into();
    child.kill().unwrap();
    let rest = child.wait_with_output().unwrap();
    stderr.read_to_end(&mut said).unwrap();
    assert!(matches!(ran.code, Some(0 | 3)), "{}", ran.stderr);
    silent(&said, "serve");
    silent(&rest.stdout, "serve");
    silent(ran.stderr.as_bytes(), "export");
}

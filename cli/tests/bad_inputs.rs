//! Every file of `testdata/bad` is converted and validated, and what becomes of it is what the expectation beside it
//! says: exit code, counts, each bad record's line, byte, class and path, rows kept. Then every bad line once more
//! in other surroundings: where it stands changes nothing.

use std::collections::BTreeMap;

use crate::common::bad::{EXPECTATION, expectation, faults, found};
use crate::common::records::carrier_of;
use crate::common::{Csv, Ran, TABLES, Work, counts};
use serde_json::{Value, json};
use synth::Api;

/// Each file of the folder with its expectation.
fn cases() -> Vec<(String, Vec<u8>, Value)> {
    let files = found();
    let names: Vec<&String> = files.keys().filter(|name| !name.ends_with(EXPECTATION)).collect();
    assert!(names.len() > 150, "{} files", names.len());
    names
        .into_iter()
        .map(|name| {
            let expected = expectation(&files, &format!("{name}{EXPECTATION}"));
            (name.clone(), files[name].clone(), expected)
        })
        .collect()
}

#[test]
fn the_folder_is_as_it_is_made_and_complete() {
    let faults = faults();
    let how = "cargo run -p bcda --example bad_inputs makes them; its README says more";
    assert!(faults.is_empty(), "{}\n{how}", faults.join("\n"));
}

#[test]
fn expectations_have_the_members_that_are_looked_at() {
    for (name, _, expected) in cases() {
        let known = |value: &Value, names: &[&str]| {
            for member in value.as_object().unwrap_or_else(|| panic!("{name}")).keys() {
                assert!(names.contains(&member.as_str()), "{name}: {member}");
            }
        };
        known(&expected, &["about", "options", "convert", "validate"]);
        let convert = ["exit", "message", "records", "rejects", "rows", "report", "cells"];
        known(&expected["convert"], &convert);
        known(&expected["validate"], &["exit", "message", "issues"]);
        assert!(expected["about"].as_str().is_some_and(|about| !about.is_empty()), "{name}");
    }
}

fn options(expected: &Value) -> Vec<&str> {
    let options = expected["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    options.iter().map(|option| option.as_str().unwrap()).collect()
}

/// What is expected of the members that were not found in a way of their own.
fn compare(wrong: &mut Vec<String>, name: &str, what: &str, expected: &Value, found: &Value) {
    if expected != found {
        let text = |value| serde_json::to_string_pretty(value).unwrap();
        wrong.push(format!("{name}, {what}: found {},\nexpected {}", text(found), text(expected)));
    }
}

/// An error that ends a run says what it should.
fn message(ran: &Ran, expected: &Value) -> Value {
    match expected["message"].as_str() {
        Some(part) if ran.stderr.contains(part) => part.into(),
        _ => ran.stderr.clone().into(),
    }
}

/// The rejects of a result by source.
fn rejects(work: &Work, out: &str) -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let list = format!("{out}/rejects/rejects.csv");
    if !work.exists(&list) {
        return found;
    }
    let columns = ["source", "line", "byte_offset", "class", "fault_byte", "path"];
    for [source, line, byte_offset, class, fault_byte, path] in work.csv(&list).select(columns) {
        let number = |text: &str| text.parse::<u64>().unwrap();
        found.entry(source.to_owned()).or_default().push(json!({
            "line": number(line),
            "byte_offset": number(byte_offset),
            "class": class,
            "fault_byte": number(fault_byte),
            "path": path,
        }));
    }
    found
}

/// Runs the program on the file, or with the file on standard input.
fn run(work: &Work, words: &str, options: &[&str], name: &str, bytes: &[u8], stream: bool) -> Ran {
    let words = format!("{words} {}", options.join(" "));
    if stream {
        work.feed(&words.replace("INPUT", "-"), bytes.chunks(1_000))
    } else {
        work.write(name, bytes);
        work.bcda(&words.replace("INPUT", name))
    }
}

#[test]
fn conversion_does_what_is_expected() {
    convert_all(false);
}

#[test]
fn conversion_of_standard_input_does_what_is_expected() {
    convert_all(true);
}

fn convert_all(stream: bool) {
    let work = Work::new();
    let mut wrong = Vec::new();
    for (number, (name, bytes, expected)) in cases().into_iter().enumerate() {
        let out = format!("out-{number}");
        let words = format!(
            "convert INPUT --out {out} --format csv --quiet --file-date 2024-01-01 \
             --report report.json --threads 2"
        );
        let ran = run(&work, &words, &options(&expected), &name, &bytes, stream);
        let expected = &expected["convert"];
        let mut got = json!({ "exit": ran.code });
        assert!(ran.stdout.is_empty(), "{name}");
        if !work.exists(&out) {
            got["message"] = message(&ran, expected);
            compare(&mut wrong, &name, "convert", expected, &got);
            work.assert_clean();
            continue;
        }
        let report = work.read_json("report.json");
        counts(&report);
        got["records"] = report["records"].clone();
        let found = rejects(&work, &out).into_values().next().unwrap_or_default();
        got["rejects"] = found.into();
        let mut rows = json!({});
        for table in TABLES.iter().filter(|table| **table != "cclf0") {
            let count = work.csv(&format!("{out}/{table}.csv")).rows.len();
            if count > 0 {
                rows[table.to_uppercase()] = count.into();
            }
        }
        got["rows"] = rows;
        for (member, _) in expected["report"].as_object().into_iter().flatten() {
            got["report"][member] = report[member].clone();
        }
        for (column, _) in expected["cells"].as_object().into_iter().flatten() {
            let (table, column_name) = column.split_once('.').unwrap();
            let csv: Csv = work.csv(&format!("{out}/{table}.csv"));
            got["cells"][column] = csv.column(column_name).into();
        }
        compare(&mut wrong, &name, "convert", expected, &got);
        work.assert_clean();
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

/// Classes that the conversion and the validation give to the same lines.
const SHARED: [&str; 7] =
    ["syntax", "utf-8", "text", "depth", "line-too-long", "resource-type", "bundle"];

#[test]
fn validation_does_what_is_expected() {
    validate_all(false);
}

#[test]
fn validation_of_standard_input_does_what_is_expected() {
    validate_all(true);
}

fn validate_all(stream: bool) {
    let work = Work::new();
    let mut wrong = Vec::new();
    for (name, bytes, expected) in cases() {
        let words = "validate INPUT --severity error --quiet";
        let ran = run(&work, words, &options(&expected), &name, &bytes, stream);
        let rejects = expected["convert"]["rejects"].clone();
        let expected = &expected["validate"];
        let mut got = json!({ "exit": ran.code });
        if matches!(ran.code, Some(0 | 3)) {
            got["issues"] = issues(&name, &ran.stdout).into();
        } else {
            got["message"] = message(&ran, expected);
        }
        compare(&mut wrong, &name, "validate", expected, &got);
        // What the conversion rejects for its text, the validation finds at the same place.
        for reject in rejects.as_array().into_iter().flatten() {
            let class = reject["class"].as_str().unwrap();
            if !SHARED.contains(&class) {
                continue;
            }
            let same = |issue: &&Value| {
                ["line", "byte_offset", "class"].iter().all(|name| issue[name] == reject[name])
                    && (issue["fault_byte"].is_null()
                        || issue["fault_byte"] == reject["fault_byte"])
            };
            if got["issues"].as_array().and_then(|issues| issues.iter().find(same)).is_none() {
                wrong
                    .push(format!("{name}: validate does not find {reject} but {}", got["issues"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
}

/// Line, byte, class and, if reading failed, byte of the fault, of every issue.
fn issues(name: &str, text: &[u8]) -> Vec<Value> {
    let mut found = Vec::new();
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let outcome: Value = serde_json::from_slice(line).unwrap();
        for issue in outcome["issue"].as_array().unwrap() {
            let place = issue["diagnostics"].as_str().unwrap();
            let numbers: Vec<u64> = place[place.rfind(':').unwrap()..]
                .split(|character: char| !character.is_ascii_digit())
                .filter_map(|digits| digits.parse().ok())
                .collect();
            let class = &issue["details"]["coding"][0]["code"];
            let mut value =
                json!({ "line": numbers[0], "byte_offset": numbers[1], "class": class });
            if let Some(fault) = numbers.get(2) {
                value["fault_byte"] = (*fault).into();
            }
            assert!(!place.is_empty(), "{name}");
            found.push(value);
        }
    }
    found
}

/// A bad line of a file, without its line feed.
struct BadLine {
    file: String,
    bytes: Vec<u8>,
    class: String,
    fault_byte: u64,
    path: String,
}

/// The version of the records of a file.
fn version(file: &str) -> Api {
    let named = |api: &Api| file.starts_with(&format!("{api}-"));
    Api::ALL.into_iter().find(named).unwrap_or(Api::V1)
}

/// The bad lines of all files of a version that can be read as they are.
fn bad_lines(api: Api) -> Vec<BadLine> {
    let mut lines = Vec::new();
    for (file, bytes, expected) in cases() {
        if version(&file) != api {
            continue;
        }
        let plain = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
        let all: Vec<&[u8]> = plain.split(|byte| *byte == b'\n').collect();
        for reject in expected["convert"]["rejects"].as_array().into_iter().flatten() {
            let class = reject["class"].as_str().unwrap().to_owned();
            let compressed =
                bytes.starts_with(b"\x1F\x8B") || bytes.starts_with(b"\x28\xB5\x2F\xFD");
            if class == "line-too-long" || compressed {
                continue;
            }
            let line = usize::try_from(reject["line"].as_u64().unwrap()).unwrap();
            let bytes = all[line - 1];
            lines.push(BadLine {
                file: file.clone(),
                bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes).to_vec(),
                class,
                fault_byte: reject["fault_byte"].as_u64().unwrap(),
                path: reject["path"].as_str().unwrap().to_owned(),
            });
        }
    }
    assert!(lines.len() > 100, "{} lines", lines.len());
    lines
}

#[test]
fn a_bad_line_is_bad_wherever_it_stands() {
    Api::ALL.into_iter().for_each(wherever_it_stands);
}

fn wherever_it_stands(api: Api) {
    let work = Work::new();
    let lines = bad_lines(api);
    let good = |id: String| carrier_of(api, &id, "1").to_string().into_bytes();
    let mut expected = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        let (one, two) = (good(format!("1{number:04}")), good(format!("2{number:04}")));
        let layouts: [(&str, Vec<&[u8]>, usize); 4] = [
            ("between", vec![&one, b"\n", &line.bytes, b"\n", &two, b"\n"], 2),
            ("first", vec![&line.bytes, b"\n", &one, b"\n", &two, b"\n"], 0),
            ("last", vec![&one, b"\r\n\n", &two, b"\n", &line.bytes], 4),
            ("crlf", vec![&one, b"\n", &line.bytes, b"\r\n", &two], 2),
        ];
        for (layout, parts, at) in layouts {
            // There a byte order mark is good.
            if layout == "first" && line.bytes.starts_with(b"\xEF\xBB\xBF") {
                continue;
            }
            let name = format!("{layout}-{number:04}.ndjson");
            let before = parts[..at].concat();
            work.write(&format!("in/{name}"), parts.concat());
            expected.insert(
                name,
                vec![json!({
                    "line": before.split(|byte| *byte == b'\n').count(),
                    "byte_offset": before.len(),
                    "class": line.class,
                    "fault_byte": line.fault_byte,
                    "path": line.path,
                })],
            );
        }
    }
    let ending = "--max-rejects 100% --format csv --file-date 2024-01-01 --report report.json";
    work.bcda(&format!("convert in --out out --quiet {ending}")).exits(3);
    let found = rejects(&work, "out");
    let mut wrong = Vec::new();
    for (name, rejects) in &expected {
        let number: usize = name[name.len() - 11..name.len() - 7].parse().unwrap();
        let found: Value = found.get(name).cloned().unwrap_or_default().into();
        let about = format!("{} {name}", lines[number].file);
        compare(&mut wrong, &about, "convert", &rejects.clone().into(), &found);
    }
    assert!(wrong.is_empty(), "{} files:\n{}", wrong.len(), wrong.join("\n"));
    // All neighbours are kept.
    let all = expected.len() as u64;
    assert_eq!(counts(&work.read_json("report.json")), [all * 3, all * 2, 0, 0, 0, all]);
    assert_eq!(work.csv("out/cclf5.csv").rows.len() as u64, all * 2);
    work.assert_clean();
}

/// Classes of faults of the text: they are judged before what is in it.
const OF_TEXT: [&str; 4] = ["syntax", "utf-8", "text", "depth"];

/// The line as the value of a member, where the crosswalk reads it and where it does not.
#[test]
fn a_bad_text_is_bad_in_members_that_are_read_and_in_members_that_are_skipped() {
    Api::ALL.into_iter().for_each(in_any_member);
}

fn in_any_member(api: Api) {
    let work = Work::new();
    let mut lines = bad_lines(api);
    lines.retain(|line| OF_TEXT.contains(&line.class.as_str()));
    let claim = carrier_of(api, "13", "1").to_string();
    let good = |id: String| carrier_of(api, &id, "1").to_string().into_bytes();
    // Strings of a claim: its status is read, the display of a code is not, and two members more are unknown.
    let members = ["\"status\":\"active\"", "\"display\":\"Local\"", "{", "\"coding\":[{"];
    let mut prefixes = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        for (place, member) in members.iter().enumerate() {
            let at = claim.find(member).unwrap();
            let (before, after) = (&claim[..at], &claim[at + member.len()..]);
            let (name, rest) = match place {
                0 | 1 => (&member[..=member.find(':').unwrap()], after.to_owned()),
                _ => (*member, format!(",{after}")),
            };
            let name = if place < 2 { name.to_owned() } else { format!("{name}\"zzz\":") };
            let text = [before.as_bytes(), name.as_bytes(), &line.bytes, rest.as_bytes()].concat();
            let id = number * members.len() + place;
            let (one, two) = (good(format!("1{id:05}")), good(format!("2{id:05}")));
            work.write_lines(&format!("in/{id:05}.ndjson"), [&one, &text, &two]);
            prefixes.push((before.len() + name.len()) as u64);
        }
    }
    let ending = "--max-rejects 100% --format csv --file-date 2024-01-01 --report report.json";
    work.bcda(&format!("convert in --out out --quiet {ending}")).exits(3);
    let found = rejects(&work, "out");
    let mut wrong = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let verdicts: Vec<Option<(u64, String, u64)>> = (0..members.len())
            .map(|place| {
                let id = number * members.len() + place;
                let [reject] = &found.get(&format!("{id:05}.ndjson"))?[..] else { return None };
                let class = reject["class"].as_str().unwrap().to_owned();
                let fault = reject["fault_byte"].as_u64().unwrap().checked_sub(prefixes[id])?;
                // Places have levels of their own; and a text that is cut is at fault where the record goes on.
                let fault = if class == "depth" { 0 } else { fault.min(line.bytes.len() as u64) };
                Some((reject["line"].as_u64().unwrap(), class, fault))
            })
            .collect();
        let one = &verdicts[0];
        if one.as_ref().is_none_or(|(at, class, _)| *at != 2 || !OF_TEXT.contains(&&**class))
            || verdicts.iter().any(|other| other != one)
        {
            wrong.push(format!("{} ({}): {verdicts:?}", line.file, line.class));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
    let all = prefixes.len() as u64;
    assert_eq!(counts(&work.read_json("report.json")), [all * 3, all * 2, 0, 0, 0, all]);
    assert_eq!(work.csv("out/cclf5.csv").rows.len() as u64, all * 2);
}

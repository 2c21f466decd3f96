//! Bad records: each is kept aside byte for byte with its place and its class, and its neighbours are not
//! affected. What happens to a record depends on the record.

use std::collections::BTreeMap;

use crate::common::defects::{Defect, all, odd_but_good, victim};
use crate::common::records::{
    carrier, carrier_of, claim, coverage, coverage_of, lines, patient, patient_of,
};
use crate::common::{Csv, Work, counts, joined};
use serde_json::Value;
use synth::Api;

const ALL_REJECTS: &str = "--max-rejects 100% --file-date 2024-01-01 --format csv --quiet";

/// What `rejects.csv` and `rejects.ndjson` say.
fn rejects(work: &Work, out: &str) -> (Csv, Vec<Vec<u8>>) {
    let csv = work.csv(&format!("{out}/rejects/rejects.csv"));
    assert_eq!(csv.header, ["source", "line", "byte_offset", "class", "fault_byte", "path"]);
    let raw = work.read(&format!("{out}/rejects/rejects.ndjson"));
    let mut raw: Vec<Vec<u8>> = raw.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    assert_eq!(raw.pop().unwrap(), b"", "the last reject has a line feed");
    (csv, raw)
}

/// The converted claim ids, in order.
fn ids(work: &Work, out: &str) -> Vec<String> {
    let csv = work.csv(&format!("{out}/cclf5.csv"));
    csv.column("CUR_CLM_UNIQ_ID").into_iter().map(str::to_owned).collect()
}

#[test]
fn each_kind_between_two_good_claims() {
    Api::ALL.into_iter().for_each(between_two_good_claims);
}

fn between_two_good_claims(api: Api) {
    // One file a kind, all in one run: a process for each would take its time.
    let work = Work::new();
    let defects = all(api);
    let good = |number: usize| carrier_of(api, &number.to_string(), "1").to_string().into_bytes();
    for (number, defect) in defects.iter().enumerate() {
        let name = format!("in/{number:04}.ndjson");
        work.write_lines(&name, [&good(number * 2), &defect.line, &good(number * 2 + 1)]);
    }
    let options = format!("{ALL_REJECTS} --report report.json");
    work.bcda(&format!("convert in --out out {options}")).exits(3);
    work.assert_clean();

    let wanted: Vec<String> = (0..defects.len() * 2).map(|id| id.to_string()).collect();
    assert_eq!(ids(&work, "out"), wanted, "all neighbours are kept, in order");
    let (csv, raw) = rejects(&work, "out");
    let places = csv.select(["source", "line", "byte_offset", "class"]);
    let mut wrong = Vec::new();
    for (number, defect) in defects.iter().enumerate() {
        let source = format!("{number:04}.ndjson");
        let offset = (good(number * 2).len() + 1).to_string();
        let expected = [source.as_str(), "2", offset.as_str(), defect.class];
        let found: Vec<usize> = (0..places.len()).filter(|at| places[*at][0] == source).collect();
        match found[..] {
            [at] if places[at] == expected => {
                assert!(raw[at] == defect.line, "{}: not byte for byte", defect.name);
            }
            [at] => wrong.push(format!("{}: {:?}, not {expected:?}", defect.name, places[at])),
            _ => wrong.push(format!("{}: {} rejects", defect.name, found.len())),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), defects.len(), wrong.join("\n"));
    let kinds = defects.len() as u64;
    let report = work.read_json("report.json");
    assert_eq!(counts(&report), [kinds * 3, kinds * 2, 0, 0, 0, kinds]);
}

#[test]
fn each_kind_ends_a_run_that_wants_none() {
    let work = Work::new();
    let mut seen = Vec::new();
    let victim = victim(Api::V1);
    for Defect { name, class, line } in all(Api::V1) {
        // One of each class.
        if seen.contains(&class) {
            continue;
        }
        seen.push(class);
        work.write_lines("in.ndjson", [victim.as_bytes(), &line, victim.as_bytes()]);
        let ran = work.bcda("convert in.ndjson --out out --on-bad-record fail").exits(4);
        assert!(ran.stderr.contains("in.ndjson, line 2"), "{name}: {}", ran.stderr);
        assert!(ran.stderr.contains(class), "{name}: {}", ran.stderr);
        assert!(!work.exists("out"), "{name}");
        work.assert_clean();
    }
    assert_eq!(seen.len(), 12, "all classes but a line that is too long: {seen:?}");
}

#[test]
fn odd_records_are_good() {
    Api::ALL.into_iter().for_each(odd_and_good);
}

fn odd_and_good(api: Api) {
    let work = Work::new();
    let odd = odd_but_good(api);
    for (number, (name, line)) in odd.iter().enumerate() {
        work.write_lines("in.ndjson", [line]);
        let ran = work.bcda("convert in.ndjson --out out --overwrite --format csv");
        assert_eq!(ran.code, Some(0), "{number}, {name}: {}", ran.stderr);
        assert_eq!(ids(&work, "out"), ["13"], "{name}");
    }
    let csv = |line: &[u8]| {
        work.write("in.ndjson", line);
        work.bcda("convert in.ndjson --out out --overwrite --format csv -q").exits(0);
        work.csv("out/cclf5.csv")
    };
    let of = |wanted: &str| &odd.iter().find(|(name, _)| *name == wanted).unwrap().1;
    for same in ["as it is", "exponent", "trailing zeros", "64 levels", "escaped names"] {
        let table = csv(of(same));
        assert_eq!(table.column("CLM_LINE_CVRD_PD_AMT"), ["12.50"], "{same}");
        assert_eq!(table.column("BCDA_STATUS"), ["active"], "{same}");
        assert_eq!(table.column("CLM_LINE_NUM"), ["1"], "{same}");
    }
    assert_eq!(csv(of("null for text")).column("BCDA_STATUS"), [""]);
    assert_eq!(csv(of("missing date")).column("CLM_THRU_DT"), [""]);
    assert_eq!(csv(of("partial date")).column("CLM_THRU_DT"), [""]);
    assert_eq!(csv(of("null for an object")).column("CLM_FROM_DT"), [""]);
    assert_eq!(csv(of("null for an amount")).column("CLM_LINE_CVRD_PD_AMT"), [""]);
}

#[test]
fn line_ends_blank_lines_and_marks() {
    let work = Work::new();
    let good = victim(Api::V1);
    let mut last = 0;
    for (name, text, records) in [
        ("no line feed at the end", format!("{good}\n{good}"), 2),
        ("CRLF", format!("{good}\r\n{good}\r\n"), 2),
        ("blank lines", format!("\n \n{good}\n\n\t\r\n{good}\n\n"), 2),
        ("byte order mark", format!("\u{feff}{good}\n"), 1),
        ("byte order mark and a blank line", format!("\u{feff}\n{good}\n"), 1),
    ] {
        work.write("in.ndjson", &text);
        work.bcda("convert in.ndjson --out out --overwrite --format csv -q").exits(0);
        assert_eq!(ids(&work, "out").len(), records, "{name}");
        last += 1;
    }
    assert_eq!(last, 5);
    // Blank lines count as lines; offsets are those of the file.
    let text = format!("\u{feff}\n\r\n{good}\r\n  \n{{bad\r\n{good}");
    work.write("in.ndjson", &text);
    let options = format!("--out out --overwrite {ALL_REJECTS} --report report.json");
    work.bcda(&format!("convert in.ndjson {options}")).exits(3);
    let (csv, raw) = rejects(&work, "out");
    let offset = text.find("{bad").unwrap().to_string();
    assert_eq!(csv.select(["source", "line", "byte_offset"]), [["in.ndjson", "5", &offset]]);
    assert_eq!(raw, [b"{bad".to_vec()]);
    assert_eq!(counts(&work.read_json("report.json")), [3, 2, 0, 0, 0, 1]);
}

#[test]
fn a_line_that_is_too_long_is_listed_but_not_kept() {
    let work = Work::new();
    let good = victim(Api::V1);
    let long = good.replacen('{', &format!("{{\"zzz\":\"{}\",", "x".repeat(9_000)), 1);
    for (name, longest, code) in [("under", long.len(), 0), ("over", long.len() - 1, 3)] {
        for block in [1024, 1 << 20] {
            work.write_lines("in.ndjson", [&good, &long, &good, &long]);
            let options = format!("--max-line-bytes {longest} --block-bytes {block}");
            let words = format!("convert in.ndjson --out out --overwrite {options} --format csv");
            let ran = work.bcda(&words).exits(code);
            assert_eq!(ids(&work, "out").len(), if code == 0 { 4 } else { 2 }, "{name}");
            if code == 3 {
                assert!(ran.stderr.contains("--max-line-bytes"), "{}", ran.stderr);
                let (csv, raw) = rejects(&work, "out");
                assert_eq!(csv.column("class"), ["line-too-long"; 2]);
                assert_eq!(csv.column("line"), ["2", "4"]);
                assert_eq!(raw, Vec::<Vec<u8>>::new());
            }
        }
    }
}

/// Sources of a layout: names of files, and their lines.
type Layout<'l> = Vec<(&'static str, Vec<&'l [u8]>)>;

#[test]
fn the_verdict_depends_on_the_record_alone() {
    Api::ALL.into_iter().for_each(on_the_record_alone);
}

fn on_the_record_alone(api: Api) {
    let work = Work::new();
    let defects = all(api);
    let person = patient_of(api, "1", "1S00A00AA00").to_string().into_bytes();
    let cover = coverage_of(api, "1", "A").to_string().into_bytes();
    let good = victim(api).into_bytes();
    let bad: Vec<&[u8]> = defects.iter().map(|defect| defect.line.as_slice()).collect();
    let layouts: [(&str, Layout<'_>); 5] = [
        ("claims", vec![("a.ndjson", [&[&good[..]], &bad[..]].concat())]),
        ("people", vec![("a.ndjson", [&[&person[..]], &bad[..], &[&cover[..]]].concat())]),
        (
            "people and claims",
            vec![("a.ndjson", [&[&person[..]], &bad[..], &[&good[..]]].concat())],
        ),
        // A Patient at the end makes the run start again.
        ("restart", vec![("a.ndjson", [&[&good[..]], &bad[..], &[&person[..]]].concat())]),
        (
            "two files",
            vec![
                ("a.ndjson", [&[&good[..]], &bad[..bad.len() / 2], &[&person[..]]].concat()),
                ("b.ndjson", [&[&cover[..]], &bad[bad.len() / 2..], &[&good[..]]].concat()),
            ],
        ),
    ];
    let mut expected = None;
    for (layout, files) in &layouts {
        let folder = layout.replace(' ', "-");
        for (name, lines) in files {
            work.write_lines(&format!("{folder}/{name}"), lines);
        }
        for options in
            ["--threads 1", "--threads 7 --block-bytes 1024", "--tables cclf9", "--no-lineage"]
        {
            let words = format!("convert {folder} --out out --overwrite {options} {ALL_REJECTS}");
            work.bcda(&format!("{words} --report report.json")).exits(3);
            let (csv, raw) = rejects(&work, "out");
            assert_eq!(raw.len(), csv.rows.len());
            let mut verdicts: Vec<_> = csv
                .select(["class", "fault_byte", "path"])
                .into_iter()
                .map(|cells| cells.map(str::to_owned))
                .zip(raw)
                .collect();
            verdicts.sort();
            let report = work.read_json("report.json");
            assert_eq!(counts(&report)[5], defects.len() as u64, "{layout} {options}");
            let expected = expected.get_or_insert_with(|| verdicts.clone());
            assert_eq!(verdicts.len(), expected.len(), "{layout} {options}");
            for (one, other) in verdicts.iter().zip(&*expected) {
                assert_eq!(one.0, other.0, "{layout} {options}");
                assert!(one.1 == other.1, "{layout} {options}");
            }
        }
    }
    work.assert_clean();
}

#[test]
fn a_synthetic_export_is_rejected_exactly_where_it_is_broken() {
    let work = Work::new();
    work.synth("in", "--beneficiaries 3 --claims 40 --seed 11 --bad-rate 0.05");
    let manifest = work.read_json("in/bcda-export.json");
    let bad: BTreeMap<String, u64> =
        serde_json::from_value(manifest["synthetic"]["bad"].clone()).unwrap();
    let bad: u64 = bad.values().sum();
    assert!(bad > 3, "{manifest}");
    let options = "--max-rejects 100% --format csv --report report.json";
    work.bcda(&format!("convert in --out out {options}")).exits(3);
    let report = work.read_json("report.json");
    assert_eq!(counts(&report)[5], bad);
    let all: u64 = manifest["synthetic"]["records"]
        .as_object()
        .unwrap()
        .values()
        .map(|count| count.as_u64().unwrap())
        .sum();
    assert_eq!(counts(&report)[0], all);
    assert_eq!(rejects(&work, "out").1.len() as u64, bad);
    rows_are_as_told(&work, "out", &report);
}

/// The manifest and the report tell the rows and files that are there.
#[track_caller]
fn rows_are_as_told(work: &Work, out: &str, report: &Value) {
    let manifest = work.read_json(&format!("{out}/tables-manifest.json"));
    assert_eq!(manifest["tables"], report["tables"]);
    assert_eq!(manifest["records"], report["records"]);
    assert_eq!(manifest["inputs"], report["inputs"]);
    let mut summary = Vec::new();
    for table in manifest["tables"].as_array().unwrap() {
        let file = format!("{out}/{}", table["file"].as_str().unwrap());
        let rows = work.csv(&file).rows.len();
        assert_eq!(table["rows"], rows, "{file}");
        assert_eq!(table["bytes"], work.read(&file).len(), "{file}");
        if table["table"] != "CCLF0" {
            summary.push((table["table"].as_str().unwrap().to_owned(), rows.to_string()));
        }
    }
    let listed: Vec<(String, String)> = work
        .csv(&format!("{out}/cclf0.csv"))
        .select(["FILE_TYPE", "NUMBER_OF_RECORDS"])
        .into_iter()
        .map(|[name, rows]| (name.to_owned(), rows.to_owned()))
        .collect();
    assert_eq!(listed, summary);
    let mut files: Vec<String> = serde_json::from_value(manifest["files"].clone()).unwrap();
    files.sort();
    let there: Vec<String> = work.tables(out).into_keys().filter(|n| !n.ends_with('/')).collect();
    assert_eq!(files, there, "the manifest names every file but itself");
}

#[test]
fn every_record_is_counted_once() {
    let work = Work::new();
    let organization = r#"{"id":"1","resourceType":"Organization"}"#.to_owned();
    let (carrier, dme) = (carrier("1", "1"), claim("DME", "2", "1"));
    let inpatient = claim("INPATIENT", "3", "1");
    let mut all = lines(&[
        carrier.clone(),
        dme,
        inpatient,
        patient("1", "1S00A00AA00"),
        patient("2", "1S00A00AA02"),
        coverage("1", "A"),
    ]);
    all.extend([organization, "{bad".to_owned()]);
    let expected = [8, 2, 3, 1, 1, 1];
    // However the lines are spread over files, and whatever is asked for.
    for (number, order) in [0, 3, 6].into_iter().enumerate() {
        let mut turned = all.clone();
        turned.rotate_left(order);
        for parts in [1, 3, 8] {
            let folder = format!("in-{number}-{parts}");
            for (part, lines) in turned.chunks(turned.len().div_ceil(parts)).enumerate() {
                work.write(&format!("{folder}/{part}.ndjson"), joined(lines));
            }
            let words = format!("convert {folder} --out out --overwrite {ALL_REJECTS}");
            work.bcda(&format!("{words} --report report.json")).exits(3);
            let report = work.read_json("report.json");
            assert_eq!(counts(&report), expected, "{folder}");
            assert_eq!(report["beneficiaries"], 2, "{folder}");
            rows_are_as_told(&work, "out", &report);
        }
    }
}

//! The commands beside `convert`, and how the program speaks.

#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

use std::io::Write;
use std::process::{Command, Stdio};

use crate::common::records::{carrier, coverage, lines, patient};
use crate::common::{Csv, TABLES, Work, joined};
use serde_json::Value;

/// Columns of each table without lineage, and how many lineage columns follow.
const COLUMNS: [(&str, usize, usize); 12] = [
    ("cclf0", 4, 0),
    ("cclf1", 45, 9),
    ("cclf2", 23, 9),
    ("cclf3", 13, 9),
    ("cclf4", 14, 9),
    ("cclf5", 52, 9),
    ("cclf6", 27, 9),
    ("cclf7", 21, 9),
    ("cclf8", 31, 3),
    ("cclf9", 6, 3),
    ("cclfa", 33, 9),
    ("cclfb", 21, 9),
];

/// The tables as `describe` gives them for machines.
fn described(work: &Work) -> Vec<Value> {
    serde_json::from_slice(&work.bcda("describe --format json").exits(0).stdout).unwrap()
}

fn table<'v>(tables: &'v [Value], name: &str) -> &'v [Value] {
    let found = tables.iter().find(|table| table["table"] == name.to_uppercase()).unwrap();
    found["columns"].as_array().unwrap()
}

fn names(columns: &[Value]) -> Vec<&str> {
    columns.iter().map(|column| column["column"].as_str().unwrap()).collect()
}

#[test]
fn every_table_is_described_in_every_format() {
    let work = Work::new();
    let tables = described(&work);
    assert_eq!(tables.len(), 12);
    let ddl = work.bcda("describe --format ddl").exits(0);
    let csv = Csv::parse(work.bcda("describe --format csv").exits(0).text());
    for (name, columns, lineage) in COLUMNS {
        let described = table(&tables, name);
        assert_eq!(described.len(), columns + lineage, "{name}");
        let upper = name.to_uppercase();
        let of_csv: Vec<&str> = csv
            .select(["table", "column"])
            .into_iter()
            .filter_map(|[table, column]| (table == upper).then_some(column))
            .collect();
        assert_eq!(of_csv, names(described), "{name}");
        for (number, column) in described.iter().enumerate() {
            assert_eq!(column["position"], number + 1, "{name}");
            assert!(column["type"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
            if column["source"].is_null() {
                let note = column["note"].as_str().unwrap_or_default();
                assert!(
                    !note.is_empty(),
                    "{name}: {} is null, and nothing says why",
                    column["column"]
                );
            }
        }
        for format in ["table", "csv", "json", "markdown", "ddl"] {
            for spelling in [name, &upper] {
                let ran = work.bcda(&format!("describe {spelling} --format {format}")).exits(0);
                assert_eq!(ran.stderr, "");
                let text = ran.text();
                for column in names(described) {
                    assert!(text.contains(column), "{name} in {format} has no {column}");
                }
                for (other, ..) in COLUMNS.iter().filter(|(other, ..)| *other != name) {
                    let heads = match format {
                        "ddl" => text.contains(&format!("TABLE {}", other.to_uppercase())),
                        "markdown" => text.contains(&format!("## {}", other.to_uppercase())),
                        "json" => {
                            text.contains(&format!("\"table\": \"{}\"", other.to_uppercase()))
                        }
                        _ => false,
                    };
                    assert!(!heads, "{name} in {format} also has {other}");
                }
            }
        }
        assert!(ddl.text().contains(&format!("CREATE TABLE {upper} (")), "{name}");
    }
    assert_eq!(csv.rows.len(), COLUMNS.iter().map(|(_, own, more)| own + more).sum::<usize>());
    let for_people = work.bcda("describe").exits(0);
    assert_eq!(for_people.stdout, work.bcda("describe --format table").exits(0).stdout);
    work.bcda("describe cclfx").exits(2);
    work.bcda("describe cclf1 --format xml").exits(2);
}

/// Names, types and order are those of v1; what has no source has a reason.
#[test]
fn every_version_is_described_with_the_same_columns() {
    let work = Work::new();
    let first = described(&work);
    let bare = |tables: &[Value], names: &[&str]| -> Vec<Value> {
        let columns = tables.iter().flat_map(|table| table["columns"].as_array().unwrap());
        columns.map(|column| names.iter().map(|name| column[*name].clone()).collect()).collect()
    };
    for api in ["v1", "v2", "v3"] {
        let ran = work.bcda(&format!("describe --format json --api {api}")).exits(0);
        let tables: Vec<Value> = serde_json::from_slice(&ran.stdout).unwrap();
        let same = ["position", "column", "label", "type", "format", "start", "end"];
        assert_eq!(bare(&tables, &same), bare(&first, &same), "{api}");
        assert_eq!(bare(&tables, &["source"]) == bare(&first, &["source"]), api == "v1");
        for column in bare(&tables, &["source", "note", "column"]) {
            let is_told =
                column[0].is_string() || column[1].as_str().is_some_and(|why| !why.is_empty());
            assert!(is_told, "{api}: {}", column[2]);
        }
        for format in ["table", "csv", "markdown", "ddl", "views"] {
            work.bcda(&format!("describe --format {format} --api {api}")).exits(0);
        }
    }
    // All of them beside each other.
    let ran = work.bcda("describe cclf5 --format markdown").exits(0);
    assert!(ran.text().contains("| # | column | type | v1 | v2 | v3 | note |"));
    let dictionary = include_str!("../../docs/data-dictionary.md");
    assert_eq!(work.bcda("describe --format markdown").exits(0).text(), dictionary);
    work.bcda("describe --api v4").exits(2);
}

#[test]
fn tables_have_the_columns_that_are_described() {
    let work = Work::new();
    let tables = described(&work);
    let records = [carrier("1", "1"), patient("1", "1S00A00AA00"), coverage("1", "B")];
    work.write_lines("in.ndjson", lines(&records));
    let words = "convert in.ndjson --out out --format csv --file-date 2024-01-01 -q --overwrite";
    work.bcda(words).exits(0);
    for name in TABLES {
        assert_eq!(work.csv(&format!("out/{name}.csv")).header, names(table(&tables, name)));
    }
    work.bcda(&format!("{words} --no-lineage")).exits(0);
    for (name, columns, _) in COLUMNS {
        let header = work.csv(&format!("out/{name}.csv")).header;
        assert_eq!(header, names(&table(&tables, name)[..columns]));
    }
}

#[test]
fn the_columns_are_those_of_the_layout() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared");
    let Ok(layout) = std::fs::read_to_string(format!("{shared}/reference/cclf_layout.csv")) else {
        println!("skipped: no ../shared");
        return;
    };
    let layout = Csv::parse(&layout);
    let tables = described(&Work::new());
    for (name, columns, _) in COLUMNS {
        let upper = name.to_uppercase();
        let listed: Vec<&str> = layout
            .select(["file", "field_name"])
            .into_iter()
            .filter_map(|[file, field]| (file == upper).then_some(field))
            // Places between columns, in fixed width alone.
            .filter(|field| !field.starts_with("DELIMITER") && *field != "FILLER")
            .collect();
        assert_eq!(names(&table(&tables, name)[..columns]), listed, "{name}");
    }
}

#[test]
fn inspect_shows_a_record_or_a_part_of_it() {
    let work = Work::new();
    let records = [carrier("41", "1"), patient("1", "1S00A00AA00")];
    let text = joined(["", &records[0].to_string(), "{\"broken\": ", &records[1].to_string()]);
    work.write("in.ndjson", &text);
    work.write("in.ndjson.zst", zstd::encode_all(&text[..], 1).unwrap());
    for file in ["in.ndjson", "in.ndjson.zst"] {
        let shown = work.bcda(&format!("inspect {file}:2")).exits(0);
        assert_eq!(serde_json::from_slice::<Value>(&shown.stdout).unwrap(), records[0]);
        let shown = work.bcda(&format!("inspect {file}:4")).exits(0);
        assert_eq!(serde_json::from_slice::<Value>(&shown.stdout).unwrap(), records[1]);
        for (path, value) in [
            ("item[0].adjudication[1].amount.value", "20\n"),
            ("status", "\"active\"\n"),
            ("identifier[0].value", "\"41\"\n"),
            ("item[0].quantity.value", "1\n"),
        ] {
            let shown = work.bcda(&format!("inspect {file}:2 {path}")).exits(0);
            assert_eq!(shown.text(), value, "{path}");
        }
        // A broken line is shown as it is: its fault is to be seen.
        assert_eq!(work.bcda(&format!("inspect {file}:3")).exits(0).text(), "{\"broken\": \n");
        for wrong in [
            "1",
            "5",
            "0",
            "x",
            "2 item[7]",
            "2 item[x]",
            "2 nothing.there",
            "99999999999999999999",
        ] {
            let ran = work.bcda(&format!("inspect {file}:{wrong}")).exits(2);
            assert!(ran.stderr.starts_with("error: ") && ran.stdout.is_empty(), "{wrong}");
        }
    }
    work.bcda("inspect in.ndjson").exits(2);
    work.bcda("inspect missing.ndjson:1").exits(2);
    // The places that rejects.csv names are places that inspect takes.
    work.bcda("convert in.ndjson --out out -q").exits(3);
    let rejects = work.csv("out/rejects/rejects.csv");
    let [[source, line]] = rejects.select(["source", "line"])[..] else { panic!("one reject") };
    assert_eq!(work.bcda(&format!("inspect {source}:{line}")).exits(0).text(), "{\"broken\": \n");
}

#[test]
fn inspect_shows_numbers_as_they_stand() {
    let work = Work::new();
    work.write("in.ndjson", "{\"a\":120.00,\"b\":12345678901234567.89,\"c\":1E-17,\"d\":[-0]}\n");
    for (path, value) in
        [("a", "120.00\n"), ("b", "12345678901234567.89\n"), ("c", "1E-17\n"), ("d[0]", "-0\n")]
    {
        assert_eq!(work.bcda(&format!("inspect in.ndjson:1 {path}")).exits(0).text(), value);
    }
}

#[test]
fn completions_for_shells() {
    let work = Work::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = work.bcda(&format!("completions {shell}")).exits(0);
        assert_eq!(ran.stderr, "");
        for word in [
            "bcda",
            "convert",
            "describe",
            "on-bad-record",
            "synth",
            "inspect",
            "history",
            "validate",
        ] {
            assert!(ran.text().contains(word), "{shell}: {word}");
        }
        // Where the shell is there, it reads the script.
        let check = Command::new(shell).arg("-n").stdin(Stdio::piped()).spawn();
        if let Ok(mut child) = check {
            child.stdin.take().unwrap().write_all(&ran.stdout).unwrap();
            assert!(child.wait().unwrap().success(), "{shell}");
        }
    }
    work.bcda("completions tcsh").exits(2);
}

#[test]
fn manual_pages() {
    let work = Work::new();
    work.bcda("man --out pages").exits(0);
    let pages = work.snapshot("pages").unwrap();
    for page in [
        "bcda.1",
        "bcda-convert.1",
        "bcda-describe.1",
        "bcda-synth.1",
        "bcda-inspect.1",
        "bcda-history.1",
        "bcda-validate.1",
    ] {
        let text = String::from_utf8(pages[page].clone()).unwrap();
        assert!(text.contains(".TH ") && text.contains(".SH NAME"), "{page}");
    }
    let convert = String::from_utf8(pages["bcda-convert.1"].clone()).unwrap();
    assert!(convert.contains("file\\-date") && convert.contains("max\\-rejects"));
    let bcda = String::from_utf8(pages["bcda.1"].clone()).unwrap();
    assert!(bcda.contains("xit codes"), "{bcda}");
    // Again, over what is there.
    work.bcda("man --out pages").exits(0);
}

#[test]
fn a_seed_makes_an_export() {
    let work = Work::new();
    let options = "--beneficiaries 3 --claims 4 --quiet";
    work.bcda(&format!("synth {options} --seed 7 --out one")).exits(0);
    work.bcda(&format!("synth {options} --seed 7 --out two")).exits(0);
    work.bcda(&format!("synth {options} --seed 8 --out three")).exits(0);
    work.bcda(&format!("synth {options} --seed 7 --gzip --out packed")).exits(0);
    let one = work.snapshot("one").unwrap();
    assert!(one == work.snapshot("two").unwrap(), "the same seed gives the same bytes");
    assert!(one != work.snapshot("three").unwrap(), "another seed gives others");
    assert!(one.contains_key("bcda-export.json") && one.len() == 4);
    for (name, bytes) in work.data_files("packed") {
        let mut text = Vec::new();
        let mut decoder = flate2::read::MultiGzDecoder::new(&bytes[..]);
        std::io::Read::read_to_end(&mut decoder, &mut text).unwrap();
        assert!(text == one[name.strip_suffix(".gz").unwrap()], "{name}");
    }
    // The same claims in each version's shape; what only v3 has is refused elsewhere.
    for api in ["v1", "v2", "v3"] {
        work.bcda(&format!("synth {options} --seed 7 --api {api} --out {api}")).exits(0);
        let claims = |manifest: &[u8]| {
            let manifest: serde_json::Value = serde_json::from_slice(manifest).unwrap();
            manifest["synthetic"]["claims"].clone()
        };
        let made = work.snapshot(api).unwrap();
        assert_eq!(claims(&made["bcda-export.json"]), claims(&one["bcda-export.json"]));
        assert_eq!(made == one, api == "v1");
    }
    work.bcda(&format!("synth {options} --api v3 --partially-adjudicated 0.5 --out partly"))
        .exits(0);
    work.bcda(&format!("synth {options} --partially-adjudicated 0.5 --out five")).exits(2);
    // An output is guarded like that of convert.
    work.bcda(&format!("synth {options} --seed 8 --out one")).exits(2);
    assert!(one == work.snapshot("one").unwrap());
    work.bcda(&format!("synth {options} --seed 8 --out one --overwrite")).exits(0);
    assert!(work.snapshot("one").unwrap() == work.snapshot("three").unwrap());
    work.write("one/mine.txt", "mine");
    work.bcda(&format!("synth {options} --out one --overwrite")).exits(2);
    assert_eq!(work.read("one/mine.txt"), b"mine");
    work.bcda(&format!("synth {options} --out two/one/none")).exits(2);
    for wrong in ["--bad-rate 1.5", "--bad-rate x", "--beneficiaries -1", "--seed x", "--api v4"] {
        work.bcda(&format!("synth --out four {wrong}")).exits(2);
    }
    // Tables of convert are no export, and the other way round.
    work.bcda("convert two --out tables -q").exits(0);
    work.bcda(&format!("synth {options} --out tables --overwrite")).exits(2);
    work.bcda("convert packed --out two --overwrite").exits(2);
    work.assert_clean();
}

#[test]
fn help_names_the_exit_codes() {
    let work = Work::new();
    let help = work.bcda("--help").exits(0);
    for code in ["Exit codes", "0 ", "1 ", "2 ", "3 ", "4 ", "130", "143"] {
        assert!(help.text().contains(code), "{code}");
    }
    for command in
        ["convert", "validate", "describe", "synth", "inspect", "history", "completions", "man"]
    {
        assert!(help.text().contains(command), "{command}");
        assert_eq!(work.bcda(&format!("{command} --help")).exits(0).stderr, "");
    }
    let version = work.bcda("--version").exits(0);
    assert_eq!(version.text().trim(), concat!("bcda ", env!("CARGO_PKG_VERSION")));
    assert!(work.bcda("").exits(2).stdout.is_empty(), "usage goes to standard error");
}

#[test]
fn what_is_said_is_plain_quiet_or_json() {
    let work = Work::new();
    work.write_lines("in.ndjson", lines(&[carrier("1", "1"), patient("1", "1S00A00AA00")]));
    let words = "convert in.ndjson --out out --overwrite";
    // No terminal: no progress bar, no colours.
    let ran = work.bcda(words).exits(0);
    assert!(ran.stderr.contains("CCLF5") && ran.stderr.contains("records"), "{}", ran.stderr);
    assert!(ran.stderr.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", ran.stderr);
    assert_eq!(ran.stdout, b"");
    let ran = work.bcda(&format!("{words} --quiet")).exits(0);
    assert_eq!((ran.stderr.as_str(), ran.stdout.len()), ("", 0));
    let ran = work.bcda(&format!("{words} --log-format json")).exits(0);
    let said: Vec<Value> =
        ran.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(said.iter().all(Value::is_object), "{}", ran.stderr);
    assert_eq!(said.last().unwrap()["records"]["read"], 2);
    // Errors are told however quiet.
    for voice in ["--quiet", "--log-format json --quiet", ""] {
        let ran = work.bcda(&format!("convert missing --out other {voice}")).exits(2);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        let is_json = serde_json::from_str::<Value>(&ran.stderr).is_ok();
        assert_eq!(is_json, voice.contains("json"), "{}", ran.stderr);
    }
}

//! FILE_NAME and FILE_DATE, and who may read what is written.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::common::records::{carrier, lines, patient};
use crate::common::{self, Ran, Work, joined};
use serde_json::Value;

/// Claims and their Patient.
fn claims(ids: &[&str]) -> Vec<u8> {
    let people = [patient("1", "1S00A00AA00")];
    joined(lines(&ids.iter().map(|id| carrier(id, "1")).chain(people).collect::<Vec<_>>()))
}

/// Converts, and gives claim id, FILE_NAME and FILE_DATE of each row of CCLF5, the warnings and the report.
#[track_caller]
fn converted(work: &Work, words: &str) -> (Vec<[String; 3]>, Vec<String>, Value) {
    let words = format!("convert {words} --out out --overwrite --format csv --report report.json");
    let ran: Ran = work.bcda(&words).exits(0);
    let table = work.csv("out/cclf5.csv");
    let rows = table.select(["CUR_CLM_UNIQ_ID", "FILE_NAME", "FILE_DATE"]);
    let warnings = ran.stderr.lines().filter(|line| line.starts_with("warning: "));
    let report = work.read_json("report.json");
    let warnings: Vec<String> = warnings.map(str::to_owned).collect();
    assert_eq!(report["warnings"].as_array().unwrap().len(), warnings.len());
    (rows.into_iter().map(|row| row.map(str::to_owned)).collect(), warnings, report)
}

fn rows<const N: usize>(rows: [[&str; 3]; N]) -> Vec<[String; 3]> {
    rows.into_iter().map(|row| row.map(str::to_owned)).collect()
}

#[test]
fn names_are_relative_and_without_compression() {
    let work = Work::new();
    work.write("in/b.ndjson", claims(&["3"]));
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    packed.include_checksum(true).unwrap();
    packed.write_all(&claims(&["2"])).unwrap();
    work.write("in/a/deep.jsonl.zst", packed.finish().unwrap());
    work.write("in/a.ndjson", claims(&["1"]));
    let (found, warnings, report) = converted(&work, "in --file-date 2023-05-06");
    let mut found = found;
    found.sort();
    let date = "2023-05-06";
    let expected =
        rows([["1", "a.ndjson", date], ["2", "a/deep.jsonl", date], ["3", "b.ndjson", date]]);
    assert_eq!(found, expected);
    assert_eq!(warnings, Vec::<String>::new());
    for input in report["inputs"].as_array().unwrap() {
        assert_eq!(
            (&input["file_date"], &input["file_date_from"]),
            (&date.into(), &"option".into())
        );
    }
    // A file that is named is called by its own name.
    let (found, ..) = converted(&work, "in/a/deep.jsonl.zst --file-date 2023-05-06");
    assert_eq!(found, rows([["2", "deep.jsonl", date]]));
    // Without lineage there is neither.
    work.bcda("convert in --out out --overwrite --format csv --no-lineage -q").exits(0);
    let header = work.csv("out/cclf5.csv").header;
    assert!(!header.iter().any(|name| name.starts_with("FILE_") || name.starts_with("BCDA_")));
}

#[test]
fn the_date_is_that_of_the_export_manifest_in_utc() {
    let work = Work::new();
    let manifest = |time: &str| format!("{{\"transactionTime\":\"{time}\",\"output\":[]}}");
    work.write("in/a.ndjson", claims(&["1"]));
    work.write("in/sub/b.ndjson", claims(&["2"]));
    // Ours before any other; each folder has its own, and is an export by itself.
    work.write("in/a.json", manifest("2019-01-01T00:00:00Z"));
    work.write("in/bcda-export.json", manifest("2021-12-31T20:00:00-05:00"));
    work.write("in/sub/manifest.json", manifest("2022-02-03T23:59:59.999Z"));
    work.write("in/sub/a.json", "{\"transactionTime\":\"2018-01-01T00:00:00Z\"}");
    work.write("in/sub/b.json", "{\"output\":[]}");
    work.write("in/sub/c.json", "not JSON");
    let (found, warnings, report) = converted(&work, "in");
    let expected = rows([["1", "in/a.ndjson", "2022-01-01"], ["2", "sub/b.ndjson", "2022-02-03"]]);
    assert_eq!(found, expected);
    assert_eq!(warnings, Vec::<String>::new());
    for input in report["inputs"].as_array().unwrap() {
        assert_eq!(input["file_date_from"], "export_manifest");
    }
    // The option wins.
    let (found, ..) = converted(&work, "in --file-date 2024-02-29");
    assert!(found.iter().all(|row| row[2] == "2024-02-29"));
    // What synth writes.
    work.synth("synth", "--beneficiaries 1 --claims 12 --seed 2");
    let (found, warnings, _) = converted(&work, "synth");
    assert!(!found.is_empty() && found.iter().all(|row| row[2] == "2024-02-29"));
    assert_eq!(warnings, Vec::<String>::new());
}

#[test]
fn else_the_day_of_the_file_with_one_warning() {
    let work = Work::new();
    for (name, seconds) in [("in/a.ndjson", 86_399), ("in/b.ndjson", 86_400 * 18_000)] {
        work.write(name, claims(&["1"]));
        let file = std::fs::File::options().write(true).open(work.path(name)).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    }
    let (found, warnings, report) = converted(&work, "in");
    let dates: Vec<&str> = found.iter().map(|row| row[2].as_str()).collect();
    assert_eq!(dates, ["1970-01-01", "2019-04-14"]);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("--file-date"), "{warnings:?}");
    assert_eq!(report["inputs"][0]["file_date_from"], "file_modified");
    // A manifest that tells no time is none.
    work.write("in/bcda-export.json", "{\"transactionTime\":\"soon\",\"output\":[]}");
    let (_, warnings, _) = converted(&work, "in");
    assert_eq!(warnings.len(), 1, "{warnings:?}");
}

#[test]
fn standard_input_has_no_date() {
    let work = Work::new();
    let input = claims(&["1"]);
    let words = "convert - --out out --overwrite --format csv --report report.json";
    let ran = work.feed(words, [&input[..]]).exits(0);
    let warnings = ran.stderr.lines().filter(|line| line.starts_with("warning: ")).count();
    assert_eq!(warnings, 1, "{}", ran.stderr);
    assert_eq!(work.csv("out/cclf5.csv").select(["FILE_NAME", "FILE_DATE"]), [["stdin", ""]]);
    assert_eq!(work.csv("out/cclf8.csv").select(["BENE_AGE", "FILE_DATE"]), [["", ""]]);
    assert_eq!(work.read_json("report.json")["inputs"][0]["file_date_from"], "unknown");
    let ran = work.feed(&format!("{words} --file-date 2020-06-15"), [&input[..]]).exits(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    let people = work.csv("out/cclf8.csv");
    assert_eq!(people.select(["BENE_AGE", "FILE_DATE"]), [["70", "2020-06-15"]]);
    // The day before the birthday.
    work.feed(&format!("{words} --file-date 2020-06-14"), [&input[..]]).exits(0);
    assert_eq!(work.csv("out/cclf8.csv").column("BENE_AGE"), ["69"]);
}

fn modes(root: &Path, folders: &mut BTreeSet<u32>, files: &mut BTreeSet<u32>) {
    let mode = root.symlink_metadata().unwrap().permissions().mode() & 0o7777;
    if root.is_dir() {
        folders.insert(mode);
        for entry in std::fs::read_dir(root).unwrap() {
            modes(&entry.unwrap().path(), folders, files);
        }
    } else {
        files.insert(mode);
    }
}

#[test]
fn only_the_owner_may_read_what_is_written() {
    let work = Work::new();
    work.write("in.ndjson", [claims(&["1"]), b"{bad\n".to_vec()].concat());
    std::fs::create_dir(work.path("empty")).unwrap();
    let wide = Permissions::from_mode(0o777);
    for umask in ["000", "022", "277"] {
        let run = |words: &str, code: i32| {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]);
            command.arg(common::bcda()).args(words.split_whitespace());
            let output = command.current_dir(work.path(".")).output().unwrap();
            Ran::from(output).exits(code);
        };
        std::fs::set_permissions(work.path("empty"), wide.clone()).unwrap();
        run(&format!("convert in.ndjson --out out-{umask} --report report-{umask}.json"), 3);
        run(&format!("convert in.ndjson --out out-{umask} --overwrite"), 3);
        run("convert in.ndjson --out empty --overwrite", 3);
        let to_stdout = "convert in.ndjson --out - --tables cclf5 --format csv";
        run(&format!("{to_stdout} --rejects rejects-{umask}"), 3);
        run(&format!("synth --beneficiaries 1 --claims 1 --gzip --out synth-{umask}"), 0);
        let (mut folders, mut files) = (BTreeSet::new(), BTreeSet::new());
        for name in [
            format!("out-{umask}"),
            format!("report-{umask}.json"),
            "empty".to_owned(),
            format!("rejects-{umask}"),
            format!("synth-{umask}"),
        ] {
            modes(&work.path(&name), &mut folders, &mut files);
        }
        assert_eq!(folders, BTreeSet::from([0o700]), "umask {umask}: {folders:?}");
        assert_eq!(files, BTreeSet::from([0o600]), "umask {umask}: {files:?}");
    }
}

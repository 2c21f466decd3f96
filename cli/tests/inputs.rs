//! What counts as input: folders as other clients leave them, pipes by their paths, manifests side by side, and what
//! is said of names that are none.

#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};

use crate::common::records::{carrier, coverage, lines, patient};
use crate::common::{self, Ran, Work, joined, wait_until};
use serde_json::json;

fn claims() -> Vec<u8> {
    joined(lines(&[carrier("1", "1"), carrier("2", "1")]))
}

fn people() -> Vec<u8> {
    joined(lines(&[patient("1", "1S00A00AA00")]))
}

#[test]
fn what_other_clients_leave_beside_the_data_is_left_aside_and_told() {
    let work = Work::new();
    work.write("in/1.ExplanationOfBenefit.ndjson", claims());
    work.write("in/1.Patient.NDJSON", people());
    let packed = zstd::encode_all(&joined(lines(&[coverage("1", "A")]))[..], 1).unwrap();
    work.write("in/1.Coverage.ndjson.ZST", packed);
    work.write("in/manifest.json", r#"{"transactionTime":"2024-02-29T06:30:15Z","output":[]}"#);
    work.write("in/log.ndjson", "{\"eventId\":\"kickoff\"}\n".repeat(200));
    work.write("in/deleted/1.Bundle.ndjson", "{\"resourceType\":\"Bundle\"}\n");
    work.write("in/error/1.OperationOutcome.ndjson", "{\"resourceType\":\"OperationOutcome\"}\n");
    work.write("in/2.Patient.ndjson.part", "{");
    work.write("in/.DS_Store", "x");
    work.write("in/Patient.json", "{}");
    work.write("in/notes.about Ms. X", "x");
    let ran = work.bcda("convert in --out out --format csv --report report.json").exits(0);
    assert!(
        ran.stderr
            .contains("3 inputs, 7 files left aside (.json 1, .ndjson 3, .part 1, other 2), "),
        "{}",
        ran.stderr
    );
    let report = work.read_json("report.json");
    assert_eq!(report["left_aside"], json!({".json": 1, ".ndjson": 3, ".part": 1, "other": 2}));
    assert_eq!(report["records"]["read"], 4);
    let mut names = work.csv("out/cclf5.csv").column("FILE_NAME").join(" ");
    names += work.csv("out/cclf8.csv").column("FILE_NAME")[0];
    assert!(names.ends_with("1.Patient.NDJSON"), "{names}");
    // Without the ending of the compression, in whatever letters.
    let inputs = report["inputs"].to_string();
    assert!(inputs.contains("\"1.Coverage.ndjson\""), "{inputs}");
    assert_eq!(work.csv("out/cclf5.csv").column("FILE_DATE"), ["2024-02-29"; 2]);

    let ran = work.bcda("validate in --out issues.ndjson");
    assert!(ran.stderr.contains("8 files left aside"), "{}", ran.stderr);
    // A glob leaves the same aside.
    let words = ["convert", "in/*.[nN]*", "--out", "out", "--overwrite", "--report", "report.json"];
    work.run(&words).exits(0);
    assert_eq!(work.read_json("report.json")["left_aside"], json!({".ndjson": 1, ".part": 1}));
    // An export of ours has nothing to leave aside.
    work.synth("plain", "--beneficiaries 1 --claims 2");
    let ran = work.bcda("convert plain --out out --overwrite").exits(0);
    assert!(!ran.stderr.contains("left aside"), "{}", ran.stderr);
    let ran = work.bcda("validate plain --out issues.ndjson --overwrite");
    assert!(!ran.stderr.contains("left aside"), "{}", ran.stderr);
}

/// Runs a line of a shell that knows `<(...)`; none where there is no such shell.
fn bash(work: &Work, line: &str) -> Option<Ran> {
    let mut command = Command::new("bash");
    command.args(["-c", line]).current_dir(work.path(".")).env("TMPDIR", work.path("."));
    command.env("BCDA", common::bcda()).stdin(Stdio::null());
    let Ok(output) = command.output() else {
        println!("skipped: no bash");
        return None;
    };
    Some(output.into())
}

#[test]
fn a_pipe_by_its_path_is_read_as_standard_input() {
    let work = Work::new();
    work.write("people.ndjson", people());
    work.write("claims.ndjson", claims());
    let options = "--format csv --overwrite --quiet --file-date 2024-01-01";
    work.feed(&format!("convert - --out expected {options}"), [&people()[..], &claims()]).exits(0);
    let expected = work.tables("expected");
    for line in [
        "cat people.ndjson claims.ndjson | \"$BCDA\" convert /dev/stdin",
        "cat people.ndjson claims.ndjson | \"$BCDA\" convert /dev/fd/0",
        "\"$BCDA\" convert <(cat people.ndjson claims.ndjson)",
        // Before the people, too: the rows wait.
        "\"$BCDA\" convert <(cat claims.ndjson people.ndjson)",
        "\"$BCDA\" convert <(cat people.ndjson claims.ndjson | gzip)",
    ] {
        let Some(ran) = bash(&work, &format!("{line} --out out {options}")) else { return };
        let ran = ran.exits(0);
        assert_eq!(ran.stderr, "", "{line}");
        assert!(work.tables("out") == expected, "{line}");
        work.assert_clean();
    }
    // People from a pipe of their own.
    let line = format!(
        "\"$BCDA\" convert <(cat claims.ndjson) --patients <(cat people.ndjson) --out out {options}"
    );
    bash(&work, &line).unwrap().exits(0);
    assert_eq!(work.csv("out/cclf5.csv").column("BENE_MBI_ID"), ["1S00A00AA00"; 2]);
    let line = "\"$BCDA\" convert claims.ndjson --patients <(cat people.ndjson)";
    bash(&work, &format!("{line} --out out {options}")).unwrap().exits(0);
    assert_eq!(work.csv("out/cclf5.csv").column("BENE_MBI_ID"), ["1S00A00AA00"; 2]);
    // FILE_DATE is not that of the pipe.
    let line = "\"$BCDA\" convert <(cat claims.ndjson) --out out --format csv --overwrite";
    let ran = bash(&work, line).unwrap().exits(0);
    assert!(ran.stderr.contains("nothing tells the date"), "{}", ran.stderr);
    let ran = bash(&work, "\"$BCDA\" validate <(cat claims.ndjson) --severity error").unwrap();
    assert_eq!((ran.code, ran.stdout.len()), (Some(0), 0), "{}", ran.stderr);
    // A bad record ends it where it is.
    let line = "\"$BCDA\" convert <(cat claims.ndjson; echo '{bad') --out no --on-bad-record fail";
    let ran = bash(&work, line).unwrap().exits(4);
    assert!(ran.stderr.contains("stdin, line 3"), "{}", ran.stderr);
}

#[test]
fn pipes_that_cannot_be_read_are_refused_with_the_way_out() {
    let work = Work::new();
    work.write("claims.ndjson", claims());
    let _socket = std::os::unix::net::UnixListener::bind(work.path("socket")).unwrap();
    for (line, way) in [
        ("\"$BCDA\" convert <(cat claims.ndjson) claims.ndjson --out out", "a file"),
        ("\"$BCDA\" convert <(cat claims.ndjson) <(cat claims.ndjson) --out out", "a file"),
        ("\"$BCDA\" validate claims.ndjson <(cat claims.ndjson)", "a file"),
        ("\"$BCDA\" convert socket --out out", "standard input (-)"),
        ("cat claims.ndjson | \"$BCDA\" convert - --patients /dev/stdin --out out", "--patients"),
    ] {
        let Some(ran) = bash(&work, line) else { return };
        let ran = ran.exits(2);
        assert!(ran.stderr.contains(way), "{line}: {}", ran.stderr);
        assert!(!work.exists("out"), "{line}");
        work.assert_clean();
    }
}

/// A pipe with a name, unless that cannot be made here.
fn named_pipe(work: &Work) -> Option<&'static str> {
    let made = Command::new("mkfifo").arg(work.path("pipe.ndjson")).status();
    if made.is_ok_and(|status| status.success()) {
        return Some("pipe.ndjson");
    }
    println!("skipped: no mkfifo");
    None
}

#[test]
fn a_named_pipe_is_read_when_somebody_writes_and_left_when_nobody_does() {
    let work = Work::new();
    let Some(pipe) = named_pipe(&work) else { return };
    let child = work.start(&format!("convert {pipe} --out out --format csv --quiet"));
    std::fs::write(work.path(pipe), claims()).unwrap();
    Ran::from(child.wait_with_output().unwrap()).exits(0);
    assert_eq!(work.csv("out/cclf5.csv").column("FILE_NAME"), ["pipe.ndjson"; 2]);
    // It waits for its writer, and for nobody when it is told to end.
    let mut child = work.start(&format!("convert {pipe} --out other"));
    wait_until("the run began", || !work.leftovers().is_empty());
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(child.try_wait().unwrap().is_none(), "it did not wait");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    Ran::from(child.wait_with_output().unwrap()).exits(130);
    assert!(!work.exists("other"));
    work.assert_clean();
}

#[test]
fn of_several_manifests_ours_counts_or_the_latest_which_is_told() {
    let work = Work::new();
    let manifest = |time: &str| format!("{{\"transactionTime\":\"{time}\",\"output\":[]}}");
    work.write("in/claims.ndjson", claims());
    work.write("in/a.json", manifest("2024-05-02T23:00:00Z"));
    work.write("in/b.json", format!("\u{feff}{}", manifest("2024-05-02T23:30:00-05:00")));
    work.write("in/c.json", manifest("2021-01-01T00:00:00Z"));
    let dates = || work.csv("out/cclf5.csv").column("FILE_DATE").join(" ");
    let ran = work.bcda("convert in --out out --format csv").exits(0);
    assert_eq!(dates(), "2024-05-03 2024-05-03");
    let warning = ran.stderr.lines().find(|line| line.starts_with("warning: ")).unwrap();
    assert!(["a.json", "b.json", "c.json"].iter().all(|name| warning.contains(name)), "{warning}");
    // One with a byte order mark, and nothing to say.
    std::fs::remove_file(work.path("in/a.json")).unwrap();
    std::fs::remove_file(work.path("in/c.json")).unwrap();
    let ran = work.bcda("convert in --out out --format csv --overwrite").exits(0);
    assert_eq!(dates(), "2024-05-03 2024-05-03");
    assert!(!ran.stderr.contains("manifest"), "{}", ran.stderr);
    work.write("in/bcda-export.json", format!("\u{feff}{}", manifest("2020-01-01T00:00:00Z")));
    let ran = work.bcda("convert in --out out --format csv --overwrite").exits(0);
    assert_eq!(dates(), "2020-01-01 2020-01-01");
    assert!(!ran.stderr.contains("manifest"), "{}", ran.stderr);
}

#[test]
fn names_that_are_none_are_told_in_the_users_words() {
    let work = Work::new();
    work.write("good.ndjson", claims());
    let run = |arguments: &[&str]| {
        let ran = work.run(arguments).exits(2);
        assert!(!work.exists("out") && !work.exists("-"), "{arguments:?}");
        work.assert_clean();
        ran.stderr
    };
    for arguments in [
        &["convert", "", "--out", "out"][..],
        &["convert", "good.ndjson", "--patients", "", "--out", "out"],
        &["validate", ""],
        &["validate", "", "--out", "out"],
    ] {
        let said = run(arguments);
        assert!(said.contains("empty") && said.contains("variable"), "{arguments:?}: {said}");
    }
    for words in ["convert good.ndjson --out", "validate good.ndjson --out"] {
        let said = run(&words.split(' ').chain([""]).collect::<Vec<_>>());
        assert!(said.contains("'--out"), "{said}");
    }
    for report in ["-", ""] {
        let said = run(&["convert", "good.ndjson", "--out", "out", "--report", report]);
        assert!(
            said.contains("--report") && said.contains("FILE") | said.contains("file"),
            "{said}"
        );
    }
    let latin = OsStr::from_bytes(b"Exp\xF3rt.ndjson");
    for words in [["convert", "--out", "out"], ["validate", "--out", "out"]] {
        let ran: Ran = work.command(&words).arg(latin).output().unwrap().into();
        let said = ran.exits(2).stderr;
        assert!(said.contains("UTF-8") && said.contains("rename"), "{said}");
    }
    // In a folder that is named, such a file is read.
    std::fs::create_dir(work.path("in")).unwrap();
    if std::fs::write(work.path("in").join(latin), claims()).is_ok() {
        work.bcda("convert in --out out --quiet").exits(0);
    }
}

#[test]
fn an_empty_file_that_is_compressed_by_its_name_is_told() {
    let work = Work::new();
    work.write("in/a.ndjson", claims());
    work.write("in/b.ndjson", "");
    for (name, told) in [("cut.ndjson.gz", true), ("cut.NDJSON.ZST", true), ("x.ndjson", false)] {
        work.write(&format!("in/{name}"), "");
        let ran = work.bcda("convert in --out out --overwrite --file-date 2024-01-01").exits(0);
        let validated = work.bcda("validate in --out issues --overwrite --severity error").exits(0);
        for said in [ran.stderr, validated.stderr] {
            let warning = said.lines().find(|line| line.starts_with("warning: ")).unwrap_or("");
            assert!(warning.contains(name) == told && !warning.contains("b.ndjson"), "{said}");
        }
        std::fs::remove_file(work.path("in").join(name)).unwrap();
    }
}

#[test]
fn line_feeds_in_names_stay_in_their_line() {
    let work = Work::new();
    let name = "a\nerror: b\u{1b}[2J.ndjson";
    let path = format!("in/{name}");
    let shown = "a\\nerror: b\\u{1b}[2J.ndjson";
    work.write(&path, [claims(), b"{bad\n".to_vec()].concat());
    let options = ["--overwrite", "--format", "csv", "--report", "r.json"];
    // Data keep the name as it is.
    let ran = work.run(&[&["convert", &path, "--out", "out"][..], &options].concat()).exits(3);
    assert_eq!(work.csv("out/cclf5.csv").column("FILE_NAME"), [name; 2]);
    let mut said = vec![ran.stderr];
    let fail = [&["convert", &path, "--out", "no", "--on-bad-record", "fail"][..], &[]].concat();
    said.push(work.run(&fail).exits(4).stderr);
    said.push(work.run(&["convert", &path, "--out", "no", "--max-rejects", "0"]).exits(4).stderr);
    said.push(work.run(&["convert", "in/a\nerror: nothing", "--out", "no"]).exits(2).stderr);
    said.push(work.run(&["convert", &path, "--out", "in/a\nerror: x/y"]).exits(2).stderr);
    said.push(work.run(&["validate", &path, "--out", "issues"]).exits(3).stderr);
    said.push(
        work.run(&["convert", &path, "--out", "o\nerror: p", "--format", "csv"]).exits(3).stderr,
    );
    work.write("in/z\nerror: .ndjson.gz", "");
    said.push(work.run(&["convert", "in", "--out", "out", "--overwrite"]).exits(3).stderr);
    work.write(&path, "<html>\n");
    said.push(work.run(&["convert", "in", "--out", "no"]).exits(4).stderr);
    let mut escaped = 0;
    for text in said {
        let errors = text.lines().filter(|line| line.contains("error: ")).collect::<Vec<_>>();
        assert!(errors.iter().all(|line| !line.starts_with("error: b")), "{text}");
        let forged = ["error: nothing", "error: x", "error: p", "error: .ndjson"];
        assert!(errors.iter().all(|line| forged.iter().all(|f| !line.starts_with(f))), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        escaped += usize::from(text.contains(shown));
    }
    assert!(escaped >= 4, "{escaped}");
}

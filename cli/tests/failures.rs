//! How a run fails: its exit code, what it says, and what it leaves: nothing, or the earlier result untouched.

#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::records::{carrier, lines, patient, r4_claim, v2_claim};
use crate::common::{self, Ran, TABLES, Work, joined, wait_until};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_message_is_written_in_one_piece() {
    let work = Work::new();
    work.write("in.ndjson", claims(1));
    let json = "--log-format json --report missing/report.json";
    for options in ["--report missing/report.json", json] {
        // Each write to it is a message of its own.
        let (said, stderr) = UnixDatagram::pair().unwrap();
        let mut command = Command::new(common::bcda());
        command.args(["convert", "in.ndjson", "--out", "out"]).args(options.split(' '));
        command.current_dir(work.path(".")).stderr(Stdio::from(OwnedFd::from(stderr)));
        assert!(!command.status().unwrap().success());
        drop(command);
        said.set_nonblocking(true).unwrap();
        let mut message = [0; 4096];
        let mut last = String::new();
        while let Ok(count) = said.recv(&mut message) {
            last = String::from_utf8(message[..count].to_vec()).unwrap();
            assert!(last.ends_with('\n'), "a piece of a message: {last:?}");
        }
        assert!(last.contains("error") && last.contains("report.json"), "{last:?}");
    }
}

/// Only against hanging: what waits for another run or for a pipe waits for ever.
const AT_ONCE: Duration = Duration::from_mins(1);

/// Some good claims as a file.
fn claims(count: usize) -> Vec<u8> {
    joined(lines(&(1..=count).map(|id| carrier(&id.to_string(), "1")).collect::<Vec<_>>()))
}

/// Runs a conversion that fails, first without an earlier result, then over one.
#[track_caller]
fn fails(work: &Work, arguments: &str, code: i32) -> Ran {
    let words = format!("convert {arguments} --out fails --report fails.json");
    let ran = work.bcda(&words).exits(code);
    assert!(!work.exists("fails"), "{arguments}: something was published");
    assert!(!work.exists("fails.json"), "{arguments}: a report of nothing");
    assert!(ran.stderr.starts_with("error: "), "{arguments}: {}", ran.stderr);
    assert_eq!(ran.stdout, b"", "{arguments}");
    work.assert_clean();

    work.write("earlier.ndjson", claims(3));
    work.bcda("convert earlier.ndjson --out fails --format csv --quiet").exits(0);
    let earlier = work.snapshot("fails");
    let again = work.bcda(&format!("{words} --overwrite")).exits(code);
    assert!(work.snapshot("fails") == earlier, "{arguments}: the earlier result changed");
    // What is said about wrong options depends on the options.
    assert!(code == 2 || again.stderr == ran.stderr, "{arguments}: {}", again.stderr);
    work.assert_clean();
    fs::remove_dir_all(work.path("fails")).unwrap();
    fs::remove_file(work.path("earlier.ndjson")).unwrap();
    ran
}

/// A conversion that works: its report.
#[track_caller]
fn works(work: &Work, arguments: &str) -> Value {
    let words = format!("convert {arguments} --out works --overwrite --report works.json --quiet");
    let ran = work.bcda(&words).exits(0);
    assert_eq!(ran.stderr, "", "{arguments}");
    work.assert_clean();
    work.read_json("works.json")
}

#[test]
fn no_input() {
    let work = Work::new();
    fails(&work, "missing.ndjson", 2);
    fails(&work, "missing/*.ndjson", 2);
    fs::create_dir(work.path("empty")).unwrap();
    fails(&work, "empty", 2);
    work.write("other/notes.txt", "not NDJSON by its name");
    work.write("other/.hidden.ndjson", claims(1));
    work.write("other/rejects/old.ndjson", claims(1));
    fails(&work, "other", 2);
    work.write("good.ndjson", claims(1));
    fails(&work, "good.ndjson missing.ndjson", 2);
    fails(&work, "good.ndjson -", 2);
    fails(&work, "good.ndjson --patients missing.ndjson", 2);
}

#[test]
fn wrong_options() {
    let work = Work::new();
    work.write("good.ndjson", claims(1));
    for wrong in [
        "--tables cclf5,cclfx",
        "--tables cclf10",
        "--format xlsx",
        "--file-date 2021-02-29",
        "--file-date yesterday",
        "--max-rejects 101%",
        "--threads 0",
        "--rejects elsewhere",
        "--no-such-option",
    ] {
        fails(&work, &format!("good.ndjson {wrong}"), 2);
    }
    work.bcda("convert good.ndjson").exits(2);
    work.bcda("convert --out out").exits(2);
    work.bcda("nothing").exits(2);
    // Names of tables are case-insensitive.
    works(&work, "good.ndjson --tables CCLF5,cClFa");
    assert!(work.exists("works/cclf5.parquet") && work.exists("works/cclfa.parquet"));
    assert!(!work.exists("works/cclf1.parquet"));
}

#[test]
fn an_output_that_exists() {
    let work = Work::new();
    work.write("good.ndjson", claims(2));
    work.bcda("convert good.ndjson --out out -q").exits(0);
    let earlier = work.snapshot("out");
    let ran = work.bcda("convert good.ndjson --out out").exits(2);
    assert!(ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    assert!(work.snapshot("out") == earlier);

    // An empty folder is fine; so is an earlier result of another format.
    fs::create_dir(work.path("empty")).unwrap();
    work.bcda("convert good.ndjson --out empty -q").exits(0);
    work.bcda("convert good.ndjson --out out --overwrite --format csv -q").exits(0);
    let names: Vec<String> = work.snapshot("out").unwrap().into_keys().collect();
    assert_eq!(names.len(), 13, "{names:?}");
    assert!(names.iter().all(|name| !name.contains("parquet")), "{names:?}");
    work.assert_clean();
}

#[test]
fn what_else_the_user_keeps_in_the_output_is_never_touched() {
    let work = Work::new();
    work.write("good.ndjson", claims(2));
    for foreign in ["notes.txt", "sub/notes.txt", "rejects/mine.txt", ".hidden", "cclf1.csv"] {
        let out = format!("out-{}", foreign.replace('/', "-"));
        work.bcda(&format!("convert good.ndjson --out {out} -q")).exits(0);
        work.write(&format!("{out}/{foreign}"), "mine");
        let earlier = work.snapshot(&out);
        for overwrite in ["", "--overwrite"] {
            work.bcda(&format!("convert good.ndjson --out {out} {overwrite}")).exits(2);
            assert!(work.snapshot(&out) == earlier, "{foreign}");
        }
    }
    // A folder that no run of ours made.
    work.write("mine/notes.txt", "mine");
    work.bcda("convert good.ndjson --out mine --overwrite").exits(2);
    work.write("mine/tables-manifest.json", "{\"files\": 1}");
    work.bcda("convert good.ndjson --out mine --overwrite").exits(2);
    assert_eq!(work.read("mine/notes.txt"), b"mine");
    work.assert_clean();
}

#[test]
fn outputs_that_cannot_be() {
    let work = Work::new();
    work.write("in/good.ndjson", claims(1));
    work.write("file", "a file");
    let input = work.snapshot("in");
    for out in ["in", "in/out", ".", "in/../in/out", "file", "no/such/folder", "in/good.ndjson"] {
        for overwrite in ["", "--overwrite"] {
            let ran = work.bcda(&format!("convert in --out {out} {overwrite}")).exits(2);
            assert!(ran.stderr.starts_with("error: "), "{out}: {}", ran.stderr);
        }
    }
    // An input file deep in the output, and --patients.
    work.bcda("convert in/good.ndjson --out in").exits(2);
    work.bcda("convert file --patients in --out in/out").exits(2);
    assert!(work.snapshot("in") == input);
    assert_eq!(work.read("file"), b"a file");
    // A link at the output's name is not followed.
    fs::create_dir(work.path("target")).unwrap();
    std::os::unix::fs::symlink("target", work.path("link")).unwrap();
    for overwrite in ["", "--overwrite"] {
        work.bcda(&format!("convert in --out link {overwrite}")).exits(2);
    }
    assert!(work.path("link").is_symlink());
    assert_eq!(fs::read_dir(work.path("target")).unwrap().count(), 0);
    work.assert_clean();
}

#[test]
fn of_two_runs_at_once_the_second_ends() {
    let work = Work::new();
    work.write("good.ndjson", claims(2));
    let mut first = work.start("convert - --out out --format csv --quiet");
    let mut stdin = first.stdin.take().unwrap();
    stdin.write_all(&claims(5)).unwrap();
    wait_until("the first run began", || !work.leftovers().is_empty());
    let staged = work.leftovers();
    for words in [
        "convert good.ndjson --out out",
        "convert good.ndjson --out out --overwrite",
        // Before anything is read: nobody writes to the pipe, nor closes it.
        "convert - --out out",
    ] {
        let begun = Instant::now();
        let mut second = work.start(words);
        while second.try_wait().unwrap().is_none() {
            if begun.elapsed() > AT_ONCE {
                second.kill().unwrap();
                panic!("{words}: it waits for the first run");
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let ran = Ran::from(second.wait_with_output().unwrap()).exits(2);
        assert!(ran.stderr.contains("another run"), "{}", ran.stderr);
        assert!(first.try_wait().unwrap().is_none(), "the first run goes on meanwhile");
    }
    assert!(!work.exists("out"));
    // It may have more by now.
    let now = work.leftovers();
    assert!(staged.iter().all(|name| now.contains(name)), "{staged:?} were touched: {now:?}");
    drop(stdin);
    Ran::from(first.wait_with_output().unwrap()).exits(0);
    assert_eq!(work.csv("out/cclf5.csv").rows.len(), 5);
    work.assert_clean();
    // The lock went with its holder.
    work.bcda("convert good.ndjson --out out --overwrite -q").exits(0);
}

#[test]
fn nothing_to_read_is_no_failure() {
    let work = Work::new();
    work.write("empty.ndjson", "");
    work.write("blank.ndjson", "\n  \n\t\n\r\n   ");
    work.write("mark.ndjson", b"\xEF\xBB\xBF");
    work.write("empty.ndjson.gz", gzip(b""));
    work.write("nothing.ndjson.gz", "");
    for file in
        ["empty.ndjson", "blank.ndjson", "mark.ndjson", "empty.ndjson.gz", "nothing.ndjson.gz"]
    {
        let report = works(&work, &format!("{file} --format csv --file-date 2024-01-01"));
        assert_eq!(report["records"]["read"], 0, "{file}");
        for table in TABLES {
            let csv = work.csv(&format!("works/{table}.csv"));
            assert!(!csv.header.is_empty(), "{file}: {table} has no header");
            let rows = if table == "cclf0" { 11 } else { 0 };
            assert_eq!(csv.rows.len(), rows, "{file}: {table}");
        }
        assert!(!work.exists("works/rejects"), "{file}");
    }
    let ran = work.feed("convert - --out out --format csv --file-date 2024-01-01 -q", []).exits(0);
    assert_eq!(ran.stderr, "");
    assert_eq!(work.csv("out/cclf1.csv").rows.len(), 0);
}

#[test]
fn damaged_compression() {
    let work = Work::new();
    let good = claims(400);
    let packed = gzip(&good);
    let changed = |at: usize| {
        let mut bytes = packed.clone();
        bytes[at] ^= 0x55;
        bytes
    };
    let end = packed.len();
    let truncated = |len: usize| packed[..len].to_vec();
    let zstd = zstd::encode_all(&good[..], 1).unwrap();
    let mut zstd_checked = zstd::Encoder::new(Vec::new(), 1).unwrap();
    zstd_checked.include_checksum(true).unwrap();
    zstd_checked.write_all(&good).unwrap();
    let zstd_checked = zstd_checked.finish().unwrap();
    let zstd_changed = |from_end: usize| {
        let mut bytes = zstd_checked.clone();
        bytes[zstd_checked.len() - from_end] ^= 1;
        bytes
    };
    for (what, bytes) in [
        ("a bad checksum", changed(end - 6)),
        ("a bad length", changed(end - 1)),
        ("a changed byte", changed(end / 2)),
        ("cut in the middle", truncated(end / 2)),
        ("cut in the checksum", truncated(end - 3)),
        ("cut in the header", truncated(7)),
        ("trailing garbage", [&packed[..], b"garbage"].concat()),
        ("a trailing plain line", [&packed[..], &good[..]].concat()),
        ("a second member cut short", [&packed[..], &packed[..end / 2]].concat()),
        ("a second member of a bad header", [&packed[..], b"\x1f\x8b\x08"].concat()),
        ("zstd cut in the middle", zstd[..zstd.len() / 2].to_vec()),
        ("zstd with a bad checksum", zstd_changed(1)),
        ("zstd with a changed byte", zstd_changed(zstd_checked.len() / 2)),
        (
            "zstd with a bad checksum behind a frame without one",
            [&zstd[..], &zstd_changed(1)].concat(),
        ),
        ("zstd with trailing garbage", [&zstd[..], b"garbage"].concat()),
    ] {
        work.write("in/a.ndjson", claims(2));
        work.write("in/b.ndjson.gz", bytes);
        let ran = fails(&work, "in", 1);
        assert!(ran.stderr.contains("b.ndjson"), "{what}: {}", ran.stderr);
        let stdin = work.read("in/b.ndjson.gz");
        work.feed("convert - --out out", stdin.chunks(1000)).exits(1);
        assert!(!work.exists("out"), "{what}");
        work.assert_clean();
    }
}

#[test]
fn a_report_whose_place_cannot_be_examined_is_a_failure_and_no_usage() {
    let work = Work::new();
    work.write("in.ndjson", claims(1));
    // No name is that long: what the system says is neither that it is there nor that it is not.
    let long = "x".repeat(300);
    for (report, code, said) in [
        (format!("{long}/report.json"), 1, "cannot examine"),
        (format!("{long}.json"), 1, "cannot examine"),
        ("missing/report.json".to_owned(), 2, "cannot be the report"),
        ("in.ndjson/report.json".to_owned(), 2, "cannot be the report"),
    ] {
        let ran = work.run(&["convert", "in.ndjson", "--out", "out", "--report", &report]);
        assert_eq!(ran.code, Some(code), "{}", ran.stderr);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
        assert!(!work.exists("out"));
        let ran = work.run(&["validate", "in.ndjson", "--out", &report]);
        assert!(matches!(ran.code, Some(1 | 2)), "{}", ran.stderr);
    }
    work.assert_clean();
}

#[test]
fn bytes_decide_about_compression_not_names() {
    let work = Work::new();
    let good = claims(7);
    work.write("plain.ndjson.gz", &good);
    work.write("packed.ndjson", gzip(&good));
    work.write("zstd.ndjson.gz", zstd::encode_all(&good[..], 1).unwrap());
    for file in ["plain.ndjson.gz", "packed.ndjson", "zstd.ndjson.gz"] {
        let report = works(&work, file);
        assert_eq!(report["records"]["with_rows"], 7, "{file}");
    }
}

#[test]
fn input_that_expands_too_much() {
    let work = Work::new();
    work.write("bomb.ndjson.gz", gzip(&claims(400)));
    let ran = fails(&work, "bomb.ndjson.gz --max-decompressed 100000", 1);
    assert!(ran.stderr.contains("expands too much"), "{}", ran.stderr);
    // Blank lines are no way around it, nor is one line that never ends.
    work.write("bomb.ndjson.gz", gzip(&vec![b'\n'; 3 << 20]));
    fails(&work, "bomb.ndjson.gz --max-decompressed 1000000", 1);
    work.write("bomb.ndjson.gz", gzip(&vec![b'x'; 3 << 20]));
    fails(&work, "bomb.ndjson.gz --max-decompressed 1000000 --max-line-bytes 5000", 1);
    // Plain files expand to what they are.
    work.write("plain.ndjson", claims(400));
    works(&work, "plain.ndjson --max-decompressed 100000");
}

#[test]
fn too_many_bad_records() {
    let work = Work::new();
    let good = String::from_utf8(claims(4)).unwrap();
    let bad = |count: usize| format!("{good}{}{good}", "{broken\n".repeat(count));
    work.write("three.ndjson", bad(3));
    for threads in [1, 7] {
        let options = format!("three.ndjson --threads {threads} --block-bytes 1024");
        let ran = fails(&work, &format!("{options} --max-rejects 2"), 4);
        assert!(ran.stderr.contains("three.ndjson, line 5"), "{}", ran.stderr);
        fails(&work, &format!("{options} --max-rejects 0"), 4);
        for enough in ["3", "1%", "100%"] {
            let words = format!("convert {options} --out out --overwrite --max-rejects {enough}");
            work.bcda(&words).exits(3);
        }
    }
    // A share never stops at fewer than a hundred.
    work.write("hundred.ndjson", bad(100));
    work.bcda("convert hundred.ndjson --out out --overwrite").exits(3);
    work.write("more.ndjson", bad(101));
    fails(&work, "more.ndjson", 4);
    // It is a share of the records read so far, in all files.
    work.write("all/a.ndjson", claims(11_000));
    work.write("all/b.ndjson", bad(101));
    work.bcda("convert all --out out --overwrite --tables cclf7").exits(3);
}

#[test]
fn the_first_bad_record_may_end_the_run() {
    let work = Work::new();
    let good = String::from_utf8(claims(5)).unwrap();
    work.write("b.ndjson", format!("{good}{{broken\n{good}[1\n"));
    for threads in [1, 2, 7] {
        let options = format!("--threads {threads} --block-bytes 1024 --on-bad-record fail");
        let ran = fails(&work, &format!("b.ndjson {options}"), 4);
        assert!(ran.stderr.contains("b.ndjson, line 6"), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    }
    // Without a bad record it changes nothing.
    work.write("good.ndjson", claims(5));
    works(&work, "good.ndjson --on-bad-record fail");
}

#[test]
fn the_first_bad_record_is_the_first_in_input_order() {
    let work = Work::new();
    let person = patient("1", "1S00A00AA00").to_string();
    // People are read before claims; the order of the input is another.
    work.write("in/a.ndjson", [claims(3), b"{broken\n".to_vec()].concat());
    work.write("in/b.ndjson", format!("{person}\n{{broken\n"));
    let ran = fails(&work, "in --on-bad-record fail", 4);
    assert!(ran.stderr.contains("a.ndjson, line 4"), "{}", ran.stderr);
    // In a file where people stand among the claims, a bad claim before a line that is no JSON.
    let bad_claim = carrier("9", "1").to_string().replace("2020-03-05", "2020-02-30");
    let mixed = [claims(2), joined([&person, &bad_claim, &"{broken".to_owned()]), claims(1)];
    work.write("mixed.ndjson", mixed.concat());
    for block in [1024, 1 << 20] {
        let options = format!("--on-bad-record fail --threads 2 --block-bytes {block}");
        let ran = fails(&work, &format!("mixed.ndjson {options}"), 4);
        assert!(ran.stderr.contains("mixed.ndjson, line 4"), "{block}: {}", ran.stderr);
    }
}

/// The run ends with one error that says R4.
/// One run makes tables of one version: the claims of one have other numbers in the other.
#[test]
fn a_second_version_ends_the_run_and_names_both_files() {
    let work = Work::new();
    let (old, new) = (lines(&[carrier("1", "1"), carrier("2", "1")]), lines(&[v2_claim("9")]));
    // Names say nothing: the first in the order of the input comes first.
    work.write_lines("in/a-v2.ndjson", old.clone());
    work.write_lines("in/b-v1.ndjson", new.clone());
    for threads in [1, 2, 7] {
        let ran = fails(&work, &format!("in --threads {threads}"), 2);
        let said = "in/b-v1.ndjson, line 1: a record of BCDA v2, after records of BCDA v1 in in/a-v2.ndjson";
        assert!(ran.stderr.contains(&said.replace("in/", "")), "{}", ran.stderr);
    }
    // In one file, and the other way round.
    work.write_lines("mixed.ndjson", [new.clone(), old.clone()].concat());
    let ran = fails(&work, "mixed.ndjson", 2);
    assert!(
        ran.stderr.contains("line 2: a record of BCDA v1, after records of BCDA v2"),
        "{}",
        ran.stderr
    );
    // Whoever says which gets it, and the others are bad records.
    work.bcda("convert mixed.ndjson --api v1 --out one --max-rejects 100%").exits(3);
    let rejects = work.read("one/rejects/rejects.csv");
    let rejects = String::from_utf8(rejects).unwrap();
    assert!(rejects.lines().nth(1).is_some_and(|row| row.contains(",1,0,version,")), "{rejects}");
    // A claim of R4 that shows no version is a bad record, and a Patient follows the others.
    work.write_lines("unmarked.ndjson", lines(&[patient("1", "1S00A00AA00"), r4_claim("1")]));
    work.bcda("convert unmarked.ndjson --out two --max-rejects 100%").exits(3);
    let rejects = String::from_utf8(work.read("two/rejects/rejects.csv")).unwrap();
    assert!(rejects.lines().nth(1).is_some_and(|row| row.contains(",claim-type,")), "{rejects}");
}

#[test]
fn json_over_several_lines_is_not_ndjson() {
    let work = Work::new();
    let records = [carrier("1", "1"), patient("1", "1S00A00AA00"), carrier("2", "1")];
    let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    let bundle = json!({"resourceType": "Bundle", "entry": [{"resource": records[0]}]});
    let pretty_records: String = records.iter().map(|record| pretty(record) + "\n").collect();
    let array = Value::from(records.to_vec());
    let compact: Vec<String> = lines(&records);
    for (what, text) in [
        ("pretty record", pretty(&records[0])),
        ("pretty records", pretty_records.clone()),
        ("pretty records, CRLF", pretty_records.replace('\n', "\r\n")),
        ("after a byte order mark", format!("\u{feff}{pretty_records}")),
        ("after blank lines", format!("\n\n{pretty_records}")),
        ("array on a line", format!("{array}\n")),
        ("pretty array", pretty(&array)),
        ("array of lines", format!("[\n{}\n]\n", compact.join(",\n"))),
        ("pretty Bundle", pretty(&bundle)),
    ] {
        work.write("in.ndjson", &text);
        let ran = fails(&work, "in.ndjson", 4);
        assert!(ran.stderr.contains("in.ndjson: not NDJSON"), "{what}: {}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{what}: {}", ran.stderr);
        work.write("in.ndjson.gz", gzip(text.as_bytes()));
        fails(&work, "in.ndjson.gz", 4);
        let ran = work.feed("convert - --out out", text.as_bytes().chunks(100)).exits(4);
        assert!(ran.stderr.contains("not NDJSON"), "{what}: {}", ran.stderr);
        assert!(!work.exists("out"), "{what}");
        work.assert_clean();
    }
    // One record that is cut off is a bad record.
    work.write("cut.ndjson", format!("{}\n{}\n", &compact[0][..200], compact[2]));
    work.bcda("convert cut.ndjson --out out -q").exits(3);
}

#[test]
fn a_bundle_on_a_line_is_a_bad_record_that_says_so() {
    let work = Work::new();
    let bundle = json!({"resourceType": "Bundle", "entry": [{"resource": carrier("1", "1")}]});
    work.write_lines("in.ndjson", lines(&[carrier("2", "1"), bundle]));
    let ran = work.bcda("convert in.ndjson --out out").exits(3);
    assert!(ran.stderr.contains("bundle"), "{}", ran.stderr);
    assert!(work.read_text("out/rejects/rejects.csv").contains(",bundle,"));
    let ran = work.bcda("convert in.ndjson --out fail --on-bad-record fail").exits(4);
    assert!(ran.stderr.contains("bundle"), "{}", ran.stderr);
}

#[test]
fn json_over_several_lines_is_not_ndjson_on_a_stream_that_is_read_once() {
    let work = Work::new();
    work.write_lines("people.ndjson", lines(&[patient("1", "1S00A00AA00")]));
    let array = Value::from(vec![carrier("1", "1"), carrier("2", "1")]);
    let pretty = serde_json::to_string_pretty(&array[0]).unwrap();
    for text in [pretty, array.to_string(), serde_json::to_string_pretty(&array).unwrap()] {
        let stream = text.as_bytes().chunks(100);
        let ran = work.feed("convert - --patients people.ndjson --out out", stream).exits(4);
        assert!(ran.stderr.contains("not NDJSON"), "{}", ran.stderr);
        assert!(!work.exists("out"));
        work.assert_clean();
    }
}

#[test]
fn plain_standard_input_does_not_expand() {
    let work = Work::new();
    let input = claims(400);
    let words = "convert - --out out --overwrite --max-decompressed 100000 -q";
    work.feed(words, input.chunks(1000)).exits(0);
    // Packed, it does.
    let packed = gzip(&input);
    let ran = work.feed(words, packed.chunks(1000)).exits(1);
    assert!(ran.stderr.contains("expands too much"), "{}", ran.stderr);
}

#[test]
fn a_report_is_no_way_to_lose_a_file() {
    let work = Work::new();
    let input = claims(2);
    work.write("in/good.ndjson", &input);
    for report in ["no/such/folder/report.json", "in/good.ndjson", "out/report.json", "in"] {
        let words = format!("convert in --out out --report {report}");
        let ran = work.bcda(&words);
        assert!(matches!(ran.code, Some(1 | 2)), "{report}: {:?}", ran.code);
        assert!(!work.exists("out"), "{report}: published all the same");
        assert_eq!(work.read("in/good.ndjson"), input, "{report}");
        work.assert_clean();
    }
}

/// Runs the program from a shell that does something first.
fn after(work: &Work, first: &str, words: &str) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{first}; exec \"$0\" \"$@\"")]).arg(common::bcda());
    command.args(words.split_whitespace()).current_dir(work.path("."));
    command.env("TMPDIR", work.path(".")).output().unwrap().into()
}

#[test]
fn writes_that_fail() {
    let work = Work::new();
    work.write("in.ndjson", claims(2000));
    // No file may grow beyond a few blocks; the first run leaves nothing, the second the earlier result.
    let small = "ulimit -f 16";
    for format in ["parquet", "csv", "arrow"] {
        // The signal that comes with the limit is no end without tidying up, whether or not it is ignored.
        for signal in ["", "trap '' XFSZ; "] {
            let words = format!("convert in.ndjson --out out --format {format} --compression none");
            let ran = after(&work, &format!("{signal}{small}"), &words).exits(1);
            assert!(ran.stderr.contains("cclf"), "it names the file: {}", ran.stderr);
            assert!(!work.exists("out"), "{format}");
            work.assert_clean();
        }
    }
    work.bcda("convert in.ndjson --out out -q").exits(0);
    let earlier = work.snapshot("out");
    after(&work, small, "convert in.ndjson --out out --overwrite --format csv").exits(1);
    assert!(work.snapshot("out") == earlier);
    work.assert_clean();
    if !std::path::Path::new("/dev/full").exists() {
        println!("skipped: no /dev/full");
        return;
    }
    for words in [
        "convert in.ndjson --out - --tables cclf5 --format csv",
        "convert in.ndjson --out - --tables cclf5 --format arrow",
        "convert in.ndjson --out - --tables cclf5 --on-bad-record fail",
        "describe",
        "inspect in.ndjson:1",
        "history in.ndjson:1 in.ndjson",
        "completions bash",
    ] {
        let ran = after(&work, "exec >/dev/full", words).exits(1);
        assert_eq!(ran.stderr.lines().filter(|line| line.starts_with("error: ")).count(), 1);
        work.assert_clean();
    }
}

/// The program as an ordinary user: root ignores permission bits. None where we cannot become one.
fn as_nobody(work: &Work, words: &str) -> Option<Command> {
    let mut command = work.command(&words.split_whitespace().collect::<Vec<_>>());
    if rustix::process::geteuid().is_root() {
        // A copy, since the build folder may be closed to others.
        let program = work.path("program");
        if !program.exists() {
            fs::copy(common::bcda(), &program).unwrap();
            fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
        }
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        let mut other = Command::new(program);
        other.args(arguments).current_dir(work.path(".")).uid(65_534).gid(65_534);
        other.env("TMPDIR", work.path("open"));
        let mut probe = Command::new("true");
        probe.uid(65_534).gid(65_534);
        if probe.status().is_err() {
            println!("skipped: cannot become an ordinary user");
            return None;
        }
        command = other;
    }
    Some(command)
}

#[test]
fn what_may_not_be_read_or_written() {
    let work = Work::new();
    let mode =
        |name: &str, mode| fs::set_permissions(work.path(name), Permissions::from_mode(mode));
    work.write("good.ndjson", claims(1));
    work.write("closed.ndjson", claims(1));
    fs::create_dir(work.path("open")).unwrap();
    fs::create_dir(work.path("closed")).unwrap();
    fs::create_dir(work.path("unreadable")).unwrap();
    for (name, bits) in [(".", 0o755), ("good.ndjson", 0o644), ("open", 0o777), ("closed", 0o555)] {
        mode(name, bits).unwrap();
    }
    mode("closed.ndjson", 0o000).unwrap();
    mode("unreadable", 0o000).unwrap();
    for (input, out, code) in [
        ("good.ndjson", "open/out", 0),
        ("closed.ndjson", "open/other", 1),
        ("unreadable", "open/other", 1),
        // Before the input is read: it would be bad.
        ("good.ndjson", "closed/out", 1),
        ("good.ndjson", "unreadable/out", 1),
    ] {
        let Some(mut command) = as_nobody(&work, &format!("convert {input} --out {out}")) else {
            return;
        };
        let ran = Ran::from(command.output().unwrap()).exits(code);
        assert!(code == 0 || ran.stderr.starts_with("error: "), "{}", ran.stderr);
        assert!(!work.exists("open/other") && !work.exists("closed/out"));
    }
    // A file that may not be read among others that may, found late.
    let Some(mut command) = as_nobody(&work, "convert good.ndjson closed.ndjson --out open/out")
    else {
        return;
    };
    let earlier = work.snapshot("open/out");
    Ran::from(command.arg("--overwrite").output().unwrap()).exits(1);
    assert!(work.snapshot("open/out") == earlier);
    let names: Vec<String> = work.snapshot("open").unwrap().into_keys().collect();
    assert!(names.iter().all(|name| name.starts_with("out/")), "{names:?}");
    // The input is not read when the output cannot be written: a pipe would wait for ever.
    let Some(mut command) = as_nobody(&work, "convert - --out closed/out") else { return };
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    wait_until("the run ended without reading", || child.try_wait().unwrap().is_some());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    mode("unreadable", 0o755).unwrap();
}

//! What the input may take and what of it can be trusted: people in memory, frames without checksums, loops of links,
//! files that grow.

#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::common::records::{carrier, hospice, lines, patient};
use crate::common::{self, Ran, Work, joined};
use flate2::Compression;
use flate2::write::GzEncoder;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8], checksum: bool) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(checksum).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn claims(count: u32) -> Vec<u8> {
    let records: Vec<_> = (1..=count).map(|id| carrier(&id.to_string(), "1")).collect();
    joined(lines(&records))
}

const SKIPPABLE: &[u8] = b"\x50\x2a\x4d\x18\x05\0\0\0hello";

#[test]
fn frames_without_a_checksum_are_told_or_refused() {
    let work = Work::new();
    let (one, two) = (claims(3), joined(lines(&[patient("1", "1S00A00AA00")])));
    let checked = [SKIPPABLE, &zstd(&one, true), SKIPPABLE, &zstd(&two, true)].concat();
    let mixed = [SKIPPABLE, &zstd(&one, true), &zstd(&two, false), &zstd(b"", false)].concat();
    for (stored, frames) in [(gzip(&one), 0), (checked, 0), (zstd(&one, false), 1), (mixed, 2)] {
        work.write("in/a.ndjson", claims(2));
        work.write("in/b.ndjson.zst", &stored);
        let options = "--out out --overwrite --file-date 2024-01-01 --report report.json";
        let told = |ran: &Ran, name: &str| {
            let warned = ran.stderr.contains(&format!("warning: {name}: compressed by zstd"));
            assert_eq!(warned, frames > 0, "{frames}: {}", ran.stderr);
        };
        told(&work.bcda(&format!("convert in {options}")).exits(0), "b.ndjson");
        let inputs = &work.read_json("report.json")["inputs"];
        assert_eq!(inputs[0]["frames_without_checksum"], 0);
        assert_eq!(inputs[1]["frames_without_checksum"], frames);
        let stdin = || stored.chunks(100);
        told(&work.feed(&format!("convert - {options}"), stdin()).exits(0), "stdin");
        told(&work.bcda("validate in"), "b.ndjson");
        let json = work.bcda("validate in --log-format json");
        assert!(
            json.stderr.contains(&format!("\"frames_without_checksum\":{frames}")),
            "{}",
            json.stderr
        );

        let earlier = work.snapshot("out");
        let strict = format!("--require-checksums {options}");
        for (ran, name) in [
            (work.bcda(&format!("convert in {strict}")), "b.ndjson"),
            (work.feed(&format!("convert - {strict}"), stdin()), "stdin"),
            (work.bcda("validate in --require-checksums"), "b.ndjson"),
        ] {
            // Small records are not whole ones: `validate` says so, too.
            assert_eq!(ran.code == Some(1), frames > 0, "{}", ran.stderr);
            let refused = ran.stderr.contains(&format!("error: {name}: "))
                && ran.stderr.contains("no checksum")
                && ran.stderr.contains("--require-checksums");
            assert_eq!(refused, frames > 0, "{}", ran.stderr);
        }
        assert!(frames == 0 || work.snapshot("out") == earlier, "the earlier result changed");
        work.assert_clean();
    }
}

/// As `bcda` does it, with an address space of so many KiB.
fn within(work: &Work, kilobytes: u32, words: &str, stdin: &[u8]) -> Ran {
    let mut command = Command::new("sh");
    let program = common::bcda();
    command.arg("-c").arg(format!("ulimit -v {kilobytes}; exec \"$0\" {words}")).arg(program);
    command.current_dir(work.path(".")).env("TMPDIR", work.path("."));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(stdin));
        child.wait_with_output().unwrap().into()
    })
}

#[test]
fn more_people_than_fit_end_the_run_before_memory_does() {
    let work = Work::new();
    // Each takes more than twice as much memory as its line, which takes a fraction of that compressed.
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    for number in 0..1_200_000 {
        writeln!(bomb, "{{\"resourceType\":\"Patient\",\"id\":\"{number}\"}}").unwrap();
    }
    let bomb = bomb.finish().unwrap();
    work.write("in/a.ndjson.gz", &bomb);
    let words = "--out out --threads 1 --file-date 2024-01-01";
    for (what, stdin) in [("in", &[][..]), ("-", &bomb)] {
        let ran = within(&work, ADDRESS_SPACE, &format!("convert {what} {words}"), stdin).exits(1);
        assert!(ran.stderr.contains("--max-people"), "{}", ran.stderr);
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        assert!(!work.exists("out"));
        work.assert_clean();
    }
}

/// KiB: the program, its threads, and as much for people as the test's input does not fit in.
const ADDRESS_SPACE: u32 = 300_000;

#[test]
fn a_line_that_memory_does_not_hold_ends_the_run_as_a_failure() {
    let work = Work::new();
    work.write("in.ndjson", claims(2));
    let words = "--out out --file-date 2024-01-01 --overwrite --threads 16";
    within(&work, ADDRESS_SPACE, &format!("convert in.ndjson {words}"), &[]).exits(0);
    let (earlier, tables) = (work.snapshot("out"), work.tables("out"));
    let members: Vec<_> = (0..2_000_000).map(|number| format!("\"secret{number}\":1")).collect();
    let mut input = claims(1);
    for _ in 0..4 {
        writeln!(input, "{{\"resourceType\":\"Patient\",{}}}", members.join(",")).unwrap();
    }
    work.write("in.ndjson", input);
    for command in ["convert", "validate"] {
        let words = if command == "convert" { words } else { "--threads 16" };
        let words = format!("{command} in.ndjson {words} --max-line-bytes 100000000");
        let ran = within(&work, ADDRESS_SPACE / 2, &words, &[]).exits(1);
        assert!(ran.stderr.contains("memory allocation of "), "{}", ran.stderr);
        assert!(!ran.stderr.contains("secret"), "{}", ran.stderr);
        assert!(work.snapshot("out") == earlier, "the earlier result changed");
    }
    // Threads are fewer there, and what they make is the same.
    work.write("in.ndjson", claims(2));
    within(&work, ADDRESS_SPACE, &format!("convert in.ndjson {words}"), &[]).exits(0);
    assert!(work.tables("out") == tables, "fewer threads make other tables");
    work.assert_clean();
}

#[test]
fn people_are_counted_and_the_same_one_is_one() {
    let work = Work::new();
    let people = |count: u32| {
        let records: Vec<_> =
            (1..=count).map(|id| patient(&id.to_string(), "1S00A00AA00")).collect();
        joined(lines(&records))
    };
    let repeated = people(5).repeat(100);
    let few = [&people(5)[..], &claims(2)].concat();
    let many = people(6);
    let (repeated, few, many) = (&repeated[..], &few[..], &many[..]);
    work.bcda("convert x --out out --max-people 0").exits(2);
    for (bytes, code) in [(repeated, 0), (few, 0), (many, 1)] {
        work.write("in.ndjson", bytes);
        let words = "--out out --overwrite --max-people 5 --file-date 2024-01-01";
        for ran in [
            work.bcda(&format!("convert in.ndjson {words}")),
            work.feed(&format!("convert - {words}"), bytes.chunks(1000)),
        ] {
            let ran = ran.exits(code);
            assert_eq!(
                ran.stderr.contains("more than 5 people, which is what --max-people"),
                code == 1
            );
        }
        work.assert_clean();
    }
}

#[test]
fn claims_of_one_who_has_not_come_are_one_in_memory() {
    // The same stay again and again: no more is kept of it than of one.
    let work = Work::new();
    let stays: Vec<_> = (1..200)
        .map(|id| hospice(&id.to_string(), "1", "2020-01-01", Some("2020-02-01")))
        .collect();
    let open = hospice("200", "1", "2020-03-01", None);
    let mut records = stays;
    records.extend([open, patient("1", "1S00A00AA00")]);
    let bytes = joined(lines(&records));
    let words = "convert - --out out --tables cclf8 --format csv --no-lineage";
    work.feed(words, bytes.chunks(4096)).exits(0);
    let table = work.csv("out/cclf8.csv");
    assert_eq!(table.rows.len(), 2);
}

#[test]
fn loops_of_links_are_passed_over() {
    let work = Work::new();
    work.write("in/deep/er/a.ndjson", claims(2));
    for number in 0..40 {
        symlink("..", work.path(&format!("in/deep/er/up{number}"))).unwrap();
        symlink(work.path("in"), work.path(&format!("in/deep/loop{number}"))).unwrap();
    }
    for input in ["in/**/*.ndjson", "in/**/**/*", "**/er/**/a*", "in/*/*/*"] {
        let out = "--out out --overwrite --file-date 2024-01-01 --report report.json";
        let words = [&["convert", input][..], &out.split(' ').collect::<Vec<_>>()].concat();
        work.run(&words).exits(0);
        assert_eq!(work.read_json("report.json")["records"]["read"], 2, "{input}");
        assert_ne!(work.run(&["validate", input]).code, Some(2), "{input}");
    }
}

#[test]
fn a_file_that_grows_is_read_to_its_size_and_the_report_says_so() {
    const LINES: u32 = 2_000;
    let work = Work::new();
    for compressed in [false, true] {
        let (name, more) =
            if compressed { ("in.ndjson.gz", gzip(&claims(1))) } else { ("in.ndjson", claims(1)) };
        work.write(name, if compressed { gzip(&claims(LINES)) } else { claims(LINES) });
        let words = format!(
            "convert {name} --out out --overwrite --file-date 2024-01-01 --report report.json \
             --threads 1 --block-bytes 4096"
        );
        let mut file = OpenOptions::new().append(true).open(work.path(name)).unwrap();
        let mut child = work.start(&words);
        let mut added = 0;
        while child.try_wait().unwrap().is_none() {
            file.write_all(&more).unwrap();
            added += 1;
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        let ran = Ran::from(child.wait_with_output().unwrap()).exits(0);
        assert!(ran.stderr.contains("in.ndjson: grew while it was read"), "{}", ran.stderr);
        let report = work.read_json("report.json");
        assert_eq!(report["inputs"][0]["grew"], true);
        let read = report["records"]["read"].as_u64().unwrap();
        assert!(read >= LINES.into() && read < u64::from(LINES) + added, "{read}, {added} added");
        assert_eq!(report["records"]["rejected"], 0);
        // Without anybody adding, it does not.
        work.bcda(&words).exits(0);
        assert_eq!(work.read_json("report.json")["inputs"][0]["grew"], false);
        drop(file);
    }
}

//! Records that nest without end, through the whole program and on the stacks that its threads have by default: each
//! is a bad record, its neighbours are kept, and nothing aborts.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::common::records::carrier;
use crate::common::{Work, counts};
use sandbox::{Data, Options, Sandbox};
use serde_json::Value;

const LEVELS: [usize; 5] = [100, 1_000, 10_000, 100_000, 1_000_000];
const SHAPES: [&str; 3] = ["[", "{\"a\":", "{\"a\":["];

/// Where a bomb is put: in members that the crosswalk reads, that it skips, that nobody knows; and as the record.
const PLACES: [&str; 7] =
    ["status", "item", "language", "zzz", "extension", "contained", "the record"];

/// This many containers in one another, closed again or not.
fn bomb(shape: &str, levels: usize, closed: bool) -> String {
    let mut text = synth::nested(shape, levels);
    if !closed {
        text.truncate(text.find('1').unwrap() + 1);
    }
    text
}

/// The byte of the container that is one too many.
fn too_deep_at(line: &str) -> usize {
    let mut depth = 0;
    let mut text = false;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'"' => text = !text,
            b'[' | b'{' if !text => depth += 1,
            b']' | b'}' if !text => depth -= 1,
            _ => {}
        }
        if depth > 64 {
            return at;
        }
    }
    panic!("it is not too deep")
}

/// Bombs with a good claim before each and one at the end.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for levels in LEVELS {
        for shape in SHAPES {
            for place in PLACES {
                // The longest take megabytes each: one read, one skipped, and one that is not closed.
                let largest = levels == 1_000_000;
                if largest && !["status", "language", "the record"].contains(&place) {
                    continue;
                }
                let bomb = bomb(shape, levels, !largest || place != "the record");
                lines.push(carrier(&lines.len().to_string(), "1").to_string());
                let good = carrier("13", "1").to_string();
                lines.push(match place {
                    "the record" => bomb,
                    _ => good.replacen('{', &format!("{{\"{place}\":{bomb},"), 1),
                });
            }
        }
    }
    lines.push(carrier(&lines.len().to_string(), "1").to_string());
    lines
}

/// Work with the lines in a file; the lines.
fn work() -> (Work, Vec<String>) {
    let (work, lines) = (Work::new(), lines());
    work.write_lines("data/in.ndjson", &lines);
    (work, lines)
}

/// Line, class and byte of the fault of every second line.
fn expected(lines: &[String]) -> Vec<[String; 3]> {
    let bombs = (1..=lines.len()).zip(lines).filter(|(number, _)| number % 2 == 0);
    bombs
        .map(|(number, line)| {
            [number.to_string(), "depth".to_owned(), too_deep_at(line).to_string()]
        })
        .collect()
}

#[test]
fn bombs_are_rejected_by_convert() {
    let (work, lines) = work();
    let bombs = lines.len() as u64 / 2;
    let text = work.read("data/in.ndjson");
    for input in ["data", "-"] {
        let ending = "--max-rejects 100% --format csv --quiet --report report.json --overwrite";
        let words = format!("convert {input} --out out --threads 2 {ending}");
        work.feed(&words, if input == "-" { text.chunks(65_536) } else { [].chunks(1) }).exits(3);
        let found = work.csv("out/rejects/rejects.csv");
        let found = found.select(["line", "class", "fault_byte"]);
        assert_eq!(found, expected(&lines), "{input}");
        assert_eq!(
            counts(&work.read_json("report.json")),
            [2 * bombs + 1, bombs + 1, 0, 0, 0, bombs]
        );
        assert_eq!(work.csv("out/cclf5.csv").rows.len() as u64, bombs + 1, "{input}");
    }
    work.bcda("convert data --out other --on-bad-record fail").exits(4);
    work.assert_clean();
}

#[test]
fn bombs_are_found_by_validate_and_shown_by_inspect() {
    let (work, lines) = work();
    for threads in ["1", "3"] {
        let ran =
            work.bcda(&format!("validate data -q --severity error --threads {threads}")).exits(3);
        let issues: Vec<[String; 3]> = ran
            .text()
            .lines()
            .map(|line| {
                let outcome: Value = serde_json::from_str(line).unwrap();
                let issue = &outcome["issue"][0];
                // in.ndjson:2, byte 612, fault at byte 74 of the record
                let place = issue["diagnostics"].as_str().unwrap();
                let words: Vec<&str> = place.split([':', ',', ' ']).collect();
                let class = issue["details"]["coding"][0]["code"].as_str().unwrap();
                [words[1].to_owned(), class.to_owned(), words[words.len() - 4].to_owned()]
            })
            .collect();
        assert_eq!(issues, expected(&lines));
    }
    // It is no JSON that could be walked, so it is shown as it stands.
    for number in [2, 8, lines.len() - 1] {
        let ran = work.bcda(&format!("inspect data/in.ndjson:{number}")).exits(0);
        assert!(ran.text() == format!("{}\n", lines[number - 1]), "line {number}");
        let ran = work.bcda(&format!("inspect data/in.ndjson:{number} zzz.a"));
        assert!(matches!(ran.code, Some(2 | 4)), "line {number}: {:?}", ran.code);
    }
    work.bcda(&format!("inspect data/in.ndjson:{} status", lines.len())).exits(0);
}

/// The sandbox looks into records for their types and times, the client at the end of a file.
#[test]
fn bombs_are_served_and_fetched_as_they_are() {
    let (work, lines) = work();
    let known = sandbox::Credentials::published();
    let mut text = String::new();
    writeln!(text, "client_id = {}\nclient_secret = {}", known.id, known.secret).unwrap();
    work.write("credentials", text);
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(work.path("credentials"), private).unwrap();
    // The last line has no line feed, so that it is looked at.
    let deep = bomb(SHAPES[2], 1_000_000, true);
    let last = carrier("13", "1").to_string().replacen('{', &format!("{{\"zzz\":{deep},"), 1);
    let text = [&work.read("data/in.ndjson")[..], last.as_bytes()].concat();
    work.write("data/in.ndjson", text);
    let running = Sandbox::start(Options::new(Data::Folder(work.path("data")))).unwrap();
    let words = format!(
        "export --base-url {} --credentials credentials --no-token-cache --out export \
         --type ExplanationOfBenefit",
        running.url()
    );
    work.bcda(&words).exits(0);
    work.bcda("convert export --out out --max-rejects 100% --report report.json -q").exits(3);
    let bombs = lines.len() as u64 / 2;
    let expected = [2 * bombs + 2, bombs + 1, 0, 0, 0, bombs + 1];
    assert_eq!(counts(&work.read_json("report.json")), expected);
}

//! Standard input and output, and being interrupted.

mod common;

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use cclf_crosswalk::arrow::ipc::reader::StreamReader;
use common::records::{carrier, lines, patient};
use common::{Csv, Ran, Work, counts, joined, wait_until};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// A signal is obeyed within this time.
const PROMPT: Duration = Duration::from_secs(2);

fn people() -> Vec<u8> {
    joined(lines(&[patient("1", "1S00A00AA01"), patient("2", "1S00A00AA02")]))
}

fn claims(count: u32) -> Vec<u8> {
    let claim = |id: u32| carrier(&id.to_string(), &(1 + id % 3).to_string());
    joined(lines(&(0..count).map(claim).collect::<Vec<_>>()))
}

#[test]
fn claims_find_people_that_come_before_after_and_beforehand() {
    let work = Work::new();
    work.write("people/patients.ndjson", people());
    let options = "--format csv --file-date 2024-01-01 --quiet --report report.json";
    let expected = ["1S00A00AA01", "1S00A00AA02", "", "1S00A00AA01", "1S00A00AA02", ""];
    for (name, words, input) in [
        ("before", "convert -", [people(), claims(6)].concat()),
        ("after", "convert -", [claims(6), people()].concat()),
        ("beforehand, a folder", "convert - --patients people", claims(6)),
        ("beforehand, a file", "convert - --patients people/patients.ndjson", claims(6)),
    ] {
        let words = format!("{words} --out out --overwrite {options}");
        let ran = work.feed(&words, input.chunks(333)).exits(0);
        assert_eq!((ran.stdout.len(), ran.stderr.as_str()), (0, ""), "{name}");
        assert_eq!(work.csv("out/cclf5.csv").column("BENE_MBI_ID"), expected, "{name}");
        assert_eq!(work.csv("out/cclf5.csv").column("FILE_NAME"), ["stdin"; 6], "{name}");
        assert_eq!(work.csv("out/cclf8.csv").rows.len(), 2, "{name}");
        let report = work.read_json("report.json");
        assert_eq!(counts(&report), [8, 6, 2, 0, 0, 0], "{name}");
        assert_eq!(report["claims_without_patient"], 2, "{name}");
        assert_eq!(report["beneficiaries"], 2, "{name}");
    }
    // Nobody is there.
    let words = format!("convert - --out out --overwrite {options}");
    work.feed(&words, claims(4).chunks(1000)).exits(0);
    assert_eq!(work.csv("out/cclf5.csv").column("BENE_MBI_ID"), [""; 4]);
    assert_eq!(work.read_json("report.json")["claims_without_patient"], 4);
    work.assert_clean();
}

#[test]
fn claims_of_patients_files_are_not_converted() {
    let work = Work::new();
    work.write("people.ndjson", [people(), claims(9)].concat());
    let words = "convert - --patients people.ndjson --out out --format csv --report report.json -q";
    work.feed(words, claims(3).chunks(1000)).exits(0);
    assert_eq!(work.csv("out/cclf5.csv").rows.len(), 3);
    assert_eq!(counts(&work.read_json("report.json"))[1], 3);
}

#[test]
fn people_on_a_stream_join_those_given_beforehand() {
    let work = Work::new();
    work.write("people.ndjson", people());
    let third = || joined(lines(&[patient("3", "1S00A00AA03")]));
    let words = "convert - --patients people.ndjson --out out --format csv -q";
    work.feed(words, [third(), claims(6)].concat().chunks(100)).exits(0);
    let mbis = ["1S00A00AA01", "1S00A00AA02", "1S00A00AA03"];
    let rows = work.csv("out/cclf5.csv");
    assert_eq!(rows.column("BENE_MBI_ID"), [mbis, mbis].concat());
    // Nobody is waited for: a Patient after a claim of theirs is refused, wherever blocks end.
    for count in [3, 9_000] {
        let input = [claims(count), third(), claims(3)].concat();
        let ran = work.feed(&format!("{words} --overwrite"), input.chunks(70_000)).exits(2);
        assert!(ran.stderr.contains("after a claim of theirs"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("1S00A00"), "{}", ran.stderr);
    }
    // Not so one who has no claims yet, or is known.
    let late = [claims(2), third(), people(), claims(6)].concat();
    work.feed(&format!("{words} --overwrite"), late.chunks(100)).exits(0);
    assert_eq!(work.csv("out/cclf5.csv").rows.len(), 8);
    work.assert_clean();
}

#[test]
fn rows_of_a_stream_never_have_an_mbi_that_is_not_the_newest() {
    let work = Work::new();
    let newer = || joined(lines(&[patient("1", "1S00A00AA09")]));
    // Rows were made with the older one, or might have been: nothing is written.
    for count in [1, 9_000] {
        for input in [
            [people(), claims(count), newer()].concat(),
            [claims(count), people(), newer()].concat(),
        ] {
            let ran = work.feed("convert - --out out", input.chunks(70_000)).exits(2);
            assert!(ran.stderr.contains("put all Patients first"), "{}", ran.stderr);
            assert!(!ran.stderr.contains("1S00A00"), "{}", ran.stderr);
            assert!(!work.exists("out"));
        }
    }
    // No claim came before it, or the MBI is the same.
    let words = "convert - --out out --format csv --overwrite -q";
    for input in [
        [people(), newer(), claims(1)].concat(),
        [newer(), claims(1), newer()].concat(),
        [claims(1), newer(), newer()].concat(),
    ] {
        work.feed(words, input.chunks(100)).exits(0);
        assert_eq!(work.csv("out/cclf5.csv").column("BENE_MBI_ID"), ["1S00A00AA09"]);
    }
    work.assert_clean();
}

#[test]
fn a_newer_patient_counts_who_comes_just_before_the_claims() {
    // Blocks are read side by side: that of a claim, too, while that of its Patient is not indexed yet.
    let work = Work::new();
    let ids = || (0..200_u32).map(|id| id.to_string());
    let people = |mbi: char| {
        lines(&ids().map(|id| patient(&id, &format!("1S00A{mbi}{id:0>5}"))).collect::<Vec<_>>())
    };
    // The first claims are of those who came last.
    let claims = lines(&ids().rev().map(|id| carrier(&id, &id)).collect::<Vec<_>>());
    let newest: Vec<String> = ids().rev().map(|id| format!("1S00AN{id:0>5}")).collect();
    let input = joined([people('O'), people('N'), claims].concat());
    work.write("people.ndjson", joined(people('O')));
    for (threads, options) in [(1, ""), (8, ""), (3, ""), (8, "--patients people.ndjson")] {
        let words =
            "convert - --out out --tables cclf5 --format csv --overwrite -q --block-bytes 4000";
        let words = format!("{words} --threads {threads} {options}");
        work.feed(&words, input.chunks(70_000)).exits(0);
        let rows = work.csv("out/cclf5.csv");
        assert_eq!(rows.column("BENE_MBI_ID"), newest, "{threads} threads {options}");
    }
}

#[test]
fn a_stream_gives_the_tables_of_a_file_wherever_people_stand() {
    const CLAIMS: u32 = 20_000;
    let work = Work::new();
    let claim = |id: u32| carrier(&id.to_string(), &(id % 40).to_string());
    let claims = lines(&(0..CLAIMS).map(claim).collect::<Vec<_>>());
    let people = |ids: std::ops::Range<u32>| {
        lines(
            &ids.map(|id| patient(&id.to_string(), &format!("1S00A00A{id:03}")))
                .collect::<Vec<_>>(),
        )
    };
    let half = claims.len() / 2;
    let bad = vec!["{bad".to_owned()];
    let inputs = [
        // Everybody first; nobody first; one never comes; the last comes in the middle, or late.
        [people(0..40), claims.clone()].concat(),
        [claims.clone(), people(0..40)].concat(),
        [people(0..39), claims.clone()].concat(),
        [people(0..39), claims[..half].to_vec(), people(39..40), claims[half..].to_vec()].concat(),
        [people(0..20), claims[..half].to_vec(), bad, claims[half..].to_vec(), people(20..39)]
            .concat(),
    ];
    for (number, input) in inputs.into_iter().enumerate() {
        let input = joined(input);
        assert!(
            input.len() > 20 << 20,
            "more than the blocks under way of one thread: {}",
            input.len()
        );
        let options = "--no-lineage --file-date 2024-01-01 --overwrite -q";
        let exit = if number == 4 { 3 } else { 0 };
        work.write("in.ndjson", &input);
        work.bcda(&format!("convert in.ndjson --out file {options} --report file.json"))
            .exits(exit);
        for threads in [1, 2, 5] {
            let words = format!(
                "convert - --out stream {options} --threads {threads} --report stream.json"
            );
            work.feed(&words, input.chunks(70_000)).exits(exit);
            for table in ["cclf0", "cclf5", "cclf8"] {
                let [file, stream] = ["file", "stream"]
                    .map(|folder| work.read(&format!("{folder}/{table}.parquet")));
                assert!(file == stream, "{table} of input {number} with {threads} threads");
            }
            let [file, stream] =
                ["file.json", "stream.json"].map(|report| counts(&work.read_json(report)));
            assert_eq!(file, stream);
        }
        if number == 2 {
            // Given beforehand: rows are made of claims without a Patient as they come.
            work.write("people.ndjson", joined(people(0..39)));
            for threads in [1, 3] {
                let words = format!(
                    "convert - --patients people.ndjson --out stream {options} --threads {threads}"
                );
                work.feed(&words, joined(claims.clone()).chunks(70_000)).exits(0);
                for table in ["cclf5", "cclf8"] {
                    let [file, stream] = ["file", "stream"]
                        .map(|folder| work.read(&format!("{folder}/{table}.parquet")));
                    assert!(file == stream, "{table} with {threads} threads and --patients");
                }
            }
        }
        let [file, stream] = ["file.json", "stream.json"].map(|report| work.read_json(report));
        for fact in ["claims_without_patient", "beneficiaries", "repeated_claim_ids"] {
            assert_eq!(file[fact], stream[fact], "{fact} of input {number}");
        }
    }
    work.assert_clean();
}

#[test]
fn standard_output_carries_one_table_and_nothing_else() {
    let work = Work::new();
    work.write("in.ndjson", [people(), claims(50)].concat());
    let ran = work.bcda("convert in.ndjson --out - --tables cclf5 --format csv -q").exits(0);
    assert_eq!(Csv::parse(ran.text()).rows.len(), 50);
    for quiet in ["", "--on-bad-record fail", "--log-format json"] {
        let words = format!("convert in.ndjson --out - --tables cclf5 --format arrow {quiet}");
        let ran = work.bcda(&words).exits(0);
        let stream = StreamReader::try_new(&ran.stdout[..], None).unwrap();
        let rows: usize = stream.map(|batch| batch.unwrap().num_rows()).sum();
        assert_eq!(rows, 50);
    }
    let ran = work.bcda("convert in.ndjson --out - --tables cclf5").exits(0);
    assert!(ran.stdout.starts_with(b"PAR1") && ran.stdout.ends_with(b"PAR1"));
    for words in ["--tables cclf5,cclf7", ""] {
        let ran = work.bcda(&format!("convert in.ndjson --out - {words}")).exits(2);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("one table"), "{}", ran.stderr);
    }
    work.assert_clean();
}

#[test]
fn rejects_of_a_table_on_standard_output() {
    let work = Work::new();
    work.write("in.ndjson", [claims(2), b"{bad\n".to_vec(), claims(1)].concat());
    let words = "convert in.ndjson --out - --tables cclf5 --format csv";
    let ran = work.bcda(words).exits(3);
    assert_eq!(Csv::parse(ran.text()).rows.len(), 3);
    let ran = work.bcda(&format!("{words} --rejects bad")).exits(3);
    assert_eq!(Csv::parse(ran.text()).rows.len(), 3);
    assert_eq!(work.read("bad/rejects.ndjson"), b"{bad\n");
    assert_eq!(work.csv("bad/rejects.csv").column("class"), ["syntax"]);
    // They are guarded like any output.
    work.bcda(&format!("{words} --rejects bad")).exits(2);
    work.bcda(&format!("{words} --rejects bad --overwrite")).exits(3);
    work.write("bad/mine.txt", "mine");
    work.bcda(&format!("{words} --rejects bad --overwrite")).exits(2);
    assert_eq!(work.read("bad/rejects.ndjson"), b"{bad\n");
    // With fail, nothing is written before all is known to be good.
    let ran = work.bcda(&format!("{words} --on-bad-record fail")).exits(4);
    assert_eq!(ran.stdout, b"");
    work.assert_clean();
}

/// Runs a command whose standard output nobody reads; input is given once nobody does.
fn unread(mut command: Command, input: &[u8]) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    // A program that has ended does not read it.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_reader_that_has_gone_is_a_normal_end() {
    let work = Work::new();
    let input = [people(), claims(3000)].concat();
    for format in ["csv", "arrow", "parquet"] {
        for more in ["", "--on-bad-record fail", "--log-format json", "--report report.json"] {
            let words = format!("convert - --out - --tables cclf5 --format {format} {more}");
            let ran = unread(work.command(&words.split_whitespace().collect::<Vec<_>>()), &input);
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{words}");
            work.assert_clean();
        }
    }
}

#[test]
fn a_reader_that_leaves_in_the_middle_is_a_normal_end() {
    let work = Work::new();
    work.write("in.ndjson", claims(3000));
    let mut child = work.start("convert in.ndjson --out - --tables cclf5 --format csv");
    let mut beginning = [0; 100];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut beginning).unwrap();
    drop(stdout);
    let ran = Ran::from(child.wait_with_output().unwrap());
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    work.assert_clean();
}

#[test]
fn other_commands_take_it_as_a_normal_end_too() {
    let work = Work::new();
    work.write("in.ndjson", claims(1));
    for words in [
        "describe",
        "describe --format json",
        "inspect in.ndjson:1",
        "history in.ndjson:1 in.ndjson",
        "completions bash",
        "completions zsh",
        "completions fish",
        "--help",
        "convert --help",
    ] {
        let ran = unread(work.command(&words.split_whitespace().collect::<Vec<_>>()), b"");
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{words}");
    }
}

/// Runs a command from a shell that redirects its streams.
fn redirected(work: &Work, words: &str, redirects: &str) -> Ran {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec \"$0\" \"$@\" {redirects}")]).arg(common::bcda());
    command.args(words.split_whitespace()).current_dir(work.path(".")).stdin(Stdio::null());
    command.env("TMPDIR", work.path(".")).output().unwrap().into()
}

/// Commands that write to standard output, and their exit codes when they can.
const WRITING: [(&str, i32); 14] = [
    ("convert in.ndjson --out - --tables cclf5 --format csv", 0),
    ("convert in.ndjson --out - --tables cclf5 --format parquet --rejects bad", 0),
    ("convert in.ndjson --out - --tables cclf5 --format arrow --report report.json", 0),
    ("validate bad.ndjson", 3),
    ("describe", 0),
    ("describe cclf1 --format json", 0),
    ("inspect in.ndjson:1", 0),
    ("inspect in.ndjson:1 status", 0),
    ("history in.ndjson:1 in.ndjson", 0),
    ("completions bash", 0),
    ("serve --fault list", 0),
    ("--help", 0),
    ("convert --help", 0),
    ("--version", 0),
];

/// The files that these commands read.
fn written_for_all() -> Work {
    let work = Work::new();
    work.write("in.ndjson", claims(2));
    work.write("bad.ndjson", "{bad\n");
    work
}

#[test]
fn a_closed_standard_output_is_a_failure_where_it_is_wanted() {
    let work = written_for_all();
    // Before anything is asked of anybody.
    let more = [
        "demo --discard",
        "jobs list --base-url http://127.0.0.1:1 --credentials none",
        "metadata --base-url http://127.0.0.1:1",
    ];
    for words in WRITING.iter().map(|(words, _)| *words).chain(more) {
        for redirects in [">&-", "<&- >&-", "1</dev/null", "1<in.ndjson"] {
            let ran = redirected(&work, words, redirects).exits(1);
            assert_eq!(ran.stderr.lines().count(), 1, "{words} {redirects}: {}", ran.stderr);
            let said = ran.stderr.contains("standard output is closed or cannot be written to");
            assert!(said, "{words} {redirects}: {}", ran.stderr);
        }
        // Nobody can be told.
        redirected(&work, words, ">&- 2>&-").exits(1);
    }
    assert!(!work.exists("bad") && !work.exists("report.json"));
    // /dev/null as shells open it, and for reading too, as many programs do.
    for redirects in [">/dev/null", "1<>/dev/null", "1<>/dev/null <&-", ">>/dev/null"] {
        for (words, code) in WRITING {
            redirected(&work, words, redirects).exits(code);
            let _ = std::fs::remove_dir_all(work.path("bad"));
        }
    }
    // Where it is not wanted it may be closed.
    for words in [
        "convert in.ndjson --out out --overwrite",
        "validate in.ndjson --out issues.ndjson --overwrite",
        "synth --beneficiaries 1 --claims 1 --out export --overwrite",
        "man --out pages",
    ] {
        redirected(&work, words, ">&-").exits(0);
        redirected(&work, words, "<&- >&- 2>&-").exits(0);
    }
    work.assert_clean();
}

#[test]
fn a_full_standard_output_is_a_failure() {
    let work = written_for_all();
    for (words, _) in WRITING {
        let ran = redirected(&work, words, ">/dev/full").exits(1);
        let errors = ran.stderr.lines().filter(|line| line.starts_with("error: ")).count();
        assert_eq!(errors, 1, "{words}: {}", ran.stderr);
        let told = ran.stderr.contains("standard output") && ran.stderr.contains("No space left");
        assert!(told, "{words}: {}", ran.stderr);
        let _ = std::fs::remove_dir_all(work.path("bad"));
    }
    assert!(!work.exists("report.json"));
    work.assert_clean();
}

#[test]
fn a_closed_standard_input_is_no_empty_input() {
    let work = written_for_all();
    work.bcda("convert in.ndjson --out out -q").exits(0);
    let earlier = work.snapshot("out");
    for words in [
        "convert - --out out --overwrite",
        "convert /dev/stdin --out out --overwrite",
        "convert /dev/fd/0 --out out --overwrite",
        "validate - --out issues.ndjson",
    ] {
        for redirects in ["<&-", "0>made", "<&- >&-"] {
            let ran = redirected(&work, words, redirects).exits(1);
            assert!(ran.stderr.contains("standard input is closed"), "{words}: {}", ran.stderr);
        }
    }
    assert!(work.snapshot("out") == earlier && !work.exists("issues.ndjson"));
    // An empty one is empty.
    redirected(&work, "convert - --out out --overwrite -q", "</dev/null").exits(0);
    redirected(&work, "convert - --out out --overwrite -q", "0<>/dev/null").exits(0);
    work.assert_clean();
}

/// Sends a signal and waits for the end, which must come soon.
fn interrupt(child: &mut Child, signal: Signal) -> ExitStatus {
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    let sent = Instant::now();
    // It may have ended just before.
    assert!(matches!(kill_process(pid, signal), Ok(()) | Err(Errno::SRCH)));
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(sent.elapsed() < PROMPT, "after {:?}", sent.elapsed());
            return status;
        }
        if sent.elapsed() > PROMPT * 5 {
            let _ = child.kill();
            panic!("a signal was not obeyed");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Interrupts a run that waits for more of its input.
fn interrupted(work: &Work, words: &str, signal: Signal, code: i32) {
    let mut child = work.start(words);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&claims(300)).unwrap();
    wait_until("the run began", || !work.leftovers().is_empty());
    // It is in the middle of waiting for its input.
    std::thread::sleep(Duration::from_millis(100));
    let status = interrupt(&mut child, signal);
    assert_eq!(status.code(), Some(code), "{words}");
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.lines().count() <= 1, "{words}: {said}");
    work.assert_clean();
}

#[test]
fn signals_end_a_run_and_leave_nothing() {
    let work = Work::new();
    work.write("people.ndjson", people());
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        for words in [
            "convert - --out out",
            "convert - --out out --threads 1 --block-bytes 1024",
            "convert - --out - --tables cclf5 --format csv",
        ] {
            interrupted(&work, words, signal, code);
            assert!(!work.exists("out"), "{words}");
        }
    }
    // An earlier result stays whole.
    work.write("in.ndjson", claims(2));
    work.bcda("convert in.ndjson --out out -q").exits(0);
    let earlier = work.snapshot("out");
    interrupted(&work, "convert - --out out --overwrite", Signal::TERM, 143);
    assert!(work.snapshot("out") == earlier);
}

#[test]
fn signals_end_a_run_that_reads_its_stream_once() {
    let work = Work::new();
    work.write("people.ndjson", people());
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        interrupted(&work, "convert - --patients people.ndjson --out out", signal, code);
        let words = "convert - --patients people.ndjson --out - --tables cclf5 --format csv";
        interrupted(&work, words, signal, code);
        assert!(!work.exists("out"));
    }
}

/// Zstandard of a line that comes very often: seconds of work in a small file.
fn much(line: &str) -> Vec<u8> {
    let lines = format!("{line}\n").repeat(1000);
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..1000 {
        encoder.write_all(lines.as_bytes()).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn signals_end_a_run_that_works() {
    let work = Work::new();
    work.write("claims.ndjson.zst", much(&carrier("1", "1").to_string()));
    work.write("people.ndjson.zst", much(&patient("1", "1S00A00AA01").to_string()));
    // One line that does not end for many seconds.
    let gibibyte = zstd::encode_all(std::io::repeat(b'x').take(1 << 30), 1).unwrap();
    work.write("long.ndjson.zst", gibibyte.repeat(64));
    for input in ["claims", "people", "long"] {
        let mut child = work.start(&format!("convert {input}.ndjson.zst --out out"));
        wait_until("the run began", || !work.leftovers().is_empty());
        std::thread::sleep(Duration::from_millis(200));
        let status = interrupt(&mut child, Signal::INT);
        assert_eq!(status.code(), Some(130), "{input}");
        assert!(!work.exists("out"), "{input}");
        work.assert_clean();
    }
}

/// Sends a signal to a run over an earlier result as soon as `when` holds; tells whether the run was done all the same,
/// or nothing where it had ended before.
fn done_though_interrupted(
    work: &Work,
    words: &str,
    (signal, code): (Signal, i32),
    mut when: impl FnMut() -> bool,
) -> Option<bool> {
    let earlier = work.snapshot("out");
    let mut child = work.start(words);
    while !when() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    // On a busy machine it may end before it is seen that the moment has come.
    if child.try_wait().unwrap().is_some_and(|status| status.success()) {
        work.assert_clean();
        return None;
    }
    let status = interrupt(&mut child, signal);
    // Before the program listens, a signal ends it as any other; it has made nothing by then.
    let done = status.code() == Some(0);
    if !done {
        let ended = status.code() == Some(code) || status.signal() == Some(signal.as_raw());
        assert!(ended, "{words}: {status}");
        assert!(work.snapshot("out") == earlier, "{words}: interrupted, but the output changed");
    }
    work.assert_clean();
    Some(done)
}

const SIGNALS: [(Signal, i32); 2] = [(Signal::INT, 130), (Signal::TERM, 143)];

#[test]
fn signals_at_the_start_end_a_run() {
    let work = Work::new();
    work.write("in.ndjson", claims(20_000));
    work.write("old.ndjson", claims(1));
    work.bcda("convert old.ndjson --out out --format csv -q").exits(0);
    let mut interrupted = 0;
    for milliseconds in 0..30 {
        let moment = Instant::now() + Duration::from_millis(milliseconds);
        let signal = SIGNALS[usize::from(milliseconds % 2 == 1)];
        let words = "convert in.ndjson --out out --format csv --overwrite -q";
        if done_though_interrupted(&work, words, signal, || Instant::now() >= moment)
            .unwrap_or(true)
        {
            work.bcda("convert old.ndjson --out out --format csv --overwrite -q").exits(0);
        } else {
            interrupted += 1;
        }
    }
    assert!(interrupted > 0, "every run was done before its signal");
}

/// How often a run is begun whose signal comes too late on a busy machine.
const TRIES: u32 = 5;

#[test]
fn signals_while_files_are_found_end_a_run() {
    let work = Work::new();
    for number in 0..20_000 {
        work.write(&format!("in/{}/{number}.ndjson", number / 100), "");
    }
    work.write("old.ndjson", claims(1));
    work.bcda("convert old.ndjson --out out --format csv -q").exits(0);
    let mut finding = 0;
    for (number, inputs) in ["in", "in/*/*.ndjson", "in/**/*.ndjson"].into_iter().enumerate() {
        for milliseconds in [5, 10, 20, 40, 80, 160] {
            let words = format!("convert {inputs} --out out --format csv --overwrite -q");
            let mut staged = false;
            // A run that ended before its signal reached it is run again: each case is seen interrupted.
            let done = (0..TRIES).find_map(|_| {
                let moment = Instant::now() + Duration::from_millis(milliseconds);
                let when = || {
                    staged = !work.leftovers().is_empty();
                    staged || Instant::now() >= moment
                };
                let done = done_though_interrupted(&work, &words, SIGNALS[number % 2], when);
                done.filter(|done| !done)
            });
            assert_eq!(done, Some(false), "{words}: it was done within {milliseconds} ms");
            finding += usize::from(!staged);
        }
    }
    assert!(finding >= 6, "staging had begun in all but {finding} runs");
}

#[test]
fn signals_while_it_publishes_leave_the_earlier_result_or_the_whole_new_one() {
    let work = Work::new();
    work.write("new.ndjson", claims(50));
    work.write("old.ndjson", claims(1));
    work.bcda("convert new.ndjson --out out --format csv --file-date 2024-01-01 -q").exits(0);
    let new = work.tables("out");
    let mut done = 0;
    for number in 0..12 {
        let words = "--out out --format csv --file-date 2024-01-01 --overwrite -q";
        work.bcda(&format!("convert old.ndjson {words}")).exits(0);
        // The manifest is the last that is written before the new result gets its name.
        let staged = || {
            let partial = |name: &String| work.exists(&format!("{name}/tables-manifest.json"));
            work.leftovers().iter().any(partial)
        };
        let words = format!("convert new.ndjson {words}");
        if done_though_interrupted(&work, &words, SIGNALS[number % 2], staged).unwrap_or(true) {
            assert!(work.tables("out") == new, "done, but it is not the new result");
            done += 1;
        }
    }
    assert!(done > 0, "no run had begun to publish");
}

#[test]
fn signals_end_a_run_whose_standard_output_nobody_reads() {
    let work = Work::new();
    work.write("in.ndjson", claims(3000));
    work.write("bad.ndjson", "{bad\n".repeat(20_000));
    for (signal, code) in SIGNALS {
        for words in [
            "convert in.ndjson --out - --tables cclf5 --format csv -q",
            "convert in.ndjson --out - --tables cclf5 --compression none -q",
            "validate bad.ndjson -q",
        ] {
            let mut child = work.start(words);
            // More than a pipe holds: something was written, and the rest waits.
            let mut stdout = child.stdout.take().unwrap();
            stdout.read_exact(&mut [0; 100]).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            let status = interrupt(&mut child, signal);
            assert_eq!(status.code(), Some(code), "{words}");
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            assert!(said.starts_with("error: interrupted"), "{words}: {said}");
            work.assert_clean();
        }
    }
}

#[test]
fn signals_end_synth_and_leave_nothing() {
    let work = Work::new();
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let mut child = work.start("synth --beneficiaries 1000000 --out out");
        wait_until("it began", || !work.leftovers().is_empty());
        std::thread::sleep(Duration::from_millis(100));
        let status = interrupt(&mut child, signal);
        assert_eq!(status.code(), Some(code), "{status}");
        assert!(!work.exists("out"));
        work.assert_clean();
    }
}

#[test]
fn what_a_killed_run_leaves_is_cleared_by_the_next() {
    let work = Work::new();
    work.write("in.ndjson", claims(2));
    work.bcda("convert in.ndjson --out out --format csv -q").exits(0);
    let earlier = work.snapshot("out");
    let mut child = work.start("convert - --out out --overwrite --format csv");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&claims(300)).unwrap();
    wait_until("the run began", || !work.leftovers().is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(work.leftovers().iter().any(|name| name.starts_with("out.partial-")));
    assert!(work.snapshot("out") == earlier, "the earlier result is untouched");
    // Not even the leftovers are read as input.
    work.write("more.ndjson", claims(5));
    work.bcda("convert more.ndjson --out out --overwrite --format csv -q").exits(0);
    assert_eq!(work.csv("out/cclf5.csv").rows.len(), 5);
    work.assert_clean();
}

#[test]
fn what_a_killed_run_leaves_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let work = Work::new();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 000; exec \"$0\" \"$@\""]).arg(common::bcda());
    command.args(["convert", "-", "--out", "out"]).current_dir(work.path("."));
    command.stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    // Claims without people wait for them in a spool, which is made when the first block of them is full.
    let (mut stdin, some) = (child.stdin.take().unwrap(), claims(300));
    wait_until("the spool was begun", || {
        stdin.write_all(&some).unwrap();
        work.leftovers().iter().any(|name| name.ends_with("-scratch"))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    for name in work.leftovers() {
        let mode = work.path(&name).metadata().unwrap().permissions().mode() & 0o777;
        let wanted = if work.path(&name).is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, wanted, "{name}");
        for file in work.snapshot(&name).unwrap_or_default().keys() {
            let path = work.path(&name).join(file);
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{name}/{file}");
        }
    }
}

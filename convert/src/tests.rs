//! Whole runs whose workers panic, and whose input changes between two readings.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;
use std::{fs, io::Write};

use cclf_crosswalk::Table;
use synth::{ClaimType, Part};

use crate::{
    ClaimKey, Error, ErrorKind, HistoryOptions, Options, Output, Reading, ScanOptions,
    ValidateOptions, history, run, scan, validate,
};

/// A worker that meets this panics, as if there were a mistake in our code.
const STRIKE: &[u8] = b"\"id\":\"secret-strike\"";

/// When a worker meets this, what waits in [`CHANGE`] is done.
const CHANGES: &[u8] = b"\"id\":\"changes\"";

/// For one test only: they run at the same time.
static CHANGE: Mutex<Option<Box<dyn FnOnce() + Send>>> = Mutex::new(None);

/// What every worker does first, in tests.
pub(crate) fn strike(line: &[u8]) {
    if line.windows(CHANGES.len()).any(|window| window == CHANGES) {
        let change = CHANGE.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(change) = change {
            change();
        }
    }
    assert!(
        !line.windows(STRIKE.len()).any(|window| window == STRIKE),
        "in the midst of {}",
        String::from_utf8_lossy(line)
    );
}

/// Says that this test program is a run whose standard input is ours.
const STREAM: &str = "CONVERT_TEST_STREAM";

fn with_strike(record: &str) -> String {
    with_id(record, STRIKE)
}

fn with_id(record: &str, member: &[u8]) -> String {
    let id = record.find("\"id\":\"").unwrap();
    let end = id + 6 + record[id + 6..].find('"').unwrap() + 1;
    format!("{}{}{}", &record[..id], str::from_utf8(member).unwrap(), &record[end..])
}

/// Records of a kind, one of them a strike.
fn struck(records: impl Fn(u64) -> String) -> String {
    let records = (0..60).map(|seed| match seed {
        41 => with_strike(&records(seed)) + "\n",
        _ => records(seed) + "\n",
    });
    records.collect()
}

fn claims() -> String {
    struck(|seed| synth::eob(seed, ClaimType::Carrier))
}

/// The error of a run, which must not take long to come.
fn in_time(body: impl FnOnce() -> Error + Send + 'static) -> Error {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(body()));
    receiver.recv_timeout(Duration::from_mins(2)).expect("the run hangs")
}

#[track_caller]
fn is_told_without_data(error: &Error, name: &str) {
    let said = error.to_string();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Failed, 1), "{said}");
    assert!(said.contains(name) && said.contains("report"), "{said}");
    assert!(!said.contains("secret") && !said.contains("midst"), "{said}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_panicking_worker_ends_a_run_that_leaves_nothing() {
    let people = struck(|seed| match seed % 2 {
        0 => synth::patient(seed),
        _ => synth::coverage(seed, Part::A),
    });
    for (what, text) in [("claims", claims()), ("people", people)] {
        for (threads, block_bytes) in [(1, 1 << 20), (1, 1000), (3, 1000), (3, 1 << 20)] {
            let work = tempfile::tempdir().unwrap();
            let file = work.path().join(format!("{what}.ndjson"));
            fs::write(&file, &text).unwrap();
            let (input, out) = (file.to_str().unwrap().to_owned(), work.path().join("out"));
            let mut options = Options::new(vec![input], Output::Folder(out));
            (options.reading.threads, options.reading.block_bytes) = (threads, block_bytes);
            let error = in_time(move || run(&options).unwrap_err());
            is_told_without_data(&error, what);
            assert_eq!(names(work.path()), [format!("{what}.ndjson")]);
        }
    }
}

#[test]
fn a_panicking_worker_leaves_the_earlier_result() {
    let work = tempfile::tempdir().unwrap();
    let (file, out) = (work.path().join("claims.ndjson"), work.path().join("out"));
    fs::write(&file, synth::eob(1, ClaimType::Carrier)).unwrap();
    let mut options =
        Options::new(vec![file.to_str().unwrap().to_owned()], Output::Folder(out.clone()));
    options.overwrite = true;
    run(&options).unwrap();
    let read = || -> Vec<_> {
        names(&out).into_iter().map(|name| fs::read(out.join(name)).unwrap()).collect()
    };
    let earlier = read();
    fs::write(&file, claims()).unwrap();
    let error = in_time(move || run(&options).unwrap_err());
    is_told_without_data(&error, "claims");
    assert!(read() == earlier, "the earlier result changed");
    assert_eq!(names(work.path()), ["claims.ndjson", "out"]);
}

#[test]
fn a_panicking_worker_ends_a_history_and_so_does_a_cancel() {
    for threads in [1, 3] {
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join("claims.ndjson");
        fs::write(&file, claims()).unwrap();
        let mut reading = Reading::new(vec![file.to_str().unwrap().to_owned()]);
        (reading.threads, reading.block_bytes) = (threads, 1000);
        let options = HistoryOptions { reading, claim: ClaimKey::of_id("secret") };
        let cancelled = options.clone();
        let error = in_time(move || history(&options).err().unwrap());
        is_told_without_data(&error, "claims");
        cancelled.reading.cancel.cancel();
        let error = history(&cancelled).err().unwrap();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
    }
}

#[test]
fn a_panicking_worker_ends_a_validation() {
    for threads in [1, 3] {
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join("claims.ndjson");
        fs::write(&file, claims()).unwrap();
        let mut options = ValidateOptions::new(vec![file.to_str().unwrap().to_owned()]);
        (options.reading.threads, options.reading.block_bytes) = (threads, 1000);
        let error = in_time(move || validate(&options, &mut std::io::sink()).unwrap_err());
        is_told_without_data(&error, "claims");
    }
}

#[test]
fn a_panicking_worker_ends_a_scan() {
    for threads in [1, 3] {
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join("claims.ndjson");
        fs::write(&file, claims()).unwrap();
        let mut options = ScanOptions::new(vec![file.to_str().unwrap().to_owned()], Table::Cclf5);
        (options.reading.threads, options.reading.block_bytes) = (threads, 1000);
        let error = in_time(move || scan(options).unwrap().find_map(Result::err).unwrap());
        is_told_without_data(&error, "claims");
    }
}

/// A run over standard input, when the next test starts it.
#[test]
fn stream() {
    let Some(work) = std::env::var_os(STREAM) else { return };
    let out = Path::new(&work).join("out");
    let mut options = Options::new(vec!["-".to_owned()], Output::Folder(out));
    (options.reading.threads, options.reading.block_bytes) = (3, 1000);
    let error = in_time(move || run(&options).unwrap_err());
    is_told_without_data(&error, "stdin");
    assert_eq!(names(Path::new(&work)), Vec::<String>::new());
}

#[test]
fn a_panicking_worker_ends_a_run_over_a_stream() {
    let work = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tests::stream", "--nocapture"])
        .env(STREAM, work.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // The stream stays open: its end is not what ends the run.
    let mut stdin = child.stdin.take().unwrap();
    let _ = stdin.write_all(claims().as_bytes());
    let output = child.wait_with_output().unwrap();
    drop(stdin);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
fn an_input_that_changes_between_two_readings_is_not_joined_with_itself() {
    // People first: the index pass reads it, then the claim pass.
    let patient = with_id(&synth::patient(1), CHANGES);
    let text = |seed| format!("{patient}\n{}\n", synth::eob(seed, ClaimType::Carrier));
    let (first, second) = (text(1), text(2));
    for change in ["replaced", "written over", "grown"] {
        let work = tempfile::tempdir().unwrap();
        let file = work.path().join("in.ndjson");
        fs::write(&file, &first).unwrap();
        let (path, new) = (file.clone(), work.path().join("new"));
        // A larger file of the same name, the same file written over, or with a claim more.
        let longer = format!("{second}{second}");
        let more = synth::eob(3, ClaimType::Carrier);
        let changed: Box<dyn FnOnce() + Send> = Box::new(move || match change {
            "replaced" => {
                fs::write(&new, longer).unwrap();
                fs::rename(&new, &path).unwrap();
            }
            "written over" => fs::write(&path, longer).unwrap(),
            _ => {
                let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
                std::io::Write::write_all(&mut file, format!("{more}\n").as_bytes()).unwrap();
            }
        });
        *CHANGE.lock().unwrap() = Some(changed);
        let out = work.path().join("out");
        let options = Options::new(vec![file.to_str().unwrap().to_owned()], Output::Folder(out));
        let error = in_time(move || run(&options).unwrap_err());
        let said = error.to_string();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Failed, 1), "{said}");
        let expected =
            if change == "replaced" { "was replaced" } else { "changed while it was read" };
        assert!(said.contains("in.ndjson") && said.contains(expected), "{said}");
        assert_eq!(names(work.path()), ["in.ndjson"]);
    }
}

//! What needs a process of its own: being killed, another umask, an ordinary user.
//!
//! This test program starts itself again for the one test `child`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use publish::{ErrorKind, GrowingFolder, Stage, StageOptions};

const CASE: &str = "PUBLISH_TEST_CASE";
const WORK: &str = "PUBLISH_TEST_WORK";
/// The user `nobody`, or anyone who is not root.
const ORDINARY_USER: u32 = 65534;

fn options() -> StageOptions {
    StageOptions { overwrite: true, manifest_name: "m.txt".to_owned(), keep_previous: 0 }
}

fn open(out: &Path) -> Result<Stage, publish::Error> {
    Stage::open(out, &options(), |_| Ok(Some(vec!["a.csv".to_owned(), "deep/er/b.csv".to_owned()])))
}

fn fill(stage: &Stage) {
    for name in ["a.csv", "deep/er/b.csv"] {
        let mut file = stage.create(name).unwrap();
        file.write_all(b"text").unwrap();
        file.finish().unwrap();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

/// A work folder that every user can reach, owned by the ordinary user if we are root.
fn work() -> tempfile::TempDir {
    let work = tempfile::tempdir().unwrap();
    if rustix::process::geteuid().is_root() {
        chown(work.path(), Some(ORDINARY_USER), Some(ORDINARY_USER)).unwrap();
    }
    work
}

/// A program that is being copied cannot be started, and a process that starts
/// meanwhile holds the copy open: one at a time.
static STARTING: Mutex<()> = Mutex::new(());

/// This program for one case of `child`, as an ordinary user.
struct Child {
    command: Command,
    // Where the user can reach it, whatever the folder it was built in.
    _program: tempfile::TempDir,
}

impl Child {
    fn spawn(&mut self) -> std::process::Child {
        let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }
}

fn child_for(case: &str, work: &Path) -> Child {
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    let program = tempfile::tempdir().unwrap();
    fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let path = program.path().join("child");
    fs::copy(std::env::current_exe().unwrap(), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(path);
    command.args(["--ignored", "--exact", "child", "--nocapture", "--test-threads=1"]);
    command.env(CASE, case).env(WORK, work).current_dir("/");
    if rustix::process::geteuid().is_root() {
        command.uid(ORDINARY_USER).gid(ORDINARY_USER);
    }
    Child { command, _program: program }
}

fn passes(case: &str, work: &Path) {
    let output = child_for(case, work).spawn().wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{case}: {text}");
}

#[test]
#[ignore = "only as a child of the others"]
fn child() {
    let Some(case) = std::env::var_os(CASE) else { return };
    let out = PathBuf::from(std::env::var_os(WORK).unwrap()).join("out");
    match case.to_str().unwrap() {
        "hold" => {
            let stage = open(&out).unwrap();
            fill(&stage);
            let _spool = stage.spool().unwrap();
            let mut unfinished = stage.create("unfinished").unwrap();
            unfinished.write_all(&vec![b'x'; 200_000]).unwrap();
            std::io::stdout().write_all(b"\nholding\n").unwrap();
            std::io::stdout().flush().unwrap();
            std::thread::sleep(std::time::Duration::from_mins(1));
        }
        "refused" => {
            let error = open(&out).unwrap_err();
            assert_eq!(
                error.io_error().unwrap().kind(),
                std::io::ErrorKind::PermissionDenied,
                "{error}"
            );
            assert_eq!(*error.kind(), ErrorKind::Io);
            assert!(error.to_string().contains("choose a folder that you may write to"), "{error}");
            let report = out.with_file_name("report.json");
            assert_eq!(
                *publish::write_file_atomically(&report, b"{}").unwrap_err().kind(),
                ErrorKind::Io
            );
        }
        "refused-output" => {
            let error = open(&out).unwrap_err();
            assert_eq!(
                error.io_error().unwrap().kind(),
                std::io::ErrorKind::PermissionDenied,
                "{error}"
            );
        }
        umask => {
            let mask = rustix::fs::RawMode::from_str_radix(umask, 8).unwrap();
            rustix::process::umask(rustix::fs::Mode::from_raw_mode(mask));
            let stage = open(&out).unwrap();
            fill(&stage);
            assert_eq!(mode(&stage.scratch().unwrap()), 0o700);
            assert_eq!(mode(&out.with_file_name(".out.lock")), 0o600);
            let _ = stage.commit(b"").unwrap();
            publish::write_file_atomically(&out.with_file_name("report.json"), b"{}").unwrap();
            let export = GrowingFolder::open(&out.with_file_name("export")).unwrap();
            for name in ["a.ndjson", "b.ndjson"] {
                let mut part = export.part(name).unwrap();
                part.write_all(b"text").unwrap();
                assert_eq!(mode(&part.path()), 0o600);
                if name == "a.ndjson" {
                    part.commit(name).unwrap();
                }
            }
            export.write("journal.json", b"{}").unwrap();
        }
    }
}

#[test]
fn modes_are_private_whatever_the_umask() {
    for umask in ["000", "022", "077", "777"] {
        let work = work();
        passes(umask, work.path());
        // And on top of the earlier result.
        passes(umask, work.path());
        assert_eq!(names(work.path()), ["export", "out", "report.json"]);
        let out = work.path().join("out");
        for folder in ["", "deep", "deep/er", "../export"] {
            assert_eq!(mode(&out.join(folder)), 0o700, "{umask}: {folder}");
        }
        let downloads = ["../export/a.ndjson", "../export/b.ndjson.part", "../export/journal.json"];
        for file in
            ["a.csv", "deep/er/b.csv", "m.txt", "../report.json"].into_iter().chain(downloads)
        {
            assert_eq!(mode(&out.join(file)), 0o600, "{umask}: {file}");
        }
    }
}

#[test]
fn no_permission_is_an_error_at_once() {
    let work = work();
    for refused in [0o555, 0o000, 0o444] {
        fs::set_permissions(work.path(), fs::Permissions::from_mode(refused)).unwrap();
        passes("refused", work.path());
    }
    fs::set_permissions(work.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(names(work.path()).is_empty());
}

#[test]
fn an_output_that_could_not_be_replaced_is_an_error_at_once() {
    let work = work();
    let out = work.path().join("out");
    fs::create_dir(&out).unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o555)).unwrap();
    passes("refused-output", work.path());
    assert_eq!(names(work.path()), ["out"]);
}

#[test]
fn a_killed_run_is_in_use_until_it_dies_and_then_forgotten() {
    for earlier in [false, true] {
        let work = work();
        let out = work.path().join("out");
        if earlier {
            passes("022", work.path());
            fs::remove_file(work.path().join("report.json")).unwrap();
            fs::remove_dir_all(work.path().join("export")).unwrap();
        }
        let mut child = child_for("hold", work.path());
        let mut running = child.spawn();
        let lines = BufReader::new(running.stdout.take().unwrap()).lines();
        assert!(lines.map_while(Result::ok).any(|line| line == "holding"));

        let before = names(work.path());
        let error = open(&out).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::InUse);
        assert!(error.is_usage());
        assert_eq!(names(work.path()), before);

        running.kill().unwrap();
        running.wait().unwrap();
        assert_eq!(names(work.path()), before, "a kill leaves everything as it was");
        assert_eq!(out.join("a.csv").exists(), earlier);
        passes("022", work.path());
        assert_eq!(names(work.path()), ["export", "out", "report.json"]);
        assert_eq!(fs::read(out.join("a.csv")).unwrap(), b"text");
    }
}

//! The public face: one run, runs on top of each other, and runs side by side.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};

use publish::{
    Error, ErrorKind, Published, Stage, StageOptions, StagedFile, write_file_atomically,
};

const MANIFEST: &str = "tables-manifest.json";

fn options(overwrite: bool) -> StageOptions {
    StageOptions { overwrite, manifest_name: MANIFEST.to_owned(), keep_previous: 0 }
}

fn listed(out: &Path) -> Result<Option<Vec<String>>, Error> {
    let path = out.join(MANIFEST);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.lines().map(str::to_owned).collect())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", &path, error)),
    }
}

fn open(out: &Path) -> Result<Stage, Error> {
    Stage::open(out, &options(true), listed)
}

fn fill(stage: &Stage, files: &[(&str, &str)]) {
    for (name, text) in files {
        let mut file = stage.create(name).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        assert_eq!(file.finish().unwrap().bytes, text.len() as u64);
    }
}

fn publish(out: &Path, files: &[(&str, &str)]) -> Result<Published, Error> {
    let stage = open(out)?;
    fill(&stage, files);
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    stage.commit(names.join("\n").as_bytes())
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o7777
}

fn kind_at(out: &Path, overwrite: bool) -> ErrorKind {
    Stage::open(out, &options(overwrite), listed).unwrap_err().kind().clone()
}

fn work() -> (tempfile::TempDir, PathBuf) {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("out");
    (work, out)
}

#[test]
fn a_run_appears_at_its_end() {
    let (work, out) = work();
    let stage = open(&out).unwrap();
    fill(&stage, &[("a.csv", "a"), ("rejects/rejects.csv", "r")]);
    assert!(!out.exists());
    let partial = stage.dir().to_owned();
    assert_eq!((mode(&partial), mode(&partial.join("rejects"))), (0o700, 0o700));
    assert_eq!(mode(&work.path().join(".out.lock")), 0o600);
    assert!(publish::is_partial_name(partial.file_name().unwrap()));
    assert_eq!(stage.commit(b"a.csv").unwrap().leftover, None);
    assert_eq!(names(work.path()), set(["out"]));
    assert_eq!(names(&out), set(["a.csv", "rejects", MANIFEST]));
    assert_eq!((mode(&out), mode(&out.join("rejects"))), (0o700, 0o700));
    assert_eq!((mode(&out.join("a.csv")), mode(&out.join(MANIFEST))), (0o600, 0o600));
}

#[test]
fn a_run_replaces_the_earlier_one_whole() {
    let (work, out) = work();
    let _ = publish(&out, &[("a.csv", "1"), ("gone.csv", "1"), ("rejects/r.csv", "1")]).unwrap();
    assert_eq!(kind_at(&out, false), ErrorKind::OutputExists);
    let _ = publish(&out, &[("a.csv", "2"), ("b.csv", "2")]).unwrap();
    assert_eq!(names(&out), set(["a.csv", "b.csv", MANIFEST]));
    assert_eq!(fs::read(out.join("a.csv")).unwrap(), b"2");
    assert_eq!(names(work.path()), set(["out"]));
}

#[test]
fn an_empty_output_is_fine_with_and_without_overwriting() {
    for overwrite in [false, true] {
        let (work, out) = work();
        fs::create_dir(&out).unwrap();
        fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
        let stage =
            Stage::open(&out, &options(overwrite), |_| panic!("there is nothing to ask about"))
                .unwrap();
        fill(&stage, &[("a.csv", "a")]);
        let _ = stage.commit(b"").unwrap();
        assert_eq!(mode(&out), 0o700);
        assert_eq!(names(work.path()), set(["out"]));
    }
}

#[test]
fn other_files_are_never_touched() {
    let (work, out) = work();
    let _ = publish(&out, &[("a.csv", "1"), ("rejects/r.csv", "1")]).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    fs::write(out.join("rejects/more.txt"), "mine").unwrap();
    fs::create_dir(out.join("folder")).unwrap();
    let error = open(&out).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::ForeignFiles { count: 3 });
    assert!(error.is_usage());
    assert!(error.to_string().contains("3 entries"), "{error}");
    assert_eq!(names(&out), set(["a.csv", "folder", "notes.txt", "rejects", MANIFEST]));
    assert_eq!(names(work.path()), set(["out"]));
    // Without its manifest nothing is known to be ours.
    for name in ["notes.txt", "rejects/more.txt", MANIFEST] {
        fs::remove_file(out.join(name)).unwrap();
    }
    fs::remove_dir(out.join("folder")).unwrap();
    assert_eq!(kind_at(&out, true), ErrorKind::ForeignFiles { count: 2 });
}

#[test]
fn a_manifest_cannot_claim_what_we_would_not_write() {
    let (work, out) = work();
    fs::create_dir(&out).unwrap();
    fs::write(work.path().join("precious"), "mine").unwrap();
    fs::write(out.join("with space"), "mine").unwrap();
    symlink("../precious", out.join("a.csv")).unwrap();
    fs::write(out.join(MANIFEST), "a.csv\nwith space\n../precious\n/etc/passwd").unwrap();
    assert_eq!(kind_at(&out, true), ErrorKind::ForeignFiles { count: 2 });
    assert!(work.path().join("precious").exists());
}

#[test]
fn a_link_a_file_or_no_name_is_not_an_output() {
    let (work, out) = work();
    let target = work.path().join("target");
    fs::create_dir(&target).unwrap();
    symlink(&target, &out).unwrap();
    for overwrite in [false, true] {
        assert_eq!(kind_at(&out, overwrite), ErrorKind::UnsuitableOutput);
    }
    fs::remove_file(&out).unwrap();
    symlink("nowhere", &out).unwrap();
    assert_eq!(kind_at(&out, true), ErrorKind::UnsuitableOutput);
    fs::remove_file(&out).unwrap();
    fs::write(&out, "mine").unwrap();
    assert_eq!(kind_at(&out, true), ErrorKind::UnsuitableOutput);
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    for none in ["", ".", "..", "/", "a/.."] {
        assert_eq!(kind_at(Path::new(none), true), ErrorKind::UnsuitableOutput, "{none:?}");
    }
    assert_eq!(kind_at(&work.path().join("no/out"), true), ErrorKind::UnsuitableOutput);
    assert_eq!(names(&target), set([]));
    assert_eq!(names(work.path()), set(["out", "target"]));
}

#[test]
fn a_link_on_the_way_to_the_output_is_the_users_choice() {
    let (work, _) = work();
    fs::create_dir(work.path().join("real")).unwrap();
    symlink("real", work.path().join("link")).unwrap();
    let _ = publish(&work.path().join("link/out/"), &[("a.csv", "a")]).unwrap();
    assert!(work.path().join("real/out/a.csv").exists());
}

#[test]
fn what_stands_in_the_place_of_the_lock_is_not_followed() {
    let (work, out) = work();
    let lock = work.path().join(".out.lock");
    let precious = work.path().join("precious");
    fs::write(&precious, "mine").unwrap();
    fs::set_permissions(&precious, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&precious, &lock).unwrap();
    assert_eq!(kind_at(&out, true), ErrorKind::UnsuitableOutput);
    fs::remove_file(&lock).unwrap();
    symlink("nowhere", &lock).unwrap();
    assert_eq!(kind_at(&out, true), ErrorKind::UnsuitableOutput);
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    assert_eq!(kind_at(&out, true), ErrorKind::UnsuitableOutput);
    assert_eq!((fs::read(&precious).unwrap(), mode(&precious)), (b"mine".to_vec(), 0o644));
    assert_eq!(names(work.path()), set([".out.lock", "precious"]));
}

#[test]
fn a_lock_file_of_a_killed_run_is_no_lock() {
    let (work, out) = work();
    fs::write(work.path().join(".out.lock"), "").unwrap();
    let _ = publish(&out, &[]).unwrap();
    assert_eq!(names(work.path()), set(["out"]));
}

#[test]
fn stale_folders_are_removed_and_nothing_else() {
    let (work, out) = work();
    let at = |name: &str| work.path().join(name);
    let precious = at("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("kept"), "mine").unwrap();
    for stale in ["out.partial-1-2", "out.partial-3-4-scratch", "out.partial-3-4-old"] {
        fs::create_dir_all(at(stale).join("deep/er")).unwrap();
        fs::write(at(stale).join("deep/er/x"), "x").unwrap();
        symlink(&precious, at(stale).join("deep/link")).unwrap();
    }
    symlink(&precious, at("out.partial-5-6")).unwrap();
    fs::write(at("out.partial-7-8"), "a file").unwrap();
    fs::create_dir(at("out.partial-mine")).unwrap();
    fs::create_dir(at("out2.partial-1-2")).unwrap();
    drop(open(&out).unwrap());
    let kept = set([
        "out.partial-5-6",
        "out.partial-7-8",
        "out.partial-mine",
        "out2.partial-1-2",
        "precious",
    ]);
    assert_eq!(names(work.path()), kept);
    assert_eq!(names(&precious), set(["kept"]));
}

#[test]
fn nothing_stale_is_removed_while_the_lock_is_held() {
    let (work, out) = work();
    let stage = open(&out).unwrap();
    fill(&stage, &[("a.csv", "a")]);
    let before = names(work.path());
    assert_eq!(kind_at(&out, true), ErrorKind::InUse);
    assert_eq!(names(work.path()), before);
    let _ = stage.commit(b"a.csv").unwrap();
    assert_eq!(kind_at(&out, false), ErrorKind::OutputExists);
}

#[test]
fn of_many_at_once_one_wins() {
    const RUNS: usize = 8;
    let (work, out) = work();
    let (start, end) = (Barrier::new(RUNS), Barrier::new(RUNS));
    let won: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..RUNS)
            .map(|_| {
                scope.spawn(|| {
                    start.wait();
                    let opened = open(&out);
                    end.wait();
                    match opened {
                        Ok(_) => 1,
                        Err(error) => {
                            assert_eq!(*error.kind(), ErrorKind::InUse, "{error}");
                            0
                        }
                    }
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    assert_eq!(won, 1);
    assert_eq!(names(work.path()), set([]));
}

#[test]
fn the_lock_holds_while_its_file_comes_and_goes() {
    let (work, out) = work();
    let inside = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..300 {
                    match open(&out) {
                        Ok(stage) => {
                            assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                            inside.fetch_sub(1, Ordering::SeqCst);
                            drop(stage);
                        }
                        Err(error) => assert_eq!(*error.kind(), ErrorKind::InUse, "{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(names(work.path()), set([]));
}

#[test]
fn a_run_that_fails_or_gives_up_leaves_the_earlier_one() {
    let (work, out) = work();
    let _ = publish(&out, &[("a.csv", "1")]).unwrap();
    let stage = open(&out).unwrap();
    fill(&stage, &[("a.csv", "2")]);
    stage.scratch().unwrap();
    stage.abort();
    let stage = open(&out).unwrap();
    fill(&stage, &[("a.csv", "2")]);
    drop(stage.create("b.csv").unwrap());
    assert_eq!(*stage.commit(b"").unwrap_err().kind(), ErrorKind::Unfinished);
    let caught = std::panic::catch_unwind(|| {
        let stage = open(&out).unwrap();
        fill(&stage, &[("a.csv", "2")]);
        std::panic::resume_unwind(Box::new("a worker's panic"));
    });
    assert!(caught.is_err());
    assert_eq!(fs::read(out.join("a.csv")).unwrap(), b"1");
    assert_eq!(names(work.path()), set(["out"]));
}

#[test]
fn a_file_that_is_still_open_keeps_the_stage_from_being_published() {
    let (_work, out) = work();
    let stage = open(&out).unwrap();
    let file = stage.create("a.csv").unwrap();
    let error = stage.commit(b"").unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Unfinished);
    assert!(!error.is_usage() && !out.exists());
    // Its folder is gone, and finishing it harms nobody.
    let _ = file.finish();
}

#[test]
fn only_what_was_written_is_published() {
    let (work, out) = work();
    let tampers: [fn(&Path); 5] = [
        |dir| fs::write(dir.join("extra"), "").unwrap(),
        |dir| fs::remove_file(dir.join("a.csv")).unwrap(),
        |dir| fs::write(dir.join("a.csv"), "longer than it was").unwrap(),
        |dir| symlink("/etc", dir.join("link")).unwrap(),
        |dir| {
            fs::remove_file(dir.join("rejects/r.csv")).unwrap();
            fs::remove_dir(dir.join("rejects")).unwrap();
        },
    ];
    for tamper in tampers {
        let stage = open(&out).unwrap();
        fill(&stage, &[("a.csv", "a"), ("rejects/r.csv", "r")]);
        tamper(stage.dir());
        assert_eq!(*stage.commit(b"").unwrap_err().kind(), ErrorKind::Unfinished);
        assert_eq!(names(work.path()), set([]));
    }
}

#[test]
fn what_was_put_at_the_output_meanwhile_stays() {
    let (work, out) = work();
    let stage = open(&out).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    assert_eq!(*stage.commit(b"").unwrap_err().kind(), ErrorKind::OutputExists);
    assert_eq!(names(&out), set(["notes.txt"]));
    fs::remove_dir_all(&out).unwrap();

    let _ = publish(&out, &[("a.csv", "1")]).unwrap();
    let stage = open(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    assert_eq!(*stage.commit(b"").unwrap_err().kind(), ErrorKind::ForeignFiles { count: 1 });
    assert_eq!(names(&out), set(["a.csv", "notes.txt", MANIFEST]));
    fs::remove_dir_all(&out).unwrap();

    // An earlier result that the user removed meanwhile is no obstacle.
    let _ = publish(&out, &[("a.csv", "1")]).unwrap();
    let stage = open(&out).unwrap();
    fs::remove_dir_all(&out).unwrap();
    let _ = stage.commit(b"").unwrap();
    assert_eq!(names(&out), set([MANIFEST]));
    assert_eq!(names(work.path()), set(["out"]));
}

#[test]
fn names_are_ours() {
    let (work, out) = work();
    let stage = open(&out).unwrap();
    let bad = [
        "", ".", "..", "../x", "/x", "a/../b", "a//b", "a/", "sp ace", "é", "a\nb", "a\0b",
        MANIFEST,
    ];
    for name in bad {
        assert_eq!(*stage.create(name).unwrap_err().kind(), ErrorKind::BadName, "{name:?}");
    }
    fill(&stage, &[("a.csv", "a"), ("a", "a")]);
    assert_eq!(*stage.create("a.csv").unwrap_err().kind(), ErrorKind::BadName);
    let _ = stage.commit(b"").unwrap();
    assert_eq!(names(&out), set(["a", "a.csv", MANIFEST]));
    for name in ["", "a/b", "..", "sp ace"] {
        let options =
            StageOptions { overwrite: true, manifest_name: name.to_owned(), keep_previous: 0 };
        let error = Stage::open(&out, &options, listed).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::BadName, "{name:?}");
    }
    assert_eq!(names(work.path()), set(["out"]));
}

#[test]
fn a_folder_of_the_stage_that_became_a_link_is_not_followed() {
    let (work, out) = work();
    let precious = work.path().join("precious");
    fs::create_dir(&precious).unwrap();
    let stage = open(&out).unwrap();
    symlink(&precious, stage.dir().join("rejects")).unwrap();
    assert_eq!(*stage.create("rejects/r.csv").unwrap_err().kind(), ErrorKind::Io);
    drop(stage);
    assert_eq!(names(&precious), set([]));
    assert_eq!(names(work.path()), set(["precious"]));
}

#[test]
fn buffering_keeps_every_byte() {
    let (_work, out) = work();
    let stage = open(&out).unwrap();
    let mut file = stage.create("a.csv").unwrap();
    let mut expected = Vec::new();
    for (turn, length) in
        [1, 0, 7, 131_071, 131_072, 131_073, 400_000, 3, 65_536, 65_536, 1].into_iter().enumerate()
    {
        let part = vec![b'a' + u8::try_from(turn).unwrap(); length];
        file.write_all(&part).unwrap();
        if turn % 3 == 0 {
            file.flush().unwrap();
        }
        expected.extend_from_slice(&part);
    }
    assert_eq!(file.finish().unwrap().bytes, expected.len() as u64);
    let _ = stage.commit(b"").unwrap();
    assert!(fs::read(out.join("a.csv")).unwrap() == expected);
}

#[test]
fn files_are_made_and_written_on_many_threads() {
    let (_work, out) = work();
    let stage = open(&out).unwrap();
    std::thread::scope(|scope| {
        for run in 0..8 {
            let stage = &stage;
            scope.spawn(move || fill(stage, &[(&format!("same/folder/{run}.csv"), "text")]));
        }
    });
    let _ = stage.commit(b"").unwrap();
    assert_eq!(names(&out.join("same/folder")).len(), 8);
}

#[test]
fn stages_go_where_they_are_needed() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}
    is_send::<Stage>();
    is_sync::<Stage>();
    is_send::<StagedFile>();
    is_send::<Error>();
}

#[test]
fn scratch_and_spools_are_private_and_never_published() {
    let (work, out) = work();
    let stage = open(&out).unwrap();
    let scratch = stage.scratch().unwrap();
    assert_eq!(stage.scratch().unwrap(), scratch);
    assert_eq!(mode(&scratch), 0o700);
    let mut spools: Vec<_> = (0..3).map(|_| stage.spool().unwrap()).collect();
    assert_eq!(spools[0].metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(names(&scratch), set([]));
    fs::write(scratch.join("mine"), "x").unwrap();
    for spool in &mut spools {
        spool.write_all(b"text").unwrap();
        spool.rewind().unwrap();
        let mut text = String::new();
        spool.read_to_string(&mut text).unwrap();
        assert_eq!(text, "text");
    }
    let _ = stage.commit(b"").unwrap();
    assert_eq!(names(work.path()), set(["out"]));
    assert_eq!(names(&out), set([MANIFEST]));
}

#[test]
fn an_error_from_the_manifest_reader_ends_it() {
    let (work, out) = work();
    let _ = publish(&out, &[("a.csv", "1")]).unwrap();
    let asked = |path: &Path| Err(Error::io("read", path, std::io::ErrorKind::InvalidData.into()));
    let error = Stage::open(&out, &options(true), asked).unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Io);
    assert_eq!(names(work.path()), set(["out"]));
}

#[test]
fn an_output_whose_name_is_not_text() {
    use std::os::unix::ffi::OsStrExt;
    let (work, _) = work();
    let out = work.path().join(std::ffi::OsStr::from_bytes(b"o\xFFut"));
    // Some filesystems (Apple's) have no such names.
    if fs::create_dir(&out).is_ok() {
        let _ = publish(&out, &[("a.csv", "1")]).unwrap();
        let _ = publish(&out, &[("a.csv", "2")]).unwrap();
        assert_eq!(fs::read_dir(work.path()).unwrap().count(), 1);
    }
}

#[test]
fn single_files() {
    let (work, path) = work();
    write_file_atomically(&path, b"1").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    write_file_atomically(&path, b"2").unwrap();
    assert_eq!((fs::read(&path).unwrap(), mode(&path)), (b"2".to_vec(), 0o600));

    let link = work.path().join("link");
    symlink(&path, &link).unwrap();
    let error = write_file_atomically(&link, b"3").unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::UnsuitableOutput);
    let folder = work.path().join("folder");
    fs::create_dir(&folder).unwrap();
    for bad in [&folder, Path::new("/dev/null"), Path::new(".."), Path::new("")] {
        let error = write_file_atomically(bad, b"3").unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UnsuitableOutput, "{}", bad.display());
    }
    assert_eq!(fs::read(&path).unwrap(), b"2");
    assert_eq!(names(work.path()), set(["folder", "link", "out"]));
}

#[test]
fn single_files_from_many_threads() {
    let (work, path) = work();
    std::thread::scope(|scope| {
        for letter in b'a'..b'e' {
            let path = &path;
            scope.spawn(move || {
                for _ in 0..50 {
                    write_file_atomically(path, &[letter; 1000]).unwrap();
                }
            });
        }
    });
    let found = fs::read(&path).unwrap();
    assert!(found.len() == 1000 && found.iter().all(|byte| *byte == found[0]));
    assert_eq!(names(work.path()), set(["out"]));
}

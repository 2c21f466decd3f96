//! Failing call N, and dying at call N, for every N.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::{Before, MANIFEST, NEW, OLD, expected, publish, siblings, tree, work};
use crate::fault::Faults;
use crate::{Error, GrowingFolder, write_file_atomically};

pub(super) type Filesystem = (&'static str, fn(Faults) -> Faults);

/// The filesystems there are.
pub(super) fn filesystems() -> [Filesystem; 3] {
    [
        ("exchange", |faults| faults),
        ("no exchange", Faults::without_exchange),
        ("no exchange, no links", |faults| faults.without_exchange().without_links()),
    ]
}

/// Calls of a run in which nothing fails.
fn calls(before: Before, filesystem: fn(Faults) -> Faults) -> u64 {
    let work = work();
    let out = before.prepare(work.path());
    let faults = filesystem(Faults::none());
    assert_eq!(faults.run(|| publish(&out, NEW)).unwrap().leftover, None);
    assert_eq!(tree(&out), expected(NEW));
    assert_eq!(siblings(&out), ["out"]);
    faults.calls()
}

#[test]
fn any_failed_call_leaves_the_earlier_result_whole() {
    for (name, filesystem) in filesystems() {
        for before in Before::ALL {
            let calls = calls(before, filesystem);
            assert!(calls > 40, "{calls} calls: are they counted?");
            let mut errors = 0;
            for n in 0..calls {
                let work = work();
                let out = before.prepare(work.path());
                let faults = filesystem(Faults::fail_at(n));
                let result = faults.run(|| publish(&out, NEW));
                let what = format!(
                    "{name}, {before:?}, call {n}: {:?}",
                    faults.trace()[usize::try_from(n).unwrap()]
                );
                match &result {
                    Ok(_) => assert_eq!(tree(&out), expected(NEW), "{what}"),
                    Err(error) => {
                        errors += 1;
                        assert_eq!(tree(&out), before.tree(), "{what}: {error}");
                        let text = error.to_string();
                        assert!(
                            text.starts_with("cannot ") && text.contains("; "),
                            "{what}: {text}"
                        );
                        assert!(!error.is_usage(), "{what}: {text}");
                    }
                }
                let again = filesystem(Faults::none()).run(|| publish(&out, NEW));
                assert!(matches!(again, Ok(done) if done.leftover.is_none()), "{what}");
                assert_eq!(tree(&out), expected(NEW), "{what}");
                assert_eq!(siblings(&out), ["out"], "{what}");
            }
            assert!(
                errors > calls / 2,
                "{name}, {before:?}: only {errors} of {calls} calls matter?"
            );
        }
    }
}

#[test]
fn death_at_any_call_leaves_no_mix_and_needs_no_tidying() {
    for (name, filesystem) in filesystems() {
        for before in Before::ALL {
            for n in 0..calls(before, filesystem) {
                let work = work();
                let out = before.prepare(work.path());
                let faults = filesystem(Faults::die_at(n));
                let result = faults.run(|| publish(&out, NEW));
                let what = format!(
                    "{name}, {before:?}, died at call {n}: {:?}",
                    faults.trace()[usize::try_from(n).unwrap()]
                );
                let found = tree(&out);
                let by_file = name != "exchange" && before == Before::Old;
                if result.is_ok() {
                    assert_eq!(found, expected(NEW), "{what}");
                } else if by_file {
                    check_by_file(&found.unwrap(), name.ends_with("no links"), &what);
                } else {
                    assert!(found == before.tree() || found == expected(NEW), "{what}: {found:?}");
                }
                let again = filesystem(Faults::none()).run(|| publish(&out, NEW));
                assert!(
                    matches!(again, Ok(ref done) if done.leftover.is_none()),
                    "{what}: {again:?}"
                );
                assert_eq!(tree(&out), expected(NEW), "{what}");
                assert_eq!(siblings(&out), ["out"], "{what}");
            }
        }
    }
}

/// In the middle of a replacement file by file: each name old or new, and a
/// manifest only beside all of its files.
fn check_by_file(
    found: &std::collections::BTreeMap<String, Vec<u8>>,
    without_links: bool,
    what: &str,
) {
    let (old, new) = (expected(OLD).unwrap(), expected(NEW).unwrap());
    for (name, bytes) in found {
        let known = [&old, &new].iter().any(|tree| tree.get(name) == Some(bytes));
        assert!(known, "{what}: {name} is neither old nor new");
    }
    if let Some(manifest) = found.get(MANIFEST) {
        let whole = if old.get(MANIFEST) == Some(manifest) { &old } else { &new };
        for (name, bytes) in whole.iter().filter(|(name, _)| !name.ends_with('/')) {
            assert_eq!(found.get(name), Some(bytes), "{what}: {name}");
        }
    }
    if !without_links {
        for name in old.keys().filter(|name| new.contains_key(*name) && *name != MANIFEST) {
            assert!(found.contains_key(name), "{what}: {name} is absent for a while");
        }
    }
}

#[test]
fn death_twice_in_a_row() {
    for (_, filesystem) in filesystems() {
        for n in (0..calls(Before::Old, filesystem)).step_by(5) {
            for m in (0..calls(Before::Old, filesystem)).step_by(11) {
                let work = work();
                let out = Before::Old.prepare(work.path());
                let _ = filesystem(Faults::die_at(n)).run(|| publish(&out, NEW));
                let _ = filesystem(Faults::die_at(m)).run(|| publish(&out, OLD));
                let _ = filesystem(Faults::none()).run(|| publish(&out, NEW)).unwrap();
                assert_eq!(tree(&out), expected(NEW), "{n}, {m}");
                assert_eq!(siblings(&out), ["out"], "{n}, {m}");
            }
        }
    }
}

#[test]
fn a_failure_after_a_death_needs_no_tidying_either() {
    for (name, filesystem) in filesystems() {
        let calls = calls(Before::Old, filesystem);
        for n in (0..calls).step_by(5) {
            for m in (0..calls).step_by(7) {
                let work = work();
                let out = Before::Old.prepare(work.path());
                let _ = filesystem(Faults::die_at(n)).run(|| publish(&out, NEW));
                let _ = filesystem(Faults::fail_at(m)).run(|| publish(&out, OLD));
                let again = filesystem(Faults::none()).run(|| publish(&out, NEW));
                let what = format!("{name}: died at call {n}, call {m} failed: {again:?}");
                assert!(matches!(again, Ok(ref done) if done.leftover.is_none()), "{what}");
                assert_eq!(tree(&out), expected(NEW), "{what}");
                assert_eq!(siblings(&out), ["out"], "{what}");
            }
        }
    }
}

#[test]
fn a_failure_leaves_no_journal() {
    for (name, filesystem) in filesystems() {
        for before in Before::ALL {
            for n in 0..calls(before, filesystem) {
                let work = work();
                let out = before.prepare(work.path());
                let faults = filesystem(Faults::fail_at(n));
                let result = faults.run(|| publish(&out, NEW));
                let call = faults.trace()[usize::try_from(n).unwrap()].clone();
                let left = siblings(&out).into_iter().any(|name| name.contains("journal"));
                // A new result whose earlier one cannot be removed leaves both to the next run.
                assert!(!left || result.is_ok(), "{name}, {before:?}, {call}: {result:?}");
            }
        }
    }
}

#[test]
fn single_file_is_old_or_new_whatever_fails() {
    let calls = {
        let work = work();
        let faults = Faults::none();
        faults.run(|| write_file_atomically(&work.path().join("out"), b"new")).unwrap();
        faults.calls()
    };
    for n in 0..calls {
        for make in [Faults::fail_at, Faults::die_at] {
            for before in [None, Some(b"old".to_vec())] {
                let work = work();
                let path = work.path().join("out");
                if let Some(old) = &before {
                    fs::write(&path, old).unwrap();
                }
                let faults = make(n);
                let result = faults.run(|| write_file_atomically(&path, b"new"));
                let found = fs::read(&path).ok();
                let is_new = found.as_deref() == Some(b"new");
                let at_the_end = n + 1 == calls;
                assert!(is_new || (found == before && result.is_err()), "{n}: {result:?}");
                assert!(!is_new || result.is_ok() || at_the_end, "{n}: {result:?}");
                write_file_atomically(&path, b"newer").unwrap();
                assert_eq!(fs::read(&path).unwrap(), b"newer");
                assert_eq!(siblings(&path), ["out"], "{n}");
            }
        }
    }
}

/// A download, continued where the last one ended, and a journal that is written anew.
fn grow(out: &Path) -> Result<(), Error> {
    const TEXT: &[u8] = b"first\nsecond\n";
    let folder = GrowingFolder::open(out)?;
    if folder.bytes_of("a.ndjson")?.is_none() {
        let mut part = folder.part("a.ndjson")?;
        let from = usize::try_from(part.bytes()).unwrap();
        for piece in TEXT[from..].chunks(6) {
            part.write_all(piece).map_err(|error| Error::io("write", &part.path(), error))?;
        }
        part.commit("a.ndjson")?;
    }
    folder.write("journal.json", b"{}")
}

#[test]
fn a_growing_folder_has_whole_files_and_parts_whatever_fails() {
    let grown = |out: &Path| {
        let tree = tree(out).unwrap();
        let whole = [("a.ndjson", &b"first\nsecond\n"[..]), ("journal.json", b"{}")];
        assert_eq!(tree.len(), 2, "{tree:?}");
        whole.iter().all(|(name, bytes)| tree.get(*name).is_some_and(|found| found == bytes))
    };
    let calls = {
        let work = work();
        let (out, faults) = (work.path().join("out"), Faults::none());
        faults.run(|| grow(&out)).unwrap();
        assert!(grown(&out));
        faults.calls()
    };
    assert!(calls > 15, "{calls} calls: are they counted?");
    for n in 0..calls {
        for make in [Faults::fail_at, Faults::die_at] {
            let work = work();
            let out = work.path().join("out");
            let faults = make(n);
            let result = faults.run(|| grow(&out));
            let what = format!("{:?}: {result:?}", faults.trace()[usize::try_from(n).unwrap()]);
            // What has its name is complete, before anybody tidies up.
            for (name, bytes) in tree(&out).unwrap_or_default() {
                let whole: &[u8] = if name == "a.ndjson" { b"first\nsecond\n" } else { b"{}" };
                let finished = ["a.ndjson", "journal.json"].contains(&name.as_str());
                assert!(!finished || bytes == whole, "{name}, {what}");
                assert!(finished || name.contains("part"), "{name}, {what}");
            }
            grow(&out).unwrap();
            assert!(grown(&out), "{what}");
            assert_eq!(siblings(&out), ["out"], "{what}");
        }
    }
}

#[test]
fn a_failed_write_spoils_the_stage_for_good() {
    let work = work();
    let out = Before::Old.prepare(work.path());
    let counting = Faults::none();
    let open = |faults: &Faults| {
        faults.run(|| crate::Stage::open(&out, &super::options(true), super::listed)).unwrap()
    };
    let file_calls = {
        let stage = open(&counting);
        let _file = stage.create("a.csv").unwrap();
        counting.calls()
    };
    // The next call is the first write.
    let stage = open(&Faults::fail_at(file_calls));
    let mut file = stage.create("a.csv").unwrap();
    file.write_all(&vec![b'x'; 100_000]).unwrap();
    let error = file.write_all(&vec![b'x'; 100_000]).unwrap_err();
    assert!(error.to_string().starts_with("cannot write "), "{error}");
    assert!(error.to_string().contains("a.csv"), "{error}");
    // The disk works again, but the file has a hole in it.
    assert!(file.write_all(&vec![b'x'; 200_000]).is_err());
    assert_eq!(*file.finish().unwrap_err().kind(), crate::ErrorKind::Io);
    let error = stage.commit(b"").unwrap_err();
    assert_eq!(*error.kind(), crate::ErrorKind::Unfinished);
    assert_eq!(tree(&out), expected(OLD));
    assert_eq!(siblings(&out), ["out"]);
}

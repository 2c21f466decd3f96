//! Results that are kept when they are replaced, and the way back to them.

use std::fs;
use std::path::{Path, PathBuf};

use super::faults::filesystems;
use super::{MANIFEST, NEW, OLD, Tree, expected, listed, manifest, siblings, tree, work};
use crate::fault::Faults;
use crate::{Error, ErrorKind, Published, Stage, StageOptions, undo};

/// The result before [`OLD`].
const OLDEST: &[(&str, &str)] = &[("a.csv", "oldest a"), ("rejects/rejects.csv", "oldest")];

fn options(keep_previous: u32) -> StageOptions {
    StageOptions { overwrite: true, manifest_name: MANIFEST.to_owned(), keep_previous }
}

fn publish(out: &Path, files: &[(&str, &str)], keep: u32) -> Result<Published, Error> {
    let stage = Stage::open(out, &options(keep), listed)?;
    for (name, text) in files {
        let mut file = stage.create(name)?;
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
        file.finish()?;
    }
    stage.commit(manifest(files).as_bytes())
}

fn back(out: &Path) -> Result<Published, Error> {
    undo(out, MANIFEST, listed)
}

/// What the next run does with what the last one left.
fn settled(out: &Path, faults: &Faults) {
    faults.run(|| drop(Stage::open(out, &options(0), listed).unwrap()));
}

fn previous(out: &Path, number: u64) -> Tree {
    tree(&out.with_file_name(format!("out.previous-{number:06}")))
}

/// An output that was replaced, with the result before it beside it.
fn replaced_once(work: &Path, now: &[(&str, &str)], before: &[(&str, &str)]) -> PathBuf {
    let out = work.join("out");
    for files in [before, now] {
        assert_eq!(publish(&out, files, 5).unwrap().leftover, None);
    }
    assert_eq!(siblings(&out), ["out", "out.previous-000001"]);
    out
}

#[test]
fn replaced_results_stay_as_many_as_are_wanted() {
    for (name, filesystem) in filesystems() {
        let work = work();
        let out = work.path().join("out");
        let faults = filesystem(Faults::none());
        let run = |files, keep| {
            let published = faults.run(|| publish(&out, files, keep)).unwrap();
            assert_eq!(published.leftover, None, "{name}");
            assert_eq!(tree(&out), expected(files), "{name}");
        };
        run(OLDEST, 2);
        assert_eq!(siblings(&out), ["out"], "nothing was replaced");
        run(OLD, 2);
        run(NEW, 2);
        assert_eq!(siblings(&out), ["out", "out.previous-000001", "out.previous-000002"]);
        assert_eq!(previous(&out, 1), expected(OLDEST), "{name}");
        assert_eq!(previous(&out, 2), expected(OLD), "{name}");
        run(OLD, 2);
        assert_eq!(siblings(&out), ["out", "out.previous-000002", "out.previous-000003"]);
        assert_eq!(previous(&out, 3), expected(NEW), "{name}");
        run(OLD, 1);
        assert_eq!(siblings(&out), ["out", "out.previous-000004"]);
        run(NEW, 0);
        assert_eq!(siblings(&out), ["out"], "{name}");
    }
}

#[test]
fn what_is_no_result_of_ours_is_neither_counted_nor_removed() {
    let work = work();
    let out = replaced_once(work.path(), OLD, OLDEST);
    let beside = |name: &str| out.with_file_name(name);
    fs::create_dir(beside("out.previous-000004")).unwrap();
    fs::write(beside("out.previous-000004").join("mine"), "mine").unwrap();
    fs::write(beside("out.previous-000005"), "a file").unwrap();
    fs::write(beside("out.previous-000001").join("notes.txt"), "mine").unwrap();
    assert_eq!(publish(&out, NEW, 1).unwrap().leftover, None);
    // Its number is greater than all that there were.
    assert_eq!(previous(&out, 6), expected(OLD));
    assert_eq!(publish(&out, OLDEST, 0).unwrap().leftover, None);
    let stay = ["out", "out.previous-000001", "out.previous-000004", "out.previous-000005"];
    assert_eq!(siblings(&out), stay);
    assert_eq!(*back(&out).unwrap_err().kind(), ErrorKind::ForeignFiles { count: 1 });
    fs::remove_dir_all(beside("out.previous-000001")).unwrap();
    assert_eq!(*back(&out).unwrap_err().kind(), ErrorKind::NothingKept);
    assert_eq!(tree(&out), expected(OLDEST));
}

#[test]
fn earlier_results_stay_where_nothing_may_be_replaced() {
    let work = work();
    let out = replaced_once(work.path(), OLD, OLDEST);
    fs::remove_dir_all(&out).unwrap();
    let options = StageOptions { overwrite: false, ..options(0) };
    let stage = Stage::open(&out, &options, listed).unwrap();
    let _ = stage.commit(b"").unwrap();
    assert_eq!(previous(&out, 1), expected(OLDEST));
}

#[test]
fn one_goes_back_step_by_step() {
    for (name, filesystem) in filesystems() {
        let faults = filesystem(Faults::none());
        let work = work();
        let out = replaced_once(work.path(), OLD, OLDEST);
        let _ = faults.run(|| publish(&out, NEW, 5)).unwrap();
        let held = fs::File::open(out.join("b.csv")).unwrap();
        for files in [OLD, OLDEST] {
            assert_eq!(faults.run(|| back(&out)).unwrap().leftover, None, "{name}");
            assert_eq!(tree(&out), expected(files), "{name}");
        }
        assert_eq!(std::io::read_to_string(held).unwrap(), "new b");
        assert_eq!(siblings(&out), ["out"], "{name}");
        let error = faults.run(|| back(&out)).unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::NothingKept);
        assert!(error.is_usage(), "{error}");
        assert_eq!(tree(&out), expected(OLDEST), "{name}");
    }
}

#[test]
fn one_goes_back_from_nothing_and_not_from_what_is_no_result() {
    let work = work();
    let out = replaced_once(work.path(), NEW, OLD);
    fs::write(out.join("notes.txt"), "mine").unwrap();
    assert_eq!(*back(&out).unwrap_err().kind(), ErrorKind::ForeignFiles { count: 1 });
    fs::remove_file(out.join("notes.txt")).unwrap();
    let stage = Stage::open(&out, &options(0), listed).unwrap();
    assert_eq!(*back(&out).unwrap_err().kind(), ErrorKind::InUse);
    drop(stage);
    assert_eq!(previous(&out, 1), expected(OLD));
    fs::remove_dir_all(&out).unwrap();
    let _ = back(&out).unwrap();
    assert_eq!(tree(&out), expected(OLD));
    assert_eq!(siblings(&out), ["out"]);
}

/// Calls of a run in which nothing fails.
fn calls(filesystem: fn(Faults) -> Faults, run: fn(&Path) -> Result<Published, Error>) -> u64 {
    let work = work();
    let out = replaced_once(work.path(), OLD, OLDEST);
    let faults = filesystem(Faults::none());
    assert_eq!(faults.run(|| run(&out)).unwrap().leftover, None);
    faults.calls()
}

fn replace(out: &Path) -> Result<Published, Error> {
    publish(out, NEW, 5)
}

#[test]
fn a_result_that_is_replaced_is_never_lost() {
    for (name, filesystem) in filesystems() {
        for n in 0..calls(filesystem, replace) {
            for make in [Faults::fail_at, Faults::die_at] {
                let work = work();
                let out = replaced_once(work.path(), OLD, OLDEST);
                let faults = filesystem(make(n));
                let result = faults.run(|| replace(&out));
                let call = faults.trace()[usize::try_from(n).unwrap()].clone();
                let what = format!("{name}, {call}: {result:?}");
                if let Err(error) = &result {
                    assert!(!error.is_usage(), "{what}");
                }
                let by_file = name != "exchange" && !tree(&out).unwrap().contains_key(MANIFEST);
                settled(&out, &filesystem(Faults::none()));
                let is_new = tree(&out) == expected(NEW);
                assert!(is_new || result.is_err(), "{what}");
                if is_new {
                    assert_eq!(previous(&out, 2), expected(OLD), "{what}");
                } else if !by_file {
                    assert_eq!(tree(&out), expected(OLD), "{what}");
                    assert_eq!(previous(&out, 2), None, "{what}");
                }
                assert_eq!(previous(&out, 1), expected(OLDEST), "{what}");
                // A journal of a replacement file by file stays until the next one.
                let mut names = siblings(&out);
                names.retain(|name| !name.starts_with('.'));
                assert_eq!(names.len(), 2 + usize::from(is_new), "{what}: {names:?}");
                let again = filesystem(Faults::none()).run(|| replace(&out));
                assert!(matches!(again, Ok(ref done) if done.leftover.is_none()), "{what}");
                assert_eq!(tree(&out), expected(NEW), "{what}");
            }
        }
    }
}

#[test]
fn going_back_leaves_the_one_or_the_other_whatever_fails() {
    for (name, filesystem) in filesystems() {
        for n in 0..calls(filesystem, back) {
            for make in [Faults::fail_at, Faults::die_at] {
                let work = work();
                let out = replaced_once(work.path(), OLD, OLDEST);
                let _ = replace(&out).unwrap();
                let faults = filesystem(make(n));
                let result = faults.run(|| back(&out));
                let call = faults.trace()[usize::try_from(n).unwrap()].clone();
                let what = format!("{name}, {call}: {result:?}");
                let found = tree(&out);
                match &result {
                    Ok(_) => assert_eq!(found, expected(OLD), "{what}"),
                    Err(error) => {
                        assert!(!error.is_usage(), "{what}");
                        let whole = found == expected(NEW) || found == expected(OLD);
                        // Between two renames nothing is there.
                        assert!(whole || (found.is_none() && name != "exchange"), "{what}");
                    }
                }
                settled(&out, &filesystem(Faults::none()));
                if tree(&out) == expected(NEW) {
                    assert_eq!(previous(&out, 2), expected(OLD), "{what}");
                    assert_eq!(siblings(&out).len(), 3, "{what}");
                } else {
                    assert_eq!(tree(&out), expected(OLD), "{what}");
                    assert_eq!(siblings(&out), ["out", "out.previous-000001"], "{what}");
                }
                assert_eq!(previous(&out, 1), expected(OLDEST), "{what}");
            }
        }
    }
}

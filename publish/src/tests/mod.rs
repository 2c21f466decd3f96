//! Every system call failed, and every instant a last one.

mod faults;
mod order;
mod previous;
mod replaced;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Published, Stage, StageOptions};

/// Relative path to content; folders end in `/`. `None`: nothing is there.
type Tree = Option<BTreeMap<String, Vec<u8>>>;

const MANIFEST: &str = "manifest.txt";
const OLD: &[(&str, &str)] = &[
    ("a.csv", "old a"),
    ("gone.csv", "old gone"),
    ("gone/deep/x.csv", "old x"),
    ("rejects/rejects.csv", "old rejects"),
    ("turns/into-file.csv", "old"),
];
const NEW: &[(&str, &str)] = &[
    ("a.csv", "new a, longer"),
    ("b.csv", "new b"),
    ("fresh/deep/y.csv", "new y"),
    ("rejects/Patient.ndjson", "new line"),
    ("rejects/rejects.csv", "new rejects"),
    ("turns", "new, was a folder"),
];

/// In memory where there is such a place: these tests fsync thousands of times.
fn work() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.unwrap()
}

/// The manifest of these tests: one name a line.
fn listed(out: &Path) -> Result<Option<Vec<String>>, Error> {
    let path = out.join(MANIFEST);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.lines().map(str::to_owned).collect())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io("read", &path, error)),
    }
}

fn manifest(files: &[(&str, &str)]) -> String {
    files.iter().flat_map(|(name, _)| [name, "\n"]).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "for comparing with what is there")]
/// What a finished run with these files looks like.
fn expected(files: &[(&str, &str)]) -> Tree {
    let mut tree = BTreeMap::from([(MANIFEST.to_owned(), manifest(files).into_bytes())]);
    for (name, text) in files {
        tree.insert((*name).to_owned(), text.as_bytes().to_vec());
        for (at, _) in name.match_indices('/') {
            tree.insert(name[..=at].to_owned(), Vec::new());
        }
    }
    Some(tree)
}

fn options(overwrite: bool) -> StageOptions {
    StageOptions { overwrite, manifest_name: MANIFEST.to_owned(), keep_previous: 0 }
}

/// A whole run.
fn publish(out: &Path, files: &[(&str, &str)]) -> Result<Published, Error> {
    let stage = Stage::open(out, &options(true), listed)?;
    let mut spool = stage.spool()?;
    spool.write_all(b"spooled").unwrap();
    fs::write(stage.scratch()?.join("mine"), "scratch").unwrap();
    for (name, text) in files {
        let mut file = stage.create(name)?;
        // The text in the error of a writer is ours.
        file.write_all(text.as_bytes()).unwrap();
        file.finish()?;
    }
    stage.commit(manifest(files).as_bytes())
}

fn tree(path: &Path) -> Tree {
    fn walk(folder: &Path, prefix: &str, into: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().display());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{name}/"), into);
                into.insert(format!("{name}/"), Vec::new());
            } else {
                into.insert(name, fs::read(entry.path()).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    path.symlink_metadata().ok()?;
    walk(path, "", &mut found);
    Some(found)
}

/// The names beside the output, sorted.
fn siblings(out: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(out.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What stands at the output before the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Absent,
    Empty,
    Old,
}

impl Before {
    const ALL: [Before; 3] = [Before::Absent, Before::Empty, Before::Old];

    fn prepare(self, work: &Path) -> PathBuf {
        let out = work.join("out");
        match self {
            Before::Absent => {}
            Before::Empty => fs::create_dir(&out).unwrap(),
            Before::Old => assert_eq!(publish(&out, OLD).unwrap().leftover, None),
        }
        out
    }

    fn tree(self) -> Tree {
        match self {
            Before::Absent => None,
            Before::Empty => Some(BTreeMap::new()),
            Before::Old => expected(OLD),
        }
    }
}

//! The files of `testdata/bad` that are made: each with what should become of it.

mod compressed;
mod files;
mod lines;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::defects;
use super::records;

/// What an expectation's name adds to that of its file.
pub(crate) const EXPECTATION: &str = ".expect.json";

/// Where the files are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/bad")
}

/// A file and what should become of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Case {
    name: String,
    about: String,
    options: Vec<&'static str>,
    /// What the file holds once decompressed.
    text: Vec<u8>,
    /// What is stored, unless it is the text.
    stored: Option<Vec<u8>>,
    exit: u8,
    /// With rows, joined, without rows, skipped by type.
    kept: [u64; 4],
    /// Lines and classes of bad records.
    rejects: Vec<(usize, &'static str)>,
    rows: Vec<(&'static str, u64)>,
    /// Part of the error that ends the run.
    message: &'static str,
    /// What the report says besides.
    report: Vec<(&'static str, u64)>,
    /// Cells of CSV tables, as `cclf8.COLUMN`.
    cells: Vec<(&'static str, Vec<&'static str>)>,
}

impl Case {
    fn new(name: impl Into<String>, about: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), about: about.into(), text: text.into(), ..Self::default() }
    }

    /// All goes well; `claims` of them have a row of CCLF5 each.
    fn good(mut self, claims: u64) -> Self {
        self.kept[0] = claims;
        self.rows = if claims == 0 { Vec::new() } else { vec![("CCLF5", claims)] };
        self
    }

    /// These lines are bad.
    fn bad(mut self, rejects: &[(usize, &'static str)]) -> Self {
        self.rejects = rejects.to_vec();
        self.exit = 3;
        self
    }

    /// The run ends, and nothing is published.
    fn ends(mut self, exit: u8, message: &'static str) -> Self {
        self.exit = exit;
        self.message = message;
        self
    }

    fn stored(mut self, bytes: Vec<u8>) -> Self {
        self.stored = Some(bytes);
        self
    }

    fn options(mut self, options: &[&'static str]) -> Self {
        self.options = options.to_vec();
        self
    }

    /// The byte at which a line (from 1) begins.
    fn offset(&self, line: usize) -> usize {
        let lines = self.text.split_inclusive(|byte| *byte == b'\n');
        let offset = lines.take(line - 1).map(<[u8]>::len).sum();
        // The record begins behind the mark.
        if line == 1 && self.text.starts_with(b"\xEF\xBB\xBF") { 3 } else { offset }
    }

    /// The expectation. Byte and path of a fault, and what `validate` says, are those of the expectation before:
    /// whoever adds a case looks them over and writes them down.
    fn expectation(&self, before: &Value) -> Value {
        let mut convert = json!({ "exit": self.exit });
        if self.message.is_empty() {
            let reject = |(number, (line, class)): (usize, &(usize, &str))| {
                let before = &before["convert"]["rejects"][number];
                json!({
                    "line": line,
                    "byte_offset": self.offset(*line),
                    "class": class,
                    "fault_byte": before["fault_byte"],
                    "path": before["path"],
                })
            };
            let rejected = self.rejects.len() as u64;
            let [with_rows, joined, without_rows, skipped] = self.kept;
            convert["records"] = json!({
                "read": self.kept.iter().sum::<u64>() + rejected,
                "with_rows": with_rows,
                "joined": joined,
                "without_rows": without_rows,
                "skipped_by_type": skipped,
                "rejected": rejected,
            });
            convert["rejects"] = self.rejects.iter().enumerate().map(reject).collect();
            convert["rows"] = object(&self.rows);
        } else {
            convert["message"] = self.message.into();
        }
        if !self.report.is_empty() {
            convert["report"] = object(&self.report);
        }
        if !self.cells.is_empty() {
            convert["cells"] = object(&self.cells);
        }
        let mut expectation = json!({
            "about": self.about, "convert": convert, "validate": before["validate"],
        });
        if !self.options.is_empty() {
            expectation["options"] = self.options.clone().into();
        }
        expectation
    }
}

fn object<T: Clone + Into<Value>>(members: &[(&str, T)]) -> Value {
    let member = |(name, value): &(&str, T)| ((*name).to_owned(), value.clone().into());
    Value::Object(members.iter().map(member).collect())
}

/// A name for a file: what is not a letter or a digit becomes a word or a hyphen.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    let characters: Vec<char> = name.chars().collect();
    // A hyphen between two letters or two digits is one.
    let joins = |at: usize| {
        let beside = |at: Option<usize>| at.and_then(|at| characters.get(at));
        match (beside(at.checked_sub(1)), beside(Some(at + 1))) {
            (Some(one), Some(other)) => {
                one.is_ascii_digit() && other.is_ascii_digit()
                    || one.is_ascii_alphabetic() && other.is_ascii_alphabetic()
            }
            _ => false,
        }
    };
    for (at, character) in characters.iter().enumerate() {
        let word = match character {
            '-' if joins(at) => "-",
            '+' => "-plus-",
            '.' => "-point-",
            '-' => "-minus-",
            '[' | ']' => "-list-",
            '{' | '}' => "-object-",
            '\'' => "-quote-",
            '/' => "-slash-",
            '#' => "-hash-",
            ',' => "-comma-",
            ':' => "-colon-",
            letter if letter.is_ascii_alphanumeric() => {
                slug.push(letter.to_ascii_lowercase());
                continue;
            }
            _ => "-",
        };
        slug.push_str(word);
    }
    let parts: Vec<&str> = slug.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-")
}

/// All files that are made, with those of their expectations; `before` gives the expectations as they are.
pub(crate) fn made(before: impl Fn(&str) -> Value) -> BTreeMap<String, Vec<u8>> {
    let mut made = BTreeMap::new();
    for case in [lines::all(), files::all(), compressed::all()].concat() {
        let expectation = format!("{}{EXPECTATION}", case.name);
        let text = serde_json::to_string_pretty(&case.expectation(&before(&expectation)));
        made.insert(expectation, format!("{}\n", text.unwrap()).into_bytes());
        let twice = made.insert(case.name.clone(), case.stored.unwrap_or(case.text));
        assert!(twice.is_none(), "two cases are called {}", case.name);
    }
    made
}

/// What is in the folder besides its README.
pub(crate) fn found() -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name != "README.md" {
            found.insert(name, std::fs::read(entry.path()).unwrap());
        }
    }
    found
}

/// The expectation of this name as it is in the folder.
pub(crate) fn expectation(files: &BTreeMap<String, Vec<u8>>, name: &str) -> Value {
    files.get(name).map_or(Value::Null, |text| serde_json::from_slice(text).expect(name))
}

/// What is wrong with the folder: files that are not as they are made, and files and expectations alone.
pub(crate) fn faults() -> Vec<String> {
    let found = found();
    let mut faults = Vec::new();
    for (name, bytes) in made(|name| expectation(&found, name)) {
        match found.get(&name) {
            None => faults.push(format!("{name} is missing")),
            Some(there) if *there != bytes => faults.push(format!("{name} is out of date")),
            Some(_) => {}
        }
    }
    let names: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    for name in &names {
        match name.strip_suffix(EXPECTATION) {
            Some(file) if !names.contains(file) => faults.push(format!("{name} has no file")),
            None if !names.contains(format!("{name}{EXPECTATION}").as_str()) => {
                faults.push(format!("{name} has no expectation"));
            }
            _ => {}
        }
    }
    faults
}

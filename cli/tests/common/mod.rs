//! What the tests of the program share: running it in a folder of its own, looking at what it leaves behind,
//! reading its CSV, and small records.

#![allow(dead_code, reason = "each test program uses its part of a private module")]

pub(crate) mod bad;
pub(crate) mod defects;
pub(crate) mod exports;
pub(crate) mod records;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// The twelve tables by the stems of their files.
pub(crate) const TABLES: [&str; 12] = [
    "cclf0", "cclf1", "cclf2", "cclf3", "cclf4", "cclf5", "cclf6", "cclf7", "cclf8", "cclf9",
    "cclfa", "cclfb",
];

/// How long anything may take that is not expected to take any time.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program to test: the one that was built with the tests, or another by its absolute path.
///
/// CI names the release build: it is what people run, and optimisation has broken good code before
/// (see `json_walk::Walker`).
pub(crate) fn bcda() -> PathBuf {
    match std::env::var_os("BCDA_TEST_BINARY") {
        Some(path) if !path.is_empty() => path.into(),
        _ => env!("CARGO_BIN_EXE_bcda").into(),
    }
}

/// A folder to work in; every run has it as its current folder, so that paths are short and relative.
pub(crate) struct Work(TempDir);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// The run, after its exit code was found to be `code`.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stderr: {}", self.stderr);
        self
    }

    /// Standard output as text.
    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }
}

/// The bytes of each file below a folder, by path; folders end in `/`.
pub(crate) type Snapshot = BTreeMap<String, Vec<u8>>;

impl Work {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders it lies in.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Writes lines, each with a line feed.
    pub(crate) fn write_lines<L: AsRef<[u8]>>(
        &self,
        name: &str,
        lines: impl IntoIterator<Item = L>,
    ) {
        self.write(name, joined(lines));
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn read_text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn read_json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// The program, not yet started; what it spools goes to the work folder too.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(bcda());
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null());
        command.env("TMPDIR", self.0.path());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().unwrap().into()
    }

    /// Runs the program to its end with words separated by spaces.
    pub(crate) fn bcda(&self, words: &str) -> Ran {
        self.run(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs the program with `pieces` on standard input, each written at once.
    pub(crate) fn feed<'p>(
        &self,
        words: &str,
        pieces: impl IntoIterator<Item = &'p [u8]> + Send,
    ) -> Ran {
        let mut child = self.start(words);
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for piece in pieces {
                    if stdin.write_all(piece).is_err() {
                        return;
                    }
                }
            });
            child.wait_with_output().unwrap().into()
        })
    }

    /// Starts the program with all three standard streams as pipes.
    pub(crate) fn start(&self, words: &str) -> Child {
        self.command(&words.split_whitespace().collect::<Vec<_>>())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Everything below a folder; none when there is no such folder.
    pub(crate) fn snapshot(&self, name: &str) -> Option<Snapshot> {
        let root = self.path(name);
        root.is_dir().then(|| {
            let mut found = Snapshot::new();
            collect(&root, &root, &mut found);
            found
        })
    }

    /// The tables and rejects of a result: everything but the manifest, which holds times.
    pub(crate) fn tables(&self, name: &str) -> Snapshot {
        let mut found = self.snapshot(name).unwrap_or_else(|| panic!("{name} is missing"));
        assert!(found.remove("tables-manifest.json").is_some(), "{name} has no manifest");
        found
    }

    /// A published table in CSV.
    pub(crate) fn csv(&self, name: &str) -> Csv {
        Csv::parse(&self.read_text(name))
    }

    /// Names in the work folder that a run has left beside its output.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = names
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| {
                let spools = name.contains("bcda-stdout") || name.contains("bcda-objects");
                name.contains(".partial") || name.starts_with('.') || spools
            })
            .collect();
        names.sort();
        names
    }

    /// No partial, spool or lock is left behind.
    #[track_caller]
    pub(crate) fn assert_clean(&self) {
        assert_eq!(self.leftovers(), Vec::<String>::new(), "left behind");
    }

    /// Makes a synthetic export in a folder.
    pub(crate) fn synth(&self, name: &str, options: &str) {
        self.bcda(&format!("synth --quiet --out {name} {options}")).exits(0);
    }

    /// The data files of an export by their names, in the order in which a folder is read.
    pub(crate) fn data_files(&self, name: &str) -> Vec<(String, Vec<u8>)> {
        let files = self.snapshot(name).unwrap();
        files.into_iter().filter(|(name, _)| name.contains(".ndjson")).collect()
    }
}

fn collect(root: &Path, folder: &Path, found: &mut Snapshot) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        if path.is_symlink() || path.is_file() {
            found.insert(name, fs::read(&path).unwrap_or_default());
        } else {
            found.insert(format!("{name}/"), Vec::new());
            collect(root, &path, found);
        }
    }
}

/// Lines, each with a line feed.
pub(crate) fn joined<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        bytes.extend_from_slice(line.as_ref());
        bytes.push(b'\n');
    }
    bytes
}

/// Waits for something to come true.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A CSV table, every cell as text; null and empty are the same here.
#[derive(Debug)]
pub(crate) struct Csv {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Csv {
    /// Reads RFC 4180 with line feeds.
    pub(crate) fn parse(text: &str) -> Self {
        let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
        let mut quoted = false;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted && characters.peek() == Some(&'"') => {
                    cell.push('"');
                    characters.next();
                }
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(std::mem::take(&mut cell)),
                '\n' if !quoted => {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                other => cell.push(other),
            }
        }
        assert!(!quoted && cell.is_empty() && row.is_empty(), "the last row has no end");
        let header = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        assert!(rows.iter().all(|row| row.len() == header.len()), "rows of several widths");
        Self { header, rows }
    }

    /// The cells of a column.
    #[track_caller]
    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let Some(at) = self.header.iter().position(|column| column == name) else {
            panic!("no column {name}");
        };
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    /// The cell of a column in the only row where `key` is `value`.
    #[track_caller]
    pub(crate) fn cell(&self, key: &str, value: &str, column: &str) -> &str {
        let found: Vec<usize> =
            (0..self.rows.len()).filter(|row| self.column(key)[*row] == value).collect();
        assert_eq!(found.len(), 1, "rows whose {key} is {value}");
        self.column(column)[found[0]]
    }

    /// The rows as tuples of some columns.
    #[track_caller]
    pub(crate) fn select<const N: usize>(&self, columns: [&str; N]) -> Vec<[&str; N]> {
        let columns = columns.map(|name| self.column(name));
        (0..self.rows.len()).map(|row| std::array::from_fn(|number| columns[number][row])).collect()
    }
}

/// The counts of a report, after they were found to add up, with what was left out, to the records read.
#[track_caller]
pub(crate) fn counts(report: &Value) -> [u64; 6] {
    let names = ["read", "with_rows", "joined", "without_rows", "skipped_by_type", "rejected"];
    let counts = names.map(|name| report["records"][name].as_u64().unwrap());
    let left_out = report["records"]["left_out"].as_u64().unwrap_or(0);
    assert_eq!(counts[0], counts[1..].iter().sum::<u64>() + left_out, "{}", report["records"]);
    let by_class = report["rejected_by_class"].as_object().unwrap().values();
    assert_eq!(counts[5], by_class.map(|count| count.as_u64().unwrap()).sum::<u64>());
    counts
}

//! docs/promises.md names a test for each promise, and the test is there and is run, one of each row's in `.ci/run`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Sections whose tables are promises.
const SECTIONS: std::ops::RangeInclusive<u32> = 1..=6;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A row of a table below the heading of a section.
struct Promise<'p> {
    section: u32,
    line: usize,
    /// `file::function` or `script::case`.
    tests: Vec<&'p str>,
}

fn promises(page: &str) -> Vec<Promise<'_>> {
    let mut found = Vec::new();
    let mut section = 0;
    for (number, line) in page.lines().enumerate() {
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.split('.').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        }
        // A heading or a rule of a table is no promise.
        let is_rule = |text: &str| text.starts_with("|--");
        let next_is_rule = page.lines().nth(number + 1).is_some_and(is_rule);
        if SECTIONS.contains(&section) && line.starts_with('|') && !is_rule(line) && !next_is_rule {
            let cell = line.trim_end_matches('|').rsplit(" | ").next().unwrap_or_default();
            let tests = cell.split('`').filter(|text| text.contains("::")).collect();
            found.push(Promise { section, line: number + 1, tests });
        }
    }
    found
}

/// The rows of the table of `ci/trust`: a script, and the case that it says to have run.
fn trusted(page: &str) -> Vec<(&str, &str)> {
    let (_, table) = page.split_once("<!-- table of ci/trust -->").unwrap_or_default();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let parts = rows.filter_map(|row| row.split_once(" | ")?.0.split_once("`: "));
    let scripts = parts.filter_map(|(part, case)| Some((part.split_once(' ')?.0, case)));
    scripts.collect()
}

/// What `.ci/run` runs: every test of a crate of the workspace, and the cases of scripts that it names or gives to
/// `ci/trust smoke`. A case whose name ends in `(long)` has no short form.
struct Daily {
    crates: Vec<String>,
    scripts: String,
}

impl Daily {
    fn read() -> Self {
        let text = |name| fs::read_to_string(root().join(name)).unwrap();
        let manifest = text("Cargo.toml");
        let (_, members) = manifest.split_once("members = [").unwrap();
        let (members, _) = members.split_once(']').unwrap();
        let crates = members.split('"').skip(1).step_by(2).map(str::to_owned).collect();
        let trust = text("ci/trust");
        let (_, parts) = trust.split_once("PARTS = [").unwrap();
        let (parts, _) = parts.split_once(']').unwrap();
        Self { crates, scripts: format!("{} {}", text(".ci/run"), parts.replace('"', " ")) }
    }

    fn runs(&self, test: &str) -> bool {
        let Some((file, name)) = test.rsplit_once("::") else { return false };
        if is_rust(file) {
            return self
                .crates
                .iter()
                .any(|folder| Some(folder.as_str()) == file.split('/').next());
        }
        let named = |word: &str| word.trim_end_matches(',') == file;
        !name.ends_with("(long)") && self.scripts.split_whitespace().any(named)
    }
}

fn is_rust(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "rs")
}

/// The cases that a script lists. What it lists it runs: `ci/trust` sees to that.
fn cases(script: &Path) -> BTreeSet<String> {
    let listed = Command::new(script).arg("--cases").output();
    let listed = listed.ok().filter(|listed| listed.status.success());
    let text = listed.map(|listed| String::from_utf8_lossy(&listed.stdout).into_owned());
    text.unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Why a script would not run a case, if it would not.
fn fault_of_case(cases: &BTreeSet<String>, name: &str) -> Option<&'static str> {
    if cases.is_empty() {
        return Some("the script lists no cases");
    }
    (!cases.contains(name)).then_some("the script has no such case")
}

/// Why a named test would not run, if it would not.
fn fault(text: &str, name: &str) -> Option<&'static str> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let begins = |line: &&str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        line.strip_prefix("fn ")
            .and_then(|line| line.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with('('))
    };
    let Some(at) = lines.iter().position(begins) else {
        return Some("the file has no such function");
    };
    let attributes =
        lines[..at].iter().rev().take_while(|line| line.starts_with('#') || line.starts_with("//"));
    let attributes: Vec<_> = attributes.collect();
    if attributes.iter().any(|line| line.starts_with("#[ignore")) {
        return Some("the test is not run");
    }
    let is_test = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    (!attributes.iter().any(|line| is_test(line))).then_some("the function is no test")
}

#[test]
fn every_promise_has_its_tests() {
    let page = fs::read_to_string(root().join("docs/promises.md")).unwrap();
    let promises = promises(&page);
    let (mut files, mut scripts) = (BTreeMap::new(), BTreeMap::new());
    let mut faults = Vec::new();
    let daily = Daily::read();
    let mut of_script = |script, name| {
        let listed = scripts.entry(script).or_insert_with(|| cases(&root().join(script)));
        fault_of_case(listed, name)
    };
    for Promise { line, tests, .. } in &promises {
        if tests.is_empty() {
            faults.push(format!("docs/promises.md, line {line}: no test"));
        } else if !tests.iter().any(|test| daily.runs(test)) {
            faults.push(format!("docs/promises.md, line {line}: .ci/run runs none of its tests"));
        }
        for test in tests {
            let (file, name) = test.rsplit_once("::").unwrap();
            let fault = if is_rust(file) {
                let read = || fs::read_to_string(root().join(file)).unwrap_or_default();
                fault(files.entry(file).or_insert_with(read), name)
            } else {
                of_script(file, name)
            };
            if let Some(fault) = fault {
                faults.push(format!("docs/promises.md, line {line}: {test}: {fault}"));
            }
        }
    }
    let trusted = trusted(&page);
    assert!(trusted.len() > 10, "{trusted:?}");
    for (script, name) in trusted {
        if let Some(fault) = of_script(script, name) {
            faults.push(format!(
                "docs/promises.md, the table of ci/trust: {script}: {name}: {fault}"
            ));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    for section in SECTIONS {
        let count = promises.iter().filter(|promise| promise.section == section).count();
        assert!(count >= 5, "section {section} has {count} promises");
    }
}

#[test]
fn a_missing_test_is_noticed() {
    let text = "#[test]\nfn here() {}\n\n#[test]\n#[ignore]\nfn asleep() {}\n\nfn helper() {}\n";
    let of = |name| fault(text, name);
    assert_eq!(of("here"), None);
    assert_eq!(of("her"), Some("the file has no such function"));
    assert_eq!(of("asleep"), Some("the test is not run"));
    assert_eq!(of("helper"), Some("the function is no test"));
    let listed = cases(&root().join("ci/kills"));
    assert_eq!(fault_of_case(&listed, "closed streams"), None);
    // Words of the script, and a part of a case, are no cases.
    for word in ["memory", "SIGKILL", "a signal", "closed", "streams", "", "closed streams "] {
        assert_eq!(fault_of_case(&listed, word), Some("the script has no such case"), "{word}");
    }
    for script in ["ci/none", "ci/page.py"] {
        let listed = cases(&root().join(script));
        assert_eq!(fault_of_case(&listed, "one"), Some("the script lists no cases"), "{script}");
    }
    let daily = Daily {
        crates: vec!["cli".to_owned()],
        scripts: "ci/audit\nci/trust smoke ci/kills, ci/x".to_owned(),
    };
    let run = ["cli/tests/a.rs::b", "cli/src/a.rs::b", "ci/audit::a", "ci/kills::a", "ci/x::a"];
    let not_run =
        ["datafusion/tests/a.rs::b", "client/a.rs::b", "ci/other::a", "ci/x::all of it (long)"];
    assert!(run.iter().all(|test| daily.runs(test)));
    assert!(!not_run.iter().any(|test| daily.runs(test)));
    let page = "| `--out -`: data only | |\n<!-- table of ci/trust -->\n| `ci/x long`: a case: of two | 1 | 0 |\n";
    assert_eq!(trusted(page), [("ci/x", "a case: of two")]);
    let page = "## 1. Rules\n\n| promise | tests |\n|---|---|\n| kept \\| so | `a.rs::b`, `c.rs::d` |\n| not | |\n";
    let found = promises(page);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].tests, ["a.rs::b", "c.rs::d"]);
    assert!(found[1].tests.is_empty());
}

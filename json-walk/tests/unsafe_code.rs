//! Unsafe code is in this crate's `src/index/` alone, but for one attribute of the program's, and each piece of it says
//! why it is sound.

use std::fs;
use std::path::{Path, PathBuf};

/// Where it may be.
const HOME: &str = "json-walk/src/index";
/// Where an attribute may put a function of ours before `main`, and nothing else be unsafe.
const BEFORE_MAIN: &str = "cli/src/streams.rs";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates of the workspace.
fn members() -> Vec<String> {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let list = manifest.split_once("members = [").unwrap().1.split_once(']').unwrap().0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// All Rust files of a folder.
fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The line without its comment and without what stands in quotes.
fn code(line: &str) -> String {
    let line = line.split("//").next().unwrap_or_default();
    line.split('"').step_by(2).collect()
}

/// Whether the word stands there as a word.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.split(|letter| !is_part(letter)).any(|found| found == word)
}

/// Whether a line with unsafe code is explained by the comment above it.
fn is_explained(lines: &[&str], at: usize) -> bool {
    // One comment may stand above a statement of several lines, or above attributes.
    let above = lines[..at].iter().rev().take(8);
    above
        .take_while(|line| !line.trim().is_empty() && !line.trim_end().ends_with('}'))
        .any(|line| line.trim_start().starts_with("// SAFETY: "))
}

#[test]
fn no_other_crate_has_any() {
    let members = members();
    assert!(members.len() > 10, "{members:?}");
    let (mut seen, mut excused) = (0, 0);
    for member in &members {
        let folder = root().join(member);
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[lints]\nworkspace = true"), "{member} has lints of its own");
        let mut files = Vec::new();
        rust_files(&folder, &mut files);
        files.retain(|file| {
            let inside = file.strip_prefix(root()).unwrap();
            !inside.starts_with(HOME) && !inside.starts_with("benches/peers")
        });
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let before_main = file.ends_with(BEFORE_MAIN);
            for (number, line) in lines.iter().enumerate() {
                let attribute = line.contains("unsafe(link_section") || line.contains("allow(");
                if before_main && attribute && is_explained(&lines, number) {
                    excused += 1;
                    continue;
                }
                let place = format!("{}:{}", file.display(), number + 1);
                assert!(!has_word(&code(line), "unsafe"), "{place}: unsafe code");
                let names_it =
                    line.contains("unsafe_code") && !line.contains("forbid(unsafe_code)");
                // This file, and the line that makes it a module.
                let itself =
                    file.ends_with("json-walk/tests/unsafe_code.rs") || *line == "mod unsafe_code;";
                assert!(!names_it || itself, "{place}: unsafe code is allowed");
            }
            seen += 1;
        }
    }
    assert!(seen > 200, "{seen} files");
    assert_eq!(excused, 3, "one attribute for each way of linking, and what allows them");
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(workspace.contains("unsafe_code = \"deny\""));
}

#[test]
fn each_block_says_why_it_is_sound() {
    let mut files = Vec::new();
    rust_files(&root().join(HOME), &mut files);
    let mut blocks = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            if has_word(&code(line), "unsafe") {
                blocks += 1;
                let place = format!("{}:{}", file.display(), at + 1);
                assert!(is_explained(&lines, at), "{place}: no SAFETY comment above");
            }
        }
    }
    assert!(blocks >= 10, "{blocks} blocks were found");
}

//! Makes, from `elements.csv` and `codes.csv` in `src/stu3` and `src/r4`, the types in `src/*/generated`, the tables in
//! `src/schema/generated` and the cases of `tests/elements`; and `src/vocabulary/names.rs` from `src/vocabulary.csv`.
//!
//! `cargo run -p bcda-fhir-model --example generate` writes the files;
//! with `-- --check` it only compares and exits with 1 when a file is out of date.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for developers")]

mod cases;
mod names;
mod release;
mod render;
mod schema;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut stale = 0;
    let model = render::files().into_iter().map(|(name, text)| (format!("src/{name}"), text));
    let tables = schema::files()
        .into_iter()
        .map(|(name, text)| (format!("src/schema/generated/{name}"), text));
    let tests =
        cases::files().into_iter().map(|(name, text)| (format!("tests/elements/{name}"), text));
    let names = [("src/vocabulary/names.rs".to_owned(), names::file())];
    for (name, text) in model.chain(tables).chain(tests).chain(names) {
        let path = folder.join(&name);
        if std::fs::read_to_string(&path).is_ok_and(|present| present == text) {
            continue;
        }
        stale += 1;
        if check {
            eprintln!("{name} is out of date");
        } else if let Err(error) = std::fs::write(&path, text) {
            eprintln!("{name}: {error}");
            return ExitCode::FAILURE;
        } else {
            println!("wrote {name}");
        }
    }
    if check && stale > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

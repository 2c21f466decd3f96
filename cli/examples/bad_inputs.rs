//! Makes the files of `testdata/bad`; with `--check` it only says which are not as they would be made.
//!
//!     cargo run -p bcda --example bad_inputs [-- --check]

#![allow(dead_code, reason = "these modules are the tests'")]
#![allow(clippy::print_stderr, reason = "says what is wrong")]

#[path = "../tests/common/bad/mod.rs"]
mod bad;
#[path = "../tests/common/defects.rs"]
mod defects;
#[path = "../tests/common/records.rs"]
mod records;

use std::process::ExitCode;

fn main() -> std::io::Result<ExitCode> {
    if !std::env::args().any(|argument| argument == "--check") {
        let found = bad::found();
        for (name, bytes) in bad::made(|name| bad::expectation(&found, name)) {
            std::fs::write(bad::folder().join(name), bytes)?;
        }
    }
    let faults = bad::faults();
    for fault in &faults {
        eprintln!("{fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

//! The Python package passes its own tests, where it is installed: BCDA_TEST_PACKAGE_PYTHON names the Python that has
//! it and what python/requirements-test.txt lists, and python/requirements-spark.txt for the tests of Spark, which need
//! Java, too, and say so where something is missing. `ci/python-package` makes one.

#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

mod common;

use std::process::Command;

#[test]
fn the_python_package_passes_its_tests() {
    let python = std::env::var_os("BCDA_TEST_PACKAGE_PYTHON").filter(|python| !python.is_empty());
    let Some(python) = python else {
        println!("skipped: no Python");
        return;
    };
    let output = Command::new(python)
        .args(["-m", "pytest", "--quiet", "-rs", "-p", "no:cacheprovider", "python/tests"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("BCDA_TEST_BINARY", common::bcda())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{said}");
}

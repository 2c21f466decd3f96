//! The Python package passes its own tests, where it is installed: BCDA_TEST_PACKAGE_PYTHON names the Python that has
//! it and what python/requirements-test.txt lists, python/requirements-delta.txt for the tests of Delta Lake, and
//! python/requirements-spark.txt for those of Spark, which need Java, too. `ci/python-package` makes one. What is missing
//! is told where it is seen; with CI=true it is a failure.

use crate::common;
use std::ffi::OsStr;
use std::io::Write;
use std::process::Command;

const PACKAGE: &str = "BCDA_TEST_PACKAGE_PYTHON";

/// Whether all has to be there that the tests need.
fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|text| !text.is_empty() && text != "false" && text != "0")
}

/// Runs the tests of the package, and gives what was skipped; nothing may be where `all` are asked for.
fn test_package(python: Option<&OsStr>, all: bool) -> Result<Vec<String>, String> {
    let Some(python) = python.filter(|python| !python.is_empty()) else {
        let what = format!("the Python package: {PACKAGE} names no Python that has it");
        return if all { Err(what) } else { Ok(vec![format!("skipped: {what}")]) };
    };
    let output = Command::new(python)
        .args(["-m", "pytest", "--quiet", "-rs", "-p", "no:cacheprovider", "python/tests"])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .env("BCDA_TEST_BINARY", common::bcda())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        let (said, errors) = (&output.stdout, &output.stderr);
        return Err(format!(
            "{}{}",
            String::from_utf8_lossy(said),
            String::from_utf8_lossy(errors)
        ));
    }
    passed(&String::from_utf8_lossy(&output.stdout), all)
}

/// What was skipped, by what pytest said of tests that passed.
fn passed(said: &str, all: bool) -> Result<Vec<String>, String> {
    let skipped = said.lines().filter(|line| line.starts_with("SKIPPED"));
    let skipped: Vec<String> = skipped.map(str::to_owned).collect();
    if all && !skipped.is_empty() {
        return Err(format!("tests of the package were skipped:\n{}", skipped.join("\n")));
    }
    Ok(skipped)
}

#[test]
fn the_python_package_passes_its_tests() {
    let python = std::env::var_os(PACKAGE);
    let skipped = test_package(python.as_deref(), is_ci()).unwrap_or_else(|why| panic!("{why}"));
    for line in skipped {
        // Past the test harness, which shows what a test prints only when it fails.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

#[test]
fn without_the_package_ci_fails() {
    for missing in [None, Some(OsStr::new(""))] {
        let skipped = test_package(missing, false).unwrap();
        assert!(skipped[0].starts_with("skipped: the Python package"), "{skipped:?}");
        let why = test_package(missing, true).unwrap_err();
        assert!(why.contains(PACKAGE), "{why}");
    }
    assert!(test_package(Some(OsStr::new("/nowhere/python")), false).is_err());
    let said =
        "....s\nSKIPPED [1] python/tests/test_spark.py:25: skipped: no Java\n4 passed, 1 skipped\n";
    assert_eq!(passed(said, false).unwrap().len(), 1);
    assert!(passed(said, true).unwrap_err().contains("no Java"));
}

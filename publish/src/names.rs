//! Names: which ones may be staged, and what the folders of a run are called.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::error::Error;
use crate::folder::{Folder, Gate};

/// Runs that start in the same nanosecond of one process try again this often.
pub(crate) const MAX_TRIES: u32 = 100;

/// Between the name of the output and the run: `OUT.partial-<run>`.
const PARTIAL: &[u8] = b".partial-";
/// What may follow the run: spools, and earlier files kept until the new ones are in place.
const SUFFIXES: [&[u8]; 3] = [b"", b"-scratch", b"-old"];

/// Whether every `/`-separated segment is `[A-Za-z0-9._-]+`, and none is `.` or `..`.
pub(crate) fn is_valid_relative(name: &str) -> bool {
    name.split('/').all(is_valid_segment)
}

pub(crate) fn is_valid_segment(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// `<pid>-<nanoseconds since 1970>`: the `<run>` of all names of one run.
pub(crate) fn new_run() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos())
}

pub(crate) fn partial_name(out: &OsStr, run: &str, suffix: &str) -> OsString {
    let mut name = out.to_owned();
    name.push(".partial-");
    name.push(run);
    name.push(suffix);
    name
}

/// `.OUT<suffix>`, for what stands beside the output and is no folder of a run.
pub(crate) fn hidden_name(out: &OsStr, suffix: &str) -> OsString {
    let mut name = OsString::from(".");
    name.push(out);
    name.push(suffix);
    name
}

/// Whether `name` is exactly what some run with the output `out` would call a folder of its own.
pub(crate) fn is_partial_of(out: &OsStr, name: &OsStr) -> bool {
    name.as_bytes()
        .strip_prefix(out.as_bytes())
        .and_then(|rest| rest.strip_prefix(PARTIAL))
        .is_some_and(is_run_and_suffix)
}

/// Whether `name` (the last part of a path) is that of a folder which a running
/// or killed run keeps beside its output: readers of folders skip these.
///
/// # Example
///
/// ```
/// use publish::is_partial_name;
///
/// assert!(is_partial_name("tables.partial-4711-1700000000000000000".as_ref()));
/// assert!(is_partial_name("tables.partial-4711-1700000000000000000-scratch".as_ref()));
/// assert!(!is_partial_name("tables.partial-copy".as_ref()));
/// ```
pub fn is_partial_name(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    (1..bytes.len()).any(|at| bytes[at..].strip_prefix(PARTIAL).is_some_and(is_run_and_suffix))
}

fn is_run_and_suffix(rest: &[u8]) -> bool {
    let Some(rest) = after_digits(rest).and_then(|rest| rest.strip_prefix(b"-")) else {
        return false;
    };
    after_digits(rest).is_some_and(|rest| SUFFIXES.contains(&rest))
}

/// What follows the one or more digits at the start.
fn after_digits(bytes: &[u8]) -> Option<&[u8]> {
    let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    (digits > 0).then(|| &bytes[digits..])
}

/// The names in a folder, sorted.
///
/// By system calls rather than through the standard library's `read_dir`, which takes a folder that does not close for
/// a fault of the program and panics. Nothing depends on what closing a folder that was read says.
///
/// # Errors
///
/// [`ErrorKind::Io`](crate::ErrorKind::Io) when the folder cannot be opened or read.
pub fn names_in(folder: &Path) -> Result<Vec<OsString>, Error> {
    Folder::open(folder, Gate::current())?.names()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn relative_names() {
        for good in ["a", "CCLF1.csv", "rejects/rejects.csv", "a/b/c", "..a", "-", "A_1"] {
            assert!(is_valid_relative(good), "{good}");
        }
        for bad in
            ["", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/..", "a b", "a\0", "é", "a\\b"]
        {
            assert!(!is_valid_relative(bad), "{bad}");
        }
    }

    #[test]
    fn only_our_own_pattern_is_ours() {
        let out = OsStr::new("out");
        for suffix in ["", "-scratch", "-old"] {
            let name = partial_name(out, &new_run(), suffix);
            assert!(is_partial_of(out, &name) && is_partial_name(&name), "{}", name.display());
        }
        for other in [
            "out",
            "out.partial-",
            "out.partial-1",
            "out.partial-1-",
            "out.partial--2",
            "out.partial-1-2-",
            "out.partial-1-2-new",
            "out.partial-1-2x",
            "out.partial-a-2",
            "out2.partial-1-2",
            "xout.partial-1-2",
        ] {
            assert!(!is_partial_of(out, OsStr::new(other)), "{other}");
        }
        assert!(!is_partial_name(OsStr::new(".partial-1-2")));
    }
}

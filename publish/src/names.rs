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
/// Between the name of the output and the number of an earlier result: `OUT.previous-<number>`.
const PREVIOUS: &[u8] = b".previous-";
/// Digits of that number at least.
const NUMBER_DIGITS: usize = 6;

/// What a folder beside the output is about to become an earlier result by, or no longer to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// The new result, with this inode, until the two are exchanged; then the one to keep under this number.
    Keep { number: u64, inode: u64 },
    /// The files of the result to keep under this number, while those of the new one come to their places.
    KeepFiles { number: u64 },
    /// The earlier result of this number, with this inode, until the two are exchanged; then the one that is undone.
    Undo { number: u64, inode: u64 },
}

impl Intent {
    /// What follows the run in the name of such a folder.
    pub(crate) fn suffix(self) -> String {
        match self {
            Intent::Keep { number, inode } => format!("-keep-{number}-{inode}"),
            Intent::KeepFiles { number } => format!("-files-{number}"),
            Intent::Undo { number, inode } => format!("-undo-{number}-{inode}"),
        }
    }

    fn of_suffix(suffix: &[u8]) -> Option<Intent> {
        let text = str::from_utf8(suffix).ok()?.strip_prefix('-')?;
        let mut parts = text.split('-');
        let name = parts.next()?;
        // Digits and nothing else: a sign would be parsed too.
        let mut number = || {
            let part = parts.next()?;
            part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok()).flatten()
        };
        let intent = match name {
            "keep" => Intent::Keep { number: number()?, inode: number()? },
            "files" => Intent::KeepFiles { number: number()? },
            "undo" => Intent::Undo { number: number()?, inode: number()? },
            _ => return None,
        };
        parts.next().is_none().then_some(intent)
    }
}

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

/// What the earlier result of this number is called.
pub(crate) fn previous_name(out: &OsStr, number: u64) -> OsString {
    let mut name = out.to_owned();
    name.push(format!(".previous-{number:0NUMBER_DIGITS$}"));
    name
}

/// The number of an earlier result of the output `out`, if `name` is that of one.
pub(crate) fn previous_number(out: &OsStr, name: &OsStr) -> Option<u64> {
    let rest = name.as_bytes().strip_prefix(out.as_bytes())?.strip_prefix(PREVIOUS)?;
    let digits = str::from_utf8(rest).ok().filter(|_| is_number(rest))?;
    digits.parse().ok()
}

/// Whether `name` (the last part of a path) is that of a folder which has an earlier result: one that was replaced and
/// kept. Readers of folders skip these.
///
/// # Example
///
/// ```
/// use publish::is_previous_name;
///
/// assert!(is_previous_name("tables.previous-000007".as_ref()));
/// assert!(!is_previous_name("tables.previous-copy".as_ref()));
/// ```
pub fn is_previous_name(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    (1..bytes.len()).any(|at| bytes[at..].strip_prefix(PREVIOUS).is_some_and(is_number))
}

fn is_number(rest: &[u8]) -> bool {
    rest.len() >= NUMBER_DIGITS && rest.iter().all(u8::is_ascii_digit)
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
    suffix_of(out, name).is_some_and(is_suffix)
}

/// What a run with the output `out` was about to do with its folder `name`, if it was one of these.
pub(crate) fn intent_of(out: &OsStr, name: &OsStr) -> Option<Intent> {
    suffix_of(out, name).and_then(Intent::of_suffix)
}

/// What follows the run in the name of a folder of a run with the output `out`.
fn suffix_of<'n>(out: &OsStr, name: &'n OsStr) -> Option<&'n [u8]> {
    name.as_bytes().strip_prefix(out.as_bytes())?.strip_prefix(PARTIAL).and_then(after_run)
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
    let suffix_at = |at: usize| bytes[at..].strip_prefix(PARTIAL).and_then(after_run);
    (1..bytes.len()).any(|at| suffix_at(at).is_some_and(is_suffix))
}

fn is_suffix(rest: &[u8]) -> bool {
    SUFFIXES.contains(&rest) || Intent::of_suffix(rest).is_some()
}

/// What follows `<pid>-<nanoseconds>`.
fn after_run(rest: &[u8]) -> Option<&[u8]> {
    after_digits(rest)?.strip_prefix(b"-").and_then(after_digits)
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
        let intents = [
            Intent::Keep { number: 7, inode: 4_711 },
            Intent::KeepFiles { number: 1_000_000 },
            Intent::Undo { number: 0, inode: u64::MAX },
        ];
        for intent in intents {
            let name = partial_name(out, &new_run(), &intent.suffix());
            assert_eq!(intent_of(out, &name), Some(intent));
        }
        let suffixes = ["", "-scratch", "-old"].map(str::to_owned).into_iter();
        for suffix in suffixes.chain(intents.map(Intent::suffix)) {
            let name = partial_name(out, &new_run(), &suffix);
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
            "out.partial-1-2-keep-7",
            "out.partial-1-2-keep-7-",
            "out.partial-1-2-keep-7-+8",
            "out.partial-1-2-files-7-8",
            "out.partial-1-2-undo-7-8-9",
            "out.previous-000007",
            "out2.partial-1-2",
            "xout.partial-1-2",
        ] {
            assert!(!is_partial_of(out, OsStr::new(other)), "{other}");
        }
        assert!(!is_partial_name(OsStr::new(".partial-1-2")));
    }

    #[test]
    fn earlier_results_have_numbers() {
        let out = OsStr::new("out");
        for number in [0, 7, 999_999, 1_000_000, u64::MAX] {
            let name = previous_name(out, number);
            assert_eq!(previous_number(out, &name), Some(number));
            assert!(is_previous_name(&name) && !is_partial_name(&name));
        }
        assert_eq!(previous_name(out, 7), "out.previous-000007");
        for other in [
            "out",
            "out.previous-",
            "out.previous-7",
            "out.previous-00000a",
            "out.previous-+00007",
            "out.previous-000007-8",
            "out.previous-99999999999999999999",
            "out2.previous-000007",
            "xout.previous-000007",
        ] {
            assert_eq!(previous_number(out, OsStr::new(other)), None, "{other}");
        }
    }
}

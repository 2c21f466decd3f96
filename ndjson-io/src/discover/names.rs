//! What a name says: which files of a folder are read, which folders are entered, what a source is called.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::source::strip_compression_extension;

/// File name endings that count as NDJSON inside a folder.
const EXTENSIONS: [&str; 6] =
    [".ndjson", ".jsonl", ".ndjson.gz", ".jsonl.gz", ".ndjson.zst", ".jsonl.zst"];

/// A folder of this name holds records that were refused before; it is never entered.
const REJECTS: &str = "rejects";

/// Folders in which other clients put what belongs to an export and is no data of it.
const OTHER_FOLDERS: [&str; 2] = ["error", "deleted"];

/// The log of other clients, which is NDJSON by its name.
const LOG: &str = "log.ndjson";

/// In the name of everything that a running writer has not finished.
const PARTIAL: &str = ".partial-";

/// In the name of a folder with an earlier result that was kept, before its number and at the end.
const PREVIOUS: &str = ".previous-";

/// Characters that make an input a glob, if no file has exactly that name.
pub(super) const GLOB_CHARACTERS: [char; 3] = ['*', '?', '['];

/// Hidden, not finished by its writer, or an earlier result.
pub(super) fn is_skipped_name(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.starts_with(b".")
        || memchr::memmem::find(bytes, PARTIAL.as_bytes()).is_some()
        || is_previous(bytes)
}

fn is_previous(name: &[u8]) -> bool {
    let number = memchr::memmem::rfind(name, PREVIOUS.as_bytes())
        .and_then(|at| name.get(at + PREVIOUS.len()..));
    number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
}

/// A folder that is not looked into.
pub(super) fn is_closed(name: &OsStr) -> bool {
    is_skipped_name(name) || name == REJECTS
}

/// A folder whose files are no data of the export.
pub(super) fn is_other_folder(name: &OsStr) -> bool {
    OTHER_FOLDERS.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// The log of another client, compressed or not.
pub(super) fn is_log(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| strip_compression_extension(name).eq_ignore_ascii_case(LOG))
}

/// What other clients have not finished.
pub(super) fn is_part(name: &OsStr) -> bool {
    name.to_ascii_lowercase().as_encoded_bytes().ends_with(b".part")
}

/// Whether a file of a folder is read, by its name.
pub(super) fn is_data(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let ends_with = |extension: &&str| {
        let end = bytes.len().checked_sub(extension.len()).and_then(|at| bytes.get(at..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(extension.as_bytes()))
    };
    EXTENSIONS.iter().any(ends_with) && !is_skipped_name(name) && !is_log(name)
}

pub(super) fn name_of(relative: &Path) -> String {
    strip_compression_extension(&with_slashes(relative)).to_owned()
}

/// A path whose parts were put together one by one, as text.
pub(super) fn with_slashes(relative: &Path) -> String {
    relative.to_string_lossy().into_owned()
}

pub(super) fn canonical(path: &Path) -> Result<PathBuf, Error> {
    path.canonicalize().map_err(|error| Error::io("examine", error).named(&path.to_string_lossy()))
}

pub(super) fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

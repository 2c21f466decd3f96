//! Files that an export left encrypted (`Patient-0001.ndjson.enc`): they are opened first, or their records are missing.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use ndjson_io::{Discovered, SourceFile};

use crate::elsewhere::is_address;
use crate::error::Error;
use crate::setting::{Setting, said};

/// What the name of a sealed file ends with.
const SEALED: &str = ".enc";

/// Refuses files that are sealed, and folders with any that has no opened one beside it.
///
/// # Errors
/// A usage error that names the first and says what opens it.
pub(crate) fn refuse(inputs: &[String]) -> Result<(), Error> {
    let sealed = inputs.iter().find_map(|input| {
        let path = Path::new(input);
        if path.is_dir() {
            return find(path);
        }
        let is_there = path.exists() || is_address(input) || input.contains(['*', '?', '[']);
        (is_there && is_sealed(input)).then(|| path.to_owned())
    });
    sealed.map_or(Ok(()), |path| {
        Err(Error::usage(said![
            format!("{} is still encrypted: ", path.display()),
            Setting::Decryption,
            "; then convert what they give"
        ]))
    })
}

/// Whether a sealed file was met, so that [`refuse`] has to look closer.
pub(crate) fn may_be_among(found: &Discovered) -> bool {
    let sources = found.sources.iter().map(SourceFile::path);
    let mut all = sources.chain(found.left_aside.iter().map(PathBuf::as_path));
    all.any(|path| is_sealed(path.as_os_str()))
}

fn is_sealed(name: impl AsRef<OsStr>) -> bool {
    let name = name.as_ref().as_encoded_bytes();
    let end = name.len().checked_sub(SEALED.len()).and_then(|at| name.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(SEALED.as_bytes()))
}

/// The first sealed file in a folder, or in those below it. Whatever cannot be looked at is told by the reading.
fn find(folder: &Path) -> Option<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries: Vec<_> = fs::read_dir(&folder).ok()?.filter_map(Result::ok).collect();
        let mut names: Vec<String> = Vec::new();
        for entry in &entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !name.starts_with('.') => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => names.push(name),
                _ => {}
            }
        }
        names.sort();
        let opened = |plain: &str| names.iter().any(|name| name.trim_end_matches(".gz") == plain);
        let is_left = |name: &&String| {
            let Some(plain) = name.strip_suffix(SEALED).filter(|_| !name.starts_with('.')) else {
                return false;
            };
            [".ndjson", ".jsonl"].iter().any(|kind| plain.ends_with(kind)) && !opened(plain)
        };
        if let Some(name) = names.iter().find(is_left) {
            return Some(folder.join(name));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_files_are_refused_until_they_are_opened() {
        let work = tempfile::tempdir().unwrap();
        let at = |name: &str| work.path().join(name);
        let input = |name: &str| vec![at(name).display().to_string()];
        fs::create_dir_all(at("exports/first")).unwrap();
        for name in ["Patient-0001.ndjson", "notes.enc", ".hidden.ndjson.enc", "a.errors.enc"] {
            fs::write(at("exports/first").join(name), "x").unwrap();
        }
        refuse(&input("exports")).unwrap();
        fs::write(at("exports/first/Patient-0001.ndjson.enc"), "x").unwrap();
        refuse(&input("exports")).unwrap();
        fs::write(at("exports/first/Coverage-0001.ndjson.enc"), "x").unwrap();
        for name in ["exports", "exports/first", "exports/first/Coverage-0001.ndjson.enc", "*.ENC"]
        {
            let error = refuse(&input(name)).unwrap_err();
            assert!(error.settings().eq([Setting::Decryption]), "{error}");
            assert!(error.to_string().to_ascii_lowercase().contains(".enc"), "{error}");
        }
        // What is not there is told as such.
        refuse(&input("missing.ndjson.enc")).unwrap();
        fs::write(at("exports/first/Coverage-0001.ndjson.gz"), "x").unwrap();
        refuse(&input("exports")).unwrap();
    }
}

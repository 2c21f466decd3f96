//! From what a user names (files, folders, globs) to sources in a fixed order.

mod list;
mod names;
mod pattern;

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use self::list::Kind;
use self::names::{
    GLOB_CHARACTERS, canonical, is_closed, is_data, is_missing, is_other_folder, name_of,
    with_slashes,
};
use crate::error::{Error, ErrorKind};
use crate::remote::{Elsewhere, RemoteFile};
use crate::source::SourceFile;

/// Finds the sources that `inputs` name, in the order of the inputs.
///
/// An input is
/// - a file, with any extension; a link to a file is followed, since it was named;
/// - a pipe by its path (`/dev/stdin`, a named pipe): a stream, which can be read once;
/// - a folder: every `*.ndjson` and `*.jsonl` below it, also with `.gz` or `.zst`, in upper or
///   lower case, sorted by the bytes of the path;
/// - a glob (`*`, `?`, `[..]`, `**`), if nothing of exactly that name exists: the files it
///   matches, sorted by the bytes of the path.
///
/// What is found by looking rather than named is skipped if it is hidden (its name begins with a
/// dot), if `.partial-` is in its name, if its name ends with `.previous-` and a number, if it is a symbolic link, if it is or lies in one of the
/// paths in `exclude`, if it is in a folder called `rejects`, or if it is no regular file. So is
/// what other clients put beside the data: `log.ndjson`, and folders called `error` or `deleted`.
///
/// A file that is reached twice is kept where it came first.
///
/// Names: relative to the folder for files of a folder, else the file name. Where that would give
/// two sources the same name, those of one glob, and failing that those with the same name, are
/// called by their path below their longest common parent. Names use `/` and leave out a trailing
/// `.gz` or `.zst`, unless only that tells two files apart. The position in the result is what
/// identifies a source; names serve people.
///
/// `-` has no meaning here: the caller turns it into [`SourceFile::stdin`].
///
/// # Errors
///
/// [`ErrorKind::InputMissing`], [`ErrorKind::NoMatchInFolder`], [`ErrorKind::NoMatchForGlob`],
/// [`ErrorKind::BadPattern`]: nothing to read ([`Error::is_usage`]). [`ErrorKind::Io`]: a file that is
/// named, or a folder, may not be read; whether files of a folder may be shows when they are opened. The source name
/// of such an error is the input or path as given.
pub fn discover(inputs: &[String], exclude: &[PathBuf]) -> Result<Vec<SourceFile>, Error> {
    Ok(discover_among(inputs, exclude, &AtomicBool::new(false), |_| Ok(None))?.sources)
}

/// What inputs name.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// The sources, in the order of the inputs.
    pub sources: Vec<SourceFile>,
    /// Files that were met and are no sources: of another name, hidden, unfinished, links, or what other clients put
    /// beside the data. Not those below hidden folders, `rejects` and what is excluded, which are not looked into.
    pub left_aside: Vec<PathBuf>,
}

/// As [`discover`], with inputs that are not on this machine: `elsewhere` gives what such an input names, and `None`
/// for all others. Of a folder elsewhere the same files count as of one here, sorted the same way. Set `cancel` from
/// anywhere to end the search.
///
/// # Errors
///
/// As [`discover`], those of `elsewhere`, and [`ErrorKind::Cancelled`].
pub fn discover_among<E: From<Error>>(
    inputs: &[String],
    exclude: &[PathBuf],
    cancel: &AtomicBool,
    mut elsewhere: impl FnMut(&str) -> Result<Option<Elsewhere>, E>,
) -> Result<Discovered, E> {
    let exclude: Vec<PathBuf> =
        exclude.iter().filter_map(|path| path.canonicalize().ok()).collect();
    let mut found = Found { is_only: inputs.len() == 1, ..Found::default() };
    for input in inputs {
        list::check(cancel)?;
        match elsewhere(input)? {
            Some(Elsewhere::File(file)) => {
                found.push(file.location.clone(), SourceFile::from_remote(file));
                continue;
            }
            Some(Elsewhere::Folder(files)) => {
                find_elsewhere(input, files, &mut found)?;
                continue;
            }
            None => {}
        }
        let path = Path::new(input);
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                find_in_folder(input, &exclude, cancel, &mut found)?;
            }
            Ok(metadata) => {
                // The link from /dev/stdin to a pipe leads to a name that is none.
                let real = if metadata.is_file() { canonical(path)? } else { path.to_owned() };
                found.push(real, SourceFile::from_path(path)?);
            }
            Err(error) if is_missing(&error) && input.contains(GLOB_CHARACTERS) => {
                find_by_glob(input, &exclude, cancel, &mut found)?;
            }
            Err(error) if is_missing(&error) => {
                return Err(Error::new(ErrorKind::InputMissing).named(input).into());
            }
            Err(error) => return Err(Error::io("examine", error).named(input).into()),
        }
    }
    // Same names are told apart by folders first, then by the compression extension.
    let _ = rename_same_names(&mut found.files, true) && rename_same_names(&mut found.files, false);
    let sources = found.files.into_iter().map(|(_, source)| source).collect();
    Ok(Discovered { sources, left_aside: found.left_aside })
}

/// Sources with their real paths, each real path once.
#[derive(Default)]
struct Found {
    /// There is one input. No way of finding gives a file twice.
    is_only: bool,
    /// As they are written: a canonical path is written in one way, and hashed sooner so than part by part.
    seen: HashSet<OsString>,
    files: Vec<(PathBuf, SourceFile)>,
    left_aside: Vec<PathBuf>,
}

impl Found {
    fn push(&mut self, real: PathBuf, source: SourceFile) {
        if self.is_only || self.seen.insert(real.clone().into_os_string()) {
            self.files.push((real, source));
        }
    }
}

fn find_in_folder(
    input: &str,
    exclude: &[PathBuf],
    cancel: &AtomicBool,
    found: &mut Found,
) -> Result<(), Error> {
    let root = Path::new(input);
    // No link is followed below the root, so real paths are this plus the relative path.
    let real_root = canonical(root)?;
    let mut relative_paths = Vec::new();
    // Folders, and whether what they hold is read.
    let mut folders = vec![(PathBuf::new(), true)];
    while let Some((folder, is_read)) = folders.pop() {
        let at = root.join(&folder);
        list::each(&at, cancel, |name, kind| {
            let relative = folder.join(name);
            if !exclude.is_empty() && exclude.contains(&real_root.join(&relative)) {
                return;
            }
            if kind != Kind::Folder {
                if is_read && kind == Kind::File && is_data(name) {
                    relative_paths.push(relative);
                } else {
                    found.left_aside.push(at.join(name));
                }
            } else if !is_closed(name) {
                folders.push((relative, is_read && !is_other_folder(name)));
            }
        })?;
    }
    if relative_paths.is_empty() {
        return Err(Error::new(ErrorKind::NoMatchInFolder).named(input));
    }
    sort_by_bytes(&mut relative_paths);
    for relative in relative_paths {
        list::check(cancel)?;
        let name = name_of(&relative);
        let source = SourceFile::found(root.join(&relative), name);
        found.push(real_root.join(relative), source);
    }
    Ok(())
}

/// What counts of a folder elsewhere, by the rules of [`find_in_folder`].
fn find_elsewhere(input: &str, mut files: Vec<RemoteFile>, found: &mut Found) -> Result<(), Error> {
    files.retain(|file| {
        let parts: Vec<&OsStr> = file.relative.split('/').map(OsStr::new).collect();
        let Some((name, folders)) = parts.split_last() else { return false };
        if folders.iter().any(|folder| is_closed(folder)) {
            return false;
        }
        let is_read = is_data(name) && !folders.iter().any(|folder| is_other_folder(folder));
        if !is_read {
            found.left_aside.push(file.location.clone());
        }
        is_read
    });
    if files.is_empty() {
        return Err(Error::new(ErrorKind::NoMatchInFolder).named(input));
    }
    files.sort_by(|one, other| one.relative.cmp(&other.relative));
    for file in files {
        found.push(file.location.clone(), SourceFile::from_remote(file));
    }
    Ok(())
}

fn find_by_glob(
    input: &str,
    exclude: &[PathBuf],
    cancel: &AtomicBool,
    found: &mut Found,
) -> Result<(), Error> {
    let mut paths = pattern::find(input, exclude, cancel, &mut found.left_aside)?;
    if paths.is_empty() {
        return Err(Error::new(ErrorKind::NoMatchForGlob).named(input));
    }
    paths
        .sort_by(|a, b| a.0.as_os_str().as_encoded_bytes().cmp(b.0.as_os_str().as_encoded_bytes()));
    let names: HashSet<_> = paths.iter().map(|(path, _)| path.file_name()).collect();
    let parent = (names.len() < paths.len())
        .then(|| common_parent(paths.iter().map(|(_, real)| real.as_path())));
    for (path, real) in paths {
        list::check(cancel)?;
        let mut source = SourceFile::from_path(&path)?;
        if let Some(relative) = parent.as_deref().and_then(|parent| real.strip_prefix(parent).ok())
        {
            source.set_name(name_of(relative));
        }
        found.push(real, source);
    }
    Ok(())
}

/// Calls sources that share a name by their path below their longest common parent. False if none do.
fn rename_same_names(files: &mut [(PathBuf, SourceFile)], strip: bool) -> bool {
    let names: HashSet<&str> = files.iter().map(|(_, source)| source.name()).collect();
    if names.len() == files.len() {
        return false;
    }
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, (_, source)) in files.iter().enumerate() {
        by_name.entry(source.name()).or_default().push(index);
    }
    let groups: Vec<Vec<usize>> = by_name.into_values().filter(|group| group.len() > 1).collect();
    for group in groups {
        let parent = common_parent(group.iter().map(|&index| files[index].0.as_path()));
        for index in group {
            let (real, source) = &mut files[index];
            if let Ok(relative) = real.strip_prefix(&parent) {
                let name = if strip { name_of(relative) } else { with_slashes(relative) };
                source.set_name(name);
            }
        }
    }
    true
}

/// The deepest folder that all paths lie in.
fn common_parent<'a>(mut paths: impl Iterator<Item = &'a Path>) -> PathBuf {
    let mut parent = paths.next().and_then(Path::parent).unwrap_or(Path::new("")).to_path_buf();
    for path in paths {
        while !path.starts_with(&parent) && parent.pop() {}
    }
    parent
}

fn sort_by_bytes(paths: &mut [PathBuf]) {
    paths.sort_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
}

#[cfg(test)]
mod tests;

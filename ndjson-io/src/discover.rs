//! From what a user names (files, folders, globs) to sources in a fixed order.

mod list;
mod names;
mod pattern;

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
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
/// dot), if `.partial-` is in its name, if it is a symbolic link, if it is or lies in one of the
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
    let mut found = Found::default();
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
    rename_same_names(&mut found.files, true);
    rename_same_names(&mut found.files, false);
    let sources = found.files.into_iter().map(|(_, source)| source).collect();
    Ok(Discovered { sources, left_aside: found.left_aside })
}

/// Sources with their real paths, each real path once.
#[derive(Default)]
struct Found {
    seen: HashSet<PathBuf>,
    files: Vec<(PathBuf, SourceFile)>,
    left_aside: Vec<PathBuf>,
}

impl Found {
    fn push(&mut self, real: PathBuf, source: SourceFile) {
        if self.seen.insert(real.clone()) {
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

/// Calls sources that share a name by their path below their longest common parent.
fn rename_same_names(files: &mut [(PathBuf, SourceFile)], strip: bool) {
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
mod tests {
    use super::*;

    /// Makes files (and their folders) below a new folder.
    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::Builder::new().prefix("io-").tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}\n").unwrap();
        }
        dir
    }

    fn names(dir: &Path, inputs: &[&str], exclude: &[&str]) -> Result<Vec<String>, ErrorKind> {
        let inputs: Vec<String> =
            inputs.iter().map(|input| dir.join(input).to_str().unwrap().to_owned()).collect();
        let exclude: Vec<PathBuf> = exclude.iter().map(|path| dir.join(path)).collect();
        match discover(&inputs, &exclude) {
            Ok(sources) => Ok(sources.iter().map(|source| source.name().to_owned()).collect()),
            Err(error) => Err(error.kind()),
        }
    }

    #[test]
    fn folder_is_walked_in_byte_order_and_oddities_are_skipped() {
        let dir = tree(&[
            "in/b.ndjson",
            "in/a.jsonl",
            "in/B.ndjson.gz",
            "in/a/z.ndjson.zst",
            "in/a/rejects/x.ndjson",
            "in/rejects.ndjson",
            "in/rejected/x.jsonl.gz",
            "in/.hidden.ndjson",
            "in/.git/x.ndjson",
            "in/x.partial-1/x.ndjson",
            "in/y.partial-2.ndjson",
            "in/notes.txt",
            "in/manifest.json",
            "in/x.ndjson.bak",
            "in/out/x.ndjson",
            "in/skip.ndjson",
        ]);
        assert_eq!(
            names(dir.path(), &["in"], &["in/out", "in/skip.ndjson", "in/absent"]).unwrap(),
            ["B.ndjson", "a.jsonl", "a/z.ndjson", "b.ndjson", "rejected/x.jsonl", "rejects.ndjson"]
        );
    }

    #[test]
    fn what_other_clients_leave_is_left_aside_and_told() {
        let dir = tree(&[
            "in/1.Patient.ndjson",
            "in/2.PATIENT.NDJSON",
            "in/3.Coverage.ndjson.GZ",
            "in/4.Coverage.JsonL.Zst",
            "in/log.ndjson",
            "in/Log.ndjson.gz",
            "in/catalog.ndjson",
            "in/manifest.json",
            "in/5.Patient.ndjson.part",
            "in/.hidden.ndjson",
            "in/.git/never.looked.into",
            "in/rejects/x.ndjson",
            "in/deleted/1.Bundle.ndjson",
            "in/sub/error/deeper/1.OperationOutcome.ndjson",
            "in/out/x.txt",
        ]);
        let root = dir.path().join("in");
        let input = root.to_str().unwrap().to_owned();
        let found = discover_among(&[input], &[root.join("out")], &AtomicBool::new(false), |_| {
            Ok::<_, Error>(None)
        })
        .unwrap();
        let names: Vec<_> = found.sources.iter().map(SourceFile::name).collect();
        assert_eq!(
            names,
            [
                "1.Patient.ndjson",
                "2.PATIENT.NDJSON",
                "3.Coverage.ndjson",
                "4.Coverage.JsonL",
                "catalog.ndjson"
            ]
        );
        let aside = |paths: &[PathBuf]| {
            let mut names: Vec<_> =
                paths.iter().map(|path| name_of(path.strip_prefix(&root).unwrap())).collect();
            names.sort();
            names
        };
        assert_eq!(
            aside(&found.left_aside),
            [
                ".hidden.ndjson",
                "5.Patient.ndjson.part",
                "Log.ndjson",
                "deleted/1.Bundle.ndjson",
                "log.ndjson",
                "manifest.json",
                "sub/error/deeper/1.OperationOutcome.ndjson"
            ]
        );
        // By a pattern too; what is named is read whatever it is.
        assert_eq!(names_of(&dir, "in/**/*.ndjson"), ["1.Patient.ndjson", "catalog.ndjson"]);
        assert_eq!(names_of(&dir, "in/deleted/*"), ["1.Bundle.ndjson"]);
        assert_eq!(names_of(&dir, "*/log.ndjson"), ["log.ndjson"]);
        assert_eq!(names_of(&dir, "in/log.ndjson"), ["log.ndjson"]);
        assert_eq!(names_of(&dir, "in/deleted"), ["1.Bundle.ndjson"]);
    }

    fn names_of(dir: &tempfile::TempDir, input: &str) -> Vec<String> {
        names(dir.path(), &[input], &[]).unwrap()
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_a_stream_by_its_path() {
        let dir = tree(&["in/a.ndjson"]);
        let pipe = dir.path().join("in/pipe.ndjson");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if !made.is_ok_and(|status| status.success()) {
            return;
        }
        let sources = discover(&[pipe.to_str().unwrap().to_owned()], &[]).unwrap();
        assert!(sources[0].is_stream() && sources[0].name() == "pipe.ndjson");
        // Found rather than named, it is left aside: it would wait for a writer.
        assert_eq!(names_of(&dir, "in"), ["a.ndjson"]);
        // A socket cannot be opened.
        let socket = dir.path().join("socket");
        let _open = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let refused = discover(&[socket.to_str().unwrap().to_owned()], &[]).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::NotAFile);
        assert!(refused.is_usage() && refused.to_string().contains("(-)"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_skipped_where_found_and_followed_where_named() {
        use std::os::unix::fs::symlink;
        let dir = tree(&["in/a.ndjson", "other/o.ndjson"]);
        symlink(dir.path().join("other/o.ndjson"), dir.path().join("in/link.ndjson")).unwrap();
        symlink(dir.path().join("other"), dir.path().join("in/folder")).unwrap();
        symlink(dir.path().join("in"), dir.path().join("in/cycle")).unwrap();
        assert_eq!(names(dir.path(), &["in"], &[]).unwrap(), ["a.ndjson"]);
        assert_eq!(names(dir.path(), &["in/*.ndjson"], &[]).unwrap(), ["a.ndjson"]);
        assert_eq!(names(dir.path(), &["*/*.ndjson"], &[]).unwrap(), ["a.ndjson", "o.ndjson"]);
        assert_eq!(
            names(dir.path(), &["in/*/*.ndjson"], &[]).unwrap_err(),
            ErrorKind::NoMatchForGlob
        );
        assert_eq!(names(dir.path(), &["in/link.ndjson"], &[]).unwrap(), ["link.ndjson"]);
        assert_eq!(names(dir.path(), &["in/folder"], &[]).unwrap(), ["o.ndjson"]);
    }

    #[test]
    fn kinds_of_nothing() {
        let dir = tree(&["in/a.txt"]);
        let kind = |input| names(dir.path(), &[input], &[]).unwrap_err();
        assert_eq!(kind("absent"), ErrorKind::InputMissing);
        assert_eq!(kind("in/a.txt/x"), ErrorKind::InputMissing);
        assert_eq!(kind("in"), ErrorKind::NoMatchInFolder);
        assert_eq!(kind("in/*.ndjson"), ErrorKind::NoMatchForGlob);
        assert_eq!(kind("in/[a"), ErrorKind::BadPattern);
        assert_eq!(names(dir.path(), &["in/a.txt"], &[]).unwrap(), ["a.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn loops_of_links_are_passed_over_under_any_pattern() {
        use std::os::unix::fs::symlink;
        let dir = tree(&["in/a/x.ndjson", "in/a/b/y.ndjson", "in/a/b/c/a/z.ndjson"]);
        // Each link doubles the ways; nobody gets through forty of them.
        for number in 0..40 {
            symlink(dir.path().join("in"), dir.path().join(format!("in/a/loop{number}"))).unwrap();
            symlink("..", dir.path().join(format!("in/a/b/up{number}"))).unwrap();
        }
        let all = ["a/b/c/a/z.ndjson", "a/b/y.ndjson", "a/x.ndjson"];
        let found = |pattern| {
            let mut names = names(dir.path(), &[pattern], &[]).unwrap();
            names.sort_by_key(|name| name.rsplit('/').next().map(str::to_owned));
            names
        };
        assert_eq!(found("in/**/*.ndjson"), ["x.ndjson", "y.ndjson", "z.ndjson"]);
        assert_eq!(found("in/**/**/*.ndjson"), ["x.ndjson", "y.ndjson", "z.ndjson"]);
        assert_eq!(found("in/**/*/**/*/**/*.ndjson"), ["y.ndjson", "z.ndjson"]);
        assert_eq!(found("**/[xz].ndjson"), ["x.ndjson", "z.ndjson"]);
        assert_eq!(found("in/**/a/**/z.ndjson"), ["z.ndjson"]);
        assert_eq!(found("in/*/?.ndjson"), ["x.ndjson"]);
        assert_eq!(
            names(dir.path(), &["in/loop0/**"], &[]).unwrap_err(),
            ErrorKind::NoMatchForGlob
        );
        assert_eq!(names(dir.path(), &["in/**"], &[]).unwrap_err(), ErrorKind::NoMatchForGlob);
        assert_eq!(names(dir.path(), &["in/a/**/"], &[]).unwrap_err(), ErrorKind::NoMatchForGlob);
        assert_eq!(names(dir.path(), &["in/*/../*"], &[]).unwrap_err(), ErrorKind::NoMatchForGlob);
        // A folder that is named may be a link.
        assert_eq!(found("in/a/loop3/a/*.ndjson"), ["x.ndjson"]);
        assert_eq!(names(dir.path(), &["in"], &[]).unwrap(), all);
    }

    #[test]
    fn a_search_ends_when_it_is_told_to() {
        let dir = tree(&["in/a.ndjson", "in/b/b.ndjson"]);
        let path = |below: &str| dir.path().join(below).to_str().unwrap().to_owned();
        for input in ["in", "in/**/*.ndjson", "in/*", "in/a.ndjson"] {
            let cancel = AtomicBool::new(true);
            let found = discover_among::<Error>(&[path(input)], &[], &cancel, |_| Ok(None));
            assert!(found.unwrap_err().is_cancelled(), "{input}");
        }
        // It looks while it searches, not only before.
        let cancel = AtomicBool::new(false);
        let found = discover_among::<Error>(&[path("in"), path("in/b/*")], &[], &cancel, |input| {
            cancel.store(input.ends_with('*'), std::sync::atomic::Ordering::Relaxed);
            Ok(None)
        });
        assert!(found.unwrap_err().is_cancelled());
    }

    #[test]
    fn a_file_named_like_a_glob_is_a_file() {
        let dir = tree(&["in/a[1].ndjson"]);
        assert_eq!(names(dir.path(), &["in/a[1].ndjson"], &[]).unwrap(), ["a[1].ndjson"]);
    }

    #[test]
    fn a_file_reached_twice_is_kept_where_it_came_first() {
        let dir = tree(&["in/a.ndjson", "in/b.ndjson"]);
        assert_eq!(
            names(dir.path(), &["in/b.ndjson", "in", "in/../in/a.ndjson", "in/*"], &[]).unwrap(),
            ["b.ndjson", "a.ndjson"]
        );
    }

    #[test]
    fn same_names_in_a_glob_are_relative_to_the_common_parent() {
        let dir = tree(&["x/one/p.ndjson", "x/two/p.ndjson", "x/two/q.ndjson.gz"]);
        assert_eq!(
            names(dir.path(), &["x/*/*"], &[]).unwrap(),
            ["one/p.ndjson", "two/p.ndjson", "two/q.ndjson"]
        );
        assert_eq!(names(dir.path(), &["x/two/*"], &[]).unwrap(), ["p.ndjson", "q.ndjson"]);
    }

    #[test]
    fn same_names_across_inputs_are_told_apart() {
        let dir = tree(&["x/one/p.ndjson", "x/two/p.ndjson", "x/two/q.ndjson"]);
        assert_eq!(
            names(dir.path(), &["x/one/p.ndjson", "x/two/p.ndjson", "x/two/q.ndjson"], &[])
                .unwrap(),
            ["one/p.ndjson", "two/p.ndjson", "q.ndjson"]
        );
        assert_eq!(
            names(dir.path(), &["x/one", "x/two"], &[]).unwrap(),
            ["one/p.ndjson", "two/p.ndjson", "q.ndjson"]
        );
        let dir = tree(&["p.ndjson", "p.ndjson.gz"]);
        assert_eq!(names(dir.path(), &["."], &[]).unwrap(), ["p.ndjson", "p.ndjson.gz"]);
    }

    #[test]
    fn glob_skips_what_a_folder_would_skip() {
        let dir = tree(&[
            "x/rejects/p.ndjson",
            "x/a.partial-3/p.ndjson",
            "x/.h/p.ndjson",
            "x/ok/p.ndjson",
            "x/out/p.ndjson",
        ]);
        assert_eq!(names(dir.path(), &["x/**/*.ndjson"], &["x/out"]).unwrap(), ["p.ndjson"]);
        assert_eq!(names(dir.path(), &["x/rejects/*"], &[]).unwrap(), ["p.ndjson"]);
    }
}

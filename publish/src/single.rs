//! One file, whole or not at all.

use std::ffi::OsStr;
use std::path::{Component, Path};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use crate::error::{Error, ErrorKind};
use crate::folder::{Entry, Folder, Gate};
use crate::names::{hidden_name, is_partial_of, new_run, partial_name};

/// Each try loses only to a write of the same file at this very moment.
const MAX_TRIES: u32 = 100;

/// Replaces the file at `path` by `bytes`, 0600: written beside it, fsynced, then renamed.
///
/// A reader sees the earlier file or the new one. Two writers at once both
/// succeed; the later one stays. What killed writers left is removed.
///
/// # Errors
///
/// [`ErrorKind::UnsuitableOutput`] when `path` is a link, a folder or a device,
/// and [`ErrorKind::Io`] when a system call fails. The earlier file is then as it
/// was, except after the very last call (making the rename durable): the text says so.
///
/// # Example
///
/// ```
/// # let work = tempfile::tempdir()?;
/// let path = work.path().join("report.json");
/// publish::write_file_atomically(&path, b"{}")?;
/// assert_eq!(std::fs::read(&path)?, b"{}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_file_atomically(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let refused = |advice| Error::new(ErrorKind::UnsuitableOutput, "write", path, advice);
    let (Some(parent), Some(Component::Normal(name))) =
        (path.parent(), path.components().next_back())
    else {
        return Err(refused("it has no name of its own: choose the name of a file"));
    };
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let folder = Folder::open(parent, Gate::current())?;
    match folder.entry(name)? {
        None | Some(Entry::File { .. }) => {}
        Some(Entry::Folder) => return Err(refused("it is a folder: choose the name of a file")),
        Some(Entry::Other) => {
            return Err(refused("it is a link or a device: choose the file itself"));
        }
    }

    let hidden = hidden_name(name, "");
    remove_stale(&folder, &hidden)?;
    for _ in 0..MAX_TRIES {
        let temporary = partial_name(&hidden, &new_run(), "");
        let Some(file) = folder.create_file(&temporary)? else { continue };
        // The lock says that we are alive; a failure only means that nobody can tell.
        let lock = || rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        let locked = folder.attempt("flock", &temporary, lock);
        let written = match folder.is_at(&file, &temporary) {
            // Another writer took it for stale before it was locked.
            Ok(false) => continue,
            Ok(true) if locked == Err(Errno::WOULDBLOCK) => continue,
            Ok(true) => folder.write_all_to(&file, &temporary, bytes),
            Err(error) => Err(error),
        };
        let renamed = written.and_then(|()| {
            let rename = folder.rename(&temporary, &folder, name);
            rename.map_err(|errno| folder.failed("rename", &temporary, errno))
        });
        if let Err(error) = renamed {
            let _ = folder.remove_file(&temporary);
            return Err(error);
        }
        return folder.sync().map_err(|error| {
            error
                .advising(format!("{} is written, but may not survive a power cut", path.display()))
        });
    }
    Err(Error::io("create a file beside", path, std::io::ErrorKind::AlreadyExists.into()))
}

/// Removes what killed writers of this file left: whoever is alive holds a lock on theirs.
fn remove_stale(folder: &Folder, hidden: &OsStr) -> Result<(), Error> {
    for name in folder.names()? {
        if !is_partial_of(hidden, &name)
            || !matches!(folder.entry(&name)?, Some(Entry::File { .. }))
        {
            continue;
        }
        let Ok(file) = folder.open_file(&name) else { continue };
        let lock = || rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive);
        if folder.attempt("flock", &name, lock).is_ok() {
            folder.remove_file(&name)?;
        }
    }
    Ok(())
}

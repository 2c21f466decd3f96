//! One file, whole or not at all.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use crate::error::{Error, ErrorKind};
use crate::folder::{Entry, Folder, Gate, sync_file, write};
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
    let mut file = SingleFile::create(path)?;
    file.write_now(bytes)?;
    file.commit()
}

/// One file while it is being written beside its final place, 0600: whole or not at all.
///
/// For content that comes in pieces; else [`write_file_atomically`] is shorter. Writes are not buffered. Dropped
/// without [`commit`](Self::commit), it leaves nothing.
///
/// # Example
///
/// ```
/// use std::io::Write;
///
/// # let work = tempfile::tempdir()?;
/// let path = work.path().join("issues.ndjson");
/// let mut file = publish::SingleFile::create(&path)?;
/// file.write_all(b"{}\n")?;
/// assert!(!path.exists());
/// file.commit()?;
/// assert_eq!(std::fs::read(&path)?, b"{}\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SingleFile {
    path: PathBuf,
    folder: Folder,
    /// What it is called until it is complete; none once it has its name.
    temporary: Option<OsString>,
    file: File,
    /// After a failed write nobody knows what the file holds.
    failed: bool,
}

impl SingleFile {
    /// Begins the file that will stand at `path`, replacing what is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsuitableOutput`] when `path` is a link, a folder or a device,
    /// and [`ErrorKind::Io`] when a system call fails.
    pub fn create(path: &Path) -> Result<Self, Error> {
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
            Some(Entry::Folder) => {
                return Err(refused("it is a folder: choose the name of a file"));
            }
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
            match folder.is_at(&file, &temporary) {
                // Another writer took it for stale before it was locked.
                Ok(false) => continue,
                Ok(true) if locked == Err(Errno::WOULDBLOCK) => continue,
                Ok(true) => {}
                Err(error) => {
                    let _ = folder.remove_file(&temporary);
                    return Err(error);
                }
            }
            let (path, temporary) = (path.to_owned(), Some(temporary));
            return Ok(Self { path, folder, temporary, file, failed: false });
        }
        Err(Error::io("create a file beside", path, io::ErrorKind::AlreadyExists.into()))
    }

    /// Makes the file durable and gives it its name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`] when a system call fails, or an earlier write failed. What was at the path is then as it
    /// was, except after the very last call (making the rename durable): the text says so.
    pub fn commit(mut self) -> Result<(), Error> {
        let (Some(temporary), Some(name)) = (self.temporary.take(), self.path.file_name()) else {
            return Ok(());
        };
        let written = if self.failed {
            Err(Error::io("write", &self.path, io::ErrorKind::Other.into()))
        } else {
            sync_file(self.folder.gate(), &self.file, &self.folder.path_of(&temporary))
        };
        let renamed = written.and_then(|()| {
            let rename = self.folder.rename(&temporary, &self.folder, name);
            rename.map_err(|errno| self.folder.failed("rename", &temporary, errno))
        });
        if let Err(error) = renamed {
            let _ = self.folder.remove_file(&temporary);
            return Err(error);
        }
        self.folder.sync().map_err(|error| {
            let path = self.path.display();
            error.advising(format!("{path} is written, but may not survive a power cut"))
        })
    }

    fn write_now(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            bytes = &bytes[self.write_some(bytes)?..];
        }
        Ok(())
    }

    fn write_some(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let place = self.folder.path_of(self.temporary.as_deref().unwrap_or_default());
        let written = write(self.folder.gate(), &self.file, &place, bytes);
        self.failed |= written.is_err();
        written
    }
}

impl Write for SingleFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.write_some(bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for SingleFile {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let _ = self.folder.remove_file(&temporary);
        }
    }
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

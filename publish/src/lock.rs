//! One writer: an advisory lock on a file beside the output.
//!
//! The file is removed at the end, so the lock must be taken with care: between
//! opening the file and locking it the holder may have removed it. Whoever gets
//! the lock checks that the name still leads to the same file, and starts over
//! if it does not.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FileType, FlockOperation};
use rustix::io::Errno;

use crate::error::{Error, ErrorKind};
use crate::folder::Folder;

/// Each try loses only to a run that ended at this very moment.
const MAX_TRIES: u32 = 100;

/// A held lock; dropping it lets the next run in.
#[derive(Debug)]
pub(crate) struct Lock {
    folder: Arc<Folder>,
    name: OsString,
    // Closing it releases the lock, after `drop` has removed the name.
    _file: File,
}

impl Lock {
    /// Takes the lock at `name`, at once or not at all. `out` is for the message.
    pub(crate) fn take(folder: &Arc<Folder>, name: OsString, out: &Path) -> Result<Lock, Error> {
        for _ in 0..MAX_TRIES {
            let Some(file) = open(folder, &name)? else { continue };
            match folder.attempt("flock", &name, || {
                rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive)
            }) {
                Ok(()) if folder.is_at(&file, &name)? => {
                    return Ok(Lock { folder: Arc::clone(folder), name, _file: file });
                }
                Ok(()) => {}
                Err(Errno::WOULDBLOCK) => break,
                Err(errno) => return Err(folder.failed("lock", &name, errno)),
            }
        }
        let advice = "wait until it ends, or choose another output";
        Err(Error::new(ErrorKind::InUse, "write to", out, advice))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Left behind it harms nobody: the next run takes and removes it.
        let _ = self.folder.remove_file(&self.name);
    }
}

/// Opens the lock file, made if need be; `None` if it went away meanwhile.
fn open(folder: &Folder, name: &OsStr) -> Result<Option<File>, Error> {
    if let Some(file) = folder.create_file(name)? {
        return Ok(Some(file));
    }
    let unsuitable = || {
        let advice = "it is in the place of a lock file: remove it, or choose another output";
        Error::new(ErrorKind::UnsuitableOutput, "lock", &folder.path_of(name), advice)
    };
    let file = match folder.open_file(name) {
        Ok(file) => file,
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP | Errno::ISDIR | Errno::NXIO) => return Err(unsuitable()),
        Err(errno) => return Err(folder.failed("open", name, errno)),
    };
    let stat = rustix::fs::fstat(&file).map_err(|errno| folder.failed("look at", name, errno))?;
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(Some(file)),
        _ => Err(unsuitable()),
    }
}

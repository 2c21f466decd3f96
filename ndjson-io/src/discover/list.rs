//! What a folder holds.
//!
//! By system calls rather than through the standard library's `read_dir`, which takes a folder that does not close for
//! a fault of the program and panics. Nothing depends on what closing a folder that was read says.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Dir, FileType, Mode, OFlags};

use crate::error::{Error, ErrorKind};

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    File,
    /// A link, whatever it leads to, a pipe, a device.
    Other,
}

/// The error of a search that was told to end.
pub(super) fn check(cancel: &AtomicBool) -> Result<(), Error> {
    if cancel.load(Ordering::Relaxed) { Err(Error::new(ErrorKind::Cancelled)) } else { Ok(()) }
}

/// Gives each name in a folder, in no order.
pub(super) fn each(
    folder: &Path,
    cancel: &AtomicBool,
    mut take: impl FnMut(&OsStr, Kind),
) -> Result<(), Error> {
    let failed = |error: io::Error| Error::io("list", error).named(&folder.to_string_lossy());
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let opened = rustix::fs::open(here, flags, Mode::empty());
    let entries = opened.and_then(Dir::new).map_err(|errno| failed(errno.into()))?;
    for entry in entries {
        check(cancel)?;
        let entry = entry.map_err(|errno| failed(errno.into()))?;
        let name = OsStr::from_bytes(entry.file_name().to_bytes());
        if name == "." || name == ".." {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Directory => Kind::Folder,
            FileType::RegularFile => Kind::File,
            // Not every file system says it at once.
            FileType::Unknown => match fs::symlink_metadata(here.join(name)) {
                Ok(found) if found.is_dir() => Kind::Folder,
                Ok(found) if found.is_file() => Kind::File,
                Ok(_) => Kind::Other,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            },
            _ => Kind::Other,
        };
        take(name, kind);
    }
    Ok(())
}

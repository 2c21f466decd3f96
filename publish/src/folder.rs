//! An open folder and the few things done in it.
//!
//! Everything goes through an open descriptor and a single name, so no link is
//! followed below the folder the user named, and every call can be failed by a
//! test. Every error carries its operation and path.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};

use crate::error::Error;

/// Files are for their owner only.
pub(crate) const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
/// Folders too.
pub(crate) const FOLDER_MODE: Mode = Mode::RWXU;
/// Folders in folders, when removing. Ours are two deep.
const MAX_DEPTH: u32 = 32;

/// The gate before every system call: where tests make one fail.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    #[cfg(any(test, feature = "fault"))]
    faults: Option<crate::fault::Faults>,
}

impl Gate {
    pub(crate) fn current() -> Gate {
        Gate {
            #[cfg(any(test, feature = "fault"))]
            faults: crate::fault::Faults::current(),
        }
    }

    #[cfg_attr(
        not(any(test, feature = "fault")),
        expect(
            clippy::unused_self,
            clippy::unnecessary_wraps,
            unused_variables,
            reason = "nothing is failed outside tests"
        )
    )]
    fn check(&self, operation: &'static str, path: &Path) -> Result<(), Errno> {
        #[cfg(any(test, feature = "fault"))]
        if let Some(faults) = &self.faults {
            return faults.check(operation, path);
        }
        Ok(())
    }
}

/// An open folder.
#[derive(Debug)]
pub(crate) struct Folder {
    fd: OwnedFd,
    path: PathBuf,
    gate: Gate,
}

/// What stands at a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    File {
        bytes: u64,
    },
    Folder,
    /// A link, socket, pipe or device.
    Other,
}

impl Entry {
    fn of(stat: &Stat) -> Entry {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => {
                Entry::File { bytes: u64::try_from(stat.st_size).unwrap_or(0) }
            }
            FileType::Directory => Entry::Folder,
            _ => Entry::Other,
        }
    }
}

impl Folder {
    /// Opens a folder the user named: links on the way to it are the user's choice.
    pub(crate) fn open(path: &Path, gate: Gate) -> Result<Folder, Error> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = gate
            .check("open", path)
            .and_then(|()| retry_on_intr(|| rustix::fs::openat(CWD, path, flags, Mode::empty())));
        match opened {
            Ok(fd) => Ok(Folder { fd, path: path.to_owned(), gate }),
            Err(errno) => Err(Error::io("open the folder", path, errno.into())),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn path_of(&self, name: impl AsRef<OsStr>) -> PathBuf {
        self.path.join(name.as_ref())
    }

    /// One system call on `name`.
    pub(crate) fn attempt<T>(
        &self,
        operation: &'static str,
        name: &OsStr,
        call: impl FnMut() -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.gate.check(operation, &self.path_of(name))?;
        retry_on_intr(call)
    }

    pub(crate) fn failed(&self, operation: &'static str, name: &OsStr, errno: Errno) -> Error {
        Error::io(operation, &self.path_of(name), errno.into())
    }

    /// What stands at `name`, if anything; a link is not followed.
    pub(crate) fn entry(&self, name: impl AsRef<OsStr>) -> Result<Option<Entry>, Error> {
        Ok(self.stat(name.as_ref())?.as_ref().map(Entry::of))
    }

    fn stat(&self, name: &OsStr) -> Result<Option<Stat>, Error> {
        let call = || rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW);
        match self.attempt("look at", name, call) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(self.failed("look at", name, errno)),
        }
    }

    /// The inode of what stands at `name`.
    pub(crate) fn inode(&self, name: &OsStr) -> Result<Option<u64>, Error> {
        Ok(self.stat(name)?.map(|stat| stat.st_ino))
    }

    /// Whether `file`, already open, is what stands at `name` now.
    pub(crate) fn is_at(&self, file: &File, name: &OsStr) -> Result<bool, Error> {
        let open = rustix::fs::fstat(file).map_err(|errno| self.failed("look at", name, errno))?;
        Ok(self
            .stat(name)?
            .is_some_and(|found| (found.st_dev, found.st_ino) == (open.st_dev, open.st_ino)))
    }

    /// Opens the folder at `name`, which may not be a link.
    pub(crate) fn open_child(&self, name: impl AsRef<OsStr>) -> Result<Folder, Error> {
        let name = name.as_ref();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let call = || rustix::fs::openat(&self.fd, name, flags, Mode::empty());
        let fd = self
            .attempt("open", name, call)
            .map_err(|errno| self.failed("open the folder", name, errno))?;
        Ok(Folder { fd, path: self.path_of(name), gate: self.gate.clone() })
    }

    /// Makes the folder `name`, which must be new; `None` if the name is taken.
    pub(crate) fn make_child(&self, name: impl AsRef<OsStr>) -> Result<Option<Folder>, Error> {
        let name = name.as_ref();
        match self.attempt("mkdir", name, || rustix::fs::mkdirat(&self.fd, name, FOLDER_MODE)) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(None),
            Err(errno) => return Err(self.failed("make the folder", name, errno)),
        }
        let made = self.open_child(name).or_else(|error| {
            // A umask that takes away our own bits: give them back by name.
            let call = || rustix::fs::chmodat(&self.fd, name, FOLDER_MODE, AtFlags::empty());
            match error.io_error().map(std::io::Error::kind) {
                Some(std::io::ErrorKind::PermissionDenied)
                    if self.attempt("chmod", name, call).is_ok() =>
                {
                    self.open_child(name)
                }
                _ => Err(error),
            }
        });
        let made = made.and_then(|folder| folder.set_private_mode().map(|()| folder));
        if made.is_err() {
            let _ = self.remove_folder(name);
        }
        made.map(Some)
    }

    /// Opens the folder `name`, made if it is not there.
    pub(crate) fn open_or_make_child(&self, name: impl AsRef<OsStr>) -> Result<Folder, Error> {
        let name = name.as_ref();
        self.make_child(name)?.map_or_else(|| self.open_child(name), Ok)
    }

    /// Makes this folder 0700.
    pub(crate) fn set_private_mode(&self) -> Result<(), Error> {
        set_mode(&self.gate, &self.fd, &self.path, FOLDER_MODE)
    }

    /// The permission bits of this folder.
    pub(crate) fn mode(&self) -> Result<Mode, Error> {
        let stat = self.attempt("look at", OsStr::new(""), || rustix::fs::fstat(&self.fd));
        let stat = stat.map_err(|errno| self.failed("look at", OsStr::new(""), errno))?;
        Ok(Mode::from_raw_mode(stat.st_mode))
    }

    pub(crate) fn set_mode(&self, mode: Mode) -> Result<(), Error> {
        set_mode(&self.gate, &self.fd, &self.path, mode)
    }

    /// Whether we may make and remove entries here.
    pub(crate) fn check_writable(&self) -> Result<(), Error> {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        let call = || rustix::fs::accessat(&self.fd, ".", access, AtFlags::empty());
        self.attempt("access", OsStr::new(""), call)
            .map_err(|errno| Error::io("write to the folder", &self.path, errno.into()))
    }

    /// Whether `child`, a folder in this one, is where another filesystem (or
    /// another part of this one) is attached: such a folder cannot be renamed.
    pub(crate) fn is_mount_point(&self, child: &Folder) -> Result<bool, Error> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::fs::{StatxAttributes, StatxFlags, statx};
            if let Ok(found) = statx(&child.fd, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS)
                && found.stx_attributes_mask.contains(StatxAttributes::MOUNT_ROOT)
            {
                return Ok(found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
            }
        }
        let device = |folder: &Folder| {
            let stat = rustix::fs::fstat(&folder.fd);
            stat.map(|stat| stat.st_dev)
                .map_err(|errno| Error::io("look at", &folder.path, errno.into()))
        };
        Ok(device(self)? != device(child)?)
    }

    /// Makes the file `name`, which must be new, 0600, open for reading and writing.
    pub(crate) fn create_file(&self, name: impl AsRef<OsStr>) -> Result<Option<File>, Error> {
        let name = name.as_ref();
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let call = || rustix::fs::openat(&self.fd, name, flags, FILE_MODE);
        let file = match self.attempt("create", name, call) {
            Ok(fd) => File::from(fd),
            Err(Errno::EXIST) => return Ok(None),
            Err(errno) => return Err(self.failed("create", name, errno)),
        };
        if let Err(error) = set_mode(&self.gate, &file, &self.path_of(name), FILE_MODE) {
            let _ = self.remove_file(name);
            return Err(error);
        }
        Ok(Some(file))
    }

    /// Opens the file `name` that is already there, as it is; a link fails with `LOOP`.
    pub(crate) fn open_file(&self, name: &OsStr) -> Result<File, Errno> {
        // NONBLOCK: a pipe at the name must not hang the run.
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let call = || rustix::fs::openat(&self.fd, name, flags, Mode::empty());
        self.attempt("open", name, call).map(File::from)
    }

    /// Makes the file `name` with these bytes, fsynced.
    pub(crate) fn write_new_file(
        &self,
        name: impl AsRef<OsStr>,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let path = self.path_of(name.as_ref());
        let Some(file) = self.create_file(name.as_ref())? else {
            return Err(Error::io("create", &path, Errno::EXIST.into()));
        };
        self.write_all_to(&file, name.as_ref(), bytes)
    }

    /// Writes to the open file `name` and makes it durable.
    pub(crate) fn write_all_to(
        &self,
        file: &File,
        name: &OsStr,
        bytes: &[u8],
    ) -> Result<(), Error> {
        let path = self.path_of(name);
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = write(&self.gate, file, &path, rest)?;
            rest = &rest[written..];
        }
        sync_file(&self.gate, file, &path)
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The names in this folder, sorted.
    pub(crate) fn names(&self) -> Result<Vec<OsString>, Error> {
        let read = || -> Result<Vec<OsString>, Errno> {
            let mut names = Vec::new();
            for entry in Dir::read_from(&self.fd)? {
                let entry = entry?;
                let name = entry.file_name().to_bytes();
                if name != b"." && name != b".." {
                    names.push(OsString::from_vec(name.to_vec()));
                }
            }
            names.sort_unstable();
            Ok(names)
        };
        self.attempt("list", OsStr::new(""), read)
            .map_err(|errno| Error::io("list", &self.path, errno.into()))
    }

    /// Renames `name` to `to_name` in the folder `to`, over what is there if it may.
    pub(crate) fn rename(&self, name: &OsStr, to: &Folder, to_name: &OsStr) -> Result<(), Errno> {
        self.attempt("rename", name, || rustix::fs::renameat(&self.fd, name, &to.fd, to_name))
    }

    /// Swaps two names of this folder. `Err(OPNOTSUPP)`, or another errno of
    /// [`cannot_exchange`], where that does not exist.
    pub(crate) fn exchange(&self, name: &OsStr, other: &OsStr) -> Result<(), Errno> {
        let call = || {
            #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
            return rustix::fs::renameat_with(
                &self.fd,
                name,
                &self.fd,
                other,
                rustix::fs::RenameFlags::EXCHANGE,
            );
            #[cfg(not(any(
                target_os = "linux",
                target_os = "android",
                target_vendor = "apple"
            )))]
            return Err(Errno::OPNOTSUPP);
        };
        self.attempt("exchange", name, call)
    }

    /// A second name for a file.
    pub(crate) fn link(&self, name: &OsStr, to: &Folder) -> Result<(), Errno> {
        let call = || rustix::fs::linkat(&self.fd, name, &to.fd, name, AtFlags::empty());
        self.attempt("link", name, call)
    }

    /// Removes a file or a link; it is fine if it is gone already.
    pub(crate) fn remove_file(&self, name: impl AsRef<OsStr>) -> Result<(), Error> {
        self.unlink(name.as_ref(), AtFlags::empty())
    }

    /// Removes an empty folder; it is fine if it is gone already.
    pub(crate) fn remove_folder(&self, name: impl AsRef<OsStr>) -> Result<(), Error> {
        self.unlink(name.as_ref(), AtFlags::REMOVEDIR)
    }

    fn unlink(&self, name: &OsStr, flags: AtFlags) -> Result<(), Error> {
        match self.attempt("remove", name, || rustix::fs::unlinkat(&self.fd, name, flags)) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(errno) => Err(self.failed("remove", name, errno)),
        }
    }

    /// Removes `name` and all that is in it; links are removed, not followed.
    pub(crate) fn remove_tree(&self, name: impl AsRef<OsStr>) -> Result<(), Error> {
        self.remove_tree_at_depth(name.as_ref(), 0)
    }

    fn remove_tree_at_depth(&self, name: &OsStr, depth: u32) -> Result<(), Error> {
        match self.entry(name)? {
            None => Ok(()),
            Some(Entry::Folder) if depth >= MAX_DEPTH => {
                Err(self.failed("remove", name, Errno::LOOP))
            }
            Some(Entry::Folder) => {
                let child = self.open_child(name)?;
                for inner in child.names()? {
                    child.remove_tree_at_depth(&inner, depth + 1)?;
                }
                self.remove_folder(name)
            }
            Some(Entry::File { .. } | Entry::Other) => self.remove_file(name),
        }
    }

    /// Makes the names in this folder durable.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        match self.attempt("fsync", OsStr::new(""), || sync_fd(&self.fd)) {
            // Some filesystems have no fsync for folders: there is nothing more to ask for.
            Ok(()) | Err(Errno::INVAL) => Ok(()),
            Err(errno) => Err(Error::io("fsync", &self.path, errno.into())),
        }
    }

    /// The folder that holds the last segment of `relative`, and that segment.
    pub(crate) fn descend<'a>(&self, relative: &'a str) -> Result<(Folder, &'a OsStr), Error> {
        self.walk_to(relative, |folder, name| folder.open_child(name))
    }

    /// The same, with the folders on the way made if they are not there.
    pub(crate) fn descend_making<'a>(
        &self,
        relative: &'a str,
    ) -> Result<(Folder, &'a OsStr), Error> {
        self.walk_to(relative, |folder, name| folder.open_or_make_child(name))
    }

    fn walk_to<'a>(
        &self,
        relative: &'a str,
        step: impl Fn(&Folder, &str) -> Result<Folder, Error>,
    ) -> Result<(Folder, &'a OsStr), Error> {
        let mut segments = relative.split('/');
        let last = segments.next_back().unwrap_or(relative);
        let mut folder = self.reopen()?;
        for segment in segments {
            folder = step(&folder, segment)?;
        }
        Ok((folder, OsStr::new(last)))
    }

    fn reopen(&self) -> Result<Folder, Error> {
        let fd =
            self.fd.try_clone().map_err(|error| Error::io("open the folder", &self.path, error))?;
        Ok(Folder { fd, path: self.path.clone(), gate: self.gate.clone() })
    }
}

/// Whether a failed exchange means that this filesystem, kernel or mount has none.
pub(crate) fn cannot_exchange(errno: Errno) -> bool {
    // XDEV: overlay filesystems, for a folder of a lower layer.
    [Errno::INVAL, Errno::NOSYS, Errno::OPNOTSUPP, Errno::NOTSUP, Errno::XDEV].contains(&errno)
}

/// One write; short writes are the caller's to continue.
pub(crate) fn write(
    gate: &Gate,
    mut file: &File,
    path: &Path,
    bytes: &[u8],
) -> Result<usize, Error> {
    if let Err(errno) = gate.check("write", path) {
        // What a full disk does: a part gets there.
        let _ = file.write(&bytes[..bytes.len() / 2]);
        return Err(Error::io("write", path, errno.into()));
    }
    loop {
        match file.write(bytes) {
            Ok(0) if !bytes.is_empty() => {
                return Err(Error::io("write", path, std::io::ErrorKind::WriteZero.into()));
            }
            Ok(written) => return Ok(written),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io("write", path, error)),
        }
    }
}

/// Makes the bytes of a file durable. After this, `close` has nothing left to report.
pub(crate) fn sync_file(gate: &Gate, file: &File, path: &Path) -> Result<(), Error> {
    gate.check("fsync", path)
        .and_then(|()| retry_on_intr(|| sync_fd(file)))
        .map_err(|errno| Error::io("fsync", path, errno.into()))
}

fn sync_fd(fd: impl AsFd) -> Result<(), Errno> {
    // On Apple systems fsync stops at the drive's own cache.
    #[cfg(target_vendor = "apple")]
    if rustix::fs::fcntl_fullfsync(fd.as_fd()).is_ok() {
        return Ok(());
    }
    rustix::fs::fsync(fd)
}

/// Sets the mode and checks that it took: a filesystem without permissions says
/// yes and keeps what it has.
fn set_mode(gate: &Gate, fd: impl AsFd, path: &Path, mode: Mode) -> Result<(), Error> {
    let fd = fd.as_fd();
    let set = gate
        .check("chmod", path)
        .and_then(|()| retry_on_intr(|| rustix::fs::fchmod(fd, mode)))
        .and_then(|()| rustix::fs::fstat(fd));
    let advice = "choose a filesystem that can keep files private";
    match set {
        Ok(stat) if Mode::from_raw_mode(stat.st_mode).intersects(!mode & permission_bits()) => {
            Err(Error::io("make private", path, Errno::PERM.into()).advising(advice))
        }
        Ok(_) => Ok(()),
        Err(errno) => Err(Error::io("make private", path, errno.into()).advising(advice)),
    }
}

fn permission_bits() -> Mode {
    Mode::RWXU | Mode::RWXG | Mode::RWXO
}

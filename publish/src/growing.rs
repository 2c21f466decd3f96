//! A folder that grows file by file, for results that arrive over hours and are kept across interruptions.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;

use crate::error::{Error, ErrorKind};
use crate::folder::{Entry, Folder, Gate, sync_file, write};
use crate::lock::Lock;
use crate::names::{hidden_name, is_valid_segment};
use crate::single::write_file_atomically;

/// What the name of a file ends in while it is incomplete.
const PART: &str = ".part";

/// A folder under our lock to which finished files are added one by one; the opposite of a
/// [`Stage`](crate::Stage), where all appear at once.
///
/// Made with mode 0700. A file under its own name is complete; an unfinished one is called `NAME.part` and
/// outlives the run, so that the next one can go on with it.
///
/// # Example
///
/// ```
/// use publish::GrowingFolder;
/// use std::io::Write;
///
/// # let work = tempfile::tempdir()?;
/// let out = work.path().join("export");
/// {
///     let folder = GrowingFolder::open(&out)?;
///     folder.part("Patient-0001.ndjson")?.write_all(b"{\"id\"")?;
/// } // the run was killed here
/// let folder = GrowingFolder::open(&out)?;
/// let mut part = folder.part("Patient-0001.ndjson")?;
/// assert_eq!(part.bytes(), 5);
/// part.write_all(b":1}\n")?;
/// part.commit("Patient-0001.ndjson")?;
/// assert_eq!(folder.names()?, ["Patient-0001.ndjson"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GrowingFolder {
    path: PathBuf,
    pub(crate) folder: Arc<Folder>,
    /// The last field: the lock is given up after everything is closed. Folders in this one share it.
    lock: Arc<Lock>,
}

impl GrowingFolder {
    /// Takes the lock beside `path` and makes the folder, 0700, if it is not there. Its parent must exist.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InUse`] when another run holds the lock, [`ErrorKind::UnsuitableOutput`] when `path` is a link
    /// or a file or has no parent, [`ErrorKind::Io`] when a system call fails.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unsuitable = |advice| Error::new(ErrorKind::UnsuitableOutput, "write to", path, advice);
        let (Some(parent), Some(Component::Normal(name))) =
            (path.parent(), path.components().next_back())
        else {
            return Err(unsuitable("it has no name of its own: choose the name of a folder"));
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let parent = match Folder::open(parent, Gate::current()) {
            Ok(parent) => Arc::new(parent),
            Err(error) if is_missing(&error) => {
                return Err(unsuitable("the folder around it does not exist: make it first"));
            }
            Err(error) => return Err(error),
        };
        let lock = Lock::take(&parent, hidden_name(name, ".lock"), path)?;
        let folder = match parent.entry(name)? {
            None => parent.open_or_make_child(name)?,
            Some(Entry::Folder) => {
                let folder = parent.open_child(name)?;
                folder.set_private_mode()?;
                folder
            }
            Some(_) => return Err(unsuitable("it is no folder: choose another name")),
        };
        parent.sync()?;
        Ok(Self { path: path.to_owned(), folder: Arc::new(folder), lock: Arc::new(lock) })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder `name` in it, made with mode 0700 if it is not there, under the same lock.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadName`] for what is no name, [`ErrorKind::Io`] when a system call fails: something else, a link
    /// say, may have that name.
    pub fn child(&self, name: &str) -> Result<Self, Error> {
        check(name, &self.folder)?;
        let folder = self.folder.open_or_make_child(name)?;
        folder.set_private_mode()?;
        self.folder.sync()?;
        let (path, lock) = (self.path.join(name), Arc::clone(&self.lock));
        Ok(Self { path, folder: Arc::new(folder), lock })
    }

    /// Removes the folder `name` in it, if it is there and has nothing in it.
    pub fn remove_empty_child(&self, name: &str) -> Result<(), Error> {
        check(name, &self.folder)?;
        match self.folder.entry(name)? {
            Some(Entry::Folder) if self.folder.open_child(name)?.names()?.is_empty() => {
                self.folder.remove_folder(name)
            }
            _ => Ok(()),
        }
    }

    /// The names in it, sorted; names that are not UTF-8 are shown with replacement characters.
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let names = self.folder.names()?;
        Ok(names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect())
    }

    /// The bytes of the finished file `name`; none if it is not there.
    pub fn bytes_of(&self, name: &str) -> Result<Option<u64>, Error> {
        match self.folder.entry(name)? {
            Some(Entry::File { bytes }) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    /// The unfinished file `name`, made if it is not there, to be continued at its end.
    pub fn part(&self, name: &str) -> Result<PartFile, Error> {
        check(name, &self.folder)?;
        let part = OsString::from(format!("{name}{PART}"));
        let file = match self.folder.open_file(&part) {
            Ok(file) => file,
            Err(Errno::NOENT) => self.folder.create_file(&part)?.ok_or_else(|| {
                Error::io("create", &self.folder.path_of(&part), Errno::EXIST.into())
            })?,
            Err(errno) => return Err(self.folder.failed("open", &part, errno)),
        };
        let mut part = PartFile { folder: Arc::clone(&self.folder), name: part, file, bytes: 0 };
        let end = (&part.file).seek(SeekFrom::End(0));
        part.bytes = end.map_err(|error| Error::io("seek in", &part.path(), error))?;
        Ok(part)
    }

    /// Writes the file `name` whole, replacing what is there.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        check(name, &self.folder)?;
        write_file_atomically(&self.path.join(name), bytes)
    }

    /// Removes the file `name`; it is fine if it is gone already.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        check(name, &self.folder)?;
        self.folder.remove_file(name)
    }
}

/// A file that is not complete; kept when dropped.
#[derive(Debug)]
pub struct PartFile {
    folder: Arc<Folder>,
    name: OsString,
    file: File,
    bytes: u64,
}

impl PartFile {
    /// How much there is of it.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where it is while it is incomplete.
    pub fn path(&self) -> PathBuf {
        self.folder.path_of(&self.name)
    }

    /// A second handle on it, to read what is there.
    pub fn reader(&self) -> Result<File, Error> {
        let failed = |error| Error::io("read", &self.path(), error);
        let mut file = self.file.try_clone().map_err(failed)?;
        file.rewind().map_err(failed)?;
        Ok(file)
    }

    /// Begins again with nothing.
    pub fn restart(&mut self) -> Result<(), Error> {
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(|error| Error::io("empty", &self.path(), error))?;
        self.bytes = 0;
        Ok(())
    }

    /// Makes it durable and gives it its name; over what is there.
    pub fn commit(self, name: &str) -> Result<(), Error> {
        check(name, &self.folder)?;
        sync_file(self.folder.gate(), &self.file, &self.path())?;
        self.folder
            .rename(&self.name, &self.folder, OsStr::new(name))
            .map_err(|errno| self.folder.failed("rename", &self.name, errno))?;
        self.folder.sync()
    }

    /// Removes it.
    pub fn discard(self) -> Result<(), Error> {
        self.folder.remove_file(&self.name)
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let path = self.folder.path_of(&self.name);
        let written = write(self.folder.gate(), &self.file, &path, bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn check(name: &str, folder: &Folder) -> Result<(), Error> {
    if is_valid_segment(name) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::BadName, "write", folder.path(), "this is a mistake of the program"))
}

fn is_missing(error: &Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod unit {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_part_outlives_its_run_and_a_second_run_waits_for_the_first() {
        let work = tempfile::tempdir().unwrap();
        let out = work.path().join("export");
        let folder = GrowingFolder::open(&out).unwrap();
        assert_eq!(*GrowingFolder::open(&out).unwrap_err().kind(), ErrorKind::InUse);
        let mut part = folder.part("a").unwrap();
        part.write_all(b"12").unwrap();
        assert_eq!((mode(&out), mode(&part.path())), (0o700, 0o600));
        drop((part, folder));
        assert!(!work.path().join(".export.lock").exists());

        let folder = GrowingFolder::open(&out).unwrap();
        let mut part = folder.part("a").unwrap();
        part.write_all(b"3").unwrap();
        part.commit("b").unwrap();
        assert_eq!(std::fs::read(out.join("b")).unwrap(), b"123");
        assert_eq!((folder.bytes_of("b").unwrap(), folder.bytes_of("a").unwrap()), (Some(3), None));
        let mut part = folder.part("a").unwrap();
        part.write_all(b"1").unwrap();
        part.restart().unwrap();
        part.write_all(b"4").unwrap();
        assert_eq!(part.bytes(), 1);
        let mut text = String::new();
        io::Read::read_to_string(&mut part.reader().unwrap(), &mut text).unwrap();
        assert_eq!(text, "4");
        part.discard().unwrap();
        folder.remove("b").unwrap();
        folder.remove("b").unwrap();
        assert_eq!(folder.names().unwrap(), [""; 0]);
    }

    #[test]
    fn a_folder_in_it_is_private_and_removed_when_it_is_empty() {
        let work = tempfile::tempdir().unwrap();
        let out = work.path().join("export");
        let folder = GrowingFolder::open(&out).unwrap();
        for _ in 0..2 {
            let child = folder.child("deleted").unwrap();
            child.part("a").unwrap().commit("a").unwrap();
            assert_eq!((mode(&out.join("deleted")), child.path()), (0o700, &*out.join("deleted")));
        }
        folder.remove_empty_child("deleted").unwrap();
        assert!(out.join("deleted/a").exists(), "it is not empty");
        let child = folder.child("deleted").unwrap();
        drop(folder);
        assert_eq!(*GrowingFolder::open(&out).unwrap_err().kind(), ErrorKind::InUse);
        child.remove("a").unwrap();
        drop(child);
        let folder = GrowingFolder::open(&out).unwrap();
        for _ in 0..2 {
            folder.remove_empty_child("deleted").unwrap();
            assert_eq!(folder.names().unwrap(), [""; 0]);
        }
        symlink(work.path(), out.join("link")).unwrap();
        assert!(folder.child("link").is_err() && folder.child("../x").is_err());
        folder.remove_empty_child("link").unwrap();
        assert!(out.join("link").symlink_metadata().is_ok());
    }

    #[test]
    fn links_and_names_that_lead_elsewhere_are_refused() {
        let work = tempfile::tempdir().unwrap();
        let (out, other) = (work.path().join("export"), work.path().join("other"));
        std::fs::write(&other, "mine").unwrap();
        let folder = GrowingFolder::open(&out).unwrap();
        symlink(&other, out.join("a.part")).unwrap();
        assert_eq!(*folder.part("a").unwrap_err().kind(), ErrorKind::Io);
        for name in ["", "..", "../x", "a/b", "é"] {
            assert_eq!(*folder.part(name).unwrap_err().kind(), ErrorKind::BadName);
            assert!(folder.write(name, b"").is_err() && folder.remove(name).is_err());
        }
        drop(folder);
        for place in
            [other.clone(), work.path().join("link"), work.path().join("no/where"), "..".into()]
        {
            let _ = symlink(&out, work.path().join("link"));
            let error = GrowingFolder::open(&place).unwrap_err();
            assert_eq!(*error.kind(), ErrorKind::UnsuitableOutput, "{error}");
        }
        assert_eq!(std::fs::read(&other).unwrap(), b"mine");
    }
}

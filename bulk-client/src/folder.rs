//! The folder of an export: files, and those of deletions in a folder of their own.

use std::ffi::OsStr;
use std::path::Path;

use publish::{Error, GrowingFolder, PartFile};

/// The folder of deletions; readers of folders leave one of this name alone.
const DELETED: &str = "deleted";
/// What the names of files of deletions begin with.
pub(crate) const IN_DELETED: &str = "deleted/";

/// A folder under our lock. A name may be in the folder of deletions, which is made when something is to be in it.
pub(crate) struct ExportFolder {
    whole: GrowingFolder,
}

impl ExportFolder {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self { whole: GrowingFolder::open(path)? })
    }

    pub(crate) fn path(&self) -> &Path {
        self.whole.path()
    }

    /// How many entries it has.
    pub(crate) fn entries(&self) -> Result<usize, Error> {
        Ok(self.whole.names()?.iter().filter(|name| !is_leftover(name.as_ref())).count())
    }

    pub(crate) fn part(&self, name: &str) -> Result<PartFile, Error> {
        match name.strip_prefix(IN_DELETED) {
            Some(inner) => self.whole.child(DELETED)?.part(inner),
            None => self.whole.part(name),
        }
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        match name.strip_prefix(IN_DELETED) {
            Some(inner) => self.whole.child(DELETED)?.write(inner, bytes),
            None => self.whole.write(name, bytes),
        }
    }

    pub(crate) fn bytes_of(&self, name: &str) -> Result<Option<u64>, Error> {
        match name.strip_prefix(IN_DELETED) {
            Some(inner) if self.has_deleted() => self.whole.child(DELETED)?.bytes_of(inner),
            Some(_) => Ok(None),
            None => self.whole.bytes_of(name),
        }
    }

    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        match name.strip_prefix(IN_DELETED) {
            Some(inner) if self.has_deleted() => self.whole.child(DELETED)?.remove(inner),
            Some(_) => Ok(()),
            None => self.whole.remove(name),
        }
    }

    /// Removes the folder of deletions if nothing is in it.
    pub(crate) fn remove_empty(&self) -> Result<(), Error> {
        self.whole.remove_empty_child(DELETED)
    }

    fn has_deleted(&self) -> bool {
        self.path().join(DELETED).symlink_metadata().is_ok()
    }
}

/// How many entries a folder has, which may not be there.
pub(crate) fn entries_in(folder: &Path) -> usize {
    let names = publish::names_in(folder).unwrap_or_default();
    names.iter().filter(|name| !is_leftover(name)).count()
}

/// Whether it is what a kill left of a small file that was being written, a journal say: the next write removes it.
fn is_leftover(name: &OsStr) -> bool {
    publish::is_partial_name(name) && name.as_encoded_bytes().starts_with(b".")
}

/// Gives a part its name, in the folder where it is.
pub(crate) fn commit(part: PartFile, name: &str) -> Result<(), Error> {
    part.commit(name.strip_prefix(IN_DELETED).unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kill_left_of_a_journal_is_no_entry() {
        let work = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(work.path().join(name), "").unwrap();
        write(".bcda-export.json.partial-4711-1700000000000000000");
        assert_eq!(entries_in(work.path()), 0);
        let folder = ExportFolder::open(work.path()).unwrap();
        assert_eq!(folder.entries().unwrap(), 0);
        folder.write("bcda-export.json", b"{}").unwrap();
        assert_eq!(publish::names_in(work.path()).unwrap(), ["bcda-export.json"]);
        write("mine.txt");
        assert_eq!(folder.entries().unwrap(), 2);
    }
}

//! The folder of an export: files, and those of deletions in a folder of their own.

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

    pub(crate) fn names(&self) -> Result<Vec<String>, Error> {
        self.whole.names()
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

/// Gives a part its name, in the folder where it is.
pub(crate) fn commit(part: PartFile, name: &str) -> Result<(), Error> {
    part.commit(name.strip_prefix(IN_DELETED).unwrap_or(name))
}

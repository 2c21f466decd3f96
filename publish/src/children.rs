//! Results in a growing folder that change their names: one takes another's place, and one that is not needed any more goes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::existing::{examine, names_of_ours, open_output};
use crate::folder::cannot_exchange;
use crate::growing::GrowingFolder;
use crate::lock::Lock;
use crate::names::{hidden_name, new_run, partial_name};
use crate::previous;
use crate::stage::remove_stale;

impl GrowingFolder {
    /// Gives the folder `name` another name, if it is there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnsuitableOutput`] when something has the other name, [`ErrorKind::InUse`] when a run works on one of the
    /// two, [`ErrorKind::Io`] when a system call fails.
    pub fn rename_child(&self, name: &str, to: &str) -> Result<(), Error> {
        let _locks = (self.lock_child(name)?, self.lock_child(to)?);
        if self.folder.entry(name)?.is_none() {
            return Ok(());
        }
        if self.folder.entry(to)?.is_some() {
            let advice = "something of that name is there: move it away";
            let place = self.path().join(to);
            return Err(Error::new(ErrorKind::UnsuitableOutput, "rename to", &place, advice));
        }
        previous::rename(&self.folder, name.as_ref(), to.as_ref())?;
        self.folder.sync()
    }

    /// Swaps the names of two folders, so that each is there at every moment; `false` where the filesystem cannot do that, and
    /// nothing has changed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InUse`] when a run works on one of the two, [`ErrorKind::Io`] when a system call fails.
    pub fn exchange_children(&self, name: &str, other: &str) -> Result<bool, Error> {
        let _locks = (self.lock_child(name)?, self.lock_child(other)?);
        match self.folder.exchange(name.as_ref(), other.as_ref()) {
            Ok(()) => self.folder.sync().map(|()| true),
            Err(errno) if cannot_exchange(errno) => Ok(false),
            Err(errno) => Err(self.folder.failed("replace", name.as_ref(), errno)),
        }
    }

    /// Removes the result in the folder `name`, if it is there, with what a run that died here has left; gives the place of
    /// what could not be removed. `manifest_name` and `owned` are those of [`Stage::open`](crate::Stage::open).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ForeignFiles`] when something is in it that its manifest does not name, [`ErrorKind::InUse`] when a run works
    /// on it, [`ErrorKind::Io`] when a system call fails. Then nothing was removed.
    pub fn remove_result(
        &self,
        name: &str,
        manifest_name: &str,
        owned: impl Fn(&Path) -> Result<Option<Vec<String>>, Error>,
    ) -> Result<Option<PathBuf>, Error> {
        let _lock = self.lock_child(name)?;
        let name: &OsStr = name.as_ref();
        remove_stale(&self.folder, name)?;
        let Some(folder) = open_output(&self.folder, name)? else { return Ok(None) };
        let listed = owned(&self.folder.path_of(name))?;
        examine(&folder, &names_of_ours(listed, Vec::new(), manifest_name))?;
        drop(folder);
        // From here on nobody takes it for a result, wherever its removal ends.
        let aside = partial_name(name, &new_run(), "-old");
        previous::rename(&self.folder, name, &aside)?;
        let removed = self.folder.remove_tree(&aside);
        Ok(removed.is_err().then(|| self.folder.path_of(&aside)))
    }

    fn lock_child(&self, name: &str) -> Result<Lock, Error> {
        Lock::take(&self.folder, hidden_name(name.as_ref(), ".lock"), &self.path().join(name))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const MANIFEST: &str = "m.txt";

    #[allow(clippy::unnecessary_wraps, reason = "a manifest may be one that cannot be read")]
    fn owned(out: &Path) -> Result<Option<Vec<String>>, Error> {
        Ok(out.join(MANIFEST).exists().then(|| vec!["t.csv".to_owned()]))
    }

    #[test]
    fn results_take_each_others_place_and_go() {
        let work = tempfile::tempdir().unwrap();
        let all = GrowingFolder::open(&work.path().join("all")).unwrap();
        for name in ["old", "new"] {
            let child = all.child(name).unwrap();
            child.write(MANIFEST, name.as_bytes()).unwrap();
            child.write("t.csv", b"x").unwrap();
        }
        let manifest =
            |name: &str| fs::read_to_string(all.path().join(name).join(MANIFEST)).unwrap();
        assert!(all.exchange_children("old", "new").unwrap());
        assert_eq!((manifest("old"), manifest("new")), ("new".to_owned(), "old".to_owned()));
        assert!(matches!(
            all.rename_child("new", "old").unwrap_err().kind(),
            ErrorKind::UnsuitableOutput
        ));
        for _ in 0..2 {
            all.rename_child("new", "kept").unwrap();
        }

        // What is somebody else's stays, and so does all beside it.
        let foreign = all.path().join("kept/notes.txt");
        fs::write(&foreign, "mine").unwrap();
        let refused = all.remove_result("kept", MANIFEST, owned).unwrap_err();
        assert!(matches!(refused.kind(), ErrorKind::ForeignFiles { count: 1 }));
        assert_eq!(manifest("kept"), "old");
        fs::remove_file(foreign).unwrap();
        assert_eq!(all.remove_result("kept", MANIFEST, owned).unwrap(), None);
        assert_eq!(all.remove_result("kept", MANIFEST, owned).unwrap(), None);
        assert_eq!(all.names().unwrap(), ["old"]);
    }
}

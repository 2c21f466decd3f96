//! Files without names, for what a run needs for a while.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::Error;
use crate::folder::Folder;
use crate::names::{MAX_TRIES, new_run};

/// Makes private files without names in the scratch folder of a [`Stage`](crate::Stage), which is made with the first of
/// them. Clones make them in the same folder, and may do so on other threads.
///
/// # Example
///
/// ```
/// use std::io::Write;
///
/// # let work = tempfile::tempdir()?;
/// # let out = work.path().join("tables");
/// # let options =
/// #     publish::StageOptions { overwrite: false, manifest_name: "m.json".into(), keep_previous: 0 };
/// let stage = publish::Stage::open(&out, &options, |_| Ok(None))?;
/// let spools = stage.spools().clone();
/// spools.make()?.write_all(b"later")?;
/// let _ = stage.commit(b"{}")?;
/// assert!(spools.make().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Spools {
    parent: Arc<Folder>,
    name: OsString,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum State {
    Unmade,
    Made(Arc<Folder>),
    /// The stage has ended, and the folder is gone.
    Ended,
}

impl Spools {
    pub(crate) fn new(parent: Arc<Folder>, name: OsString) -> Self {
        Self { parent, name, state: Arc::new(Mutex::new(State::Unmade)) }
    }

    /// A private file without a name, for reading and writing. It is gone when it
    /// is closed, even if the process is killed.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) when the file cannot be made, or the stage has ended.
    pub fn make(&self) -> Result<File, Error> {
        let scratch = self.made_folder()?;
        for _ in 0..MAX_TRIES {
            let name = format!("spool-{}", new_run());
            if let Some(file) = scratch.create_file(&name)? {
                scratch.remove_file(&name)?;
                return Ok(file);
            }
        }
        Err(Error::io("create a file in", scratch.path(), std::io::ErrorKind::AlreadyExists.into()))
    }

    /// Where the folder is, whether it is made yet or not.
    pub fn folder(&self) -> PathBuf {
        self.parent.path_of(&self.name)
    }

    /// The folder, made if it is not there.
    pub(crate) fn made_folder(&self) -> Result<Arc<Folder>, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Made(folder) => Ok(Arc::clone(folder)),
            State::Ended => {
                let ended = std::io::Error::other("the run that it belongs to has ended");
                Err(Error::io("create a file in", &self.folder(), ended))
            }
            State::Unmade => {
                let folder = Arc::new(self.parent.open_or_make_child(&self.name)?);
                *state = State::Made(Arc::clone(&folder));
                Ok(folder)
            }
        }
    }

    /// Removes the folder, if it was made; no more files are made.
    pub(crate) fn end(&self) -> Result<(), Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Ended) {
            State::Made(_) => self.parent.remove_tree(&self.name),
            State::Unmade | State::Ended => Ok(()),
        }
    }
}

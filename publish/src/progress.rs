//! Which files of an output are being written, and which are done.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind};

/// What the files of a stage have come to.
#[derive(Debug, Default)]
pub(crate) struct Progress(Mutex<Files>);

#[derive(Debug, Default)]
struct Files {
    /// Still being written.
    open: BTreeSet<String>,
    /// Name and size in bytes.
    finished: BTreeMap<String, u64>,
    /// The first file that failed or was dropped.
    spoiled: Option<PathBuf>,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn started(&self, relative: &str) {
        self.lock().open.insert(relative.to_owned());
    }

    pub(crate) fn finished(&self, relative: &str, bytes: u64) {
        let mut files = self.lock();
        files.open.remove(relative);
        files.finished.insert(relative.to_owned(), bytes);
    }

    /// Forgets a finished file; false when there is none of this name.
    pub(crate) fn forget(&self, relative: &str) -> bool {
        self.lock().finished.remove(relative).is_some()
    }

    pub(crate) fn spoiled(&self, path: &Path) {
        self.lock().spoiled.get_or_insert_with(|| path.to_owned());
    }

    pub(crate) fn all_finished(&self) -> Result<BTreeMap<String, u64>, Error> {
        let files = self.lock();
        if let Some(path) = &files.spoiled {
            return Err(unfinished(path, "writing it failed or was given up"));
        }
        if let Some(relative) = files.open.first() {
            return Err(unfinished(Path::new(relative), "it is still being written"));
        }
        Ok(files.finished.clone())
    }
}

/// Why an output with this file is not published.
pub(crate) fn unfinished(path: &Path, advice: &'static str) -> Error {
    Error::new(ErrorKind::Unfinished, "publish", path, advice)
}

//! Back to the result before: the newest that is kept comes to the output's place, and what was there goes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::existing::{examine, names_of_ours, open_output};
use crate::folder::{Folder, cannot_exchange};
use crate::lock::Lock;
use crate::names::{Intent, hidden_name, new_run, partial_name, previous_name};
use crate::previous::{self, Previous};
use crate::replace::{read_journal, remove_journal};
use crate::stage::{Published, open_parent, remove_stale};

/// Puts the newest earlier result of the output `out` in its place, with one exchange, and removes the one that was there.
///
/// Earlier results are there if the output was replaced with [`keep_previous`](crate::StageOptions::keep_previous). Who
/// has files of the removed result open keeps them. `manifest_name` and `owned` are those of
/// [`Stage::open`](crate::Stage::open), whose lock is held meanwhile. A process that dies in here leaves the one result or
/// the other, whole; the next run removes what is left beside it. Where the filesystem cannot exchange two folders there
/// is a moment between two renames at which nothing is at the output; whoever comes next, after a death in that moment,
/// does the second one first.
///
/// # Errors
///
/// - [`ErrorKind::NothingKept`]: there is no earlier result.
/// - [`ErrorKind::ForeignFiles`]: in one of the two is something that its manifest does not name.
/// - Those of [`Stage::open`](crate::Stage::open).
///
/// After any error the output is as it was.
///
/// # Example
///
/// ```
/// use publish::{Error, Stage, StageOptions};
///
/// # let work = tempfile::tempdir()?;
/// let out = work.path().join("tables");
/// let ours = |out: &std::path::Path| Ok(out.join("m.txt").exists().then(Vec::new));
/// for text in ["first", "second"] {
///     let options =
///         StageOptions { overwrite: true, manifest_name: "m.txt".into(), keep_previous: 1 };
///     let _ = Stage::open(&out, &options, ours)?.commit(text.as_bytes())?;
/// }
/// assert_eq!(std::fs::read(work.path().join("tables.previous-000001/m.txt"))?, b"first");
/// let _ = publish::undo(&out, "m.txt", ours)?;
/// assert_eq!(std::fs::read(out.join("m.txt"))?, b"first");
/// assert!(publish::undo(&out, "m.txt", ours).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn undo(
    out: &Path,
    manifest_name: &str,
    owned: impl Fn(&Path) -> Result<Option<Vec<String>>, Error>,
) -> Result<Published, Error> {
    let (parent, out_name) = open_parent(out)?;
    let _lock = Lock::take(&parent, hidden_name(out_name, ".lock"), out)?;
    previous::settle(&parent, out_name, manifest_name)?;
    let current = match open_output(&parent, out_name)? {
        None => None,
        Some(folder) => {
            folder.check_writable()?;
            let interrupted = read_journal(&parent, out_name)?;
            let listed = if folder.names()?.is_empty() { None } else { owned(out)? };
            let ours = names_of_ours(listed, interrupted, manifest_name);
            examine(&folder, &ours)?;
            Some(ours)
        }
    };
    remove_stale(&parent, out_name)?;
    let all = previous::list(&parent, out_name, manifest_name, owned)?;
    let Some(newest) = all.last() else {
        let advice = "only results that were replaced and kept are there to go back to";
        return Err(Error::new(ErrorKind::NothingKept, "go back from", out, advice));
    };
    let undo = Undo { parent: &parent, out, out_name, newest, run: new_run() };
    let leftover = undo.run(current.is_some(), &|folder| match &current {
        Some(ours) => examine(folder, ours).map(|_| ()),
        None => Ok(()),
    })?;
    let _ = remove_journal(&parent, out_name);
    Ok(Published { leftover })
}

struct Undo<'a> {
    parent: &'a Arc<Folder>,
    out: &'a Path,
    out_name: &'a OsStr,
    newest: &'a Previous,
    run: String,
}

impl Undo<'_> {
    /// What could not be removed. `check` looks through what came out of the output's place.
    fn run(
        &self,
        is_there: bool,
        check: &dyn Fn(&Folder) -> Result<(), Error>,
    ) -> Result<Option<PathBuf>, Error> {
        let (parent, number) = (self.parent, self.newest.number);
        self.newest.open(parent)?;
        let Some(inode) = parent.inode(&self.newest.name)? else {
            let gone = std::io::ErrorKind::NotFound.into();
            return Err(Error::io("look at", &parent.path_of(&self.newest.name), gone));
        };
        let suffix = Intent::Undo { number, inode }.suffix();
        let name = partial_name(self.out_name, &self.run, &suffix);
        previous::rename(parent, &self.newest.name, &name)?;
        // From here on an error gives it its name back.
        let back = |error: Error| {
            let previous = previous_name(self.out_name, number);
            let _ = parent.rename(&name, parent, &previous);
            error
        };
        if !is_there {
            previous::rename(parent, &name, self.out_name).map_err(back)?;
            return match parent.sync() {
                Ok(()) => Ok(None),
                Err(error) => {
                    let _ = parent.rename(self.out_name, parent, &name);
                    Err(back(error))
                }
            };
        }
        match parent.exchange(&name, self.out_name) {
            Ok(()) => {}
            Err(errno) if cannot_exchange(errno) => {
                return self.by_two_renames(&name).map_err(back);
            }
            Err(errno) => return Err(back(Error::io("replace", self.out, errno.into()))),
        }
        let checked = parent.open_child(&name).and_then(|undone| check(&undone));
        if let Err(error) = checked.and_then(|()| parent.sync()) {
            // What cannot be exchanged again is undone, and may go.
            return match parent.exchange(&name, self.out_name) {
                Ok(()) => Err(back(error.at(self.out))),
                Err(_) => Err(error.at(self.out)),
            };
        }
        Ok(self.removed(&name))
    }

    fn by_two_renames(&self, name: &OsStr) -> Result<Option<PathBuf>, Error> {
        let aside = partial_name(self.out_name, &self.run, "-old");
        previous::rename(self.parent, self.out_name, &aside)?;
        let placed = previous::rename(self.parent, name, self.out_name);
        if let Err(error) = placed {
            let _ = self.parent.rename(&aside, self.parent, self.out_name);
            return Err(error);
        }
        if let Err(error) = self.parent.sync() {
            let _ = self.parent.rename(self.out_name, self.parent, name);
            let _ = self.parent.rename(&aside, self.parent, self.out_name);
            return Err(error);
        }
        Ok(self.removed(&aside))
    }

    fn removed(&self, name: &OsStr) -> Option<PathBuf> {
        let removed = self.parent.remove_tree(name);
        removed.is_err().then(|| self.parent.path_of(name))
    }
}

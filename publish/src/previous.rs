//! Earlier results that are kept beside the output: `OUT.previous-<number>`, the newest with the greatest number.
//!
//! What becomes one is the result that a new one was exchanged with, so it gets its name after the exchange. A run that
//! dies between the two leaves it under a name that says what was to become of it ([`Intent`]), with the inode of the new
//! result: whether the folder under that name still has that inode tells whether they were exchanged. What the dead run
//! did not get to do, the next one does first ([`settle`]).

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::existing::{examine, names_of_ours};
use crate::folder::{Entry, Folder};
use crate::names::{Intent, intent_of, previous_name, previous_number};

/// An earlier result beside the output.
#[derive(Debug)]
pub(crate) struct Previous {
    pub(crate) number: u64,
    pub(crate) name: OsString,
    /// What may be in it.
    pub(crate) ours: BTreeSet<String>,
}

/// The earlier results of an output, the newest last. A folder whose manifest is not one of ours is none of them.
pub(crate) fn list(
    parent: &Folder,
    out_name: &OsStr,
    manifest_name: &str,
    owned: impl Fn(&Path) -> Result<Option<Vec<String>>, Error>,
) -> Result<Vec<Previous>, Error> {
    let mut found = Vec::new();
    for name in parent.names()? {
        let Some(number) = previous_number(out_name, &name) else { continue };
        if parent.entry(&name)? != Some(Entry::Folder) {
            continue;
        }
        if let Some(listed) = owned(&parent.path_of(&name))? {
            let ours = names_of_ours(Some(listed), Vec::new(), manifest_name);
            found.push(Previous { number, name, ours });
        }
    }
    found.sort_by_key(|previous| previous.number);
    Ok(found)
}

/// The number of the next earlier result: greater than all that there are, of whatever.
pub(crate) fn next_number(parent: &Folder, out_name: &OsStr) -> Result<u64, Error> {
    let names = parent.names()?;
    let greatest = names.iter().filter_map(|name| previous_number(out_name, name)).max();
    Ok(greatest.map_or(1, |greatest| greatest.saturating_add(1)))
}

impl Previous {
    /// Opens it, and looks whether there is nothing in it but what its manifest names.
    pub(crate) fn open(&self, parent: &Folder) -> Result<Folder, Error> {
        let folder = parent.open_child(&self.name)?;
        examine(&folder, &self.ours)?;
        Ok(folder)
    }
}

/// Removes all but the newest `keep`, the oldest first; what could not be removed. One with files of somebody else in it
/// stays.
pub(crate) fn prune(parent: &Folder, all: &[Previous], keep: usize) -> Option<PathBuf> {
    let mut leftover = None;
    for previous in all.iter().take(all.len().saturating_sub(keep)) {
        let removed = previous.open(parent).and_then(|_| parent.remove_tree(&previous.name));
        let stays =
            removed.is_err_and(|error| !matches!(error.kind(), ErrorKind::ForeignFiles { .. }));
        if stays && leftover.is_none() {
            leftover = Some(parent.path_of(&previous.name));
        }
    }
    leftover
}

/// Does what runs that died could not: after this the earlier results have their names, and all other folders of dead
/// runs may go. The lock is held.
pub(crate) fn settle(parent: &Folder, out_name: &OsStr, manifest_name: &str) -> Result<(), Error> {
    for name in parent.names()? {
        let Some(intent) = intent_of(out_name, &name) else { continue };
        if parent.entry(&name)? != Some(Entry::Folder) {
            continue;
        }
        match intent {
            // What is not exchanged yet goes as the folder of any dead run does.
            Intent::Keep { number, inode } => {
                if parent.inode(&name)? != Some(inode) {
                    keep(parent, out_name, &name, number)?;
                }
            }
            Intent::KeepFiles { number } => {
                // The manifest comes last to the output, and is the last that is taken from there while anything is undone.
                let whole = |folder: &OsStr| -> Result<bool, Error> {
                    if parent.entry(folder)? != Some(Entry::Folder) {
                        return Ok(false);
                    }
                    Ok(parent.open_child(folder)?.entry(manifest_name)?.is_some())
                };
                if whole(&name)? && whole(out_name)? {
                    keep(parent, out_name, &name, number)?;
                }
            }
            Intent::Undo { number, inode } => {
                if parent.inode(&name)? == Some(inode) {
                    if parent.entry(out_name)?.is_some() {
                        keep(parent, out_name, &name, number)?;
                    } else {
                        rename(parent, &name, out_name)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Gives an earlier result its name.
pub(crate) fn keep(
    parent: &Folder,
    out_name: &OsStr,
    name: &OsStr,
    number: u64,
) -> Result<(), Error> {
    rename(parent, name, &previous_name(out_name, number))?;
    parent.sync()
}

pub(crate) fn rename(parent: &Folder, name: &OsStr, to: &OsStr) -> Result<(), Error> {
    parent.rename(name, parent, to).map_err(|errno| parent.failed("rename", name, errno))
}

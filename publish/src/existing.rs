//! What stands at the output already, and whether it is ours to replace.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use crate::error::{Error, ErrorKind};
use crate::folder::{Entry, Folder};
use crate::names::is_valid_relative;

/// What stands at the output.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Absent,
    Empty,
    /// An earlier result, or what a crash left of one: nothing else is in it.
    Ours {
        files: Vec<String>,
        folders: Vec<String>,
    },
}

/// The folder at `name`, or `None` if nothing is there. A link, a file or a
/// mount point is refused.
pub(crate) fn open_output(parent: &Folder, name: &OsStr) -> Result<Option<Folder>, Error> {
    let refused =
        |advice| Error::new(ErrorKind::UnsuitableOutput, "write to", &parent.path_of(name), advice);
    match parent.entry(name)? {
        None => Ok(None),
        Some(Entry::File { .. }) => Err(refused("it is a file: choose the name of a folder")),
        Some(Entry::Other) => Err(refused("it is a link or a device: choose the folder itself")),
        Some(Entry::Folder) => {
            let folder = parent.open_child(name)?;
            if parent.is_mount_point(&folder)? {
                return Err(refused("it is a mount point: choose a new folder inside it"));
            }
            Ok(Some(folder))
        }
    }
}

/// What may be in a folder whose manifest lists these files, if it has one of ours, and in which a replacement of these
/// others was interrupted.
pub(crate) fn names_of_ours(
    listed: Option<Vec<String>>,
    interrupted: Vec<String>,
    manifest_name: &str,
) -> BTreeSet<String> {
    let has_manifest = listed.is_some() || !interrupted.is_empty();
    let names = listed.into_iter().flatten().chain(interrupted);
    // A manifest is input too: a name that we would not have written is not ours.
    let mut ours: BTreeSet<String> = names.filter(|name| is_valid_relative(name)).collect();
    if has_manifest {
        ours.insert(manifest_name.to_owned());
    }
    ours
}

/// Looks through the folder. `ours` are the names that may be in it.
pub(crate) fn examine(folder: &Folder, ours: &BTreeSet<String>) -> Result<Existing, Error> {
    let mut found = Found { ours, files: Vec::new(), folders: Vec::new(), foreign: 0 };
    found.walk(folder, "")?;
    if found.foreign > 0 {
        let advice = "move them away, or choose another output; nothing was deleted";
        let kind = ErrorKind::ForeignFiles { count: found.foreign };
        return Err(Error::new(kind, "overwrite", folder.path(), advice));
    }
    if found.files.is_empty() && found.folders.is_empty() {
        return Ok(Existing::Empty);
    }
    Ok(Existing::Ours { files: found.files, folders: found.folders })
}

struct Found<'a> {
    ours: &'a BTreeSet<String>,
    files: Vec<String>,
    folders: Vec<String>,
    foreign: u64,
}

impl Found<'_> {
    fn walk(&mut self, folder: &Folder, prefix: &str) -> Result<(), Error> {
        for name in folder.names()? {
            let relative = name.to_str().map(|name| format!("{prefix}{name}"));
            match (folder.entry(&name)?, relative) {
                (None, _) => {}
                (Some(Entry::File { .. }), Some(relative)) if self.ours.contains(&relative) => {
                    self.files.push(relative);
                }
                (Some(Entry::Folder), Some(relative)) if self.has_below(&relative) => {
                    self.walk(&folder.open_child(&name)?, &format!("{relative}/"))?;
                    self.folders.push(relative);
                }
                _ => self.foreign += 1,
            }
        }
        Ok(())
    }

    /// Whether some name of ours lies in the folder `relative`.
    fn has_below(&self, relative: &str) -> bool {
        let prefix = format!("{relative}/");
        self.ours.range(prefix.clone()..).next().is_some_and(|name| name.starts_with(&prefix))
    }
}

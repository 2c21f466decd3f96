//! Which files are read: by their names, as CMS gives them, wherever they lie.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cclf_crosswalk::Table;
use cclf_files::{FileName, Part};
use convert::Error;
use ndjson_io::SourceFile;

use super::zip;

/// Folders within folders that are looked into.
const MOST_DEEP: u32 = 8;

/// A file of a delivery.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) name: FileName,
    pub(super) table: Table,
    /// What it is called, in FILE_NAME, too.
    pub(super) called: String,
    /// The folder or the zip that it lies in.
    pub(super) container: PathBuf,
    pub(super) source: SourceFile,
}

/// What the inputs name.
#[derive(Default)]
pub(super) struct Members {
    pub(super) members: Vec<Member>,
    /// Files that were found and are not called as CMS's are, by their ending.
    pub(super) left_aside: BTreeMap<String, u64>,
}

impl Members {
    /// Finds them.
    ///
    /// # Errors
    /// An input is not there, or names nothing that can be read; a file comes twice.
    pub(super) fn find(inputs: &[PathBuf]) -> Result<Self, Error> {
        let mut found = Self::default();
        if inputs.is_empty() {
            return Err(Error::usage("no input is named; give files, folders or zips"));
        }
        for input in inputs {
            let shown = input.display();
            let metadata = input.metadata().map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => {
                    Error::usage(format!("{shown}: no such file or folder"))
                }
                _ => Error::failed(format!("{shown}: cannot examine: {error}")),
            })?;
            let before = found.members.len();
            if metadata.is_dir() {
                found.folder(input, MOST_DEEP)?;
            } else if zip::is_zip(input) {
                found.zip(input)?;
            } else if is_called_zip(input) {
                return Err(damaged_zip(input));
            } else if !found.file(input)? {
                return Err(Error::usage(format!(
                    "{shown}: the name is none of CMS's (P.A1234.ACO.ZC1Y26.D261111.T1435560), and nothing else tells which \
                     table it is; give it the name that it came with"
                )));
            }
            if found.members.len() == before {
                return Err(Error::usage(format!(
                    "{shown}: no file there is called as CMS calls its CCLF files (P.A1234.ACO.ZC1Y26.D261111.T1435560)"
                )));
            }
        }
        found.arrange()?;
        Ok(found)
    }

    fn folder(&mut self, folder: &Path, deep: u32) -> Result<(), Error> {
        let shown = folder.display();
        let unread = |error| Error::failed(format!("{shown}: cannot list: {error}"));
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(unread)? {
            paths.push(entry.map_err(unread)?.path());
        }
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // What is hidden or unfinished is nobody's delivery, and what was rejected lies in it.
            if name.starts_with('.') || name.ends_with(".part") || name == "rejects" {
                continue;
            }
            let Ok(metadata) = path.symlink_metadata() else { continue };
            if metadata.is_dir() && deep > 0 {
                self.folder(&path, deep - 1)?;
            } else if metadata.is_file() && zip::is_zip(&path) {
                self.zip(&path)?;
            } else if metadata.is_file() && is_called_zip(&path) {
                return Err(damaged_zip(&path));
            } else if metadata.is_file() && !self.file(&path)? {
                self.leave(&path);
            }
        }
        Ok(())
    }

    /// Takes a file, if its name is one of CMS's.
    fn file(&mut self, path: &Path) -> Result<bool, Error> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let container = path.parent().unwrap_or(Path::new("")).to_owned();
        if parsed(&name).is_none() {
            return Ok(false);
        }
        let source = SourceFile::from_path(path)?;
        Ok(self.take(&name, container, source))
    }

    fn zip(&mut self, path: &Path) -> Result<(), Error> {
        for (name, source) in zip::members(path)? {
            let bare = name.rsplit('/').next().unwrap_or(&name);
            // Macs put a shadow of each file beside it.
            if !self.take(bare, path.to_owned(), source) {
                self.leave(Path::new(bare));
            }
        }
        Ok(())
    }

    fn take(&mut self, name: &str, container: PathBuf, source: SourceFile) -> bool {
        let Some((name, table)) = parsed(name) else { return false };
        let called = name.to_string();
        self.members.push(Member { name, table, called, container, source });
        true
    }

    fn leave(&mut self, path: &Path) {
        let ending =
            path.extension().map_or_else(|| "(none)".into(), |ending| ending.to_string_lossy());
        *self.left_aside.entry(ending.into_owned()).or_default() += 1;
    }

    /// Puts them in the order of their deliveries, and within one of the tables.
    fn arrange(&mut self) -> Result<(), Error> {
        self.members.sort_by(|one, other| {
            let key = |member: &Member| {
                let name = &member.name;
                (
                    name.date,
                    name.time.clone(),
                    member.table,
                    name.entity.clone(),
                    member.called.clone(),
                )
            };
            key(one).cmp(&key(other))
        });
        if let Some(same) = self.members.windows(2).find(|pair| pair[0].called == pair[1].called) {
            return Err(Error::usage(format!(
                "{} is among the inputs twice, in {} and in {}: its rows would be, too",
                same[0].called,
                same[0].container.display(),
                same[1].container.display()
            )));
        }
        let same = |one: &FileName, other: &FileName| {
            one.part == other.part
                && (&one.entity, one.runout, one.year, one.weekly)
                    == (&other.entity, other.runout, other.year, other.weekly)
                && (one.date, &one.time) == (other.date, &other.time)
        };
        if let Some(twin) = self.members.windows(2).find(|pair| same(&pair[0].name, &pair[1].name))
        {
            return Err(Error::usage(format!(
                "{} and {} are the same file of one delivery under two names: its rows would be there twice",
                twin[0].called, twin[1].called
            )));
        }
        let (test, real): (Vec<_>, Vec<_>) =
            self.members.iter().partition(|member| member.name.test);
        if let (Some(test), Some(real)) = (test.first(), real.first()) {
            return Err(Error::usage(format!(
                "{} is a test file of CMS's and {} is not; read each into tables of its own",
                test.called, real.called
            )));
        }
        let (runout, year): (Vec<_>, Vec<_>) =
            self.members.iter().partition(|member| member.name.runout);
        if let (Some(runout), Some(year)) = (runout.first(), year.first()) {
            return Err(Error::usage(format!(
                "{} is of a run-out and {} is not: the claims of the one are in the other, too; read each into tables of \
                 its own",
                runout.called, year.called
            )));
        }
        Ok(())
    }
}

/// Whether a file is called as CMS calls its zips.
fn is_called_zip(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    FileName::parse(&name).is_some_and(|name| name.part == Part::Zip)
}

fn damaged_zip(path: &Path) -> Error {
    Error::usage(format!(
        "{} is called as CMS calls its zips, and is none: it was not fetched to its end, or is damaged; fetch it again",
        path.display()
    ))
}

/// The name of a file that has the records of one table.
fn parsed(name: &str) -> Option<(FileName, Table)> {
    let name = FileName::parse(name)?;
    let Part::One(table) = name.part else { return None };
    Some((name, table))
}

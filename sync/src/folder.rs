//! The folder: what is there, what is due, and what is not needed any more.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use publish::GrowingFolder;

use crate::error::Error;
use crate::export::{Export, Kind};
use crate::manifest::manifest;
use crate::report::Report;
use crate::settings::{SETTINGS_NAME, Settings};

/// The folder of the tables.
pub(crate) const TABLES: &str = "tables";
/// The folder of what the last update has changed.
pub(crate) const CHANGES: &str = "changes";
/// The folder of the exports.
const EXPORTS: &str = "exports";
/// The report of the last run.
const REPORT: &str = "sync-report.json";

/// The name of what is of a version and stands beside what is of another.
pub(crate) fn of_version(name: &str, api: &str) -> String {
    format!("{name}.{api}")
}

/// A folder under a lock, which goes with the process that holds it.
#[derive(Debug)]
pub struct Folder {
    pub(crate) kept: GrowingFolder,
    path: PathBuf,
    /// The version of the API whose exports are looked at; any unless it is known.
    api: Option<String>,
    /// Whether its tables are made beside those of another version.
    is_beside: bool,
}

impl Folder {
    /// Takes the lock, and makes the folder if it is not there; the one around it must exist.
    ///
    /// # Errors
    /// Another run is at work there, or it cannot be made.
    pub fn open(path: &Path) -> Result<Self, Error> {
        // Of "." and the like only the real path has a name.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if path.to_str().is_none() {
            return Err(Error::usage("the path of the folder is not UTF-8"));
        }
        Ok(Self { kept: GrowingFolder::open(&path)?, path, api: None, is_beside: false })
    }

    /// Exports of other versions are none of its own from here on.
    pub fn keep_to(&mut self, api: &str) {
        self.api = Some(api.to_owned());
    }

    /// Its tables are made beside those of the version that the folder is of, until [`Folder::take_over`].
    pub(crate) fn stand_beside(&mut self, api: &str) {
        self.keep_to(api);
        self.is_beside = true;
    }

    pub(crate) fn stand_alone(&mut self) {
        self.is_beside = false;
    }

    /// The version of the API that the folder is of: that of its tables, or else of its first export; none of another server's.
    ///
    /// # Errors
    /// What is there cannot be read.
    pub fn version(&self, groups: &[String]) -> Result<Option<String>, Error> {
        let mut found = self.all(groups)?;
        found.sort_by_key(|own| own.number);
        let Some(first) = found.iter().find_map(Export::api) else { return Ok(None) };
        let made = manifest(&self.path.join(TABLES))?;
        Ok(Some(made.map_or_else(|| first.to_owned(), |made| made.api)))
    }

    /// Begins a folder with its settings.
    ///
    /// # Errors
    /// Tables are there that no run has made; something cannot be written.
    pub(crate) fn begin(&self, settings: &Settings) -> Result<(), Error> {
        let tables = self.tables();
        if tables.symlink_metadata().is_ok() {
            return Err(Error::usage(format!(
                "{} is there, and no settings beside it ({SETTINGS_NAME}): tables that another run has made are not touched; choose                  another folder, or move them away",
                tables.display()
            )));
        }
        self.write_settings(settings)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the tables.
    pub fn tables(&self) -> PathBuf {
        match &self.api {
            Some(api) if self.is_beside => self.path.join(of_version(TABLES, api)),
            _ => self.path.join(TABLES),
        }
    }

    /// The folder of the exports.
    pub fn exports(&self) -> PathBuf {
        self.path.join(EXPORTS)
    }

    /// The folder of what the last update has changed.
    pub fn changes(&self) -> PathBuf {
        self.path.join(CHANGES)
    }

    /// The settings of a folder, if it has some. No lock is needed for it.
    ///
    /// # Errors
    /// The file cannot be read, or something in it is wrong: the message has the line and the key.
    pub fn settings(path: &Path) -> Result<Option<Settings>, Error> {
        let file = path.join(SETTINGS_NAME);
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::failed(format!("{}: {error}", file.display()))),
        };
        let place = file.display();
        let text = String::from_utf8(text)
            .map_err(|_| Error::usage(format!("{place}: the file is not UTF-8")))?;
        match Settings::parse(&text) {
            Ok(settings) => Ok(Some(settings)),
            Err(fault) => Err(Error::usage(format!("{place}, {fault}"))),
        }
    }

    /// Writes the settings.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write_settings(&self, settings: &Settings) -> Result<(), Error> {
        Ok(self.kept.write(SETTINGS_NAME, settings.to_toml().as_bytes())?)
    }

    /// Writes the report of a run.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_report(&self, json: &str) -> Result<(), Error> {
        Ok(self.kept.write(REPORT, json.as_bytes())?)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        Ok(self.kept.write(name, bytes)?)
    }

    /// The exports of these groups whose jobs have begun, by group and number: those of the version that is kept to.
    ///
    /// # Errors
    /// A folder or a journal cannot be read.
    pub fn found(&self, groups: &[String]) -> Result<Vec<Export>, Error> {
        let mut found = self.all(groups)?;
        if let Some(api) = &self.api {
            found.retain(|own| own.api().is_none_or(|own| own == api));
        }
        Ok(found)
    }

    /// The same, of all versions.
    pub(crate) fn all(&self, groups: &[String]) -> Result<Vec<Export>, Error> {
        let mut found = Vec::new();
        for group in groups {
            let of_group = self.exports().join(group);
            if !of_group.is_dir() {
                continue;
            }
            for name in publish::names_in(&of_group)? {
                let Some(name) = name.to_str() else { continue };
                if of_group.join(name).is_dir() {
                    found.extend(Export::named(&of_group, group, name)?);
                }
            }
        }
        // Where no job has begun there is nothing to go on with.
        found.retain(|own| own.journal.is_some());
        found.sort_by(|one, other| {
            (&one.group, one.number, one.kind).cmp(&(&other.group, other.number, other.kind))
        });
        Ok(found)
    }

    /// The hashes of the exports that the tables hold; none without tables.
    ///
    /// # Errors
    /// There is a manifest, and it is none of ours.
    pub fn held(&self) -> Result<Option<HashSet<String>>, Error> {
        let Some(report) = manifest(&self.tables())? else { return Ok(None) };
        Ok(Some(report.exports.into_iter().filter_map(|own| own.manifest_blake3).collect()))
    }

    /// The exports that this run is about: those that an earlier one has begun, or not applied, with those that belong to
    /// them; if there are none, the next ones. The folders of their groups are made.
    ///
    /// # Errors
    /// What is there cannot be read; tables are missing that exports were applied to which are gone by now.
    pub fn due(&self, groups: &[String]) -> Result<Vec<Export>, Error> {
        let found = self.found(groups)?;
        let held = self.held()?;
        let is_held = |own: &Export| {
            own.hash
                .as_ref()
                .is_some_and(|hash| held.as_ref().is_some_and(|held| held.contains(hash)))
        };
        if held.is_none() {
            can_begin(&found, groups)?;
        }
        let newest = found.iter().map(|own| own.number).max().unwrap_or(0);
        let last = self.all(groups)?.iter().map(|own| own.number).max().unwrap_or(0);
        let in_newest: Vec<&Export> = found.iter().filter(|own| own.number == newest).collect();
        let lacks_people = |own: &&Export| {
            own.kind == Kind::Claims
                && !in_newest
                    .iter()
                    .any(|other| other.group == own.group && other.kind == Kind::People)
        };
        let goes_on =
            in_newest.iter().any(|own| !is_held(own)) || in_newest.iter().any(lacks_people);
        let number = if goes_on { newest } else { last + 1 };
        let exports = self.kept.child(EXPORTS)?;
        let mut due = Vec::new();
        for group in groups {
            exports.child(group)?;
            let own = || found.iter().filter(|own| own.group == *group);
            let begun = own().filter(|own| own.number == number).map(|own| own.kind).max();
            let has_base = own().any(|own| own.number < number && own.is_base());
            let kinds: &[Kind] = match begun {
                Some(Kind::Full) => &[Kind::Full],
                None if !has_base => &[Kind::Full],
                _ => &[Kind::Claims, Kind::People],
            };
            for kind in kinds {
                due.push(Export::at(&self.exports().join(group), group, number, *kind)?);
            }
        }
        // Of an earlier number only what was fetched and never applied is left.
        let late =
            found.into_iter().filter(|own| own.number < number && own.is_whole() && !is_held(own));
        due.extend(late);
        Ok(due)
    }

    /// The exports of the last run, if the tables hold them and no report tells of it: that run was ended after its tables had
    /// appeared. None otherwise.
    ///
    /// # Errors
    /// What is there cannot be read.
    pub fn untold(&self, groups: &[String]) -> Result<Vec<Export>, Error> {
        let Some(held) = self.held()? else { return Ok(Vec::new()) };
        let mut found = self.found(groups)?;
        let newest = found.iter().map(|own| own.number).max();
        found.retain(|own| Some(own.number) == newest);
        let is_held = |own: &Export| own.hash.as_ref().is_some_and(|hash| held.contains(hash));
        let text = fs::read(self.path.join(REPORT)).unwrap_or_default();
        let report: Option<Report> = serde_json::from_slice(&text).ok();
        let is_told = |own: &Export| {
            report
                .as_ref()
                .is_some_and(|report| report.exports.iter().any(|line| line.name == own.name()))
        };
        if !found.iter().all(is_held) || found.iter().all(is_told) {
            found.clear();
        }
        Ok(found)
    }

    /// The result that is there, if one is.
    pub fn result(&self) -> Option<PathBuf> {
        Some(self.tables()).filter(|tables| tables.join(convert::TABLES_MANIFEST).exists())
    }

    /// The result that was there before the last update, if there was one.
    pub fn previous(&self) -> Option<PathBuf> {
        let tables = self.tables();
        let (around, own) = (tables.parent()?, tables.file_name()?.to_str()?);
        let newest = self.previous_of(own).ok()?.pop()?;
        Some(around.join(newest))
    }

    /// The names of the results that were there before a result of the folder, the newest last.
    pub(crate) fn previous_of(&self, name: &str) -> Result<Vec<String>, Error> {
        let is_of = |own: &String| {
            let rest = own.strip_prefix(name).filter(|rest| rest.starts_with('.'));
            rest.is_some_and(|rest| {
                !rest[1..].contains('.') && publish::is_previous_name(own.as_ref())
            })
        };
        Ok(self.kept.names()?.into_iter().filter(is_of).collect())
    }

    /// The report of the run that has made the tables.
    ///
    /// # Errors
    /// Their manifest cannot be read.
    pub fn made(&self) -> Result<convert::Report, Error> {
        let made = manifest(&self.tables())?;
        made.ok_or_else(|| Error::failed("the tables were taken away meanwhile"))
    }

    /// Those of the exports that are finished and that the tables do not hold.
    ///
    /// # Errors
    /// The manifest of the tables is none of ours.
    pub fn to_apply<'e>(&self, exports: &'e [Export]) -> Result<Vec<&'e Export>, Error> {
        let held = self.held()?.unwrap_or_default();
        let is_new = |own: &&Export| own.hash.as_ref().is_some_and(|hash| !held.contains(hash));
        Ok(exports.iter().filter(is_new).collect())
    }

    /// Removes the exports of these groups but those of the newest `keep` times, as far as the tables hold them: what the
    /// next run needs stays whatever `keep` says. Gives how many were removed.
    ///
    /// # Errors
    /// Something cannot be removed.
    pub fn prune(&self, groups: &[String], keep: usize) -> Result<usize, Error> {
        let (found, held) = (self.found(groups)?, self.held()?.unwrap_or_default());
        let mut removed = 0;
        for group in groups {
            let own: Vec<&Export> = found.iter().filter(|own| own.group == *group).collect();
            let numbers: BTreeSet<u32> = own.iter().map(|own| own.number).collect();
            let kept = numbers.iter().rev().nth(keep.max(1) - 1);
            // From there on changes are asked for, and by these people it is told who is gone.
            let base = own.iter().filter(|own| own.is_base()).map(|own| own.number).max();
            let people = own.iter().filter(|own| own.tells_everybody()).map(|own| own.number).max();
            let (Some(kept), Some(base), Some(people)) = (kept, base, people) else { continue };
            let first = *kept.min(&base).min(&people);
            for export in own.iter().filter(|own| own.number < first) {
                if export.hash.as_ref().is_some_and(|hash| held.contains(hash)) {
                    bulk_client::remove_export(&export.path)?;
                    removed += 1;
                }
            }
        }
        Ok(removed)
    }
}

/// Refuses to make tables anew without one of the exports of everything that they are made of.
fn can_begin(found: &[Export], groups: &[String]) -> Result<(), Error> {
    for group in groups {
        let mut own =
            found.iter().filter(|own| own.group == *group && own.is_finished()).peekable();
        if own.peek().is_some() && !own.any(|own| own.kind == Kind::Full && own.is_whole()) {
            return Err(Error::usage(format!(
                "the tables are gone, and so is the full export of group {group} that they were made of: begin again in a \
                 new folder"
            )));
        }
    }
    Ok(())
}

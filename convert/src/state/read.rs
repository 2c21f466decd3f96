//! A state that is there: checked, and read in the order in which it is needed.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};
use std::path::{Path, PathBuf};

use cclf_crosswalk::{Api, Compression, Index, Naming, Resource, Stored, StoredForgotten, Table};
use serde::Deserialize;

use super::about::VERSION;
use super::{ABOUT, About, CLAIMS, DELETIONS, FORGOTTEN, PEOPLE, people};
use crate::TABLES_MANIFEST;
use crate::cancel::Cancel;
use crate::error::Error;
use crate::input::deletions::{IdHash, id_hash, part_of};
use crate::input::sources::Input;
use crate::memory;
use crate::options::Keep;
use crate::out::manifest::{SCHEMA_VERSION, crosswalk_hash};
use crate::out::shared::shared;
use crate::pass::entry::{Entry, PersonHash, person_hash};
use crate::report::{FileReport, FilledBefore, Report};
use crate::stored::StoredTable;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// What is read of the manifest.
#[derive(Deserialize)]
struct Manifest {
    schema_version: u32,
    files: Vec<String>,
    #[serde(flatten)]
    report: Report,
}

/// An earlier result with its state.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    /// Of the manifest.
    blake3: blake3::Hash,
    pub(crate) about: About,
    pub(crate) api: Api,
    pub(crate) naming: Naming,
    pub(crate) compression: Compression,
    /// Every file of the result but the manifest.
    files: Vec<String>,
    report: Report,
}

/// What to do where a result cannot be brought up to date.
const ANEW: &str = "convert all exports again, into another folder or with --overwrite";

impl State {
    /// The state of the result in a folder, which messages call so. It is looked at, and not read.
    ///
    /// # Errors
    /// There is none, or one that this version of the program does not bring up to date; what to do is told.
    pub(crate) fn open(folder: &Path, shown: &str) -> Result<Self, Error> {
        let none = |what: &str| Error::usage(format!("{shown}: {what}"));
        let text = match std::fs::read(folder.join(TABLES_MANIFEST)) {
            Ok(text) => text,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Err(none(
                    "no result is there to bring up to date; make one with bcda convert EXPORT --updatable",
                ));
            }
            Err(error) => {
                return Err(Error::failed(format!(
                    "{shown}: {TABLES_MANIFEST}: cannot read: {error}"
                )));
            }
        };
        let blake3 = blake3::hash(&text);
        let Some(Manifest { schema_version, files, report }) = serde_json::from_slice(&text).ok()
        else {
            return Err(none("its manifest is none of this program's"));
        };
        if report.state.is_empty() {
            return Err(none(
                "the result has no state, which tells what later exports change: only the Parquet files of all tables, with \
                 all columns and lineage, have one, made with --updatable or --keep latest; convert the exports again so",
            ));
        }
        let is_listed = |name: &str| report.state.iter().any(|own| own.file == name);
        let has_all = |table: &Table| report.tables.iter().any(|own| own.table == table.name());
        let is_plain = |name: &String| {
            !name.starts_with('/') && !name.split('/').any(|part| matches!(part, "" | "." | ".."))
        };
        let is_whole = [ABOUT, CLAIMS.0, PEOPLE.0, DELETIONS.0].into_iter().all(is_listed)
            && Table::ALL.iter().all(has_all)
            && schema_version == SCHEMA_VERSION
            && report.keep == Keep::Latest
            && files.iter().chain(report.tables.iter().map(|own| &own.file)).all(is_plain);
        if !is_whole {
            return Err(none(&format!("{TABLES_MANIFEST} is not as it was written; {ANEW}")));
        }
        let about = match std::fs::read(folder.join(ABOUT)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(changed(&folder.join(ABOUT), "is not there any more"));
            }
            about => about.map_err(|error| {
                Error::failed(format!("{shown}: {ABOUT}: cannot read: {error}"))
            })?,
        };
        let about: Option<About> = serde_json::from_slice(&about).ok();
        let Some(about) = about.filter(|about| about.schema_version == VERSION) else {
            return Err(none(&format!("its state is of another version of the program; {ANEW}")));
        };
        let (api, naming, compression) =
            (about.api.parse(), about.naming.parse(), about.compression.parse());
        let (Ok(api), Ok(naming), Ok(compression)) = (api, naming, compression) else {
            return Err(none(&format!("its state is damaged; {ANEW}")));
        };
        if about.exports != report.exports {
            return Err(none(&format!("{TABLES_MANIFEST} is not as it was written; {ANEW}")));
        }
        if about.crosswalk_blake3 != crosswalk_hash(api) {
            return Err(none(&format!(
                "its tables are of another version of the crosswalk ({}), in which columns may be filled otherwise; {ANEW}",
                report.crosswalk_version
            )));
        }
        let folder = folder.to_owned();
        Ok(Self { folder, blake3, about, api, naming, compression, files, report })
    }

    /// Whether the result is the one that was looked at.
    ///
    /// # Errors
    /// Another run has put another one in its place.
    pub(crate) fn is_still_there(&self) -> Result<(), Error> {
        let path = self.folder.join(TABLES_MANIFEST);
        match std::fs::read(&path) {
            Ok(text) if blake3::hash(&text) == self.blake3 => Ok(()),
            _ => Err(Error::failed(format!(
                "{}: another run has replaced the tables meanwhile; nothing was published: begin the update again",
                path.display()
            ))),
        }
    }

    /// The file of a table.
    pub(crate) fn table(&self, table: Table) -> Option<PathBuf> {
        let own = self.report.tables.iter().find(|own| own.table == table.name())?;
        Some(self.folder.join(&own.file))
    }

    /// How much of each table is filled, as far as 11 people or more tell it.
    ///
    /// # Errors
    /// A file is damaged, or cannot be read; the run was asked to end.
    pub(crate) fn filled(&self, cancel: &Cancel) -> Result<Vec<FilledBefore>, Error> {
        let mut filled = Vec::new();
        for own in &self.report.tables {
            let file = self.folder.join(&own.file);
            let stored = StoredTable::open(&file, &file.display().to_string())?;
            let Some(counts) = stored.filled()? else { continue };
            let columns = people::told(&stored, &counts, cancel)?;
            filled.push(FilledBefore { table: own.table.clone(), rows: stored.rows(), columns });
        }
        Ok(filled)
    }

    /// The files of rejects, by their names in the folder.
    pub(crate) fn rejects(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        let rejects = self.files.iter().filter(|name| name.starts_with("rejects/"));
        rejects.map(|name| (name.as_str(), self.folder.join(name)))
    }

    /// Checks that tables and state are as they were written.
    ///
    /// # Errors
    /// Somebody has changed one; which is told.
    pub(crate) fn check(&self, threads: usize, cancel: &Cancel) -> Result<(), Error> {
        let tables = self.report.tables.iter().map(|own| FileReport {
            file: own.file.clone(),
            bytes: own.bytes,
            blake3: own.blake3.clone(),
        });
        let files: Vec<FileReport> = tables.chain(self.report.state.iter().cloned()).collect();
        let folder = self.folder.as_path();
        let checked = shared(files, threads.saturating_sub(1), |file| check(folder, &file, cancel));
        checked.into_iter().collect()
    }

    /// A file of the state, behind what it begins with.
    fn read(&self, (name, magic): (&str, &[u8; 8])) -> Result<Reading, Error> {
        let path = self.folder.join(name);
        let file = File::open(&path).map_err(|error| unread(&path, &error))?;
        let bytes = file.metadata().map_err(|error| unread(&path, &error))?.len();
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        let mut reading = Reading { path, file, bytes };
        match reading.next()? {
            Some(begin) if begin == *magic => Ok(reading),
            _ => Err(reading.damaged()),
        }
    }

    /// What was deleted, with the rank of the export that says so among the exports of the state.
    pub(crate) fn deletions(&self) -> Result<Vec<(IdHash, u32)>, Error> {
        let (mut reading, mut deletions) = (self.read(DELETIONS)?, Vec::new());
        while let Some(hash) = reading.next()? {
            let rank = reading.next()?.ok_or_else(|| reading.damaged())?;
            deletions.push((hash, u32::from_le_bytes(rank)));
        }
        reading.ends_after(deletions.len() as u64, self.about.deletions)?;
        Ok(deletions)
    }

    /// Puts the people into an index, but for those who were deleted since.
    /// Gives those of whom something was deleted.
    pub(crate) fn people(
        &self,
        index: &mut Index,
        input: &Input,
    ) -> Result<HashSet<PersonHash>, Error> {
        let mut reading = self.read(PEOPLE)?;
        let (mut bytes, mut gone) = (Vec::new(), HashSet::new());
        let mut count = 0;
        while let Some(len) = reading.next()? {
            let len = u32::from_le_bytes(len);
            if u64::from(len) > reading.bytes {
                return Err(reading.damaged());
            }
            count += 1;
            bytes.resize(len as usize, 0);
            reading.file.read_exact(&mut bytes).map_err(|_| reading.damaged())?;
            let stored = Stored::next(&mut &bytes[..]);
            let mut stored = stored.ok_or_else(|| reading.damaged())?;
            let own = part_of(&id_hash(Resource::Patient, stored.id()));
            if input.deletions.has_left(own) {
                gone.insert(person_hash(stored.id()));
                continue;
            }
            let is_gone = |id, rank| input.deletions.has_part(id, rank);
            let changed = stored.change(own, is_gone, |old| input.known.rank(old));
            if changed.map_err(|StoredForgotten| Error::usage(FORGOTTEN))? {
                gone.insert(person_hash(stored.id()));
            }
            memory::keep_within(index);
            index.restore(&stored).map_err(memory::full)?;
        }
        reading.ends_after(count, self.about.people)?;
        Ok(gone)
    }

    /// Gives `take` the claims, each with its place, which is always the same.
    pub(crate) fn each_claim(
        &self,
        mut take: impl FnMut(u64, Entry) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (mut reading, mut place) = (self.read(CLAIMS)?, 0);
        while let Some(bytes) = reading.next()? {
            take(place, Entry::unpack(&bytes))?;
            place += 1;
        }
        reading.ends_after(place, self.about.claims)
    }
}

/// A file of a state that is being read.
struct Reading {
    path: PathBuf,
    file: BufReader<File>,
    /// Of the whole file.
    bytes: u64,
}

impl Reading {
    /// The next so many bytes; none at the end.
    fn next<const N: usize>(&mut self) -> Result<Option<[u8; N]>, Error> {
        if self.file.fill_buf().map_err(|error| unread(&self.path, &error))?.is_empty() {
            return Ok(None);
        }
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(|_| self.damaged())?;
        Ok(Some(bytes))
    }

    /// Whether there were as many entries as were written.
    fn ends_after(&self, found: u64, wanted: u64) -> Result<(), Error> {
        if found == wanted { Ok(()) } else { Err(self.damaged()) }
    }

    fn damaged(&self) -> Error {
        Error::failed(format!("{}: the file is damaged; {ANEW}", self.path.display()))
    }
}

fn unread(path: &Path, error: &std::io::Error) -> Error {
    Error::failed(format!("{}: cannot read: {error}", path.display()))
}

/// Whether a file is as it was written.
fn check(folder: &Path, file: &FileReport, cancel: &Cancel) -> Result<(), Error> {
    let path = folder.join(&file.file);
    let unread = |error: std::io::Error| unread(&path, &error);
    let mut opened = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(changed(&path, "is not there any more"));
        }
        opened => opened.map_err(unread)?,
    };
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        match opened.read(&mut buffer).map_err(unread)? {
            0 => break,
            count => hasher.update(&buffer[..count]),
        };
    }
    if hasher.finalize().to_hex().as_str() == file.blake3 {
        Ok(())
    } else {
        Err(changed(&path, "is not as it was written"))
    }
}

fn changed(path: &Path, what: &str) -> Error {
    Error::usage(format!("{} {what}: somebody has changed the result; {ANEW}", path.display()))
}

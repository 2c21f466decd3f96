//! The tables that `bcda export` makes of what it has fetched.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use bulk_client::{FileRecord, FileState, ItemType, Journal, Report};

use crate::commands;
use crate::failure::Failure;
use crate::log::Log;
use crate::reading_args::option;
use crate::run_files::RunFiles;

/// Tables of an export.
pub(super) struct Tables<'t> {
    /// Their folder.
    pub(super) place: &'t Path,
    /// That of the export.
    pub(super) export: &'t Path,
    /// Files, folders or addresses of people that are joined too.
    pub(super) people: &'t [String],
    /// Whether claims have rows that are not adjudicated to the end.
    pub(super) partially_adjudicated: bool,
}

impl Tables<'_> {
    /// What cannot be is found before anything is asked for.
    pub(super) fn check(&self, restart: bool) -> Result<(), Failure> {
        let tables = self.place;
        utf8(self.export)?;
        if publish::overlaps(tables, self.export) {
            return Err(Failure::new(
                2,
                "the export and the tables lie in one another; choose other folders",
            ));
        }
        let around = tables.parent().filter(|around| !around.as_os_str().is_empty());
        if around.is_some_and(|around| !around.is_dir()) {
            let message =
                format!("the folder around {} does not exist: make it first", tables.display());
            return Err(Failure::new(2, message));
        }
        for people in self.people.iter().filter(|people| !convert::is_address(people)) {
            if publish::overlaps(tables, Path::new(people)) {
                let message =
                    format!("the tables and {people} lie in one another; choose another folder");
                return Err(Failure::new(2, message));
            }
            if !people.contains(['*', '?', '[']) && !Path::new(people).exists() {
                return Err(Failure::new(
                    2,
                    format!("--patients {people}: no such file or folder"),
                ));
            }
        }
        // Tables of a finished export may be those of an earlier run of this command, and never those of a new job.
        let export = Journal::read(self.export)?;
        match export.filter(|export| export.is_complete() && !restart) {
            Some(export) => self.made(&export.files, &[]).map(drop),
            None if self.has_entries() => Err(self.not_empty()),
            None => Ok(()),
        }
    }

    fn has_entries(&self) -> bool {
        publish::names_in(self.place).is_ok_and(|names| !names.is_empty())
    }

    fn not_empty(&self) -> Failure {
        let place = self.place.display();
        Failure::new(2, format!("{place} is not empty; choose another folder for the tables"))
    }

    /// The run that made the tables from this export, from the people that are named, and from these earlier ones; none
    /// if there are no tables. Others are not replaced: they may have been made of more, or by hand.
    fn made(
        &self,
        files: &[FileRecord],
        earlier: &[PathBuf],
    ) -> Result<Option<convert::Report>, Failure> {
        if !self.has_entries() {
            return Ok(None);
        }
        let text = std::fs::read(self.place.join(convert::TABLES_MANIFEST)).unwrap_or_default();
        let made: convert::Report = serde_json::from_slice(&text).map_err(|_| self.not_empty())?;
        let hashes: HashSet<&str> =
            made.inputs.iter().filter_map(|input| input.blake3.as_deref()).collect();
        let mut records = files
            .iter()
            .filter(|file| file.item_type == ItemType::Output && file.state == FileState::Complete);
        let count = records.clone().count();
        let has_all = records
            .all(|file| file.blake3.as_deref().is_some_and(|hash| hashes.contains(hash)))
            && self.has_people(&made.inputs, count, earlier)?;
        if made.inputs.is_empty() || !has_all {
            let (place, out) = (self.place.display(), self.export.display());
            return Err(Failure::new(
                2,
                format!(
                    "{place} has tables that were not made of all these files; choose another folder for the \
                     tables, or replace them: bcda convert {out} --out {place} --overwrite, with --patients for \
                     each file of people"
                ),
            ));
        }
        Ok(Some(made))
    }

    /// Whether the inputs of tables, so many of which are those of the export, are the people too that are named and came
    /// earlier. Those that are named are told from others by size and time of change; where tables were made with the
    /// hashes of their inputs, by these.
    fn has_people(
        &self,
        inputs: &[convert::InputReport],
        records: usize,
        earlier: &[PathBuf],
    ) -> Result<bool, Failure> {
        let (far, near): (Vec<String>, Vec<String>) =
            self.people.iter().cloned().partition(|people| convert::is_address(people));
        let failed = |error: std::io::Error, path: &Path| {
            Failure::new(1, format!("{} cannot be read: {error}", path.display()))
        };
        let real = |path: &Path| path.canonicalize().map_err(|error| failed(error, path));
        let mut people: HashSet<PathBuf> =
            earlier.iter().map(|path| real(path)).collect::<Result<_, _>>()?;
        let named = ndjson_io::discover(&near, &[]).map_err(|error| {
            Failure::new(if error.is_usage() { 2 } else { 1 }, error.to_string())
        })?;
        for file in named.iter().filter(|file| !file.is_stream()) {
            let path = file.path();
            let mut hashed: Vec<&str> = Vec::new();
            let mut is_one = false;
            for input in inputs.iter().filter(|input| Some(input.bytes) == file.len()) {
                match &input.blake3 {
                    Some(hash) => hashed.push(hash),
                    None => is_one |= input.was(file),
                }
            }
            if !is_one && !hashed.is_empty() {
                let mut hasher = blake3::Hasher::new();
                let read =
                    std::fs::File::open(path).and_then(|file| hasher.update_reader(file).map(drop));
                read.map_err(|error| failed(error, path))?;
                is_one = hashed.contains(&hasher.finalize().to_hex().as_str());
            }
            if !is_one {
                return Ok(false);
            }
            people.insert(real(path)?);
        }
        // An export that is named among its people is read once.
        let out = real(self.export)?;
        people.retain(|path| !path.starts_with(&out));
        Ok(inputs.len() >= records + people.len() + far.len())
    }

    /// Makes them, unless they are there already; gives the exit code of it.
    pub(super) fn make(&self, report: &Report, log: Log) -> Result<u8, Failure> {
        // Tables would stand in the way of those of the export that replaces it.
        if report.files.iter().any(|file| file.state == FileState::Pending) {
            log.info("the export is not converted, as files are missing; the same command with --restart does both");
            return Ok(0);
        }
        // Nothing has changed since the last export, say: there is no file to read.
        if report.nothing {
            log.info("there is nothing to convert");
            return Ok(0);
        }
        let Some(made) = self.made(&report.files, &report.earlier_people)? else {
            return self.convert(report, log);
        };
        let place = self.place.display();
        log.info(&match made.records.rejected {
            0 => format!("nothing to do: {place} has the tables already"),
            count => format!(
                "nothing to do: {place} has the tables already, without {count} rejected record(s)"
            ),
        });
        Ok(commands::convert::exit_code(&made))
    }

    /// Converts the export as `bcda convert` does by default, and joins the people that are named or came earlier.
    fn convert(&self, report: &Report, log: Log) -> Result<u8, Failure> {
        let (export, tables) = (plain(self.export), plain(self.place));
        let mut options = convert::Options::new(vec![utf8(&export)?], convert::Output::at(&tables));
        options.reading.spelling = option;
        options.reading.partially_adjudicated = self.partially_adjudicated;
        options.reading.patients.extend_from_slice(self.people);
        for people in &report.earlier_people {
            options.reading.patients.push(utf8(people)?);
        }
        commands::convert::convert(&options, &tables, &RunFiles::default(), log)
    }
}

/// What begins with a dash is a path here, not standard input or output.
fn plain(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// An input of the conversion. Names of inputs go into tables and reports, which are UTF-8.
fn utf8(path: &Path) -> Result<String, Failure> {
    let text = path.to_str().map(str::to_owned);
    text.ok_or_else(|| Failure::new(2, format!("{}: the path is not UTF-8", path.display())))
}

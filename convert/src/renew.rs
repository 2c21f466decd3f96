//! An earlier result brought up to date by new exports: the rows of one conversion of all of them.
//!
//! ```text
//! state ────────> people, claims that count ──┐
//! new exports ──> people, claims ─────────────┴──> which count ──> rows carried over, new rows ──> published
//! ```

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

use cclf_crosswalk::{Api, Table};
use ndjson_io::{Discovered, SourceFile};
use publish::Stage;

use crate::TABLES_MANIFEST;
use crate::elsewhere::{Elsewhere, is_address};
use crate::error::Error;
use crate::input::find;
use crate::input::known::Known;
use crate::input::several::{self, Export};
use crate::input::sources::Input;
use crate::input::version::{Told, Version};
use crate::options::{Keep, Options, Output, Reading};
use crate::out::manifest;
use crate::out::place::{Place, leftover_warning, open_stage, open_temporary};
use crate::report::Report;
use crate::run::{Earlier, run_as};
use crate::setting::{Setting, said};
use crate::state::State;
use crate::update::ChangesPlace;

/// What an update is asked to do.
#[derive(Clone, Debug)]
pub struct UpdateOptions {
    /// The folder of the earlier result, or its address in object storage.
    pub tables: PathBuf,
    /// Where the new result goes, which is new; in place of the earlier one unless given. What is in object storage is not
    /// changed in place.
    pub out: Option<PathBuf>,
    /// The new exports, and how they are read. Which versions count, and whether claims do that are not adjudicated to the end,
    /// is as it was for the result. People of earlier exports are in it: [`Reading::patients`] names none besides.
    pub reading: Reading,
    /// A folder for what changes: the rows to insert, and the ids whose rows go first.
    pub changes: Option<PathBuf>,
    /// Whether an export may come that is in the result already.
    pub again: bool,
    /// How many earlier results stay beside the new one.
    pub keep_previous: u32,
    /// Ids of Patients who go with all that is theirs: their claims and Coverages, those of the new exports too. What a later
    /// export has of them comes back.
    pub leaving: Vec<String>,
}

impl UpdateOptions {
    /// The defaults for these exports and this result.
    pub fn new(tables: PathBuf, exports: Vec<String>) -> Self {
        Self {
            tables,
            out: None,
            reading: Reading::new(exports),
            changes: None,
            again: false,
            keep_previous: 0,
            leaving: Vec::new(),
        }
    }
}

/// Brings a result up to date: rows of claims and people that come again are replaced, new ones added, and those of what was
/// deleted taken out. What comes out is what [`run`](crate::run) makes of all exports at once, with [`Keep::Latest`].
///
/// # Errors
/// Why nothing was published, as of [`run`](crate::run): the result has no state or is of another crosswalk, somebody has
/// changed it, an export is of another version of the API, is in the result already, or has no manifest.
pub fn update(options: &UpdateOptions) -> Result<Report, Error> {
    renew(options).map_err(|error| error.spelled(options.reading.spelling))
}

/// Puts the result before in the place of one: the newest that [`UpdateOptions::keep_previous`] has left. That which was there
/// goes. Gives what the user should know.
///
/// # Errors
/// There is none to go back to; what publishing says.
pub fn undo(tables: &Path) -> Result<Vec<String>, Error> {
    let published = publish::undo(tables, TABLES_MANIFEST, manifest::owned)?;
    Ok(published.leftover.as_deref().map(leftover_warning).into_iter().collect())
}

/// Removes the result `name` in a folder under our lock, if there is one; gives what could not be removed.
///
/// # Errors
/// Something is in it that its manifest does not name; what publishing says.
pub fn remove(folder: &publish::GrowingFolder, name: &str) -> Result<Vec<String>, Error> {
    let leftover = folder.remove_result(name, TABLES_MANIFEST, manifest::owned)?;
    Ok(leftover.as_deref().map(leftover_warning).into_iter().collect())
}

fn renew(asked: &UpdateOptions) -> Result<Report, Error> {
    let started = Instant::now();
    let reading = &asked.reading;
    let elsewhere = Elsewhere::new(&reading.cancel);
    if !reading.patients.is_empty() {
        return Err(Error::usage(said![
            "the people of earlier exports are in the tables already; leave ",
            Setting::Patients,
            " out"
        ]));
    }
    let shown = asked.tables.display().to_string();
    let fetched = fetched(asked, &elsewhere)?;
    let folder = match &fetched {
        Some(stage) => stage.scratch()?,
        None => asked.tables.clone(),
    };
    // Before anything is locked: there may be nothing to bring up to date.
    let options = options(asked, &State::open(&folder, &shown)?);
    let files = find::later_exports(&options.reading, &options.places(), &elsewhere)?;
    if files.sources.iter().any(SourceFile::is_stream) {
        return Err(Error::usage(
            "a result is brought up to date from files: standard input and pipes are read once, and no manifest lies beside \
             them",
        ));
    }
    let mut place = Place::open(&options, &elsewhere)?;
    let state = State::open(&folder, &shown)?;
    state.check(reading.threads(), &reading.cancel)?;
    let known = known(&state)?;
    let before = known.exports.clone();
    let mut input =
        Input::examine(files, Discovered::default(), &options.reading, &elsewhere, known)?;
    let new: Vec<&Export> = input.several.iter().filter(|export| !export.is_known()).collect();
    refuse(&new, &before, asked.again)?;
    place.keep_rejects(&folder_of(&new, &state), state.rejects())?;
    input.deletions.leave(&asked.leaving);
    // Those that come again are listed once.
    let again: HashSet<_> = new.iter().map(|export| export.manifest).collect();
    input.forget(|export| export.is_known() && again.contains(&export.manifest));
    let version = version(&mut input, &state, &options.reading)?;
    let foreign = OnceLock::new();
    let changes = asked.changes.as_deref().map(|folder| changes_in(folder, asked, &options));
    let earlier = Earlier { state: &state, changes: changes.transpose()? };
    run_as(&options, version, &input, place, &foreign, (started, Some(earlier)))
}

/// The result, copied from object storage if it lies there.
fn fetched(asked: &UpdateOptions, elsewhere: &Elsewhere) -> Result<Option<Stage>, Error> {
    let tables = asked.tables.to_string_lossy();
    let is_there = is_address(&tables);
    match &asked.out {
        None if is_there => {
            return Err(Error::usage(said![
                "tables in object storage are not changed in place, since nothing there appears all at once: name a new place \
                 with ",
                Setting::Output
            ]));
        }
        Some(out) => {
            find::refuse_overlap(out, &tables)?;
            let is_empty = || publish::names_in(out).is_ok_and(|names| names.is_empty());
            let is_there = !is_address(&out.to_string_lossy()) && out.symlink_metadata().is_ok();
            if out.as_os_str() == "-" || is_there && !is_empty() {
                return Err(Error::usage(said![
                    format!("{}: expected a new folder, or an address, with ", out.display()),
                    Setting::Output,
                    "; in place of the tables they are brought up to date without it"
                ]));
            }
        }
        None => {}
    }
    if !is_there {
        return Ok(None);
    }
    let stage = open_temporary("update")?;
    elsewhere.fetch(&tables, &stage.scratch()?)?;
    Ok(Some(stage))
}

/// The folder of what changes, which lies neither in the tables nor in an export.
fn changes_in(
    folder: &Path,
    asked: &UpdateOptions,
    options: &Options,
) -> Result<ChangesPlace, Error> {
    let results = [Some(&asked.tables), asked.out.as_ref()].into_iter().flatten();
    let results = results.map(|path| path.to_string_lossy().into_owned());
    for other in results.chain(options.reading.inputs.iter().cloned()) {
        find::refuse_overlap(folder, &other)?;
    }
    let mut options = options.clone();
    options.output = Output::Folder(folder.to_owned());
    options.tables.retain(|table| *table != Table::Cclf0);
    let stage = open_stage(folder, true, 0)?;
    Ok(ChangesPlace { options, stage })
}

/// A run as that which made the result.
fn options(asked: &UpdateOptions, state: &State) -> Options {
    let mut options =
        Options::new(Vec::new(), Output::at(asked.out.as_ref().unwrap_or(&asked.tables)));
    options.reading = asked.reading.clone();
    options.reading.keep = Some(Keep::Latest);
    options.reading.partially_adjudicated = state.about.partially_adjudicated;
    options.overwrite = asked.out.is_none();
    options.updatable = true;
    options.keep_previous = asked.keep_previous;
    (options.naming, options.compression) = (state.naming, state.compression);
    options
}

/// What the state tells.
fn known(state: &State) -> Result<Known, Error> {
    let mut exports = state.about.exports().ok_or_else(|| {
        Error::failed("the state of the result is damaged: it lists its exports in another form")
    })?;
    several::rank(&mut exports);
    Ok(Known {
        exports,
        deletions: state.deletions()?,
        lineages: state.about.lineages(),
        age_at: state.about.age_at,
        ranks: Vec::new(),
    })
}

/// Refuses exports that no manifest tells of, and those that are in the result already.
fn refuse(new: &[&Export], known: &[Export], again: bool) -> Result<(), Error> {
    for export in new {
        let shown = export.folder.display();
        if export.time.is_none() {
            return Err(Error::usage(format!(
                "{shown}: no export manifest lies beside the files, so that nothing tells when they were exported; give the \
                 folder of an export"
            )));
        }
        if !again && known.iter().any(|own| own.has_claims && own.manifest == export.manifest) {
            return Err(Error::usage(said![
                format!("{shown}: the tables hold this export already; "),
                Setting::Again,
                " applies it once more"
            ]));
        }
    }
    Ok(())
}

/// The folder of the rejects of these exports: no other has its name.
fn folder_of(new: &[&Export], state: &State) -> String {
    let is_plain = |ch: &char| ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-' | '_');
    let name = new.last().map_or("", |export| export.name.as_str());
    let plain: String = name.chars().filter(is_plain).collect();
    let plain = match plain.trim_matches('.') {
        "" => "export",
        plain => plain,
    };
    let is_free = |name: &String| {
        let folder = format!("rejects/{name}/");
        !state.rejects().any(|(own, _)| own.starts_with(&folder))
    };
    let numbered = (2..).map(|number: u32| format!("{plain}-{number}"));
    std::iter::once(plain.to_owned()).chain(numbered).find(is_free).unwrap_or_default()
}

/// The version of the result, which the new exports must be of.
fn version(input: &mut Input, state: &State, reading: &Reading) -> Result<Version, Error> {
    let api = state.api;
    let other = |other: Api, what: &str| {
        Error::usage(format!(
            "{what} of BCDA {other}, and the tables hold claims of BCDA {api}: those of one version have other numbers in the \
             other; convert the exports of {other} into tables of their own"
        ))
    };
    if let Some(stated) = reading.api {
        if stated != api {
            return Err(other(stated, "what is to be read is"));
        }
        return Ok(Version { api, told: Told::ByUser });
    }
    let found = Version::settle(&mut input.sources, reading)?;
    match found.told {
        Told::BySource(source) if found.api != api => {
            let name = input.sources[source].file.name();
            Err(other(found.api, &format!("{name} holds records")))
        }
        _ => Ok(Version { api, told: Told::Elsewhere }),
    }
}

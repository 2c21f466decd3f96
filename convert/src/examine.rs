//! What a result says of itself: how it was made, and whether later exports can bring it up to date. No table is read.

use std::path::Path;

use cclf_crosswalk::CROSSWALK_VERSION;
use serde::Deserialize;

use crate::TABLES_MANIFEST;
use crate::error::Error;
use crate::out::manifest::{SCHEMA_VERSION, crosswalk_hash_of};
use crate::report::{ExportReport, FileReport, TableReport};
use crate::state::State;

/// A result, as its manifest tells it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Examined {
    /// The version of the API that its records are of; none where they are of CMS's files.
    pub api: Option<String>,
    /// The version of the crosswalk that made it.
    pub crosswalk_version: String,
    /// Whether this program would fill its columns alike.
    pub is_of_this_crosswalk: bool,
    /// When the newest of its exports was made, as their manifests tell.
    pub transaction_time: Option<String>,
    /// Bytes of its tables and of its state.
    pub bytes: u64,
    /// Whether it has a state, which later exports need.
    pub has_state: bool,
    /// Why later exports cannot bring it up to date, if they cannot.
    pub not_updatable: Option<String>,
}

/// What is read of a manifest, whoever of this program wrote it.
#[derive(Deserialize)]
struct Manifest {
    schema_version: u32,
    crosswalk_version: String,
    crosswalk_blake3: Option<String>,
    api: Option<String>,
    transaction_time: Option<String>,
    #[serde(default)]
    exports: Vec<ExportReport>,
    #[serde(default)]
    tables: Vec<TableReport>,
    #[serde(default)]
    state: Vec<FileReport>,
}

/// Looks at the result in a folder, which messages call so.
///
/// # Errors
/// Its manifest cannot be read, or is none that this version of the program knows.
///
/// # Example
///
/// ```
/// # let export = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/export").to_owned();
/// # let work = tempfile::tempdir()?;
/// # let tables = work.path().join("tables");
/// let options = convert::Options::new(vec![export], convert::Output::Folder(tables.clone()));
/// convert::run(&options)?;
/// let found = convert::examine(&tables, "tables")?;
/// assert!(found.is_of_this_crosswalk && !found.has_state);
/// assert_eq!(found.api.as_deref(), Some("v1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn examine(folder: &Path, shown: &str) -> Result<Examined, Error> {
    let text = std::fs::read(folder.join(TABLES_MANIFEST)).map_err(|error| {
        Error::failed(format!("{shown}: {TABLES_MANIFEST}: cannot read: {error}"))
    })?;
    let found: Option<Manifest> = serde_json::from_slice(&text).ok();
    let found = found.filter(|found| found.schema_version == SCHEMA_VERSION).ok_or_else(|| {
        Error::usage(format!("{shown}: {TABLES_MANIFEST} is none of this version of the program"))
    })?;
    let has_state = !found.state.is_empty();
    let newest = || {
        let times = found.exports.iter().filter_map(|export| export.transaction_time.as_ref());
        let times = times.filter_map(|time| Some((time.parse::<jiff::Timestamp>().ok()?, time)));
        times.max().map(|(_, time)| time.clone())
    };
    // What is made of CMS's files follows no version of the API, and has no hash.
    let is_of_this_crosswalk = found.crosswalk_version == CROSSWALK_VERSION
        && found
            .crosswalk_blake3
            .is_none_or(|hash| hash == crosswalk_hash_of(found.api.as_deref().unwrap_or_default()));
    let tables = found.tables.iter().map(|table| table.bytes);
    Ok(Examined {
        is_of_this_crosswalk,
        transaction_time: found.transaction_time.clone().or_else(newest),
        bytes: tables.chain(found.state.iter().map(|file| file.bytes)).sum(),
        has_state,
        not_updatable: State::open(folder, shown).err().map(|error| error.to_string()),
        api: found.api,
        crosswalk_version: found.crosswalk_version,
    })
}

//! `tables-manifest.json`: written last, and the list of what is ours in a published folder.

use std::collections::BTreeSet;
use std::path::Path;

use cclf_crosswalk::Api;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::TABLES_MANIFEST;
use crate::input::file_date::Exports;
use crate::report::Report;

/// Version of the manifest's own form: it grows when a member goes or means something else, not when one is added.
pub const SCHEMA_VERSION: u32 = 2;

#[derive(Serialize)]
struct Manifest<'r> {
    schema_version: u32,
    /// Every file of the folder but this one.
    files: &'r [String],
    crosswalk_blake3: String,
    /// How a synthetic export was made; absent when the people may be real.
    #[serde(skip_serializing_if = "Option::is_none")]
    synthetic: Option<&'r Value>,
    /// The servers that made the exports, as scheme and host.
    export_servers: &'r BTreeSet<String>,
    #[serde(flatten)]
    report: &'r Report,
}

#[derive(Deserialize)]
struct Earlier {
    files: Vec<String>,
}

/// The manifest's text.
pub(crate) fn text(report: &Report, files: &[String], exports: &Exports) -> Vec<u8> {
    let manifest = Manifest {
        schema_version: SCHEMA_VERSION,
        files,
        crosswalk_blake3: crosswalk_hash_of(&report.api),
        synthetic: exports.synthetic.as_ref(),
        export_servers: &exports.servers,
        report,
    };
    let mut text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
    text.push(b'\n');
    text
}

/// What the manifest of an earlier run lists; none when there is no manifest of ours.
///
/// # Errors
/// There is one, or something in its place, but it cannot be read.
pub(crate) fn owned(folder: &Path) -> Result<Option<Vec<String>>, publish::Error> {
    let path = folder.join(TABLES_MANIFEST);
    let failed = |error| publish::Error::io("read", &path, error);
    match path.symlink_metadata() {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    }
    let text = std::fs::read(&path).map_err(failed)?;
    Ok(files_of(&text))
}

/// What the text of a manifest lists, if it is one of ours.
pub(crate) fn files_of(text: &[u8]) -> Option<Vec<String>> {
    serde_json::from_slice::<Earlier>(text).ok().map(|earlier| earlier.files)
}

/// BLAKE3 of the tables of a version's crosswalk, which tells two crosswalks of one version apart.
pub(crate) fn crosswalk_hash(api: Api) -> String {
    let sources = match api {
        Api::V1 => cclf_crosswalk::STU3,
        Api::V2 => cclf_crosswalk::V2,
        Api::V3 => cclf_crosswalk::V3,
    };
    let mut hasher = blake3::Hasher::new();
    for text in [
        sources.crosswalk,
        sources.tables,
        sources.record,
        sources.lineage,
        sources.maps,
        sources.states,
    ] {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The same, by the name of the version.
pub(crate) fn crosswalk_hash_of(api: &str) -> String {
    api.parse().map_or_else(|_| String::new(), crosswalk_hash)
}

//! A file of an export, as the journal keeps it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::verify::Holds;

/// What became of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FileState {
    /// Not there yet, or not whole.
    #[default]
    Pending,
    /// There, checked.
    Complete,
    /// There and whole, but still encrypted.
    Encrypted,
    /// The server's file has no bytes; there is none here.
    Empty,
}

/// The list of the manifest that a file is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemType {
    /// Records.
    #[default]
    Output,
    /// What is no more.
    Deleted,
    /// OperationOutcomes.
    Error,
}

impl ItemType {
    /// The name of the list.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Deleted => "deleted",
            Self::Error => "error",
        }
    }
}

/// A file of the export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// Our name of it; while it is pending, without what depends on its content (`.gz`).
    pub name: String,
    /// The FHIR type.
    #[serde(rename = "type")]
    pub resource_type: String,
    /// The list of the manifest.
    #[serde(default)]
    pub item_type: ItemType,
    /// Where it came from, without the query.
    #[serde(default)]
    pub url: String,
    /// BLAKE3 of the whole URL, cut to 128 bits, hex: tells files apart whose URLs differ in their queries alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_hash: Option<String>,
    /// Whether the file is known from an earlier run by its URL without the query, which no other file has.
    #[serde(skip)]
    pub(crate) resigned: bool,
    /// What became of it.
    #[serde(default)]
    pub state: FileState,
    /// Bytes of the file.
    #[serde(default)]
    pub bytes: u64,
    /// Bytes of its text; the same unless it is compressed.
    #[serde(default)]
    pub content_bytes: u64,
    /// Lines that are not blank.
    #[serde(default)]
    pub records: u64,
    /// How many records the manifest says it has; none if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// BLAKE3 of the file, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blake3: Option<String>,
}

impl FileRecord {
    /// The name that it has while it is pending: without what depends on its content and on how far it has come.
    pub(crate) fn plain_name(&self) -> &str {
        self.name.trim_end_matches(".enc").trim_end_matches(".gz")
    }

    /// Whether nothing of it is missing in the folder. What somebody has compressed or unpacked is still there.
    pub(crate) fn is_in(&self, folder: &Path) -> bool {
        let bytes = |name: &str| {
            let found = folder.join(name).symlink_metadata().ok()?;
            found.is_file().then_some(found.len())
        };
        let plain = self.plain_name();
        match self.state {
            FileState::Pending => false,
            FileState::Empty => true,
            FileState::Complete | FileState::Encrypted => {
                let other = [plain, &format!("{plain}.gz")]
                    .into_iter()
                    .any(|name| name != self.name && bytes(name).is_some());
                other || bytes(&self.name) == Some(self.bytes)
            }
        }
    }

    /// What its lines should be.
    pub(crate) fn holds(&self) -> Holds {
        let outcomes =
            self.item_type == ItemType::Error || self.resource_type == "OperationOutcome";
        if outcomes { Holds::Outcomes } else { Holds::Records }
    }
}

/// What stands for a whole URL where its query, which may be a signature, must not be kept.
pub(crate) fn url_hash(url: &Url) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("bcda-bulk-client 2026 URL of a file");
    hasher.update(url.as_str().as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
}

//! The exports of a folder, by their names, and what has become of each.

use std::fs;
use std::path::{Path, PathBuf};

use bulk_client::{FileState, ItemType, JOURNAL_NAME, Journal};

use crate::error::Error;

/// What an export is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Everything.
    Full,
    /// What changed since the last export of the group, with what was deleted: all types are asked for, since a server tells
    /// deletions only of those.
    Claims,
    /// All people of the group, with all their coverages.
    People,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Full, Self::Claims, Self::People];

    /// The last part of the names of its folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Claims => "claims",
            Self::People => "people",
        }
    }

    /// The types of records.
    pub fn types(self) -> Vec<String> {
        let types: &[&str] = match self {
            Self::Full | Self::Claims => &["ExplanationOfBenefit", "Patient", "Coverage"],
            Self::People => &["Patient", "Coverage"],
        };
        types.iter().map(|own| (*own).to_owned()).collect()
    }

    /// Whether it has all people of its group.
    const fn has_everybody(self) -> bool {
        matches!(self, Self::Full | Self::People)
    }

    /// Whether what changes next may be asked for from its end on.
    const fn has_claims(self) -> bool {
        matches!(self, Self::Full | Self::Claims)
    }
}

/// An export, there or yet to be fetched.
#[derive(Clone, Debug)]
pub struct Export {
    /// The id of its group.
    pub group: String,
    /// Which time of all: the exports that belong together have one number.
    pub number: u32,
    /// What is asked for.
    pub kind: Kind,
    /// Its folder.
    pub path: PathBuf,
    /// Its journal, once a job was started.
    pub journal: Option<Journal>,
    /// BLAKE3 of the journal, by which tables know it.
    pub(crate) hash: Option<String>,
}

impl Export {
    /// One in the folder of its group.
    pub(crate) fn at(of_group: &Path, group: &str, number: u32, kind: Kind) -> Result<Self, Error> {
        let path = of_group.join(format!("{group}-{number:04}-{}", kind.name()));
        let mut export =
            Self { group: group.to_owned(), number, kind, path, journal: None, hash: None };
        export.look()?;
        Ok(export)
    }

    /// One by the name of its folder.
    pub(crate) fn named(of_group: &Path, group: &str, name: &str) -> Result<Option<Self>, Error> {
        let rest = name.strip_prefix(group).and_then(|rest| rest.strip_prefix('-'));
        let Some((number, kind)) = rest.and_then(|rest| rest.split_once('-')) else {
            return Ok(None);
        };
        let kind = Kind::ALL.into_iter().find(|own| own.name() == kind);
        match (number.parse(), kind) {
            (Ok(number), Some(kind)) => {
                let export = Self::at(of_group, group, number, kind)?;
                Ok(Some(export).filter(|own| own.name() == name))
            }
            _ => Ok(None),
        }
    }

    /// Looks what has become of it.
    ///
    /// # Errors
    /// Its journal cannot be read.
    pub fn look(&mut self) -> Result<(), Error> {
        self.journal = Journal::read(&self.path)?;
        self.hash = None;
        if self.is_finished() {
            let path = self.path.join(JOURNAL_NAME);
            let text = fs::read(&path)
                .map_err(|error| Error::failed(format!("{}: {error}", path.display())))?;
            self.hash = Some(blake3::hash(&text).to_hex().to_string());
        }
        Ok(())
    }

    /// The name of its folder, with which FILE_NAME begins.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Whether all of it has come.
    pub fn is_finished(&self) -> bool {
        self.journal.as_ref().is_some_and(Journal::is_complete)
    }

    /// Whether all of it has come and is still there.
    pub fn is_whole(&self) -> bool {
        self.journal.as_ref().is_some_and(|journal| journal.is_whole(&self.path))
    }

    /// Whether the server could not deliver all of it.
    pub fn lacks_records(&self) -> bool {
        let export = self.journal.as_ref().and_then(|journal| journal.export.as_ref());
        export.is_none_or(|export| export.records_missing)
    }

    /// Whether what changes next can be asked for from its end on.
    pub(crate) fn is_base(&self) -> bool {
        self.kind.has_claims() && self.is_whole() && !self.lacks_records()
    }

    /// Whether it tells who all the people of its group are.
    pub(crate) fn tells_everybody(&self) -> bool {
        self.kind.has_everybody() && self.is_whole() && !self.lacks_records()
    }

    /// The version of the API that it is of.
    pub fn api(&self) -> Option<&str> {
        self.journal.as_ref()?.export.as_ref()?.api.as_deref()
    }

    /// Its files of a type, or of all; not those of what was deleted.
    pub(crate) fn files(&self, of: Option<&str>) -> Vec<PathBuf> {
        let files = self.journal.iter().flat_map(|journal| &journal.files);
        let is_it = |file: &&bulk_client::FileRecord| {
            file.item_type == ItemType::Output
                && file.state == FileState::Complete
                && of.is_none_or(|of| file.resource_type == of)
        };
        files.filter(is_it).map(|file| self.path.join(&file.name)).collect()
    }

    /// Records and bytes of its files.
    pub(crate) fn size(&self) -> (u64, u64) {
        let files = self.journal.iter().flat_map(|journal| &journal.files);
        files.fold((0, 0), |sum, file| (sum.0 + file.records, sum.1 + file.bytes))
    }
}

//! What lies in a folder: exports, tables, and what runs have left that did not end.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bulk_client::{JOURNAL_NAME, Journal, Url, api_of};
use convert::{Examined, TABLES_MANIFEST, examine};

use super::finding::word;

/// How far below the folder exports and tables lie: `exports/2026-01-01`.
const DEPTH: usize = 2;

/// An export: its folder, and its journal if it can be read.
pub(super) struct ExportFound {
    pub(super) folder: PathBuf,
    pub(super) journal: Result<Journal, bulk_client::Error>,
}

impl ExportFound {
    /// When a finished one was made, as its server says.
    pub(super) fn finished(&self) -> Option<jiff::Timestamp> {
        let journal = self.journal.as_ref().ok()?;
        let is_finished = journal.is_complete() || journal.export.is_none();
        journal.transaction_time.as_ref().filter(|_| is_finished)?.parse().ok()
    }

    /// The version that it is of.
    pub(super) fn api(&self) -> Option<String> {
        let journal = self.journal.as_ref().ok()?;
        let named = journal.export.as_ref().and_then(|export| export.api.clone());
        named.or_else(|| {
            let request: Url = journal.request.parse().ok()?;
            let bases = request.path_segments()?.scan(String::new(), |path, part| {
                *path = format!("{path}/{part}");
                Some(path.clone())
            });
            bases.into_iter().find_map(|path| {
                let base = request.join(&path).ok()?;
                api_of(&base).map(str::to_owned)
            })
        })
    }
}

/// Tables: their folder, and what they say of themselves.
pub(super) struct TablesFound {
    pub(super) folder: PathBuf,
    pub(super) about: Result<Examined, convert::Error>,
}

impl TablesFound {
    /// When the newest of their exports was made.
    pub(super) fn time(&self) -> Option<jiff::Timestamp> {
        self.about.as_ref().ok()?.transaction_time.as_ref()?.parse().ok()
    }
}

/// What lies in a folder.
pub(super) struct Found {
    pub(super) folder: PathBuf,
    pub(super) home: Option<PathBuf>,
    /// Why it cannot be looked at.
    pub(super) fault: Option<&'static str>,
    pub(super) exports: Vec<ExportFound>,
    pub(super) tables: Vec<TablesFound>,
    /// Locks and private folders of runs that were ended, or that are at work.
    pub(super) left: Vec<PathBuf>,
}

impl Found {
    pub(super) fn below(folder: &Path) -> Self {
        let fault = match folder.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some("is not there"),
            Err(_) => Some("cannot be looked at"),
            Ok(found) if !found.is_dir() => Some("is no folder"),
            Ok(_) => publish::names_in(folder).err().map(|_| "cannot be listed"),
        };
        let mut found = Self {
            folder: folder.to_owned(),
            home: std::env::home_dir(),
            fault,
            exports: Vec::new(),
            tables: Vec::new(),
            left: Vec::new(),
        };
        if fault.is_none() {
            found.look_beside();
            found.descend(folder, 0);
        }
        found
    }

    /// A path among words, as a shell takes it.
    pub(super) fn word(&self, path: &Path) -> String {
        word(path, self.home.as_deref())
    }

    /// The newest export that is finished.
    pub(super) fn newest_export(&self) -> Option<&ExportFound> {
        let finished = self.exports.iter().filter(|export| export.finished().is_some());
        finished.max_by_key(|export| export.finished())
    }

    /// The tables of the newest exports.
    pub(super) fn newest_tables(&self) -> Option<&TablesFound> {
        let readable = self.tables.iter().filter(|tables| tables.about.is_ok());
        readable.max_by_key(|tables| tables.time())
    }

    /// The version of the newest of what there is.
    pub(super) fn api(&self) -> Option<String> {
        let of_tables = || self.newest_tables()?.about.as_ref().ok()?.api.clone();
        self.newest_export().and_then(ExportFound::api).or_else(of_tables)
    }

    /// What is left of runs whose output is the folder itself.
    fn look_beside(&mut self) {
        let (Some(parent), Some(name)) = (self.folder.parent(), self.folder.file_name()) else {
            return;
        };
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        let Ok(names) = publish::names_in(parent) else { return };
        let own = names
            .into_iter()
            .filter(|other| is_left(other) && output_of(other).starts_with(name.as_bytes()));
        self.left = own.map(|own| self.folder.with_file_name(own)).collect();
    }

    fn descend(&mut self, folder: &Path, depth: usize) {
        let names = publish::names_in(folder).unwrap_or_default();
        let has = |name: &str| names.iter().any(|own| own == name);
        let (is_export, is_tables) = (has(JOURNAL_NAME), has(TABLES_MANIFEST));
        if is_export && let Some(journal) = Journal::read(folder).transpose() {
            self.exports.push(ExportFound { folder: folder.to_owned(), journal });
        }
        if is_tables {
            let about = examine(folder, &self.word(folder));
            self.tables.push(TablesFound { folder: folder.to_owned(), about });
        }
        if is_export || is_tables {
            return;
        }
        for name in names {
            let path = folder.join(&name);
            if is_left(&name) {
                self.left.push(path);
            } else if depth < DEPTH && path.symlink_metadata().is_ok_and(|found| found.is_dir()) {
                self.descend(&path, depth + 1);
            }
        }
    }
}

/// Whether a run keeps something of this name beside its output.
fn is_left(name: &OsStr) -> bool {
    let bytes = name.as_bytes();
    let is_hidden = bytes.len() > 1 && bytes[0] == b'.';
    publish::is_partial_name(name)
        || is_hidden && [&b".lock"[..], b".journal"].iter().any(|end| bytes.ends_with(end))
}

/// The name without the dot of what is hidden.
fn output_of(name: &OsString) -> &[u8] {
    name.as_bytes().strip_prefix(b".").unwrap_or(name.as_bytes())
}

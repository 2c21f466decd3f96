//! FILE_DATE of each source: the option, else the export's transactionTime, else the file's own date. And what else
//! the manifests tell of the exports that are read.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ndjson_io::SourceFile;
use serde_json::Value;

use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::input::export_manifest::{EXPORT_MANIFEST, Manifests, Told};
use crate::report::FileDateOrigin;
use crate::setting::Spelling;

/// Days since 1970-01-01, in UTC.
fn day(timestamp: Timestamp) -> Option<i32> {
    let date = timestamp.to_zoned(TimeZone::UTC).date();
    let (year, month, day) = (date.year(), date.month(), date.day());
    Some(cclf_crosswalk::days_from_civil(
        i32::from(year),
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    ))
}

/// Looks for export manifests in folders, each once.
pub(crate) struct FileDates {
    elsewhere: Elsewhere,
    spelling: Spelling,
    /// By their paths as they are written, which are hashed sooner so than part by part.
    folders: HashMap<OsString, Manifests>,
    /// What to say of them.
    warnings: Vec<String>,
    exports: Exports,
}

/// Which exports the sources are of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exports {
    /// How they were made; of the first of them, if all of them are synthetic.
    pub(crate) synthetic: Option<Value>,
    /// The servers that made them, as scheme and host.
    pub(crate) servers: BTreeSet<String>,
    /// A source is of no synthetic export.
    some_are_real: bool,
}

impl Exports {
    fn add(&mut self, told: Option<&Told>) {
        if let Some(server) = told.and_then(|told| told.server.as_ref())
            && !self.servers.contains(server)
        {
            self.servers.insert(server.clone());
        }
        match told.and_then(|told| told.synthetic.as_ref()) {
            None => self.some_are_real = true,
            Some(synthetic) if self.synthetic.is_none() => self.synthetic = Some(synthetic.clone()),
            Some(_) => {}
        }
        // What real people are part of is not called synthetic.
        if self.some_are_real {
            self.synthetic = None;
        }
    }
}

impl FileDates {
    pub(crate) fn new(elsewhere: &Elsewhere, spelling: Spelling) -> Self {
        Self {
            elsewhere: elsewhere.clone(),
            spelling,
            folders: HashMap::new(),
            warnings: Vec::new(),
            exports: Exports::default(),
        }
    }

    /// The date of a source and where it comes from; no date for a stream.
    ///
    /// # Errors
    /// The manifest of a folder that is not on this machine cannot be had.
    pub(crate) fn of(
        &mut self,
        source: &SourceFile,
        given: Option<i32>,
    ) -> Result<(Option<i32>, FileDateOrigin), Error> {
        let time = if source.is_stream() {
            self.exports.add(None);
            None
        } else {
            let folder = source.path().parent().unwrap_or(Path::new(""));
            self.look(folder, source.is_remote(), given.is_some())?;
            let found = self.folders.get(folder.as_os_str());
            let told = found.and_then(|found| found.told.as_ref());
            self.exports.add(told);
            told.map(|told| told.time)
        };
        if given.is_some() {
            return Ok((given, FileDateOrigin::Option));
        }
        if let Some(day) = time.and_then(day) {
            return Ok((Some(day), FileDateOrigin::ExportManifest));
        }
        let modified =
            source.modified().and_then(|time| Timestamp::try_from(time).ok()).and_then(day);
        Ok(match modified {
            Some(day) => (Some(day), FileDateOrigin::FileModified),
            None => (None, FileDateOrigin::Unknown),
        })
    }

    /// The manifest of our own name in a folder that tells nothing, where no other one does.
    pub(crate) fn damaged(&self, folder: &Path) -> Option<PathBuf> {
        let found = self.folders.get(folder.as_os_str())?;
        found.damaged.clone().filter(|_| found.told.is_none())
    }

    /// What the manifest that counts in a folder tells.
    pub(crate) fn told(&self, folder: &Path) -> Option<&Told> {
        self.folders.get(folder.as_os_str())?.told.as_ref()
    }

    /// The hash that the journal beside a source has of a file of its name and size.
    pub(crate) fn journaled(&self, source: &SourceFile) -> Option<String> {
        let told = self.told(source.path().parent()?)?;
        let (bytes, hash) = told.files.get(source.path().file_name()?.to_str()?)?;
        (source.len() == Some(*bytes)).then(|| hash.clone())
    }

    /// Looks for manifests in a folder, unless that was done.
    pub(crate) fn look(
        &mut self,
        folder: &Path,
        is_remote: bool,
        is_given: bool,
    ) -> Result<(), Error> {
        if self.folders.contains_key(folder.as_os_str()) {
            return Ok(());
        }
        let found = if is_remote {
            let texts = self.elsewhere.json_files(folder, EXPORT_MANIFEST)?;
            Manifests::of(texts)
        } else {
            Manifests::in_folder(folder)
        };
        self.warnings.extend(found.warning(self.spelling).filter(|_| !is_given));
        self.folders.insert(folder.as_os_str().to_owned(), found);
        Ok(())
    }

    /// Whether a file is a manifest that was looked at.
    pub(crate) fn is_manifest(&self, path: &Path) -> bool {
        let folder = path.parent().unwrap_or(Path::new(""));
        self.folders
            .get(folder.as_os_str())
            .is_some_and(|found| found.files.iter().any(|file| file == path))
    }

    /// What the exports are, and what to say of their manifests.
    pub(crate) fn finish(self) -> (Exports, Vec<String>) {
        (self.exports, self.warnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_days_in_utc() {
        let day_of_time = |text: &str| day(text.parse().unwrap());
        assert_eq!(day_of_time("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(day_of_time("1970-01-01T23:00:00-05:00"), Some(1));
        assert_eq!(day_of_time("2019-12-09T20:44:01.705398123Z"), Some(18_239));
    }

    #[test]
    fn what_is_real_in_part_is_not_synthetic() {
        let told = |synthetic: Option<i32>| Told {
            time: Timestamp::UNIX_EPOCH,
            blake3: blake3::hash(b""),
            server: synthetic.map(|_| "https://x".to_owned()),
            synthetic: synthetic.map(Value::from),
            files: HashMap::new(),
        };
        let of = |all: &[Option<Told>]| {
            let mut exports = Exports::default();
            for told in all {
                exports.add(told.as_ref());
            }
            exports
        };
        let made = of(&[Some(told(Some(1))), Some(told(Some(2)))]);
        assert_eq!((made.synthetic, made.servers.len()), (Some(Value::from(1)), 1));
        assert_eq!(
            of(&[Some(told(Some(1))), Some(told(None)), Some(told(Some(1)))]).synthetic,
            None
        );
        assert_eq!(of(&[Some(told(Some(1))), None]).synthetic, None);
    }
}

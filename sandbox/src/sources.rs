//! What is exported in each version of the API: the files of a folder that are of it, or synthetic beneficiaries, who are
//! the same people with the same claims in all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use cms::Api;
use jiff::Timestamp;

use crate::source::{self, Source};
use crate::synthetic::{self, Population};
use crate::{Data, Error, Options};

/// What is exported in each version that is served.
#[derive(Debug)]
pub(crate) struct Sources {
    by_version: BTreeMap<Api, Held>,
    /// Whom synthetic data is of.
    population: Option<Population>,
    /// When the data was loaded, if it says so.
    pub(crate) transaction_time: Option<Timestamp>,
    /// Set from elsewhere when nothing more is to be made.
    give_up: Arc<AtomicBool>,
}

/// What is there of a version; synthetic data is made when a job first wants it.
#[derive(Debug, Default)]
struct Held(Mutex<Option<Arc<Source>>>);

impl Sources {
    /// Finds the data, or makes that of the oldest version: an option that makes no sense is told before anything is
    /// served, and the others need not be waited for.
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        let asked = options.versions.iter().copied();
        match &options.data {
            Data::Folder(folder) => {
                let by_version = of_folder(folder, asked.collect())?;
                let transaction_time = source::transaction_time(folder);
                let give_up = Arc::clone(&options.give_up);
                Ok(Self { by_version, population: None, transaction_time, give_up })
            }
            &Data::Synthetic { beneficiaries, seed } => {
                let mut versions: BTreeSet<Api> = asked.collect();
                if versions.is_empty() {
                    versions.extend(Api::ALL);
                }
                let population = Population { beneficiaries, seed };
                let mut made = Self {
                    by_version: versions.iter().map(|api| (*api, Held::default())).collect(),
                    population: Some(population),
                    transaction_time: None,
                    give_up: Arc::clone(&options.give_up),
                };
                if let Some(&oldest) = versions.first() {
                    let first = made.of(oldest, &AtomicBool::new(false))?;
                    // It is the same in all versions.
                    made.transaction_time = first.folder().and_then(source::transaction_time);
                }
                Ok(made)
            }
        }
    }

    /// The versions that are served, the oldest first.
    pub(crate) fn versions(&self) -> impl Iterator<Item = Api> + '_ {
        self.by_version.keys().copied()
    }

    /// What is there of a version, made now unless it was before. `cancelled` ends that.
    pub(crate) fn of(&self, api: Api, cancelled: &AtomicBool) -> Result<Arc<Source>, Error> {
        let unknown = || Error::SetUp(std::io::ErrorKind::NotFound.into());
        let held = self.by_version.get(&api).ok_or_else(unknown)?;
        // Whoever comes meanwhile waits: it is made once.
        let mut held = held.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = &*held {
            return Ok(Arc::clone(source));
        }
        let population = self.population.ok_or_else(unknown)?;
        let source = synthetic::make(population, api, &[&self.give_up, cancelled])?;
        Ok(Arc::clone(held.insert(Arc::new(source))))
    }

    /// The files with lines that a job could not read, each once, and how many.
    pub(crate) fn broken_lines(&self) -> Vec<(String, u64)> {
        let mut told = BTreeSet::new();
        for held in self.by_version.values() {
            // What is being made just now has been read by nobody.
            let Ok(held) = held.0.try_lock() else { continue };
            let files = held.iter().flat_map(|source| &source.files);
            told.extend(files.filter_map(|file| file.broken()));
        }
        told.into_iter().collect()
    }
}

/// The files of a folder, under the versions that are asked for, else under those that its records show. A file that
/// shows none is of whichever version is served. Where no file shows any they are taken for version 1, as for the tables.
fn of_folder(folder: &Path, asked: BTreeSet<Api>) -> Result<BTreeMap<Api, Held>, Error> {
    let files = source::files_of(folder)?;
    if files.is_empty() {
        return Err(Error::NoData(folder.to_owned()));
    }
    let shown: Vec<Option<Api>> = files.iter().map(|file| file.version()).collect();
    let mut versions = asked;
    if versions.is_empty() {
        versions.extend(shown.iter().flatten());
    }
    if versions.is_empty() {
        versions.insert(Api::V1);
    }
    let of_version = |api: Api| {
        let of =
            files.iter().zip(&shown).filter(|(_, shown)| shown.is_none_or(|shown| shown == api));
        let files: Vec<_> = of.map(|(file, _)| Arc::clone(file)).collect();
        if files.is_empty() {
            return Err(Error::NoVersion { path: folder.to_owned(), api });
        }
        Ok((api, Held(Mutex::new(Some(Arc::new(Source::new(files, None)))))))
    };
    versions.into_iter().map(of_version).collect()
}

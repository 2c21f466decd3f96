//! What is exported in each version of the API: the files of a folder that are of it, or synthetic beneficiaries, who are
//! the same people with the same claims in all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cms::Api;
use jiff::Timestamp;
use synth::{Scope, Window};

use crate::source::{self, Source};
use crate::synthetic::{self, Population};
use crate::{Data, Error, Options};

/// What is exported in each version that is served.
#[derive(Debug)]
pub(crate) struct Sources {
    versions: BTreeSet<Api>,
    held: Mutex<BTreeMap<Key, Arc<Held>>>,
    /// Whom synthetic data is of.
    population: Option<Population>,
    weeks: Option<Weeks>,
    /// When the data was loaded, if it says so.
    loaded: Option<Timestamp>,
    /// Set from elsewhere when nothing more is to be made.
    give_up: Arc<AtomicBool>,
}

/// A version, and the weeks that are told, where there are weeks.
type Key = (Api, Option<Window>);

/// What is there of a version and of weeks; synthetic data is made when a job first wants it.
#[derive(Debug, Default)]
struct Held(Mutex<Option<Arc<Source>>>);

impl Held {
    fn of(source: Source) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(Arc::new(source)))))
    }
}

/// The weeks that pass. It is the first until an export asks for what changed since the end of one.
#[derive(Debug)]
struct Weeks {
    count: u32,
    now: AtomicU32,
}

/// Which part of the data a job gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Slice {
    /// When that was loaded, if the data says so.
    pub(crate) loaded: Option<Timestamp>,
    /// Which weeks it is of, where there are weeks.
    pub(crate) window: Option<Window>,
}

impl Weeks {
    /// What a job gives that asks for what changed since then. The week after that has come for all. A time between the
    /// ends of two weeks counts as the earlier one.
    fn slice(&self, since: Option<Timestamp>, scope: Scope) -> Slice {
        let known =
            |since| (1..=self.count).take_while(|&week| end_of(week) <= Some(since)).count();
        let after = since.map_or(0, |since| u32::try_from(known(since)).unwrap_or(self.count));
        let next = if since.is_some() { (after + 1).min(self.count) } else { 1 };
        let until = self.now.fetch_max(next, Ordering::SeqCst).max(next);
        Slice { loaded: end_of(until), window: Some(Window { after, until, scope }) }
    }

    fn now(&self) -> u32 {
        self.now.load(Ordering::SeqCst)
    }
}

/// The transactionTime of a week.
fn end_of(week: u32) -> Option<Timestamp> {
    synth::transaction_time(week).parse().ok()
}

impl Sources {
    /// Finds the data, or makes that of the oldest version: an option that makes no sense is told before anything is
    /// served, and the others need not be waited for.
    pub(crate) fn open(options: &Options) -> Result<Self, Error> {
        let asked: BTreeSet<Api> = options.versions.iter().copied().collect();
        let give_up = Arc::clone(&options.give_up);
        match &options.data {
            Data::Folder(folder) => {
                let held = of_folder(folder, asked)?;
                Ok(Self {
                    versions: held.keys().map(|(api, _)| *api).collect(),
                    held: Mutex::new(held),
                    population: None,
                    weeks: None,
                    loaded: source::transaction_time(folder),
                    give_up,
                })
            }
            &Data::Synthetic { beneficiaries, seed, weeks } => {
                let all = || Api::ALL.into_iter().collect();
                let made = Self {
                    versions: if asked.is_empty() { all() } else { asked },
                    held: Mutex::default(),
                    population: Some(Population { beneficiaries, seed }),
                    weeks: weeks.map(|count| Weeks { count, now: AtomicU32::new(1) }),
                    loaded: end_of(1),
                    give_up,
                };
                if let Some(&oldest) = made.versions.first() {
                    let window = made.slice(None, Scope::Group).window;
                    made.of(oldest, window, &AtomicBool::new(false))?;
                }
                Ok(made)
            }
        }
    }

    /// The versions that are served, the oldest first.
    pub(crate) fn versions(&self) -> impl Iterator<Item = Api> + '_ {
        self.versions.iter().copied()
    }

    /// When the data was loaded, if it says so: at the end of the week that has come.
    pub(crate) fn loaded(&self) -> Option<Timestamp> {
        self.weeks.as_ref().map_or(self.loaded, |weeks| end_of(weeks.now()))
    }

    /// Which part of the data a job gives that asks for what changed since then.
    pub(crate) fn slice(&self, since: Option<Timestamp>, scope: Scope) -> Slice {
        match &self.weeks {
            Some(weeks) => weeks.slice(since, scope),
            None => Slice { loaded: self.loaded, window: None },
        }
    }

    /// What is there of a version and of weeks, made now unless it was before. `cancelled` ends that.
    pub(crate) fn of(
        &self,
        api: Api,
        window: Option<Window>,
        cancelled: &AtomicBool,
    ) -> Result<Arc<Source>, Error> {
        let unknown = || Error::SetUp(std::io::ErrorKind::NotFound.into());
        if !self.versions.contains(&api) {
            return Err(unknown());
        }
        let held = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(held.entry((api, window)).or_default())
        };
        // Whoever comes meanwhile waits: it is made once.
        let mut held = held.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(source) = &*held {
            return Ok(Arc::clone(source));
        }
        let population = self.population.ok_or_else(unknown)?;
        let source = synthetic::make(population, api, window, &[&self.give_up, cancelled])?;
        Ok(Arc::clone(held.insert(Arc::new(source))))
    }

    /// The files with lines that a job could not read, each once, and how many.
    pub(crate) fn broken_lines(&self) -> Vec<(String, u64)> {
        let mut told = BTreeSet::new();
        for held in self.held.lock().unwrap_or_else(PoisonError::into_inner).values() {
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
fn of_folder(folder: &Path, asked: BTreeSet<Api>) -> Result<BTreeMap<Key, Arc<Held>>, Error> {
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
        Ok(((api, None), Held::of(Source::new(files))))
    };
    versions.into_iter().map(of_version).collect()
}

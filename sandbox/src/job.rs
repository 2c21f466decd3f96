//! Jobs: what was asked for, how far it is, and what came of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cms::Api;
use jiff::Timestamp;
use synth::Window;

use crate::resource::ResourceType;
use crate::sources::Slice;
use crate::type_filter::TypeFilter;

/// What the lines of a file are, which says in which list of the manifest it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Resources: `output`.
    Output(ResourceType),
    /// Bundles of what is no more: `deleted`.
    Deleted,
    /// OperationOutcomes: `error`.
    Error,
}

impl Content {
    /// The type in the manifest.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Output(kind) => kind.name(),
            Self::Deleted => "Bundle",
            Self::Error => "OperationOutcome",
        }
    }
}

/// A file of a finished job.
#[derive(Debug)]
pub(crate) struct JobFile {
    /// Its name in the URL, which is also its name on disk.
    pub(crate) name: String,
    /// What its lines are.
    pub(crate) of: Content,
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Bytes of it.
    pub(crate) bytes: u64,
    /// The file's key, wrapped, where the file is encrypted.
    pub(crate) wrapped_key_hex: Option<String>,
    /// Held while the file is being compressed, so that this happens once.
    pub(crate) compressing: tokio::sync::Mutex<()>,
}

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Whose job it is: the place of the client among the credentials.
    pub(crate) client: usize,
    /// The version under which it was asked for, and under which alone it is found.
    pub(crate) api: Api,
    /// The URL as called.
    pub(crate) request: String,
    /// Which types.
    pub(crate) types: Vec<ResourceType>,
    /// Only what changed after this.
    pub(crate) since: Option<Timestamp>,
    /// Only claims that it lets through.
    pub(crate) filter: TypeFilter,
}

/// How the work ended.
#[derive(Debug, Clone)]
enum End {
    Completed(Arc<Vec<Arc<JobFile>>>),
    Failed,
    Cancelled,
}

/// A job.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) id: u64,
    pub(crate) order: Order,
    pub(crate) created: Timestamp,
    started: Instant,
    /// The least time that it takes.
    least: Duration,
    /// When the data was loaded, or the job started.
    pub(crate) transaction_time: Timestamp,
    /// Which weeks it is of, where there are weeks.
    pub(crate) window: Option<Window>,
    /// Bytes of input that were read, and are to be read.
    pub(crate) done: AtomicU64,
    pub(crate) total: AtomicU64,
    /// Set to end the work early.
    pub(crate) cancelled: AtomicBool,
    /// How often its status was asked for, and before which time it is not told to be done.
    polls: AtomicU32,
    least_polls: u32,
    end: Mutex<Option<(Timestamp, End)>>,
    expiry: Duration,
}

/// What a client is told of a job.
#[derive(Debug, Clone)]
pub(crate) enum View {
    Pending,
    /// With the share that is done, in percent.
    InProgress(u64),
    /// With when its files go.
    Completed(Timestamp, Arc<Vec<Arc<JobFile>>>),
    /// With when its files went.
    Expired(Timestamp),
    Failed,
    Cancelled,
}

impl View {
    pub(crate) fn is_unfinished(&self) -> bool {
        matches!(self, Self::Pending | Self::InProgress(_))
    }
}

/// What is particular to the jobs of one sandbox.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) least: Duration,
    pub(crate) least_polls: u32,
    pub(crate) expiry: Duration,
}

impl Job {
    pub(crate) fn new(id: u64, order: Order, slice: Slice, pace: Pace) -> Self {
        let created = Timestamp::now();
        Self {
            id,
            order,
            created,
            started: Instant::now(),
            least: pace.least,
            transaction_time: slice.loaded.unwrap_or(created),
            window: slice.window,
            done: AtomicU64::new(0),
            total: AtomicU64::new(0),
            cancelled: AtomicBool::new(false),
            polls: AtomicU32::new(0),
            least_polls: pace.least_polls,
            end: Mutex::new(None),
            expiry: pace.expiry,
        }
    }

    /// The work has ended; `None` when it failed. A job that was cancelled meanwhile stays so.
    pub(crate) fn finish(&self, files: Option<Vec<JobFile>>) {
        let end = files.map_or(End::Failed, |files| {
            End::Completed(Arc::new(files.into_iter().map(Arc::new).collect()))
        });
        self.end_with(end);
    }

    fn end_with(&self, with: End) {
        let mut end = self.end.lock().unwrap_or_else(PoisonError::into_inner);
        if end.is_none() {
            *end = Some((Timestamp::now(), with));
        }
    }

    /// Cancels the job if a client sees it unfinished; otherwise nothing happens.
    pub(crate) fn cancel(&self) -> bool {
        if !self.view().is_unfinished() {
            return false;
        }
        self.cancelled.store(true, Ordering::SeqCst);
        *self.end.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Timestamp::now(), End::Cancelled));
        true
    }

    /// What the client that asks now is told; the question counts.
    pub(crate) fn poll(&self) -> View {
        let view = self.view();
        self.polls.fetch_add(1, Ordering::SeqCst);
        view
    }

    /// What a client would be told.
    pub(crate) fn view(&self) -> View {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, End::Cancelled)) = end {
            return View::Cancelled;
        }
        let elapsed = self.started.elapsed();
        let polls = self.polls.load(Ordering::SeqCst);
        let held = elapsed < self.least || polls < self.least_polls;
        let Some((at, end)) = end.filter(|_| !held) else {
            return self.progress(elapsed, polls);
        };
        match end {
            End::Completed(files) => {
                let until = self.shown_end(at) + self.expiry;
                if Timestamp::now() < until {
                    View::Completed(until, files)
                } else {
                    View::Expired(until)
                }
            }
            End::Failed => View::Failed,
            End::Cancelled => View::Cancelled,
        }
    }

    /// The share that is done is the least of what was read, of the time and of the questions.
    fn progress(&self, elapsed: Duration, polls: u32) -> View {
        let (done, total) = (self.done.load(Ordering::SeqCst), self.total.load(Ordering::SeqCst));
        let mut percent = percent(done, total);
        if self.least > Duration::ZERO {
            let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            percent = percent.min(self::percent(millis(elapsed), millis(self.least)));
        }
        if self.least_polls > 0 {
            percent = percent.min(self::percent(polls.into(), self.least_polls.into()));
        }
        if percent == 0 { View::Pending } else { View::InProgress(percent.min(99)) }
    }

    /// When it began and ended, as far as a client may know.
    pub(crate) fn period(&self) -> (Timestamp, Option<Timestamp>) {
        let end = self.end.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let ended = end.filter(|_| !self.view().is_unfinished()).map(|(at, end)| match end {
            End::Cancelled => at,
            End::Completed(_) | End::Failed => self.shown_end(at),
        });
        (self.created, ended)
    }

    /// When work that ended at this time is told to be done: not before the least time.
    fn shown_end(&self, at: Timestamp) -> Timestamp {
        at.max(self.created + self.least)
    }
}

fn percent(part: u64, whole: u64) -> u64 {
    (part.saturating_mul(100)).checked_div(whole).unwrap_or(0).min(100)
}

/// The jobs of a sandbox.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    jobs: Mutex<BTreeMap<u64, Arc<Job>>>,
    last: AtomicU64,
}

impl Jobs {
    /// Adds the job that `make` makes of its number; gives the one that is forgotten for it, if any.
    pub(crate) fn add(
        &self,
        most: usize,
        make: impl FnOnce(u64) -> Job,
    ) -> (Arc<Job>, Option<Arc<Job>>) {
        let id = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        let job = Arc::new(make(id));
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.insert(id, Arc::clone(&job));
        let forgotten = (jobs.len() > most).then(|| jobs.pop_first()).flatten();
        (job, forgotten.map(|(_, job)| job))
    }

    /// The client's job of that number, under whichever version.
    pub(crate) fn of(&self, client: usize, id: u64) -> Option<Arc<Job>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.get(&id).filter(|job| job.order.client == client).cloned()
    }

    /// All jobs of the client under a version, the oldest first.
    pub(crate) fn all_of(&self, client: usize, api: Api) -> Vec<Arc<Job>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = |job: &&Arc<Job>| (job.order.client, job.order.api) == (client, api);
        jobs.values().filter(wanted).cloned().collect()
    }

    /// Ends the work of all jobs.
    pub(crate) fn stop(&self) {
        for job in self.jobs.lock().unwrap_or_else(PoisonError::into_inner).values() {
            job.cancelled.store(true, Ordering::SeqCst);
        }
    }
}

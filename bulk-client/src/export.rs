//! A whole export: from the kick-off, or from where an earlier run stopped, to checked files and a journal.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::{self, TryStreamExt};
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::address::api_of;
use crate::beside::earlier_people;
use crate::call::TokenFor;
use crate::download::{Decryption, Item, blocking, fetch};
use crate::error::{Error, ErrorKind};
use crate::file::{FileRecord, FileState, ItemType};
use crate::filter::narrowed;
use crate::folder::{ExportFolder, entries_in};
use crate::journal::{ExportRecord, JOURNAL_NAME, Journal};
use crate::manifest::Manifest;
use crate::offer::check_offer;
use crate::place::shown;
use crate::report::Report;
use crate::request::{Asked, ExportRequest, Level};
use crate::server::Server;
use crate::setting::Setting;
use crate::verify::{Holds, check_ndjson, count_issues};

/// The types that BCDA has for everybody, in every version.
const BCDA_TYPES: [&str; 3] = ["Coverage", "ExplanationOfBenefit", "Patient"];

/// How often the journal is written while files arrive.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// Writing it takes a twentieth of the time at most, however many files it names.
const SAVE_SHARE: u32 = 20;

/// Where to begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Begin {
    /// Anew in an empty folder; in one of an export of the same request, where that stopped. If it was finished, there
    /// is nothing to do.
    #[default]
    Usual,
    /// Where the export in the folder stopped, whatever was asked for.
    Resume,
    /// Anew: what is left of an export that is unfinished, or not whole any more, is removed first.
    Restart,
}

impl Begin {
    /// What a user says: to go on, or to begin anew.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] for both.
    pub fn of(resume: bool, restart: bool) -> Result<Self, Error> {
        match (resume, restart) {
            (false, false) => Ok(Self::Usual),
            (true, false) => Ok(Self::Resume),
            (false, true) => Ok(Self::Restart),
            (true, true) => {
                let both = [Setting::Resume.alone(), " and ".into(), Setting::Restart.alone()];
                Err(Error::usage(both).after(" exclude each other"))
            }
        }
    }
}

/// An export to run.
#[derive(Clone, Debug)]
pub struct Export {
    /// What to ask for.
    pub request: ExportRequest,
    /// The folder of the files; the one around it must exist.
    pub out: PathBuf,
    /// Where to begin.
    pub begin: Begin,
    /// What opens encrypted files; without it they are kept as they are.
    pub decryption: Option<Decryption>,
    /// Whether `since` is where an earlier export ended, as [`since_last`](crate::since_last) says.
    pub since_last: bool,
}

impl Export {
    /// Whether it could begin, as the folder is now: what [`run`](Self::run) refuses before it asks the server for
    /// anything. Changes nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] and [`ErrorKind::Local`].
    pub fn check(&self, server: &Server) -> Result<(), Error> {
        self.request.check_for(server.base())?;
        self.begins(server.base())
    }

    /// Whether the folder is one for this export of this FHIR base.
    pub(crate) fn begins(&self, base: &Url) -> Result<(), Error> {
        self.beginning(base, entries_in(&self.out)).map(drop)
    }

    /// Whether the server's metadata lists the parameters that a new job would be asked for with, as far as it lists
    /// any for the endpoint. What goes on with a job asks for none. [`run`](Self::run) does so before it starts a job.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`] for a parameter that is not listed, [`ErrorKind::Network`] when the server is not reached.
    pub async fn check_offer(&self, server: &Server) -> Result<(), Error> {
        let goes_on = self.begin != Begin::Restart && unfinished(&self.out)?.is_some();
        if goes_on { Ok(()) } else { check_offer(&self.request, server).await }
    }

    /// The journal to go on with, and whether what it names is removed first.
    fn beginning(&self, base: &Url, entries: usize) -> Result<(Journal, bool), Error> {
        let place = self.out.display();
        let request = Asked::of(&self.request.url(base));
        let same = |begun: &str| begun.parse().is_ok_and(|begun| Asked::of(&begun) == request);
        let refused = |why: String| Err(Error::usage(format!("{place} {why}")));
        match (Journal::read(&self.out)?, self.begin) {
            (None, Begin::Resume) => refused("holds no export to go on with".to_owned()),
            (None, _) if entries > 0 => {
                let what = if entries == 1 { "an entry" } else { "entries" };
                refused(format!("has {what} that no export of ours left; choose another folder"))
            }
            (None, _) => Ok((Journal::default(), false)),
            (Some(found), _) if found.export.is_none() => refused(
                "holds an export that was not fetched by this program; choose another folder"
                    .to_owned(),
            ),
            (Some(found), Begin::Resume) => Ok((found, false)),
            // A finished one has nothing left to do, and says so.
            (Some(found), Begin::Usual) if same(&found.request) => Ok((found, false)),
            (Some(found), Begin::Usual) if found.is_complete() => refused(
                "holds a finished export of another request; choose another folder".to_owned(),
            ),
            (Some(_), Begin::Usual) => Err(another_is_unfinished(&self.out)),
            (Some(found), Begin::Restart) if found.is_whole(&self.out) => {
                refused("holds a finished export; choose another folder".to_owned())
            }
            (Some(found), Begin::Restart) => Ok((found, true)),
        }
    }

    /// Runs it to its end, or until it is cancelled. What is complete stays, whatever happens; the same call goes on
    /// from there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::JobGone`] when the job of an unfinished export has expired: [`Begin::Restart`] starts another.
    /// Otherwise as the kinds say. When single files fail, the others are fetched first.
    pub async fn run(&self, server: &Server, cancel: &CancellationToken) -> Result<Report, Error> {
        self.request.check_for(server.base())?;
        let run = Run::open(self, server)?;
        let ended = tokio::select! {
            ended = run.work() => ended,
            () = cancel.cancelled() => Err(Error::interrupted()),
        };
        // Without a job there is nothing worth a journal.
        let begun = run.journal().export.is_some();
        if begun {
            let journal = run.journal().clone();
            let saved = journal.write(&run.folder);
            if ended.is_ok() {
                saved?;
            }
        }
        ended.map_err(|error| error.with_remedy(begun))
    }
}

/// An export that is running.
struct Run<'r> {
    export: &'r Export,
    server: &'r Server,
    folder: ExportFolder,
    journal: Mutex<Journal>,
    /// When it was written last, and how long to wait until it is again.
    saved: Mutex<(Instant, Duration)>,
    started: Instant,
}

impl<'r> Run<'r> {
    /// Takes the lock and finds out what is there.
    fn open(export: &'r Export, server: &'r Server) -> Result<Self, Error> {
        let folder = ExportFolder::open(&export.out)?;
        let (mut journal, removed) = export.beginning(server.base(), folder.entries()?)?;
        if removed {
            journal.remove_files(&folder)?;
            journal = Journal::default();
        }
        let now = Instant::now();
        let (journal, saved) = (Mutex::new(journal), Mutex::new((now, SAVE_EVERY)));
        Ok(Self { export, server, folder, journal, saved, started: now })
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self) -> Result<(), Error> {
        let (began, journal) = (Instant::now(), self.journal().clone());
        journal.write(&self.folder)?;
        let wait = SAVE_EVERY.max(began.elapsed() * SAVE_SHARE);
        *self.saved.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), wait);
        Ok(())
    }

    async fn work(&self) -> Result<Report, Error> {
        let job = self.job().await?;
        let already_there = self.look_for_files().await?;
        let all_there = self.journal().is_complete()
            && self.journal().files.iter().all(|file| file.state != FileState::Pending);
        if !all_there {
            let manifest =
                self.server.wait_for(&job).await.map_err(|error| match error.kind() {
                    ErrorKind::JobGone => error.at([
                        "only a new job can bring the rest (".into(),
                        Setting::Restart.alone(),
                        ")".into(),
                    ]),
                    ErrorKind::JobFailed => error.at([
                        "if the job has failed for good, only a new one can bring the rest ("
                            .into(),
                        Setting::Restart.alone(),
                        ")".into(),
                    ]),
                    _ => error,
                })?;
            let urls =
                self.journal().take_over(&manifest, |journal| journal.write(&self.folder))?;
            self.save()?;
            self.download(&manifest, &urls).await?;
        }
        self.report(already_there, all_there).await
    }

    /// The job of this export, started if it has none.
    async fn job(&self) -> Result<Url, Error> {
        if self.journal().export.is_some() {
            let known = self.journal().job_url();
            return known.ok_or_else(|| Error::usage(format!("{JOURNAL_NAME} names no job")));
        }
        let request = &self.export.request;
        check_offer(request, self.server).await?;
        let job = self.server.start(request).await?;
        {
            let mut journal = self.journal();
            journal.request = request.url(self.server.base()).into();
            journal.export = Some(ExportRecord {
                tool: concat!("bcda-bulk-client ", env!("CARGO_PKG_VERSION")).to_owned(),
                base_url: self.server.base().to_string(),
                api: api_of(self.server.base()).map(str::to_owned),
                group: match &request.level {
                    Level::Group(id) => Some(id.clone()),
                    _ => None,
                },
                type_filter: request.type_filter.clone(),
                job_url: job.to_string(),
                types: request.asked_types(),
                since: request.since.clone(),
                since_last: self.export.since_last,
                started: Timestamp::now().to_string(),
                ..ExportRecord::default()
            });
        }
        self.save()?;
        Ok(job)
    }

    /// Compares the journal with the disk: what is named complete must be there, and what got its name just before a
    /// kill is checked once more. Gives how many files are there.
    async fn look_for_files(&self) -> Result<usize, Error> {
        let mut files = self.journal().files.clone();
        for file in &mut files {
            let is_there = match file.state {
                FileState::Empty => true,
                // Now there is a key: it is fetched again, with what opens it.
                FileState::Encrypted if self.export.decryption.is_some() => false,
                FileState::Complete | FileState::Encrypted => {
                    self.folder.bytes_of(&file.name)? == Some(file.bytes)
                }
                FileState::Pending => false,
            };
            if !is_there {
                let plain = file.plain_name().to_owned();
                *file = FileRecord {
                    name: plain,
                    resource_type: file.resource_type.clone(),
                    item_type: file.item_type,
                    url: file.url.clone(),
                    url_hash: file.url_hash.clone(),
                    count: file.count,
                    ..FileRecord::default()
                };
                for name in [format!("{}.gz", file.name), file.name.clone()] {
                    if self.folder.bytes_of(&name)?.is_some() {
                        self.take_in(file, &name).await?;
                    }
                }
            }
        }
        let there = files.iter().filter(|file| file.state != FileState::Pending).count();
        self.journal().files = files;
        Ok(there)
    }

    /// A file that has its name but is not in the journal: complete if it passes the checks.
    async fn take_in(&self, file: &mut FileRecord, name: &str) -> Result<(), Error> {
        let opened = std::fs::File::open(self.folder.path().join(name));
        let opened =
            opened.map_err(|error| Error::local(format!("{name} cannot be read: {error}")))?;
        let holds = file.holds();
        if let Ok(checked) = blocking(move || check_ndjson(opened, holds)).await {
            name.clone_into(&mut file.name);
            file.state = FileState::Complete;
            (file.bytes, file.content_bytes) = (checked.bytes, checked.content_bytes);
            (file.records, file.blake3) = (checked.lines, Some(checked.blake3));
        }
        Ok(())
    }

    /// Fetches what is missing. A file that fails does not keep the others from coming; what fails on this machine,
    /// or for all files alike, does. One that has expired at the server stays pending, and is told by the report.
    async fn download(&self, manifest: &Manifest, urls: &[Url]) -> Result<(), Error> {
        let token = match manifest.requires_access_token {
            Some(true) => TokenFor::Allowed,
            Some(false) => TokenFor::OnDemand,
            None => TokenFor::Configured,
        };
        let entries = manifest.output.iter().chain(&manifest.deleted).chain(&manifest.error);
        let records = self.journal().files.clone();
        let missing: Vec<_> = records
            .into_iter()
            .zip(urls)
            .zip(entries)
            .enumerate()
            .filter(|(_, ((record, _), _))| record.state == FileState::Pending)
            .collect();
        self.server.observer().downloads(missing.len(), urls.len());
        let failures = Mutex::new(Vec::new());
        stream::iter(missing.into_iter().map(Ok))
            .try_for_each_concurrent(self.server.wire.settings.parallel.max(1), |found| {
                let (at, ((record, url), entry)) = found;
                let failures = &failures;
                async move {
                    let item = Item {
                        record,
                        url,
                        encrypted_key: entry.encrypted_key.as_deref(),
                        token,
                        decryption: self.export.decryption.as_ref(),
                    };
                    match fetch(self.server, &self.folder, &item).await {
                        Ok(done) => self.note(at, done),
                        Err(error) if ends_all(&error) => Err(error.at(&item.record.name)),
                        // It has expired.
                        Err(error) if matches!(error.status(), Some(404 | 410)) => Ok(()),
                        Err(error) => {
                            let error = error.at(&item.record.name);
                            failures.lock().unwrap_or_else(PoisonError::into_inner).push(error);
                            Ok(())
                        }
                    }
                }
            })
            .await?;
        let failures = failures.into_inner().unwrap_or_else(PoisonError::into_inner);
        let count = failures.len();
        match failures.into_iter().next() {
            None => Ok(()),
            Some(first) => Err(first.at(format!(
                "{count} of {} files could not be fetched, the others stay; the first",
                urls.len()
            ))),
        }
    }

    /// A file is there.
    fn note(&self, at: usize, done: FileRecord) -> Result<(), Error> {
        if let Some(file) = self.journal().files.get_mut(at) {
            *file = done;
        }
        let (saved, wait) = *self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        if saved.elapsed() >= wait { self.save() } else { Ok(()) }
    }

    /// Sums up, and notes that the export is complete, unless files have expired.
    async fn report(&self, already_there: usize, was_finished: bool) -> Result<Report, Error> {
        let mut report = Report { already_there, was_finished, ..Report::default() };
        report.files.clone_from(&self.journal().files);
        for file in &report.files {
            if file.holds() == Holds::Outcomes && file.state == FileState::Complete {
                let path = self.folder.path().join(&file.name);
                let opened = std::fs::File::open(path).map_err(|error| {
                    Error::local(format!("{} cannot be read: {error}", file.name))
                })?;
                report.issues.add_all(&blocking(move || count_issues(opened)).await?);
            }
        }
        for file in report.files.iter().filter(|file| file.state == FileState::Complete) {
            // Left from a run without the key.
            self.folder.remove(&format!("{}.enc", file.name.trim_end_matches(".gz")))?;
        }
        let mut journal = self.journal();
        report.transaction_time = journal.transaction_time.clone().unwrap_or_default();
        let people = earlier_people(self.folder.path(), &journal);
        (report.earlier_people, report.earlier_people_missing) = (people.files, people.missing);
        if let Some(export) = &mut journal.export {
            report.since.clone_from(&export.since);
            report.repeated_urls = export.repeated_urls;
            report.further_pages = export.further_pages;
            report.api.clone_from(&export.api);
            let narrowed = export.type_filter.as_deref().and_then(narrowed);
            report.filtered_type = narrowed.map(str::to_owned);
            compare_types(&mut report, export.types.clone());
            if report.files.iter().all(|file| file.state != FileState::Pending) {
                export.completed.get_or_insert_with(|| Timestamp::now().to_string());
            }
            export.records_missing = report.lacks_records();
            report.job_url =
                export.job_url.parse().map_or_else(|_| String::new(), |url| shown(&url));
        }
        drop(journal);
        report.took = self.started.elapsed();
        self.server.observer().export_complete(&report);
        Ok(report)
    }
}

/// The folder's export is not to go on as what is asked for now.
pub(crate) fn another_is_unfinished(out: &Path) -> Error {
    Error::usage([
        format!("{} holds an unfinished export of another request; ", out.display()).into(),
        Setting::Resume.alone(),
        " goes on with it, ".into(),
        Setting::Restart.alone(),
        " replaces it".into(),
    ])
}

/// Which types came, beside those that were asked for.
fn compare_types(report: &mut Report, mut asked: Vec<String>) {
    let records = report
        .files
        .iter()
        .filter(|file| file.item_type == ItemType::Output && file.holds() == Holds::Records);
    let listed: BTreeSet<&str> = records.clone().map(|file| file.resource_type.as_str()).collect();
    let with_records: BTreeSet<&str> = records
        .filter(|file| file.records > 0 || file.state == FileState::Encrypted)
        .map(|file| file.resource_type.as_str())
        .collect();
    let unasked = listed.into_iter().filter(|_| !asked.is_empty());
    let unasked = unasked.filter(|&came| asked.iter().all(|name| name != came));
    let unasked = unasked.map(str::to_owned).collect();
    let of_bcda = with_records.iter().all(|name| BCDA_TYPES.contains(name));
    if asked.is_empty() && !with_records.is_empty() && of_bcda {
        // Everything was asked for, and what came is BCDA's: that is these three.
        asked = BCDA_TYPES.map(str::to_owned).to_vec();
    }
    let without = asked.into_iter().filter(|name| !with_records.contains(name.as_str())).collect();
    report.nothing = with_records.is_empty();
    (report.unasked_types, report.types_without_file) = (unasked, without);
}

/// Whether the other files would fail alike.
fn ends_all(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Local | ErrorKind::Usage | ErrorKind::Interrupted)
}

/// The export in a folder, for those who go on with it: its FHIR base and its job.
pub fn unfinished(out: &Path) -> Result<Option<ExportRecord>, Error> {
    Ok(Journal::read(out)?.and_then(|journal| journal.export))
}

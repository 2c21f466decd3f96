//! A run from end to end: what is due, exports, tables, and what that came to.

use std::path::Path;
use std::sync::Arc;

use convert::{DriftReport, Progress, Reading, TABLES_MANIFEST};

use crate::apply::{Applying, apply};
use crate::asked::{Asked, NEWEST_API, Request};
use crate::error::Error;
use crate::export::Export;
use crate::fetch::Fetcher;
use crate::folder::Folder;
use crate::paid::Paid;
use crate::report::{Change, ExportLine, People, Report};
use crate::watch::Watch;
use crate::way::Way;
use crate::way_over::leads;

/// Records were rejected or not delivered, the rest is done.
const EXIT_REJECTS: u8 = 3;

/// What became of a run.
#[derive(Debug)]
pub struct Outcome {
    /// 0, or 3 where records were rejected or not delivered.
    pub exit_code: u8,
    /// What it came to; nothing where no record has come yet.
    pub report: Option<Report>,
    /// What the making of tables warns of.
    pub warnings: Vec<String>,
}

/// Brings a folder up to date, or moves it to another version of the API. Ended at any moment, the same call goes on.
///
/// # Errors
/// What cannot be is told before anything is fetched; what fails leaves the tables as they were.
pub fn run(request: &Request, watch: &dyn Watch) -> Result<Outcome, Error> {
    let known = Folder::settings(&request.dir)?;
    let asked = Asked::of(request, known.as_ref())?;
    // What is wrong with options or secrets is found before anything is made.
    let mut fetcher = Fetcher::new(request, &asked, watch)?;
    let mut folder = Folder::open(&request.dir)?;
    match &known {
        None => folder.begin(&asked.settings)?,
        Some(known) => {
            if let Some(api) = known.text("api") {
                folder.settle(api)?;
            }
        }
    }
    let from = version(&mut folder, &mut fetcher, &asked, watch)?;
    let mut run = Run { request, asked: &asked, folder, watch };
    // A run that was ended between its tables and its report is told now, and nothing is fetched.
    let mut due = run.folder.untold(&asked.groups)?;
    if due.is_empty() {
        due = run.folder.due(&asked.groups)?;
    }
    let (mut fetched, mut code) = (Vec::new(), 0);
    for export in &mut due {
        // One whose files somebody has removed is fetched again: no table holds it.
        fetched.push(!export.is_whole());
        if !export.is_whole() {
            code = fetcher.fetch(export)?.max(code);
        }
        if export.lacks_records() {
            code = code.max(EXIT_REJECTS);
        }
    }
    let api = due.iter().find_map(Export::api);
    if let Some(ends) = api.and_then(bulk_client::end_of_version) {
        watch.warning(&format!(
            "{ends}: the same call with {} moves the folder (docs/guide/sync.md)",
            asked.option_of_newest
        ));
    }
    let to_apply = run.folder.to_apply(&due)?;
    let has_records = |own: &&Export| ExportLine::of(own, true).records > 0;
    if run.folder.result().is_none() && !to_apply.iter().any(has_records) {
        watch.info("no record has come yet: there is nothing to make tables of");
        return Ok(Outcome { exit_code: code, report: None, warnings: Vec::new() });
    }
    let (mut report, mut applied) = match &from {
        Some(from) => run.moved(from, &to_apply)?,
        None => run.updated(&to_apply)?,
    };
    let found = applied.drift.as_ref().and_then(DriftReport::found);
    if let Some(found) = found.filter(|_| !to_apply.is_empty()) {
        watch.info(&format!(
            "unknown to us: {found} in the records that were looked through; see drift in tables/{TABLES_MANIFEST}"
        ));
    }
    let lines = due.iter().zip(fetched);
    report.exports = lines.map(|(export, fetched)| ExportLine::of(export, fetched)).collect();
    if applied.has_rejects() {
        code = code.max(EXIT_REJECTS);
    }
    if let Some(keep) = asked.keep_exports {
        report.pruned = run.folder.prune(&asked.groups, keep)? as u64;
    }
    if request.drop_old {
        applied.warnings.extend(run.folder.drop_old(&asked.groups)?);
    }
    report.exit_code = code;
    watch.report(&report, &applied.warnings)?;
    run.folder.write_report(&report.to_json())?;
    Ok(Outcome { exit_code: code, report: Some(report), warnings: applied.warnings })
}

/// Which version the folder is of; gives the one that it is to be moved from, if it is.
fn version(
    folder: &mut Folder,
    fetcher: &mut Fetcher<'_>,
    asked: &Asked,
    watch: &dyn Watch,
) -> Result<Option<String>, Error> {
    let (version, to) = (folder.version(&asked.groups)?, asked.settings.text("api"));
    match (version, to) {
        (Some(from), Some(to)) if from != to => {
            if asked.is_other_api && leads(&from, to) {
                let former = folder.former_tables(&from);
                if former.symlink_metadata().is_ok() {
                    return Err(Error::usage(format!(
                        "{} is there, where the tables of {from} will be kept: move it away",
                        former.display()
                    )));
                }
                folder.stand_beside(to);
                return Ok(Some(from));
            }
            Err(Error::usage(format!(
                "the exports of the folder are of {from}, and {to} is asked for: records of one version do not match those of \
                 another; {} in the call moves a folder of v1 or v2, and for anything else begin another folder",
                asked.option_of_newest
            )))
        }
        (Some(version), _) => {
            if folder.has_others(&version, &asked.groups)? {
                watch.info(&format!(
                    "the folder stays in {version}; its way over to another version goes on with {}",
                    asked.option_of_newest
                ));
            }
            folder.keep_to(&version);
            fetcher.stay_in(&version);
            Ok(None)
        }
        // Nothing was fetched yet, so that nothing is of another version.
        (None, _) => {
            if asked.is_other_api {
                folder.change_settings(&asked.settings)?;
            }
            Ok(None)
        }
    }
}

/// What a run does once all exports are there.
struct Run<'r> {
    request: &'r Request,
    asked: &'r Asked,
    folder: Folder,
    watch: &'r dyn Watch,
}

impl Run<'_> {
    /// Applies the exports, or finds them applied, and tells what that came to.
    fn updated(&self, exports: &[&Export]) -> Result<(Report, convert::Report), Error> {
        let (folder, cancel) = (&self.folder, &self.request.cancel);
        let is_applied = exports.is_empty();
        let old = if is_applied { folder.previous() } else { folder.result() };
        if is_applied
            && old.is_none()
            && let Some(from) = folder.former()?
        {
            let made = folder.made()?;
            return Ok((self.told_of_the_way(&from, &made)?, made));
        }
        let before = old.as_deref().map(|old| Paid::of(old, cancel)).transpose()?;
        let before = before.unwrap_or_default();
        let attributed = self.people_of(old.as_deref())?;
        let leaving = attributed.as_ref().filter(|_| self.asked.drop_gone);
        let leaves = leaving.map(|own| own.leaving.clone()).unwrap_or_default();
        let applied = self.applied(exports, leaves)?;
        let dropped = leaving.map_or(0, |own| own.gone.len() as u64);
        let now = self.people_of(folder.result().as_deref())?;
        let people = match (&attributed, now) {
            (Some(before), Some(now)) => {
                folder.write_gone(&now)?;
                let gone = now.gone.len() as u64;
                Some(People { people: now.people, come: before.come, gone, dropped })
            }
            _ => None,
        };
        // Once they are updated, the result before stands beside them.
        let old = folder.previous().filter(|_| applied.carried.is_some());
        let changes = folder.changes();
        let change =
            old.as_deref().map_or(Change::First, |old| Change::Update { old, changes: &changes });
        let report = Report::of(&folder.tables(), change, (&applied, &before), people, cancel)?;
        Ok((report, applied))
    }

    /// Makes the tables of the new version beside the old ones, compares the two, and exchanges them.
    fn moved(
        &mut self,
        from: &str,
        exports: &[&Export],
    ) -> Result<(Report, convert::Report), Error> {
        let applied = self.applied(exports, Vec::new())?;
        self.folder.reconcile(from, NEWEST_API, &self.request.cancel)?;
        self.folder.change_settings(&self.asked.settings)?;
        self.folder.stand_alone();
        self.folder.settle(NEWEST_API)?;
        Ok((self.told_of_the_way(from, &applied)?, applied))
    }

    /// What the way over from a version came to.
    fn told_of_the_way(&self, from: &str, applied: &convert::Report) -> Result<Report, Error> {
        let (folder, cancel) = (&self.folder, &self.request.cancel);
        let before = Paid::of(&folder.former_tables(from), cancel)?;
        let people = self.people_of(folder.result().as_deref())?;
        if let Some(now) = &people {
            folder.write_gone(now)?;
        }
        let people = people.map(|now| {
            let gone = now.gone.len() as u64;
            People { people: now.people, come: 0, gone, dropped: 0 }
        });
        let change = Change::Way(Way::of(folder.path(), from, NEWEST_API));
        Report::of(&folder.tables(), change, (applied, &before), people, cancel)
    }

    /// The report of the tables, which the exports are applied to, if there are some.
    fn applied(&self, exports: &[&Export], leaving: Vec<String>) -> Result<convert::Report, Error> {
        if exports.is_empty() {
            return self.folder.made();
        }
        let applying = Applying {
            partially_adjudicated: self.asked.partially_adjudicated,
            leaving,
            cancel: self.request.cancel.clone(),
            progress: Arc::new(Progress::default()),
        };
        let shown = self.watch.tables(&applying.progress);
        let applied = apply(&self.folder, exports, &applying);
        drop(shown);
        Ok(applied?)
    }

    fn people_of(&self, result: Option<&Path>) -> Result<Option<convert::Attribution>, Error> {
        let mut reading = Reading::new(Vec::new());
        reading.cancel = self.request.cancel.clone();
        self.folder.attribution(result, &self.asked.groups, &reading)
    }
}

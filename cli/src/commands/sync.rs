//! `bcda sync`. Its options are in [`args`], how exports are fetched in [`fetch`], what options and
//! settings come to in [`options`].

mod args;
mod fetch;
mod options;

use std::path::Path;
use std::sync::Arc;

use bulk_client::CancellationToken;
use convert::{Cancel, Progress, Reading};
use sync::{Applying, Export, ExportLine, Folder, Paid, People, Report};

pub(crate) use self::args::SyncArgs;
use self::fetch::Fetcher;
use self::options::Asked;
use crate::failure::Failure;
use crate::log::Log;
use crate::progress::Bar;
use crate::reading_args::option;
use crate::run::{EXIT_REJECTS, check_report, write_report};
use crate::signals::{self, Caught};
use crate::versions_end;

pub(crate) fn run(arguments: &SyncArgs, log: Log) -> Result<u8, Failure> {
    if let Some(file) = &arguments.report {
        check_report(file, &arguments.dir.join("tables"))?;
        check_report(file, &arguments.dir.join("exports"))?;
    }
    let known = Folder::settings(&arguments.dir)?;
    let asked = Asked::of(arguments, known.as_ref())?;
    let (token, cancel) = (CancellationToken::new(), Cancel::new());
    let (to_end, to_cancel) = (token.clone(), cancel.clone());
    let caught = signals::listen_with(move || {
        to_end.cancel();
        to_cancel.cancel();
    })
    .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;
    // What is wrong with options or secrets is found before anything is made.
    let mut fetcher = Fetcher::new(&asked, log, token)?;
    let folder = Folder::open(&arguments.dir)?;
    if known.is_none() {
        folder.write_settings(&asked.settings)?;
    }
    // A run that was ended between its tables and its report is told now, and nothing is fetched.
    let mut due = folder.untold(&asked.groups)?;
    if due.is_empty() {
        due = folder.due(&asked.groups)?;
    }
    fetcher.stay_in_version(&folder.found(&asked.groups)?)?;
    let mut code = 0;
    let mut fetched = Vec::new();
    for export in &mut due {
        // One whose files somebody has removed is fetched again: no table holds it.
        fetched.push(!export.is_whole());
        if !export.is_whole() {
            code = fetcher.fetch(export, &caught)?.max(code);
        }
        if export.lacks_records() {
            code = code.max(EXIT_REJECTS);
        }
    }
    let api = due.iter().find_map(Export::api);
    if let Some(notice) = api.and_then(|api| versions_end::notice(api, versions_end::today())) {
        log.warning(&notice);
    }
    let to_apply = folder.to_apply(&due)?;
    let has_records = |own: &&Export| ExportLine::of(own, true).records > 0;
    if folder.result().is_none() && !to_apply.iter().any(has_records) {
        log.info("no record has come yet: there is nothing to make tables of");
        return Ok(code);
    }
    let run = Run { asked: &asked, folder: &folder, cancel, caught: &caught, log };
    let (mut report, applied) = run.apply(&to_apply)?;
    let lines = due.iter().zip(fetched);
    report.exports = lines.map(|(export, fetched)| ExportLine::of(export, fetched)).collect();
    if applied.has_rejects() {
        code = code.max(EXIT_REJECTS);
    }
    if let Some(keep) = asked.keep_exports {
        report.pruned = folder.prune(&asked.groups, keep)? as u64;
    }
    report.exit_code = code;
    folder.write_report(&report.to_json())?;
    write_report(arguments.report.as_deref(), || report.to_json())?;
    log.report(&applied.warnings, || report.to_json(), || report.line.clone());
    Ok(code)
}

/// What a run does once all exports are there.
struct Run<'r> {
    asked: &'r Asked,
    folder: &'r Folder,
    cancel: Cancel,
    caught: &'r Caught,
    log: Log,
}

impl Run<'_> {
    /// Applies the exports, or finds them applied, and tells what that came to.
    fn apply(&self, exports: &[&Export]) -> Result<(Report, convert::Report), Failure> {
        let Self { asked, folder, cancel, caught, log } = self;
        let told = |error: sync::Error| {
            let code = caught.exit_code().unwrap_or_else(|| error.exit_code());
            Failure::new(code, error.to_string())
        };
        let mut reading = Reading::new(Vec::new());
        reading.cancel = cancel.clone();
        let people_of = |result: Option<&Path>| {
            folder.attribution(result, &asked.groups, &reading).map_err(told)
        };
        let is_applied = exports.is_empty();
        let old = if is_applied { folder.previous() } else { folder.result() };
        let before = old.as_deref().map(|old| Paid::of(old, cancel)).transpose().map_err(told)?;
        let before = before.unwrap_or_default();
        let attributed = people_of(old.as_deref())?;
        let leaving = attributed.as_ref().filter(|_| asked.drop_gone);
        let applied = if is_applied {
            folder.made().map_err(told)?
        } else {
            let applying = Applying {
                partially_adjudicated: asked.partially_adjudicated,
                leaving: leaving.map(|own| own.leaving.clone()).unwrap_or_default(),
                cancel: cancel.clone(),
                progress: Arc::new(Progress::default()),
            };
            let bar = log.shows_progress().then(|| Bar::follow(Arc::clone(&applying.progress)));
            let applied = sync::apply(folder, exports, &applying);
            drop(bar);
            applied.map_err(|error| Failure::of_run(&error.spelled(option), caught))?
        };
        let dropped = leaving.map_or(0, |own| own.gone.len() as u64);
        let people = match (&attributed, people_of(folder.result().as_deref())?) {
            (Some(before), Some(now)) => {
                folder.write_gone(&now).map_err(told)?;
                let gone = now.gone.len() as u64;
                Some(People { people: now.people, come: before.come, gone, dropped })
            }
            _ => None,
        };
        // Once they are updated, the result before stands beside them.
        let old = folder.previous().filter(|_| applied.carried.is_some());
        let changes = folder.changes();
        let of_update = old.as_deref().map(|old| (old, changes.as_path()));
        let report = Report::of(&folder.tables(), of_update, (&applied, &before), people, cancel);
        Ok((report.map_err(told)?, applied))
    }
}

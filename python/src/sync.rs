//! `bcda.sync`.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ::sync::{Outcome, Request, Spelling, Value, Watch, run};
use bulk_client::Observer;
use convert::Progress;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::{self, Around, names, path, spelling};
use crate::export::Watcher;
use crate::failure::{Failure, argument, guarded};
use crate::warn;
use crate::watch::{TOLD_EVERY, Teller, watched};

/// What options are called here.
const SPELLING: Spelling =
    Spelling { option: |key| key.replace('-', "_"), export: argument, tables: spelling };

/// What a run has told so far.
#[derive(Default)]
struct Told {
    exports: Arc<Watcher>,
    /// Counters of the tables, once some are being made.
    tables: Mutex<Option<Arc<Progress>>>,
    warnings: Mutex<Vec<String>>,
}

impl Told {
    fn tell(&self, py: Python<'_>, callable: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match tables {
            Some(progress) => {
                Teller::new(callable.map(|own| own.clone().unbind()), &progress).tell(py)
            }
            None => self.exports.tell(py, callable),
        }
    }
}

impl Watch for Told {
    fn export(&self) -> Result<Arc<dyn Observer>, ::sync::Error> {
        Ok(Arc::clone(&self.exports) as _)
    }

    fn tables(&self, progress: &Arc<Progress>) -> Box<dyn Any> {
        *self.tables.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(progress));
        Box::new(())
    }

    fn warning(&self, text: &str) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
    }
}

/// Keeps the tables of a folder current: the command `bcda sync`.
///
/// The first run fetches everything of each group and makes tables of it; each later one fetches what has changed since,
/// and all people anew, and brings the tables up to date. Its arguments go into bcda.toml in the folder, so that later
/// runs need no others than the folder. Ended at any moment, the same call goes on from there.
///
/// Args:
///     folder: the folder, with tables, exports and settings in it; folders around it are made.
///     base_url: the server, e.g. "https://sandbox.bcda.cms.gov"; known from the settings after the first run.
///     api: version of the API; "v3" where the server offers it, and "v1" elsewhere. "v3" moves a folder of an earlier
///         version: new tables are made beside the old ones, the two are reconciled, and then exchanged.
///     group: whose data: ids of groups, "all" unless given.
///     auth: how a token is had: "basic", "bearer" or "none"; told by the other arguments unless given.
///     credentials: a file with client_id = ... and client_secret = ... that only you can read; without it the
///         variables BCDA_CLIENT_ID and BCDA_CLIENT_SECRET.
///     token: a file with a token that only you can read; without it the variable BCDA_TOKEN.
///     token_url: where tokens are given; /auth/token at the server unless given.
///     partially_adjudicated: of v3 also claims that are not adjudicated to the end.
///     keep_exports: the exports of how many runs stay, of each group; all of them unless given.
///     drop_gone: take out of the tables who is in none of the groups any more, with all that is theirs.
///     drop_old: remove what the way over to another version of the API has left of the one before.
///     parallel: files that are downloaded at the same time; 4 unless given.
///     rate: most requests in five minutes; 3000 unless given.
///     timeout: seconds without a byte after which a connection is given up; 60 unless given.
///     attempts: how often a call is tried; 6 unless given.
///     insecure_http: allow plain HTTP to other machines: anyone on the way can read token and data.
///     allow_origin: other servers that may be given the token where the manifest says that files need it.
///     error_bodies: a file that each answer of the server that is an error is added to, whole.
///     token_cache: whether the token is kept for the next run, in the user's cache folder.
///     progress: called a few times a second, and once at the end: while exports are fetched with the dict of export,
///         while tables are made with that of convert. An exception of it ends the run.
///
/// Returns:
///     What the run came to: a dict with line, paid, paid_by_type, claims, people, exports, exit_code and more, as
///     sync-report.json in the folder has it, and warnings. None where no record has come yet.
///
/// Raises:
///     UsageError, ServerError, BadDataError, BcdaError; KeyboardInterrupt on Ctrl-C.
///
/// Warns:
///     BcdaWarning: what is missing or odd, which report["warnings"] has too.
#[pyfunction]
#[pyo3(signature = (
    folder, *, base_url = None, api = None, group = None, auth = None, credentials = None, token = None, token_url = None,
    partially_adjudicated = false, keep_exports = None, drop_gone = false, drop_old = false, parallel = None, rate = None,
    timeout = None, attempts = None, insecure_http = false, allow_origin = None, error_bodies = None, token_cache = true,
    progress = None
))]
#[allow(
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "they are keyword arguments"
)]
pub(crate) fn sync<'py>(
    py: Python<'py>,
    folder: &Bound<'py, PyAny>,
    base_url: Option<String>,
    api: Option<String>,
    group: Option<&Bound<'py, PyAny>>,
    auth: Option<String>,
    credentials: Option<&Bound<'py, PyAny>>,
    token: Option<&Bound<'py, PyAny>>,
    token_url: Option<String>,
    partially_adjudicated: bool,
    keep_exports: Option<i128>,
    drop_gone: bool,
    drop_old: bool,
    parallel: Option<i128>,
    rate: Option<i128>,
    timeout: Option<i128>,
    attempts: Option<i128>,
    insecure_http: bool,
    allow_origin: Option<Vec<String>>,
    error_bodies: Option<&Bound<'py, PyAny>>,
    token_cache: bool,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    guarded(|| {
        let folder = path("folder", folder)?;
        let mut given = Vec::new();
        let texts =
            [("base-url", base_url), ("api", api), ("auth", auth), ("token-url", token_url)];
        given.extend(texts.into_iter().filter_map(|(key, text)| Some((key, Value::Text(text?)))));
        for (key, file) in [("credentials", credentials), ("token", token)] {
            if let Some(file) = file {
                let known = Value::path(&path(key, file)?);
                let fault = || Failure::usage(format!("{key}: the path is not UTF-8"));
                given.push((key, known.ok_or_else(fault)?));
            }
        }
        let groups = group.map(names).transpose()?;
        let lists = [("group", groups), ("allow-origin", allow_origin)];
        given.extend(lists.into_iter().filter_map(|(key, list)| Some((key, Value::Texts(list?)))));
        for (key, count) in [
            ("keep-exports", keep_exports),
            ("parallel", parallel),
            ("rate", rate),
            ("timeout", timeout),
            ("attempts", attempts),
        ] {
            if let Some(count) = count {
                // What is too large is told as the settings tell it, and so is what is too small.
                given.push((key, Value::Count(count.try_into().unwrap_or_default())));
            }
        }
        for (key, flag) in [
            ("partially-adjudicated", partially_adjudicated),
            ("drop-gone", drop_gone),
            ("insecure-http", insecure_http),
            ("no-token-cache", !token_cache),
        ] {
            if flag {
                given.push((key, Value::Flag(true)));
            }
        }
        let error_bodies = error_bodies.map(|file| path("error_bodies", file)).transpose()?;
        let around = Around::make(&folder)?;
        let request =
            Request { given, drop_old, error_bodies, spelling: SPELLING, ..Request::new(folder) };
        let seen = Told::default();
        let mut told = Instant::now();
        let tick = |py: Python<'_>| {
            if told.elapsed() < TOLD_EVERY {
                return Ok(());
            }
            told = Instant::now();
            seen.tell(py, progress)
        };
        let done = watched(py, request.ender(), tick, || run(&request, &seen))?;
        drop(around);
        let Outcome { report, warnings, .. } =
            done.map_err(|error| Failure::of_sync(&error, SPELLING))?;
        seen.tell(py, progress)?;
        let mut all = seen.warnings.into_inner().unwrap_or_else(PoisonError::into_inner);
        all.extend(warnings);
        warn::tell(py, &all)?;
        let Some(report) = report else { return Ok(None) };
        let said = arguments::report(py, &report.to_json())?;
        said.set_item("warnings", all)?;
        Ok(Some(said))
    })
}

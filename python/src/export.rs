//! `bcda.export`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bulk_client::{
    AuthKind, Begin, CancellationToken, ClaimsWanted, Decided, Decryption, ErrorBodies, Export,
    Identity, Manifest, Observer, Report, SecretPlace, Server, Settings, Url, Variables, Wanted,
    Weight,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::{self, Around, instant, names, pairs, path, within};
use crate::failure::{Failure, argument, guarded};
use crate::warn;
use crate::watch::{TOLD_EVERY, watched};

/// How far an export has come.
#[derive(Default)]
struct Seen {
    percent: Option<u8>,
    files: usize,
    files_done: usize,
    bytes_done: u64,
    /// Bytes of files that are under way.
    bytes: HashMap<String, u64>,
}

/// Sees what is fetched.
#[derive(Default)]
pub(crate) struct Watcher(Mutex<Seen>);

impl Watcher {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, py: Python<'_>, callable: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let Some(callable) = callable else { return Ok(()) };
        let now = PyDict::new(py);
        {
            let seen = self.seen();
            now.set_item("job_percent", seen.percent)?;
            now.set_item("files", seen.files)?;
            now.set_item("files_done", seen.files_done)?;
            now.set_item("bytes", seen.bytes_done + seen.bytes.values().sum::<u64>())?;
        }
        callable.call1((now,)).map(drop)
    }
}

impl Observer for Watcher {
    fn job_progress(&self, percent: Option<u8>, _words: &str, _asked_to_wait: Option<Duration>) {
        self.seen().percent = percent;
    }

    fn job_complete(&self, _manifest: &Manifest) {
        self.seen().percent = Some(100);
    }

    fn downloads(&self, files: usize, _of: usize) {
        self.seen().files = files;
    }

    fn download_bytes(&self, name: &str, bytes: u64, _of: Option<u64>) {
        self.seen().bytes.insert(name.to_owned(), bytes);
    }

    fn download_complete(&self, name: &str, _url: &Url, bytes: u64, _lines: u64) {
        let mut seen = self.seen();
        seen.bytes.remove(name);
        seen.files_done += 1;
        seen.bytes_done += bytes;
    }
}

/// Those of the process.
const VARIABLES: Variables<'static> = &|name| std::env::var_os(name);

/// How a token is had, by its name.
fn kind(name: &str) -> Result<AuthKind, Failure> {
    // A statement that is signed needs more than there are arguments for.
    let known = AuthKind::named(name).filter(|kind| *kind != AuthKind::Backend);
    known.ok_or_else(|| Failure::usage("auth: expected basic, bearer or none"))
}

/// A file of a secret.
fn secret(name: &str, file: Option<&Bound<'_, PyAny>>) -> PyResult<Option<SecretPlace>> {
    file.map(|file| path(name, file).map(SecretPlace::File)).transpose()
}

/// Fetches an export from BCDA, or from another FHIR bulk server: the command `bcda export`.
///
/// Interrupted at any point, the same call goes on from there and fetches only what is missing.
///
/// Args:
///     base_url: the server, e.g. "https://sandbox.bcda.cms.gov"; with a path, the FHIR base itself.
///     out: the folder of the files; folders around it are made.
///     api: version of the API, below /api/ at the server. Unless the URL has a path, it is "v3" where the server offers
///         it, and "v1" elsewhere; an export stays in the version of the finished exports beside out. "none": the URL is
///         the FHIR base, though it has no path.
///     auth: how a token is had: "basic", "bearer" or "none"; told by the other arguments unless given.
///     credentials: a file with client_id = ... and client_secret = ... that only you can read; without it the
///         variables BCDA_CLIENT_ID and BCDA_CLIENT_SECRET.
///     token: a file with a token that only you can read; without it the variable BCDA_TOKEN.
///     token_url: where tokens are given; /auth/token at the server unless given.
///     types: FHIR types, e.g. ["ExplanationOfBenefit", "Patient"]; all unless named.
///     since: only what changed since this instant, e.g. "2024-01-31T00:00:00Z" or a datetime with its zone; "last":
///         since the newest finished export of the same data beside out.
///     group: whose data: "all" or "runout" with BCDA; "all" unless an export of another group is continued.
///     endpoint: another endpoint in place of the group: "Patient", a type, or "system".
///     type_filter: which records of a type, as v3 takes it, not encoded: "ExplanationOfBenefit?NAME=VALUE&NAME=VALUE".
///     partially_adjudicated: of v3 also claims that are not adjudicated to the end; give it to convert as well.
///     service_date: of v3 claims of services on these days: a date with eq, gt, lt, ge or le before it, e.g.
///         "gt2026-01-14"; several by commas.
///     outcome: of v3 claims of this outcome: "complete" or "partial".
///     params: other parameters of the kick-off, a mapping of names to values.
///     resume: go on with the export in out, whatever the other arguments ask for.
///     restart: start a new job, and remove what an export that is unfinished, or lost a file, left in out.
///     parallel: files that are downloaded at the same time.
///     rate: most requests in five minutes.
///     timeout: seconds without a byte after which a connection is given up.
///     attempts: how often a call is tried that fails in a way that may pass.
///     insecure_http: allow plain HTTP to other machines: anyone on the way can read token and data.
///     allow_origin: other servers that may be given the token where the manifest says that files need it.
///     decrypt_key: private key (PEM) for exports of 2018 to 2020, whose files are encrypted.
///     error_bodies: a file that each answer of the server that is an error is added to, whole: messages show only its
///         codes, since its text may name people. A new file is readable by you only, and one that others can read is
///         refused.
///     token_cache: whether the token is kept for the next run, in the user's cache folder.
///     progress: called a few times a second, and once at the end, with a dict of job_percent, files, files_done and
///         bytes. An exception of it ends the run.
///
/// Returns:
///     A dict: transactionTime, job, api, files, alreadyThere, typesWithoutFile, unaskedTypes, issues, remarks, warnings,
///     hasGaps, earlierPeople and seconds. hasGaps says that not all came that was asked for or announced; remarks say
///     what, each with its weight: note, gap or missing; warnings are those that are more than notes. With since, give
///     earlierPeople to convert as patients: the files of Patients and Coverages of the exports before this one.
///
/// Raises:
///     UsageError, ServerError, BcdaError; KeyboardInterrupt on Ctrl-C. Then the job goes on at the server, and the
///     same call fetches what is missing.
///
/// Warns:
///     BcdaWarning: what is missing or odd, which report["warnings"] has too.
#[pyfunction]
#[pyo3(signature = (
    base_url, out, *, api = None, auth = None, credentials = None, token = None, token_url = None, types = None,
    since = None, group = None, endpoint = None, type_filter = None, partially_adjudicated = false,
    service_date = None, outcome = None, params = None, resume = false, restart = false, parallel = 4, rate = 3000,
    timeout = 60, attempts = 6, insecure_http = false, allow_origin = None, decrypt_key = None, error_bodies = None,
    token_cache = true, progress = None
))]
#[allow(
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "they are keyword arguments"
)]
pub(crate) fn export<'py>(
    py: Python<'py>,
    base_url: &str,
    out: &Bound<'py, PyAny>,
    api: Option<&str>,
    auth: Option<&str>,
    credentials: Option<&Bound<'py, PyAny>>,
    token: Option<&Bound<'py, PyAny>>,
    token_url: Option<&str>,
    types: Option<&Bound<'py, PyAny>>,
    since: Option<&Bound<'py, PyAny>>,
    group: Option<&str>,
    endpoint: Option<&str>,
    type_filter: Option<&str>,
    partially_adjudicated: bool,
    service_date: Option<&str>,
    outcome: Option<&str>,
    params: Option<&Bound<'py, PyAny>>,
    resume: bool,
    restart: bool,
    parallel: i128,
    rate: i128,
    timeout: i128,
    attempts: i128,
    insecure_http: bool,
    allow_origin: Option<Vec<String>>,
    decrypt_key: Option<&Bound<'py, PyAny>>,
    error_bodies: Option<&Bound<'py, PyAny>>,
    token_cache: bool,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(|| {
        let out = path("out", out)?;
        let attempts = within("attempts", attempts, 1, Settings::MOST_ATTEMPTS.into())?;
        let timeout = within("timeout", timeout, 1, Settings::LONGEST_TIMEOUT)?;
        let mut settings = Settings {
            parallel: within("parallel", parallel, 1, Settings::MOST_PARALLEL.into())?,
            requests: u32::try_from(within("rate", rate, 1, u32::MAX.into())?).unwrap_or(u32::MAX),
            idle_timeout: Duration::from_secs(timeout as u64),
            attempts,
            insecure_http,
            ..Settings::default()
        };
        settings.allow(&allow_origin.unwrap_or_default()).map_err(Failure::from)?;
        if let Some(file) = error_bodies {
            let bodies = ErrorBodies::open(&path("error_bodies", file)?).map_err(Failure::from)?;
            settings.error_bodies = Some(Arc::new(bodies));
        }
        let warning = settings.warning().map(|warning| warning.spelled(argument));
        warn::tell(py, warning.as_slice())?;
        let key = secret("decrypt_key", decrypt_key)?.map(|file| file.private_key());
        let key = key.transpose().map_err(Failure::from)?.map(Arc::new);
        let decryption = key.map(|key| Decryption { key, max_bytes: Decryption::MAX_BYTES });
        let identity = Identity {
            kind: auth.map(kind).transpose()?,
            credentials: secret("credentials", credentials)?,
            token: secret("token", token)?,
            token_url: token_url.map(str::to_owned),
            ..Identity::default()
        };
        let claims = ClaimsWanted {
            type_filter: type_filter.map(str::to_owned),
            partially_adjudicated,
            service_date: service_date.map(str::to_owned),
            outcome: outcome.map(str::to_owned),
        };
        let wanted = Wanted {
            base_url: Some(base_url.to_owned()),
            api: api.map(str::to_owned),
            endpoint: endpoint.map(str::to_owned),
            group: group.map(str::to_owned),
            types: types.map(names).transpose()?.unwrap_or_default(),
            since: since.map(|since| instant("since", since)).transpose()?,
            claims,
            parameters: params
                .map(|params| pairs("params", params))
                .transpose()?
                .unwrap_or_default(),
            begin: Begin::of(resume, restart).map_err(Failure::from)?,
            ..Wanted::to(out.clone())
        };
        let address = wanted.address().map_err(Failure::from)?;
        let auth = identity.auth(&address.base("v1"), VARIABLES).map_err(Failure::from)?;
        let cache = if token_cache { bulk_client::token_cache(VARIABLES) } else { None };
        let watcher = Arc::new(Watcher::default());
        let observer: Arc<dyn Observer> = Arc::clone(&watcher) as _;

        let cancel = CancellationToken::new();
        let deciding = || {
            let deciding = wanted.decide(&settings, &observer);
            bulk_client::block_on(bulk_client::unless_cancelled(&cancel, deciding))
        };
        let decided = watched(py, || cancel.cancel(), |_| Ok(()), deciding)?;
        let decided = decided.map_err(Failure::from)?;
        let Decided { export, base, statement, .. } = decided;
        let export = Export { decryption, ..export };
        let server = Server::new(base, auth, settings, cache, observer).map_err(Failure::from)?;
        let server = server.knowing(statement);
        let around = Around::make(&out)?;
        export.check(&server).map_err(Failure::from)?;

        let mut told = std::time::Instant::now();
        let tick = |py: Python<'_>| {
            if told.elapsed() < TOLD_EVERY {
                return Ok(());
            }
            told = std::time::Instant::now();
            watcher.tell(py, progress)
        };
        let run = || bulk_client::block_on(export.run(&server, &cancel));
        let report = watched(py, || cancel.cancel(), tick, run)?.map_err(Failure::from)?;
        drop(around);
        watcher.tell(py, progress)?;
        let said = arguments::report(py, &report.to_json(argument).to_string())?;
        said.set_item("warnings", warnings(&report))?;
        warn::tell_of(&said)?;
        Ok(said)
    })
}

/// What is missing of what was asked for or announced, or may be.
fn warnings(report: &Report) -> Vec<String> {
    let remarks = report.remarks().into_iter().filter(|remark| remark.weight != Weight::Note);
    remarks.map(|remark| remark.text.spelled(argument)).collect()
}

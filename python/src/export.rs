//! `bcda.export`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bulk_client::{
    Auth, Begin, CancellationToken, Credentials, Decryption, Export, ExportRequest, ExposeSecret,
    Level, Manifest, Observer, Origin, Report, SecretString, Server, Settings, Url, Weight,
    read_secret,
};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::{Around, instant, names, path, within};
use crate::failure::{Failure, guarded};
use crate::warn;
use crate::watch::{TOLD_EVERY, watched};

/// Largest encrypted file, in bytes: memory holds it whole.
const MOST_DECRYPTED_BYTES: u64 = 4 << 30;
/// Longest time without a byte, in seconds: a day.
const LONGEST_TIMEOUT: u64 = 86_400;

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

#[derive(Default)]
struct Watcher(Mutex<Seen>);

impl Watcher {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, py: Python<'_>, callable: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
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

fn variable(name: &str) -> Option<SecretString> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(SecretString::from)
}

/// Where runs share tokens, the command line's too.
fn cache_folder() -> Option<PathBuf> {
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
    Some(base.join("bcda"))
}

/// How a token is had, by what was given.
fn auth(
    kind: Option<&str>,
    credentials: Option<&Path>,
    token: Option<&Path>,
    token_url: Url,
) -> Result<Auth, Failure> {
    let basic = || match credentials {
        Some(file) => Ok::<_, Failure>(Some(Credentials::from_file(file)?)),
        None => Ok(Credentials::from_environment()),
    };
    let bearer = || match token {
        Some(file) => Ok::<_, Failure>(Some(read_secret(file)?)),
        None => Ok(variable("BCDA_TOKEN")),
    };
    let kind = match kind {
        Some(kind) => kind,
        None if token.is_some() => "bearer",
        None if credentials.is_some() || variable("BCDA_CLIENT_SECRET").is_some() => "basic",
        None if variable("BCDA_TOKEN").is_some() => "bearer",
        None => "",
    };
    match kind {
        "none" => Ok(Auth::None),
        "basic" => {
            let credentials = basic()?.ok_or_else(|| {
                Failure::usage("this way to get a token needs credentials=FILE, or BCDA_CLIENT_ID and BCDA_CLIENT_SECRET")
            })?;
            Ok(Auth::Basic { credentials, token_url })
        }
        "bearer" => {
            let token =
                bearer()?.ok_or_else(|| Failure::usage("give token=FILE, or BCDA_TOKEN"))?;
            Ok(Auth::Bearer(token.expose_secret().trim().into()))
        }
        "" => Err(Failure::usage(
            "who are you? give credentials=FILE, or BCDA_CLIENT_ID and BCDA_CLIENT_SECRET in the environment; \
             auth=\"none\" for a server that wants no token",
        )),
        _ => Err(Failure::usage("auth: expected basic, bearer or none")),
    }
}

fn url(name: &str, text: &str) -> Result<Url, Failure> {
    text.parse().map_err(|_| Failure::usage(format!("{name}: expected a URL")))
}

/// Fetches an export from BCDA, or from another FHIR bulk server: the command `bcda export`.
///
/// Interrupted at any point, the same call goes on from there and fetches only what is missing.
///
/// Args:
///     base_url: the server, e.g. "https://sandbox.bcda.cms.gov"; with a path, the FHIR base itself.
///     out: the folder of the files; folders around it are made.
///     api: version of the API, below /api/ at the server; "v1" unless the URL has a path. "none": the URL is the FHIR
///         base, though it has no path.
///     auth: how a token is had: "basic", "bearer" or "none"; told by the other arguments unless given.
///     credentials: a file with client_id = ... and client_secret = ... that only you can read; without it the
///         variables BCDA_CLIENT_ID and BCDA_CLIENT_SECRET.
///     token: a file with a token that only you can read; without it the variable BCDA_TOKEN.
///     token_url: where tokens are given; /auth/token at the server unless given.
///     types: FHIR types, e.g. ["ExplanationOfBenefit", "Patient"]; all unless named.
///     since: only what changed since this instant, e.g. "2024-01-31T00:00:00Z" or a datetime with its zone; "last":
///         since the newest finished export of the same data beside out.
///     group: whose data: "all" or "runout" with BCDA.
///     endpoint: another endpoint in place of the group: "Patient", a type, or "system".
///     resume: go on with the export in out, whatever the other arguments ask for.
///     restart: start a new job, and remove what an export that is unfinished, or lost a file, left in out.
///     parallel: files that are downloaded at the same time.
///     rate: most requests in five minutes.
///     timeout: seconds without a byte after which a connection is given up.
///     attempts: how often a call is tried that fails in a way that may pass.
///     insecure_http: allow plain HTTP to other machines: anyone on the way can read token and data.
///     allow_origin: other servers that may be given the token where the manifest says that files need it.
///     decrypt_key: private key (PEM) for exports of 2018 to 2020, whose files are encrypted.
///     token_cache: whether the token is kept for the next run, in the user's cache folder.
///     progress: called a few times a second, and once at the end, with a dict of job_percent, files, files_done and
///         bytes. An exception of it ends the run.
///
/// Returns:
///     A dict: transactionTime, job, files, alreadyThere, typesWithoutFile, unaskedTypes, issues, remarks, warnings,
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
    since = None, group = "all", endpoint = None, resume = false, restart = false, parallel = 4, rate = 3000,
    timeout = 60, attempts = 6, insecure_http = false, allow_origin = None, decrypt_key = None, token_cache = true,
    progress = None
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
    group: &str,
    endpoint: Option<&str>,
    resume: bool,
    restart: bool,
    parallel: i128,
    rate: i128,
    timeout: i128,
    attempts: i128,
    insecure_http: bool,
    allow_origin: Option<Vec<String>>,
    decrypt_key: Option<&Bound<'py, PyAny>>,
    token_cache: bool,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(|| {
        let out = path("out", out)?;
        if insecure_http {
            let text = "insecure_http: anyone on the way can read the token and the data";
            warn::tell(py, &[text.to_owned()])?;
        }
        let base = bulk_client::fhir_base(base_url, api).map_err(Failure::from)?;
        let origins = allow_origin.unwrap_or_default();
        let origins = origins.iter().map(|text| Ok(Origin::of(&url("allow_origin", text)?)));
        let settings = Settings {
            parallel: within("parallel", parallel, 1, 64)?,
            requests: u32::try_from(within("rate", rate, 1, u32::MAX.into())?).unwrap_or(u32::MAX),
            idle_timeout: Duration::from_secs(
                within("timeout", timeout, 1, LONGEST_TIMEOUT)? as u64
            ),
            attempts: within("attempts", attempts, 1, 100)?,
            insecure_http,
            allowed_origins: origins.collect::<Result<_, Failure>>()?,
            ..Settings::default()
        };
        let decryption = decrypt_key.map(|file| path("decrypt_key", file)).transpose()?;
        let decryption = decryption.map(|file| private_key(&file));
        let token_url = match token_url {
            Some(text) => url("token_url", text)?,
            None => bulk_client::bcda_token_url(&base),
        };
        let credentials = credentials.map(|file| path("credentials", file)).transpose()?;
        let token = token.map(|file| path("token", file)).transpose()?;
        let auth = self::auth(auth, credentials.as_deref(), token.as_deref(), token_url)?;
        let cache = if token_cache { cache_folder() } else { None };
        let watcher = Arc::new(Watcher::default());
        let server = Server::new(base, auth, settings, cache, Arc::clone(&watcher) as _)
            .map_err(Failure::from)?;

        let level = match endpoint {
            None => Level::Group(group.to_owned()),
            Some("system") => Level::System,
            Some("Patient") => Level::Patient,
            Some(name) => Level::Type(name.to_owned()),
        };
        let mut request = ExportRequest::new(level);
        request.types = types.map(names).transpose()?.unwrap_or_default();
        let begin = match (resume, restart) {
            (true, true) => {
                return Err(Failure::usage("resume and restart exclude each other").into());
            }
            (true, false) => Begin::Resume,
            (false, true) => Begin::Restart,
            _ => Begin::Usual,
        };
        let since = since.map(|since| instant("since", since)).transpose()?;
        let since_last = since.as_deref() == Some("last");
        request.since = if since_last {
            let url = request.url(server.base());
            bulk_client::since_last(&out, &request, &url, begin).map_err(Failure::from)?
        } else {
            since
        };
        request.check().map_err(Failure::from)?;
        let decryption = decryption.transpose()?;
        let around = Around::make(&out)?;
        let export = Export { request, out, begin, decryption, since_last };
        export.check(&server).map_err(Failure::from)?;

        let cancel = CancellationToken::new();
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
        let said = warn::report(py, &report.to_json().to_string())?;
        said.set_item("warnings", warnings(&report))?;
        warn::tell_of(&said)?;
        Ok(said)
    })
}

fn private_key(file: &Path) -> Result<Decryption, Failure> {
    let text = read_secret(file)?;
    let key = encryption::PrivateKey::from_pem(text.expose_secret().as_bytes())
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    Ok(Decryption { key: Arc::new(key), max_bytes: MOST_DECRYPTED_BYTES })
}

/// What is missing of what was asked for or announced, or may be.
fn warnings(report: &Report) -> Vec<String> {
    let remarks = report.remarks().into_iter().filter(|remark| remark.weight != Weight::Note);
    remarks.map(|remark| remark.text).collect()
}

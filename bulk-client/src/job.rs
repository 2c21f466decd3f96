//! Jobs on the server: waiting for one, listing, cancelling.

use std::collections::HashSet;
use std::time::Duration;

use reqwest::header::{CONTENT_LOCATION, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use url::Url;

use crate::call::Call;
use crate::error::{Error, ErrorKind};
use crate::manifest::{MAX_MANIFEST, Manifest};
use crate::outcome::Outcome;
use crate::place::parse;
use crate::request::{ExportRequest, Level};
use crate::server::Server;
use crate::setting::Setting;
use crate::wire::retry_after;

/// Most further pages of a manifest: more are a mistake, or never end.
const MAX_PAGES: usize = 1_000;
/// Longest wait between two questions where the server does not say.
const LONGEST_POLL: Duration = Duration::from_secs(30);

/// The state of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobState {
    /// Not done: percent, and the server's words.
    Running {
        /// Percent of the work, where the server tells it.
        percent: Option<u8>,
        /// `X-Progress`.
        words: String,
        /// `Retry-After`.
        asked_to_wait: Option<Duration>,
    },
    /// Done.
    Complete(Box<Manifest>),
}

impl Server {
    /// The headers of a kick-off, without what is secret.
    pub fn kickoff_headers(&self) -> Vec<(String, String)> {
        let headers = asked_for(&self.base).headers.into_iter();
        headers.map(|(name, value)| (name.to_string(), value)).collect()
    }

    /// Starts a job; gives the URL of its state.
    pub(crate) async fn start(&self, request: &ExportRequest) -> Result<Url, Error> {
        let url = request.url(&self.base);
        self.observer().kickoff(&url);
        let started = self.start_at(&url).await.map_err(|error| unattributed(request, error));
        self.observer().kicked_off(&url, started.as_ref());
        started
    }

    async fn start_at(&self, url: &Url) -> Result<Url, Error> {
        let call = asked_for(url);
        let response = self.send(&call).await.map_err(|error| match error.status() {
            Some(429) => error.at("a job for these types may be running already (bcda jobs list)"),
            Some(404) => error.of_kind(ErrorKind::Server),
            _ => error,
        })?;
        if response.status() != StatusCode::ACCEPTED {
            let status = response.status().as_u16();
            return Err(Error::server(format!("expected 202 for a new job, got {status}"))
                .with_status(status));
        }
        let location = response.headers().get(CONTENT_LOCATION);
        let location = location
            .and_then(|value| value.to_str().ok())
            .ok_or_else(|| Error::server("the server started a job but does not say where"))?;
        parse(location, Some(url))
            .map_err(|error| error.of_kind(ErrorKind::Server).at("the Content-Location of the job"))
    }

    /// The URL of a job: a number, or a URL as the kick-off gave it.
    pub fn job_url(&self, job: &str) -> Result<Url, Error> {
        match job.parse::<Url>() {
            Ok(_) => parse(job, None),
            Err(_) => check_job_name(job).map(|()| self.below(&["jobs", job])),
        }
    }

    /// Asks for the state of a job, once. It is done when all pages of its manifest are there.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::JobGone`] for 404 (unknown, cancelled) and 410 (expired), [`ErrorKind::JobFailed`] for 500.
    pub async fn job_state(&self, job: &Url) -> Result<JobState, Error> {
        // All pages together have to fit: the journal names the files of all of them.
        let mut room = MAX_MANIFEST;
        let mut first = match self.page(job, &mut room).await? {
            JobState::Complete(first) => first,
            running => return Ok(running),
        };
        let (mut next, mut pages) = (first.next.take(), Vec::new());
        let mut seen = HashSet::from([job.clone()]);
        while let Some(url) = next {
            let named = |error: Error| error.at("a further page of the manifest");
            if !seen.insert(url.clone()) || pages.len() == MAX_PAGES {
                return Err(named(Error::server("the pages never end")));
            }
            match self.page(&url, &mut room).await.map_err(named)? {
                JobState::Complete(mut page) => {
                    next = page.next.take();
                    pages.push(*page);
                }
                running => return Ok(running),
            }
        }
        if pages.is_empty() {
            return Ok(JobState::Complete(first));
        }
        Ok(JobState::Complete(Box::new(first.with_pages(pages)?)))
    }

    /// The state of a job, or one page of its manifest, for which there is so much room left, in bytes.
    async fn page(&self, job: &Url, room: &mut usize) -> Result<JobState, Error> {
        let call = asked_for(job);
        let response = self.send(&call).await.map_err(|error| match error.status() {
            Some(404) => error.at("the server does not know the job, or it was cancelled"),
            Some(410) => error.at("the job has expired"),
            Some(500) => error.of_kind(ErrorKind::JobFailed),
            Some(401 | 403) if !self.is_trusted(job, call.token) => {
                error.at("the job is at another server, which is not given the token")
            }
            _ => error,
        })?;
        match response.status() {
            StatusCode::ACCEPTED => Ok(running(response.headers())),
            StatusCode::OK => {
                let html = response.headers().get(CONTENT_TYPE).is_some_and(is_html);
                let body = self.wire.body(response, *room).await;
                let body = body.map_err(|error| error.at("the manifest"))?;
                *room = room.saturating_sub(body.len());
                if html {
                    return Err(Error::server("the manifest is an HTML page"));
                }
                Ok(JobState::Complete(Box::new(Manifest::parse(&body, job)?)))
            }
            status => {
                let status = status.as_u16();
                let message = format!("expected 200 or 202 for a job, got {status}");
                Err(Error::server(message).with_status(status))
            }
        }
    }

    /// Waits until a job is done.
    pub(crate) async fn wait_for(&self, job: &Url) -> Result<Manifest, Error> {
        let end = Instant::now() + self.wire.settings.job_timeout;
        let mut usual_wait = self.wire.settings.poll_wait;
        loop {
            let state =
                self.job_state(job).await.inspect_err(|error| self.observer().job_failed(error))?;
            let asked = match state {
                JobState::Complete(manifest) => {
                    self.observer().job_complete(&manifest);
                    return Ok(*manifest);
                }
                JobState::Running { percent, words, asked_to_wait } => {
                    self.observer().job_progress(percent, &words, asked_to_wait);
                    asked_to_wait
                }
            };
            let wait = asked.map_or(usual_wait, |asked| asked.min(self.wire.settings.longest_wait));
            usual_wait = (usual_wait * 3 / 2).min(LONGEST_POLL.max(self.wire.settings.poll_wait));
            if Instant::now() + wait > end {
                let hours = self.wire.settings.job_timeout.as_secs_f64() / 3600.0;
                let message =
                    format!("the job was not done after {hours:.1} hours; it is still there");
                return Err(Error::new(ErrorKind::Network, message));
            }
            // Never in a tight loop, whatever the server asks for.
            sleep(wait.max(Duration::from_millis(10))).await;
        }
    }

    /// Cancels a job.
    pub async fn cancel_job(&self, job: &Url) -> Result<(), Error> {
        let call = Call { method: Method::DELETE, ..Call::get(job) };
        self.send(&call).await.map(|_| ()).map_err(|error| match error.status() {
            Some(410) => error.at("the job cannot be cancelled any more"),
            _ => error,
        })
    }

    /// The jobs that the server lists for us.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Server`] for a 404, unless it says that there are no jobs.
    pub async fn jobs(&self) -> Result<Vec<JobSummary>, Error> {
        let url = self.below(&["jobs"]);
        let response = match self.send(&Call::get(&url)).await {
            Err(error) if says_none(&error) => return Ok(Vec::new()),
            Err(error) if error.status() == Some(404) => {
                return Err(error
                    .of_kind(ErrorKind::Server)
                    .at("the server has no list of jobs there, or does not tell us"));
            }
            other => other?,
        };
        let body = self.wire.body(response, MAX_MANIFEST).await?;
        listed(&body)
    }
}

/// What is meant by a 404 of the service itself to changes of a group: of whom they are stands in the list of people
/// that was in force at the instant, and that is missing. A web server's 404 to a wrong path says nothing of the kind.
fn unattributed(request: &ExportRequest, error: Error) -> Error {
    let is_of_changes = matches!(request.level, Level::Group(_)) && request.since.is_some();
    let says_so = error.outcome().is_some_and(Outcome::is_from_service);
    if error.status() != Some(404) || !is_of_changes || !says_so {
        return error;
    }
    error.at([
        "the server has no list of the group's people as of ".into(),
        Setting::Since.alone(),
        " and cannot tell what changed for them; name another instant, or leave ".into(),
        Setting::Since.alone(),
        " out for a full export (if that is refused too, the server has no list for this year yet)"
            .into(),
    ])
}

/// The jobs of a Bundle. Anything else is no answer to the question, least of all an empty one.
fn listed(body: &[u8]) -> Result<Vec<JobSummary>, Error> {
    let bundle: Value = serde_json::from_slice(body).unwrap_or_default();
    if bundle["resourceType"] != "Bundle" {
        return Err(Error::server("the list of jobs is not a Bundle"));
    }
    let entries = bundle["entry"].as_array().into_iter().flatten();
    Ok(entries.map(|entry| summary(&entry["resource"])).collect())
}

/// A 404 that says that there are no jobs. Any other is no answer to the question.
fn says_none(error: &Error) -> bool {
    error.status() == Some(404) && error.outcome().is_some_and(Outcome::says_no_jobs)
}

/// A job of the server's list; what the server does not tell is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JobSummary {
    /// Its number, or its URL.
    pub id: String,
    /// `completed`, `in-progress`, `failed`, ... as FHIR's Task has it.
    pub status: String,
    /// What was asked for.
    pub request: String,
    /// When it began.
    pub start: String,
    /// When it ended.
    pub end: String,
}

fn summary(task: &Value) -> JobSummary {
    let text =
        |path: &str| task.pointer(path).and_then(Value::as_str).map(plain).unwrap_or_default();
    let first = |paths: &[&str]| paths.iter().map(|path| text(path)).find(|text| !text.is_empty());
    JobSummary {
        id: first(&["/identifier/0/value", "/id"]).unwrap_or_default(),
        status: text("/status"),
        request: first(&["/input/0/valueString", "/input/0/valueUri", "/description"])
            .unwrap_or_default(),
        start: first(&["/executionPeriod/start", "/authoredOn"]).unwrap_or_default(),
        end: text("/executionPeriod/end"),
    }
}

/// A server's text for a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|ch| !ch.is_control()).take(500).collect()
}

/// A call for what the server may take its time for: the kick-off, and questions for what has come of it.
pub(crate) fn asked_for(url: &Url) -> Call<'_> {
    let mut call = Call::get(url);
    call.headers.push((HeaderName::from_static("prefer"), "respond-async".to_owned()));
    call
}

/// Whether a user names a job by this. Below `jobs` nothing would be the list of all of them, or something else.
///
/// # Errors
///
/// [`ErrorKind::Usage`] for what names none.
pub fn check_job_name(job: &str) -> Result<(), Error> {
    if job.trim().is_empty() || matches!(job, "." | "..") {
        return Err(Error::usage("which job? expected its number or its URL"));
    }
    Ok(())
}

pub(crate) fn is_html(value: &reqwest::header::HeaderValue) -> bool {
    value.as_bytes().to_ascii_lowercase().starts_with(b"text/html")
}

fn running(headers: &HeaderMap) -> JobState {
    let words = headers.get("x-progress").and_then(|value| value.to_str().ok()).unwrap_or_default();
    JobState::Running {
        percent: percent(words),
        words: known_words(words),
        asked_to_wait: retry_after(headers),
    }
}

/// The words that servers tell the state of a job with.
const WORDS: [&str; 20] = [
    "accepted",
    "building",
    "complete",
    "completed",
    "exported",
    "exporting",
    "files",
    "in",
    "in-progress",
    "of",
    "pending",
    "percent",
    "preparing",
    "processed",
    "processing",
    "progress",
    "queued",
    "resources",
    "running",
    "started",
];

/// What servers say of a job's state, without words that are not of them: any other may be somebody's name. Figures of
/// up to three digits stay.
fn known_words(words: &str) -> String {
    let is_known = |word: &&str| {
        let bare = word.trim_matches(|ch: char| "()%,.:;/".contains(ch)).to_ascii_lowercase();
        let is_figure = bare.len() <= 3 && bare.bytes().all(|byte| byte.is_ascii_digit());
        is_figure || WORDS.contains(&bare.as_str())
    };
    words.split_ascii_whitespace().filter(is_known).collect::<Vec<_>>().join(" ")
}

/// The number before the percent sign, as in `In Progress (42%)`.
fn percent(words: &str) -> Option<u8> {
    let (before, _) = words.split_once('%')?;
    let digits =
        before.rfind(|ch: char| !ch.is_ascii_digit()).map_or(before, |at| &before[at + 1..]);
    digits.parse().ok().filter(|percent| *percent <= 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_in_all_its_forms() {
        for (words, expected) in [
            ("In Progress (42%)", Some(42)),
            ("100%", Some(100)),
            ("In Progress", None),
            ("Pending", None),
            ("%", None),
            ("In Progress (101%)", None),
            ("In Progress (99999999999%)", None),
        ] {
            assert_eq!(percent(words), expected, "{words}");
        }
        for (words, known) in [
            ("In Progress (42%)", "In Progress (42%)"),
            ("Processed 12 of 100 files", "Processed 12 of 100 files"),
            ("processing Jane Roe 1EG4TE5MK73 1234", "processing"),
            ("Jane\u{1b}[2J", ""),
        ] {
            assert_eq!(known_words(words), known);
        }
    }

    #[test]
    fn only_a_bundle_is_a_list_of_jobs() {
        assert_eq!(listed(br#"{"resourceType":"Bundle"}"#).unwrap(), []);
        let one =
            br#"{"resourceType":"Bundle","entry":[{"resource":{"id":"7","status":"completed"}}]}"#;
        assert_eq!(listed(one).unwrap()[0].id, "7");
        for other in
            [r#"{"resourceType":"OperationOutcome","issue":[]}"#, "{}", "[]", "null", "", "<p>"]
        {
            assert!(listed(other.as_bytes()).is_err(), "{other}");
        }
    }
}

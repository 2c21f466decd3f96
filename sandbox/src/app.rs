//! What all requests share, and who may ask for what.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use cms::Api;
use http_body_util::{BodyExt, Limited};

use crate::Options;
use crate::answer::{self, plain};
use crate::fault::{Fault, Requests};
use crate::faults::Faults;
use crate::job::{Job, Jobs, Pace};
use crate::sources::Sources;
use crate::statistics::Statistics;
use crate::tokens::Tokens;
use crate::version::under_version;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) options: Options,
    pub(crate) address: SocketAddr,
    pub(crate) sources: Sources,
    pub(crate) faults: Faults,
    pub(crate) tokens: Tokens,
    pub(crate) jobs: Jobs,
    /// The folder of the jobs' files.
    pub(crate) folder: PathBuf,
    pub(crate) statistics: Mutex<Statistics>,
}

impl App {
    /// Where a job's files lie.
    pub(crate) fn folder_of(&self, job: &Job) -> PathBuf {
        self.folder.join(job.id.to_string())
    }

    /// How long the next job takes, and how long it stays.
    pub(crate) fn pace(&self) -> Pace {
        let least_polls = self.faults.find(|fault| match fault {
            Fault::SlowJobs(polls) => Some(*polls),
            _ => None,
        });
        let expired = self.faults.strike("", |fault| match fault {
            Fault::ExpiredJob(jobs) => Some(*jobs),
            _ => None,
        });
        Pace {
            least: self.options.job_time,
            least_polls: least_polls.unwrap_or(0),
            expiry: if expired { std::time::Duration::ZERO } else { self.options.expiry },
        }
    }

    /// An error of the API.
    pub(crate) fn error(&self, status: StatusCode, text: &str) -> Response {
        answer::error(&self.faults, status, text)
    }

    /// The refusal that a fault has for this kind of request, if any.
    pub(crate) fn refusal(&self, requests: Requests) -> Option<Response> {
        let (status, seconds) = self.faults.refuse(requests)?;
        Some(answer::refusal(&self.faults, status, seconds))
    }

    fn count(&self, requests: Requests, status: StatusCode) {
        let mut statistics = self.statistics.lock().unwrap_or_else(PoisonError::into_inner);
        statistics.add(requests, status.as_u16());
    }
}

/// The scheme, host and port under which the client sees the sandbox: what URLs in answers begin with.
#[derive(Debug, Clone)]
pub(crate) struct Origin(pub(crate) String);

impl FromRequestParts<Arc<App>> for Origin {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self(format!("http://{}", host(&parts.headers, app.address))))
    }
}

fn host(headers: &HeaderMap, address: SocketAddr) -> String {
    let named = headers.get(HOST).and_then(|host| host.to_str().ok());
    named.map_or_else(|| address.to_string(), str::to_owned)
}

/// The version of the API under whose path a request came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version(pub(crate) Api);

impl FromRequestParts<Arc<App>> for Version {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Self::Rejection> {
        let path = parts.uri.path();
        under_version(path).map(|(api, _)| Self(api)).ok_or_else(|| answer::not_found(path))
    }
}

/// The client whose token a request carries: its place among the credentials.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client(pub(crate) usize);

impl FromRequestParts<Arc<App>> for Client {
    type Rejection = Response;

    /// `Authorization: Bearer TOKEN`, exactly so. What is wrong with a token is not told.
    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Self, Self::Rejection> {
        let token = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "))
            .filter(|token| !token.is_empty() && !token.contains(char::is_whitespace));
        token
            .and_then(|token| app.tokens.check(token))
            .map(Self)
            .ok_or_else(|| app.error(StatusCode::UNAUTHORIZED, "Invalid Token"))
    }
}

/// Everything before a handler and after it: the host and the origin, the body, the headers of all answers, the statistics.
pub(crate) async fn around(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let requests = kind_of(request.uri().path());
    let mut response = guarded(&app, request, next).await;
    if let Some(requests) = requests {
        app.count(requests, response.status());
    }
    let headers = response.headers_mut();
    for (name, value) in [
        // As the service does; it also spares a client the question whether a broken connection can be used again.
        ("connection", "close"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name, axum::http::HeaderValue::from_static(value));
    }
    response
}

async fn guarded(app: &App, request: Request, next: Next) -> Response {
    // A page of another site may have its name point to this machine: names that are not ours get nothing.
    let host = host(request.headers(), app.address);
    if !is_local(&host) {
        return plain(StatusCode::MISDIRECTED_REQUEST, "this server is reached as localhost\n");
    }
    // Nor does any other page have its browser ask here. Clients that are no browsers send no origin.
    let mut origins = request.headers().get_all(ORIGIN).iter();
    if !origins.all(|origin| is_own(origin.as_bytes(), &host)) {
        return plain(StatusCode::FORBIDDEN, "this server answers no page but its own\n");
    }
    let (parts, body) = request.into_parts();
    if head_bytes(&parts) > app.options.limits.head_bytes {
        return plain(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the head is too large\n");
    }
    // No endpoint wants a body; what comes is read so that the answer reaches the client.
    let read = Limited::new(body, app.options.limits.body_bytes).collect();
    match tokio::time::timeout(app.options.limits.idle, read).await {
        Err(_) => return plain(StatusCode::REQUEST_TIMEOUT, "the body did not come\n"),
        Ok(Err(_)) => return plain(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n"),
        Ok(Ok(_)) => {}
    }
    next.run(Request::from_parts(parts, axum::body::Body::empty())).await
}

/// Bytes of a head. hyper's own limit is one of memory, and lets through what came in one read.
fn head_bytes(parts: &Parts) -> usize {
    let headers = parts.headers.iter();
    let fields: usize = headers.map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    fields + parts.uri.path_and_query().map_or(0, |target| target.as_str().len())
}

/// Whether a Host header names this machine.
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether an Origin header names the host that was asked. A relay that hands on the browser's Host is no hindrance.
fn is_own(origin: &[u8], host: &str) -> bool {
    origin
        .strip_prefix(b"http://")
        .is_some_and(|authority| authority.eq_ignore_ascii_case(host.as_bytes()))
}

fn kind_of(path: &str) -> Option<Requests> {
    if path == "/auth/token" {
        Some(Requests::Token)
    } else if path.starts_with("/data/") {
        Some(Requests::Data)
    } else if under_version(path).is_some_and(|(_, rest)| rest.starts_with("jobs/")) {
        Some(Requests::Status)
    } else if path.ends_with("$export") || path.ends_with("%24export") {
        Some(Requests::Start)
    } else {
        None
    }
}

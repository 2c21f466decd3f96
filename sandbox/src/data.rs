//! `GET /data/{job}/{file}`: the file, a part of it, compressed or not, or something that goes wrong with it.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_RANGE, RANGE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use headers::{
    AcceptRanges, ContentLength, ContentRange, ETag, HeaderMapExt, IfModifiedSince, IfNoneMatch,
    IfRange, LastModified, Vary,
};

use crate::answer::{empty, plain, typed};
use crate::app::{App, Client};
use crate::compress;
use crate::fault::{Fault, Requests};
use crate::file_body::{Ending, FileBody};
use crate::guides;
use crate::job::{Content, JobFile, View};
use crate::range::{self, Asked};

const NDJSON: &str = "application/fhir+ndjson";

/// What is sent of a file: as it is, or compressed.
struct Representation {
    path: PathBuf,
    bytes: u64,
    gzip: bool,
    etag: Option<ETag>,
    modified: SystemTime,
}

/// Serves a file of a finished job. Names lead to files only through the job's list.
pub(crate) async fn file(
    State(app): State<Arc<App>>,
    Client(client): Client,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = app.refusal(Requests::Data) {
        return refusal;
    }
    let Some(file) = find(&app, client, &id, &name) else {
        return plain(StatusCode::NOT_FOUND, "Not Found");
    };
    let struck = |pick: fn(&Fault) -> Option<u32>| app.faults.strike(&name, pick);
    if struck(|fault| if let Fault::Html200(times) = fault { Some(*times) } else { None }) {
        let page = "<!doctype html><title>Maintenance</title><p>Please come back later.\n";
        return typed(StatusCode::OK, "text/html; charset=utf-8", page);
    }
    let Some(shown) = represent(&app, &file, &headers).await else {
        return plain(StatusCode::NOT_FOUND, "Not Found");
    };
    if is_known(&headers, &shown) {
        return with_validators(empty(StatusCode::NOT_MODIFIED), &shown);
    }
    let part = match asked(&app, &headers, &shown) {
        Asked::Whole => None,
        Asked::Part(part) => Some(part),
        Asked::Outside => {
            let mut response = plain(StatusCode::RANGE_NOT_SATISFIABLE, "Range Not Satisfiable\n");
            response.headers_mut().typed_insert(ContentRange::unsatisfied_bytes(shown.bytes));
            return response;
        }
    };
    let ending = if struck(|fault| match fault {
        Fault::DropConnection(times) => Some(*times),
        _ => None,
    }) {
        Ending::Break
    } else if struck(|fault| match fault {
        Fault::TruncateBody(times) => Some(*times),
        _ => None,
    }) {
        Ending::Short
    } else if struck(|fault| match fault {
        Fault::WrongContentLength(times) => Some(*times),
        _ => None,
    }) {
        Ending::Missing
    } else {
        Ending::Whole
    };
    send(&app, &shown, part, ending)
}

/// `HEAD`: what a download would begin with. It is none, so no fault is spent on it, and a range means nothing to it.
pub(crate) async fn head(
    State(app): State<Arc<App>>,
    Client(client): Client,
    Path((id, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let shown = match find(&app, client, &id, &name) {
        Some(file) => represent(&app, &file, &headers).await,
        None => None,
    };
    match shown {
        Some(shown) => send(&app, &shown, None, Ending::Whole),
        None => plain(StatusCode::NOT_FOUND, "Not Found"),
    }
}

fn find(app: &App, client: usize, id: &str, name: &str) -> Option<Arc<JobFile>> {
    let (job, kind) = match app.jobs.of(client, id.parse().ok()?) {
        Some(job) => (job, None),
        None => (guides::job(app, client, id)?, Some(guides::kind(id, name)?)),
    };
    let View::Completed(_, files) = job.view() else { return None };
    let wanted = |file: &&Arc<JobFile>| {
        kind.map_or(file.name == name, |kind| file.of == Content::Output(kind))
    };
    files.iter().find(wanted).cloned()
}

/// The file as it is, or compressed when the request mentions gzip. Another coding is passed over.
async fn represent(app: &App, file: &Arc<JobFile>, headers: &HeaderMap) -> Option<Representation> {
    let gzip = accepts_gzip(headers) && !app.faults.has(Fault::NoGzip);
    let path = if gzip {
        compress::of(file, app.faults.has(Fault::GzipMembers)).await.ok()?
    } else {
        file.path.clone()
    };
    let metadata = tokio::fs::metadata(&path).await.ok()?;
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let stem = file.name.trim_end_matches(".ndjson");
    let change = if app.faults.has(Fault::ChangeEtag) {
        uuid::Uuid::new_v4().simple().to_string()
    } else {
        String::new()
    };
    let coding = if gzip { "-gzip" } else { "" };
    let etag = format!("\"{stem}-{:x}{coding}{change}\"", metadata.len()).parse().ok();
    let etag = etag.filter(|_| !app.faults.has(Fault::NoEtag));
    Some(Representation { path, bytes: metadata.len(), gzip, etag, modified })
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all("accept-encoding").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.replace(' ', "").trim_start_matches("q=").parse() == Ok(0.0_f32);
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

/// Whether the client has the file already.
fn is_known(headers: &HeaderMap, shown: &Representation) -> bool {
    let Some(etag) = &shown.etag else { return false };
    if let Some(none) = headers.typed_get::<IfNoneMatch>() {
        return !none.precondition_passes(etag);
    }
    headers.typed_get::<IfModifiedSince>().is_some_and(|since| !since.is_modified(shown.modified))
}

/// The part that is asked for, as far as it is to be honoured.
fn asked(app: &App, headers: &HeaderMap, shown: &Representation) -> Asked {
    let Some(range) = headers.get(RANGE).and_then(|range| range.to_str().ok()) else {
        return Asked::Whole;
    };
    if app.faults.has(Fault::IgnoreRange) {
        return Asked::Whole;
    }
    if let Some(condition) = headers.typed_get::<IfRange>() {
        let modified = shown.etag.as_ref().map(|_| LastModified::from(shown.modified));
        if condition.is_modified(shown.etag.as_ref(), modified.as_ref()) {
            return Asked::Whole;
        }
    }
    range::parse(range, shown.bytes)
}

fn send(app: &App, shown: &Representation, part: Option<Range<u64>>, ending: Ending) -> Response {
    let status = if part.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let bytes = part.clone().unwrap_or(0..shown.bytes);
    let length = bytes.end - bytes.start;
    let body = FileBody::start(shown.path.clone(), bytes, ending);
    let mut response = with_validators(typed(status, NDJSON, Body::new(body)), shown);
    let headers = response.headers_mut();
    match ending {
        // Without a length the body is chunked, and its end looks like the end.
        Ending::Short => {}
        Ending::Missing => headers.typed_insert(ContentLength(length + 10)),
        Ending::Whole | Ending::Break => headers.typed_insert(ContentLength(length)),
    }
    if shown.gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if !app.faults.has(Fault::IgnoreRange) {
        headers.typed_insert(AcceptRanges::bytes());
    }
    if let Some(part) = part
        && let Ok(value) = format!("bytes {}-{}/{}", part.start, part.end - 1, shown.bytes).parse()
    {
        headers.insert(CONTENT_RANGE, value);
    }
    response
}

fn with_validators(mut response: Response, shown: &Representation) -> Response {
    let headers = response.headers_mut();
    if let Some(etag) = &shown.etag {
        headers.typed_insert(etag.clone());
        headers.typed_insert(LastModified::from(shown.modified));
    }
    headers.typed_insert(Vary::from(axum::http::header::ACCEPT_ENCODING));
    response
}

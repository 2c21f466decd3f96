//! Starting a job, asking for it, ending it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_LOCATION, EXPIRES};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::Response;
use cms::Api;
use jiff::{Timestamp, Unit};
use serde_json::json;
use synth::Scope;

use crate::answer::{self, FHIR_JSON, JSON, empty, not_found};
use crate::app::{App, Client, Origin, Version};
use crate::fault::{Fault, Requests};
use crate::guides;
use crate::job::{Job, Order, View};
use crate::manifest;
use crate::parameters;
use crate::resource::ResourceType;
use crate::work;

const EXPORT: &str = "$export";

/// `GET /api/vN/Patient/$export`, and under version 1 `ExplanationOfBenefit/$export` and `Coverage/$export`.
pub(crate) async fn start_of_type(
    State(app): State<Arc<App>>,
    version: Version,
    client: Client,
    origin: Origin,
    Path((resource, operation)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let types = ResourceType::named(&resource).and_then(|kind| kind.exported_by(version.0));
    match types {
        Some(types) if operation == EXPORT => {
            start(&app, version, client, &origin, (types, Scope::Patient), &uri, &headers)
        }
        _ => not_found(uri.path()),
    }
}

/// `GET /api/vN/Group/{all,runout}/$export`. Both give the same data: nobody is of last year alone.
pub(crate) async fn start_of_group(
    State(app): State<Arc<App>>,
    version: Version,
    client: Client,
    origin: Origin,
    Path((group, operation)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if operation != EXPORT {
        return not_found(uri.path());
    }
    if group != "all" && group != "runout" {
        return app.error(StatusCode::BAD_REQUEST, "Invalid group ID");
    }
    let known = (&ResourceType::ALL[..], Scope::Group);
    start(&app, version, client, &origin, known, &uri, &headers)
}

fn start(
    app: &Arc<App>,
    Version(api): Version,
    Client(client): Client,
    Origin(origin): &Origin,
    (known, scope): (&[ResourceType], Scope),
    uri: &Uri,
    headers: &HeaderMap,
) -> Response {
    if let Some(refusal) = app.refusal(Requests::Start) {
        return refusal;
    }
    let parameters = parameters::check_headers(headers)
        .and_then(|()| parameters::parse(uri.query().unwrap_or(""), known, api));
    let parameters = match parameters {
        Ok(parameters) => parameters,
        Err(text) => return app.error(StatusCode::BAD_REQUEST, &text),
    };
    let types = parameters.types;
    if app.faults.has(Fault::RefuseOverlap) && overlaps(app, client, api, &types) {
        let mut response = empty(StatusCode::TOO_MANY_REQUESTS);
        answer::retry_after(&app.faults, &mut response, 1);
        return response;
    }
    let order = Order {
        client,
        api,
        request: format!("{origin}{uri}"),
        types,
        since: parameters.since,
        filter: parameters.filter,
    };
    let pace = app.pace();
    let slice = app.sources.slice(order.since, scope);
    let (job, forgotten) =
        app.jobs.add(app.options.limits.jobs, |id| Job::new(id, order, slice, pace));
    let fails = app.faults.strike("job", |fault| match fault {
        Fault::FailedJob(jobs) => Some(*jobs),
        _ => None,
    });
    let location = format!("{origin}/api/{api}/jobs/{}", job.id);
    let app = Arc::clone(app);
    tokio::task::spawn_blocking(move || {
        if let Some(forgotten) = forgotten {
            forgotten.cancel();
            let _ = std::fs::remove_dir_all(app.folder_of(&forgotten));
        }
        let folder = app.folder_of(&job);
        let key = app.options.encrypt_with.as_ref();
        let source = app.sources.of(api, job.window, &job.cancelled).map_err(std::io::Error::other);
        let files = source.and_then(|source| work::run(&job, &source, &folder, key, &app.faults));
        // Whatever it was: the service says no more than that the job failed.
        job.finish(files.ok().filter(|_| !fails));
    });
    let mut response = empty(StatusCode::ACCEPTED);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(CONTENT_LOCATION, location);
    }
    response
}

/// Whether a job in work under the version covers one of the types.
fn overlaps(app: &App, client: usize, api: Api, types: &[ResourceType]) -> bool {
    app.jobs.all_of(client, api).iter().any(|job| {
        job.view().is_unfinished() && job.order.types.iter().any(|kind| types.contains(kind))
    })
}

/// The job that a URL names, if the client may see it. One of another version is not found.
fn named(
    app: &App,
    Version(api): Version,
    Client(client): Client,
    id: &str,
) -> Result<Arc<Job>, Box<Response>> {
    let id: u64 =
        id.parse().map_err(|_| Box::new(app.error(StatusCode::BAD_REQUEST, "Invalid job ID")))?;
    app.jobs
        .of(client, id)
        .filter(|job| job.order.api == api)
        .ok_or_else(|| Box::new(app.error(StatusCode::NOT_FOUND, "Job not found")))
}

/// `GET /api/vN/jobs/{id}`.
pub(crate) async fn status(
    State(app): State<Arc<App>>,
    version: Version,
    client: Client,
    Origin(origin): Origin,
    Path(id): Path<String>,
) -> Response {
    if let Some(refusal) = app.refusal(Requests::Status) {
        return refusal;
    }
    let example = || guides::job(&app, client.0, &id).filter(|job| job.order.api == version.0);
    let job = named(&app, version, client, &id).or_else(|refusal| example().ok_or(refusal));
    let job = match job {
        Ok(job) => job,
        Err(response) => return *response,
    };
    match job.poll() {
        View::Pending => running(&app, "Pending"),
        View::InProgress(_) if app.faults.has(Fault::BareProgress) => running(&app, "In Progress"),
        View::InProgress(percent) => running(&app, &format!("In Progress ({percent}%)")),
        View::Completed(until, files) => {
            let in_output = !app.faults.has(Fault::KeyMapOnly);
            let manifest = manifest::text(&job, &files, &origin, in_output);
            with_expires(answer::typed(StatusCode::OK, JSON, manifest), until)
        }
        View::Expired(at) => with_expires(app.error(StatusCode::GONE, "Job Expired"), at),
        View::Failed => app.error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Service encountered numerous errors. Job failed to complete.",
        ),
        View::Cancelled => app.error(StatusCode::NOT_FOUND, "Job has been cancelled."),
    }
}

fn running(app: &App, progress: &str) -> Response {
    let mut response = empty(StatusCode::ACCEPTED);
    if let Ok(progress) = HeaderValue::from_str(progress) {
        response.headers_mut().insert(HeaderName::from_static("x-progress"), progress);
    }
    if let Some(seconds) = app.faults.find(|fault| match fault {
        Fault::PollRetryAfter(seconds) => Some(*seconds),
        _ => None,
    }) {
        answer::retry_after(&app.faults, &mut response, seconds);
    }
    response
}

/// `Expires` as Go prints a time, which is no HTTP date: the service does so.
fn with_expires(mut response: Response, at: Timestamp) -> Response {
    let at = at.round(Unit::Microsecond).unwrap_or(at);
    let text = at.strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string();
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(EXPIRES, text);
    }
    response
}

/// `DELETE /api/vN/jobs/{id}`: 202, or 410 when the job is done.
pub(crate) async fn cancel(
    State(app): State<Arc<App>>,
    version: Version,
    client: Client,
    Path(id): Path<String>,
) -> Response {
    let job = match named(&app, version, client, &id) {
        Ok(job) => job,
        Err(response) => return *response,
    };
    if !job.cancel() {
        let text = "Job was not cancelled because it is not Pending or In Progress.";
        return app.error(StatusCode::GONE, text);
    }
    let folder = app.folder_of(&job);
    tokio::task::spawn_blocking(move || {
        // The work may still be writing; what it leaves goes with the sandbox.
        let _ = std::fs::remove_dir_all(folder);
    });
    empty(StatusCode::ACCEPTED)
}

/// The states that a list of jobs can be asked for, by the service's names.
pub(crate) const STATES: [&str; 9] = [
    "Completed",
    "Archived",
    "Expired",
    "Failed",
    "FailedExpired",
    "In Progress",
    "Pending",
    "Cancelled",
    "CancelledExpired",
];

/// `GET /api/vN/jobs`: a Bundle of Tasks, 404 when there is none. `_status` picks by the service's names.
pub(crate) async fn list(
    State(app): State<Arc<App>>,
    Version(api): Version,
    Client(client): Client,
    Origin(origin): Origin,
    uri: Uri,
) -> Response {
    let mut wanted: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or("").as_bytes()) {
        if name == "_status" {
            wanted.extend(value.split(',').map(str::to_owned));
        }
    }
    if wanted.iter().any(|state| !STATES.contains(&state.as_str())) {
        return app.error(StatusCode::BAD_REQUEST, "Invalid job status");
    }
    let mut entries = Vec::new();
    for job in app.jobs.all_of(client, api) {
        let (state, status) = match job.view() {
            View::Pending => ("Pending", "in-progress"),
            View::InProgress(_) => ("In Progress", "in-progress"),
            View::Completed(..) => ("Completed", "completed"),
            View::Expired(_) => ("Archived", "completed"),
            View::Failed => ("Failed", "failed"),
            View::Cancelled => ("Cancelled", "cancelled"),
        };
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == state) {
            continue;
        }
        let (start, end) = job.period();
        let mut period = json!({"start": start.to_string()});
        if let Some(end) = end {
            period["end"] = end.to_string().into();
        }
        entries.push(json!({"resource": {
            "resourceType": "Task",
            "identifier": [{
                "use": "official",
                "system": format!("{origin}/api/{api}/jobs"),
                "value": job.id.to_string(),
            }],
            "status": status,
            "intent": "order",
            "input": [{
                "type": {"text": "BULK FHIR Export"},
                "valueString": format!("GET {}", job.order.request),
            }],
            "executionPeriod": period,
        }}));
    }
    if entries.is_empty() {
        return app.error(StatusCode::NOT_FOUND, "No jobs found");
    }
    let bundle = json!({
        "resourceType": "Bundle",
        "type": "searchset",
        "total": entries.len(),
        "entry": entries,
    });
    answer::json(StatusCode::OK, FHIR_JSON, &bundle)
}

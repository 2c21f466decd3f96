//! Bodies and headers that several answers share.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::faults::Faults;
use crate::resource::ResourceType;
use crate::version::under_version;

pub(crate) const FHIR_JSON: &str = "application/fhir+json";
pub(crate) const JSON: &str = "application/json";
pub(crate) const PLAIN: &str = "text/plain; charset=utf-8";

/// An answer with a body of this type.
pub(crate) fn typed(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Plain text, as the token and data endpoints answer errors.
pub(crate) fn plain(status: StatusCode, text: &'static str) -> Response {
    typed(status, PLAIN, text)
}

/// What is nowhere. A path of an export without its operation is what a shell leaves of `$export` between double
/// quotes: it takes that for a variable.
pub(crate) fn not_found(path: &str) -> Response {
    let export = under_version(path).is_some_and(|(api, rest)| {
        let rest = rest.trim_end_matches('/');
        ResourceType::named(rest).is_some_and(|kind| kind.exported_by(api).is_some())
            || rest.split('/').next() == Some("Group")
    });
    plain(
        StatusCode::NOT_FOUND,
        if export {
            "404 page not found\nThe path lacks its operation. The shell may have eaten $export, which it takes for a \
             variable: write \\$export, or put the URL between single quotes.\n"
        } else {
            "404 page not found\n"
        },
    )
}

/// JSON.
pub(crate) fn json(status: StatusCode, kind: &'static str, value: &Value) -> Response {
    typed(status, kind, value.to_string())
}

/// Nothing but a status.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// An error of the API: an OperationOutcome as of today, unless a fault asks for another form.
pub(crate) fn error(faults: &Faults, status: StatusCode, text: &str) -> Response {
    if faults.has(Fault::EmptyErrors) {
        return empty(status);
    }
    if faults.has(Fault::PlainErrors) {
        return typed(status, PLAIN, format!("{text}\n"));
    }
    if faults.has(Fault::OldErrors) {
        return json(status, JSON, &outcome_of_2019(status, text));
    }
    json(status, FHIR_JSON, &outcome(status, text))
}

/// An OperationOutcome as the service writes it today.
pub(crate) fn outcome(status: StatusCode, text: &str) -> Value {
    let code = match status.as_u16() {
        400 => "structure",
        401 | 403 => "forbidden",
        404 | 410 => "not-found",
        _ => "exception",
    };
    json!({
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": text}],
    })
}

fn outcome_of_2019(status: StatusCode, text: &str) -> Value {
    let issue = if status == StatusCode::BAD_REQUEST {
        json!({"severity": "Error", "code": "Structural Issue", "diagnostics": text})
    } else {
        let details = json!({"coding": [{"display": text}], "text": text});
        json!({"severity": "Error", "code": "Exception", "details": details})
    };
    json!({"resourceType": "OperationOutcome", "issue": [issue]})
}

/// The refusal that a fault asks for: 429 without a body, 500 and 503 with one.
pub(crate) fn refusal(faults: &Faults, status: u16, seconds: u32) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match status {
        StatusCode::TOO_MANY_REQUESTS => empty(status),
        StatusCode::SERVICE_UNAVAILABLE => plain(status, "Service Unavailable\n"),
        _ => error(faults, status, "Internal Error"),
    };
    if status != StatusCode::INTERNAL_SERVER_ERROR {
        retry_after(faults, &mut response, seconds);
    }
    response
}

/// Says when to come again, unless a fault forbids it.
pub(crate) fn retry_after(faults: &Faults, response: &mut Response, seconds: u32) {
    if faults.has(Fault::NoRetryAfter) {
        return;
    }
    let text = if faults.has(Fault::RetryAfterDate) {
        let wait = std::time::Duration::from_secs(seconds.into());
        httpdate::fmt_http_date(std::time::SystemTime::now() + wait)
    } else {
        seconds.to_string()
    };
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
}

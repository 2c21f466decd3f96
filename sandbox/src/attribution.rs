//! Whose data a group has. The sandbox attributes nobody: a fault stands for a time without a list of people.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;

use crate::app::{App, Client, Version};
use crate::fault::Fault;
use crate::parameters;
use crate::resource::ResourceType;

/// Before a job for a group: what changed needs the list of the instant that is asked from.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    version: Version,
    Path((group, operation)): Path<(String, String)>,
    request: Request,
    next: Next,
) -> Response {
    let is_export = matches!(group.as_str(), "all" | "runout") && operation == "$export";
    let query = request.uri().query().unwrap_or("");
    let asked = parameters::parse(query, &ResourceType::ALL, version.0);
    let is_of_changes = is_export && asked.is_ok_and(|asked| asked.since.is_some());
    if !is_of_changes || !app.faults.has(Fault::NoAttribution) {
        return next.run(request).await;
    }
    // Here and not before: a token is counted each time that it is looked at.
    match Client::from_request_parts(&mut request.into_parts().0, &app).await {
        Ok(_) => {
            let text = "No attribution file of this group for the time of _since";
            app.error(StatusCode::NOT_FOUND, text)
        }
        Err(refusal) => refusal,
    }
}

//! What the service says about itself, but for its metadata.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use crate::answer::{self, JSON};
use crate::app::{App, Client};

/// `GET /api/vN/attribution_status`: when the data was loaded.
pub(crate) async fn attribution_status(State(app): State<Arc<App>>, _: Client) -> Response {
    let Some(loaded) = app.sources.loaded() else {
        return app.error(StatusCode::NOT_FOUND, "No attribution file was ingested");
    };
    let dates = ["last_attribution_update", "last_runout_update"]
        .map(|kind| json!({"type": kind, "timestamp": loaded.to_string()}));
    answer::json(StatusCode::OK, JSON, &json!({"ingestion_dates": dates}))
}

/// `GET /_version`.
pub(crate) async fn version() -> Response {
    let version = concat!("sandbox-", env!("CARGO_PKG_VERSION"));
    answer::json(StatusCode::OK, JSON, &json!({"version": version}))
}

/// `GET /_health`. There is no database; the service names it.
pub(crate) async fn health() -> Response {
    answer::json(StatusCode::OK, JSON, &json!({"database": "ok", "ssas": "ok"}))
}

/// `GET /_auth`: how tokens are had.
pub(crate) async fn auth() -> Response {
    answer::json(StatusCode::OK, JSON, &json!({"auth_provider": "ssas", "version": "sandbox"}))
}

//! Which path leads to what.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, post};

use crate::answer::{not_found, plain};
use crate::app::{App, around};
use crate::{auth, data, info, jobs, openapi, page};

pub(crate) fn new(app: &Arc<App>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/auth/token", post(auth::token))
        .route("/api/v1/metadata", get(info::metadata))
        .route("/api/v1/swagger", get(openapi::document))
        .route("/api/v1/attribution_status", get(info::attribution_status))
        .route("/api/v1/jobs", get(jobs::list))
        .route("/api/v1/jobs/{id}", get(jobs::status).delete(jobs::cancel))
        .route("/api/v1/Group/{group}/{operation}", get(jobs::start_of_group))
        .route("/api/v1/{resource}/{operation}", get(jobs::start_of_type))
        .route("/data/{job}/{file}", get(data::file))
        .route("/_version", get(info::version))
        .route("/_health", get(info::health))
        .route("/_auth", get(info::auth))
        .fallback(async |uri: Uri| not_found(uri.path()))
        .method_not_allowed_fallback(async || {
            plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(app), around))
        .with_state(Arc::clone(app))
}

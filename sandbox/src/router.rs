//! Which path leads to what.

use std::sync::Arc;

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::middleware;
use axum::routing::{get, post};
use cms::Api;

use crate::answer::{not_found, plain};
use crate::app::{App, around};
use crate::{attribution, auth, data, info, jobs, metadata, openapi, page};

pub(crate) fn new(app: &Arc<App>) -> Router {
    let shared = Router::new()
        .route("/", get(page::page))
        .route("/page.css", get(page::style))
        .route("/page.js", get(page::script))
        .route("/auth/token", post(auth::token))
        .route("/data/{job}/{file}", get(data::file).head(data::head))
        .route("/_version", get(info::version))
        .route("/_health", get(info::health))
        .route("/_auth", get(info::auth));
    // What is not served is nowhere: its paths lead to the same answer as any other that leads to nothing.
    app.sources
        .versions()
        .fold(shared, |router, api| of_version(router, api, app))
        .fallback(async |uri: Uri| not_found(uri.path()))
        .method_not_allowed_fallback(async || {
            plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed\n")
        })
        .layer(middleware::from_fn_with_state(Arc::clone(app), around))
        .with_state(Arc::clone(app))
}

/// The paths of a version, which are the same in each.
fn of_version(router: Router<Arc<App>>, api: Api, app: &Arc<App>) -> Router<Arc<App>> {
    let attributed = middleware::from_fn_with_state(Arc::clone(app), attribution::check);
    let of_group = get(jobs::start_of_group).layer(attributed);
    let path = |rest: &str| format!("/api/{api}/{rest}");
    router
        .route(&path("metadata"), get(metadata::metadata))
        .route(&path("swagger"), get(openapi::document))
        .route(&path("attribution_status"), get(info::attribution_status))
        .route(&path("jobs"), get(jobs::list))
        .route(&path("jobs/{id}"), get(jobs::status).delete(jobs::cancel))
        .route(&path("Group/{group}/{operation}"), of_group)
        .route(&path("{resource}/{operation}"), get(jobs::start_of_type))
}

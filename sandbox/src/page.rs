//! `GET /`: the page.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use cms::Api;

use crate::Credentials;
use crate::answer::typed;
use crate::app::App;

const PAGE: &str = include_str!("page.html");
/// Nothing from elsewhere, and nobody may put the page into another one.
const POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                      connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The page with the published credentials and the versions that are served filled in; other credentials are not shown.
pub(crate) async fn page(State(app): State<Arc<App>>) -> Response {
    let published = Credentials::published();
    let shown = app.options.credentials.contains(&published);
    let (id, secret) =
        if shown { (published.id.as_str(), published.secret.as_str()) } else { ("", "") };
    let versions: Vec<&str> = app.sources.versions().map(Api::name).collect();
    let page = PAGE
        .replace("{{id}}", id)
        .replace("{{secret}}", secret)
        .replace("{{first}}", versions.first().copied().unwrap_or_default())
        .replace("{{versions}}", &versions.join(" "));
    let mut response = typed(StatusCode::OK, "text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    headers.insert("content-security-policy", HeaderValue::from_static(POLICY));
    headers.insert("referrer-policy", HeaderValue::from_static("no-referrer"));
    headers.insert("cache-control", HeaderValue::from_static("no-store"));
    response
}

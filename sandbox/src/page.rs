//! `GET /`: the page, its style and its script.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use cms::Api;

use crate::Credentials;
use crate::answer::typed;
use crate::app::App;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");
/// Nothing from elsewhere, nothing that stands in the page itself, no text that becomes markup, and nobody may put the
/// page into another one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'; trusted-types 'none'";

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
        .replace("{{versions}}", &versions.join(" "))
        .replace("{{no-lines}}", if app.options.shows_lines() { "hidden" } else { "" });
    let mut response = answer("text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    headers.insert("content-security-policy", HeaderValue::from_static(POLICY));
    // Nothing about it goes elsewhere; "no-referrer" would let some browsers send its own requests with Origin "null".
    headers.insert("referrer-policy", HeaderValue::from_static("same-origin"));
    response
}

/// `GET /page.css`.
pub(crate) async fn style() -> Response {
    answer("text/css; charset=utf-8", STYLE)
}

/// `GET /page.js`.
pub(crate) async fn script() -> Response {
    answer("text/javascript; charset=utf-8", SCRIPT)
}

/// Not kept: another version of the program may be the next at this address.
fn answer(kind: &'static str, text: impl Into<axum::body::Body>) -> Response {
    let mut response = typed(StatusCode::OK, kind, text);
    response.headers_mut().insert("cache-control", HeaderValue::from_static("no-store"));
    response
}

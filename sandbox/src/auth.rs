//! `POST /auth/token`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, PRAGMA};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;
use headers::authorization::Basic;
use headers::{Authorization, HeaderMapExt};
use serde_json::json;

use crate::answer::{self, JSON, plain};
use crate::app::App;
use crate::fault::{ExpiresIn, Fault, Requests};

/// Gives a token for HTTP Basic credentials: 400 without them, 401 for wrong ones, both in plain text.
pub(crate) async fn token(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(refusal) = app.refusal(Requests::Token) {
        return refusal;
    }
    let Some(Authorization(basic)) = headers.typed_get::<Authorization<Basic>>() else {
        return plain(StatusCode::BAD_REQUEST, "Bad Request");
    };
    let known = app.options.credentials.iter().position(|credentials| {
        credentials.id == basic.username() && credentials.secret == basic.password()
    });
    let Some(client) = known else {
        return plain(StatusCode::UNAUTHORIZED, "Unauthorized");
    };
    let requests = app.faults.find(|fault| match fault {
        Fault::TokenExpires(requests) => Some(*requests),
        _ => None,
    });
    let life = app.options.token_life;
    let mut body = json!({
        "access_token": app.tokens.give(client, life, requests),
        "expires_in": life.as_secs().to_string(),
        "token_type": "bearer",
    });
    if app.faults.has(Fault::ExpiresIn(ExpiresIn::Number)) {
        body["expires_in"] = life.as_secs().into();
    } else if app.faults.has(Fault::ExpiresIn(ExpiresIn::Absent))
        && let Some(body) = body.as_object_mut()
    {
        body.remove("expires_in");
    }
    let mut response = answer::json(StatusCode::OK, JSON, &body);
    for (name, value) in [(CACHE_CONTROL, "no-store"), (PRAGMA, "no-cache")] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

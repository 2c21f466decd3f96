//! `GET /api/v1/swagger`: the endpoints as an OpenAPI 3.0 document.
use crate::answer::{self, JSON};
use crate::app::Origin;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
/// The document.
pub(crate) async fn document(Origin(origin): Origin) -> Response {
    answer::json(StatusCode::OK, JSON, &describe(&origin))
}
fn describe(origin: &str) -> Value {
    json!({"openapi": "3.0.3", "servers": [{"url": origin}]})
}

//! What the service says about itself.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::answer::{self, FHIR_JSON, JSON};
use crate::app::{App, Client, Origin};

const SECURITY: &str = "http://hl7.org/fhir/ValueSet/restful-security-service";

/// `GET /api/v1/metadata`, for which no token is needed: a CapabilityStatement of STU3.
pub(crate) async fn metadata(Origin(origin): Origin) -> Response {
    answer::json(StatusCode::OK, FHIR_JSON, &capabilities(&origin))
}

fn capabilities(origin: &str) -> Value {
    let service = |name: &str| {
        json!({
            "coding": [{"system": SECURITY, "code": name, "display": name}],
            "text": name,
        })
    };
    let operation = |name: &str, path: &str| json!({"name": name, "definition": {"reference": format!("{origin}{path}")}});
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2020-02-10",
        "publisher": "bcda-sandbox",
        "kind": "capability",
        "instantiates": ["https://fhir.backend.bluebutton.hhsdevcloud.us/baseDstu3/metadata/"],
        "software": {
            "name": "Beneficiary Claims Data API sandbox",
            "version": env!("CARGO_PKG_VERSION"),
            "releaseDate": "2020-02-10",
        },
        "implementation": {
            "description": "A local stand-in for the Beneficiary Claims Data API, with its version 1",
            "url": origin,
        },
        "fhirVersion": "3.0.1",
        "acceptUnknown": "extensions",
        "format": ["application/json", "application/fhir+json"],
        "rest": [{
            "mode": "server",
            "security": {
                "cors": true,
                "extension": [{
                    "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                    "extension": [{"url": "token", "valueUri": format!("{origin}/auth/token")}],
                }],
                "service": [service("OAuth"), service("SMART-on-FHIR")],
            },
            "interaction": [{"code": "batch"}, {"code": "search-system"}],
            "operation": [
                operation("export", "/api/v1/Patient/$export"),
                operation("export", "/api/v1/Group/all/$export"),
                operation("export", "/api/v1/Group/runout/$export"),
                operation("export", "/api/v1/ExplanationOfBenefit/$export"),
                operation("export", "/api/v1/Coverage/$export"),
                operation("jobs", "/api/v1/jobs/[jobId]"),
                operation("metadata", "/api/v1/metadata"),
                operation("version", "/_version"),
                operation("data", "/data/[jobID]/[random_UUID].ndjson"),
            ],
        }],
    })
}

/// `GET /api/v1/attribution_status`: when the data was loaded.
pub(crate) async fn attribution_status(State(app): State<Arc<App>>, _: Client) -> Response {
    let Some(loaded) = app.source.transaction_time else {
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

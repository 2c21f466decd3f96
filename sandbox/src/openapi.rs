//! `GET /api/v1/swagger`: the endpoints as an OpenAPI 3.0 document, each with a curl command.

use std::fmt::Write;

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use crate::answer::{self, JSON};
use crate::app::Origin;
mod components;

/// The document, for the origin under which the client sees the sandbox.
pub(crate) async fn document(Origin(origin): Origin) -> Response {
    answer::json(StatusCode::OK, JSON, &describe(&origin))
}

/// One endpoint.
struct Endpoint {
    path: &'static str,
    method: &'static str,
    id: &'static str,
    tag: &'static str,
    summary: &'static str,
    /// The names of shared parameters.
    parameters: &'static [&'static str],
    /// Status, and the name of the shared response.
    responses: &'static [(&'static str, &'static str)],
    security: Security,
    /// The options that curl needs, but for the method and the token.
    curl: &'static str,
}

enum Security {
    None,
    Basic,
    Bearer,
}

const START: &[(&str, &str)] = &[
    ("202", "Started"),
    ("400", "Outcome"),
    ("401", "Outcome"),
    ("429", "Later"),
    ("500", "Outcome"),
];
const START_PARAMETERS: &[&str] = &["Prefer", "Type", "Since", "OutputFormat"];
const START_CURL: &str = "-i -H 'Accept: application/fhir+json' -H 'Prefer: respond-async'";

const ENDPOINTS: [Endpoint; 15] = [
    Endpoint {
        path: "/auth/token",
        method: "post",
        id: "token",
        tag: "auth",
        summary: "Get a token for client id and secret; it is good for 20 minutes",
        parameters: &[],
        responses: &[("200", "Token"), ("400", "Text"), ("401", "Text"), ("429", "Later")],
        security: Security::Basic,
        curl: "--user \"$CLIENT_ID:$CLIENT_SECRET\" -H 'Accept: application/json'",
    },
    Endpoint {
        path: "/api/v1/Patient/$export",
        method: "get",
        id: "exportPatients",
        tag: "export",
        summary: "Start a job for all resource types, or those of _type",
        parameters: START_PARAMETERS,
        responses: START,
        security: Security::Bearer,
        curl: START_CURL,
    },
    Endpoint {
        path: "/api/v1/Group/{group}/$export",
        method: "get",
        id: "exportGroup",
        tag: "export",
        summary: "Start a job for a group: all or runout",
        parameters: &["Group", "Prefer", "Type", "Since", "OutputFormat"],
        responses: START,
        security: Security::Bearer,
        curl: START_CURL,
    },
    Endpoint {
        path: "/api/v1/ExplanationOfBenefit/$export",
        method: "get",
        id: "exportClaims",
        tag: "export",
        summary: "Start a job for claims alone, as until 2019",
        parameters: &["Prefer", "Since", "OutputFormat"],
        responses: START,
        security: Security::Bearer,
        curl: START_CURL,
    },
    Endpoint {
        path: "/api/v1/Coverage/$export",
        method: "get",
        id: "exportCoverage",
        tag: "export",
        summary: "Start a job for coverage alone, as until 2019",
        parameters: &["Prefer", "Since", "OutputFormat"],
        responses: START,
        security: Security::Bearer,
        curl: START_CURL,
    },
    Endpoint {
        path: "/api/v1/jobs/{id}",
        method: "get",
        id: "jobStatus",
        tag: "jobs",
        summary: "Ask how far a job is; when it is done, for its files",
        parameters: &["Job"],
        responses: &[
            ("200", "Manifest"),
            ("202", "Running"),
            ("400", "Outcome"),
            ("401", "Outcome"),
            ("404", "Outcome"),
            ("410", "Outcome"),
            ("500", "Outcome"),
        ],
        security: Security::Bearer,
        curl: "-i -H 'Accept: application/fhir+json'",
    },
    Endpoint {
        path: "/api/v1/jobs/{id}",
        method: "delete",
        id: "cancelJob",
        tag: "jobs",
        summary: "Cancel a job that is not done",
        parameters: &["Job"],
        responses: &[
            ("202", "Cancelled"),
            ("400", "Outcome"),
            ("401", "Outcome"),
            ("404", "Outcome"),
            ("410", "Outcome"),
        ],
        security: Security::Bearer,
        curl: "-i",
    },
    Endpoint {
        path: "/api/v1/jobs",
        method: "get",
        id: "listJobs",
        tag: "jobs",
        summary: "List the client's jobs; 404 when there is none",
        parameters: &["Status"],
        responses: &[("200", "Bundle"), ("400", "Outcome"), ("401", "Outcome"), ("404", "Outcome")],
        security: Security::Bearer,
        curl: "-H 'Accept: application/fhir+json'",
    },
    Endpoint {
        path: "/data/{job}/{file}",
        method: "get",
        id: "file",
        tag: "data",
        summary: "Download a file of a finished job; whole or a range, plain or gzip",
        parameters: &["DataJob", "File", "AcceptEncoding", "Range"],
        responses: &[
            ("200", "File"),
            ("206", "File"),
            ("304", "Known"),
            ("401", "Outcome"),
            ("404", "Text"),
            ("416", "Text"),
        ],
        security: Security::Bearer,
        curl: "--compressed -O",
    },
    Endpoint {
        path: "/api/v1/attribution_status",
        method: "get",
        id: "attributionStatus",
        tag: "about",
        summary: "When the data was loaded",
        parameters: &[],
        responses: &[("200", "Object"), ("401", "Outcome"), ("404", "Outcome")],
        security: Security::Bearer,
        curl: "-H 'Accept: application/json'",
    },
    about("/api/v1/metadata", "metadata", "The CapabilityStatement; no token is needed", FHIR),
    about("/api/v1/swagger", "swagger", "This document", OBJECT),
    about("/_version", "version", "The version", OBJECT),
    about("/_health", "health", "Whether the service is well", OBJECT),
    about("/_auth", "auth", "How tokens are had", OBJECT),
];

const OBJECT: &[(&str, &str)] = &[("200", "Object")];
const FHIR: &[(&str, &str)] = &[("200", "Fhir")];

const fn about(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    responses: &'static [(&'static str, &'static str)],
) -> Endpoint {
    Endpoint {
        path,
        method: "get",
        id,
        tag: "about",
        summary,
        parameters: &[],
        responses,
        security: Security::None,
        curl: "",
    }
}

fn describe(origin: &str) -> Value {
    let mut paths = Map::new();
    for (order, endpoint) in ENDPOINTS.iter().enumerate() {
        let item = paths.entry(endpoint.path).or_insert_with(|| json!({}));
        item[endpoint.method] = operation(endpoint, origin);
        // Members have no order in JSON; the page shows the endpoints in ours.
        item[endpoint.method]["x-order"] = order.into();
    }
    let tags = ["auth", "export", "jobs", "data", "about"].map(|name| json!({"name": name}));
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "BCDA sandbox",
            "description": "A local stand-in for the Beneficiary Claims Data API, version 1.",
            "version": env!("CARGO_PKG_VERSION"),
        },
        "servers": [{"url": origin}],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
            },
            "parameters": components::parameters(),
            "responses": components::responses(),
            "schemas": components::schemas(),
        },
    })
}

fn operation(endpoint: &Endpoint, origin: &str) -> Value {
    let reference = |kind: &str, name: &str| json!({"$ref": format!("#/components/{kind}/{name}")});
    let parameters: Vec<Value> =
        endpoint.parameters.iter().map(|name| reference("parameters", name)).collect();
    let responses: Map<String, Value> = endpoint
        .responses
        .iter()
        .map(|(status, name)| ((*status).to_owned(), reference("responses", name)))
        .collect();
    let security = match endpoint.security {
        Security::None => json!([]),
        Security::Basic => json!([{"basic": []}]),
        Security::Bearer => json!([{"bearer": []}]),
    };
    json!({
        "operationId": endpoint.id,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": responses,
        "security": security,
        "x-codeSamples": [{"lang": "Shell", "label": "curl", "source": curl(endpoint, origin)}],
    })
}

/// The command, with the values of the example and the token in a variable.
fn curl(endpoint: &Endpoint, origin: &str) -> String {
    let mut command = match endpoint.method {
        "get" => "curl".to_owned(),
        method => format!("curl -X {}", method.to_ascii_uppercase()),
    };
    let path = endpoint
        .path
        .replace("{group}", "all")
        .replace("{id}", "1")
        .replace("{job}", "1")
        .replace("{file}", "$FILE")
        // The shell would take it for a variable.
        .replace("$export", "\\$export");
    let _ = write!(command, " \"{origin}{path}\"");
    for option in [endpoint.curl, bearer(endpoint)] {
        if !option.is_empty() {
            command.push_str(" \\\n  ");
            command.push_str(option);
        }
    }
    command
}

fn bearer(endpoint: &Endpoint) -> &'static str {
    match endpoint.security {
        Security::Bearer => "-H \"Authorization: Bearer $TOKEN\"",
        Security::None | Security::Basic => "",
    }
}

//! `GET /api/vN/swagger`: the endpoints of all versions that are served as one OpenAPI 3.0 document, each with a curl
//! command.

use std::fmt::Write;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use cms::Api;
use serde_json::{Map, Value, json};

use self::endpoints::{ENDPOINTS, Endpoint, Security};
use crate::answer::{self, JSON};
use crate::app::{App, Origin};
use crate::type_filter::TypeFilter;

mod components;
mod endpoints;

/// The document, for the origin under which the client sees the sandbox.
pub(crate) async fn document(State(app): State<Arc<App>>, Origin(origin): Origin) -> Response {
    let versions: Vec<Api> = app.sources.versions().collect();
    answer::json(StatusCode::OK, JSON, &describe(&origin, &versions))
}

/// An endpoint as it is in a version, or in none.
struct Described {
    endpoint: &'static Endpoint,
    api: Option<Api>,
}

fn describe(origin: &str, versions: &[Api]) -> Value {
    let mut paths = Map::new();
    let all = ENDPOINTS.iter().flat_map(|endpoint| {
        let of = versions.iter().filter(|api| endpoint.versions.contains(api)).copied().map(Some);
        let shared = endpoint.versions.is_empty().then_some(None);
        of.chain(shared).map(move |api| Described { endpoint, api })
    });
    for (order, described) in all.enumerate() {
        let item = paths.entry(described.path()).or_insert_with(|| json!({}));
        let method = described.endpoint.method;
        item[method] = described.operation(origin);
        // Members have no order in JSON; the page shows the endpoints in ours.
        item[method]["x-order"] = order.into();
    }
    let tags = ["auth", "export", "jobs", "data", "about"].map(|name| json!({"name": name}));
    json!({
        "openapi": "3.0.3",
        "info": {
            "title": "BCDA sandbox",
            "description": format!("A local stand-in for the Beneficiary Claims Data API, {}.", named(versions)),
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

/// `version 1`, `versions 1, 2 and 3`.
fn named(versions: &[Api]) -> String {
    let numbers: Vec<&str> =
        versions.iter().map(|api| api.name().trim_start_matches('v')).collect();
    match &numbers[..] {
        [] => "no version".to_owned(),
        [one] => format!("version {one}"),
        [others @ .., last] => format!("versions {} and {last}", others.join(", ")),
    }
}

impl Described {
    fn path(&self) -> String {
        let path = self.endpoint.path;
        self.api.map_or_else(|| path.to_owned(), |api| format!("/api/{api}{path}"))
    }

    /// The first version's is the endpoint's own; each operation of a document has another.
    fn id(&self) -> String {
        let id = self.endpoint.id;
        match self.api {
            None | Some(Api::V1) => id.to_owned(),
            Some(api) => format!("{id}{}", api.name().to_ascii_uppercase()),
        }
    }

    fn operation(&self, origin: &str) -> Value {
        let Self { endpoint, api } = self;
        let reference =
            |kind: &str, name: &str| json!({"$ref": format!("#/components/{kind}/{name}")});
        let filters = endpoint.tag == "export" && api.is_some_and(TypeFilter::is_known);
        let parameters: Vec<Value> = endpoint
            .parameters
            .iter()
            .copied()
            .chain(filters.then_some("TypeFilter"))
            .map(|name| reference("parameters", name))
            .collect();
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
            "operationId": self.id(),
            "tags": [endpoint.tag],
            "summary": endpoint.summary,
            "parameters": parameters,
            "responses": responses,
            "security": security,
            "x-codeSamples": [{"lang": "Shell", "label": "curl", "source": self.curl(origin)}],
        })
    }

    /// The command, with the values of the example and the token in a variable.
    fn curl(&self, origin: &str) -> String {
        let endpoint = self.endpoint;
        let mut command = match endpoint.method {
            "get" => "curl".to_owned(),
            method => format!("curl -X {}", method.to_ascii_uppercase()),
        };
        let path = self
            .path()
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
}

fn bearer(endpoint: &Endpoint) -> &'static str {
    match endpoint.security {
        Security::Bearer => "-H \"Authorization: Bearer $TOKEN\"",
        Security::None | Security::Basic => "",
    }
}

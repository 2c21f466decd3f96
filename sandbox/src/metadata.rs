//! What the service says about a version of itself.

use axum::http::StatusCode;
use axum::response::Response;
use cms::{Api, Release};
use serde_json::{Value, json};

use crate::answer::{self, FHIR_JSON};
use crate::app::{Origin, Version};
use crate::type_filter::{PARAMETERS, TypeFilter};

/// Where the place of tokens stands in a statement, in all versions.
const OAUTH_URIS: &str = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";
const BULK_DATA: &str = "http://hl7.org/fhir/uv/bulkdata";

/// `GET /api/vN/metadata`, for which no token is needed: a CapabilityStatement of the version's release of FHIR.
pub(crate) async fn metadata(Version(api): Version, Origin(origin): Origin) -> Response {
    let statement = match api.release() {
        Release::Stu3 => stu3(&origin),
        Release::R4 => r4(&origin, api),
    };
    answer::json(StatusCode::OK, FHIR_JSON, &statement)
}

fn software(released: &str) -> Value {
    json!({
        "name": "Beneficiary Claims Data API sandbox",
        "version": env!("CARGO_PKG_VERSION"),
        "releaseDate": released,
    })
}

fn implementation(origin: &str, api: Api) -> Value {
    let number = api.name().trim_start_matches('v');
    json!({
        "description":
            format!("A local stand-in for the Beneficiary Claims Data API, with its version {number}"),
        "url": origin,
    })
}

fn security(origin: &str, system: &str, services: &[&str]) -> Value {
    let service = |name: &&str| {
        json!({
            "coding": [{"system": system, "code": name, "display": name}],
            "text": name,
        })
    };
    json!({
        "cors": true,
        "extension": [{
            "url": OAUTH_URIS,
            "extension": [{"url": "token", "valueUri": format!("{origin}/auth/token")}],
        }],
        "service": services.iter().map(service).collect::<Vec<_>>(),
    })
}

fn stu3(origin: &str) -> Value {
    let operation = |name: &str, path: &str| json!({"name": name, "definition": {"reference": format!("{origin}{path}")}});
    let system = "http://hl7.org/fhir/ValueSet/restful-security-service";
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2020-02-10",
        "publisher": "bcda-sandbox",
        "kind": "capability",
        "instantiates": ["https://fhir.backend.bluebutton.hhsdevcloud.us/baseDstu3/metadata/"],
        "software": software("2020-02-10"),
        "implementation": implementation(origin, Api::V1),
        "fhirVersion": "3.0.1",
        "acceptUnknown": "extensions",
        "format": ["application/json", "application/fhir+json"],
        "rest": [{
            "mode": "server",
            "security": security(origin, system, &["OAuth", "SMART-on-FHIR"]),
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

/// The statement of R4. By the parameters that it names a client can tell what is offered.
fn r4(origin: &str, api: Api) -> Value {
    let system = "http://terminology.hl7.org/CodeSystem/restful-security-service";
    let filters = TypeFilter::is_known(api);
    let parameter = |name: &str, kind: &str, text: &str| json!({"name": name, "type": kind, "documentation": text});
    let exported = |kind: &str, operation: &str| {
        let mut resource = json!({
            "type": kind,
            "operation": [{
                "name": "export",
                "definition": format!("{BULK_DATA}/OperationDefinition/{operation}"),
            }],
        });
        if filters {
            resource["searchParam"] = json!([
                parameter("_since", "date", "Only what changed after this instant."),
                parameter(
                    "_type",
                    "string",
                    "Which resource types, joined by commas; all of them unless given."
                ),
                parameter(
                    "_typeFilter",
                    "string",
                    "A search of ExplanationOfBenefit, encoded as a value of the query: only claims that it finds.",
                ),
            ]);
        }
        resource
    };
    let mut resources =
        vec![exported("Patient", "patient-export"), exported("Group", "group-export")];
    if filters {
        let known = PARAMETERS.iter().map(|known| parameter(known.name, known.kind, known.text));
        let known: Vec<Value> = known.collect();
        resources.push(json!({"type": "ExplanationOfBenefit", "searchParam": known}));
    }
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-08-01",
        "publisher": "bcda-sandbox",
        "kind": "instance",
        "instantiates": [format!("{BULK_DATA}/CapabilityStatement/bulk-data")],
        "software": software("2026-08-01"),
        "implementation": implementation(origin, api),
        "fhirVersion": "4.0.1",
        "format": ["application/json", "application/fhir+json"],
        "rest": [{
            "mode": "server",
            "security": security(origin, system, &["OAuth"]),
            "interaction": [{"code": "batch"}, {"code": "search-system"}],
            "resource": resources,
        }],
    })
}

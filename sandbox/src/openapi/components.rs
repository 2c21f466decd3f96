//! What several endpoints share: parameters, responses, schemas.

use serde_json::{Value, json};

use crate::jobs::STATES;
use crate::resource::ResourceType;
use crate::type_filter;

pub(super) fn parameters() -> Value {
    let of = |place: &str, name: &str, required: bool, text: &str, schema: Value| {
        json!({
            "in": place,
            "name": name,
            "required": required,
            "description": text,
            "schema": schema,
        })
    };
    let string = || json!({"type": "string"});
    let number = || json!({"type": "integer", "minimum": 1});
    let types = ResourceType::ALL.map(ResourceType::name);
    let list =
        |items: Value| json!({"type": "array", "items": items, "minItems": 1, "uniqueItems": true});
    let mut parameters = json!({
        "Prefer": of("header", "Prefer", true, "respond-async; with Accept: application/fhir+json",
            json!({"type": "string", "enum": ["respond-async"]})),
        "Group": of("path", "group", true, "all or runout; both give the same data here",
            json!({"type": "string", "enum": ["all", "runout"]})),
        "Type": of("query", "_type", false, "Which resource types; all of them unless given",
            list(json!({"type": "string", "enum": types}))),
        "Since": of("query", "_since", false,
            "A FHIR instant of the past: only what changed later. A plus sign is written %2B",
            json!({"type": "string", "format": "date-time"})),
        "TypeFilter": of("query", "_typeFilter", false,
            "Only claims that a search of ExplanationOfBenefit finds, by _tag, outcome and service-date; once at most. \
             The server decodes it twice: write a plus sign %252B. Without a _tag come the claims that are adjudicated \
             to the end",
            json!({"type": "string", "example": type_filter::example()})),
        "OutputFormat": of("query", "_outputFormat", false, "All three mean the same",
            json!({
                "type": "string",
                "enum": ["application/fhir+ndjson", "application/ndjson", "ndjson"],
            })),
        "Job": of("path", "id", true, "The number of the job", number()),
        "DataJob": of("path", "job", true, "The number of the job", number()),
        "File": of("path", "file", true, "The file's name, as the manifest has it", string()),
        "Status": of("query", "_status", false, "Only jobs in these states",
            list(json!({"type": "string", "enum": STATES}))),
        "AcceptEncoding": of("header", "Accept-Encoding", false, "gzip for a compressed file",
            json!({"type": "string", "example": "gzip"})),
        "Range": of("header", "Range", false, "A part of the file, bytes=FIRST-LAST",
            json!({"type": "string", "example": "bytes=1000-"})),
    });
    for name in ["Type", "Status"] {
        parameters[name]["style"] = "form".into();
        parameters[name]["explode"] = false.into();
    }
    parameters
}

pub(super) fn responses() -> Value {
    let bare = |text: &str| json!({"description": text});
    let of = |text: &str, kind: &str, schema: &str| {
        let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
        json!({"description": text, "content": {kind: {"schema": schema}}})
    };
    let with = |mut response: Value, headers: &[(&str, &str)]| {
        for (name, text) in headers {
            response["headers"][*name] = json!({"description": text, "schema": {"type": "string"}});
        }
        response
    };
    let fhir = "application/fhir+json";
    json!({
        "Token": of("A token", "application/json", "Token"),
        "Started": with(
            bare("The job has started"),
            &[("Content-Location", "Where to ask for its status")],
        ),
        "Running": with(
            bare("The job is in work"),
            &[("X-Progress", "Pending, or In Progress (NN%)")],
        ),
        "Cancelled": bare("The job is cancelled"),
        "Manifest": with(
            of("The job is done", "application/json", "Manifest"),
            &[("Expires", "When the files go, in Go's text form of a time")],
        ),
        "Bundle": of("A Bundle of Tasks", fhir, "Resource"),
        "Fhir": of("A FHIR resource", fhir, "Resource"),
        "Object": of("A JSON object", "application/json", "Object"),
        "Outcome": of("An OperationOutcome that says what is wrong", fhir, "OperationOutcome"),
        "Text": of("Plain text that says what is wrong", "text/plain", "Text"),
        "Later": with(
            bare("Too many requests, or such a job is in work"),
            &[("Retry-After", "Seconds to wait")],
        ),
        "Known": bare("The client has it already"),
        "File": with(
            of("NDJSON, one resource a line", "application/fhir+ndjson", "Text"),
            &[
                ("ETag", "For If-Range and If-None-Match"),
                ("Content-Encoding", "gzip, if that was asked for"),
                ("Content-Range", "Which part it is, with 206"),
            ],
        ),
    })
}

pub(super) fn schemas() -> Value {
    let item = json!({
        "type": "object",
        "required": ["type", "url"],
        "properties": {
            "type": {"type": "string"},
            "url": {"type": "string", "format": "uri"},
            "encryptedKey": {"type": "string", "description": "The file's key, wrapped, in hex"},
        },
    });
    json!({
        "Token": {
            "type": "object",
            "required": ["access_token", "token_type"],
            "properties": {
                "access_token": {"type": "string"},
                "token_type": {"type": "string"},
                "expires_in": {"type": "string", "description": "Seconds, as a string"},
            },
        },
        "Manifest": {
            "type": "object",
            "required": ["transactionTime", "request", "requiresAccessToken", "output", "error", "JobID"],
            "properties": {
                "transactionTime": {"type": "string", "format": "date-time"},
                "request": {"type": "string"},
                "requiresAccessToken": {"type": "boolean"},
                "output": {"type": "array", "items": item},
                "error": {"type": "array", "items": item},
                "KeyMap": {
                    "type": "object",
                    "description": "Wrapped keys by file name, where files are encrypted",
                    "additionalProperties": {"type": "string"},
                },
                "JobID": {"type": "integer"},
            },
        },
        "Resource": {
            "type": "object",
            "required": ["resourceType"],
            "properties": {"resourceType": {"type": "string"}},
        },
        "OperationOutcome": {
            "type": "object",
            "required": ["resourceType", "issue"],
            "properties": {
                "resourceType": {"type": "string", "enum": ["OperationOutcome"]},
                "issue": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "severity": {"type": "string"},
                            "code": {"type": "string"},
                            "diagnostics": {"type": "string"},
                        },
                    },
                },
            },
        },
        "Object": {"type": "object"},
        "Text": {"type": "string"},
    })
}

//! The table of all endpoints.

use cms::Api;

/// One endpoint.
pub(super) struct Endpoint {
    /// Below `/api/vN` where it is of a version, and whole where it is of none.
    pub(super) path: &'static str,
    /// Which versions have it; none: it is the same for all.
    pub(super) versions: &'static [Api],
    pub(super) method: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    pub(super) summary: &'static str,
    /// The names of shared parameters.
    pub(super) parameters: &'static [&'static str],
    /// Status, and the name of the shared response.
    pub(super) responses: &'static [(&'static str, &'static str)],
    pub(super) security: Security,
    /// The options that curl needs, but for the method and the token.
    pub(super) curl: &'static str,
}

pub(super) enum Security {
    None,
    Basic,
    Bearer,
}

const NONE: &[Api] = &[];
const EACH: &[Api] = &Api::ALL;
const FIRST: &[Api] = &[Api::V1];

const START: &[(&str, &str)] = &[
    ("202", "Started"),
    ("400", "Outcome"),
    ("401", "Outcome"),
    ("429", "Later"),
    ("500", "Outcome"),
];
/// As [`START`], and 404 where the list of the group's people as of `_since` is missing.
const START_OF_GROUP: &[(&str, &str)] = &[
    ("202", "Started"),
    ("400", "Outcome"),
    ("401", "Outcome"),
    ("404", "Outcome"),
    ("429", "Later"),
    ("500", "Outcome"),
];
const START_PARAMETERS: &[&str] = &["Prefer", "Type", "Since", "OutputFormat"];
const START_CURL: &str = "-i -H 'Accept: application/fhir+json' -H 'Prefer: respond-async'";

pub(super) static ENDPOINTS: [Endpoint; 15] = [
    Endpoint {
        path: "/auth/token",
        versions: NONE,
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
        path: "/Patient/$export",
        versions: EACH,
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
        path: "/Group/{group}/$export",
        versions: EACH,
        method: "get",
        id: "exportGroup",
        tag: "export",
        summary: "Start a job for a group: all or runout",
        parameters: &["Group", "Prefer", "Type", "Since", "OutputFormat"],
        responses: START_OF_GROUP,
        security: Security::Bearer,
        curl: START_CURL,
    },
    Endpoint {
        path: "/ExplanationOfBenefit/$export",
        versions: FIRST,
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
        path: "/Coverage/$export",
        versions: FIRST,
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
        path: "/jobs/{id}",
        versions: EACH,
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
        path: "/jobs/{id}",
        versions: EACH,
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
        path: "/jobs",
        versions: EACH,
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
        versions: NONE,
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
        path: "/attribution_status",
        versions: EACH,
        method: "get",
        id: "attributionStatus",
        tag: "about",
        summary: "When the data was loaded",
        parameters: &[],
        responses: &[("200", "Object"), ("401", "Outcome"), ("404", "Outcome")],
        security: Security::Bearer,
        curl: "-H 'Accept: application/json'",
    },
    about("/metadata", EACH, "metadata", "The CapabilityStatement; no token is needed", FHIR),
    about("/swagger", EACH, "swagger", "This document", OBJECT),
    about("/_version", NONE, "version", "The version", OBJECT),
    about("/_health", NONE, "health", "Whether the service is well", OBJECT),
    about("/_auth", NONE, "auth", "How tokens are had", OBJECT),
];

const OBJECT: &[(&str, &str)] = &[("200", "Object")];
const FHIR: &[(&str, &str)] = &[("200", "Fhir")];

const fn about(
    path: &'static str,
    versions: &'static [Api],
    id: &'static str,
    summary: &'static str,
    responses: &'static [(&'static str, &'static str)],
) -> Endpoint {
    Endpoint {
        path,
        versions,
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

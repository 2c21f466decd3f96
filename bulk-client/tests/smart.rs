//! What other bulk servers want: signed statements; what BCDA wanted once: encrypted files; jobs and metadata.

use std::sync::Arc;

use crate::common::{self, Answer, CANARY, Client, Service, patients, token, usual};
use bulk_client::{
    Auth, Decryption, Export, ExportRequest, FileState, JobState, Level, Metadata, NdjsonLog,
    block_on,
};
use encryption::{PrivateKey, PublicKey, encrypt};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

const RSA_PRIVATE: &str = include_str!("../../encryption/tests/vector/private-pkcs8.pem");
const RSA_PUBLIC: &str = include_str!("../../encryption/tests/vector/public-spki.pem");
const EC_PRIVATE: &str = include_str!("keys/ec-p384-private.pem");
const EC_SEC1: &str = include_str!("keys/ec-p384-sec1.pem");
const EC_PUBLIC: &str = include_str!("keys/ec-p384-public.pem");
const EC_256_SEC1: &str = include_str!("keys/ec-p256-sec1.pem");
const EC_256_PUBLIC: &str = include_str!("keys/ec-p256-public.pem");

#[test]
fn statements_are_signed_with_rsa_or_ec() {
    let ec = |public: &str| DecodingKey::from_ec_pem(public.as_bytes()).unwrap();
    let keys = [
        (RSA_PRIVATE, DecodingKey::from_rsa_pem(RSA_PUBLIC.as_bytes()).unwrap(), Algorithm::RS384),
        (EC_PRIVATE, ec(EC_PUBLIC), Algorithm::ES384),
        // As `openssl ecparam -genkey` writes them, one with the parameters in front.
        (EC_SEC1, ec(EC_PUBLIC), Algorithm::ES384),
        (EC_256_SEC1, ec(EC_256_PUBLIC), Algorithm::ES256),
    ];
    for (private, public, algorithm) in keys {
        let service = Service::start(|request, _| match request.path() {
            "/token" => Some(token("1", 300)),
            _ => Some(Answer::ok(r#"{"resourceType":"Bundle"}"#)),
        });
        let token_url: bulk_client::Url = format!("{}/token", service.place).parse().unwrap();
        let auth = Auth::Backend {
            client_id: "me".into(),
            key: private.into(),
            key_id: Some("k1".into()),
            scope: "system/*.read".into(),
            token_url: Some(token_url.clone()),
        };
        let client = Client::new();
        let server = client.server_with(&service, auth);
        assert_eq!(block_on(server.jobs()).unwrap(), []);
        let asked = &service.seen()[0];
        let form: std::collections::BTreeMap<String, String> =
            url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
        assert_eq!(
            (form["grant_type"].as_str(), form["scope"].as_str()),
            ("client_credentials", "system/*.read")
        );
        let mut validation = Validation::new(algorithm);
        validation.set_audience(&[token_url.as_str()]);
        validation.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
        let statement = decode::<Value>(&form["client_assertion"], &public, &validation).unwrap();
        assert_eq!(statement.header.kid.as_deref(), Some("k1"));
        assert_eq!(
            (&statement.claims["iss"], &statement.claims["sub"]),
            (&json!("me"), &json!("me"))
        );
        assert_eq!(service.seen()[1].token(), Some("canary7Q-token-1"));
    }
}

fn with_key() -> Auth {
    Auth::Backend {
        client_id: "me".into(),
        key: EC_SEC1.into(),
        key_id: None,
        scope: "system/*.read".into(),
        token_url: None,
    }
}

#[test]
fn where_tokens_are_given_is_what_the_server_says() {
    let statement = |url: &str| json!({"rest": [{"security": {"extension": [{"extension": [{"url": "token", "valueUri": url}]}]}}]});
    // As SMART has it, as its first version had it, relative, and behind a redirect.
    for kind in 0..4 {
        let service = Service::start(move |request, _| {
            let place = format!("http://{}/token", request.header("host"));
            let configuration = "/api/v1/.well-known/smart-configuration";
            Some(match (request.path(), kind) {
                ("/token", _) => token("1", 300),
                ("/api/v1/jobs", _) => Answer::ok(r#"{"resourceType":"Bundle"}"#),
                (path, 0) if path == configuration => {
                    Answer::ok(json!({"token_endpoint": place}).to_string())
                }
                (path, 1) if path == configuration => Answer::new("404 Not Found"),
                ("/api/v1/metadata", 1) => Answer::ok(statement(&place).to_string()),
                (path, 2) if path == configuration => Answer::ok(r#"{"token_endpoint":"/token"}"#),
                (path, 3) if path == configuration => {
                    Answer::new("302 Found").with("Location", "/elsewhere")
                }
                ("/elsewhere", _) => Answer::ok(json!({"token_endpoint": place}).to_string()),
                _ => Answer::new("500 Internal Server Error"),
            })
        });
        let client = Client::new();
        let server = client.server_with(&service, with_key());
        block_on(server.jobs()).unwrap();
        block_on(server.jobs()).unwrap();
        let seen = service.seen();
        assert!(seen.iter().all(|seen| seen.path().ends_with("jobs") == seen.token().is_some()));
        let audience = format!("{}/token", service.place);
        let asked = seen.iter().find(|seen| seen.path() == "/token").unwrap();
        let mut validation = Validation::new(Algorithm::ES384);
        validation.set_audience(&[audience]);
        let form: std::collections::BTreeMap<String, String> =
            url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
        let public = DecodingKey::from_ec_pem(EC_PUBLIC.as_bytes()).unwrap();
        decode::<Value>(&form["client_assertion"], &public, &validation).unwrap();
        assert_eq!(service.count("/token"), 1);
        // A token that is kept needs no question where another is had.
        let asked = seen.len();
        block_on(client.server_with(&service, with_key()).jobs()).unwrap();
        assert_eq!(service.seen().len(), asked + 1);
    }
}

#[test]
fn a_server_that_does_not_say_where_tokens_are_given_gets_no_statement() {
    for (place, code, said) in [
        (None, 2, "(token-url)"),
        (Some(""), 2, "(token-url)"),
        (Some("http://bulk.example/token"), 5, "plain HTTP"),
        (Some("file:///etc/passwd"), 5, "expected an https URL"),
    ] {
        let service = Service::start(move |request, _| {
            Some(match place {
                Some(place) if !place.is_empty() => {
                    Answer::ok(json!({"token_endpoint": place}).to_string())
                }
                Some(_) => Answer::new("404 Not Found"),
                None if request.path() == "/api/v1/metadata" => Answer::ok("{}"),
                None => Answer::ok("<html>no</html>"),
            })
        });
        let error = block_on(Client::new().server_with(&service, with_key()).jobs()).unwrap_err();
        assert_eq!(error.exit_code(), code, "{error}");
        assert!(error.to_string().contains(said), "{error}");
        assert!(service.seen().iter().all(|seen| seen.method == "GET"));
    }
}

#[test]
fn a_base_at_the_root_of_a_host_is_asked_there_and_again_when_the_export_goes_on() {
    let service = Service::start(|request, _| {
        let here = format!("http://{}", request.header("host"));
        Some(match request.path() {
            "/Group/all/$export" => {
                Answer::new("202 Accepted").with("Content-Location", format!("{here}/job"))
            }
            "/job" => Answer::ok(common::manifest(&[("Patient", &format!("{here}/file"))], &[])),
            "/file" => Answer::ok(patients(100)),
            _ => Answer::new("404 Not Found"),
        })
    });
    let client = Client::new();
    let base = bulk_client::fhir_base(&service.place, Some("none")).unwrap();
    let server =
        bulk_client::Server::new(base, Auth::None, common::quick(), None, Arc::new(())).unwrap();
    let mut request = ExportRequest::new(Level::Group("all".into()));
    request.types = vec!["Patient".into()];
    let export = common::usually(request, client.out());
    block_on(export.run(&server, &client.cancel)).unwrap();
    let known = bulk_client::unfinished(&client.out()).unwrap().unwrap().base_url;
    assert_eq!(bulk_client::fhir_base(&known, Some("none")).unwrap(), *server.base());
}

#[test]
fn a_key_that_cannot_sign_is_a_matter_of_usage() {
    let service = Service::start(|_, _| Some(token("1", 300)));
    let auth = Auth::Backend {
        client_id: "me".into(),
        key: format!("-----BEGIN {CANARY}-----").into(),
        key_id: None,
        scope: String::new(),
        token_url: Some(service.place.parse().unwrap()),
    };
    let error = block_on(Client::new().server_with(&service, auth).jobs()).unwrap_err();
    assert_eq!(error.exit_code(), 2);
    assert!(!format!("{error:?}").contains(CANARY));
    assert_eq!(service.seen().len(), 0);
}

const NAME: &str = "1a2b3c4d-5e6f-4a1b-8c2d-3e4f5a6b7c8d.ndjson";

/// A server as it was in 2019: the file is encrypted, its key stands in KeyMap; `damage` is done to the file.
fn encrypting(damage: fn(&mut Vec<u8>)) -> Service {
    let public = PublicKey::from_pem(RSA_PUBLIC.as_bytes()).unwrap();
    let mut sealed = encrypt(&patients(1_000), NAME, &public).unwrap();
    damage(&mut sealed.bytes);
    Service::start(move |request, _| {
        match request.path() {
        "/api/v1/jobs/1" => Some(Answer::ok(
            json!({
                "transactionTime": "2019-12-01T00:00:00Z",
                "requiresAccessToken": true,
                "output": [{"type": "Patient", "url": format!("http://{}/data/1/{NAME}", request.header("host"))}],
                "error": [],
                "KeyMap": {NAME: sealed.wrapped_key_hex},
                "JobID": 1,
            })
            .to_string(),
        )),
        _ => usual(request, &[], &[]).or_else(|| Some(Answer::ok(sealed.bytes.clone()))),
    }
    })
}

fn export(
    client: &Client,
    service: &Service,
    key: Option<&str>,
) -> Result<bulk_client::Report, bulk_client::Error> {
    let decryption = key.map(|pem| Decryption {
        key: Arc::new(PrivateKey::from_pem(pem.as_bytes()).unwrap()),
        max_bytes: 1 << 20,
    });
    let mut request = ExportRequest::new(Level::Group("all".into()));
    request.types = vec!["Patient".into()];
    let export = Export { decryption, ..common::usually(request, client.out()) };
    block_on(export.run(&client.server(service), &client.cancel))
}

#[test]
fn encrypted_files_are_opened_on_the_way_or_kept() {
    let (client, service) = (Client::new(), encrypting(|_| {}));
    let report = export(&client, &service, Some(RSA_PRIVATE)).unwrap();
    assert!(!report.has_gaps());
    assert_eq!(client.read("Patient-0001.ndjson"), patients(1_000));
    assert_eq!(client.names(), ["Patient-0001.ndjson", "bcda-export.json"]);

    let kept = Client::new();
    let report = export(&kept, &service, None).unwrap();
    assert_eq!(report.files[0].state, FileState::Encrypted);
    assert_eq!(kept.names(), ["Patient-0001.ndjson.enc", "bcda-export.json"]);
    assert_eq!(kept.read("Patient-0001.ndjson.enc").len(), patients(1_000).len() + 28);
}

#[test]
fn an_altered_or_foreign_file_is_not_released() {
    let other = include_str!("../../encryption/tests/vector/other-private.pem");
    for (damage, key, what, code) in [
        ((|bytes: &mut Vec<u8>| bytes[40] ^= 1) as fn(&mut Vec<u8>), RSA_PRIVATE, "tag", 5),
        (|_| {}, other, "does not open", 1),
    ] {
        let (client, service) = (Client::new(), encrypting(damage));
        let error = export(&client, &service, Some(key)).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(error.exit_code(), code);
        let part = "Patient-0001.ndjson.part";
        assert!(!client.names().contains(&"Patient-0001.ndjson".to_owned()));
        assert!(!client.out().join(part).exists() || client.read(part).is_empty());
    }
}

#[test]
fn jobs_are_listed_looked_at_and_cancelled() {
    let service = Service::start(|request, _| {
        let answer = match (request.method.as_str(), request.path()) {
            ("GET", "/api/v1/jobs") => Answer::ok(
                json!({"resourceType": "Bundle", "entry": [{"resource": {
                    "resourceType": "Task", "status": "completed",
                    "identifier": [{"system": "http://aco.bcda.io/api/v1/jobs/", "value": "7"}],
                    "input": [{"valueString": "GET /api/v1/Patient/$export\u{1b}[2J"}],
                    "executionPeriod": {"start": "2020-01-01T00:00:00Z", "end": "2020-01-01T01:00:00Z"},
                }}]})
                .to_string(),
            ),
            ("GET", "/api/v1/jobs/7") => Answer::new("202 Accepted").with("X-Progress", "In Progress (42%)"),
            ("DELETE", "/api/v1/jobs/7") => Answer::new("202 Accepted"),
            ("DELETE", "/api/v1/jobs/8") => Answer::new("410 Gone"),
            _ => return usual(request, &[], &[]),
        };
        assert!(request.token().is_some());
        Some(answer)
    });
    let client = Client::new();
    let server = client.server(&service);
    let jobs = block_on(server.jobs()).unwrap();
    assert_eq!((jobs[0].id.as_str(), jobs[0].status.as_str()), ("7", "completed"));
    assert_eq!(jobs[0].request, "GET /api/v1/Patient/$export[2J");
    let JobState::Running { percent, .. } =
        block_on(server.job_state(&server.job_url("7").unwrap())).unwrap()
    else {
        panic!("not done");
    };
    assert_eq!(percent, Some(42));
    block_on(server.cancel_job(&server.job_url("7").unwrap())).unwrap();
    let error = block_on(server.cancel_job(&server.job_url("8").unwrap())).unwrap_err();
    assert!(error.to_string().contains("cannot be cancelled"), "{error}");
}

#[test]
fn metadata_is_asked_for_without_a_token() {
    let service = Service::start(|request, _| {
        assert_eq!((request.path(), request.token()), ("/api/v1/metadata", None));
        Some(Answer::ok(json!({
            "resourceType": "CapabilityStatement", "fhirVersion": "3.0.1",
            "software": {"name": "Beneficiary Claims Data API", "version": "r1", "releaseDate": "2019"},
            "rest": [{"security": {"extension": [{"extension": [{"url": "token", "valueUri": "https://x/auth/token"}]}]}}],
        }).to_string()))
    });
    let client = Client::new();
    let statement = block_on(client.server(&service).metadata()).unwrap();
    let short = Metadata::of(&statement);
    assert_eq!(short.software_name, "Beneficiary Claims Data API");
    assert_eq!(short.token_url, "https://x/auth/token");
}

#[test]
fn the_log_has_the_items_of_the_smart_client() {
    let service = Service::start(|request, _| {
        let output = [("Patient", "/data/1/a.ndjson?sig=canary7Q"), ("Coverage", "/data/1/gone")];
        usual(request, &output, &[]).or_else(|| match request.path() {
            "/data/1/gone" => Some(Answer::new("404 Not Found").body("Not Found")),
            _ => Some(Answer::ok(patients(100))),
        })
    });
    let mut client = Client::new();
    let path = client.folder.path().join("log.ndjson");
    client.observer =
        Arc::new(NdjsonLog::open(&path, |option| option.setting.name().to_owned()).unwrap());
    client.settings.parallel = 1;
    assert!(client.export(&service).unwrap().lacks_records());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(!text.contains(CANARY), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = lines.iter().map(|line| line["eventId"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "kickoff",
            "status_complete",
            "download_request",
            "download_complete",
            "download_request",
            "download_error",
            "export_complete"
        ]
    );
    assert!(lines.iter().all(|line| line["exportId"] == lines[0]["exportId"]));
    assert!(lines[0]["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(lines[0]["eventDetail"]["errorCode"], Value::Null);
    assert_eq!(lines[1]["eventDetail"]["outputFileCount"], 2);
    assert_eq!(lines[2]["eventDetail"]["itemType"], "output");
    assert_eq!(lines[3]["eventDetail"]["fileSize"], patients(100).len());
    assert_eq!(lines[5]["eventDetail"]["code"], 404);
}

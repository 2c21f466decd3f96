//! Servers that mean harm, or are broken in ways that look like it.

mod common;

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bulk_client::{Auth, Credentials, ErrorKind, NdjsonLog, Observer, Origin};
use common::{Answer, CANARY, Client, Service, patients, token, usual};

const FILE: &str = "/data/1/a.ndjson";

/// An observer that keeps all words it hears.
#[derive(Default)]
struct Words(Mutex<String>);

impl Observer for Words {
    fn retrying(&self, error: &bulk_client::Error, _: Duration) {
        self.0.lock().unwrap().extend([error.to_string(), format!("{error:?}\n")]);
    }
    fn job_progress(&self, _: Option<u8>, words: &str, _: Option<Duration>) {
        self.0.lock().unwrap().push_str(words);
    }
}

/// Where the tokens of a service went: whether any request had one.
fn got_token(service: &Service) -> bool {
    service.seen().iter().any(|request| !request.header("authorization").is_empty())
}

#[test]
fn the_token_does_not_follow_redirects_or_manifests_to_other_servers() {
    let elsewhere = Service::start(|_, _| Some(Answer::ok(patients(10))));
    for redirected in [false, true] {
        let place = format!("{}/file?sig={CANARY}", elsewhere.place);
        let service = Service::start(move |request, _| {
            let url = if redirected { FILE } else { place.as_str() };
            usual(request, &[("Patient", url)], &[]).or_else(|| {
                Some(Answer::new("307 Temporary Redirect").with("Location", place.clone()))
            })
        });
        let client = Client::new();
        client.export(&service).unwrap();
        assert!(!got_token(&elsewhere));
        assert!(elsewhere.seen().iter().all(|request| request.target.contains(CANARY)));
        let journal = String::from_utf8(client.read("bcda-export.json")).unwrap();
        assert!(!journal.contains(CANARY), "{journal}");
    }
    // Unless that server is allowed, and the manifest says that files need it.
    let place = format!("{}/file", elsewhere.place);
    let service = Service::start(move |request, _| usual(request, &[("Patient", &place)], &[]));
    let mut client = Client::new();
    client.settings.allowed_origins = vec![Origin::of(&elsewhere.place.parse().unwrap())];
    client.export(&service).unwrap();
    assert!(got_token(&elsewhere));
}

#[test]
fn the_token_is_not_sent_where_files_need_none_or_the_job_is_elsewhere() {
    let open = Service::start(|request, _| {
        if request.path() == "/api/v1/jobs/1" {
            let here = request.header("host");
            return Some(Answer::ok(format!(
                r#"{{"transactionTime":"2020-01-01T00:00:00Z","requiresAccessToken":false,
                "output":[{{"type":"Patient","url":"http://{here}{FILE}"}}],"error":[]}}"#
            )));
        }
        usual(request, &[], &[]).or_else(|| Some(Answer::ok(patients(10))))
    });
    Client::new().export(&open).unwrap();
    let file = open.seen().into_iter().find(|request| request.path() == FILE).unwrap();
    assert_eq!(file.header("authorization"), "");

    let elsewhere = Service::start(|_, _| Some(Answer::new("401 Unauthorized")));
    let place = format!("{}/jobs/1", elsewhere.place);
    let service = Service::start(move |request, _| match request.path() {
        "/auth/token" => Some(token("1", 1200)),
        _ => Some(Answer::new("202 Accepted").with("Content-Location", place.clone())),
    });
    let error = Client::new().export(&service).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("not given the token"), "{error}");
    assert!(!got_token(&elsewhere));
}

#[test]
fn redirects_end() {
    let service = Service::start(|request, _| match request.path() {
        "/auth/token" => Some(token("1", 1200)),
        _ => Some(Answer::new("302 Found").with("Location", request.target.clone())),
    });
    let error = Client::new().export(&service).unwrap_err();
    assert!(error.to_string().contains("more than 10 redirects"), "{error}");
    assert_eq!(service.count("/api/v1/Group/all/$export"), 11);
}

#[test]
fn redirects_to_plain_http_other_schemes_or_nowhere_are_refused() {
    for location in ["http://bulk.example/", "file:///etc/passwd", "http://u:p@127.0.0.1/", ""] {
        let service = Service::start(move |request, _| match request.path() {
            "/auth/token" => Some(token("1", 1200)),
            _ if location.is_empty() => Some(Answer::new("302 Found")),
            _ => Some(Answer::new("302 Found").with("Location", location)),
        });
        let error = Client::new().export(&service).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Server, 5), "{location}");
    }
}

#[test]
fn credentials_are_not_redirected() {
    let elsewhere = Service::start(|_, _| Some(token("1", 1200)));
    let place = elsewhere.place.clone();
    let service = Service::start(move |_, _| {
        Some(Answer::new("307 Temporary Redirect").with("Location", place.clone()))
    });
    assert_eq!(Client::new().export(&service).unwrap_err().exit_code(), 5);
    assert_eq!(elsewhere.seen().len(), 0);
}

#[test]
fn hostile_types_and_names() {
    for name in ["../../../tmp/x", "Patient/../x", "patient", "", "Pätient", "P\\u0000"] {
        let service = Service::start(move |request, _| match request.path() {
            "/api/v1/jobs/1" => Some(Answer::ok(format!(
                r#"{{"transactionTime":"2020-01-01T00:00:00Z","requiresAccessToken":true,"error":[],
                "output":[{{"type":"{name}","url":"/data/x"}}]}}"#
            ))),
            _ => usual(request, &[], &[]),
        });
        let client = Client::new();
        assert_eq!(client.export(&service).unwrap_err().kind(), ErrorKind::Server, "{name}");
        assert_eq!(client.names(), ["bcda-export.json"]);
    }
    let service = Service::start(|request, _| {
        let urls = [("Patient", "/data/..%2F..%2Fetc%2Fpasswd"), ("Patient", "/data/../../x\\y")];
        usual(request, &urls, &[]).or_else(|| {
            let name = "attachment; filename=\"../../evil\"";
            Some(Answer::ok(patients(10)).with("Content-Disposition", name))
        })
    });
    let client = Client::new();
    client.export(&service).unwrap();
    assert_eq!(client.names(), ["Patient-0001.ndjson", "Patient-0002.ndjson", "bcda-export.json"]);
}

#[test]
fn endless_headers_manifests_and_error_bodies_are_cut_short() {
    let service = Service::start(|request, _| match request.path() {
        "/auth/token" => Some(token("1", 1200)),
        _ => Some(Answer::new("202 Accepted").with("X-Long", "x".repeat(70 << 10))),
    });
    let error = Client::new().export(&service).unwrap_err();
    assert!(error.to_string().contains("64 KiB"), "{error}");

    let endless = Service::start(|request, stream| {
        if request.path() == "/auth/token" {
            return Some(token("1", 1200));
        }
        let _ = stream.write_all(b"HTTP/1.1 202 Accepted\r\n");
        while stream.write_all(b"X-Long: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n").is_ok() {}
        None
    });
    assert_eq!(Client::new().export(&endless).unwrap_err().exit_code(), 5);

    let huge = Service::start(|request, stream| {
        if request.path() != "/api/v1/jobs/1" {
            return usual(request, &[], &[]);
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"x\":\"");
        while stream.write_all(&[b'x'; 1 << 14]).is_ok() {}
        None
    });
    let error = Client::new().export(&huge).unwrap_err();
    assert!(error.to_string().contains("16384 KiB"), "{error}");

    let refusal = Service::start(|request, stream| {
        if request.path() == "/auth/token" {
            return Some(token("1", 1200));
        }
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        while stream.write_all(&[b'x'; 1 << 14]).is_ok() {}
        None
    });
    assert_eq!(Client::new().export(&refusal).unwrap_err().status(), Some(400));
}

#[test]
fn a_body_that_stands_still_is_given_up() {
    let service = Service::start(|request, stream| {
        let usual = usual(request, &[("Patient", FILE)], &[]);
        if usual.is_some() {
            return usual;
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
        // Waits for the client to go away: nothing more is ever sent.
        let _ = std::io::Read::read(stream, &mut [0]);
        None
    });
    let mut client = Client::new();
    client.settings.idle_timeout = Duration::from_secs(1);
    client.settings.attempts = 2;
    let error = client.export(&service).unwrap_err();
    assert!(error.to_string().contains("sent nothing for"), "{error}");
    assert_eq!(service.count(FILE), 2);
}

#[test]
fn html_with_status_200_is_nowhere_taken_for_data() {
    let page = "<!DOCTYPE html><html><body>Maintenance</body></html>";
    for (at, typed) in
        [(FILE, true), (FILE, false), ("/api/v1/jobs/1", true), ("/api/v1/jobs/1", false)]
    {
        let service = Service::start(move |request, _| {
            if request.path() == at {
                let kind =
                    if typed { "text/html; charset=utf-8" } else { "application/fhir+ndjson" };
                return Some(Answer::ok(page).with("Content-Type", kind));
            }
            usual(request, &[("Patient", FILE)], &[])
        });
        let client = Client::new();
        let error = client.export(&service).unwrap_err();
        assert_eq!(error.exit_code(), 5);
        assert!(error.to_string().contains("HTML"), "{error}");
        assert!(!client.names().contains(&"Patient-0001.ndjson".to_owned()));
    }
}

#[test]
fn other_encodings_than_the_one_asked_for_are_refused() {
    let service = Service::start(|request, _| {
        usual(request, &[("Patient", FILE)], &[])
            .or_else(|| Some(Answer::ok("x").with("Content-Encoding", "br")))
    });
    let error = Client::new().export(&service).unwrap_err();
    assert!(error.to_string().contains("encoding br"), "{error}");
}

#[test]
fn secrets_stay_where_they_are() {
    // A server that sends back what it is given, in every form of an error.
    let service = Service::start(|request, _| {
        if request.path() == "/auth/token" {
            return Some(token("1", 1200));
        }
        let said = request.header("authorization").to_owned();
        let outcome = format!(
            r#"{{"resourceType":"OperationOutcome","issue":[{{"diagnostics":"you sent {said} "}}]}}"#
        );
        match request.path() {
            "/api/v1/jobs/1" => Some(Answer::new("500 Internal Server Error").body(outcome)),
            _ => usual(request, &[], &[]),
        }
    });
    let words = Arc::new(Words::default());
    let mut client = Client::new();
    let log = client.folder.path().join("log.ndjson");
    let observers: Vec<Arc<dyn Observer>> =
        vec![words.clone(), Arc::new(NdjsonLog::open(&log).unwrap())];
    client.observer = Arc::new(observers);
    let error = client.export(&service).unwrap_err();
    let log = std::fs::read_to_string(log).unwrap();
    let journal = String::from_utf8(client.read("bcda-export.json")).unwrap();
    for text in
        [error.to_string(), format!("{error:?}"), words.0.lock().unwrap().clone(), log, journal]
    {
        assert!(!text.is_empty() && !text.contains(CANARY), "{text}");
    }
}

#[test]
fn what_the_token_endpoint_sends_back_is_not_shown() {
    // 503 is also told to the observer, before the next try.
    for status in ["401 Unauthorized", "400 Bad Request", "503 Service Unavailable"] {
        for json in [true, false] {
            for signed in [false, true] {
                let service = Service::start(move |request, _| {
                    let basic = request.header("authorization");
                    let form: BTreeMap<String, String> =
                        url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect();
                    let assertion = form.get("client_assertion").map_or("", String::as_str);
                    let said = format!("no: {CANARY}-id {CANARY}-secret {basic} {assertion} end");
                    let body = if json {
                        format!(
                            r#"{{"resourceType":"OperationOutcome","issue":[{{"diagnostics":"{said}"}}]}}"#
                        )
                    } else {
                        said
                    };
                    Some(Answer::new(status).body(body))
                });
                let words = Arc::new(Words::default());
                let client = Client { observer: words.clone(), ..Client::new() };
                let token_url = format!("{}/auth/token", service.place).parse().unwrap();
                let auth = if signed {
                    Auth::Backend {
                        client_id: format!("{CANARY}-id"),
                        key: include_str!("keys/ec-p384-private.pem").into(),
                        key_id: None,
                        scope: "system/*.read".into(),
                        token_url,
                    }
                } else {
                    let credentials =
                        Credentials::new(format!("{CANARY}-id"), format!("{CANARY}-secret"));
                    Auth::Basic { credentials, token_url }
                };
                let error =
                    common::block_on(client.server_with(&service, auth).jobs()).unwrap_err();
                let sent = service.seen().remove(0);
                let coded = sent.header("authorization").trim_start_matches("Basic ").to_owned();
                let heard = words.0.lock().unwrap().clone();
                for text in [error.to_string(), format!("{error:?}"), heard] {
                    assert!(!text.contains(&format!("{CANARY}-id")), "{text}");
                    assert!(signed || !text.contains(CANARY), "{text}");
                    assert!(signed || !text.contains(&coded), "{text}");
                    assert!(!text.contains("eyJ"), "{text}");
                }
                assert!(error.to_string().contains("no: [...]"), "{error}");
            }
        }
    }
}

#[test]
fn odd_bodies_of_refusals() {
    for (body, said) in [
        ("", None),
        ("Bad Request", Some("Bad Request")),
        ("{\"resourceType\":", None),
        ("<html>", None),
        (
            r#"{"resourceType":"OperationOutcome","issue":[{"severity":"Error","code":"Structural Issue","diagnostics":"Accept header is required"}]}"#,
            Some("Accept header is required"),
        ),
        (
            r#"{"resourceType":"OperationOutcome","issue":[{"severity":"Error","code":"Exception","details":{"coding":[{"display":"Invalid Token"}],"text":"Invalid Token"}}]}"#,
            Some("Invalid Token"),
        ),
        (r#"{"resourceType":"OperationOutcome","issue":null}"#, None),
    ] {
        let service = Service::start(move |request, _| match request.path() {
            "/auth/token" => Some(token("1", 1200)),
            _ => Some(Answer::new("400 Bad Request").body(body)),
        });
        let error = Client::new().export(&service).unwrap_err();
        assert_eq!(error.status(), Some(400));
        match said {
            Some(said) => assert!(error.to_string().contains(said), "{error}"),
            None => assert!(!error.to_string().contains("the server says"), "{error}"),
        }
    }
}

#[test]
fn wrong_credentials_are_not_tried_again() {
    for status in ["400 Bad Request", "401 Unauthorized"] {
        let service = Service::start(move |_, _| Some(Answer::new(status).body("Unauthorized")));
        let error = Client::new().export(&service).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Refused, 5));
        assert_eq!(service.seen().len(), 1);
    }
}

#[test]
fn lives_of_tokens_that_cannot_be() {
    for life in ["1e19", "\"1e19\"", "18446744073709551615", "1e300", "-1", "\"soon\""] {
        let service = Service::start(move |request, _| match request.path() {
            "/auth/token" => {
                Some(Answer::ok(format!("{{\"access_token\":\"t\",\"expires_in\":{life}}}")))
            }
            _ => usual(request, &[], &[]),
        });
        Client::new().export(&service).unwrap();
        assert_eq!(service.count("/auth/token"), 1, "{life}");
    }
}

#[test]
fn a_bearer_token_is_used_as_it_is_and_not_renewed() {
    let service = Service::start(|_, _| Some(Answer::new("401 Unauthorized")));
    let client = Client::new();
    let server = client.server_with(&service, Auth::Bearer(format!("{CANARY}-mine").into()));
    common::block_on(server.jobs()).unwrap_err();
    assert_eq!(service.seen().len(), 1);
    assert_eq!(service.seen()[0].token(), Some("canary7Q-mine"));
}

#[test]
fn plain_http_to_other_machines_is_refused_before_anything_is_sent() {
    for url in ["http://bulk.example", "http://192.0.2.1"] {
        let base = bulk_client::fhir_base(url, None).unwrap();
        let made = bulk_client::Server::new(base, Auth::None, common::quick(), None, Arc::new(()));
        assert_eq!(made.err().map(|error| error.exit_code()), Some(2));
    }
}

#[test]
fn what_is_not_tls_is_not_taken_for_it() {
    let service = Service::start(|_, _| Some(Answer::ok("{}")));
    let base = bulk_client::fhir_base(&service.place.replace("http:", "https:"), None).unwrap();
    let made = bulk_client::Server::new(base, Auth::None, common::quick(), None, Arc::new(()));
    let error = common::block_on(made.unwrap().metadata()).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Network, 5));
    assert_eq!(service.seen().iter().filter(|request| request.method == "GET").count(), 0);
}

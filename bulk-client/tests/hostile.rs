//! Servers that mean harm, or are broken in ways that look like it.

#[path = "common/tls.rs"]
mod tls;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{self, Answer, CANARY, Client, Service, VERSIONS, patients, token, usual};
use bulk_client::{Auth, Credentials, ErrorKind, NdjsonLog, Observer, Origin};

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

/// A service whose manifest says that its files, at these URLs, need no token; `data` answers for them.
fn needing_none(
    urls: &[&str],
    data: impl Fn(&common::Request) -> Answer + Send + Sync + 'static,
) -> Service {
    let urls: Vec<String> = urls.iter().map(|&url| url.to_owned()).collect();
    Service::start(move |request, _| {
        if request.path() == "/api/v1/jobs/1" {
            let here = format!("http://{}", request.header("host"));
            let place =
                |url: &String| if url.starts_with('/') { here.clone() } else { String::new() };
            let one =
                |url| serde_json::json!({"type": "Patient", "url": format!("{}{url}", place(url))});
            let output: Vec<_> = urls.iter().map(one).collect();
            let manifest = serde_json::json!({
                "transactionTime": "2020-01-01T00:00:00Z", "requiresAccessToken": false, "output": output, "error": [],
            });
            return Some(Answer::ok(manifest.to_string()));
        }
        usual(request, &[], &[]).or_else(|| Some(data(request)))
    })
}

/// An observer that keeps where the token was demanded.
#[derive(Default)]
struct Demands(Mutex<Vec<String>>);

impl Observer for Demands {
    fn token_demanded(&self, at: &bulk_client::Url) {
        self.0.lock().unwrap().push(at.to_string());
    }
}

#[test]
fn where_files_need_no_token_it_is_sent_once_after_a_401_and_to_its_own_origin_alone() {
    let open = needing_none(&[FILE], |_| Answer::ok(patients(10)));
    Client::new().export(&open).unwrap();
    let file = open.seen().into_iter().find(|request| request.path() == FILE).unwrap();
    assert_eq!(file.header("authorization"), "");

    // The manifest is wrong: without the token there is a 401, with it the file. One line says so.
    let demands = Arc::new(Demands::default());
    let wrong = needing_none(&[FILE, "/data/1/b.ndjson"], |request| match request.token() {
        Some(_) => Answer::ok(patients(10)),
        None => Answer::new("401 Unauthorized"),
    });
    let mut client = Client { observer: demands.clone(), ..Client::new() };
    client.settings.parallel = 1;
    client.export(&wrong).unwrap();
    let tokens: Vec<bool> = wrong
        .seen()
        .iter()
        .filter(|request| request.path().starts_with("/data/"))
        .map(|request| request.token().is_some())
        .collect();
    assert_eq!(tokens, [false, true, true]);
    assert_eq!(*demands.0.lock().unwrap(), [format!("{}{FILE}", wrong.place)]);

    // A token that does not help is not sent again, and the message does not speak of another server.
    let refusing = needing_none(&[FILE], |_| Answer::new("401 Unauthorized"));
    let error = Client::new().export(&refusing).unwrap_err();
    assert_eq!((error.kind(), refusing.count(FILE)), (ErrorKind::Refused, 2));
    assert!(!error.to_string().contains("another server"), "{error}");

    // Only a 401 has it sent, and none of another origin, named by the manifest or by a redirect, allowed or not.
    let forbidding = needing_none(&[FILE], |_| Answer::new("403 Forbidden"));
    Client::new().export(&forbidding).unwrap_err();
    assert!(forbidding.seen().iter().all(|seen| seen.path() != FILE || seen.token().is_none()));
    for redirected in [false, true] {
        let elsewhere = Service::start(|_, _| Some(Answer::new("401 Unauthorized")));
        let place = format!("{}/file", elsewhere.place);
        let url = if redirected { FILE } else { place.as_str() };
        let to = place.clone();
        let service = needing_none(&[url], move |_| {
            Answer::new("307 Temporary Redirect").with("Location", to.clone())
        });
        let mut client = Client::new();
        client.settings.allowed_origins = vec![Origin::of(&elsewhere.place.parse().unwrap())];
        let error = client.export(&service).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(!got_token(&elsewhere));
        assert!(service.seen().iter().all(|seen| seen.path() != FILE || seen.token().is_none()));
    }
}

#[test]
fn the_token_is_not_sent_where_the_job_is_elsewhere() {
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
    for api in VERSIONS {
        let page = "<!DOCTYPE html><html><body>Maintenance</body></html>";
        for (at, typed) in [(FILE, true), (FILE, false), ("jobs/1", true), ("jobs/1", false)] {
            let service = Service::start(move |request, _| {
                if request.path().ends_with(at) {
                    let kind =
                        if typed { "text/html; charset=utf-8" } else { "application/fhir+ndjson" };
                    return Some(Answer::ok(page).with("Content-Type", kind));
                }
                usual(request, &[("Patient", FILE)], &[])
            });
            let client = Client::of(api);
            let error = client.export(&service).unwrap_err();
            assert_eq!(error.exit_code(), 5);
            assert!(error.to_string().contains("HTML"), "{error}");
            assert!(!client.names().contains(&"Patient-0001.ndjson".to_owned()));
        }
    }
}

#[test]
fn an_outcome_with_status_200_is_not_taken_for_records() {
    for api in VERSIONS {
        let outcome = format!(
            r#"{{"resourceType":"OperationOutcome","issue":[{{"code":"not-found","diagnostics":"{CANARY}"}}]}}"#
        );
        let service = Service::start(move |request, _| {
            usual(request, &[("Patient", FILE)], &["/data/1/errors"])
                .or_else(|| Some(Answer::ok(outcome.clone())))
        });
        let client = Client::of(api);
        let error = client.export(&service).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::BadFile, 5));
        assert!(error.to_string().contains("one OperationOutcome (not-found)"), "{error}");
        assert!(!format!("{error} {error:?}").contains(CANARY));
        // It was asked for again; in the list of errors such a file is what it should be.
        assert_eq!(service.count(FILE), 4);
        let names =
            ["OperationOutcome-0001.errors", "Patient-0001.ndjson.part", "bcda-export.json"];
        assert_eq!(
            (client.names(), client.read(names[1]).len()),
            (names.map(str::to_owned).to_vec(), 0)
        );
    }
}

#[test]
fn other_encodings_than_the_one_asked_for_are_refused() {
    for (name, said) in [("br", "encoding, br, that"), (CANARY, "encoding, that")] {
        let service = Service::start(move |request, _| {
            usual(request, &[("Patient", FILE)], &[])
                .or_else(|| Some(Answer::ok("x").with("Content-Encoding", name)))
        });
        let error = Client::new().export(&service).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
    }
}

#[test]
fn the_query_of_a_jobs_url_is_not_shown() {
    let service = Service::start(|request, _| {
        if request.path() == "/api/v1/Group/all/$export" {
            let job = format!("http://{}/api/v1/jobs/1?sig={CANARY}", request.header("host"));
            return Some(Answer::new("202 Accepted").with("Content-Location", job));
        }
        usual(request, &[("Patient", FILE)], &[]).or_else(|| Some(Answer::ok(patients(10))))
    });
    let client = Client::new();
    let report = client.export(&service).unwrap();
    assert_eq!(report.job_url, format!("{}/api/v1/jobs/1", service.place));
    // It is asked with it, though.
    let asked = service.seen().into_iter().find(|seen| seen.path() == "/api/v1/jobs/1").unwrap();
    assert!(asked.target.ends_with(CANARY));
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
    let observers: Vec<Arc<dyn Observer>> = vec![
        words.clone(),
        Arc::new(NdjsonLog::open(&log, |option| option.setting.name().to_owned()).unwrap()),
    ];
    client.observer = Arc::new(observers);
    let client = client.keeping_bodies();
    let error = client.export(&service).unwrap_err();
    let log = std::fs::read_to_string(log).unwrap();
    let journal = String::from_utf8(client.read("bcda-export.json")).unwrap();
    let bodies = std::fs::read_to_string(client.folder.path().join("bodies")).unwrap();
    assert!(bodies.contains("you sent Bearer [...] "), "{bodies}");
    let words = words.0.lock().unwrap().clone();
    for text in [error.to_string(), format!("{error:?}"), words, log, journal, bodies] {
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
                let client = Client { observer: words.clone(), ..Client::new() }.keeping_bodies();
                let token_url = format!("{}/auth/token", service.place).parse().unwrap();
                let auth = if signed {
                    Auth::Backend {
                        client_id: format!("{CANARY}-id"),
                        key: include_str!("keys/ec-p384-private.pem").into(),
                        key_id: None,
                        scope: "system/*.read".into(),
                        token_url: Some(token_url),
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
                assert!(!error.to_string().contains("no:"), "{error}");
                let kept = std::fs::read_to_string(client.folder.path().join("bodies")).unwrap();
                let kept = kept.lines().map(|line| serde_json::from_str(line).unwrap());
                for line in kept {
                    let line: serde_json::Value = line;
                    let body = line["body"].as_str().unwrap();
                    assert!(body.contains("no: [...]") && body.contains(" end"), "{body}");
                    assert!(signed || !body.contains(CANARY), "{body}");
                    assert!(
                        !body.contains(&format!("{CANARY}-id")) && !body.contains("eyJ"),
                        "{body}"
                    );
                }
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
            None => assert!(!error.to_string().contains("(the server says"), "{error}"),
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
fn only_http_is_spoken() {
    for url in ["ftp://127.0.0.1/token", "file:///token", "ws://bulk.example"] {
        for insecure_http in [false, true] {
            let base = bulk_client::fhir_base("https://bulk.example", None).unwrap();
            let credentials = Credentials::new("a", "b");
            let auth = Auth::Basic { credentials, token_url: url.parse().unwrap() };
            let settings = bulk_client::Settings { insecure_http, ..common::quick() };
            let made = bulk_client::Server::new(base, auth, settings, None, Arc::new(()));
            let error = made.err().unwrap();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains("expected an https URL"), "{error}");
        }
    }
}

#[test]
fn plain_http_to_other_machines_is_refused_before_anything_is_sent() {
    for url in ["http://bulk.example", "http://192.0.2.1"] {
        let base = bulk_client::fhir_base(url, None).unwrap();
        let made = bulk_client::Server::new(base, Auth::None, common::quick(), None, Arc::new(()));
        assert_eq!(made.err().map(|error| error.exit_code()), Some(2));
    }
}

/// A listener whose connections go to a closure, and how many there were.
fn connections(
    handler: impl Fn(TcpStream) + Send + 'static,
) -> (bulk_client::Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("https://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            counted.fetch_add(1, Ordering::SeqCst);
            handler(stream);
        }
    });
    (bulk_client::fhir_base(&place, None).unwrap(), count)
}

fn metadata_of(base: bulk_client::Url, observer: Arc<dyn Observer>) -> bulk_client::Error {
    let made = bulk_client::Server::new(base, Auth::None, common::quick(), None, observer);
    common::block_on(made.unwrap().metadata()).unwrap_err()
}

#[test]
fn what_is_not_tls_is_not_taken_for_it_nor_tried_again() {
    let (base, count) = connections(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
        let _ = stream.read(&mut [0; 1 << 12]);
    });
    let error = metadata_of(base, Arc::new(()));
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Network, 5));
    assert!(error.to_string().contains("no TLS connection"), "{error}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_certificate_that_is_not_to_be_trusted_is_not_tried_again() {
    let config = tls::server_config(&["127.0.0.1"], [2020, 2100], None);
    let (base, count) = connections(move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        let _ = rustls::StreamOwned::new(connection, stream).read(&mut [0]);
    });
    let error = metadata_of(base, Arc::new(()));
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Network, 5));
    let text = error.to_string();
    assert!(text.contains("the server's certificate is not to be trusted: "), "{text}");
    assert!(!text.contains("tried"), "{text}");
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn a_connection_that_is_refused_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let words = Arc::new(Words::default());
    let error = metadata_of(bulk_client::fhir_base(&place, None).unwrap(), words.clone());
    assert!(error.to_string().contains("tried 4 times"), "{error}");
    // Each is told twice, in both of its forms.
    assert_eq!(words.0.lock().unwrap().matches("no connection").count(), 6);
}

#[test]
fn a_token_that_no_header_can_hold_is_a_matter_of_usage() {
    let service = Service::start(|_, _| Some(Answer::ok("{}")));
    for text in [format!("{CANARY}\nX: y"), format!("{CANARY} two"), String::new()] {
        let auth = Auth::Bearer(text.into());
        let error = common::block_on(Client::new().server_with(&service, auth).jobs()).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Usage, 2));
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
    assert_eq!(service.seen().len(), 0);
}

#[test]
fn a_token_is_asked_for_as_often_as_a_call_may_be_tried() {
    let service = Service::start(|_, _| Some(Answer::new("503 Service Unavailable")));
    let error = Client::new().export(&service).unwrap_err();
    assert_eq!(error.to_string().matches("tried 4 times").count(), 1, "{error}");
    assert_eq!(service.seen().len(), 4);

    // In the middle of a download too.
    let tokens = AtomicUsize::new(0);
    let service = Service::start(move |request, _| {
        if request.path() == "/auth/token" && tokens.fetch_add(1, Ordering::SeqCst) > 0 {
            return Some(Answer::new("503 Service Unavailable"));
        }
        usual(request, &[("Patient", FILE)], &[]).or_else(|| Some(Answer::new("401 Unauthorized")))
    });
    let error = Client::new().export(&service).unwrap_err();
    assert_eq!(error.to_string().matches("tried 4 times").count(), 1, "{error}");
    assert_eq!((service.count("/auth/token"), service.count(FILE)), (5, 1));
}

/// Sends one byte after the other until the client goes away.
fn drip(stream: &mut TcpStream) {
    while stream.write_all(b" ").is_ok() {
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn small_answers_that_only_drip_are_given_up() {
    for (at, status, tries) in [
        ("/auth/token", "200 OK", 2),
        ("/api/v1/jobs/1", "200 OK", 1),
        ("/api/v1/jobs/1", "400 Bad Request", 1),
    ] {
        let service = Service::start(move |request, stream| {
            if request.path() != at {
                return usual(request, &[], &[]);
            }
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 60000\r\n\r\n");
            drip(stream);
            None
        });
        let mut client = Client::new();
        client.settings.answer_timeout = Some(Duration::from_millis(500));
        client.settings.attempts = 2;
        let error = client.export(&service).unwrap_err();
        let said = if status == "200 OK" { "not complete after" } else { "400 Bad Request" };
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(service.count(at), tries);
    }
}

#[test]
fn a_file_that_only_drips_is_broken_off_and_continued() {
    let body = patients(200_000);
    let sent = body.clone();
    let calls = AtomicUsize::new(0);
    let service = Service::start(move |request, stream| {
        let usual = usual(request, &[("Patient", FILE)], &[]);
        if usual.is_some() {
            return usual;
        }
        let whole = sent.len();
        if calls.fetch_add(1, Ordering::SeqCst) == 0 {
            let head = "HTTP/1.1 200 OK\r\nETag: \"1\"\r\n";
            let _ = write!(stream, "{head}Content-Length: {whole}\r\n\r\n");
            let _ = stream.write_all(&sent[..100_000]);
            for byte in &sent[100_000..] {
                if stream.write_all(&[*byte]).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(2));
            }
            return None;
        }
        let start = request.header("range").strip_prefix("bytes=")?.strip_suffix('-')?;
        let start: usize = start.parse().ok()?;
        let range = format!("bytes {start}-{}/{whole}", whole - 1);
        Some(
            Answer::new("206 Partial Content")
                .with("ETag", "\"1\"")
                .with("Content-Range", range)
                .body(&sent[start..]),
        )
    });
    let words = Arc::new(Words::default());
    let mut client = Client { observer: words.clone(), ..Client::new() };
    client.settings.answer_timeout = Some(Duration::from_secs(1));
    client.export(&service).unwrap();
    assert_eq!((client.read("Patient-0001.ndjson"), service.count(FILE)), (body, 2));
    let words = words.0.lock().unwrap().clone();
    assert!(words.contains("fewer than 1024 bytes in a second"), "{words}");
}

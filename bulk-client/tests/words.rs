//! What is said when something goes wrong: it names what it is about, and what to do.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{self, Answer, CANARY, Client, Service, patients, token, usual};
use bulk_client::{Auth, Credentials, Error, ErrorBodies, ExportRequest, Level, Observer, Url};
use serde_json::{Value, json};

const FILE: &str = "/data/1/a.ndjson";

/// An observer that keeps what was tried again and what failed.
#[derive(Default)]
struct Heard {
    retried: Mutex<Vec<String>>,
    failed: Mutex<Vec<String>>,
}

impl Observer for Heard {
    fn retrying(&self, error: &Error, _: Duration) {
        self.retried.lock().unwrap().push(error.to_string());
    }
    fn download_failed(&self, _: &str, _: &Url, error: &Error) {
        self.failed.lock().unwrap().push(error.to_string());
    }
}

/// A service with one file, whose requests go to `data` with their number, from 0.
fn one_file(data: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Service {
    let calls = AtomicUsize::new(0);
    Service::start(move |request, _| {
        usual(request, &[("Patient", FILE)], &[])
            .or_else(|| Some(data(calls.fetch_add(1, Ordering::SeqCst))))
    })
}

fn heard(service: &Service) -> (Result<bulk_client::Report, Error>, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let client = Client { observer: heard.clone(), ..Client::new() };
    (client.export(service), heard)
}

#[test]
fn refused_credentials_are_named_by_their_file_and_their_age() {
    let service = Service::start(|_, _| Some(Answer::new("401 Unauthorized").body("Unauthorized")));
    let client = Client::new();
    let file = client.folder.path().join("credentials");
    std::fs::write(&file, format!("client_id = me\nclient_secret = {CANARY}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let token_url: Url = format!("{}/auth/token", service.place).parse().unwrap();
    for (credentials, place) in [
        (Credentials::from_file(&file).unwrap(), file.display().to_string()),
        (Credentials::new("me", CANARY).from_place("standard input"), "standard input".to_owned()),
    ] {
        let auth = Auth::Basic { credentials, token_url: token_url.clone() };
        let server = client.server_with(&service, auth);
        let told = common::block_on(server.jobs()).unwrap_err().to_string();
        assert!(told.contains(&place) && told.contains("90 days"), "{told}");
        assert!(told.contains("401") && !told.contains(CANARY), "{told}");
    }
    // A token that was given has no file of credentials.
    let server = client.server_with(&service, Auth::Bearer("abc".into()));
    let told = common::block_on(server.jobs()).unwrap_err().to_string();
    assert!(told.contains("the token that was given is refused"), "{told}");
}

#[test]
fn what_is_no_token_alone_is_not_sent() {
    let service = Service::start(|_, _| Some(Answer::ok("{}")));
    for text in
        ["{\"access_token\":\"canary7Q\"}", "Bearer canary7Q", "token:canary7Q", "\"canary7Q\""]
    {
        let server = Client::new().server_with(&service, Auth::Bearer(text.into()));
        let error = common::block_on(server.jobs()).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{text}");
        assert!(!error.to_string().contains(CANARY), "{error}");
    }
    assert!(service.seen().is_empty());
}

#[test]
fn errors_of_connections_name_the_host() {
    let gone = Service::start(|_, stream| {
        let _ = stream.shutdown(std::net::Shutdown::Both);
        None
    });
    let breaking = one_file(|_| Answer::ok(patients(1_000)).cut_after(500));
    for service in [&gone, &breaking] {
        let (ended, heard) = heard(service);
        let host = service.place.trim_start_matches("http://");
        let way = format!("({host}, without a proxy)");
        let told = ended.unwrap_err().to_string();
        assert!(told.contains(&way), "{told}");
        let retried = heard.retried.lock().unwrap();
        assert!(
            !retried.is_empty() && retried.iter().all(|told| told.contains(&way)),
            "{retried:?}"
        );
    }
    // For a token, too, it is said what was wanted.
    let (_, heard) = heard(&gone);
    assert!(heard.retried.lock().unwrap().iter().all(|told| told.starts_with("token: ")));
}

#[test]
fn what_is_fetched_again_is_named() {
    let damaged = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8];
    for body in [&damaged[..], b"{\"resourceType\":\"Patient\"", b"<html>"] {
        let body = body.to_vec();
        let service = one_file(move |number| match number {
            0 => Answer::ok(body.clone()),
            1 => Answer::ok(patients(1_000)).cut_after(500),
            _ => Answer::ok(patients(100)),
        });
        let (ended, heard) = heard(&service);
        ended.unwrap();
        let retried = heard.retried.lock().unwrap();
        assert_eq!(retried.len(), 2);
        for told in retried.iter() {
            assert!(told.starts_with("Patient-0001.ndjson: "), "{told}");
            assert_eq!(told.matches("Patient-0001").count(), 1, "{told}");
        }
    }
}

#[test]
fn only_what_may_pass_goes_on() {
    let goes_on = "the same command goes on";
    // Of the kick-off, of the job, of a file.
    for at in ["/api/v1/Group/all/$export", "/api/v1/jobs/1", FILE] {
        for (status, passes) in [
            ("400 Bad Request", false),
            ("403 Forbidden", false),
            ("405 Method Not Allowed", false),
            ("406 Not Acceptable", false),
            ("422 Unprocessable Content", false),
            ("429 Too Many Requests", true),
            ("503 Service Unavailable", true),
        ] {
            let service = Service::start(move |request, _| {
                let answer = usual(request, &[("Patient", FILE)], &[]);
                if request.path() == at { Some(Answer::new(status)) } else { answer }
            });
            let told = heard(&service).0.unwrap_err().to_string();
            // Before there is a job, there is nothing to go on with.
            let begun = at != "/api/v1/Group/all/$export";
            assert_eq!(told.contains(goes_on), passes && begun, "{at} {status}: {told}");
            assert_eq!(
                told.contains("asking again will not help"),
                !passes,
                "{at} {status}: {told}"
            );
        }
    }
    let elsewhere = Service::start(|request, _| match request.path() {
        "/auth/token" => Some(token("1", 1200)),
        _ => Some(Answer::new("404 Not Found")),
    });
    let told = heard(&elsewhere).0.unwrap_err().to_string();
    assert!(!told.contains(goes_on), "{told}");
}

#[test]
fn changes_of_a_group_without_attribution_are_told_as_such() {
    let outcome =
        r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found"}]}"#;
    let group = || Level::Group("all".into());
    for (level, since, body, told_so) in [
        (group(), true, outcome, true),
        (Level::Group("runout".into()), true, outcome, true),
        (group(), false, outcome, false),
        (Level::Patient, true, outcome, false),
        // A web server that knows no such path, or a proxy.
        (group(), true, "404 page not found\n", false),
        (group(), true, "", false),
    ] {
        for api in ["v1", "v2", "v3"] {
            let service = Service::start(move |request, _| match request.path() {
                "/auth/token" => Some(token("1", 1200)),
                path if path.ends_with("metadata") => Some(Answer::ok("{}")),
                _ => Some(Answer::new("404 Not Found").body(body)),
            });
            let client = Client { api: Some(api), ..Client::new() };
            let since = since.then(|| "2020-01-01T00:00:00Z".to_owned());
            let request = ExportRequest { since, ..ExportRequest::new(level.clone()) };
            let export = common::usually(request, client.out());
            let server = client.server(&service);
            let error = common::block_on(export.run(&server, &client.cancel)).unwrap_err();
            let told = error.to_string();
            assert_eq!((error.exit_code(), error.status()), (5, Some(404)), "{told}");
            let says = "no list of the group's people as of since and cannot tell what changed";
            assert_eq!(told.contains(says), told_so, "{api} {level:?} {body}: {told}");
            assert!(told.contains("asking again will not help"), "{told}");
            // There is no job, and nothing is left of it.
            assert!(client.names().is_empty());
        }
    }
}

#[test]
fn a_file_that_has_expired_asks_for_a_new_job() {
    for status in ["404 Not Found", "410 Gone"] {
        let service = one_file(move |_| Answer::new(status));
        let (_, heard) = heard(&service);
        let failed = heard.failed.lock().unwrap();
        assert!(failed.len() == 1 && failed[0].contains("(restart)"), "{failed:?}");
        assert!(!failed[0].contains("the same command"), "{failed:?}");
    }
}

#[test]
fn what_the_server_says_is_kept_where_that_is_asked_for_and_shown_nowhere() {
    let said = "Jane Roe of Springfield";
    let issue = json!([{"severity": "error", "code": "processing", "diagnostics": said}]);
    let outcome = json!({"resourceType": "OperationOutcome", "issue": issue}).to_string();
    for (at, body, code) in [
        ("/api/v1/Group/all/$export", said.to_owned(), None),
        ("/api/v1/jobs/1", outcome, Some("(the server says: processing)")),
        (FILE, format!("<html>{said}"), None),
    ] {
        let sent = body.clone();
        let service = Service::start(move |request, _| {
            let refused = Answer::new("400 Bad Request").with("X-Request-Id", "r-1");
            let refused = refused.body(sent.clone());
            let answer = usual(request, &[("Patient", FILE)], &[]);
            if request.path() == at { Some(refused) } else { answer }
        });
        let client = Client::new();
        let told = client.export(&service).unwrap_err().to_string();
        assert!(told.ends_with("which may name people: error-bodies FILE keeps it"), "{told}");
        let client = client.keeping_bodies();
        for times in 1..=2 {
            let told = client.export(&service).unwrap_err().to_string();
            let file = client.folder.path().join("bodies");
            assert!(
                told.ends_with(&format!("the whole answer is in {}", file.display())),
                "{told}"
            );
            assert!(code.is_none_or(|code| told.contains(code)), "{told}");
            assert!(!told.contains("Jane") && !told.contains("error-bodies"), "{told}");
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            // Nothing is written over.
            let kept = std::fs::read_to_string(&file).unwrap();
            assert_eq!(kept.lines().count(), times);
            let line: Value = serde_json::from_str(kept.lines().last().unwrap()).unwrap();
            let place = format!("{}{at}", service.place);
            assert_eq!((&line["url"], &line["status"]), (&json!(place), &json!(400)));
            assert_eq!((&line["body"], &line["whole"]), (&json!(body), &json!(true)));
            assert_eq!(line["headers"], json!({"x-request-id": "r-1"}));
        }
    }
}

#[test]
fn the_beginning_of_a_long_answer_is_kept() {
    let client = Client::new().keeping_bodies();
    let service =
        Service::start(|_, _| Some(Answer::new("400 Bad Request").body(vec![b'a'; 1 << 20])));
    client.export(&service).unwrap_err();
    let kept = std::fs::read_to_string(client.folder.path().join("bodies")).unwrap();
    let line: Value = serde_json::from_str(&kept).unwrap();
    assert_eq!((line["body"].as_str().unwrap().len(), &line["whole"]), (64 << 10, &json!(false)));
}

#[test]
fn a_file_of_answers_that_others_can_read_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let open = work.path().join("open");
    std::fs::write(&open, "before").unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o640)).unwrap();
    for (place, code, said) in [
        (open.clone(), 2, "chmod 600"),
        (work.path().to_owned(), 2, "is no file"),
        ("/dev/null".into(), 2, "is no file"),
        (work.path().join("no/folder"), 1, "cannot be opened"),
    ] {
        let error = ErrorBodies::open(&place).unwrap_err();
        assert_eq!(error.exit_code(), code, "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
    assert_eq!(std::fs::read(&open).unwrap(), b"before");
}

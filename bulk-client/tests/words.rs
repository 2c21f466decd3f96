//! What is said when something goes wrong: it names what it is about, and what to do.

use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{self, Answer, CANARY, Client, Service, patients, token, usual};
use bulk_client::{Auth, Credentials, Error, Observer, Url};

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
fn a_file_that_has_expired_asks_for_a_new_job() {
    for status in ["404 Not Found", "410 Gone"] {
        let service = one_file(move |_| Answer::new(status));
        let (_, heard) = heard(&service);
        let failed = heard.failed.lock().unwrap();
        assert!(failed.len() == 1 && failed[0].contains("(restart)"), "{failed:?}");
        assert!(!failed[0].contains("the same command"), "{failed:?}");
    }
}

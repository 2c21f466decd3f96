//! Exports from servers that behave, or that fail and recover.

use std::collections::BTreeSet;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{
    self, Answer, CANARY, Client, Service, VERSIONS, names, patients, token, usual,
};
use bulk_client::{Begin, Error, ErrorKind, FileState, Journal, Observer, Severity};
use flate2::Compression;
use flate2::write::GzEncoder;

const FILE: &str = "/data/1/11111111-2222-4333-8444-555555555555.ndjson";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A service with one file of Patients, whose requests go to `data` with their number, from 0.
fn one_file(data: impl Fn(&common::Request, usize) -> Answer + Send + Sync + 'static) -> Service {
    let calls = AtomicUsize::new(0);
    Service::start(move |request, _| {
        usual(request, &[("Patient", FILE)], &[])
            .or_else(|| Some(data(request, calls.fetch_add(1, Ordering::SeqCst))))
    })
}

#[test]
fn the_usual_export() {
    let service = one_file(|request, _| {
        assert_eq!(request.header("accept-encoding"), "gzip");
        Answer::ok(patients(1_000))
    });
    let client = Client { types: vec!["Patient".into()], ..Client::new() };
    let report = client.export(&service).unwrap();
    assert!(!report.has_gaps());
    assert_eq!(client.read("Patient-0001.ndjson"), patients(1_000));
    assert_eq!(client.names(), ["Patient-0001.ndjson", "bcda-export.json"]);
    for name in client.names() {
        let mode = client.out().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(client.out().metadata().unwrap().permissions().mode() & 0o777, 0o700);

    let kickoff = &service.seen()[1];
    assert_eq!(kickoff.target, "/api/v1/Group/all/$export?_type=Patient");
    assert_eq!(kickoff.header("accept"), "application/fhir+json");
    assert_eq!(kickoff.header("prefer"), "respond-async");
    assert_eq!(kickoff.token(), Some("canary7Q-token-1"));

    let journal = Journal::read(&client.out()).unwrap().unwrap();
    assert!(journal.is_complete());
    assert_eq!(journal.transaction_time.as_deref(), Some("2020-01-02T03:04:05.123456789Z"));
    assert_eq!(journal.files[0].blake3, Some(blake3_of(&patients(1_000))));
    assert!(!String::from_utf8(client.read("bcda-export.json")).unwrap().contains(CANARY));
    // A finished export has nothing left to do.
    let asked = service.seen().len();
    let mut again = client;
    for begin in [Begin::Usual, Begin::Resume] {
        again = Client { begin, ..again };
        let report = again.export(&service).unwrap();
        assert_eq!((report.already_there, report.was_finished, report.exit_code()), (1, true, 0));
    }
    assert_eq!(service.seen().len(), asked);
    // And nothing else is done over it.
    for (begin, types) in [(Begin::Restart, vec!["Patient".into()]), (Begin::Usual, Vec::new())] {
        again = Client { types, begin, ..again };
        assert_eq!(again.export(&service).unwrap_err().exit_code(), 2);
    }
}

fn blake3_of(bytes: &[u8]) -> String {
    // The hash of the file is that of its bytes: computed by the same library, over what the server sent.
    blake3::hash(bytes).to_hex().to_string()
}

#[test]
fn gzip_is_kept_byte_for_byte_and_several_members_are_whole() {
    let body = [gzip(b"{\"id\":\"1\"}\n{\"id\""), gzip(b":\"2\"}\n")].concat();
    let sent = body.clone();
    let service = one_file(move |_, _| Answer::ok(sent.clone()).with("Content-Encoding", "gzip"));
    let client = Client::new();
    let report = client.export(&service).unwrap();
    assert_eq!((report.files[0].records, report.files[0].content_bytes), (2, 22));
    assert_eq!(client.read("Patient-0001.ndjson.gz"), body);
}

#[test]
fn tokens_expire_while_polling_and_while_downloading() {
    let polls = AtomicUsize::new(0);
    let tokens = AtomicUsize::new(0);
    let service = Service::start(move |request, _| {
        let current = format!("{CANARY}-token-{}", tokens.load(Ordering::SeqCst));
        if request.path() == "/auth/token" {
            let number = tokens.fetch_add(1, Ordering::SeqCst) + 1;
            return Some(token(&number.to_string(), 1200));
        }
        if request.token() != Some(&current) {
            return Some(Answer::new("401 Unauthorized"));
        }
        // The token is withdrawn in the middle of polling, and once more before the file.
        if request.path() == "/api/v1/jobs/1" {
            let number = polls.fetch_add(1, Ordering::SeqCst);
            if number < 5 {
                if number == 2 {
                    tokens.fetch_add(1, Ordering::SeqCst);
                }
                return Some(Answer::new("202 Accepted").with("X-Progress", "In Progress (40%)"));
            }
            tokens.fetch_add(1, Ordering::SeqCst);
        }
        usual(request, &[("Patient", FILE)], &[]).or_else(|| Some(Answer::ok(patients(100))))
    });
    let client = Client::new();
    client.export(&service).unwrap();
    assert_eq!(service.count("/auth/token"), 3);
}

#[test]
fn a_token_is_renewed_once_a_call() {
    let service = Service::start(|request, _| match request.path() {
        "/auth/token" => Some(token("1", 1200)),
        _ => Some(Answer::new("401 Unauthorized")),
    });
    let client = Client::new();
    let error = client.export(&service).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Refused, 5));
    assert_eq!(service.count("/api/v1/Group/all/$export"), 2);
    assert!(!error.to_string().contains(CANARY), "{error}");
}

#[test]
fn lives_of_tokens_in_all_forms_and_a_cache_between_runs() {
    for (life, calls) in [("\"1200\"", 1), ("1200", 1), ("null", 1), ("0", 3)] {
        let service = Service::start(move |request, _| {
            if request.path() == "/auth/token" {
                let text = format!("{{\"access_token\":\"t\",\"expires_in\":{life}}}");
                return Some(Answer::ok(text));
            }
            usual(request, &[], &[])
        });
        let client = Client::new();
        client.export(&service).unwrap();
        let tokens = service.count("/auth/token");
        assert!(if calls == 1 { tokens == 1 } else { tokens >= 2 }, "{life}: {tokens}");
        let cache = client.folder.path().join("tokens");
        let file = cache.join(&names(&cache)[0]);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        if calls == 1 {
            let second = Client { begin: Begin::Resume, ..client };
            std::fs::remove_dir_all(second.out()).unwrap();
            let again = Client { begin: Begin::Usual, ..second };
            again.export(&service).unwrap();
            assert_eq!(service.count("/auth/token"), 1, "{life}");
        }
    }
}

/// Waits between tries, as they are told.
#[derive(Debug, Default)]
struct Waits(Mutex<Vec<Duration>>);

impl Observer for Waits {
    fn retrying(&self, _: &Error, wait: Duration) {
        self.0.lock().unwrap().push(wait);
    }
}

#[test]
fn a_call_comes_again_when_the_server_asked_for_it_and_not_before() {
    const ASKED: Duration = Duration::from_secs(1);
    for (status, path) in [
        ("202 Accepted", "/api/v1/jobs/1"),
        ("429 Too Many Requests", "/api/v1/jobs/1"),
        ("429 Too Many Requests", "/api/v1/Group/all/$export"),
        ("503 Service Unavailable", FILE),
    ] {
        let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
        let calls = Arc::clone(&times);
        let service = Service::start(move |request, _| {
            if request.path() == path {
                let mut calls = calls.lock().unwrap();
                calls.push(Instant::now());
                if calls.len() == 1 {
                    return Some(Answer::new(status).with("Retry-After", "1"));
                }
            }
            usual(request, &[("Patient", FILE)], &[]).or_else(|| Some(Answer::ok(patients(10))))
        });
        let mut client = Client::new();
        client.settings.longest_wait = Duration::from_secs(10);
        client.export(&service).unwrap();
        let times = times.lock().unwrap();
        assert_eq!(times.len(), 2, "{status} at {path}");
        let waited = times[1] - times[0];
        assert!(waited >= ASKED, "{status} at {path}: again after {waited:?}");
    }
}

#[test]
fn waits_after_other_faults_double_and_are_never_the_same() {
    const FIRST: Duration = Duration::from_millis(20);
    let mut seen = Vec::new();
    for status in ["500 Internal Server Error", "502 Bad Gateway", "504 Gateway Timeout"] {
        let service = Service::start(move |request, _| match request.path() {
            "/auth/token" => Some(token("1", 1200)),
            _ => Some(Answer::new(status)),
        });
        let waits = Arc::new(Waits::default());
        let mut client = Client { observer: waits.clone(), ..Client::new() };
        client.settings.first_wait = FIRST;
        client.settings.longest_wait = Duration::from_secs(10);
        assert_eq!(client.export(&service).unwrap_err().exit_code(), 5);
        assert_eq!(service.count("/api/v1/Group/all/$export"), 4, "{status}");
        let waits = waits.0.lock().unwrap();
        for (wait, least) in waits.iter().zip([FIRST, 2 * FIRST, 4 * FIRST]) {
            assert!(*wait >= least, "{status}: {waits:?}");
        }
        seen.extend_from_slice(&waits);
    }
    assert_eq!(seen.len(), 9);
    let firsts: BTreeSet<Duration> = seen.iter().step_by(3).copied().collect();
    assert_eq!(firsts.len(), 3, "without jitter: {seen:?}");
}

#[test]
fn what_the_server_refuses_is_asked_for_once() {
    for status in
        ["400 Bad Request", "403 Forbidden", "404 Not Found", "410 Gone", "422 Unprocessable"]
    {
        for path in ["/api/v1/Group/all/$export", "/api/v1/jobs/1", FILE] {
            let service = Service::start(move |request, _| {
                if request.path() == path {
                    return Some(Answer::new(status));
                }
                usual(request, &[("Patient", FILE)], &[]).or_else(|| Some(Answer::ok("")))
            });
            // A file that has expired is a gap of the export, everything else an error.
            let is_gone = path == FILE && (status.starts_with("404") || status.starts_with("410"));
            match Client::new().export(&service) {
                Ok(report) => assert!(is_gone && report.exit_code() == 3, "{status} at {path}"),
                Err(_) => assert!(!is_gone, "{status} at {path}"),
            }
            assert_eq!(service.count(path), 1, "{status} at {path}");
        }
    }
}

#[test]
fn waits_as_the_server_asks_and_recovers() {
    let calls = AtomicUsize::new(0);
    let service = Service::start(move |request, _| {
        if request.path() != "/auth/token" {
            match calls.fetch_add(1, Ordering::SeqCst) {
                0 => return Some(Answer::new("429 Too Many Requests").with("Retry-After", "0")),
                1 => {
                    return Some(
                        Answer::new("503 Service Unavailable")
                            .with("Retry-After", "Fri, 31 Dec 2100 23:59:59 GMT"),
                    );
                }
                3 => return Some(Answer::new("500 Internal Server Error")),
                4 => return Some(Answer::new("202 Accepted")),
                5 => return Some(Answer::new("202 Accepted").with("Retry-After", "3600")),
                _ => {}
            }
        }
        usual(request, &[("Patient", FILE)], &[]).or_else(|| Some(Answer::ok(patients(10))))
    });
    Client::new().export(&service).unwrap();
}

#[test]
fn broken_connections_are_continued_where_they_broke() {
    let body = patients(400_000);
    let sent = body.clone();
    let service = one_file(move |request, number| {
        let start: usize = request
            .header("range")
            .strip_prefix("bytes=")
            .map_or(0, |range| range.trim_end_matches('-').parse().unwrap());
        let rest = sent[start..].to_vec();
        let range = format!("bytes {start}-{}/{}", sent.len() - 1, sent.len());
        let answer = if start == 0 {
            Answer::new("200 OK")
        } else {
            assert_eq!(request.header("if-range"), "\"v1\"");
            Answer::new("206 Partial Content").with("Content-Range", range)
        };
        let answer = answer.with("ETag", "\"v1\"").body(rest);
        if number < 2 { answer.cut_after(150_000) } else { answer }
    });
    let client = Client::new();
    client.export(&service).unwrap();
    assert_eq!(client.read("Patient-0001.ndjson"), body);
    assert_eq!(client.names(), ["Patient-0001.ndjson", "bcda-export.json"]);
    let ranges: Vec<bool> = service
        .seen()
        .iter()
        .filter(|seen| seen.path() == FILE)
        .map(|seen| !seen.header("range").is_empty())
        .collect();
    assert_eq!(ranges, [false, true, true]);
}

#[test]
fn a_server_that_ignores_ranges_or_changed_the_file_begins_it_again() {
    // What follows the first, broken answer: a whole file, another version of a part, no such part.
    for kind in 0..4 {
        let body = patients(200_000);
        let sent = body.clone();
        let service = one_file(move |request, number| match (number, kind) {
            (0, _) => Answer::ok(patients(300_000)).with("ETag", "\"old\"").cut_after(100_000),
            (1, 1) => Answer::new("206 Partial Content")
                .with("ETag", "\"new\"")
                .with("Content-Range", "bytes 100000-199999/200000")
                .body(sent[100_000..].to_vec()),
            (1, 2) => Answer::new("416 Range Not Satisfiable").with("Content-Range", "bytes */17"),
            (1, 3) => Answer::new("206 Partial Content")
                .with("ETag", "\"old\"")
                .with("Content-Range", "bytes 0-9/200000")
                .body(b"0123456789".to_vec()),
            _ => {
                assert!(number > 1 || !request.header("range").is_empty());
                Answer::ok(sent.clone()).with("ETag", "\"new\"")
            }
        });
        let client = Client::new();
        client.export(&service).unwrap();
        assert!(client.read("Patient-0001.ndjson") == body, "{kind}");
    }
}

#[test]
fn a_part_that_is_whole_already_is_not_fetched_again() {
    let body = patients(100_000);
    let sent = body.clone();
    // The length is told too large, so that the first answer seems cut off; 416 then says that all is there.
    let service = one_file(move |request, _| {
        if request.header("range").is_empty() {
            let length = (sent.len() + 10).to_string();
            return Answer::ok(sent.clone()).with("ETag", "\"a\"").with("Content-Length", length);
        }
        let range = format!("bytes */{}", sent.len());
        Answer::new("416 Range Not Satisfiable").with("Content-Range", range)
    });
    let client = Client::new();
    client.export(&service).unwrap();
    assert_eq!(client.read("Patient-0001.ndjson"), body);
}

#[test]
fn truncated_bodies_without_a_length_are_found_and_fetched_again() {
    for compressed in [false, true] {
        let whole = if compressed { gzip(&patients(5_000)) } else { patients(5_000) };
        let sent = whole.clone();
        let calls = AtomicUsize::new(0);
        let service = Service::start(move |request, stream| {
            let usual = usual(request, &[("Patient", FILE)], &[]);
            if usual.is_some() {
                return usual;
            }
            let cut = if calls.fetch_add(1, Ordering::SeqCst) == 0 { 17 } else { 0 };
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").unwrap();
            stream.write_all(&sent[..sent.len() - cut]).unwrap();
            None
        });
        let client = Client::new();
        client.export(&service).unwrap();
        let name = if compressed { "Patient-0001.ndjson.gz" } else { "Patient-0001.ndjson" };
        assert_eq!(client.read(name), whole);
        assert_eq!(service.count(FILE), 2);
    }
}

#[test]
fn a_run_that_is_stopped_is_finished_by_the_next_which_fetches_only_what_is_missing() {
    let names: Vec<String> = (0..6).map(|number| format!("/data/1/{number}.ndjson")).collect();
    for stop_at in 0..names.len() {
        let refuse = Arc::new(AtomicBool::new(true));
        let (urls, refusing) = (names.clone(), Arc::clone(&refuse));
        let cancel = bulk_client::CancellationToken::new();
        let (stop, stopped) = (cancel.clone(), format!("/data/1/{stop_at}.ndjson"));
        let service = Service::start(move |request, _| {
            let files: Vec<_> = urls.iter().map(|url| ("Patient", url.as_str())).collect();
            let usual = usual(request, &files, &[]);
            if usual.is_some() {
                return usual;
            }
            if request.path() == stopped && refusing.load(Ordering::SeqCst) {
                stop.cancel();
                return Some(Answer::ok(patients(200_000)).with("ETag", "\"1\"").cut_after(90_000));
            }
            Some(Answer::ok(patients(200_000)).with("ETag", "\"1\""))
        });
        let mut client = Client { cancel, ..Client::new() };
        client.settings.parallel = 1;
        let error = client.export(&service).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Interrupted, 130));
        assert!(!Journal::read(&client.out()).unwrap().unwrap().is_complete());
        refuse.store(false, Ordering::SeqCst);
        let again = Client { cancel: bulk_client::CancellationToken::new(), ..client };
        let report = again.export(&service).unwrap();
        assert_eq!(report.already_there, stop_at);
        assert_eq!(service.count("/api/v1/Group/all/$export"), 1);
        for (number, url) in names.iter().enumerate() {
            assert_eq!(again.read(&format!("Patient-{:04}.ndjson", number + 1)), patients(200_000));
            assert!(service.count(url) <= if number == stop_at { 3 } else { 1 }, "{url}");
        }
    }
}

#[test]
fn a_journal_that_is_behind_the_disk_is_brought_up_to_it() {
    let service = one_file(|_, _| Answer::ok(patients(1_000)));
    let client = Client::new();
    client.export(&service).unwrap();
    let mut journal = Journal::read(&client.out()).unwrap().unwrap();
    journal.files[0].state = FileState::Pending;
    journal.export.as_mut().unwrap().completed = None;
    let path = client.out().join("bcda-export.json");
    std::fs::write(&path, serde_json::to_vec(&journal).unwrap()).unwrap();
    client.export(&service).unwrap();
    assert_eq!(service.count(FILE), 1);
    // And a file that is gone is fetched again.
    std::fs::remove_file(client.out().join("Patient-0001.ndjson")).unwrap();
    let again = Client { begin: Begin::Resume, ..client };
    again.export(&service).unwrap();
    assert_eq!((service.count(FILE), again.read("Patient-0001.ndjson")), (2, patients(1_000)));
}

#[test]
fn error_files_and_types_without_a_file_are_gaps() {
    for api in VERSIONS {
        let line = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found","diagnostics":"beneficiary 1EG4TE5MK73"}]}"#;
        let service = Service::start(move |request, _| {
            let error = ["/data/1/x-error.ndjson"];
            let output = [
                ("Patient", FILE),
                ("Coverage", "/data/1/blank.ndjson"),
                ("Coverage", "/data/1/empty"),
            ];
            usual(request, &output, &error).or_else(|| match request.path() {
                "/data/1/x-error.ndjson" => Some(Answer::ok(format!("{line}\n{line}\n"))),
                "/data/1/empty" => Some(Answer::ok("")),
                _ => Some(Answer::ok(patients(10))),
            })
        });
        let types = ["Patient", "Coverage"].map(str::to_owned).to_vec();
        let client = Client { types, ..Client::of(api) };
        let report = client.export(&service).unwrap();
        assert!(report.has_gaps());
        assert_eq!(report.types_without_file, ["Coverage"]);
        let issues: Vec<_> = report.issues.iter().collect();
        assert_eq!(issues, [(Severity::Error, "not-found", 2)]);
        assert_eq!(
            client.names(),
            ["OperationOutcome-0001.errors", "Patient-0001.ndjson", "bcda-export.json"]
        );
        // It names people.
        let errors = client.out().join("OperationOutcome-0001.errors").metadata().unwrap();
        assert_eq!(errors.permissions().mode() & 0o777, 0o600);
        assert_eq!(service.count("/data/1/blank.ndjson"), 0);
        // The next export may not begin where this one ended.
        let request = bulk_client::ExportRequest::new(bulk_client::Level::Group("all".into()));
        let url = request.url(client.server(&service).base());
        assert!(
            bulk_client::last_export(&client.folder.path().join("next"), &request, &url).is_none()
        );
    }
}

#[test]
fn nothing_at_all_is_a_gap() {
    for api in VERSIONS {
        let service = Service::start(|request, _| usual(request, &[], &[]));
        let report = Client::of(api).export(&service).unwrap();
        assert!(report.nothing && report.has_gaps() && report.lacks_records());
    }
}

#[test]
fn since_last_begins_where_the_newest_finished_export_of_the_same_data_ended() {
    for api in VERSIONS {
        let service = one_file(|_, _| Answer::ok(patients(10)));
        let client = Client { types: vec!["Patient".into()], ..Client::of(api) };
        client.export(&service).unwrap();
        let mut request = bulk_client::ExportRequest::new(bulk_client::Level::Group("all".into()));
        request.types = vec!["Patient".into()];
        let next = client.folder.path().join("next");
        let last = |request: &bulk_client::ExportRequest| {
            bulk_client::last_export(&next, request, &request.url(client.server(&service).base()))
        };
        let (time, folder) = last(&request).unwrap();
        assert_eq!((time.as_str(), folder), ("2020-01-02T03:04:05.123456789Z", client.out()));
        let runout = bulk_client::ExportRequest::new(bulk_client::Level::Group("runout".into()));
        assert!(last(&runout).is_none());

        // An export of everything that brought only some of BCDA's types is no ground to build on.
        let everything = Client::of(api);
        let report = everything.export(&service).unwrap();
        assert_eq!(report.types_without_file, ["Coverage", "ExplanationOfBenefit"]);
        let request = bulk_client::ExportRequest::new(bulk_client::Level::Group("all".into()));
        let url = request.url(everything.server(&service).base());
        let next = everything.folder.path().join("next");
        assert!(bulk_client::last_export(&next, &request, &url).is_none());
    }
}

#[test]
fn the_same_request_in_other_words_has_nothing_to_do() {
    let service = one_file(|_, _| Answer::ok(patients(10)));
    let client = Client::new();
    let run = |types: &[&str], since: &str| {
        let mut request = bulk_client::ExportRequest::new(bulk_client::Level::Group("all".into()));
        request.types = types.iter().map(|&name| name.to_owned()).collect();
        request.since = Some(since.to_owned());
        let export = common::usually(request, client.out());
        common::block_on(export.run(&client.server(&service), &client.cancel))
    };
    run(&["Patient", "Coverage"], "2019-01-01T05:00:00Z").unwrap();
    for (types, since) in [
        (&["Coverage", "Patient"][..], "2019-01-01T05:00:00.000Z"),
        (&["Patient", "Coverage", "Patient"], "2019-01-01T00:00:00-05:00"),
    ] {
        assert!(run(types, since).unwrap().was_finished, "{types:?} {since}");
    }
    for (types, since) in [
        (&["Coverage"][..], "2019-01-01T05:00:00Z"),
        (&[], "2019-01-01T05:00:00Z"),
        (&["Patient", "Coverage"], "2019-01-01T05:00:00.001Z"),
    ] {
        let error = run(types, since).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{types:?} {since}");
    }
    assert_eq!(service.count("/api/v1/Group/all/$export"), 1);
}

#[test]
fn a_job_that_expired_or_failed_is_named_as_such() {
    for (status, kind) in [
        ("410 Gone", ErrorKind::JobGone),
        ("404 Not Found", ErrorKind::JobGone),
        ("500 Internal Server Error", ErrorKind::JobFailed),
        ("400 Bad Request", ErrorKind::Server),
    ] {
        let service = Service::start(move |request, _| match request.path() {
            "/api/v1/jobs/1" => Some(Answer::new(status).body("plain text")),
            _ => usual(request, &[], &[]),
        });
        let client = Client::new();
        let error = client.export(&service).unwrap_err();
        assert_eq!((error.kind(), error.exit_code()), (kind, 5), "{status}");
        assert!(!error.to_string().contains("plain text"), "{error}");
        // Nothing is started anew without being asked for.
        client.export(&service).unwrap_err();
        assert_eq!(service.count("/api/v1/Group/all/$export"), 1);
        let anew = Client { begin: Begin::Restart, ..client };
        anew.export(&service).unwrap_err();
        assert_eq!(service.count("/api/v1/Group/all/$export"), 2);
    }
}

#[test]
fn one_file_that_fails_does_not_keep_the_others_away() {
    let service = Service::start(|request, _| {
        usual(request, &[("Patient", "/data/1/gone"), ("Patient", FILE)], &[]).or_else(|| {
            Some(match request.path() {
                FILE => Answer::ok(patients(10)),
                _ => Answer::new("400 Bad Request").body("Bad Request"),
            })
        })
    });
    let client = Client::new();
    let error = client.export(&service).unwrap_err();
    assert_eq!(error.exit_code(), 5);
    assert!(error.to_string().starts_with("1 of 2 files"), "{error}");
    assert_eq!(client.read("Patient-0002.ndjson"), patients(10));
    assert_eq!(service.count("/data/1/gone"), 1);
}

#[test]
fn files_whose_urls_differ_in_their_queries_alone_are_not_mixed_up() {
    let second = Arc::new(AtomicBool::new(false));
    let is_second = Arc::clone(&second);
    let service = Service::start(move |request, _| {
        let second = is_second.load(Ordering::SeqCst);
        let mut urls = [("Patient", "/data?id=1"), ("Patient", "/data?id=2")];
        if second {
            urls.reverse();
        }
        usual(request, &urls, &[]).or_else(|| {
            Some(match request.target.as_str() {
                "/data?id=1" => Answer::ok(patients(100)),
                _ if second => Answer::ok(patients(200)),
                _ => Answer::new("400 Bad Request").body("Bad Request"),
            })
        })
    });
    let client = Client::new();
    client.export(&service).unwrap_err();
    second.store(true, Ordering::SeqCst);
    let report = client.export(&service).unwrap();
    let mut contents: Vec<Vec<u8>> =
        report.files.iter().map(|file| client.read(&file.name)).collect();
    contents.sort_by_key(Vec::len);
    assert_eq!(contents, [patients(100), patients(200)]);
    assert_eq!((report.already_there, client.names().len()), (1, 3));
    assert_eq!(service.seen().iter().filter(|seen| seen.target == "/data?id=1").count(), 1);
    assert!(!String::from_utf8(client.read("bcda-export.json")).unwrap().contains("id="));
}

#[test]
fn a_part_is_continued_in_the_next_run_under_a_new_signature() {
    let body = patients(200_000);
    let sent = body.clone();
    let polls = AtomicUsize::new(0);
    let service = Service::start(move |request, _| {
        let is_poll = request.path() == "/api/v1/jobs/1";
        let signature = polls.fetch_add(usize::from(is_poll), Ordering::SeqCst);
        let url = format!("/data?sig={signature}");
        usual(request, &[("Patient", &url)], &[]).or_else(|| {
            let range = request.header("range").strip_prefix("bytes=").unwrap_or_default();
            Some(match range.trim_end_matches('-').parse::<usize>() {
                Err(_) => Answer::ok(sent.clone()).with("ETag", "\"1\"").cut_after(90_000),
                Ok(start) => Answer::new("206 Partial Content")
                    .with("ETag", "\"1\"")
                    .with("Content-Range", format!("bytes {start}-199999/{}", sent.len()))
                    .body(&sent[start..]),
            })
        })
    });
    let mut client = Client::new();
    client.settings.attempts = 1;
    client.export(&service).unwrap_err();
    client.export(&service).unwrap();
    assert_eq!(client.read("Patient-0001.ndjson"), body);
    let targets: Vec<String> = service.seen().into_iter().map(|seen| seen.target).collect();
    let files: Vec<&String> = targets.iter().filter(|target| target.contains("sig")).collect();
    assert_eq!(files, ["/data?sig=0", "/data?sig=1"]);
}

#[test]
fn files_that_nothing_tells_apart_come_anew_and_leave_nothing_behind() {
    let signature = Arc::new(AtomicUsize::new(1));
    let signed = Arc::clone(&signature);
    let service = Service::start(move |request, _| {
        let signature = signed.load(Ordering::SeqCst);
        let urls = [1, 2, 3].map(|id| format!("/data?id={id}&sig={signature}"));
        let urls: Vec<_> = urls.iter().map(|url| ("Patient", url.as_str())).collect();
        usual(request, &urls, &[]).or_else(|| {
            Some(match request.target.as_str() {
                "/data?id=3&sig=1" => Answer::new("400 Bad Request").body("Bad Request"),
                target if target.contains("id=1") => Answer::ok(patients(100)),
                target if target.contains("id=2") => Answer::ok(patients(200)),
                _ => Answer::ok(patients(300)),
            })
        })
    });
    let client = Client::new();
    client.export(&service).unwrap_err();
    signature.store(2, Ordering::SeqCst);
    let report = client.export(&service).unwrap();
    let lengths: Vec<u64> = report.files.iter().map(|file| file.bytes).collect();
    let wanted = [100, 200, 300].map(|bytes| patients(bytes).len() as u64);
    assert_eq!(lengths, wanted);
    let mut names: Vec<String> = report.files.into_iter().map(|file| file.name).collect();
    names.push("bcda-export.json".to_owned());
    assert_eq!(client.names(), names);
}

#[test]
fn two_runs_into_one_folder_do_not_meet() {
    let (came, go) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (has_come, may_go) = (Arc::clone(&came), Arc::clone(&go));
    let service = one_file(move |_, _| {
        has_come.store(true, Ordering::SeqCst);
        while !may_go.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        Answer::ok(patients(10))
    });
    let client = Client::new();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| client.export(&service).unwrap());
        while !came.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let error = client.export(&service).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("another run"), "{error}");
        go.store(true, Ordering::SeqCst);
        first.join().unwrap();
    });
    assert_eq!(names(client.folder.path()), ["export", "tokens"]);
}

#[test]
fn foreign_folders_are_left_alone() {
    let service = one_file(|_, _| Answer::ok(patients(10)));
    for (name, text) in
        [("notes.txt", "mine"), ("bcda-export.json", "{\"output\":[]}"), ("bcda-export.json", "x")]
    {
        let client = Client::new();
        std::fs::create_dir(client.out()).unwrap();
        std::fs::write(client.out().join(name), text).unwrap();
        assert_eq!(client.export(&service).unwrap_err().exit_code(), 2);
        assert_eq!(client.names(), [name]);
    }
    assert_eq!(service.seen().len(), 0);
}

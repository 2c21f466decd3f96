//! Each fault does what its name says, and ends when it should.

use crate::common::{
    self, EXPORT, basic, bearer, expected, export, files, gunzip, kick_off, send, wait, with_faults,
};
use sandbox::{Credentials, Fault, Requests, Running};

/// A finished job's file of Patients.
fn patients(running: &Running, token: &str) -> String {
    let manifest = export(running, token, "/api/v1/Patient/$export");
    files(running, &manifest, "Patient").remove(0)
}

#[test]
fn every_fault_has_a_text_form() {
    for text in [
        "slow-jobs=3",
        "failed-job=1",
        "expired-job=2",
        "too-many-requests=2:7@status",
        "too-many-requests=1",
        "server-error=3@data",
        "unavailable=1:0",
        "no-retry-after",
        "retry-after-date",
        "poll-retry-after=4",
        "token-expires=9",
        "expires-in=number",
        "expires-in=absent",
        "drop-connection=2",
        "truncate-body=1",
        "wrong-content-length=1",
        "html-200=1",
        "ignore-range",
        "change-etag",
        "no-etag",
        "no-gzip",
        "gzip-members",
        "error-files=5",
        "empty-output",
        "empty-file",
        "missing-type=Patient",
        "bare-progress",
        "refuse-overlap",
        "no-attribution",
        "key-map-only",
        "encrypted-errors",
        "old-errors",
        "plain-errors",
        "empty-errors",
    ] {
        assert_eq!(text.parse::<Fault>().expect(text).to_string(), text);
    }
    for (short, long) in [
        ("slow-jobs", "slow-jobs=5"),
        ("server-error@token", "server-error=1@token"),
        ("missing-type", "missing-type=Coverage"),
    ] {
        assert_eq!(short.parse::<Fault>().expect(short).to_string(), long);
    }
    for wrong in ["", "slow", "slow-jobs=x", "no-etag=1", "server-error=1@x", "missing-type=Claim"]
    {
        assert!(wrong.parse::<Fault>().is_err(), "{wrong}");
    }
    // The list names each of them once.
    assert_eq!(Fault::list().len(), 32);
    for form in Fault::list() {
        let name = form.split(['=', '[']).next().expect("a name");
        let told = include_str!("../README.md").contains(&format!("`{name}"));
        assert!(told, "the README tells of {name}");
    }
}

#[test]
fn slow_jobs_are_done_after_so_many_questions() {
    let running = with_faults(&["slow-jobs=4"]);
    let token = bearer(&running);
    let status = kick_off(&running, &token, "/api/v1/Patient/$export");
    let mut progress = Vec::new();
    for _ in 0..4 {
        let answer = send(&running, "GET", &status, &[&token]);
        assert_eq!(answer.status, 202);
        progress.push(answer.header("x-progress").expect("X-Progress").to_owned());
    }
    assert_eq!(progress[0], "Pending");
    for text in &progress[1..] {
        let figure = text.strip_prefix("In Progress (").and_then(|rest| rest.strip_suffix("%)"));
        assert!(text == "Pending" || figure.is_some_and(|it| it.parse::<u8>().is_ok()), "{text}");
    }
    assert_eq!(wait(&running, &token, &status).status, 200);
}

#[test]
fn progress_without_a_figure() {
    let running = with_faults(&["slow-jobs=2", "bare-progress", "poll-retry-after=3"]);
    let token = bearer(&running);
    let status = kick_off(&running, &token, "/api/v1/Patient/$export");
    loop {
        let answer = send(&running, "GET", &status, &[&token]);
        if answer.status == 200 {
            break;
        }
        assert_eq!(answer.header("retry-after"), Some("3"));
        let progress = answer.header("x-progress").expect("X-Progress");
        assert!(["Pending", "In Progress"].contains(&progress), "{progress}");
    }
}

#[test]
fn jobs_fail_and_expire() {
    let running = with_faults(&["failed-job", "expired-job"]);
    let token = bearer(&running);
    let status = kick_off(&running, &token, "/api/v1/Patient/$export");
    for _ in 0..2 {
        let answer = wait(&running, &token, &status);
        assert_eq!(answer.status, 500, "for good");
        assert_eq!(
            answer.diagnostics("exception"),
            "Service encountered numerous errors. Job failed to complete."
        );
    }
    let list = send(&running, "GET", "/api/v1/jobs", &[&token]).json();
    assert_eq!(list["entry"][0]["resource"]["status"], "failed");

    let running = with_faults(&["expired-job"]);
    let token = bearer(&running);
    let status = kick_off(&running, &token, "/api/v1/Patient/$export");
    let answer = wait(&running, &token, &status);
    assert_eq!(answer.status, 410);
    assert!(answer.header("expires").is_some());
    assert_eq!(answer.diagnostics("not-found"), "Job Expired");
    assert_eq!(send(&running, "GET", "/api/v1/jobs?_status=Archived", &[&token]).status, 200);
    export(&running, &token, "/api/v1/Patient/$export");
}

#[test]
fn requests_are_refused_and_then_are_not() {
    for (fault, status, wait) in [
        ("too-many-requests=2:7", 429, Some("7")),
        ("server-error=2", 500, None),
        ("unavailable=2", 503, Some("1")),
    ] {
        let running = with_faults(&[fault]);
        let token = bearer(&running);
        let start = ["/api/v1/Patient/$export", "GET"];
        for _ in 0..2 {
            let answer = send(&running, start[1], start[0], &[&token, EXPORT[0], EXPORT[1]]);
            assert_eq!((answer.status, answer.header("retry-after")), (status, wait), "{fault}");
            assert!(status != 429 || answer.body.is_empty());
        }
        let path = kick_off(&running, &token, start[0]);
        for _ in 0..2 {
            assert_eq!(send(&running, "GET", &path, &[&token]).status, status, "{fault}");
        }
        let manifest = common::wait(&running, &token, &path).json();
        let file = &files(&running, &manifest, "Patient")[0];
        for _ in 0..2 {
            assert_eq!(send(&running, "GET", file, &[&token]).status, status, "{fault}");
        }
        assert_eq!(send(&running, "GET", file, &[&token]).status, 200, "{fault}");
        let counts = running.statistics();
        for requests in [Requests::Start, Requests::Status, Requests::Data] {
            assert_eq!(counts.count(requests, status), 2, "{fault} {requests:?}");
        }
        assert_eq!(counts.count(Requests::Token, status), 0);
    }
}

#[test]
fn a_kind_of_request_can_be_meant_alone() {
    let running =
        with_faults(&["server-error=1@token", "too-many-requests=1@data", "no-retry-after"]);
    let basic = basic(&Credentials::published());
    assert_eq!(send(&running, "POST", "/auth/token", &[&basic]).status, 500);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let answer = send(&running, "GET", &file, &[&token]);
    assert_eq!((answer.status, answer.header("retry-after")), (429, None));
    assert_eq!(send(&running, "GET", &file, &[&token]).status, 200);
}

#[test]
fn retry_after_as_a_date() {
    let running = with_faults(&["too-many-requests", "retry-after-date"]);
    let answer = send(
        &running,
        "GET",
        "/api/v1/Patient/$export",
        &[&bearer(&running), EXPORT[0], EXPORT[1]],
    );
    let date = answer.header("retry-after").expect("Retry-After");
    assert!(date.ends_with(" GMT") && date.contains(", "), "{date}");
}

#[test]
fn a_token_ends_after_so_many_requests() {
    let running = with_faults(&["token-expires=2"]);
    let token = bearer(&running);
    let status = |token: &str| send(&running, "GET", "/api/v1/jobs/1", &[token]).status;
    assert_eq!([status(&token), status(&token), status(&token)], [404, 404, 401]);
    assert_eq!(status(&bearer(&running)), 404);
}

#[test]
fn how_long_a_token_is_good_can_be_told_otherwise() {
    let basic = basic(&Credentials::published());
    let running = with_faults(&["expires-in=number"]);
    assert_eq!(send(&running, "POST", "/auth/token", &[&basic]).json()["expires_in"], 1200);
    let running = with_faults(&["expires-in=absent"]);
    let body = send(&running, "POST", "/auth/token", &[&basic]).json();
    assert!(body.get("expires_in").is_none());
}

#[test]
fn a_download_breaks_and_is_resumed() {
    let running = with_faults(&["drop-connection=2"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let whole = expected("Patient");
    let first = send(&running, "GET", &file, &[&token]);
    assert_eq!(first.status, 200);
    assert_eq!(first.header("content-length"), Some(whole.len().to_string().as_str()));
    assert!(!first.whole);
    assert_eq!(first.body, whole[..whole.len() / 2], "half of it came");
    let etag = first.header("etag").expect("ETag").to_owned();
    let mut have = first.body;
    // The second breaks half-way through the rest, the third comes to the end.
    for ends in [false, true] {
        let range = format!("Range: bytes={}-", have.len());
        let part = send(&running, "GET", &file, &[&token, &range, &format!("If-Range: {etag}")]);
        let wanted = format!("bytes {}-{}/{}", have.len(), whole.len() - 1, whole.len());
        assert_eq!((part.status, part.header("content-range")), (206, Some(wanted.as_str())));
        assert_eq!(part.whole, ends);
        have.extend(part.body);
    }
    assert_eq!(have, whole);
    // Each file has its own count.
    let manifest = export(&running, &token, "/api/v1/Patient/$export?_type=Coverage");
    let other = &files(&running, &manifest, "Coverage")[0];
    assert!(!send(&running, "GET", other, &[&token]).whole);
}

#[test]
fn a_body_ends_early_as_if_it_were_whole() {
    let running = with_faults(&["truncate-body"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let whole = expected("Patient");
    let short = send(&running, "GET", &file, &[&token]);
    assert_eq!((short.status, short.header("content-length"), short.whole), (200, None, true));
    assert_eq!(short.body, whole[..whole.len() / 2]);
    assert_eq!(send(&running, "GET", &file, &[&token]).body, whole);
}

#[test]
fn a_length_that_is_not_true() {
    let running = with_faults(&["wrong-content-length"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let whole = expected("Patient");
    let answer = send(&running, "GET", &file, &[&token]);
    let length = (whole.len() + 10).to_string();
    assert_eq!(answer.header("content-length"), Some(length.as_str()));
    assert!(!answer.whole && answer.body == whole);
    assert!(send(&running, "GET", &file, &[&token]).whole);
}

#[test]
fn a_page_in_place_of_a_file() {
    let running = with_faults(&["html-200"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    // Who asks for the size alone leaves the fault to who downloads, and is answered for the whole file.
    let head = send(&running, "HEAD", &file, &[&token, "Range: bytes=0-"]);
    let length = expected("Patient").len().to_string();
    assert_eq!((head.status, head.header("content-length")), (200, Some(length.as_str())));
    let answer = send(&running, "GET", &file, &[&token]);
    assert_eq!(answer.status, 200);
    assert!(answer.header("content-type").expect("a type").starts_with("text/html"));
    assert!(answer.text().starts_with("<!doctype html>"));
    assert_eq!(send(&running, "GET", &file, &[&token]).body, expected("Patient"));
}

#[test]
fn ranges_are_ignored() {
    let running = with_faults(&["ignore-range"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let answer = send(&running, "GET", &file, &[&token, "Range: bytes=5-"]);
    assert_eq!((answer.status, answer.header("accept-ranges")), (200, None));
    assert_eq!(answer.body, expected("Patient"));
}

#[test]
fn the_etag_changes_or_is_not_there() {
    let running = with_faults(&["change-etag"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let etag = send(&running, "GET", &file, &[&token]).header("etag").expect("ETag").to_owned();
    let condition = format!("If-Range: {etag}");
    let answer = send(&running, "GET", &file, &[&token, "Range: bytes=5-", &condition]);
    assert_eq!(answer.status, 200, "the whole file again");
    assert_ne!(answer.header("etag"), Some(etag.as_str()));

    let running = with_faults(&["no-etag"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let answer = send(&running, "GET", &file, &[&token]);
    assert_eq!((answer.header("etag"), answer.header("last-modified")), (None, None));
    assert_eq!(send(&running, "GET", &file, &[&token, "Range: bytes=5-"]).status, 206);
}

#[test]
fn compression_of_several_members_or_none() {
    let running = with_faults(&["gzip-members"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let body = send(&running, "GET", &file, &[&token, "Accept-Encoding: gzip"]).body;
    let mut first = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&body[..]), &mut first)
        .expect("a member");
    let whole = expected("Patient");
    assert!(first.len() < whole.len() / 2, "whoever stops after one member has too little");
    assert_eq!(gunzip(&body), whole);

    let running = with_faults(&["no-gzip"]);
    let token = bearer(&running);
    let file = patients(&running, &token);
    let answer = send(&running, "GET", &file, &[&token, "Accept-Encoding: gzip"]);
    assert_eq!(answer.header("content-encoding"), None);
}

#[test]
fn manifests_that_are_not_as_one_would_like() {
    let running = with_faults(&["error-files=3", "empty-file", "missing-type=Patient"]);
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    assert!(
        files(&running, &manifest, "Patient").iter().all(|path| path.ends_with("blank.ndjson")),
        "{manifest}"
    );
    let error = &files(&running, &manifest, "OperationOutcome")[0];
    assert!(error.ends_with("-error.ndjson"), "{error}");
    let answer = send(&running, "GET", error, &[&token]);
    assert_eq!(answer.text().lines().count(), 3);
    let blank = &files(&running, &manifest, "Patient")[0];
    for header in ["X-None: 1", "Accept-Encoding: gzip"] {
        let answer = send(&running, "GET", blank, &[&token, header]);
        assert_eq!(answer.status, 200);
        let zipped = answer.header("content-encoding").is_some();
        assert!(if zipped { gunzip(&answer.body).is_empty() } else { answer.body.is_empty() });
    }

    let running = with_faults(&["empty-output"]);
    let manifest = export(&running, &bearer(&running), "/api/v1/Patient/$export");
    assert_eq!(manifest["output"], serde_json::json!([]));
}

#[test]
fn overlapping_jobs_are_refused() {
    let running = with_faults(&["refuse-overlap", "slow-jobs=1000000"]);
    let token = bearer(&running);
    let claims = "/api/v1/Patient/$export?_type=ExplanationOfBenefit";
    let status = kick_off(&running, &token, claims);
    for target in [claims, "/api/v1/Group/all/$export"] {
        let answer = send(&running, "GET", target, &[&token, EXPORT[0], EXPORT[1]]);
        assert_eq!((answer.status, answer.body.len()), (429, 0));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    kick_off(&running, &token, "/api/v1/Patient/$export?_type=Coverage,Patient");
    let theirs = common::bearer_of(&running, &Credentials::published_later());
    kick_off(&running, &theirs, claims);
    assert_eq!(send(&running, "DELETE", &status, &[&token]).status, 202);
    kick_off(&running, &token, claims);
}

#[test]
fn error_bodies_of_other_times() {
    let ask = |fault: &str| {
        let running = with_faults(&[fault]);
        send(&running, "GET", "/api/v1/jobs/1", &[])
    };
    let answer = ask("old-errors");
    assert_eq!((answer.status, answer.header("content-type")), (401, Some("application/json")));
    let issue = &answer.json()["issue"][0];
    assert_eq!((&issue["severity"], &issue["code"]), (&"Error".into(), &"Exception".into()));
    assert_eq!(issue["details"]["coding"][0]["display"], "Invalid Token");
    let answer = ask("plain-errors");
    assert_eq!((answer.status, answer.text()), (401, "Invalid Token\n"));
    let answer = ask("empty-errors");
    assert_eq!((answer.status, answer.body.len()), (401, 0));
}

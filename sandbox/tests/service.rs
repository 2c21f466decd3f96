//! The service as it is now: statuses, headers and bodies of the calls of the guides.

use crate::common::{
    self, EXPORT, basic, bearer, bearer_of, expected, export, files, gunzip, kick_off, options,
    send, start, wait,
};
use sandbox::{Credentials, Data, Options, Requests, Sandbox};
use std::time::Duration;

#[test]
fn a_token_for_the_published_credentials() {
    let running = start();
    let answer = send(
        &running,
        "POST",
        "/auth/token",
        &[&basic(&Credentials::published()), "Accept: application/json"],
    );
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    let body = answer.json();
    assert_eq!(body["expires_in"], "1200", "a string, as the service gives it");
    assert_eq!(body["token_type"], "bearer");
    assert!(body["access_token"].as_str().expect("a token").len() > 90);
    assert_eq!(running.statistics().count(Requests::Token, 200), 1);
}

#[test]
fn a_token_is_refused_in_plain_text() {
    let running = start();
    let answer = send(&running, "POST", "/auth/token", &[]);
    assert_eq!((answer.status, answer.text()), (400, "Bad Request"));
    let wrong = Credentials { secret: "no".to_owned(), ..Credentials::published() };
    let answer = send(&running, "POST", "/auth/token", &[&basic(&wrong)]);
    assert_eq!((answer.status, answer.text()), (401, "Unauthorized"));
    assert!(answer.header("content-type").expect("a type").starts_with("text/plain"));
    assert_eq!(send(&running, "GET", "/auth/token", &[]).status, 405);
}

#[test]
fn a_token_may_be_asked_for_with_a_body() {
    let running = start();
    let basic = basic(&Credentials::published());
    let answer = send(&running, "POST", "/auth/token", &[&basic, "Content-Length: 0"]);
    assert_eq!(answer.status, 200);
    let body = "grant_type=client_credentials";
    let request = format!(
        "POST /auth/token HTTP/1.1\r\nHost: localhost\r\n{basic}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(common::parse(&common::raw(running.address(), request.as_bytes())).status, 200);
}

#[test]
fn without_a_good_token_nothing_is_told() {
    let running = start();
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let file = &files(&running, &manifest, "Patient")[0];
    let paths = [
        "/api/v1/Patient/$export",
        "/api/v1/jobs/1",
        "/api/v1/jobs",
        "/api/v1/attribution_status",
        file,
    ];
    for path in paths {
        for header in [
            "X-None: 1",
            "Authorization: Bearer abc.def.ghi",
            "Authorization: Bearer ",
            &token.replace("Bearer", "bearer"),
            &token.replace("Bearer ", "Bearer  "),
            &basic(&Credentials::published()),
        ] {
            let answer = send(&running, "GET", path, &[header]);
            assert_eq!(answer.status, 401, "{path} {header}");
            assert_eq!(answer.diagnostics("forbidden"), "Invalid Token");
        }
    }
    let short =
        Sandbox::start(Options { token_life: Duration::ZERO, ..options() }).expect("starts");
    let answer = send(&short, "GET", "/api/v1/jobs/1", &[&bearer(&short)]);
    assert_eq!(answer.status, 401, "expired");
    let answer = send(&short, "GET", "/api/v1/jobs/1", &[&token]);
    assert_eq!(answer.status, 401, "another server's");
}

#[test]
fn a_whole_export() {
    let running = start();
    let token = bearer(&running);
    let target = "/api/v1/Group/all/$export?_type=Patient,ExplanationOfBenefit,Coverage";
    let status = kick_off(&running, &token, target);
    assert_eq!(status, "/api/v1/jobs/1");
    let answer = wait(&running, &token, &status);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    // 2026-01-01 12:00:00.123456 +0000 UTC: Go's, no HTTP date.
    let expires = answer.header("expires").expect("Expires");
    assert!(expires.ends_with(" +0000 UTC") && expires.as_bytes()[10] == b' ', "{expires}");
    let manifest = answer.json();
    assert_eq!(manifest["request"], format!("{}{target}", running.url()));
    assert_eq!(manifest["requiresAccessToken"], true);
    assert_eq!(manifest["JobID"], 1);
    assert_eq!(manifest["error"], serde_json::json!([]));
    assert_eq!(manifest["transactionTime"], "2024-02-29T06:30:15.25Z", "of the folder");
    assert!(manifest.get("KeyMap").is_none());
    assert_eq!(manifest["output"].as_array().map(Vec::len), Some(3));
    for kind in ["Patient", "ExplanationOfBenefit", "Coverage"] {
        let [path] = &files(&running, &manifest, kind)[..] else { panic!("one file of {kind}") };
        assert!(path.starts_with("/data/1/") && path.ends_with(".ndjson"), "{path}");
        let answer = send(&running, "GET", path, &[&token]);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/fhir+ndjson"));
        assert_eq!(answer.header("connection"), Some("close"));
        assert!(answer.header("content-encoding").is_none());
        assert!(answer.whole && answer.body == expected(kind), "{kind}");
        let head = send(&running, "HEAD", path, &[&token]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), answer.header("content-length"));
        for accepted in ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.5"] {
            let header = format!("Accept-Encoding: {accepted}");
            let answer = send(&running, "GET", path, &[&token, &header]);
            assert_eq!(answer.header("content-encoding"), Some("gzip"), "{accepted}");
            assert_eq!(answer.header("content-type"), Some("application/fhir+ndjson"));
            assert!(answer.whole && gunzip(&answer.body) == expected(kind), "{kind}");
            // curl takes a second member, even an empty one, for a fault.
            let mut rest = &answer.body[..];
            std::io::copy(&mut flate2::bufread::GzDecoder::new(&mut rest), &mut std::io::sink())
                .expect("gzip");
            assert!(rest.is_empty(), "one member");
        }
        for accepted in ["identity", "br", "gzip;q=0"] {
            let header = format!("Accept-Encoding: {accepted}");
            let answer = send(&running, "GET", path, &[&token, &header]);
            assert!(answer.header("content-encoding").is_none(), "{accepted}");
        }
    }
    assert_eq!(running.statistics().count(Requests::Start, 202), 1);
}

#[test]
fn each_endpoint_gives_its_types() {
    let running = start();
    let token = bearer(&running);
    for (target, kinds) in [
        ("/api/v1/Patient/$export", "Coverage ExplanationOfBenefit Patient"),
        ("/api/v1/Patient/%24export", "Coverage ExplanationOfBenefit Patient"),
        ("/api/v1/Group/runout/$export", "Coverage ExplanationOfBenefit Patient"),
        ("/api/v1/ExplanationOfBenefit/$export", "ExplanationOfBenefit"),
        ("/api/v1/Coverage/%24export", "Coverage"),
        ("/api/v1/Patient/$export?_type=Coverage%2CPatient", "Coverage Patient"),
        ("/api/v1/Patient/$export?_type=Patient&_outputFormat=ndjson", "Patient"),
        ("/api/v1/Group/all/$export?_since=2020-01-01T00:00:00%2B01:00&_type=Patient", "Patient"),
        ("/api/v1/Group/all/$export?_since=2025-01-01T00:00:00Z", ""),
    ] {
        let manifest = export(&running, &token, target);
        let mut found: Vec<&str> = manifest["output"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|item| item["type"].as_str().expect("a type"))
            .collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), kinds, "{target}");
        assert_eq!(manifest["request"], format!("{}{target}", running.url()));
    }
}

#[test]
fn since_gives_what_changed_later() {
    let running = start();
    let token = bearer(&running);
    let all = expected("Patient");
    let lines: Vec<&[u8]> = all.split_inclusive(|&byte| byte == b'\n').collect();
    let updated = |line: &[u8]| {
        let record: serde_json::Value = serde_json::from_slice(line).expect("a record");
        record["meta"]["lastUpdated"].as_str().expect("lastUpdated").to_owned()
    };
    let mut times: Vec<String> = lines.iter().map(|line| updated(line)).collect();
    times.sort_unstable();
    let since = &times[0];
    let target =
        format!("/api/v1/Patient/$export?_type=Patient&_since={}", since.replace('+', "%2B"));
    let manifest = export(&running, &token, &target);
    let want: Vec<u8> =
        lines.iter().filter(|line| updated(line) != *since).copied().collect::<Vec<_>>().concat();
    assert!(!want.is_empty() && want.len() < all.len(), "testdata has several times");
    let got = send(&running, "GET", &files(&running, &manifest, "Patient")[0], &[&token]);
    assert_eq!(got.body, want);
}

#[test]
fn headers_of_a_start_are_checked() {
    let running = start();
    let token = bearer(&running);
    let target = "/api/v1/Patient/$export";
    for (headers, text) in [
        (vec![EXPORT[1]], "Accept header is required"),
        (
            vec![EXPORT[1], "Accept: */*"],
            "application/fhir+json is the only supported response format",
        ),
        (vec![EXPORT[0]], "Prefer header is required"),
        (vec![EXPORT[0], "Prefer: handling=lenient"], "Only asynchronous responses are supported"),
    ] {
        let headers: Vec<&str> = [token.as_str()].into_iter().chain(headers).collect();
        let answer = send(&running, "GET", target, &headers);
        assert_eq!(answer.status, 400);
        assert_eq!(answer.diagnostics("structure"), text);
    }
    let several = [&token, "accept: text/html;q=0.3, application/fhir+json; q=0.9, */*", EXPORT[1]];
    assert_eq!(send(&running, "GET", target, &several).status, 202);
}

#[test]
fn parameters_of_a_start_are_checked() {
    let running = start();
    let token = bearer(&running);
    for (target, text) in [
        (
            "Patient/$export?_type=Claim",
            "invalid resource type Claim. Supported types [Patient ExplanationOfBenefit Coverage]",
        ),
        ("Patient/$export?_type=Patient,Patient", "Repeated resource type Patient"),
        (
            "Patient/$export?_since=2020-02-13",
            "Invalid date format supplied in _since parameter.  Date must be in FHIR Instant format.",
        ),
        (
            "Patient/$export?_since=2999-02-13T00:00:00Z",
            "Invalid date format supplied in _since parameter. Date must be a date that has already passed",
        ),
        (
            "Patient/$export?_elements=id",
            "Invalid parameter: this server does not support the _elements parameter.",
        ),
        (
            "Patient/$export??_type=Patient",
            "Invalid parameter: query parameters cannot start with ?",
        ),
        (
            "Patient/$export?_outputFormat=text/csv",
            "_outputFormat parameter must be application/fhir+ndjson, application/ndjson, or ndjson",
        ),
        ("Group/other/$export", "Invalid group ID"),
        // An endpoint of one type has no other.
        (
            "Coverage/$export?_type=Patient",
            "invalid resource type Patient. Supported types [Coverage]",
        ),
    ] {
        let target = format!("/api/v1/{target}");
        let answer = send(&running, "GET", &target, &[&token, EXPORT[0], EXPORT[1]]);
        assert_eq!(answer.status, 400, "{target}");
        assert_eq!(answer.diagnostics("structure"), text);
    }
    for target in
        ["/api/v1/Practitioner/$export", "/api/v1/Patient/export", "/api/v2/Patient/$export"]
    {
        assert_eq!(send(&running, "GET", target, &[&token, EXPORT[0], EXPORT[1]]).status, 404);
    }
}

#[test]
fn jobs_are_their_owners_alone() {
    let running = start();
    let (ours, theirs) = (bearer(&running), bearer_of(&running, &Credentials::published_later()));
    let manifest = export(&running, &ours, "/api/v1/Patient/$export");
    let file = &files(&running, &manifest, "Patient")[0];
    let answer = send(&running, "GET", "/api/v1/jobs/1", &[&theirs]);
    assert_eq!(answer.status, 404);
    answer.diagnostics("not-found");
    assert_eq!(send(&running, "DELETE", "/api/v1/jobs/1", &[&theirs]).status, 404);
    assert_eq!(send(&running, "GET", "/api/v1/jobs", &[&theirs]).status, 404);
    let answer = send(&running, "GET", file, &[&theirs]);
    assert_eq!((answer.status, answer.text()), (404, "Not Found"));
    assert_eq!(send(&running, "GET", "/api/v1/jobs/99", &[&ours]).status, 404);
    for id in ["abc", "-1", "1.5", "99999999999999999999999"] {
        let answer = send(&running, "GET", &format!("/api/v1/jobs/{id}"), &[&ours]);
        assert_eq!(answer.status, 400, "{id}");
    }
}

#[test]
fn the_status_of_a_job_needs_no_accept_header_and_takes_any() {
    let running = start();
    let token = bearer(&running);
    let status = kick_off(&running, &token, "/api/v1/Patient/$export");
    wait(&running, &token, &status);
    for accept in ["Accept: */*", "Accept: application/json", "Accept: text/html", "X-None: 1"] {
        assert_eq!(send(&running, "GET", &status, &[&token, accept]).status, 200);
    }
}

#[test]
fn a_job_in_work_shows_its_progress_and_can_be_cancelled() {
    let slow = Options { job_time: Duration::from_hours(1), ..options() };
    let running = Sandbox::start(slow).expect("starts");
    let token = bearer(&running);
    let status = kick_off(&running, &token, "/api/v1/Patient/$export");
    let answer = send(&running, "GET", &status, &[&token]);
    assert_eq!((answer.status, answer.body.len()), (202, 0));
    assert_eq!(answer.header("x-progress"), Some("Pending"));
    assert!(answer.header("retry-after").is_none(), "the client chooses");
    let list = send(&running, "GET", "/api/v1/jobs", &[&token]).json();
    assert_eq!(list["entry"][0]["resource"]["status"], "in-progress");

    let answer = send(&running, "DELETE", &status, &[&token]);
    assert_eq!((answer.status, answer.body.len()), (202, 0));
    let answer = send(&running, "GET", &status, &[&token]);
    assert_eq!(answer.status, 404);
    assert_eq!(answer.diagnostics("not-found"), "Job has been cancelled.");
    assert_eq!(send(&running, "DELETE", &status, &[&token]).status, 410);
    let list = send(&running, "GET", "/api/v1/jobs", &[&token]).json();
    assert_eq!(list["entry"][0]["resource"]["status"], "cancelled");
}

#[test]
fn a_finished_job_cannot_be_cancelled() {
    let running = start();
    let token = bearer(&running);
    let status = kick_off(&running, &token, "/api/v1/Patient/$export");
    wait(&running, &token, &status);
    let answer = send(&running, "DELETE", &status, &[&token]);
    assert_eq!(answer.status, 410);
    answer.diagnostics("not-found");
    assert_eq!(send(&running, "GET", &status, &[&token]).status, 200, "and is still there");
}

#[test]
fn jobs_are_listed_as_tasks() {
    let running = start();
    let token = bearer(&running);
    let answer = send(&running, "GET", "/api/v1/jobs", &[&token]);
    assert_eq!(answer.status, 404, "as the guide says when there is none");
    for _ in 0..2 {
        export(&running, &token, "/api/v1/Patient/$export?_type=Patient");
    }
    let answer = send(&running, "GET", "/api/v1/jobs", &[&token]);
    assert_eq!(answer.header("content-type"), Some("application/fhir+json"));
    let bundle = answer.json();
    assert_eq!(bundle["resourceType"], "Bundle");
    assert_eq!((&bundle["type"], &bundle["total"]), (&"searchset".into(), &2.into()));
    let task = &bundle["entry"][1]["resource"];
    assert_eq!(task["resourceType"], "Task");
    assert_eq!(task["identifier"][0]["value"], "2");
    assert_eq!(task["status"], "completed");
    let request = format!("GET {}/api/v1/Patient/$export?_type=Patient", running.url());
    assert_eq!(task["input"][0]["valueString"], request);
    assert!(task["executionPeriod"]["end"].is_string());
    for (query, status) in
        [("Completed", 200), ("Failed", 404), ("In%20Progress,Completed", 200), ("Done", 400)]
    {
        let target = format!("/api/v1/jobs?_status={query}");
        assert_eq!(send(&running, "GET", &target, &[&token]).status, status, "{query}");
    }
}

#[test]
fn what_needs_no_token() {
    let running = start();
    let answer = send(&running, "GET", "/api/v1/metadata", &[]);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/fhir+json"))
    );
    let statement = answer.json();
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    assert_eq!(statement["fhirVersion"], "3.0.1");
    assert_eq!(statement["implementation"]["url"], running.url());
    for path in ["/_version", "/_health", "/_auth"] {
        let answer = send(&running, "GET", path, &[]);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        assert!(answer.json().is_object());
    }
    let status = send(&running, "GET", "/api/v1/attribution_status", &[&bearer(&running)]);
    assert_eq!(status.json()["ingestion_dates"][0]["type"], "last_attribution_update");
}

#[test]
fn encrypted_files_as_until_2020() {
    let vector = concat!(env!("CARGO_MANIFEST_DIR"), "/../encryption/tests/vector");
    let read = |name: &str| std::fs::read(format!("{vector}/{name}")).expect("a key");
    let public = sandbox::PublicKey::from_pem(&read("public-spki.pem")).expect("a public key");
    let private = encryption::PrivateKey::from_pem(&read("private-pkcs8.pem")).expect("a key");
    let faults = vec!["error-files=1".parse().expect("a fault")];
    let options = Options { encrypt_with: Some(public), faults, ..options() };
    let running = Sandbox::start(options).expect("starts");
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let keys = manifest["KeyMap"].as_object().expect("KeyMap");
    assert_eq!(keys.len(), 3, "error files are plain");
    for item in manifest["output"].as_array().expect("a list") {
        let url = item["url"].as_str().expect("a URL");
        let name = url.rsplit('/').next().expect("a name");
        assert_eq!(item["encryptedKey"], keys[name]);
        let path = common::path_of(&running, url);
        let mut file = send(&running, "GET", &path, &[&token]).body;
        let key = keys[name].as_str().expect("a key");
        let text = encryption::decrypt(&mut file, name, key, &private).expect("decrypts");
        let kind = item["type"].as_str().expect("a type");
        assert_eq!(text.as_bytes(), expected(kind));
    }
    let error = &files(&running, &manifest, "OperationOutcome")[0];
    assert!(send(&running, "GET", error, &[&token]).text().starts_with('{'));
}

#[test]
fn encrypted_files_as_in_2018() {
    let vector = concat!(env!("CARGO_MANIFEST_DIR"), "/../encryption/tests/vector");
    let read = |name: &str| std::fs::read(format!("{vector}/{name}")).expect("a key");
    let public = sandbox::PublicKey::from_pem(&read("public-spki.pem")).expect("a public key");
    let private = encryption::PrivateKey::from_pem(&read("private-pkcs8.pem")).expect("a key");
    let faults = ["error-files=1", "key-map-only", "encrypted-errors"];
    let faults = faults.map(|text| text.parse().expect("a fault")).to_vec();
    let options = Options { encrypt_with: Some(public), faults, ..options() };
    let running = Sandbox::start(options).expect("starts");
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let keys = manifest["KeyMap"].as_object().expect("KeyMap");
    assert_eq!(keys.len(), 4, "error files too");
    assert!(!manifest.to_string().contains("encryptedKey"));
    let path = &files(&running, &manifest, "OperationOutcome")[0];
    let name = path.rsplit('/').next().expect("a name");
    let mut file = send(&running, "GET", path, &[&token]).body;
    let key = keys[name].as_str().expect("a key");
    let text = encryption::decrypt(&mut file, name, key, &private).expect("decrypts");
    assert!(text.contains("OperationOutcome"));
}

#[test]
fn synthetic_beneficiaries() {
    let data = Data::Synthetic { beneficiaries: 1, seed: 1, weeks: None };
    let running = Sandbox::start(Options::new(data)).expect("starts");
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export?_type=Patient");
    let file = send(&running, "GET", &files(&running, &manifest, "Patient")[0], &[&token]);
    assert_eq!(file.text().lines().count(), 1);
}

#[test]
fn files_are_read_as_they_are_compressed() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = |id: u32| format!("{{\"id\":\"{id}\",\"resourceType\":\"Patient\"}}\n");
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).expect("compresses");
        encoder.finish().expect("compresses")
    };
    let zstd = |text: &str| zstd::encode_all(text.as_bytes(), 1).expect("compresses");
    for (name, bytes) in [
        ("a.ndjson", line(1).into_bytes()),
        ("b.ndjson.gz", [gzip(&line(2)), gzip(&line(3))].concat()),
        ("c.jsonl.zst", [zstd(&line(4)), zstd(&line(5))].concat()),
        // The name is wrong; the bytes decide.
        ("d.ndjson", gzip(&line(6))),
        ("e.ndjson.gz", line(7).into_bytes()),
    ] {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    let data = Data::Folder(folder.path().to_owned());
    let running = Sandbox::start(Options::new(data)).expect("starts");
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let mut text = String::new();
    for file in files(&running, &manifest, "Patient") {
        text.push_str(send(&running, "GET", &file, &[&token]).text());
    }
    assert_eq!(text, (1..=7).map(line).collect::<String>());
}

#[test]
fn a_file_of_several_types_and_broken_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let (patient, coverage) =
        ("{\"resourceType\":\"Patient\"}\n", "{\"resourceType\":\"Coverage\"}\n");
    let other = "{\"contained\":[{\"resourceType\":\"Patient\"}],\"resourceType\":\"Claim\"}\n";
    let text = [patient, "{broken\n", coverage, "\n", other, patient].concat();
    std::fs::write(folder.path().join("a.ndjson"), text.trim_end()).expect("written");
    let data = Data::Folder(folder.path().to_owned());
    let running = Sandbox::start(Options::new(data)).expect("starts");
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let text = |kind: &str| {
        let file = &files(&running, &manifest, kind)[0];
        send(&running, "GET", file, &[&token]).text().to_owned()
    };
    // What cannot be read goes with what stands before it; no byte is changed.
    assert_eq!(text("Patient"), [patient, "{broken\n", patient.trim_end()].concat());
    assert_eq!(text("Coverage"), [coverage, "\n"].concat());
    assert_eq!(manifest["output"].as_array().map(Vec::len), Some(2));
    assert_eq!(running.broken_lines(), [("a.ndjson".to_owned(), 1)]);
}

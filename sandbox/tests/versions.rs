//! Versions 1, 2 and 3 side by side: paths, jobs, data, metadata, faults.

use crate::common::{
    self, EXPORT, bearer, export, files, kick_off, of_all_versions, population, send,
    start_all_versions, wait,
};
use sandbox::{Api, Credentials, Data, Error, Fault, Options, Requests, Running, Sandbox};
use serde_json::Value;

const TYPES: [&str; 3] = ["Coverage", "ExplanationOfBenefit", "Patient"];

fn kinds(manifest: &Value) -> Vec<&str> {
    let items = manifest["output"].as_array().expect("a list").iter();
    let mut kinds: Vec<&str> = items.map(|item| item["type"].as_str().expect("a type")).collect();
    kinds.sort_unstable();
    kinds
}

/// What v3 gives of claims unless it is asked for more: those that are adjudicated to the end.
fn final_claims(all: &[u8]) -> Vec<u8> {
    let lines = all.split_inclusive(|&byte| byte == b'\n');
    let shared = br#""code":"SharedSystem""#;
    lines
        .filter(|line| !line.windows(shared.len()).any(|part| part == shared))
        .flatten()
        .copied()
        .collect()
}

#[test]
fn each_version_exports_the_same_people_in_its_own_shape() {
    let running = start_all_versions();
    assert!(running.versions().eq(Api::ALL));
    let token = bearer(&running);
    for (number, api) in (1..).zip(Api::ALL) {
        let target = format!("/api/{api}/Group/all/$export");
        let status = kick_off(&running, &token, &target);
        assert_eq!(status, format!("/api/{api}/jobs/{number}"));
        let manifest = wait(&running, &token, &status).json();
        assert_eq!(manifest["request"], format!("{}{target}", running.url()));
        assert_eq!(manifest["JobID"], number);
        assert_eq!(manifest["transactionTime"], "2024-02-29T06:30:15.25Z");
        assert_eq!(kinds(&manifest), TYPES);
        for kind in TYPES {
            let [file] = &files(&running, &manifest, kind)[..] else {
                panic!("one file of {kind}")
            };
            assert!(file.starts_with(&format!("/data/{number}/")), "{file}");
            let made = population::lines(api, 2, 1, kind);
            let wanted = if (api, kind) == (Api::V3, "ExplanationOfBenefit") {
                final_claims(&made)
            } else {
                made
            };
            let got = send(&running, "GET", file, &[&token]);
            assert!(got.whole && !wanted.is_empty() && got.body == wanted, "{api} {kind}");
        }
    }
}

#[test]
fn endpoints_and_types_of_each_version() {
    let running = start_all_versions();
    let token = bearer(&running);
    let start = |target: &str| send(&running, "GET", target, &[&token, EXPORT[0], EXPORT[1]]);
    for api in ["v1", "v2", "v3"] {
        for target in [
            "Patient/$export",
            "Patient/%24export",
            "Group/all/$export",
            "Group/runout/$export?_type=Coverage",
        ] {
            let answer = start(&format!("/api/{api}/{target}"));
            assert_eq!(answer.status, 202, "{api} {target}");
        }
        let list = send(&running, "GET", &format!("/api/{api}/jobs"), &[&token]).json();
        assert_eq!(list["total"], 4, "{api}");
        let system = format!("{}/api/{api}/jobs", running.url());
        assert_eq!(list["entry"][0]["resource"]["identifier"][0]["system"], system);
        let status = send(&running, "GET", &format!("/api/{api}/attribution_status"), &[&token]);
        assert_eq!(status.json()["ingestion_dates"][0]["type"], "last_attribution_update");
        // What is wrong is an OperationOutcome, which is the same in R4.
        for (target, told) in [
            ("Patient/$export?_type=Claim", "invalid resource type Claim. Supported types"),
            ("Patient/$export?_type=Patient,Patient", "Repeated resource type Patient"),
            ("Patient/$export?_elements=id", "does not support the _elements parameter"),
            ("Patient/$export?_since=2020-02-13", "Date must be in FHIR Instant format"),
            ("Patient/$export?_since=2999-02-13T00:00:00Z", "a date that has already passed"),
            ("Group/other/$export", "Invalid group ID"),
            ("jobs/x", "Invalid job ID"),
        ] {
            let answer = start(&format!("/api/{api}/{target}"));
            assert_eq!(answer.status, 400, "{api} {target}");
            let said = answer.diagnostics("structure");
            assert!(said.contains(told), "{api} {target}: {said}");
        }
        // The endpoints of one type are of version 1 alone.
        for kind in ["ExplanationOfBenefit", "Coverage"] {
            let wanted = if api == "v1" { 202 } else { 404 };
            assert_eq!(start(&format!("/api/{api}/{kind}/$export")).status, wanted, "{api} {kind}");
        }
        let eaten = send(&running, "GET", &format!("/api/{api}/Patient/"), &[]);
        assert!(eaten.status == 404 && eaten.text().contains("\\$export"), "{api}");
        let other = send(&running, "POST", &format!("/api/{api}/jobs"), &[&token]);
        assert_eq!((other.status, other.text()), (405, "Method Not Allowed\n"));
    }
    let eaten = send(&running, "GET", "/api/v3/Coverage/", &[]);
    assert_eq!((eaten.status, eaten.text()), (404, "404 page not found\n"));
}

#[test]
fn a_job_of_one_version_is_not_found_under_another() {
    let running = start_all_versions();
    let token = bearer(&running);
    let get = |path: &str| send(&running, "GET", path, &[&token]);
    export(&running, &token, "/api/v2/Patient/$export?_type=Patient");
    let manifest = export(&running, &token, "/api/v3/Patient/$export?_type=Patient");
    for (path, status) in [
        ("/api/v2/jobs/1", 200),
        ("/api/v3/jobs/1", 404),
        ("/api/v1/jobs/1", 404),
        ("/api/v3/jobs/2", 200),
        ("/api/v2/jobs/2", 404),
        // The numbers of the guides stand for a job of version 1, of which there is none.
        ("/api/v1/jobs/42", 404),
        ("/api/v3/jobs/42", 404),
    ] {
        let answer = get(path);
        assert_eq!(answer.status, status, "{path}");
        if status == 404 {
            assert_eq!(answer.diagnostics("not-found"), "Job not found", "{path}");
        }
    }
    assert_eq!(get("/api/v1/jobs").diagnostics("not-found"), "No jobs found");
    assert_eq!(get("/api/v3/jobs").json()["total"], 1);
    assert_eq!(send(&running, "DELETE", "/api/v1/jobs/2", &[&token]).status, 404);
    assert_eq!(send(&running, "DELETE", "/api/v3/jobs/2", &[&token]).status, 410);
    // Files are of no version, but still of one client.
    let file = &files(&running, &manifest, "Patient")[0];
    assert_eq!(get(file).status, 200);
    let theirs = common::bearer_of(&running, &Credentials::published_later());
    assert_eq!(send(&running, "GET", file, &[&theirs]).status, 404);
    assert_eq!(send(&running, "GET", "/api/v3/jobs/2", &[&theirs]).status, 404);
    let asked = running.statistics();
    assert_eq!((asked.count(Requests::Start, 202), asked.count(Requests::Status, 410)), (2, 1));
    // The latest job of version 1 is what the numbers of the guides stand for, under version 1.
    export(&running, &token, "/api/v1/Patient/$export?_type=Patient");
    export(&running, &token, "/api/v3/Patient/$export?_type=Coverage");
    assert_eq!(get("/api/v1/jobs/42").json()["JobID"], 3);
    for path in ["/api/v2/jobs/42", "/api/v3/jobs/42"] {
        assert_eq!(get(path).status, 404, "{path}");
    }
    assert_eq!(get("/data/43/DBBD1CE1-AE24-435C-807D-ED45953077D3.ndjson").status, 200);
}

#[test]
fn a_version_that_is_not_served_is_nowhere() {
    let options = Options { versions: vec![Api::V2, Api::V2], ..of_all_versions() };
    let running = Sandbox::start(options).expect("starts");
    assert!(running.versions().eq([Api::V2]));
    let token = bearer(&running);
    for api in ["v1", "v3", "v4"] {
        for path in
            ["metadata", "swagger", "jobs", "jobs/1", "attribution_status", "Patient/$export"]
        {
            let target = format!("/api/{api}/{path}");
            let answer = send(&running, "GET", &target, &[&token, EXPORT[0], EXPORT[1]]);
            assert_eq!((answer.status, answer.text()), (404, "404 page not found\n"), "{target}");
        }
    }
    let manifest = export(&running, &token, "/api/v2/Patient/$export?_type=Patient");
    let wanted = population::lines(Api::V2, 2, 1, "Patient");
    assert!(common::lines(&running, &token, &manifest, "Patient") == wanted);
}

#[test]
fn a_folder_is_of_the_versions_that_its_records_show() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |versions: &[Api]| {
        let options = Options::new(Data::Folder(folder.path().to_owned()));
        Sandbox::start(Options { versions: versions.to_vec(), ..options })
    };
    let unmarked = "{\"id\":\"7\",\"resourceType\":\"Patient\"}\n";
    std::fs::write(folder.path().join("z.ndjson"), unmarked).expect("written");
    // What shows no version is taken for version 1, or for what is asked for.
    assert!(open(&[]).expect("starts").versions().eq([Api::V1]));
    assert!(open(&[Api::V3]).expect("starts").versions().eq([Api::V3]));

    population::write(folder.path(), Api::V3, 1, 5, "a-");
    assert!(open(&[]).expect("starts").versions().eq([Api::V3]));
    population::write(folder.path(), Api::V1, 1, 5, "b-");
    let running = open(&[]).expect("starts");
    assert!(running.versions().eq([Api::V1, Api::V3]));
    let token = bearer(&running);
    for api in [Api::V1, Api::V3] {
        let target = format!("/api/{api}/Patient/$export?_type=Patient");
        let manifest = export(&running, &token, &target);
        let wanted = [population::lines(api, 1, 5, "Patient"), unmarked.into()].concat();
        assert!(common::lines(&running, &token, &manifest, "Patient") == wanted, "{api}");
    }
    let start = send(&running, "GET", "/api/v2/Patient/$export", &[&token, EXPORT[0], EXPORT[1]]);
    assert_eq!(start.status, 404);

    std::fs::remove_file(folder.path().join("z.ndjson")).expect("removed");
    let none = open(&[Api::V1, Api::V2]).expect_err("no records of version 2");
    assert!(matches!(none, Error::NoVersion { api: Api::V2, .. }) && none.is_usage());
    assert!(none.to_string().ends_with("has no records of BCDA v2"), "{none}");
}

#[test]
fn the_metadata_of_r4() {
    let running = start_all_versions();
    for api in ["v2", "v3"] {
        let answer = send(&running, "GET", &format!("/api/{api}/metadata"), &[]);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/fhir+json"))
        );
        let statement = answer.json();
        assert_eq!(statement["resourceType"], "CapabilityStatement");
        assert_eq!(
            (&statement["fhirVersion"], &statement["kind"]),
            (&"4.0.1".into(), &"instance".into())
        );
        assert_eq!(
            statement["instantiates"][0],
            "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"
        );
        assert_eq!(statement["implementation"]["url"], running.url());
        // Members that R4 no longer has.
        assert!(statement.get("acceptUnknown").is_none());
        let rest = &statement["rest"][0];
        let oauth = &rest["security"]["extension"][0];
        assert!(oauth["url"].as_str().expect("a URL").ends_with("/oauth-uris"));
        assert_eq!(oauth["extension"][0]["url"], "token");
        assert_eq!(oauth["extension"][0]["valueUri"], format!("{}/auth/token", running.url()));
        let resource = |kind: &str| {
            let all = rest["resource"].as_array().expect("resources");
            all.iter().find(|resource| resource["type"] == kind)
        };
        let parameters = |kind: &str| -> Vec<&str> {
            let found = resource(kind).and_then(|resource| resource["searchParam"].as_array());
            let names = found.into_iter().flatten().map(|found| found["name"].as_str());
            names.collect::<Option<_>>().expect("names")
        };
        for kind in ["Patient", "Group"] {
            let operation = &resource(kind).expect("it is there")["operation"][0];
            assert_eq!(operation["name"], "export");
            // In R4 a definition is an address, and no reference.
            assert!(operation["definition"].is_string());
            let wanted: &[&str] =
                if api == "v3" { &["_since", "_type", "_typeFilter"] } else { &[] };
            assert_eq!(parameters(kind), wanted, "{api} {kind}");
        }
        let wanted: &[&str] = if api == "v3" { &["_tag", "outcome", "service-date"] } else { &[] };
        assert_eq!(parameters("ExplanationOfBenefit"), wanted, "{api}");
    }
    // That of version 1 is as without the others.
    let alone = common::start();
    let statement = |running: &Running| {
        send(running, "GET", "/api/v1/metadata", &[]).text().replace(&running.url(), "")
    };
    assert_eq!(statement(&running), statement(&alone));
}

#[test]
fn faults_strike_in_each_version() {
    let with = |faults: &[&str], api: Api| {
        let faults = faults.iter().map(|text| text.parse::<Fault>().expect(text)).collect();
        let data = Data::Synthetic { beneficiaries: 1, seed: 3, weeks: None };
        Sandbox::start(Options { faults, versions: vec![api], ..Options::new(data) })
            .expect("starts")
    };
    for api in Api::ALL {
        let target = format!("/api/{api}/Patient/$export?_type=Patient,Coverage");
        let faults = [
            "server-error=1@start",
            "unavailable=1@status",
            "html-200=1",
            "error-files=3",
            "missing-type",
            "empty-file",
        ];
        let running = with(&faults, api);
        let token = bearer(&running);
        let answer = send(&running, "GET", &target, &[&token, EXPORT[0], EXPORT[1]]);
        assert_eq!(answer.status, 500, "{api}");
        answer.diagnostics("exception");
        let status = kick_off(&running, &token, &target);
        assert_eq!(send(&running, "GET", &status, &[&token]).status, 503, "{api}");
        let manifest = wait(&running, &token, &status).json();
        assert_eq!(kinds(&manifest), ["Patient", "Patient"], "no Coverage, and an empty file");
        let file = &files(&running, &manifest, "Patient")[0];
        assert!(send(&running, "GET", file, &[&token]).text().starts_with("<!doctype html>"));
        assert_eq!(
            send(&running, "GET", file, &[&token]).body,
            population::lines(api, 1, 3, "Patient")
        );
        let errors = &files(&running, &manifest, "OperationOutcome")[0];
        send(&running, "GET", errors, &[&token]);
        let errors = send(&running, "GET", errors, &[&token]);
        let outcomes: Vec<Value> =
            errors.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(outcomes.len(), 3);
        assert!(outcomes.iter().all(|outcome| outcome["issue"][0]["severity"] == "error"));

        let running = with(&["failed-job", "old-errors"], api);
        let token = bearer(&running);
        let status = kick_off(&running, &token, &target);
        let failed = wait(&running, &token, &status);
        assert_eq!((failed.status, failed.header("content-type")), (500, Some("application/json")));
        assert_eq!(failed.json()["issue"][0]["severity"], "Error", "as in 2019");

        let running = with(&["empty-output", "expired-job"], api);
        let token = bearer(&running);
        let status = kick_off(&running, &token, &target);
        assert_eq!(wait(&running, &token, &status).status, 410, "{api}");
        let status = kick_off(&running, &token, &target);
        assert_eq!(wait(&running, &token, &status).json()["output"], serde_json::json!([]));
    }
}

#[test]
fn a_group_without_attribution_has_no_changes_in_any_version() {
    let faults = vec!["no-attribution".parse().expect("a fault")];
    let running = Sandbox::start(Options { faults, ..of_all_versions() }).expect("starts");
    let token = bearer(&running);
    for api in Api::ALL {
        for (target, status) in [
            ("Group/all/$export?_since=2024-01-01T00:00:00Z", 404),
            ("Group/runout/$export?_since=2024-01-01T00:00:00Z&_type=Patient", 404),
            ("Group/all/$export?_since=yesterday", 400),
            ("Group/no/$export", 400),
            ("Group/all/$export?_type=Patient", 202),
            ("Patient/$export?_since=2024-01-01T00:00:00Z", 202),
        ] {
            let target = format!("/api/{api}/{target}");
            let answer = send(&running, "GET", &target, &[&token, EXPORT[0], EXPORT[1]]);
            assert_eq!(answer.status, status, "{target}");
            if status == 404 {
                answer.diagnostics("not-found");
                let headers = [EXPORT[0], EXPORT[1]];
                assert_eq!(send(&running, "GET", &target, &headers).status, 401, "{target}");
            }
        }
    }
}

#[test]
fn jobs_of_other_versions_do_not_overlap() {
    let faults = vec!["refuse-overlap".parse().expect("a fault")];
    let job_time = std::time::Duration::from_hours(1);
    let running =
        Sandbox::start(Options { faults, job_time, ..of_all_versions() }).expect("starts");
    let token = bearer(&running);
    for (target, status) in [
        ("/api/v2/Patient/$export", 202),
        ("/api/v2/Patient/$export", 429),
        ("/api/v3/Patient/$export", 202),
        ("/api/v3/Group/all/$export?_type=Coverage", 429),
        ("/api/v1/Patient/$export", 202),
    ] {
        let answer = send(&running, "GET", target, &[&token, EXPORT[0], EXPORT[1]]);
        assert_eq!(answer.status, status, "{target}");
    }
}

#[test]
fn what_is_made_later_is_made_once_and_a_cancelled_job_leaves_it_to_the_next() {
    let running = start_all_versions();
    let token = bearer(&running);
    let target = "/api/v3/Patient/$export?_type=ExplanationOfBenefit";
    let first = kick_off(&running, &token, target);
    let second = kick_off(&running, &token, target);
    let third = kick_off(&running, &token, target);
    send(&running, "DELETE", &first, &[&token]);
    let wanted = final_claims(&population::lines(Api::V3, 2, 1, "ExplanationOfBenefit"));
    for status in [second, third] {
        let manifest = wait(&running, &token, &status).json();
        let claims = common::lines(&running, &token, &manifest, "ExplanationOfBenefit");
        assert!(claims == wanted, "{status}");
    }
}

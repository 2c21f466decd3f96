//! What could be lost without a word: each kind is told, and decides whether the next export may build on this one.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{self, Answer, Client, Request, Service, VERSIONS, patients, token};
use bulk_client::{
    Begin, Error, ErrorKind, Export, ExportRequest, Journal, Level, Report, Url, Weight,
    last_export, since_last,
};
use serde_json::{Value, json};

/// An instant to ask from.
const SINCE: &str = "2019-12-01T00:00:00Z";

/// A service whose job has these files; `/lines/N` below it has N records, `/gone` is not there.
fn service(output: Value, error: Value) -> Service {
    Service::start(move |request, _| Some(answer(request, &output, &error)))
}

fn answer(request: &Request, output: &Value, error: &Value) -> Answer {
    let outcome = |severity: &str| {
        let issue = json!([{"severity": severity, "code": "processing"}]);
        format!("{}\n", json!({"resourceType": "OperationOutcome", "issue": issue}))
    };
    let path = request.path();
    if let Some(count) = path.strip_prefix("/lines/") {
        let lines = patients(100_000);
        let lines = lines.split_inclusive(|byte| *byte == b'\n').take(count.parse().unwrap());
        return Answer::ok(lines.flatten().copied().collect::<Vec<u8>>());
    }
    match path {
        "/auth/token" => token("1", 1200),
        "/api/v1/jobs/1" | "/api/v3/jobs/1" => Answer::ok(
            json!({
                "transactionTime": "2020-01-02T03:04:05Z", "requiresAccessToken": true,
                "output": output, "error": error,
            })
            .to_string(),
        ),
        "/gone" => Answer::new("410 Gone").body("Gone"),
        "/not-found" => Answer::new("404 Not Found").body("Not Found"),
        "/blank" => Answer::ok("\n\n"),
        _ if path.ends_with("$export") => {
            let version = path.split('/').nth(2).unwrap();
            let job = format!("http://{}/api/{version}/jobs/1", request.header("host"));
            Answer::new("202 Accepted").with("Content-Location", job)
        }
        _ => Answer::ok(outcome(path.trim_start_matches("/outcome-"))),
    }
}

/// An export of these types into `out/`, of everything or of what changed.
struct Asked {
    client: Client,
    types: Vec<String>,
    level: Level,
    since: Option<&'static str>,
}

impl Asked {
    fn of(api: &'static str, types: &[&str], since: Option<&'static str>) -> Self {
        let types = types.iter().map(|&name| name.to_owned()).collect();
        Self { client: Client::of(api), types, level: Level::Group("all".into()), since }
    }

    fn request(&self) -> ExportRequest {
        ExportRequest { types: self.types.clone(), ..ExportRequest::new(self.level.clone()) }
    }

    fn out(&self) -> PathBuf {
        self.client.out()
    }

    fn run(&self, service: &Service) -> Result<Report, Error> {
        let request = ExportRequest { since: self.since.map(str::to_owned), ..self.request() };
        let export =
            Export { since_last: self.since.is_some(), ..common::usually(request, self.out()) };
        common::block_on(export.run(&self.client.server(service), &self.client.cancel))
    }

    /// Whether the next export may begin where this one ended.
    fn is_base(&self, service: &Service) -> bool {
        let (next, request) = (self.client.folder.path().join("next"), self.request());
        last_export(&next, &request, &request.url(self.client.server(service).base())).is_some()
    }
}

fn texts(report: &Report) -> Vec<String> {
    report.remarks().into_iter().map(|remark| remark.text.to_string()).collect()
}

#[test]
fn each_kind_is_told_and_decides_about_the_next_export() {
    let entry = |name: &str, url: &str| json!({"type": name, "url": url});
    let counted =
        |name: &str, url: &str, count: u64| json!({"type": name, "url": url, "count": count});
    let good = || entry("Patient", "/lines/3");
    let patient: &[&str] = &["Patient"];
    let two: &[&str] = &["Patient", "Coverage"];
    let no = || json!([]);
    let outcome =
        |severity: &str| json!([entry("OperationOutcome", &format!("/outcome-{severity}"))]);
    for (types, since, output, error, code, is_base, said) in [
        (patient, None, json!([counted("Patient", "/lines/3", 3)]), no(), 0, true, ""),
        // A count that is none says nothing.
        (
            patient,
            None,
            json!([{"type": "Patient", "url": "/lines/3", "count": "many"}]),
            no(),
            0,
            true,
            "",
        ),
        (
            patient,
            None,
            json!([counted("Patient", "/lines/3", 5)]),
            no(),
            3,
            false,
            "fewer records than the manifest says; the first: Patient-0001.ndjson, 3 of 5",
        ),
        (
            patient,
            Some(SINCE),
            json!([counted("Patient", "/lines/3", 5)]),
            no(),
            3,
            false,
            "fewer records",
        ),
        (patient, None, json!([counted("Patient", "/lines/3", 2)]), no(), 3, true, "more records"),
        (
            patient,
            None,
            json!([good(), counted("Patient", "/lines/0", 5)]),
            no(),
            3,
            false,
            "fewer records",
        ),
        (
            patient,
            None,
            json!([good(), entry("Patient", "/lines/0")]),
            no(),
            3,
            true,
            "1 file(s) have no record",
        ),
        (
            patient,
            None,
            json!([good(), entry("Patient", "/blank")]),
            no(),
            3,
            true,
            "have no record",
        ),
        (patient, None, json!([good(), good()]), no(), 3, true, "lists 1 URL(s) again"),
        (
            patient,
            None,
            json!([good(), good(), entry("Coverage", "/lines/3")]),
            no(),
            3,
            true,
            "lists 2 URL(s) again",
        ),
        (
            patient,
            None,
            json!([good(), entry("Coverage", "/lines/2")]),
            no(),
            3,
            true,
            "Coverage was not asked for",
        ),
        (&[], None, json!([good(), entry("Device", "/lines/2")]), no(), 0, true, ""),
        (
            patient,
            None,
            json!([good(), entry("Patient", "/gone")]),
            no(),
            3,
            false,
            "(restart); the first: Patient-0002.ndjson",
        ),
        (
            patient,
            Some(SINCE),
            json!([good(), entry("Patient", "/not-found")]),
            no(),
            3,
            false,
            "(restart)",
        ),
        (
            patient,
            None,
            json!([good()]),
            json!([entry("OperationOutcome", "/gone")]),
            3,
            false,
            "(restart)",
        ),
        (
            two,
            None,
            json!([good()]),
            no(),
            3,
            false,
            "no file of Coverage, though it was asked for",
        ),
        (two, None, no(), no(), 3, false, "no record"),
        (&[], None, no(), no(), 3, false, "no record"),
        (
            patient,
            None,
            json!([good()]),
            outcome("fatal"),
            3,
            false,
            "could not deliver all records",
        ),
        (
            patient,
            None,
            json!([good()]),
            outcome("error"),
            3,
            false,
            "could not deliver all records",
        ),
        (patient, None, json!([good()]), outcome("warning"), 3, true, "warns"),
        (patient, None, json!([good()]), outcome("information"), 0, true, "no error"),
        // Some servers put what they have to say among the records.
        (
            patient,
            None,
            json!([good(), entry("OperationOutcome", "/outcome-error")]),
            no(),
            3,
            false,
            "could not deliver",
        ),
        (
            patient,
            None,
            json!([good(), entry("OperationOutcome", "/outcome-information")]),
            no(),
            0,
            true,
            "no error",
        ),
        // Quiet weeks.
        (
            two,
            Some(SINCE),
            json!([good()]),
            no(),
            0,
            true,
            "no file of Coverage: nothing of it changed",
        ),
        (&[], Some(SINCE), json!([good()]), no(), 0, true, "nothing of it changed"),
        (two, Some(SINCE), no(), no(), 0, true, "nothing changed since 2019-12-01"),
        (
            &[],
            Some(SINCE),
            json!([entry("Patient", "/blank.ndjson")]),
            no(),
            0,
            true,
            "nothing changed",
        ),
        (
            two,
            Some(SINCE),
            json!([good(), entry("Coverage", "/lines/0")]),
            no(),
            0,
            true,
            "nothing of it changed",
        ),
    ] {
        for api in VERSIONS {
            let case = format!("{api} {types:?} {since:?} {output} {error}");
            let service = service(output.clone(), error.clone());
            let asked = Asked::of(api, types, since);
            let report = asked.run(&service).unwrap_or_else(|error| panic!("{case}: {error}"));
            let told = texts(&report);
            assert_eq!(
                (report.exit_code(), asked.is_base(&service)),
                (code, is_base),
                "{case}: {told:?}"
            );
            assert_eq!(
                (report.has_gaps(), report.lacks_records()),
                (code == 3, !is_base),
                "{case}: {told:?}"
            );
            assert!(
                told.iter().any(|text| text.contains(said)) || said.is_empty(),
                "{case}: {told:?}"
            );
            assert!(service.count("/lines/3") <= 1, "{case}: each URL is fetched once");
            assert!(
                report.to_json(|option| option.setting.name().to_owned())["hasGaps"]
                    == json!(code == 3),
                "{case}"
            );
            // The same again says the same.
            let again = asked.run(&service).unwrap();
            assert_eq!((again.exit_code(), asked.is_base(&service)), (code, is_base), "{case}");
            assert!(service.count("/lines/3") <= 1, "{case}");
        }
    }
}

#[test]
fn a_repeated_url_is_one_file_and_an_unasked_type_is_kept() {
    for api in VERSIONS {
        let entries = json!([
            {"type": "Patient", "url": "/lines/3?part=1"}, {"type": "Patient", "url": "/lines/3?part=2"},
            {"type": "Patient", "url": "/lines/3?part=1#again"}, {"type": "Coverage", "url": "/lines/2"},
        ]);
        let service = service(entries, json!([]));
        let asked = Asked::of(api, &["Patient"], None);
        let report = asked.run(&service).unwrap();
        let records: u64 = report.files.iter().map(|file| file.records).sum();
        assert_eq!((report.files.len(), records, report.repeated_urls), (3, 8, 1));
        assert_eq!(report.unasked_types, ["Coverage"]);
        assert_eq!(
            asked.client.names(),
            [
                "Coverage-0001.ndjson",
                "Patient-0001.ndjson",
                "Patient-0002.ndjson",
                "bcda-export.json"
            ]
        );
        assert_eq!((service.count("/lines/3"), service.count("/lines/2")), (2, 1));
        assert!(report.remarks().iter().all(|remark| remark.weight == Weight::Gap));
    }
}

#[test]
fn an_expired_file_leaves_the_others_and_the_export_unfinished() {
    for api in VERSIONS {
        let entries =
            json!([{"type": "Patient", "url": "/gone"}, {"type": "Patient", "url": "/lines/3"}]);
        let service = service(entries, json!([]));
        let asked = Asked::of(api, &["Patient"], None);
        let report = asked.run(&service).unwrap();
        assert_eq!((report.exit_code(), report.files[1].records), (3, 3));
        let journal = Journal::read(&asked.out()).unwrap().unwrap();
        assert!(!journal.is_complete() && journal.export.unwrap().records_missing);
        assert!(asked.client.names().contains(&"Patient-0002.ndjson".to_owned()));
        // It is asked for once a run, and a new job is only started on request.
        asked.run(&service).unwrap();
        let kickoff = format!("/api/{api}/Group/all/$export");
        assert_eq!(
            (service.count("/gone"), service.count("/lines/3"), service.count(&kickoff)),
            (2, 1, 1)
        );
    }
}

/// Leaves the journal of an export without files: of this endpoint and `_type`, with this `_since` and whether it is
/// where another ended, begun or ended at an instant.
fn leave(
    client: &Client,
    folder: &str,
    asked: &str,
    since: Option<(&str, bool)>,
    end: Option<&str>,
) {
    let (group, types) = asked.split_once(' ').unwrap();
    let mut request: Url =
        format!("http://127.0.0.1:9/api/v1/Group/{group}/$export").parse().unwrap();
    let types: Vec<&str> = types.split(',').filter(|name| !name.is_empty()).collect();
    if !types.is_empty() {
        request.query_pairs_mut().append_pair("_type", &types.join(","));
    }
    if let Some((since, _)) = since {
        request.query_pairs_mut().append_pair("_since", since);
    }
    let journal = json!({
        "transactionTime": end, "request": request.as_str(), "files": [],
        "export": {
            "tool": "by hand", "baseUrl": "http://127.0.0.1:9/api/v1/", "types": types,
            "jobUrl": "http://127.0.0.1:9/api/v1/jobs/1", "since": since.map(|since| since.0),
            "sinceLast": since.is_some_and(|since| since.1), "started": "2020-01-01T00:00:00Z", "completed": end,
        },
    });
    let folder = client.folder.path().join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("bcda-export.json"), journal.to_string()).unwrap();
}

#[test]
fn last_is_where_a_finished_export_ended_and_never_where_another_was_begun() {
    let (first, second) = ("2020-01-01T00:00:00Z", "2020-01-08T00:00:00Z");
    let asked = "all Coverage,Patient";
    let request = ExportRequest {
        types: vec!["Patient".into(), "Coverage".into()],
        ..ExportRequest::new(Level::Group("all".into()))
    };
    let url = "http://127.0.0.1:9/api/v1/Group/all/$export?_type=Patient%2CCoverage";
    let url: Url = url.parse().unwrap();
    for (begun, since, usual) in [
        // What `last` began keeps its own, with the types in any order.
        (asked, Some((first, true)), Some(first)),
        // The user's own instant, even an equal one; everything; other data.
        (asked, Some(("2024-01-01T00:00:00Z", false)), None),
        (asked, Some((second, false)), None),
        (asked, None, None),
        ("runout Coverage,Patient", Some((first, true)), None),
        ("all Patient", Some((first, true)), None),
        ("all ", Some((first, true)), None),
    ] {
        for has_base in [true, false] {
            let client = Client::new();
            leave(&client, "export", begun, since, None);
            if has_base {
                leave(&client, "base", "all ", None, Some(second));
                leave(&client, "later", "all Patient", None, Some("2020-01-15T00:00:00Z"));
                leave(&client, "other", "runout ", None, Some("2020-01-15T00:00:00Z"));
            }
            let last = |begin| since_last(&client.out(), &request, &url, begin);
            let case = format!("{begun} {since:?} {has_base}");
            match (last(Begin::Usual), usual) {
                (Ok(instant), _) => assert_eq!(instant.as_deref(), usual, "{case}"),
                (Err(error), None) => {
                    assert_eq!(error.kind(), ErrorKind::Usage, "{case}");
                    let said = error.to_string();
                    assert!(
                        said.contains("; resume goes on with it, restart replaces it"),
                        "{said}"
                    );
                }
                (Err(error), _) => panic!("{case}: {error}"),
            }
            let own = since.map(|since| since.0.to_owned());
            assert_eq!(last(Begin::Resume).unwrap(), own, "{case}");
            match last(Begin::Restart) {
                Ok(instant) => assert_eq!(instant.as_deref(), has_base.then_some(second), "{case}"),
                Err(error) => assert!(!has_base && error.exit_code() == 2, "{case}: {error}"),
            }
        }
    }
}

#[test]
fn an_export_whose_file_is_gone_is_not_built_upon_and_can_be_begun_anew() {
    for api in VERSIONS {
        let is_gone = Arc::new(AtomicBool::new(false));
        let output = json!([{"type": "Patient", "url": "/lines/3"}]);
        let gone = Arc::clone(&is_gone);
        let service = Service::start(move |request, _| {
            if request.path().ends_with("/jobs/1") && gone.load(Ordering::SeqCst) {
                return Some(Answer::new("404 Not Found").body("Not Found"));
            }
            Some(answer(request, &output, &json!([])))
        });
        let asked = Asked::of(api, &["Patient"], None);
        asked.run(&service).unwrap();
        assert!(asked.is_base(&service));
        let request = asked.request();
        let url = request.url(asked.client.server(&service).base());
        let file = asked.out().join("Patient-0001.ndjson");
        let whole = std::fs::read(&file).unwrap();
        let restart = || {
            let export = Export {
                request: asked.request(),
                out: asked.out(),
                begin: Begin::Restart,
                decryption: None,
                since_last: false,
            };
            common::block_on(export.run(&asked.client.server(&service), &asked.client.cancel))
        };
        assert_eq!(restart().unwrap_err().kind(), ErrorKind::Usage, "it is whole");
        // What is shorter is lost too.
        std::fs::write(&file, &whole[1..]).unwrap();
        assert!(!asked.is_base(&service));
        std::fs::remove_file(&file).unwrap();
        let next = asked.client.folder.path().join("next");
        let error = since_last(&next, &request, &url, Begin::Usual).unwrap_err();
        let said = error.to_string();
        assert!(error.exit_code() == 2 && said.contains("export are gone"), "{said}");

        is_gone.store(true, Ordering::SeqCst);
        let error = asked.run(&service).unwrap_err();
        assert!(error.kind() == ErrorKind::JobGone && error.to_string().contains("(restart)"));
        assert!(!asked.is_base(&service));
        // That is what the message says to do.
        is_gone.store(false, Ordering::SeqCst);
        assert_eq!(restart().unwrap().exit_code(), 0);
        assert!(asked.is_base(&service) && std::fs::read(&file).unwrap() == whole);
        assert_eq!(service.count(&format!("/api/{api}/Group/all/$export")), 2);
        // Somebody unpacked or compressed it: nothing is lost.
        std::fs::rename(&file, asked.out().join("Patient-0001.ndjson.gz")).unwrap();
        assert!(asked.is_base(&service));
    }
}

/// Only v1 has such endpoints.
#[test]
fn an_endpoint_of_one_type_is_asked_for_that_type() {
    for (files, code, is_base, said) in [
        (json!([{"type": "Coverage", "url": "/lines/3"}]), 0, true, ""),
        (json!([{"type": "Patient", "url": "/lines/3"}]), 3, false, "Patient was not asked for"),
        (json!([]), 3, false, "no file of Coverage"),
    ] {
        let service = service(files, json!([]));
        let asked = Asked { level: Level::Type("Coverage".into()), ..Asked::of("v1", &[], None) };
        let report = asked.run(&service).unwrap();
        let told = texts(&report);
        assert_eq!((report.exit_code(), asked.is_base(&service)), (code, is_base), "{told:?}");
        assert!(told.iter().any(|text| text.contains(said)) || said.is_empty(), "{told:?}");
    }
    // What the endpoint has and what was asked for are two types.
    let service = service(json!([{"type": "Coverage", "url": "/lines/3"}]), json!([]));
    let asked =
        Asked { level: Level::Type("Coverage".into()), ..Asked::of("v1", &["Patient"], None) };
    let report = asked.run(&service).unwrap();
    let found = (report.exit_code(), report.unasked_types, report.types_without_file);
    assert_eq!(found, (3, vec!["Coverage".to_owned()], vec!["Patient".to_owned()]));
}

#[test]
fn only_a_404_that_says_so_is_an_empty_list_of_jobs() {
    let outcome = |text: &str| {
        let issue = json!([{"severity": "error", "code": "not-found", "diagnostics": text}]);
        json!({"resourceType": "OperationOutcome", "issue": issue}).to_string()
    };
    for (body, is_none) in [
        (outcome("No jobs found"), true),
        (outcome("no Jobs found for acoID: x, with statuses: []"), true),
        ("No jobs found\n".to_owned(), true),
        ("404 page not found\n".to_owned(), false),
        (outcome("Not Found"), false),
        ("<html>No jobs here</html>".to_owned(), false),
        (String::new(), false),
    ] {
        let sent = body.clone();
        let service = Service::start(move |request, _| {
            Some(match request.path() {
                "/auth/token" => token("1", 1200),
                _ => Answer::new("404 Not Found").body(sent.clone()),
            })
        });
        let listed = common::block_on(Client::new().server(&service).jobs());
        match listed {
            Ok(jobs) => assert!(is_none && jobs.is_empty(), "{body}"),
            Err(error) => {
                assert!(!is_none && error.exit_code() == 5, "{body}: {error}");
                assert!(error.to_string().contains("no list of jobs"), "{error}");
            }
        }
    }
}

//! Manifests of several pages, files of deletions, and filters that leave nothing over.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{
    self, Answer, Client, Request, Service, VERSIONS, names, patients, quick, token,
};
use bulk_client::{
    Auth, Begin, Error, ErrorKind, Export, ExportRequest, Level, Report, Server, Weight,
};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// One page of a manifest.
fn page(files: &Value, more: &Value) -> Answer {
    let mut page = json!({
        "transactionTime": "2026-08-02T03:04:05Z", "requiresAccessToken": true, "error": [], "output": files,
    });
    for (name, value) in more.as_object().unwrap() {
        page[name] = value.clone();
    }
    Answer::ok(page.to_string())
}

fn next(url: &str) -> Value {
    json!({"link": [{"relation": "self", "url": "/x"}, {"relation": "next", "url": url}]})
}

/// A service of any version whose job is answered by `job`, also below `jobs/1/`.
fn service(job: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Service {
    Service::start(move |request, _| {
        let here = format!("http://{}", request.header("host"));
        Some(match request.path() {
            "/auth/token" => token("1", 1200),
            path if path.ends_with("$export") => {
                let version = path.split('/').nth(2).unwrap();
                let job = format!("{here}/api/{version}/jobs/1");
                Answer::new("202 Accepted").with("Content-Location", job)
            }
            path if path.contains("/jobs/1") => job(request),
            path if path.ends_with("/metadata") => Answer::new("404 Not Found"),
            "/gone" => Answer::new("410 Gone"),
            "/empty" => Answer::ok(""),
            "/refused" => {
                Answer::ok(r#"{"resourceType":"OperationOutcome","issue":[{"code":"processing"}]}"#)
            }
            "/bundle" => {
                let entry = json!([{"request": {"method": "DELETE", "url": "Patient/1"}}]);
                let line = json!({"resourceType": "Bundle", "type": "transaction", "entry": entry});
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                writeln!(encoder, "{line}").unwrap();
                Answer::ok(encoder.finish().unwrap())
            }
            _ => Answer::ok(patients(100)),
        })
    })
}

/// What comes after the version in the path of a request and its query.
fn below_version(target: &str) -> &str {
    target.splitn(4, '/').nth(3).unwrap_or_default()
}

fn told(report: &Report) -> Vec<String> {
    report.remarks().into_iter().map(|remark| remark.text.to_string()).collect()
}

fn asked(api: &'static str) -> Client {
    Client { types: vec!["Patient".into()], ..Client::of(api) }
}

#[test]
fn files_of_all_pages_come() {
    for api in VERSIONS {
        let polls = AtomicUsize::new(0);
        let service = service(move |request| match below_version(&request.target) {
            "jobs/1" => {
                let second = format!("/api/{api}/jobs/1/2?x=1");
                page(&json!([{"type": "Patient", "url": "/a"}]), &next(&second))
            }
            // A page that is not made yet is waited for, like the first.
            _ if polls.fetch_add(1, Ordering::SeqCst) == 0 => Answer::new("202 Accepted"),
            "jobs/1/2?x=1" => page(&json!([{"type": "Patient", "url": "/b"}]), &next("3")),
            "jobs/1/3" => page(&json!([{"type": "Patient", "url": "/c"}]), &json!({})),
            _ => Answer::new("404 Not Found"),
        });
        let client = asked(api);
        for _ in 0..2 {
            let report = client.export(&service).unwrap();
            assert_eq!((report.files.len(), report.exit_code(), report.further_pages), (3, 0, 2));
            let told = told(&report);
            assert!(told.iter().any(|line| line.contains("2 further page(s)")), "{told:?}");
        }
        assert_eq!(
            client.names(),
            [
                "Patient-0001.ndjson",
                "Patient-0002.ndjson",
                "Patient-0003.ndjson",
                "bcda-export.json"
            ]
        );
        let pages = service.seen().into_iter().filter(|seen| seen.path().contains("/jobs/1/"));
        assert!(
            pages
                .into_iter()
                .all(|page| page.token().is_some() && page.header("prefer") == "respond-async")
        );
    }
}

#[test]
fn what_stands_on_two_pages_is_fetched_once_and_told() {
    for api in VERSIONS {
        let service = service(|request| match below_version(request.path()) {
            "jobs/1" => page(&json!([{"type": "Patient", "url": "/a"}]), &next("1/2")),
            _ => page(&json!([{"type": "Patient", "url": "/a"}]), &json!({})),
        });
        let client = asked(api);
        let report = client.export(&service).unwrap();
        assert_eq!((report.files.len(), report.repeated_urls, report.exit_code()), (1, 1, 3));
        assert_eq!(service.count("/a"), 1);
    }
}

#[test]
fn a_page_that_is_not_there_leaves_nothing_taken_for_whole() {
    for api in VERSIONS {
        for (url, kind, said) in [
            ("../jobs/1", ErrorKind::Server, "never end"),
            ("1/2", ErrorKind::JobGone, "a further page of the manifest"),
            ("1/other", ErrorKind::Server, "another transactionTime"),
            (
                "1/html",
                ErrorKind::Server,
                "a further page of the manifest: the manifest is an HTML page",
            ),
            ("1/round", ErrorKind::Server, "never end"),
            ("file:///etc/passwd", ErrorKind::Server, "the further page of the manifest"),
        ] {
            let service = service(move |request| match below_version(request.path()) {
                "jobs/1" => page(&json!([{"type": "Patient", "url": "/a"}]), &next(url)),
                "jobs/1/other" => {
                    page(&json!([]), &json!({"transactionTime": "2026-08-03T00:00:00Z"}))
                }
                "jobs/1/html" => Answer::ok("<html></html>"),
                "jobs/1/round" => page(&json!([]), &next("../1")),
                _ => Answer::new("404 Not Found"),
            });
            let client = asked(api);
            let error = client.export(&service).unwrap_err();
            assert_eq!((error.kind(), error.exit_code()), (kind, 5), "{url}: {error}");
            assert!(error.to_string().contains(said), "{url}: {error}");
            assert_eq!(service.count("/a"), 0, "{url}");
        }
    }
}

#[test]
fn the_token_does_not_follow_a_page_to_another_server() {
    for api in VERSIONS {
        let elsewhere = service(|_| Answer::ok("{}"));
        let place = format!("{}/api/{api}/jobs/1/2", elsewhere.place);
        let service =
            service(move |_| page(&json!([{"type": "Patient", "url": "/a"}]), &next(&place)));
        asked(api).export(&service).unwrap_err();
        let seen = elsewhere.seen();
        assert!(!seen.is_empty() && seen.iter().all(|request| request.token().is_none()));
    }
}

#[test]
fn deletions_are_checked_and_kept_beside_the_data() {
    for api in VERSIONS {
        let gone = AtomicUsize::new(0);
        let deleted = json!({"deleted": [{"type": "Bundle", "url": "/bundle?sig=1"}]});
        let service = service(move |_| match gone.fetch_add(1, Ordering::SeqCst) {
            2 => Answer::new("404 Not Found"),
            _ => page(&json!([{"type": "Patient", "url": "/a"}]), &deleted),
        });
        let client = asked(api);
        let report = client.export(&service).unwrap();
        assert_eq!((report.exit_code(), report.unasked_types.len()), (0, 0));
        let told = told(&report);
        assert!(told.iter().any(|line| line.contains("no more at the server")), "{told:?}");
        assert!(
            told.iter().any(|line| line.ends_with("deleted/Bundle-0001.ndjson.gz")),
            "{told:?}"
        );
        assert_eq!(client.names(), ["Patient-0001.ndjson", "bcda-export.json", "deleted"]);
        let folder = client.out().join("deleted");
        assert_eq!(names(&folder), ["Bundle-0001.ndjson.gz"]);
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        let journal = String::from_utf8(client.read("bcda-export.json")).unwrap();
        assert!(journal.contains("\"deleted\"") && !journal.contains("sig="), "{journal}");
        // It is there already, and comes again when it is lost.
        assert!(client.export(&service).unwrap().was_finished);
        std::fs::remove_dir_all(&folder).unwrap();
        client.export(&service).unwrap();
        assert_eq!((service.count("/bundle"), service.count("/a")), (2, 1));
        assert_eq!(names(&folder), ["Bundle-0001.ndjson.gz"]);
        // A new job leaves nothing of it, and the folder is one for an export, whatever becomes of the job.
        std::fs::remove_file(client.out().join("Patient-0001.ndjson")).unwrap();
        let anew = Client { begin: Begin::Restart, ..client };
        anew.export(&service).unwrap_err();
        assert_eq!(anew.names(), ["bcda-export.json"]);
        anew.export(&service).unwrap();
        assert_eq!(anew.names(), ["Patient-0001.ndjson", "bcda-export.json", "deleted"]);
    }
}

#[test]
fn deletions_that_do_not_come_are_told_like_records() {
    for api in VERSIONS {
        for (url, code, said) in [
            ("/gone", 3, "have expired at the server"),
            ("/refused", 5, "it is one OperationOutcome (processing)"),
        ] {
            let deleted = json!({"deleted": [{"type": "Bundle", "url": url}]});
            let service =
                service(move |_| page(&json!([{"type": "Patient", "url": "/a"}]), &deleted));
            let client = asked(api);
            match client.export(&service) {
                Ok(report) => {
                    let told = told(&report);
                    assert!(code == report.exit_code() && told[0].contains(said), "{told:?}");
                }
                Err(error) => {
                    assert!(
                        code == error.exit_code() && error.to_string().contains(said),
                        "{error}"
                    );
                }
            }
            assert!(client.names().contains(&"Patient-0001.ndjson".to_owned()));
        }
    }
}

/// An export of v3 with a filter.
fn filtered(service: &Service, filter: &str, types: &[&str]) -> Result<Report, Error> {
    let client = Client::new();
    let base = bulk_client::fhir_base(&service.place, Some("v3")).unwrap();
    let server = Server::new(base, Auth::None, quick(), None, std::sync::Arc::new(())).unwrap();
    let request = ExportRequest {
        types: types.iter().map(|&name| name.to_owned()).collect(),
        type_filter: Some(filter.to_owned()),
        ..ExportRequest::new(Level::Group("all".into()))
    };
    let (out, begin) = (client.out(), Begin::Usual);
    let export = Export { request, out, begin, decryption: None, since_last: false };
    common::block_on(export.run(&server.knowing(Some(json!({}))), &client.cancel))
}

#[test]
fn that_nothing_fits_a_filter_is_no_loss() {
    let claims = "ExplanationOfBenefit";
    let tags = "a|SharedSystem,a|NationalClaimsHistory,a|DDPS";
    let narrow = format!("{claims}?outcome=partial");
    let whole = format!("{claims}?_tag={tags}");
    let two = json!([{"type": "Patient", "url": "/a"}, {"type": "Coverage", "url": "/b"}]);
    let with_empty = json!([{"type": "Patient", "url": "/a"}, {"type": claims, "url": "/empty"}]);
    for (filter, types, output, weight, said) in [
        (&narrow, &[][..], &two, Weight::Note, "nothing of it fits the filter"),
        (&narrow, &["Patient", claims], &two, Weight::Gap, "Coverage was not asked for"),
        (&narrow, &["Patient", claims], &with_empty, Weight::Note, "have no record"),
        (&narrow, &[claims], &json!([]), Weight::Note, "nothing of it fits the filter"),
        (&narrow, &["Patient", claims], &json!([]), Weight::Missing, "the export has no record"),
        // All claims were asked for.
        (&whole, &[][..], &two, Weight::Missing, "no file of ExplanationOfBenefit, though"),
        (&whole, &["Patient", claims], &with_empty, Weight::Gap, "have no record"),
    ] {
        let output = output.clone();
        let service = service(move |_| page(&output, &json!({})));
        let report = filtered(&service, filter, types).unwrap();
        let remarks = report.remarks();
        let found = remarks.iter().find(|remark| remark.text.to_string().contains(said));
        let found = found.unwrap_or_else(|| panic!("{filter} {types:?} {said}: {remarks:?}"));
        assert_eq!(found.weight, weight, "{filter} {types:?}: {remarks:?}");
        let greatest = remarks.iter().map(|remark| remark.weight).max();
        assert_eq!(report.exit_code() == 3, greatest > Some(Weight::Note), "{remarks:?}");
    }
}

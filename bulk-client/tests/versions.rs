//! Versions of the API: which is asked, what continues which, and filters as v3 reads them.

use std::path::PathBuf;
use std::sync::Arc;

use crate::common::{self, Answer, Request, Service, patients, quick, token};
use bulk_client::{
    Auth, Begin, CancellationToken, ClaimsWanted, Decided, Error, Journal, Observer, Report,
    Server, Wanted,
};
use serde_json::{Value, json};

/// What v3 says of itself.
pub(crate) fn statement() -> Value {
    let parameters = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({"name": name, "type": "string"})).collect()
    };
    let endpoint = |name: &str| {
        json!({
            "type": name, "operation": [{"name": "export", "definition": "x"}],
            "searchParam": parameters(&["_since", "_type", "_typeFilter"]),
        })
    };
    json!({
        "resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "status": "active",
        "rest": [{"mode": "server", "resource": [
            endpoint("Patient"), endpoint("Group"),
            {"type": "ExplanationOfBenefit", "searchParam": parameters(&["_tag", "outcome", "service-date"])},
        ]}],
    })
}

/// A server of v1 and, if `offer` says so of its metadata, of v3. All its jobs have one file of Patients.
fn service(offer: impl Fn() -> Answer + Send + Sync + 'static) -> Service {
    Service::start(move |request, _| Some(answer(request, &offer)))
}

fn answer(request: &Request, offer: &impl Fn() -> Answer) -> Answer {
    let here = format!("http://{}", request.header("host"));
    let path = request.path();
    match path {
        "/auth/token" => token("1", 1200),
        "/api/v3/metadata" => offer(),
        "/data/1" => Answer::ok(patients(100)),
        _ if path.ends_with("$export") => {
            let version = path.split('/').nth(2).unwrap();
            let job = format!("{here}/api/{version}/jobs/1");
            Answer::new("202 Accepted").with("Content-Location", job)
        }
        _ if path.ends_with("/jobs/1") => Answer::ok(
            json!({
                "transactionTime": "2026-08-02T03:04:05Z", "requiresAccessToken": false, "error": [],
                "output": [{"type": "Patient", "url": format!("{here}/data/1")}],
            })
            .to_string(),
        ),
        _ => Answer::new("404 Not Found").body("404 page not found\n"),
    }
}

fn with_v3() -> Service {
    service(|| Answer::ok(statement().to_string()))
}

fn without_v3() -> Service {
    service(|| Answer::new("404 Not Found"))
}

/// A folder of exports.
struct Exports(tempfile::TempDir);

impl Exports {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// An export of Patients to this folder, which is whole at these servers.
    fn wanted(&self, name: &str, service: &Service) -> Wanted {
        Wanted {
            base_url: Some(service.place.clone()),
            types: vec!["Patient".into()],
            ..Wanted::to(self.path(name))
        }
    }

    fn journal(&self, name: &str) -> Value {
        let text = std::fs::read(self.path(name).join("bcda-export.json")).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    fn leave(&self, name: &str, journal: &Value) {
        std::fs::create_dir_all(self.path(name)).unwrap();
        std::fs::write(self.path(name).join("bcda-export.json"), journal.to_string()).unwrap();
    }

    /// A finished export by an older program, without files: at this URL, with this end.
    fn leave_finished(&self, name: &str, kickoff: &str, end: &str) {
        let base = kickoff.split("/Group").next().unwrap().split("/Patient").next().unwrap();
        self.leave(
            name,
            &json!({
                "transactionTime": end, "request": kickoff, "files": [],
                "export": {"tool": "by hand", "baseUrl": base, "jobUrl": format!("{base}/jobs/1"),
                    "started": end, "completed": end},
            }),
        );
    }
}

fn decide(wanted: &Wanted) -> Result<Decided, Error> {
    let observer: Arc<dyn Observer> = Arc::new(());
    let settings = bulk_client::Settings { attempts: 2, ..quick() };
    common::block_on(wanted.decide(&settings, &observer))
}

/// The version that is decided on, and the line that tells it.
fn version(wanted: &Wanted) -> (String, String) {
    let decided = decide(wanted).unwrap_or_else(|error| panic!("{error}"));
    let api = bulk_client::api_of(&decided.base).unwrap_or("none").to_owned();
    (api, decided.told.unwrap_or_default().to_string())
}

fn run(wanted: &Wanted) -> Result<Report, Error> {
    let decided = decide(wanted)?;
    let observer = Arc::new(());
    let server = Server::new(decided.base, Auth::None, quick(), None, observer).unwrap();
    let server = server.knowing(decided.statement);
    decided.export.check(&server)?;
    common::block_on(decided.export.run(&server, &CancellationToken::new()))
}

/// What is refused as a matter of usage, and says this.
#[track_caller]
fn refused<T>(result: Result<T, Error>, said: &str) {
    match result {
        Ok(_) => panic!("it is not refused: {said}"),
        Err(error) => {
            assert_eq!(error.exit_code(), 2, "{error}");
            assert!(error.to_string().contains(said), "{said}: {error}");
        }
    }
}

#[test]
fn v3_is_asked_where_the_server_offers_it() {
    let exports = Exports::new();
    let offering = with_v3();
    let (api, told) = version(&exports.wanted("new", &offering));
    assert_eq!(
        (api.as_str(), told.as_str()),
        ("v3", "API v3: the server offers it; api chooses another")
    );
    assert_eq!(offering.seen().len(), 1, "one question, and no token for it");

    let others: [fn() -> Answer; 6] = [
        || Answer::new("404 Not Found"),
        || Answer::new("401 Unauthorized"),
        || Answer::new("501 Not Implemented"),
        || {
            Answer::ok(
                json!({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.1"}).to_string(),
            )
        },
        || Answer::ok(json!({"resourceType": "Patient", "fhirVersion": "4.0.1"}).to_string()),
        || Answer::ok("<html>a page for everything</html>"),
    ];
    for other in others {
        let service = service(other);
        let (api, told) = version(&exports.wanted("new", &service));
        assert_eq!((api.as_str(), told.as_str()), ("v1", "API v1: the server does not offer v3"));
    }
    // A server that fails has not said that it does not offer v3.
    let failing = service(|| Answer::new("500 Internal Server Error"));
    let error = decide(&exports.wanted("new", &failing)).unwrap_err();
    assert_eq!(error.exit_code(), 5);
    assert!(error.to_string().contains("api would say which version is meant"), "{error}");
    assert_eq!(failing.count("/api/v3/metadata"), 2);

    // Who names a version needs no answer.
    let asked = without_v3();
    for (api, url, told) in [
        (Some("v3"), asked.place.clone(), "API v3, as asked for"),
        (Some("v1"), asked.place.clone(), "API v1, as asked for"),
        (None, format!("{}/api/v2", asked.place), "API v2, as the base URL says"),
        (None, format!("{}/fhir", asked.place), ""),
        (Some("none"), asked.place.clone(), ""),
    ] {
        let api = api.map(str::to_owned);
        let wanted = Wanted { base_url: Some(url), api, ..exports.wanted("new", &asked) };
        assert_eq!(version(&wanted).1, told);
    }
    // Nor is a server asked for what no server could take, or what has no place.
    exports.leave("foreign", &json!({"output": []}));
    for wanted in [
        Wanted { types: vec!["patient".into()], ..exports.wanted("new", &asked) },
        Wanted { since: Some("yesterday".into()), ..exports.wanted("new", &asked) },
        Wanted { parameters: vec!["_type=x".into()], ..exports.wanted("new", &asked) },
        Wanted { base_url: None, ..exports.wanted("new", &asked) },
        exports.wanted("foreign", &asked),
    ] {
        assert_eq!(decide(&wanted).unwrap_err().exit_code(), 2);
    }
    assert!(asked.seen().is_empty());
}

#[test]
fn finished_exports_keep_their_version() {
    let service = with_v3();
    let all = |api: &str| format!("{}/api/{api}/Group/all/$export", service.place);
    let exports = Exports::new();
    exports.leave_finished(
        "elsewhere",
        "http://127.0.0.1:9/api/v2/Group/all/$export",
        "2026-08-09T00:00:00Z",
    );
    assert_eq!(version(&exports.wanted("new", &service)).0, "v3", "that is another server's");
    exports.leave_finished("first", &all("v1"), "2026-07-01T00:00:00Z");
    let (api, told) = version(&exports.wanted("new", &service));
    assert_eq!(api, "v1");
    assert!(
        told.contains("finished export in") && told.ends_with("first; api chooses another"),
        "{told}"
    );
    // One that was not finished says nothing, and of several the newest does.
    exports.leave_finished("second", &all("v3"), "2026-07-08T00:00:00Z");
    let mut unfinished = exports.journal("second");
    unfinished["export"]["completed"] = Value::Null;
    exports.leave("second", &unfinished);
    assert_eq!(version(&exports.wanted("new", &service)).0, "v1");
    exports.leave_finished("second", &all("v3"), "2026-07-08T00:00:00Z");
    assert_eq!(version(&exports.wanted("new", &service)).0, "v3");
    // Who asks for another gets it.
    let wanted = Wanted { api: Some("v1".into()), ..exports.wanted("new", &service) };
    assert_eq!(version(&wanted).0, "v1");
    assert_eq!(service.count("/api/v3/metadata"), 1);
}

#[test]
fn an_instant_alone_needs_a_version() {
    let since = Some("2026-07-01T00:00:00Z".to_owned());
    let (service, exports) = (with_v3(), Exports::new());
    let wanted = Wanted { since: since.clone(), ..exports.wanted("new", &service) };
    refused(decide(&wanted), "since without a finished export beside the output needs api");
    for api in ["v1", "v3"] {
        let named = Wanted { api: Some(api.into()), ..wanted.clone() };
        assert_eq!(version(&named).0, api);
    }
    let kickoff = format!("{}/api/v1/Group/all/$export", service.place);
    exports.leave_finished("first", &kickoff, "2026-07-01T00:00:00Z");
    assert_eq!(version(&wanted).0, "v1");
    // A server that has one version has no other to mix it with.
    let (old, exports) = (without_v3(), Exports::new());
    assert_eq!(version(&Wanted { since, ..exports.wanted("new", &old) }).0, "v1");
}

#[test]
fn last_continues_version_group_and_filter() {
    let (service, exports) = (with_v3(), Exports::new());
    let complete = ClaimsWanted { outcome: Some("complete".into()), ..ClaimsWanted::default() };
    let first = Wanted {
        group: Some("runout".into()),
        claims: complete.clone(),
        ..exports.wanted("first", &service)
    };
    run(&first).unwrap();
    let journal = exports.journal("first");
    assert_eq!(journal["export"]["api"], "v3");
    assert_eq!(journal["export"]["group"], "runout");
    assert_eq!(journal["export"]["typeFilter"], "ExplanationOfBenefit?outcome=complete");

    let last = Wanted { since: Some("last".into()), ..exports.wanted("second", &service) };
    let decided = decide(&last).unwrap();
    let told = decided.told.unwrap().to_string();
    assert!(told.starts_with("API v3, as the export in") && told.ends_with("begins"), "{told}");
    let url = decided.export.request.url(&decided.base);
    assert!(url.path().ends_with("/api/v3/Group/runout/$export"), "{url}");
    assert!(url.as_str().contains("_since=2026-08-02T03%3A04%3A05Z"), "{url}");
    assert!(url.as_str().contains("outcome%3Dcomplete") && decided.export.since_last, "{url}");
    // The same may be said again, and another is refused.
    let again = Wanted {
        api: Some("v3".into()),
        group: Some("runout".into()),
        claims: complete,
        ..last.clone()
    };
    assert!(decide(&again).is_ok());
    let partial = ClaimsWanted { outcome: Some("partial".into()), ..ClaimsWanted::default() };
    refused(
        decide(&Wanted { api: Some("v1".into()), ..last.clone() }),
        "those beside it are of v3",
    );
    refused(decide(&Wanted { group: Some("all".into()), ..last.clone() }), "no finished export");
    refused(decide(&Wanted { claims: partial, ..last.clone() }), "no finished export");
    refused(
        decide(&Wanted { parameters: vec!["x=y".into()], ..last.clone() }),
        "no finished export",
    );
    // Where there is an export of everybody without a filter, that is the one that goes on.
    run(&exports.wanted("everybody", &service)).unwrap();
    let decided = decide(&last).unwrap();
    let target = decided.export.request.url(&decided.base).to_string();
    assert!(target.contains("/Group/all/") && !target.contains("_typeFilter"), "{target}");
    // Known exports say which version it is: one question was for that of the first, one for the parameters of the last.
    assert_eq!(service.count("/api/v3/metadata"), 2);
}

#[test]
fn what_is_in_the_folder_goes_on_in_its_version() {
    let (service, exports) = (with_v3(), Exports::new());
    // Begun by an older program, whose journals name no version: v1.
    let begin = |name: &str, completed: Option<&str>| {
        let base = format!("{}/api/v1", service.place);
        exports.leave(
            name,
            &json!({
                "request": format!("{base}/Group/runout/$export?_type=Patient"), "files": [],
                "export": {"tool": "by hand", "baseUrl": format!("{base}/"), "jobUrl": format!("{base}/jobs/1"),
                    "types": ["Patient"], "started": "2026-07-01T00:00:00Z", "completed": completed},
            }),
        );
    };
    begin("begun", None);
    let wanted = exports.wanted("begun", &service);
    let (api, told) = version(&wanted);
    assert!(api == "v1" && told.ends_with("begun"), "{told}");
    for begin in [Begin::Usual, Begin::Resume] {
        let wanted = Wanted { begin, ..wanted.clone() };
        for other in [
            Wanted { api: Some("v3".into()), ..wanted.clone() },
            Wanted { group: Some("all".into()), ..wanted.clone() },
            Wanted { endpoint: Some("Patient".into()), ..wanted.clone() },
            Wanted { parameters: vec!["x=y".into()], ..wanted.clone() },
        ] {
            refused(
                run(&other),
                if begin == Begin::Resume { "resume goes on" } else { "unfinished export" },
            );
        }
    }
    // Without a word of the server, too.
    let resumed = Wanted { base_url: None, begin: Begin::Resume, ..wanted.clone() };
    refused(decide(&Wanted { api: Some("v3".into()), ..resumed.clone() }), "is another export");
    assert_eq!(version(&resumed).0, "v1");
    run(&wanted).unwrap();
    assert_eq!((service.count("/api/v1/jobs/1"), service.count("/api/v3/metadata")), (1, 0));
    assert!(run(&wanted).unwrap().was_finished);
    refused(
        run(&Wanted { api: Some("v3".into()), ..wanted }),
        "finished export of another request",
    );
    // One that is begun anew stays in its version, unless another is asked for.
    begin("anew", None);
    let anew = Wanted { begin: Begin::Restart, ..exports.wanted("anew", &service) };
    assert_eq!(version(&anew).0, "v1");
    assert_eq!(version(&Wanted { api: Some("v3".into()), ..anew }).0, "v3");
    let nothing = Wanted { begin: Begin::Resume, ..exports.wanted("nothing", &service) };
    refused(run(&nothing), "no export to go on with");
    assert_eq!(service.count("/api/v3/metadata"), 0);
}

/// A value as the server of v3 reads it: decoded as part of a query, and then unescaped once more.
fn read_twice(target: &str, name: &str) -> Vec<String> {
    let url: bulk_client::Url = format!("http://a.example{target}").parse().unwrap();
    let once = url.query_pairs().filter(|(key, _)| key == name);
    once.map(|(_, value)| {
        let value = value.replace('&', "%26").replace('=', "%3D");
        let url: bulk_client::Url = format!("http://a.example/?v={value}").parse().unwrap();
        url.query_pairs().next().unwrap().1.into_owned()
    })
    .collect()
}

#[test]
fn a_filter_is_read_by_the_server_as_it_was_said() {
    let tag = "https://bluebutton.cms.gov/fhir/CodeSystem/System-Type|";
    let all =
        format!("ExplanationOfBenefit?_tag={tag}SharedSystem,{tag}NationalClaimsHistory,{tag}DDPS");
    let own = "ExplanationOfBenefit?service-date=ge2026-01-14T00:00:00+05:00&_tag=100%25|a+b%c,é";
    for (claims, read) in [
        (ClaimsWanted { type_filter: Some(own.into()), ..ClaimsWanted::default() }, own.to_owned()),
        (
            ClaimsWanted {
                partially_adjudicated: true,
                service_date: Some("gt2026-01-14".into()),
                outcome: Some("complete".into()),
                ..ClaimsWanted::default()
            },
            format!("{all}&service-date=gt2026-01-14&outcome=complete"),
        ),
        (ClaimsWanted { partially_adjudicated: true, ..ClaimsWanted::default() }, all),
    ] {
        let (service, exports) = (with_v3(), Exports::new());
        let wanted = Wanted { claims, ..exports.wanted("new", &service) };
        run(&wanted).unwrap();
        let kickoff =
            service.seen().into_iter().find(|seen| seen.path().ends_with("$export")).unwrap();
        assert_eq!(kickoff.path(), "/api/v3/Group/all/$export");
        assert_eq!(read_twice(&kickoff.target, "_typeFilter"), [read.as_str()]);
        assert_eq!(kickoff.header("prefer"), "respond-async");
        // And what goes on knows it again.
        assert_eq!(exports.journal("new")["export"]["typeFilter"], read);
        assert!(
            run(&Wanted { claims: ClaimsWanted::default(), ..wanted.clone() })
                .unwrap()
                .was_finished
        );
        assert!(run(&wanted).unwrap().was_finished);
        let drugs = ClaimsWanted { outcome: Some("partial".into()), ..ClaimsWanted::default() };
        refused(run(&Wanted { claims: drugs, ..wanted }), "another request");
    }
}

#[test]
fn versions_that_pass_filters_over_are_not_asked_with_one() {
    let service = with_v3();
    let claims = ClaimsWanted { partially_adjudicated: true, ..ClaimsWanted::default() };
    for api in ["v1", "v2"] {
        let exports = Exports::new();
        let wanted = Wanted {
            api: Some(api.into()),
            claims: claims.clone(),
            ..exports.wanted("new", &service)
        };
        refused(run(&wanted), "need v3");
        // Nor does a version that is kept take one.
        let kickoff = format!("{}/api/{api}/Group/all/$export", service.place);
        exports.leave_finished("first", &kickoff, "2026-07-01T00:00:00Z");
        refused(run(&Wanted { api: None, ..wanted }), "need v3");
    }
    assert!(service.seen().is_empty());
}

#[test]
fn what_metadata_does_not_list_is_refused_before_a_job_starts() {
    let (service, exports) = (with_v3(), Exports::new());
    let named =
        |filter: &str| ClaimsWanted { type_filter: Some(filter.into()), ..ClaimsWanted::default() };
    let wanted = exports.wanted("new", &service);
    let with = |parameter: &str| Wanted { parameters: vec![parameter.into()], ..wanted.clone() };
    refused(run(&with("_elements=id")), "param: the server does not know _elements of Group");
    refused(run(&with("_until=2026-01-01")), "it lists _since, _type, _typeFilter");
    let patient = Wanted { endpoint: Some("Patient".into()), ..with("patient=1") };
    refused(run(&patient), "does not know patient of Patient");
    let claims = named("ExplanationOfBenefit?outcome=partial&use=claim");
    refused(run(&Wanted { claims, ..wanted.clone() }), "type-filter: the server does not know use");
    assert!(service.seen().iter().all(|seen| !seen.path().ends_with("$export")));
    assert!(
        !exports.path("new").exists() || Journal::read(&exports.path("new")).unwrap().is_none()
    );
    let claims = named("ExplanationOfBenefit?outcome:not=partial");
    run(&Wanted { claims, ..wanted }).unwrap();

    // Metadata that list none, or that cannot be had, decide nothing.
    let lists_none = || {
        let mut statement = statement();
        statement["rest"] = json!([{"mode": "server"}]);
        Answer::ok(statement.to_string())
    };
    for service in [self::service(lists_none), without_v3()] {
        let exports = Exports::new();
        for (name, api) in [("three", "v3"), ("one", "v1")] {
            let wanted = Wanted {
                api: Some(api.into()),
                parameters: vec!["_elements=id".into(), "x=a+b".into()],
                ..exports.wanted(name, &service)
            };
            run(&wanted).unwrap();
            let path = format!("/api/{api}/Group/all/$export");
            let kickoff = service.seen().into_iter().find(|seen| seen.path() == path).unwrap();
            assert!(
                kickoff.target.ends_with("?_type=Patient&_elements=id&x=a%2Bb"),
                "{}",
                kickoff.target
            );
        }
    }
}

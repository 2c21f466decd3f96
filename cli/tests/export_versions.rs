//! `bcda export`, `metadata` and `jobs` at a server that offers v3.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::common::{Ran, TABLES, Work};
use sandbox::{Data, Options, Sandbox};
use serde_json::{Value, json};

/// A bulk server of v1 and v3 with the files of a folder. It has a file of deletions, too.
struct Service {
    place: String,
    /// The paths and queries that were asked for.
    seen: Arc<Mutex<Vec<String>>>,
}

impl Service {
    fn start(data: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("http://{}", listener.local_addr().unwrap());
        let (here, seen) = (place.clone(), Arc::new(Mutex::new(Vec::new())));
        let noted = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = String::new();
                let mut lines = BufReader::new(stream.try_clone().unwrap());
                while lines.read_line(&mut head).is_ok_and(|read| read > 2) {}
                let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
                noted.lock().unwrap().push(target.clone());
                let (status, header, body) = answer(&here, &data, &target);
                let length = body.len();
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status}\r\nConnection: close\r\n{header}Content-Length: {length}\r\n\r\n"
                );
                let _ = stream.write_all(&body);
            }
        });
        Self { place, seen }
    }

    /// What was asked for with this in it.
    fn asked(&self, part: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|target| target.contains(part)).cloned().collect()
    }
}

fn answer(here: &str, data: &Path, target: &str) -> (&'static str, String, Vec<u8>) {
    let path = target.split('?').next().unwrap_or_default();
    let ok = |body: String| ("200 OK", String::new(), body.into_bytes());
    let version = path.split('/').nth(2).unwrap_or_default();
    if path == "/api/v3/metadata" {
        return ok(statement().to_string());
    }
    if path.ends_with("$export") {
        let job = format!("Content-Location: {here}/api/{version}/jobs/1\r\n");
        return ("202 Accepted", job, Vec::new());
    }
    if path.ends_with("/jobs/1") {
        let mut output = Vec::new();
        for entry in fs::read_dir(data).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let text = fs::read_to_string(data.join(&name)).unwrap();
            let first: Value =
                serde_json::from_str(text.lines().next().unwrap_or_default()).unwrap_or_default();
            if let (true, Some(kind)) = (name.ends_with(".ndjson"), first["resourceType"].as_str())
            {
                output.push(json!({"type": kind, "url": format!("{here}/data/{name}")}));
            }
        }
        let deleted = [json!({"type": "Bundle", "url": format!("{here}/data/deleted")})];
        return ok(json!({
            "transactionTime": "2026-08-02T03:04:05Z", "requiresAccessToken": false, "error": [],
            "output": output, "deleted": deleted,
        })
        .to_string());
    }
    match path.strip_prefix("/data/") {
        Some("deleted") => {
            ok("{\"resourceType\":\"Bundle\",\"type\":\"transaction\"}\n".to_owned())
        }
        Some(name) => ("200 OK", String::new(), fs::read(data.join(name)).unwrap()),
        None => ("404 Not Found", String::new(), Vec::new()),
    }
}

fn statement() -> Value {
    let named = |names: &[&str]| -> Vec<Value> {
        names.iter().map(|name| json!({"name": name, "type": "string"})).collect()
    };
    let endpoint = |name: &str| {
        json!({
            "type": name, "operation": [{"name": "export"}],
            "searchParam": named(&["_since", "_type", "_typeFilter"]),
        })
    };
    json!({
        "resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "status": "active",
        "rest": [{"mode": "server", "resource": [
            endpoint("Patient"), endpoint("Group"),
            {"type": "ExplanationOfBenefit", "searchParam": named(&["_tag", "outcome", "service-date", "new"])},
        ]}],
    })
}

/// A folder with a small export of v3, in which some claims are not adjudicated to the end, and its server.
fn served() -> (Work, Service) {
    let work = Work::new();
    work.bcda(
        "synth --api v3 --partially-adjudicated 0.5 --beneficiaries 3 --seed 5 --quiet --out data",
    )
    .exits(0);
    let service = Service::start(work.path("data"));
    (work, service)
}

fn export(work: &Work, service: &Service, out: &str, more: &str) -> Ran {
    let place = &service.place;
    work.bcda(&format!("export --auth none --base-url {place} --out {out} {more}"))
}

#[test]
fn v3_is_fetched_where_it_is_offered_and_goes_on_in_v3() {
    let (work, service) = served();
    fs::create_dir(work.path("exports")).unwrap();
    let ran = export(&work, &service, "exports/first", "--since 2026-07-01T00:00:00Z").exits(2);
    assert!(ran.stderr.contains("--since without a finished export"), "{}", ran.stderr);
    assert!(ran.stderr.contains("needs --api"), "{}", ran.stderr);
    assert!(!work.exists("exports/first"));
    let ran = export(&work, &service, "exports/first", "").exits(0);
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("API ")).collect();
    assert_eq!(lines, ["API v3: the server offers it; --api chooses another"]);
    assert!(ran.stderr.contains("no more at the server"), "{}", ran.stderr);
    let journal = work.read_json("exports/first/bcda-export.json");
    assert_eq!(
        (&journal["export"]["api"], &journal["export"]["group"]),
        (&json!("v3"), &json!("all"))
    );

    for (more, said) in [
        ("--api v1 --since last", "those beside it are of v3"),
        ("--group runout --since last", "no finished export of the same data"),
        ("--outcome complete --since last", "with the same filter"),
        ("--api v1 --type-filter ExplanationOfBenefit?outcome=complete", "--api v3 asks v3"),
        ("--api v2 --partially-adjudicated", "need v3"),
        ("--param _since=2026-07-01T00:00:00Z", "an option of its own, --since"),
        ("--param _until=2026-07-01", "--param: the server does not know _until of Group"),
        ("--type-filter ExplanationOfBenefit?use=claim", "the server does not know use"),
        (
            "--outcome complete --type-filter ExplanationOfBenefit?outcome=partial",
            "both say outcome",
        ),
        ("--service-date soon", "--service-date: expected a date"),
    ] {
        let ran = export(&work, &service, "exports/second", more).exits(2);
        assert!(ran.stderr.contains(said), "{more}: {}", ran.stderr);
    }
    assert_eq!(service.asked("$export").len(), 1, "nothing else was started");
    let ran = export(&work, &service, "exports/second", "--since last").exits(0);
    assert!(ran.stderr.contains("API v3, as the export in exports/first"), "{}", ran.stderr);
    let asked = service.asked("$export");
    assert_eq!(asked[1], "/api/v3/Group/all/$export?_since=2026-08-02T03%3A04%3A05Z");
    let ran = export(&work, &service, "exports/second", "--resume --api v1").exits(2);
    assert!(ran.stderr.contains("holds an export of v3"), "{}", ran.stderr);
}

#[test]
fn a_dry_run_shows_the_kick_off_and_starts_nothing() {
    let (work, service) = served();
    work.write("token", "canary7Q.canary7Q.canary7Q");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(work.path("token"), private).unwrap();
    let words = format!(
        "export --token token --base-url {} --out out --dry-run --type-filter \
         ExplanationOfBenefit?_tag=a%b --service-date ge2026-01-14T00:00:00+05:00",
        service.place
    );
    let plan = work.bcda(&words).exits(0);
    let url = "/api/v3/Group/all/$export?_typeFilter=ExplanationOfBenefit%3F_tag%3Da%2525b%26\
        service-date%3Dge2026-01-14T00%3A00%3A00%252B05%3A00";
    for line in [
        "version    API v3: the server offers it; --api chooses another\n".to_owned(),
        format!("kick-off   GET {}{url}\n", service.place),
        "with       accept: application/fhir+json, prefer: respond-async, authorization: Bearer (the token)\n"
            .to_owned(),
    ] {
        assert!(plan.text().contains(&line), "{line}: {}", plan.text());
    }
    assert!(!plan.text().contains("canary7Q") && !work.exists("out"));
    let words = words.replace("_tag=", "x=");
    let ran = work.bcda(&words).exits(2);
    assert!(ran.stderr.contains("does not know x"), "{}", ran.stderr);
    assert!(service.asked("$export").is_empty());
}

#[test]
fn claims_that_are_not_adjudicated_to_the_end_are_converted_if_they_were_asked_for() {
    let (work, service) = served();
    let claims = |tables: &str| work.read_json(&format!("{tables}/tables-manifest.json"));
    fs::create_dir(work.path("one")).unwrap();
    fs::create_dir(work.path("two")).unwrap();
    export(&work, &service, "one/export", "--convert usual").exits(0);
    let all = export(&work, &service, "two/export", "--partially-adjudicated --convert all");
    all.exits(0);
    let skipped = |tables| claims(tables)["set_aside"]["partially_adjudicated"].as_u64().unwrap();
    // Some are of types that no table wants, whatever is asked for.
    assert!(skipped("usual") > skipped("all"));
    assert!(service.asked("$export")[1].contains("System-Type%7CSharedSystem%2C"));
    // The next one asks for them again, and converts them again.
    export(&work, &service, "two/next", "--since last --convert next").exits(0);
    assert_eq!(skipped("next"), skipped("all"));
    // What is no more is kept, and not read.
    for (folder, tables) in [("one", "usual"), ("two", "all")] {
        assert!(work.exists(&format!("{folder}/export/deleted/Bundle-0001.ndjson")));
        let inputs = claims(tables)["inputs"].to_string();
        assert!(!inputs.contains("Bundle") && inputs.contains("Patient-0001"), "{inputs}");
    }
}

#[test]
fn metadata_tells_the_options_of_its_parameters() {
    let (work, service) = served();
    let words = format!("metadata --base-url {}", service.place);
    let ran = work.bcda(&words).exits(0);
    let cells: Vec<Vec<&str>> = ran
        .text()
        .lines()
        .map(|line| line.split(['│', '┆']).map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    for row in [
        &["API", "v3"][..],
        &["FHIR", "4.0.1"],
        &["Group/$export", "_since", "--since"],
        &["Patient/$export", "_typeFilter", "--type-filter"],
        &["ExplanationOfBenefit, in a filter", "_tag", "--type-filter, --partially-adjudicated"],
        &["ExplanationOfBenefit, in a filter", "service-date", "--type-filter, --service-date"],
        &["ExplanationOfBenefit, in a filter", "new", "--type-filter"],
    ] {
        assert!(cells.iter().any(|cells| cells == row), "{row:?}: {}", ran.text());
    }
    assert_eq!(service.asked("metadata").len(), 1);
    // The other version has no metadata here, and jobs are listed where they are asked for.
    work.bcda(&format!("{words} --api v1")).exits(5);
    let jobs = format!("jobs status 1 --auth none --base-url {}", service.place);
    work.bcda(&jobs).exits(0);
    work.bcda(&format!("{jobs} --api v1")).exits(0);
    assert_eq!(service.asked("/jobs/1"), ["/api/v3/jobs/1", "/api/v1/jobs/1"]);
}

/// The rows of each table, sorted, without the columns that name the source.
fn rows(work: &Work, folder: &str) -> Vec<(&'static str, Vec<Vec<String>>)> {
    let table = |name: &&'static str| {
        let csv = work.csv(&format!("{folder}/{name}.csv"));
        let kept: Vec<bool> = csv.header.iter().map(|name| !name.starts_with("FILE_")).collect();
        let own = |row: &Vec<String>| {
            let cells = row.iter().zip(&kept).filter(|(_, kept)| **kept);
            cells.map(|(cell, _)| cell.clone()).collect()
        };
        let mut rows: Vec<Vec<String>> = csv.rows.iter().map(own).collect();
        rows.sort();
        (*name, rows)
    };
    TABLES.iter().filter(|name| **name != "cclf0").map(table).collect()
}

/// Served, fetched and converted, each version gives the tables that its data gives.
#[test]
fn what_is_served_in_a_version_is_what_its_data_is() {
    let work = Work::new();
    let options = Options::new(Data::Synthetic { beneficiaries: 3, seed: 7, weeks: None });
    let running = Sandbox::start(options).unwrap();
    let known = sandbox::Credentials::published();
    work.write(
        "credentials",
        format!("client_id = {}\nclient_secret = {}\n", known.id, known.secret),
    );
    fs::set_permissions(work.path("credentials"), fs::Permissions::from_mode(0o600)).unwrap();
    // The instant of the export, by which beneficiaries have their age.
    let ending = "--format csv --file-date 2024-02-29 --quiet";
    for (api, shared) in [("v1", false), ("v2", false), ("v3", false), ("v3", true)] {
        let data = format!("data-{api}");
        if !work.exists(&data) {
            let made = if api == "v3" { "--partially-adjudicated 0.1" } else { "" };
            work.synth(&data, &format!("--api {api} --beneficiaries 3 --seed 7 {made}"));
        }
        let wanted = if shared { "--partially-adjudicated" } else { "" };
        let out = format!("export-{api}-{shared}");
        work.bcda(&format!(
            "export --base-url {} --credentials credentials --no-token-cache --api {api} {wanted} \
             --out {out} --quiet",
            running.url()
        ))
        .exits(0);
        for (input, tables) in [(data, "direct"), (out, "fetched")] {
            let words = format!("convert {input} --out {tables} --overwrite {wanted} {ending}");
            work.bcda(&words).exits(0);
        }
        let (direct, fetched) = (rows(&work, "direct"), rows(&work, "fetched"));
        for ((table, direct), (_, fetched)) in direct.iter().zip(&fetched) {
            assert_eq!(direct.len(), fetched.len(), "{api} {wanted}: {table}");
            assert!(direct == fetched, "{api} {wanted}: {table}");
        }
        assert!(direct.iter().any(|(_, rows)| rows.len() > 100));
    }
}

//! `bcda doctor`: each fault of a first day, with the sentence that says what to do, and nothing that may not be pasted.

mod folder;
mod service;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::common::exports::{FIRST, export};
use crate::common::records::{carrier, coverage, patient};
use crate::common::{Ran, Work};
use sandbox::{Data, Options, Running, Sandbox};
use serde_json::Value;

/// The checks of a service, in their order.
const OF_SERVICE: [&str; 10] = [
    "settings",
    "dns",
    "proxy",
    "connection",
    "certificate",
    "clock",
    "version",
    "credentials",
    "token",
    "group",
];
/// What a test must not have from where it is run.
const VARIABLES: [&str; 11] = [
    "BCDA_CLIENT_ID",
    "BCDA_CLIENT_SECRET",
    "BCDA_TOKEN",
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
];
/// In no word of the program.
const MARK: &str = "Qzjxkv";

/// A folder with credentials for the sandbox.
fn work() -> Work {
    let work = Work::new();
    let known = sandbox::Credentials::published();
    credentials(&work, &known.id, &known.secret);
    work
}

fn credentials(work: &Work, id: &str, secret: &str) {
    work.write("credentials", format!("client_id = {id}\nclient_secret = {secret}\n"));
    mode(work, "credentials", 0o600);
}

fn mode(work: &Work, name: &str, mode: u32) {
    fs::set_permissions(work.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn serve() -> Running {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/export");
    Sandbox::start(Options::new(Data::Folder(data))).unwrap()
}

fn command(work: &Work, words: &str) -> Command {
    let mut command = work.command(&words.split_whitespace().collect::<Vec<_>>());
    command.env("HOME", work.path("")).env("XDG_CACHE_HOME", work.path("cache"));
    for name in VARIABLES {
        command.env_remove(name);
    }
    command
}

fn bcda(work: &Work, words: &str) -> Ran {
    command(work, words).output().unwrap().into()
}

/// The status and the words of a check, which has one line.
#[track_caller]
fn line<'r>(ran: &'r Ran, check: &str) -> (&'r str, &'r str) {
    let all: Vec<(&str, &str)> = lines(ran, check);
    assert_eq!(all.len(), 1, "{check}: {}", ran.text());
    all[0]
}

fn lines<'r>(ran: &'r Ran, check: &str) -> Vec<(&'r str, &'r str)> {
    let split = |line: &'r str| {
        let (status, rest) = line.split_once(' ')?;
        let (name, words) = rest.trim_start().split_once(' ')?;
        (name == check).then(|| (status, words.trim_start()))
    };
    ran.text().lines().filter_map(split).collect()
}

/// That a check has this status, and says this.
#[track_caller]
fn says(ran: &Ran, check: &str, status: &str, words: &str) {
    let (own, said) = line(ran, check);
    assert!(own == status && said.contains(words), "{check}: {}", ran.text());
}

/// A server that gives the same answer to everything; the place where it is.
fn answering(head: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = format!("http://{}", listener.local_addr().unwrap());
    let length = body.len();
    let answer =
        format!("HTTP/1.1 {head}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            while lines.read_line(&mut line).is_ok_and(|read| read > 2) {}
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    place
}

/// A first export and its tables in `weekly`, as others cannot read them.
fn weekly(work: &Work) {
    let records = [carrier("1", "1"), patient("1", "1S00A00AA00"), coverage("1", "B")];
    export(work, "weekly/exports/1", FIRST, &[("all", &records)]);
    bcda(work, "convert weekly/exports/1 --updatable --out weekly/tables -q").exits(0);
    for name in ["weekly", "weekly/exports", "weekly/exports/1"] {
        mode(work, name, 0o700);
    }
}

#[test]
fn what_is_well_is_told_in_order_and_nothing_changes() {
    let work = work();
    let running = serve();
    fs::create_dir(work.path("weekly")).unwrap();
    let server = format!("--base-url {} --credentials credentials", running.url());
    bcda(&work, &format!("export {server} --no-token-cache --out weekly/first -q")).exits(0);
    bcda(&work, "convert weekly/first --updatable --out weekly/tables -q").exits(0);
    mode(&work, "weekly", 0o700);
    let before = (work.snapshot("weekly"), jobs(&work, &server));
    let ran = bcda(&work, &format!("doctor {server} weekly")).exits(0);
    assert_eq!(ran.stderr, "");
    let names: Vec<&str> =
        ran.text().lines().map(|line| line.split_whitespace().nth(1).unwrap()).collect();
    let of_folder = ["space", "permissions", "exports", "tables"];
    assert_eq!(names[..14], [&OF_SERVICE[..], &of_folder].concat());
    assert!(ran.text().lines().all(|line| !line.starts_with("fail")), "{}", ran.text());
    says(&ran, "version", "ok", "offers v1");
    says(&ran, "token", "ok", "good for 20 minutes");
    says(&ran, "exports", "ok", "1 is finished, of 2024-02-29");
    says(&ran, "tables", "ok", "bcda update can go on");
    assert_eq!(before, (work.snapshot("weekly"), jobs(&work, &server)));
    assert!(!work.exists("cache"), "a token was kept");
}

/// How many jobs the server knows.
fn jobs(work: &Work, server: &str) -> usize {
    let ran = bcda(work, &format!("jobs list --json --no-token-cache {server}")).exits(0);
    serde_json::from_slice::<Value>(&ran.stdout).unwrap().as_array().unwrap().len()
}

#[test]
fn each_check_is_an_object_of_json() {
    let work = work();
    weekly(&work);
    let ran = bcda(&work, "doctor weekly --log-format json").exits(0);
    let lines = ran.text().lines().map(|line| serde_json::from_str(line).unwrap());
    // From 2027 on there is one more, since these are of v1.
    let lines: Vec<Value> = lines.filter(|line: &Value| line["check"] != "end").collect();
    let checks: Vec<&str> = lines.iter().map(|line| line["check"].as_str().unwrap()).collect();
    assert_eq!(checks, ["space", "permissions", "exports", "tables"]);
    assert!(lines.iter().all(|line| line["status"] == "ok" && line["to_do"].is_null()));
}

#[test]
fn nothing_secret_and_nobody_is_named() {
    let work = Work::new();
    let home = work.path(&format!("{MARK}-home"));
    fs::create_dir(&home).unwrap();
    let known = format!("{MARK}-home/credentials");
    work.write(&known, format!("client_id = id{MARK}\nclient_secret = secret{MARK}\n"));
    mode(&work, &known, 0o600);
    fs::create_dir(work.path(&format!("{MARK}-home/exports"))).unwrap();
    let outcome = format!(
        "{{\"resourceType\":\"OperationOutcome\",\"issue\":[{{\"severity\":\"error\",\"code\":\"{MARK}\",\
         \"diagnostics\":\"{MARK}\",\"details\":{{\"text\":\"{MARK}\"}}}}],\"error\":\"{MARK}\",\
         \"error_description\":\"{MARK}\"}}"
    );
    let statement = format!(
        "{{\"resourceType\":\"CapabilityStatement\",\"fhirVersion\":\"{MARK}\",\"software\":{{\"name\":\"{MARK}\"}}}}"
    );
    let token = format!(
        "{{\"resourceType\":\"CapabilityStatement\",\"access_token\":\"t{MARK}\",\"expires_in\":\"60\",\
         \"ingestion_dates\":[{{\"type\":\"last_attribution_update\",\"timestamp\":\"{MARK}\"}}]}}"
    );
    for (head, body) in [
        ("200 OK\r\n", &statement),
        ("200 OK\r\n", &token),
        ("401 Unauthorized\r\n", &outcome),
        ("400 Bad Request\r\n", &outcome),
        ("500 Internal Server Error\r\n", &outcome),
        ("302 Found\r\nLocation: http://Qzjxkv.invalid/\r\n", &outcome),
    ] {
        let url = answering(head, body);
        for path in ["", "/fhir"] {
            for format in ["text", "json"] {
                let words = format!(
                    "doctor --log-format {format} --base-url {url}{path} --group {MARK} --token-url"
                );
                let mut command = command(&work, &words);
                let file = |name: &str| home.join(name).display().to_string();
                command.arg(format!("{url}/auth?x={MARK}")).arg(file("exports"));
                command.args(["--credentials", &file("credentials")]).env("HOME", &home);
                let ran = Ran::from(command.output().unwrap());
                let said = format!("{}{}", ran.text(), ran.stderr);
                assert!(!said.contains(MARK), "{said}");
                assert!(said.contains("~/exports"), "{said}");
            }
        }
    }
}

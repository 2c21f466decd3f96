//! A sandbox on testdata, and a client that sends exactly what it is told and shows exactly what came.
#![allow(dead_code, reason = "each test file uses a part")]

pub(crate) mod population;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};

use sandbox::{Credentials, Data, Fault, Options, Running, Sandbox};
use serde_json::Value;

pub(crate) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/export")
}

pub(crate) fn options() -> Options {
    Options::new(Data::Folder(testdata()))
}

pub(crate) fn start() -> Running {
    Sandbox::start(options()).expect("the sandbox starts")
}

pub(crate) fn with_faults(faults: &[&str]) -> Running {
    let faults = faults.iter().map(|text| text.parse::<Fault>().expect(text)).collect();
    Sandbox::start(Options { faults, ..options() }).expect("the sandbox starts")
}

/// Two synthetic people in all versions of the API.
pub(crate) fn of_all_versions() -> Options {
    Options::new(Data::Synthetic { beneficiaries: 2, seed: 1, weeks: None })
}

pub(crate) fn start_all_versions() -> Running {
    Sandbox::start(of_all_versions()).expect("the sandbox starts")
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the body came to its announced end.
    pub(crate) whole: bool,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name)?;
        Some(found.1.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The text of an OperationOutcome, whose form is checked.
    pub(crate) fn diagnostics(&self, code: &str) -> String {
        assert_eq!(self.header("content-type"), Some("application/fhir+json"));
        let outcome = self.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        assert_eq!(outcome["issue"][0]["severity"], "error");
        assert_eq!(outcome["issue"][0]["code"], code);
        outcome["issue"][0]["diagnostics"].as_str().expect("diagnostics").to_owned()
    }
}

/// Sends the bytes as they are and reads until the server closes.
pub(crate) fn raw(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("connects");
    // A server that has answered already may close while it is still being sent to.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let mut buffer = vec![0; 65536];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => answer.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => break,
        }
    }
    answer
}

/// One request; `headers` are lines without their ends.
pub(crate) fn send(running: &Running, method: &str, target: &str, headers: &[&str]) -> Answer {
    let mut request = format!("{method} {target} HTTP/1.1\r\nHost: {}\r\n", running.address());
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    parse(&raw(running.address(), request.as_bytes()))
}

pub(crate) fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let head = str::from_utf8(&answer[..end]).expect("a head of text");
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status line");
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").expect("a header"))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let body = &answer[end + 4..];
    let find = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, v)| v.clone());
    let (body, whole) = if find("transfer-encoding").is_some() {
        unchunk(body)
    } else {
        let length = find("content-length").and_then(|length| length.parse().ok());
        (body.to_vec(), length.is_none_or(|length: usize| length == body.len()))
    };
    Answer { status: status.parse().expect("a status"), headers, body, whole }
}

fn unchunk(mut rest: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = rest.windows(2).position(|bytes| bytes == b"\r\n") else {
            return (body, false);
        };
        let size = str::from_utf8(&rest[..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("a hexadecimal size");
        rest = &rest[end + 2..];
        if size == 0 {
            return (body, true);
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        if rest.len() < size + 2 {
            return (body, false);
        }
        rest = &rest[size + 2..];
    }
}

/// `Basic` with the credentials, in base64.
pub(crate) fn basic(credentials: &Credentials) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text = format!("{}:{}", credentials.id, credentials.secret);
    let mut coded = String::from("Authorization: Basic ");
    for three in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            coded.push(if at <= three.len() { digit.into() } else { '=' });
        }
    }
    coded
}

/// The Authorization line of a new token.
pub(crate) fn bearer(running: &Running) -> String {
    bearer_of(running, &Credentials::published())
}

pub(crate) fn bearer_of(running: &Running, credentials: &Credentials) -> String {
    let answer = send(running, "POST", "/auth/token", &[&basic(credentials)]);
    assert_eq!(answer.status, 200, "{}", answer.text());
    format!("Authorization: Bearer {}", answer.json()["access_token"].as_str().expect("a token"))
}

pub(crate) const EXPORT: [&str; 2] = ["Accept: application/fhir+json", "Prefer: respond-async"];

/// Starts a job; gives the path of its status.
pub(crate) fn kick_off(running: &Running, bearer: &str, target: &str) -> String {
    let answer = send(running, "GET", target, &[bearer, EXPORT[0], EXPORT[1]]);
    assert_eq!((answer.status, answer.body.len()), (202, 0), "{target}");
    path_of(running, answer.header("content-location").expect("Content-Location"))
}

pub(crate) fn path_of(running: &Running, url: &str) -> String {
    url.strip_prefix(&running.url()).expect("a URL of the sandbox").to_owned()
}

/// Asks until the job is no longer in work.
pub(crate) fn wait(running: &Running, bearer: &str, status: &str) -> Answer {
    loop {
        let answer = send(running, "GET", status, &[bearer]);
        if answer.status != 202 {
            return answer;
        }
        std::thread::yield_now();
    }
}

/// Starts a job and waits for its manifest.
pub(crate) fn export(running: &Running, bearer: &str, target: &str) -> Value {
    let status = kick_off(running, bearer, target);
    let answer = wait(running, bearer, &status);
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// The paths of the files of a type, or of errors, in a manifest.
pub(crate) fn files(running: &Running, manifest: &Value, kind: &str) -> Vec<String> {
    let lists = [&manifest["output"], &manifest["error"]];
    let items = lists.iter().flat_map(|list| list.as_array().expect("a list"));
    items
        .filter(|item| item["type"] == kind)
        .map(|item| path_of(running, item["url"].as_str().expect("a URL")))
        .collect()
}

/// All lines of a type that a finished job has, whichever files they are in.
pub(crate) fn lines(running: &Running, bearer: &str, manifest: &Value, kind: &str) -> Vec<u8> {
    let files = files(running, manifest, kind);
    files.iter().flat_map(|file| send(running, "GET", file, &[bearer]).body).collect()
}

/// The text of the file of testdata whose records are of the type.
pub(crate) fn expected(kind: &str) -> Vec<u8> {
    let mut folder: Vec<_> = fs::read_dir(testdata())
        .expect("testdata")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "gz"))
        .collect();
    folder.sort();
    let text = folder.iter().map(|path| gunzip(&fs::read(path).expect("a file")));
    let of = |text: &Vec<u8>| {
        let first = text.split(|&byte| byte == b'\n').next().expect("a line");
        let record: Value = serde_json::from_slice(first).expect("a record");
        record["resourceType"] == kind
    };
    text.filter(of).collect::<Vec<_>>().concat()
}

/// All members of a gzip text.
pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut text).expect("gzip");
    text
}

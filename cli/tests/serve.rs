//! `bcda serve`: what it says, how it ends, and what it refuses.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::common::{self, Work, bcda};
use rustix::process::{Pid, Signal, kill_process};

fn testdata() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/export").display().to_string()
}

/// A sandbox that listens, its address, and the rest of what it says.
struct Served {
    child: Child,
    address: String,
    log: BufReader<std::process::ChildStderr>,
    said: String,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(bcda())
            .args(["serve", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended: {said}");
            said.push_str(&line);
            if line.starts_with("Ctrl-C ends it") {
                break;
            }
        }
        let first = said.lines().next().unwrap();
        let address = first.rsplit_once("http://").expect("an address").1.to_owned();
        Self { child, address, log, said }
    }

    fn get(&self, target: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Ends it by the signal; gives the exit code.
    fn end(self, signal: Signal) -> Option<i32> {
        let (code, rest) = self.end_saying(signal);
        assert_eq!(rest, "ended\n");
        code
    }

    /// The same, and what it said since it listens.
    fn end_saying(mut self, signal: Signal) -> (Option<i32>, String) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_it_is_and_ends_by_a_signal() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let served = Served::start(&["--data", &testdata(), "--fault", "slow-jobs"]);
        assert!(served.get("/_health").starts_with("HTTP/1.1 200 OK"));
        for wanted in
            ["client id", "client secret", "curl -X POST http://127.0.0.1:", "slow-jobs=5"]
        {
            assert!(served.said.contains(wanted), "{wanted}: {}", served.said);
        }
        let address = served.address.clone();
        assert_eq!(served.end(signal), Some(code));
        assert!(TcpStream::connect(address).is_err());
    }
}

#[test]
fn it_serves_synthetic_beneficiaries_and_leaves_nothing() {
    let work = Work::new();
    let temporary = work.path("temporary");
    std::fs::create_dir(&temporary).unwrap();
    let mut child = Command::new(bcda())
        .args(["serve", "--port", "0", "--beneficiaries", "1"])
        .env("TMPDIR", &temporary)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    log.read_line(&mut line).unwrap();
    assert!(line.starts_with("serving 1 synthetic beneficiaries at http://127.0.0.1:"), "{line}");
    assert!(std::fs::read_dir(&temporary).unwrap().count() > 0);
    let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "nothing stays behind");
}

#[test]
fn it_serves_the_versions_that_it_says() {
    let few = ["--beneficiaries", "1"];
    for (arguments, said, there) in [
        (vec![], "v1, v2, v3", [200, 200, 200]),
        (vec!["--api", "v3,v1"], "v1, v3", [200, 404, 200]),
        (vec!["--api", "v2"], "v2", [404, 200, 404]),
    ] {
        let served = Served::start(&[&few, &arguments[..]].concat());
        let line = format!("versions       {said}\n");
        assert!(served.said.contains(&line), "{line}: {}", served.said);
        for (api, status) in ["v1", "v2", "v3"].iter().zip(there) {
            let answer = served.get(&format!("/api/{api}/metadata"));
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{arguments:?} {api}");
        }
    }
    let served = Served::start(&["--data", &testdata()]);
    assert!(served.said.contains("versions       v1\n"), "{}", served.said);
}

#[test]
fn a_folders_first_lines_are_shown_only_if_that_is_wanted() {
    for (arguments, shown) in [
        (vec!["--beneficiaries", "1"], true),
        (vec!["--data", &testdata()], false),
        (vec!["--data", &testdata(), "--show-data"], true),
    ] {
        let page = Served::start(&arguments).get("/");
        let (_, note) = page.split_once("id=\"no-lines\"").unwrap();
        let (tag, text) = note.split_once('>').unwrap();
        assert_eq!(tag.contains("hidden"), shown, "{arguments:?}");
        assert!(text.split_once("</p>").unwrap().0.contains("--show-data"), "it says what to do");
    }
}

#[test]
fn broken_lines_in_the_data_are_told_once() {
    let work = Work::new();
    std::fs::create_dir(work.path("data")).unwrap();
    let good = "{\"resourceType\":\"Patient\"}\n";
    work.write("data/a.ndjson", format!("{good}{{\"secret7Q\": \n\n{good}no record\n"));
    work.write("data/b.ndjson", good);
    let served = Served::start(&["--data", &work.path("data").display().to_string()]);
    let client = format!("--base-url http://{} --no-token-cache", served.address);
    let known = sandbox::Credentials::published();
    for out in ["first", "second"] {
        let words = format!("export {client} --type Patient --out {out}");
        let mut command = work.command(&words.split(' ').collect::<Vec<_>>());
        command.env("BCDA_CLIENT_ID", &known.id).env("BCDA_CLIENT_SECRET", &known.secret);
        common::Ran::from(command.output().unwrap()).exits(0);
    }
    let (code, said) = served.end_saying(Signal::TERM);
    assert_eq!(code, Some(143));
    assert_eq!(said.matches("a.ndjson: 2 lines are no FHIR records").count(), 1, "{said}");
    assert!(!said.contains("b.ndjson") && !said.contains("secret7Q"), "{said}");
}

#[test]
fn what_it_cannot_do_is_told_with_exit_code_2() {
    let work = Work::new();
    std::fs::create_dir(work.path("empty")).unwrap();
    std::fs::write(work.path("no.pem"), "no key\n").unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, told) in [
        (vec!["--port", &port], "--port 0 takes a free one"),
        (vec!["--data", "none"], "cannot read none"),
        (vec!["--data", "empty"], "has no *.ndjson"),
        (vec!["--data", "empty", "--beneficiaries", "3"], "cannot be used with"),
        (vec!["--data", &testdata(), "--api", "v1,v3"], "has no records of BCDA v3"),
        (vec!["--show-data"], "--data <DIR>"),
        (vec!["--api", "v1,v4"], "invalid value 'v4'"),
        (vec!["--api", ""], "a value is required"),
        (vec!["--fault", "no-such-fault"], "slow-jobs[=POLLS]"),
        (vec!["--encrypt-with", "none.pem"], "cannot read none.pem"),
        (vec!["--encrypt-with", "no.pem"], "not a PEM file"),
    ] {
        // Whoever else listens at the usual port.
        let port = if arguments[0] == "--port" { &[][..] } else { &["--port", "0"] };
        let ran = work.run(&[&["serve"], &arguments[..], port].concat()).exits(2);
        assert!(ran.stderr.contains(told), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn the_faults_are_listed() {
    let ran = Work::new().run(&["serve", "--fault", "list"]).exits(0);
    assert!(ran.text().contains("drop-connection[=N]\n"));
}

//! More clients than the sandbox has places for.

mod common;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use common::{bearer, export, files, options, parse, send, start};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sandbox::{Limits, Options, Sandbox};

/// Clients that hold a connection and ask for nothing.
const CROWD: usize = 10_000;
/// Descriptors that the test needs besides.
const OTHERS: usize = 800;

/// As many clients as this process may have descriptors for, `CROWD` at most.
#[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not run")]
fn possible() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let wanted = (CROWD + OTHERS) as u64;
    let most = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    if limit.current.is_some_and(|current| current < most) {
        let raised = Rlimit { current: Some(most), maximum: limit.maximum };
        let _ = setrlimit(Resource::Nofile, raised);
    }
    let have = getrlimit(Resource::Nofile).current.unwrap_or(wanted);
    let clients = usize::try_from(have).unwrap().saturating_sub(OTHERS).min(CROWD);
    if clients < CROWD {
        eprintln!("only {clients} clients: this process may have {have} descriptors");
    }
    clients
}

/// Whether the other side has closed the connection.
fn is_closed(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).expect("a socket");
    match stream.read(&mut [0; 16]) {
        Ok(0) => true,
        Ok(_) => false,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

#[test]
fn ten_thousand_idle_clients_keep_nobody_out() {
    let running = start();
    let clients = possible();
    let mut crowd: Vec<TcpStream> = Vec::with_capacity(clients);
    for number in 0..clients {
        let mut stream = TcpStream::connect(running.address()).expect("connects");
        // Some have begun to ask and never go on.
        if number % 3 == 0 {
            let _ = stream.write_all(b"GET /_version HTTP/1.1\r\nHost: local");
        }
        crowd.push(stream);
        // Whoever comes last is answered; and those before have been let in, so that the queue never overflows.
        if number % 100 == 0 {
            assert_eq!(send(&running, "GET", "/_version", &[]).status, 200, "after {number}");
        }
    }
    // A whole export among them.
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    for file in files(&running, &manifest, "Patient") {
        let answer = send(&running, "GET", &file, &[&token]);
        assert!(answer.status == 200 && answer.whole);
    }
    // Places are for so many; the others were closed.
    let places = Limits::default().connections;
    let open = crowd.iter_mut().filter_map(|stream| (!is_closed(stream)).then_some(())).count();
    assert!(open <= places, "{open} connections are open");
}

#[test]
fn a_client_that_is_being_answered_keeps_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    // More than the buffers of a connection hold.
    let line = format!("{{\"id\":\"{}\",\"resourceType\":\"Patient\"}}\n", "x".repeat(1 << 20));
    std::fs::write(folder.path().join("a.ndjson"), line.repeat(32)).expect("written");
    let limits = Limits { connections: 2, ..Limits::default() };
    let data = sandbox::Data::Folder(folder.path().to_owned());
    let running = Sandbox::start(Options { limits, ..Options::new(data) }).expect("starts");
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let file = &files(&running, &manifest, "Patient")[0];
    let mut slow = TcpStream::connect(running.address()).expect("connects");
    write!(slow, "GET {file} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{token}\r\n\r\n")
        .expect("sends");
    let mut answer = vec![0; 1];
    slow.read_exact(&mut answer).expect("it is answered");
    for _ in 0..20 {
        let idle = TcpStream::connect(running.address()).expect("connects");
        assert_eq!(send(&running, "GET", "/_version", &[]).status, 200);
        drop(idle);
    }
    slow.read_to_end(&mut answer).expect("the rest of it");
    let answer = parse(&answer);
    assert!(answer.whole && answer.body.len() == line.len() * 32);
}

#[test]
fn one_place_is_enough_for_one_after_the_other() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let running = Sandbox::start(Options { limits, ..options() }).expect("starts");
    let idle = TcpStream::connect(running.address()).expect("connects");
    for _ in 0..50 {
        assert_eq!(send(&running, "GET", "/_version", &[]).status, 200);
    }
    drop(idle);
}

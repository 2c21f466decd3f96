//! Certificates: only a server that is who it says gets a request.

#[path = "../../bulk-client/tests/common/tls.rs"]
pub(crate) mod certificates;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Ran, Work};
use certificates::{Authority, authority, server_config};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server whose certificate the authority has signed (or it has itself, without one), and how many requests it
/// could read.
fn serve(
    names: &[&str],
    years: [i32; 2],
    authority: Option<&Authority>,
) -> (String, Arc<AtomicUsize>) {
    let body = "{\"resourceType\":\"CapabilityStatement\",\"fhirVersion\":\"3.0.1\"}";
    serve_body(&server_config(names, years, authority), body)
}

/// The same, with a body of its own.
pub(crate) fn serve_body(config: &Arc<ServerConfig>, body: &str) -> (String, Arc<AtomicUsize>) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nConnection: close\r\n";
    serve_answer(config, format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()))
}

/// The same, with an answer of its own.
fn serve_answer(config: &Arc<ServerConfig>, answer: String) -> (String, Arc<AtomicUsize>) {
    let config = Arc::clone(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let read = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&read);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, stream));
            let mut line = String::new();
            // Without a handshake there is nothing to read.
            if stream.read_line(&mut line).is_ok() && line.starts_with("GET ") {
                count.fetch_add(1, Ordering::SeqCst);
                while stream.read_line(&mut line).is_ok_and(|bytes| bytes > 2) {}
                let stream = stream.get_mut();
                let _ = stream.write_all(answer.as_bytes());
                let _ = stream.flush();
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    });
    (url, read)
}

/// Asks for metadata; `known.pem` has whom to trust.
fn ask(work: &Work, url: &str) -> Ran {
    let words = ["metadata", "--base-url", url, "--attempts", "1"];
    let mut command = work.command(&words);
    command.env("SSL_CERT_FILE", work.path("known.pem")).env_remove("SSL_CERT_DIR");
    command.output().unwrap().into()
}

#[test]
fn a_redirect_from_https_to_http_is_not_followed_not_even_to_this_machine() {
    let work = Work::new();
    let known = authority();
    work.write("known.pem", known.pem());
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    plain.set_nonblocking(true).unwrap();
    let place = plain.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://{place}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let config = server_config(&["127.0.0.1"], [2020, 2100], Some(&known));
    let (url, read) = serve_answer(&config, answer);
    let ran = ask(&work, &url).exits(5);
    assert!(ran.stderr.contains("from https to plain http"), "{}", ran.stderr);
    assert_eq!(read.load(Ordering::SeqCst), 1);
    assert!(plain.accept().is_err(), "a connection was made");
}

#[test]
fn only_a_certificate_of_a_known_authority_for_this_host_and_day_is_taken() {
    let work = Work::new();
    let (known, unknown) = (authority(), authority());
    work.write("known.pem", known.pem());
    let (here, year) = (["127.0.0.1"], [2020, 2100]);
    let (good, read) = serve(&here, year, Some(&known));
    let ran = ask(&work, &good).exits(0);
    assert!(ran.text().contains("3.0.1"), "{}", ran.text());
    assert_eq!(read.load(Ordering::SeqCst), 1);
    for (what, (url, read)) in [
        ("of itself", serve(&here, year, None)),
        ("of an unknown authority", serve(&here, year, Some(&unknown))),
        ("of another host", serve(&["bulk.example"], year, Some(&known))),
        ("that has expired", serve(&here, [2020, 2021], Some(&known))),
        ("that is not valid yet", serve(&here, [2098, 2100], Some(&known))),
    ] {
        let ran = ask(&work, &url).exits(5);
        assert!(ran.stderr.contains("certificate"), "{what}: {}", ran.stderr);
        assert_eq!(read.load(Ordering::SeqCst), 0, "{what}: a request was sent");
    }
}

//! What a client must not be able to do, and ranges in all their forms.

use crate::common::{self, bearer, expected, export, files, options, parse, raw, send, start};
use sandbox::{Data, Error, Limits, Options, Sandbox};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn it_listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let address = address.parse().expect("an address");
        let refused = Sandbox::start(Options { address, ..options() });
        assert!(matches!(refused, Err(Error::NotLoopback(_))), "{address}");
    }
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let running = start();
    let again = Sandbox::start(Options { address: running.address(), ..options() });
    let fault = again.expect_err("taken");
    assert!(fault.is_usage() && fault.to_string().contains("cannot listen on 127.0.0.1:"));
}

#[test]
fn data_that_is_not_there_is_an_error() {
    let empty = tempfile::tempdir().expect("a folder");
    let of = |path: &std::path::Path| {
        Sandbox::start(Options::new(Data::Folder(path.to_owned()))).expect_err("no data")
    };
    assert!(matches!(of(empty.path()), Error::NoData(_)));
    assert!(of(&empty.path().join("none")).is_usage());
}

#[test]
fn a_start_can_be_given_up() {
    let options = Options::new(Data::Synthetic { beneficiaries: 1_000_000, seed: 1, weeks: None });
    options.give_up.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(matches!(Sandbox::start(options), Err(Error::Synth(_))));
}

#[test]
fn the_port_is_free_when_it_ends() {
    let running = start();
    let address = running.address();
    running.stop();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn nothing_but_the_jobs_files_is_served() {
    let running = start();
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let file = &files(&running, &manifest, "Patient")[0];
    let name = file.rsplit('/').next().expect("a name");
    for path in [
        "/data/1/../../../../../etc/passwd",
        "/data/1/..%2f..%2f..%2fetc%2fpasswd",
        "/data/1/%2e%2e/1/x",
        "/data/../data/1/x",
        "/data/1/%2Fetc%2Fpasswd",
        "/data/1//etc/passwd",
        "/data/1/.",
        "/data/1/",
        "/data/1",
        "/data/1/%00",
        "/data/1/%ff",
        "/data/-1/x",
        &format!("/data/01x/{name}"),
        &format!("/data/2/{name}"),
        &format!("/data/1/{name}.gz"),
        &format!("/data/1/{name}/"),
        "/data/1/bcda-export.json",
        "/Cargo.toml",
        "/api/v1/jobs/1/../1",
    ] {
        let status = send(&running, "GET", path, &[&token]).status;
        assert!([400, 404].contains(&status), "{path}: {status}");
    }
    for method in ["PUT", "POST", "DELETE", "TRACE", "CONNECT", "OPTIONS", "BREW"] {
        let answer = send(&running, method, file, &[&token]);
        assert!([400, 405].contains(&answer.status), "{method}: {}", answer.status);
    }
}

#[cfg(unix)]
#[test]
fn links_in_a_data_folder_are_not_followed() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "{\"resourceType\":\"Patient\",\"id\":\"linked\"}\n").expect("written");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    std::os::unix::fs::symlink(&secret, data.join("link.ndjson")).expect("a link");
    std::fs::write(data.join(".hidden.ndjson"), "{\"resourceType\":\"Patient\"}\n")
        .expect("written");
    let none = Sandbox::start(Options::new(Data::Folder(data.clone())));
    assert!(matches!(none, Err(Error::NoData(_))));

    std::fs::write(data.join("a.ndjson"), "{\"resourceType\":\"Patient\"}\n").expect("written");
    let running = Sandbox::start(Options::new(Data::Folder(data.clone()))).expect("starts");
    // What becomes a link afterwards is not followed either: the job fails.
    std::fs::remove_file(data.join("a.ndjson")).expect("removed");
    std::os::unix::fs::symlink(&secret, data.join("a.ndjson")).expect("a link");
    let token = bearer(&running);
    let status = common::kick_off(&running, &token, "/api/v1/Patient/$export");
    assert_eq!(common::wait(&running, &token, &status).status, 500);
}

#[test]
fn pages_of_other_origins_get_nothing() {
    let running = start();
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let file = &files(&running, &manifest, "Patient")[0];
    let basic = common::basic(&sandbox::Credentials::published());
    let port = running.address().port();
    let own = format!("http://{}", running.address());
    let others = [
        "null".to_owned(),
        "http://evil.example".to_owned(),
        // Another server on this machine is another origin, and so is this one by another name or scheme.
        "http://127.0.0.1:1".to_owned(),
        format!("http://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("{own}.evil.example"),
        format!("{own}/"),
        String::new(),
    ];
    let start = ["Accept: application/fhir+json", "Prefer: respond-async"];
    for (method, path, extra, status) in [
        ("POST", "/auth/token", vec![&*basic], 200),
        ("GET", "/api/v1/Patient/$export", [&start[..], &[&*token]].concat(), 202),
        ("GET", "/api/v1/jobs/1", vec![&*token], 200),
        ("GET", "/api/v1/jobs", vec![&*token, start[0]], 200),
        ("GET", file, vec![&*token], 200),
        ("HEAD", file, vec![&*token], 200),
        ("GET", "/", vec![], 200),
        ("GET", "/api/v1/swagger", vec![], 200),
    ] {
        let ask = |more: &[&str]| send(&running, method, path, &[&extra[..], more].concat()).status;
        assert_eq!(ask(&[]), status, "{method} {path}");
        assert_eq!(ask(&[&format!("Origin: {own}")]), status, "{method} {path}");
        for other in &others {
            let other = format!("Origin: {other}");
            assert_eq!(ask(&[&other]), 403, "{method} {path} {other}");
            assert_eq!(ask(&[&format!("Origin: {own}"), &other]), 403, "{method} {path} {other}");
        }
    }
    assert_eq!(send(&running, "DELETE", "/api/v1/jobs/1", &[&token, "Origin: null"]).status, 403);
    assert_eq!(send(&running, "GET", "/api/v1/jobs/1", &[&token]).status, 200, "it is still there");
    assert_eq!(send(&running, "OPTIONS", file, &["Origin: http://evil.example"]).status, 403);
}

#[test]
fn a_relay_that_hands_on_its_own_name_has_its_page_answered() {
    let running = start();
    let request =
        "GET /_version HTTP/1.1\r\nHost: localhost:81\r\nOrigin: http://LOCALHOST:81\r\n\r\n";
    assert_eq!(parse(&raw(running.address(), request.as_bytes())).status, 200);
}

#[test]
fn names_of_other_machines_get_nothing() {
    let running = start();
    let ask = |host: &str| {
        let request = format!("GET /_version HTTP/1.1\r\n{host}\r\n");
        parse(&raw(running.address(), request.as_bytes())).status
    };
    let port = running.address().port();
    for name in ["localhost", "LOCALHOST", "127.0.0.1", "[::1]", "127.0.0.2"] {
        assert_eq!(ask(&format!("Host: {name}:{port}\r\n")), 200, "{name}");
        assert_eq!(ask(&format!("Host: {name}\r\n")), 200, "{name}");
    }
    for name in ["evil.example", "127.0.0.1.evil.example", "192.0.2.1", "localhost.evil.example:80"]
    {
        assert_eq!(ask(&format!("Host: {name}\r\n")), 421, "{name}");
    }
}

#[test]
fn heads_and_bodies_are_limited() {
    // Some of what follows is no request at all, for the rest of which the server waits so long.
    let limits = Limits { idle: Duration::from_secs(1), ..Limits::default() };
    let running = Sandbox::start(Options { limits, ..options() }).expect("starts");
    let head =
        format!("GET /_version HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let answer = raw(running.address(), head.as_bytes());
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"),
        "{:?}",
        String::from_utf8_lossy(&answer)
    );
    let many = "X: 1\r\n".repeat(500);
    let answer = raw(
        running.address(),
        format!("GET /_version HTTP/1.1\r\nHost: localhost\r\n{many}\r\n").as_bytes(),
    );
    assert!(answer.starts_with(b"HTTP/1.1 431"));
    for request in [
        format!("Content-Length: 70000\r\n\r\n{}", "x".repeat(70_000)),
        format!("Transfer-Encoding: chunked\r\n\r\n11170\r\n{}\r\n0\r\n\r\n", "x".repeat(70_000)),
    ] {
        let request = format!("POST /auth/token HTTP/1.1\r\nHost: localhost\r\n{request}");
        let answer = raw(running.address(), request.as_bytes());
        // The answer may be lost when the server closes on what is still being sent.
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 413"));
    }
    for nonsense in ["\r\n\r\n", "GET\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"]
    {
        let answer = raw(running.address(), nonsense.as_bytes());
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{nonsense:?}");
    }
    assert_eq!(send(&running, "GET", "/_version", &[]).status, 200, "and it still serves");
}

#[test]
fn clients_that_do_nothing_lose_their_connection() {
    let limits = Limits { idle: Duration::from_millis(50), ..Limits::default() };
    let running = Sandbox::start(Options { limits, ..options() }).expect("starts");
    // Half a head; a head without its body: both end although nothing more is sent.
    for half in
        ["GET / HT", "POST /auth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n"]
    {
        let mut stream = TcpStream::connect(running.address()).expect("connects");
        stream.write_all(half.as_bytes()).expect("sends");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{half}");
    }
}

#[test]
fn a_client_that_reads_nothing_loses_its_connection() {
    let folder = tempfile::tempdir().expect("a folder");
    // More than the buffers of a connection hold.
    let line = format!("{{\"id\":\"{}\",\"resourceType\":\"Patient\"}}\n", "x".repeat(1 << 20));
    std::fs::write(folder.path().join("a.ndjson"), line.repeat(32)).expect("written");
    let limits = Limits { idle: Duration::from_millis(50), connections: 1, ..Limits::default() };
    let data = Data::Folder(folder.path().to_owned());
    let running = Sandbox::start(Options { limits, ..Options::new(data) }).expect("starts");
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let file = &files(&running, &manifest, "Patient")[0];
    let mut stream = TcpStream::connect(running.address()).expect("connects");
    write!(stream, "GET {file} HTTP/1.1\r\nHost: localhost\r\n{token}\r\n\r\n").expect("sends");
    // There is one place: the next request is served when the one that does not read has lost it.
    assert_eq!(send(&running, "GET", "/_version", &[]).status, 200);
    let mut got = Vec::new();
    let _ = stream.read_to_end(&mut got);
    assert!(got.len() < line.len() * 32);
}

#[test]
fn ranges_of_both_representations() {
    let running = start();
    let token = bearer(&running);
    let manifest = export(&running, &token, "/api/v1/Patient/$export");
    let file = &files(&running, &manifest, "ExplanationOfBenefit")[0];
    for accept in ["Accept-Encoding: identity", "Accept-Encoding: gzip"] {
        let whole = send(&running, "GET", file, &[&token, accept]);
        let size = whole.body.len();
        let etag = whole.header("etag").expect("ETag").to_owned();
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        assert_eq!(whole.header("vary"), Some("accept-encoding"));
        let last = size - 1;
        for (range, from, until) in [
            ("0-".to_owned(), 0, size),
            ("0-0".to_owned(), 0, 1),
            ("5-9".to_owned(), 5, 10),
            (format!("{last}-"), last, size),
            (format!("10-{}", size + 100), 10, size),
            ("-7".to_owned(), size - 7, size),
            (format!("-{}", size + 7), 0, size),
        ] {
            let header = format!("Range: bytes={range}");
            let part = send(&running, "GET", file, &[&token, accept, &header]);
            assert_eq!(part.status, 206, "{range}");
            let content = format!("bytes {from}-{}/{size}", until - 1);
            assert_eq!(part.header("content-range"), Some(content.as_str()), "{range}");
            assert_eq!(part.header("etag"), Some(etag.as_str()));
            assert_eq!(part.header("content-encoding"), whole.header("content-encoding"));
            assert!(part.whole && part.body == whole.body[from..until], "{range}");
        }
        for range in [format!("{size}-"), format!("{}-{}", size + 1, size + 2), "-0".to_owned()] {
            let header = format!("Range: bytes={range}");
            let answer = send(&running, "GET", file, &[&token, accept, &header]);
            let content = format!("bytes */{size}");
            assert_eq!(answer.status, 416, "{range}");
            assert_eq!(answer.header("content-range"), Some(content.as_str()));
        }
        // What is no single range of bytes is passed over.
        for range in ["bytes=0-1,5-6", "lines=1-2", "bytes=x", "bytes=9-5"] {
            let header = format!("Range: {range}");
            let answer = send(&running, "GET", file, &[&token, accept, &header]);
            assert_eq!((answer.status, answer.body.len()), (200, size), "{range}");
        }
        let modified = whole.header("last-modified").expect("Last-Modified").to_owned();
        for (condition, status) in [
            (etag.clone(), 206),
            ("\"other\"".to_owned(), 200),
            (format!("W/{etag}"), 200),
            (modified.clone(), 206),
            ("Mon, 01 Jan 2001 00:00:00 GMT".to_owned(), 200),
        ] {
            let header = format!("If-Range: {condition}");
            let answer = send(&running, "GET", file, &[&token, accept, "Range: bytes=3-", &header]);
            assert_eq!(answer.status, status, "{condition}");
        }
        for header in [format!("If-None-Match: {etag}"), format!("If-Modified-Since: {modified}")] {
            let answer = send(&running, "GET", file, &[&token, accept, &header]);
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{header}");
        }
    }
    let (plain, zipped) = (
        send(&running, "GET", file, &[&token]),
        send(&running, "GET", file, &[&token, "Accept-Encoding: gzip"]),
    );
    assert_ne!(plain.header("etag"), zipped.header("etag"), "they are not the same bytes");
    assert_eq!(plain.body, expected("ExplanationOfBenefit"));
}

#[test]
fn old_jobs_make_room_for_new_ones() {
    let limits = Limits { jobs: 2, ..Limits::default() };
    let running = Sandbox::start(Options { limits, ..options() }).expect("starts");
    let token = bearer(&running);
    for _ in 0..3 {
        export(&running, &token, "/api/v1/Patient/$export?_type=Patient");
    }
    assert_eq!(send(&running, "GET", "/api/v1/jobs/1", &[&token]).status, 404);
    assert_eq!(send(&running, "GET", "/api/v1/jobs/3", &[&token]).status, 200);
}

//! `https://` by way of a server on loopback, which needs no certificate: with ranges and without, and as an output.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::common::{Snapshot, Work};

type Files = Arc<Mutex<Snapshot>>;

/// A server of files that are put, read and deleted one by one.
struct Server {
    address: String,
    files: Files,
    /// What was asked, as method and path.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(ranges: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (files, asked) = (Files::default(), Arc::<Mutex<Vec<String>>>::default());
        let (shared, log) = (Arc::clone(&files), Arc::clone(&asked));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (files, log) = (Arc::clone(&shared), Arc::clone(&log));
                thread::spawn(move || answer(&client, &files, &log, ranges));
            }
        });
        Self { address, files, asked }
    }

    fn put(&self, name: &str, bytes: Vec<u8>) {
        self.files.lock().unwrap().insert(format!("/{name}"), bytes);
    }
}

/// One request, then the connection ends.
fn answer(mut client: &TcpStream, files: &Files, log: &Mutex<Vec<String>>, ranges: bool) {
    let mut reader = BufReader::new(client);
    let mut headers = BTreeMap::new();
    let mut first = String::new();
    reader.read_line(&mut first).unwrap();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        let (name, value) = line.split_once(':').unwrap();
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return };
    log.lock().unwrap().push(format!("{method} {path}"));
    let mut body =
        vec![0; headers.get("content-length").map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    let mut files = files.lock().unwrap();
    let (mut status, mut more, mut content) = ("200 OK", String::new(), Vec::new());
    match (method, files.get(path)) {
        ("GET" | "HEAD", Some(bytes)) => {
            content.clone_from(bytes);
            if ranges {
                more = format!("ETag: \"{}\"\r\n", blake3::hash(bytes).to_hex());
            }
            if let (true, Some(range)) = (ranges, headers.get("range")) {
                let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
                let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
                status = "206 Partial Content";
                more = format!("{more}Content-Range: bytes {from}-{to}/{}\r\n", bytes.len());
                content = bytes[from..=to].to_vec();
            }
        }
        ("PUT", _) => {
            let _ = files.insert(path.to_owned(), body);
        }
        ("DELETE", Some(_)) => {
            let _ = files.remove(path);
        }
        _ => status = "404 Not Found",
    }
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nLast-Modified: Sat, 01 Jun 2024 00:00:00 GMT\r\n{more}\
         Connection: close\r\n\r\n",
        content.len()
    );
    let content = if method == "HEAD" { Vec::new() } else { content };
    let _ = client.write_all(&[head.into_bytes(), content].concat());
}

#[test]
fn files_of_a_server_with_ranges_and_without() {
    let work = Work::new();
    work.synth("export", "--beneficiaries 20 --claims 30");
    let files = work.data_files("export");
    assert!(
        files.iter().any(|(_, bytes)| bytes.len() > 5 << 20),
        "all of them come in one request"
    );
    work.bcda("convert export --quiet --out expected").exits(0);
    for ranges in [true, false] {
        let server = Server::new(ranges);
        let mut words = format!("convert --quiet --out out-{ranges}");
        for (name, bytes) in &files {
            server.put(&format!("x/{name}"), bytes.clone());
            words = format!("{words} {}/x/{name}", server.address);
        }
        server.put("x/bcda-export.json", work.read("export/bcda-export.json"));
        work.bcda(&words).exits(0);
        assert!(
            work.tables(&format!("out-{ranges}")) == work.tables("expected"),
            "ranges: {ranges}"
        );
    }
    work.assert_clean();
}

#[test]
fn a_server_that_takes_files_is_an_output() {
    let work = Work::new();
    work.synth("export", "--beneficiaries 2 --claims 6");
    work.bcda("convert export --quiet --format csv --out expected").exits(0);
    let server = Server::new(true);
    let out = format!("{}/tables", server.address);
    work.bcda(&format!("convert export --quiet --format csv --out {out}")).exits(0);
    let mut found: Snapshot = server.files.lock().unwrap().clone();
    assert!(found.remove("/tables/tables-manifest.json").is_some());
    let found: Snapshot = found
        .into_iter()
        .map(|(name, bytes)| (name["/tables/".len()..].to_owned(), bytes))
        .collect();
    assert_eq!(found, work.tables("expected"));
    let asked = server.asked.lock().unwrap().clone();
    let last = asked.iter().rfind(|asked| asked.starts_with("PUT")).unwrap();
    assert_eq!(last, "PUT /tables/tables-manifest.json");

    let ran = work.bcda(&format!("convert export --quiet --out {out}")).exits(2);
    assert!(ran.stderr.contains("--overwrite"), "{}", ran.stderr);
    work.bcda(&format!("convert export --quiet --overwrite --out {out}")).exits(0);
    let names: Vec<String> = server.files.lock().unwrap().keys().cloned().collect();
    assert!(
        names.iter().all(|name| !name.contains(".csv") && !name.contains("publishing")),
        "{names:?}"
    );
    work.assert_clean();
}

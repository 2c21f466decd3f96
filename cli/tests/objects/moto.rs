//! A moto server on loopback that ends with the test program, and what tests ask of its S3.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::common::{Snapshot, wait_until};

/// Serves until its standard input ends, which it does when the test program does.
const SERVE: &str = "
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', sys.argv[1]])
";

/// moto checks no signature, but lets nobody in who does not seem to be someone.
const SOMEONE: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, \
                       Signature=0";

/// The server of this test program, or `None` when no Python with moto is named.
pub(crate) fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<(String, Child)>> = OnceLock::new();
    let started = SERVER.get_or_init(|| {
        let python = std::env::var_os("BCDA_TEST_MOTO").filter(|python| !python.is_empty())?;
        // Another program could take the port before the server does; then nothing answers, and the tests say so.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(python)
            .args(["-c", SERVE, &port.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = format!("127.0.0.1:{port}");
        wait_until("moto answers", || TcpStream::connect(&address).is_ok());
        Some((address, child))
    });
    started.as_ref().map(|(address, _)| address.as_str())
}

/// A bucket of its own for a test.
pub(crate) struct Bucket {
    server: &'static str,
    pub(crate) name: String,
}

impl Bucket {
    /// Makes one; `None`, with a word, where there is no moto.
    pub(crate) fn new() -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let Some(server) = server() else {
            eprintln!("skipped: no moto (BCDA_TEST_MOTO names a Python that has it)");
            return None;
        };
        let name = format!("bucket-{}", COUNT.fetch_add(1, Ordering::SeqCst));
        let bucket = Self { server, name };
        assert_eq!(bucket.request("PUT", "", &[]).0, 200);
        Some(bucket)
    }

    pub(crate) fn server(&self) -> &'static str {
        self.server
    }

    /// A request about a key, or about the bucket.
    fn request(&self, method: &str, key: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let mut stream = TcpStream::connect(self.server).unwrap();
        let head = format!(
            "{method} /{}{key} HTTP/1.1\r\nHost: {}\r\nAuthorization: {SOMEONE}\r\nConnection: close\r\n\
             Content-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
            self.name,
            self.server,
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer.split_off(end + 4))
    }

    pub(crate) fn put(&self, key: &str, bytes: &[u8]) {
        assert_eq!(self.request("PUT", &format!("/{key}"), bytes).0, 200, "{key}");
    }

    pub(crate) fn get(&self, key: &str) -> Vec<u8> {
        let (status, bytes) = self.request("GET", &format!("/{key}"), &[]);
        assert_eq!(status, 200, "{key}");
        bytes
    }

    pub(crate) fn put_all(&self, prefix: &str, files: &Snapshot) {
        for (name, bytes) in files.iter().filter(|(name, _)| !name.ends_with('/')) {
            self.put(&format!("{prefix}{name}"), bytes);
        }
    }

    /// All keys below a prefix.
    pub(crate) fn keys(&self, prefix: &str) -> Vec<String> {
        let (status, list) = self.request("GET", &format!("?list-type=2&prefix={prefix}"), &[]);
        assert_eq!(status, 200);
        let list = String::from_utf8(list).unwrap();
        let keys =
            list.split("<Key>").skip(1).map(|rest| rest.split("</Key>").next().unwrap().to_owned());
        let keys: Vec<String> = keys.collect();
        assert!(keys.len() < 1_000, "the list has a second page");
        keys
    }

    /// All objects below a prefix, by their keys without it.
    pub(crate) fn objects(&self, prefix: &str) -> Snapshot {
        let keys = self.keys(prefix).into_iter();
        keys.map(|key| (key[prefix.len()..].to_owned(), self.get(&key))).collect::<BTreeMap<_, _>>()
    }

    /// The tables and rejects of a result: everything but its manifest.
    pub(crate) fn tables(&self, prefix: &str) -> Snapshot {
        let mut found = self.objects(prefix);
        assert!(found.remove("tables-manifest.json").is_some(), "no manifest below {prefix}");
        found
    }

    /// Multipart uploads that were neither completed nor aborted.
    pub(crate) fn open_uploads(&self) -> usize {
        let (status, list) = self.request("GET", "?uploads", &[]);
        assert_eq!(status, 200);
        String::from_utf8(list).unwrap().matches("<UploadId>").count()
    }
}

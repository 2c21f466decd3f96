//! A proxy between the program and the store, which fails as it is told and remembers what passed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: it passes.
    None,
    /// An answer of this status in place of the store's.
    Status(u16),
    /// The connection ends before the request reaches the store.
    DropBefore,
    /// The store does what is asked, and the connection ends before its answer.
    DropAfter,
    /// The connection ends after so many bytes of the body.
    Cut(usize),
    /// The body comes slowly: a pause in its middle.
    Slow(Duration),
    /// No answer, for as long.
    Hang(Duration),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// From 0 up, in the order in which they came.
    pub(crate) number: usize,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) range: Option<String>,
}

impl Request {
    /// The bytes of an object are asked for.
    pub(crate) fn is_of_an_object(&self) -> bool {
        self.method == "GET"
            && !self.target.contains("list-type")
            && !self.target.contains("uploads")
    }

    pub(crate) fn is(&self, method: &str, part: &str) -> bool {
        self.method == method && self.target.contains(part)
    }
}

/// Passed requests, with the status that the store gave, in the order in which it answered.
type Passed = Arc<Mutex<Vec<(Request, u16)>>>;

type Rule = Arc<dyn Fn(&Request) -> Fault + Send + Sync>;

pub(crate) struct Proxy {
    pub(crate) address: String,
    passed: Passed,
}

impl Proxy {
    /// Listens on a port of its own, until the test program ends.
    pub(crate) fn new(
        store: &str,
        rule: impl Fn(&Request) -> Fault + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let passed = Passed::default();
        let (rule, store): (Rule, Arc<str>) = (Arc::new(rule), store.into());
        let count = Arc::new(Mutex::new(0));
        let log = Arc::clone(&passed);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let (rule, store, log, count) =
                    (rule.clone(), store.clone(), log.clone(), count.clone());
                thread::spawn(move || {
                    // Whoever hangs up has its reasons.
                    let _ = serve(&client, &store, &rule, &log, &count);
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, passed }
    }

    pub(crate) fn passed(&self) -> Vec<(Request, u16)> {
        self.passed.lock().unwrap().clone()
    }
}

/// One request of a connection, which then ends.
fn serve(
    client: &TcpStream,
    store: &str,
    rule: &Rule,
    log: &Passed,
    count: &Mutex<usize>,
) -> io::Result<()> {
    let mut reader = BufReader::new(client);
    let mut head = String::new();
    let (mut length, mut range) = (0, None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if let Some(value) = lower.strip_prefix("range:") {
            range = Some(value.trim().to_owned());
        }
        if line == "\r\n" {
            break;
        }
        // One request a connection is simple, and a connection that ends is what clients have to bear anyway.
        if !lower.starts_with("connection:") {
            head.push_str(&line);
        }
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let mut words = head.split(' ');
    let (method, target) = (words.next().unwrap().to_owned(), words.next().unwrap().to_owned());
    let number = {
        let mut count = count.lock().unwrap();
        *count += 1;
        *count - 1
    };
    let request = Request { number, method, target, range };
    let fault = rule(&request);
    let mut client = client;
    match fault {
        Fault::DropBefore => return Ok(()),
        Fault::Hang(pause) => {
            thread::sleep(pause);
            return Ok(());
        }
        Fault::Status(status) => {
            let code = if status == 503 { "SlowDown" } else { "InternalError" };
            let text = format!(
                "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>SECRET</Message></Error>"
            );
            return write!(
                client,
                "HTTP/1.1 {status} Fault\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\
                 Connection: close\r\n\r\n{text}",
                text.len()
            );
        }
        _ => {}
    }
    let mut upstream = TcpStream::connect(store)?;
    upstream.write_all(head.as_bytes())?;
    upstream.write_all(&body)?;
    let mut answer = Vec::new();
    upstream.read_to_end(&mut answer)?;
    let status = String::from_utf8_lossy(&answer[..16.min(answer.len())]);
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    log.lock().unwrap().push((request, status));
    let end = answer
        .windows(4)
        .position(|bytes| bytes == b"\r\n\r\n")
        .map_or(answer.len(), |end| end + 4);
    match fault {
        Fault::DropAfter => Ok(()),
        Fault::Cut(bytes) => client.write_all(&answer[..answer.len().min(end + bytes)]),
        Fault::Slow(pause) => {
            let middle = end + (answer.len() - end) / 2;
            client.write_all(&answer[..middle])?;
            thread::sleep(pause);
            client.write_all(&answer[middle..])
        }
        _ => client.write_all(&answer),
    }
}

//! A server for tests: each request goes to a closure, which writes the answer byte by byte if it likes.

#![allow(dead_code, reason = "each test program uses its part of a private module")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bulk_client::{
    Auth, Begin, CancellationToken, Credentials, Error, ErrorBodies, Export, ExportRequest, Level,
    Observer, Report, Server, Settings,
};
use serde_json::json;

/// A word that must never leave memory: part of every secret of these tests.
pub(crate) const CANARY: &str = "canary7Q";

/// The versions in which it is tried that nothing is lost without a word: the oldest, and the newest, whose metadata is
/// asked for what it lists.
pub(crate) const VERSIONS: [&str; 2] = ["v1", "v3"];

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.header("authorization").strip_prefix("Bearer ")
    }
}

/// An answer: a status line without the protocol, headers, a body whose length is told unless a header tells it.
pub(crate) struct Answer {
    status: &'static str,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// Bytes of the body after which the connection is closed.
    cut: Option<usize>,
}

impl Answer {
    pub(crate) fn new(status: &'static str) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), cut: None }
    }

    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::new("200 OK") }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn cut_after(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        self
    }

    fn write(self, stream: &mut TcpStream) {
        let mut head = format!("HTTP/1.1 {}\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            let length = self.body.len().to_string();
            head.extend(["Content-Length: ", &length, "\r\n"]);
        }
        head.push_str("\r\n");
        let end = self.cut.unwrap_or(self.body.len()).min(self.body.len());
        let _ = stream.write_all(head.as_bytes());
        let _ = stream.write_all(&self.body[..end]);
    }
}

type Handler = dyn Fn(&Request, &mut TcpStream) -> Option<Answer> + Send + Sync;

/// A listening server; it ends with the process.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) place: String,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Service {
    /// Answers each request with what the closure gives; none means that the closure wrote the answer itself.
    pub(crate) fn start(
        handler: impl Fn(&Request, &mut TcpStream) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let place = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (handler, seen_by_threads): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, seen) = (Arc::clone(&handler), Arc::clone(&seen_by_threads));
                std::thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    if let Some(request) = read(&stream) {
                        seen.lock().unwrap().push(request.clone());
                        if let Some(answer) = handler(&request, &mut stream) {
                            answer.write(&mut stream);
                        }
                    }
                    let _ = stream.shutdown(std::net::Shutdown::Write);
                });
            }
        });
        Self { place, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// How many requests had this path.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|request| request.path() == path).count()
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let mut request = Request {
        method: words.next()?.to_owned(),
        target: words.next()?.to_owned(),
        ..Request::default()
    };
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = request.header("content-length").parse().unwrap_or(0);
    let mut body = vec![0; length];
    std::io::Read::read_exact(&mut reader, &mut body).ok()?;
    request.body = String::from_utf8(body).ok()?;
    Some(request)
}

/// Lines of Patients, so many bytes at least.
pub(crate) fn patients(bytes: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut id = 0;
    while text.len() < bytes {
        text.extend_from_slice(
            format!("{{\"id\":\"{id}\",\"resourceType\":\"Patient\"}}\n").as_bytes(),
        );
        id += 1;
    }
    text
}

/// The manifest of a job with these files, `(type, url)`.
pub(crate) fn manifest(output: &[(&str, &str)], error: &[&str]) -> Vec<u8> {
    let output: Vec<_> =
        output.iter().map(|(name, url)| json!({"type": name, "url": url})).collect();
    let error: Vec<_> =
        error.iter().map(|url| json!({"type": "OperationOutcome", "url": url})).collect();
    json!({
        "transactionTime": "2020-01-02T03:04:05.123456789Z",
        "request": "https://bulk.example/api/v1/Group/all/$export",
        "requiresAccessToken": true,
        "output": output,
        "error": error,
        "JobID": 1,
    })
    .to_string()
    .into_bytes()
}

/// The usual answers of a server with one job, in any version; none for paths below `/data/`.
pub(crate) fn usual(request: &Request, output: &[(&str, &str)], error: &[&str]) -> Option<Answer> {
    let here = format!("http://{}", request.header("host"));
    let whole =
        |url: &str| if url.starts_with('/') { format!("{here}{url}") } else { url.to_owned() };
    let output: Vec<_> = output.iter().map(|(name, url)| (*name, whole(url))).collect();
    let output: Vec<_> = output.iter().map(|(name, url)| (*name, url.as_str())).collect();
    let error: Vec<_> = error.iter().map(|url| whole(url)).collect();
    let error: Vec<_> = error.iter().map(String::as_str).collect();
    if request.path() == "/auth/token" {
        return Some(token("1", 1200));
    }
    match request.path().strip_prefix("/api/")?.split_once('/')? {
        (version, "Group/all/$export") => Some(
            Answer::new("202 Accepted")
                .with("Content-Location", format!("{here}/api/{version}/jobs/1")),
        ),
        (_, "metadata") => Some(Answer::new("404 Not Found")),
        (_, "jobs/1") => Some(
            Answer::ok(manifest(&output, &error))
                .with("Content-Type", "application/json")
                .with("Expires", "2019-12-10 20:44:01.705398 +0000 UTC"),
        ),
        _ => None,
    }
}

/// A token with this number.
pub(crate) fn token(number: &str, seconds: u64) -> Answer {
    let token = format!("{CANARY}-token-{number}");
    Answer::ok(
        json!({"access_token": token, "token_type": "bearer", "expires_in": seconds.to_string()})
            .to_string(),
    )
}

/// Limits that make tests quick.
pub(crate) fn quick() -> Settings {
    Settings {
        idle_timeout: Duration::from_secs(20),
        attempts: 4,
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(20),
        poll_wait: Duration::from_millis(1),
        ..Settings::default()
    }
}

/// A folder, a server in it.
pub(crate) struct Client {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) settings: Settings,
    pub(crate) types: Vec<String>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) begin: Begin,
    pub(crate) cancel: CancellationToken,
    /// The version of the API; v1 unless it is named.
    pub(crate) api: Option<&'static str>,
}

/// The export of a request to a folder, as it is begun without further options.
pub(crate) fn usually(request: ExportRequest, out: PathBuf) -> Export {
    Export { request, out, begin: Begin::Usual, decryption: None, since_last: false }
}

impl Client {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            settings: quick(),
            types: Vec::new(),
            observer: Arc::new(()),
            begin: Begin::Usual,
            cancel: CancellationToken::new(),
            api: None,
        }
    }

    /// The same, with answers that are errors in `bodies`.
    pub(crate) fn keeping_bodies(mut self) -> Self {
        let bodies = ErrorBodies::open(&self.folder.path().join("bodies")).unwrap();
        self.settings.error_bodies = Some(Arc::new(bodies));
        self
    }

    /// One of a version.
    pub(crate) fn of(api: &'static str) -> Self {
        Self { api: Some(api), ..Self::new() }
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("export")
    }

    pub(crate) fn server(&self, service: &Service) -> Server {
        let base = bulk_client::fhir_base(&service.place, self.api).unwrap();
        let auth = Auth::Basic {
            credentials: Credentials::new("client-id", format!("{CANARY}-secret")),
            token_url: bulk_client::bcda_token_url(&base),
        };
        self.server_with(service, auth)
    }

    pub(crate) fn server_with(&self, service: &Service, auth: Auth) -> Server {
        let base = bulk_client::fhir_base(&service.place, self.api).unwrap();
        let cache = self.folder.path().join("tokens");
        Server::new(base, auth, self.settings.clone(), Some(cache), Arc::clone(&self.observer))
            .unwrap()
    }

    /// Runs an export of everything to `export/`.
    pub(crate) fn export(&self, service: &Service) -> Result<Report, Error> {
        let request = ExportRequest {
            types: self.types.clone(),
            ..ExportRequest::new(Level::Group("all".into()))
        };
        let export = Export { begin: self.begin, ..usually(request, self.out()) };
        block_on(export.run(&self.server(service), &self.cancel))
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.out().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names in `export/`.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.out())
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

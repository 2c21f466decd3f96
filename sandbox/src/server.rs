//! The server: its threads, its connections, its end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use cms::Api;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::app::App;
use crate::faults::Faults;
use crate::idle::Idle;
use crate::job::Jobs;
use crate::places::{Answer, Places};
use crate::router;
use crate::source;
use crate::sources::Sources;
use crate::statistics::Statistics;
use crate::tokens::Tokens;
use crate::{Credentials, Error, Options};

/// How long the end waits for work that cannot be interrupted.
const GRACE: Duration = Duration::from_secs(2);
/// How long the server rests when the system has no more connections to give.
const REST: Duration = Duration::from_millis(20);

/// The sandbox.
#[derive(Debug)]
pub struct Sandbox;

impl Sandbox {
    /// Makes or finds the data, listens and serves on threads of its own until the result is dropped. It can be
    /// called from anywhere, also from within an asynchronous runtime.
    ///
    /// # Errors
    /// [`Error`], before anything is served.
    pub fn start(options: Options) -> Result<Running, Error> {
        let address = options.address;
        if !address.ip().is_loopback() {
            return Err(Error::NotLoopback(address));
        }
        // First the port: making data for a port that is taken would be in vain.
        let listen = |source| Error::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let sources = Sources::open(&options)?;
        let folder = source::private_folder().map_err(Error::SetUp)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_all()
            .build()
            .map_err(Error::SetUp)?;
        let app = Arc::new(App {
            address,
            sources,
            faults: Faults::new(options.faults.clone()),
            tokens: Tokens::default(),
            jobs: Jobs::default(),
            folder: folder.path().to_owned(),
            statistics: Mutex::default(),
            options,
        });
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener).map_err(listen)?
        };
        runtime.spawn(serve(listener, Arc::clone(&app), router::new(&app)));
        Ok(Running { app, runtime: Some(runtime), _folder: folder })
    }
}

/// A sandbox that serves. It ends, and its files go, when this is dropped.
#[derive(Debug)]
pub struct Running {
    app: Arc<App>,
    runtime: Option<Runtime>,
    _folder: TempDir,
}

impl Running {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.app.address
    }

    /// What URLs begin with, `http://127.0.0.1:3000`; no slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.app.address)
    }

    /// The first of the credentials.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.app.options.credentials.first()
    }

    /// The versions of the API that it serves, the oldest first.
    pub fn versions(&self) -> impl Iterator<Item = Api> + '_ {
        self.app.sources.versions()
    }

    /// What was asked so far.
    pub fn statistics(&self) -> Statistics {
        self.app.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The files of the data folder with lines that a job could not read as a resource, and how many. They are served
    /// as they are.
    pub fn broken_lines(&self) -> Vec<(String, u64)> {
        self.app.sources.broken_lines()
    }

    /// Ends the sandbox, as dropping it does.
    pub fn stop(self) {}
}

impl Drop for Running {
    fn drop(&mut self) {
        self.app.jobs.stop();
        let Some(runtime) = self.runtime.take() else { return };
        if tokio::runtime::Handle::try_current().is_ok() {
            // Inside another runtime nothing may wait.
            runtime.shutdown_background();
        } else {
            runtime.shutdown_timeout(GRACE);
        }
    }
}

async fn serve(listener: tokio::net::TcpListener, app: Arc<App>, router: Router) {
    let limits = app.options.limits.clone();
    let places = Places::new(limits.connections);
    let answer = TowerToHyperService::new(router);
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    tokio::time::sleep(REST).await;
                }
                continue;
            }
        };
        // Whoever only holds a connection must not keep others from being answered.
        let place = Arc::new(places.take().await);
        let _ = stream.set_nodelay(true);
        let (own, answer) = (Arc::clone(&place), answer.clone());
        let service = service_fn(move |request| {
            let busy = own.busy();
            let answered = answer.call(request);
            async move { answered.await.map(|found| found.map(|body| Answer { body, _busy: busy })) }
        });
        let stream = Idle::new(stream, limits.idle, Arc::clone(&place));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle)
            // hyper wants at least this.
            .max_buf_size(limits.head_bytes.max(8192))
            .serve_connection(stream, service);
        tokio::spawn(async move {
            tokio::select! {
                // A connection that breaks is the client's affair.
                _ = connection => {}
                () = place.lost() => {}
            }
        });
    }
}

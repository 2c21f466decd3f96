//! The server: its threads, its connections, its end.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioTimer;
use hyper_util::service::TowerToHyperService;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;

use crate::app::{App, Counts};
use crate::fault::Requests;
use crate::faults::Faults;
use crate::idle::Idle;
use crate::job::Jobs;
use crate::router;
use crate::source::{self, Source};
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
        let source = Source::open(&options)?;
        let folder = source::private_folder().map_err(Error::SetUp)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("sandbox")
            .enable_all()
            .build()
            .map_err(Error::SetUp)?;
        let app = Arc::new(App {
            address,
            source,
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

    /// What was asked so far.
    pub fn statistics(&self) -> Statistics {
        self.app.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone()
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

/// How many requests of which kind were answered with which status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statistics(pub(crate) Counts);

impl Statistics {
    /// How many requests of the kind were answered with the status.
    pub fn count(&self, requests: Requests, status: u16) -> u64 {
        self.0.get(&(requests, status)).copied().unwrap_or(0)
    }

    /// All of them: kind, status, count.
    pub fn all(&self) -> impl Iterator<Item = (Requests, u16, u64)> + '_ {
        self.0.iter().map(|(&(requests, status), &count)| (requests, status, count))
    }
}

async fn serve(listener: tokio::net::TcpListener, app: Arc<App>, router: Router) {
    let limits = app.options.limits.clone();
    let places = Arc::new(Semaphore::new(limits.connections));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                if error.kind() != io::ErrorKind::ConnectionAborted {
                    tokio::time::sleep(REST).await;
                }
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.idle)
            // hyper wants at least this.
            .max_buf_size(limits.head_bytes.max(8192))
            .serve_connection(
                Idle::new(stream, limits.idle),
                TowerToHyperService::new(router.clone()),
            );
        tokio::spawn(async move {
            // A connection that breaks is the client's affair.
            let _ = connection.await;
            drop(place);
        });
    }
}

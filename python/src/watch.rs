//! Work on a thread of its own, while this one looks after signals and progress.

use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use convert::Progress;
use crossbeam_channel::{RecvTimeoutError, bounded};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::failure::{Failure, guarded};

/// How often signals are looked for.
pub(crate) const POLL: Duration = Duration::from_millis(100);

/// How often progress is told.
pub(crate) const TOLD_EVERY: Duration = Duration::from_millis(250);

/// Does `work` without the interpreter. Ctrl-C, or an exception of `tick`, which is called again and again, calls
/// `stop`, after which the work is expected to end soon; the exception is what comes of it then.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    stop: impl Fn(),
    mut tick: impl FnMut(Python<'_>) -> PyResult<()>,
    work: impl FnOnce() -> T + Send,
) -> PyResult<T> {
    thread::scope(|scope| {
        let (done, result) = bounded(1);
        let worker = thread::Builder::new()
            .name("bcda-work".to_owned())
            .spawn_scoped(scope, move || {
                let _ = done.send(work());
            })
            .map_err(|error| Failure::failed(format!("start of a thread failed: {error}")))?;
        let ended = loop {
            match py.detach(|| result.recv_timeout(POLL)) {
                Ok(done) => break Ok(done),
                Err(RecvTimeoutError::Timeout) => {
                    // Whatever happened here, the work has to end before this can.
                    if let Err(exception) = guarded(|| py.check_signals().and_then(|()| tick(py))) {
                        stop();
                        break Err(exception);
                    }
                }
                // A panic.
                Err(RecvTimeoutError::Disconnected) => break Err(Failure::internal().into()),
            }
        };
        let _ = py.detach(|| worker.join());
        ended
    })
}

/// Tells a callable how far a run has come, a few times a second.
pub(crate) struct Teller<'p> {
    callable: Option<Py<PyAny>>,
    progress: &'p Progress,
    told: Option<Instant>,
}

impl<'p> Teller<'p> {
    pub(crate) fn new(callable: Option<Py<PyAny>>, progress: &'p Progress) -> Self {
        Self { callable, progress, told: None }
    }

    /// Tells it, if it is time.
    pub(crate) fn tick(&mut self, py: Python<'_>) -> PyResult<()> {
        if self.told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            return Ok(());
        }
        self.tell(py)
    }

    /// Tells it now.
    pub(crate) fn tell(&mut self, py: Python<'_>) -> PyResult<()> {
        let Some(callable) = &self.callable else { return Ok(()) };
        self.told = Some(Instant::now());
        let now = PyDict::new(py);
        now.set_item("bytes_read", self.progress.reading.raw_bytes())?;
        now.set_item("total_bytes", self.progress.total_bytes.load(Relaxed))?;
        now.set_item("records", self.progress.records.load(Relaxed))?;
        now.set_item("rejects", self.progress.rejects.load(Relaxed))?;
        callable.call1(py, (now,)).map(drop)
    }
}

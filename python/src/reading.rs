//! One reading of a scan, for Python and for those that read its Arrow stream.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::thread::{self, ThreadId};
use std::time::Duration;

use cclf_crosswalk::arrow::array::{RecordBatch, RecordBatchReader};
use cclf_crosswalk::arrow::datatypes::SchemaRef;
use cclf_crosswalk::arrow::error::ArrowError;
use pyo3::prelude::*;

use crate::failure::Failure;
use crate::scan::Latest;
use crate::warn;
use crate::watch::POLL;

/// The process that began a reading. A fork takes the reading along, and none of its threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(u32);

impl Process {
    pub(crate) fn this() -> Self {
        Self(std::process::id())
    }

    /// What is said in every other one.
    pub(crate) fn check(self) -> Result<(), Failure> {
        if self == Self::this() {
            return Ok(());
        }
        Err(Failure::failed(
            "a reading that was begun in one process is read in another process, where its threads are not: ask the \
             scan for a new one there",
        ))
    }
}

/// One reading of a scan.
pub(crate) struct Reading {
    /// None when it is over.
    scan: Option<convert::Scan>,
    schema: SchemaRef,
    latest: Arc<Mutex<Latest>>,
    /// The thread that asked for the reading.
    asker: ThreadId,
    process: Process,
    /// What it warns of, when it is over.
    warnings: Vec<String>,
}

impl Reading {
    pub(crate) fn new(scan: convert::Scan, latest: Arc<Mutex<Latest>>) -> Self {
        let schema = scan.schema();
        let (asker, process) = (thread::current().id(), Process::this());
        Self { scan: Some(scan), schema, latest, asker, process, warnings: Vec::new() }
    }

    /// The next batch, if it comes soon. Called without the interpreter.
    pub(crate) fn poll(&mut self) -> Poll<Option<Result<RecordBatch, Failure>>> {
        self.poll_for(POLL)
    }

    fn poll_for(&mut self, time: Duration) -> Poll<Option<Result<RecordBatch, Failure>>> {
        if let Err(failure) = self.process.check() {
            return Poll::Ready(Some(Err(self.fail(failure))));
        }
        let Some(scan) = &mut self.scan else { return Poll::Ready(None) };
        match scan.poll_next(time) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(batch))) => Poll::Ready(Some(Ok(batch))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(self.fail(error.into())))),
            Poll::Ready(None) => {
                let report = scan.report().map(convert::ScanReport::to_json);
                self.warnings =
                    scan.report().map(|own| own.run.warnings.clone()).unwrap_or_default();
                self.end(Latest { report, failure: None });
                Poll::Ready(None)
            }
        }
    }

    fn fail(&mut self, failure: Failure) -> Failure {
        self.end(Latest { report: None, failure: Some(failure.clone()) });
        failure
    }

    fn end(&mut self, latest: Latest) {
        self.close();
        // Nobody keeps it for long, but a fork keeps what was kept for ever.
        let known = match self.process.check() {
            Ok(()) => Some(self.latest.lock().unwrap_or_else(PoisonError::into_inner)),
            Err(_) => self.latest.try_lock().ok(),
        };
        if let Some(mut known) = known {
            *known = latest;
        }
    }

    /// Ends the reading and its threads.
    pub(crate) fn close(&mut self) {
        let scan = self.scan.take();
        if self.process.check().is_err() {
            // There is no thread here that could be waited for.
            std::mem::forget(scan);
        }
    }

    /// What the reading warns of, once.
    pub(crate) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Tells what the reading warns of, as its reader may; an error if a filter of the user's makes one of it.
    fn tell_warnings(&mut self) -> Result<(), Failure> {
        let warnings = self.take_warnings();
        if warnings.is_empty() {
            return Ok(());
        }
        if thread::current().id() != self.asker {
            warn::tell_apart(warnings);
            return Ok(());
        }
        let told = Python::try_attach(|py| {
            warn::tell(py, &warnings).map_err(|error| Failure::failed(error.to_string()))
        });
        told.unwrap_or(Ok(()))
    }

    /// The next batch for the thread that asked for the reading. It may hold the interpreter, which others want
    /// meanwhile, and it is who can be interrupted.
    fn next_interruptible(&mut self) -> Poll<Option<Result<RecordBatch, Failure>>> {
        let asked = Python::try_attach(|py| match py.detach(|| self.poll_for(POLL)) {
            Poll::Pending => py.check_signals().map(|()| Poll::Pending),
            Poll::Ready(batch) => Ok(Poll::Ready(batch)),
        });
        match asked {
            Some(Ok(polled)) => polled,
            // Whoever reads the stream cannot pass a KeyboardInterrupt on, and raises an error of theirs that says so.
            // Raised again afterwards, it would come in the midst of whatever they do about their error.
            Some(Err(_)) => {
                let failure = Failure::interrupted("interrupted; not all rows were handed out");
                Poll::Ready(Some(Err(self.fail(failure))))
            }
            // The interpreter is ending.
            None => self.poll_for(POLL),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.close();
    }
}

impl Reading {
    fn next_of_stream(&mut self) -> Option<Result<RecordBatch, Failure>> {
        let mut polled = self.poll_for(Duration::ZERO);
        loop {
            match polled {
                Poll::Ready(None) => {
                    return self.tell_warnings().err().map(|failure| Err(self.fail(failure)));
                }
                Poll::Ready(batch) => return batch,
                Poll::Pending => {}
            }
            // Another thread must not ask for the interpreter: whoever holds it may be waiting for that thread.
            polled = if thread::current().id() == self.asker {
                self.next_interruptible()
            } else {
                self.poll_for(POLL)
            };
        }
    }
}

impl Iterator for Reading {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        // Whoever reads the stream is not Rust: a panic would end the process.
        let next = catch_unwind(AssertUnwindSafe(|| self.next_of_stream()));
        let next = next.unwrap_or_else(|_| Some(Err(self.fail(Failure::internal()))));
        let said = |failure: Failure| ArrowError::ExternalError(failure.message().into());
        next.map(|batch| batch.map_err(said))
    }
}

impl RecordBatchReader for Reading {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

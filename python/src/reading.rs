//! One reading of a scan, for Python and for those that read its Arrow stream.

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
use crate::watch::POLL;

/// One reading of a scan.
pub(crate) struct Reading {
    /// None when it is over.
    scan: Option<convert::Scan>,
    schema: SchemaRef,
    latest: Arc<Mutex<Latest>>,
    /// The thread that asked for the reading.
    asker: ThreadId,
}

impl Reading {
    pub(crate) fn new(scan: convert::Scan, latest: Arc<Mutex<Latest>>) -> Self {
        let schema = scan.schema();
        Self { scan: Some(scan), schema, latest, asker: thread::current().id() }
    }

    /// The next batch, if it comes soon. Called without the interpreter.
    pub(crate) fn poll(&mut self) -> Poll<Option<Result<RecordBatch, Failure>>> {
        self.poll_for(POLL)
    }

    fn poll_for(&mut self, time: Duration) -> Poll<Option<Result<RecordBatch, Failure>>> {
        let Some(scan) = &mut self.scan else { return Poll::Ready(None) };
        match scan.poll_next(time) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Some(Ok(batch))) => Poll::Ready(Some(Ok(batch))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(self.fail(error.into())))),
            Poll::Ready(None) => {
                let report = scan.report().map(convert::ScanReport::to_json);
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
        self.scan = None;
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) = latest;
    }

    /// Ends the reading and its threads.
    pub(crate) fn close(&mut self) {
        self.scan = None;
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

impl Iterator for Reading {
    type Item = Result<RecordBatch, ArrowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut polled = self.poll_for(Duration::ZERO);
        loop {
            if let Poll::Ready(batch) = polled {
                let said = |failure: Failure| ArrowError::ExternalError(failure.message().into());
                return batch.map(|batch| batch.map_err(said));
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

impl RecordBatchReader for Reading {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }
}

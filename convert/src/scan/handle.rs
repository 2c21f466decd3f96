//! A scan that runs on a thread of its own, and whoever reads it.

use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::datatypes::SchemaRef;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use super::options::ScanOptions;
use super::reading::{self, End};
use crate::cancel::Cancel;
use crate::elsewhere::Elsewhere;
use crate::error::Error;
use crate::report::ScanReport;

/// Batches that wait for the reader.
const BATCHES_AHEAD: usize = 2;

/// Reads one table as record batches, on threads of its own; dropped, it stops them and waits for them.
#[derive(Debug)]
pub struct Scan {
    schema: SchemaRef,
    /// None when the scan is over for its reader.
    batches: Option<Receiver<RecordBatch>>,
    end: Receiver<End>,
    report: Option<ScanReport>,
    cancel: Cancel,
    thread: Option<JoinHandle<()>>,
}

/// Begins to read a table of the inputs: the same rows in the same order as [`run`](crate::run) writes.
///
/// # Errors
/// At once, what [`ScanOptions::check`] says. What is wrong with the files comes with the batches, after those that
/// came before it.
pub fn scan(options: ScanOptions) -> Result<Scan, Error> {
    let elsewhere = Elsewhere::new(&options.reading.cancel);
    let (files, patients) = options.files(&elsewhere)?;
    let schema = options.schema();
    let cancel = options.reading.cancel.clone();
    let (batches_in, batches) = bounded(BATCHES_AHEAD);
    let (end_in, end) = bounded(1);
    let thread = thread::Builder::new()
        .name("bcda-scan".to_owned())
        .spawn(move || {
            let ended = reading::run(&options, files, patients, &elsewhere, &batches_in);
            // There is room for it; whoever might have wanted it may be gone.
            let _ = end_in.send(ended);
        })
        .map_err(|error| Error::failed(format!("start of a thread failed: {error}")))?;
    let batches = Some(batches);
    Ok(Scan { schema, batches, end, report: None, cancel, thread: Some(thread) })
}

impl Scan {
    /// The schema of the batches.
    pub fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    /// What the scan did; none before its last batch was taken, or if it failed.
    pub fn report(&self) -> Option<&ScanReport> {
        self.report.as_ref()
    }

    /// The next batch if it comes in this time. After the last one, and after an error, there is none.
    pub fn poll_next(&mut self, at_most: Duration) -> Poll<Option<Result<RecordBatch, Error>>> {
        let Some(batches) = &self.batches else { return Poll::Ready(None) };
        match batches.recv_timeout(at_most) {
            Ok(batch) => Poll::Ready(Some(Ok(batch))),
            Err(RecvTimeoutError::Timeout) => Poll::Pending,
            Err(RecvTimeoutError::Disconnected) => Poll::Ready(self.finish().map(Err)),
        }
    }

    /// All batches have come: why there are no more, if it is an error.
    fn finish(&mut self) -> Option<Error> {
        self.batches = None;
        match self.end.recv() {
            Ok(Ok(report)) => {
                self.report = Some(report);
                None
            }
            Ok(Err(error)) => Some(error),
            // The thread has panicked; what it said may quote the data.
            Err(_) => {
                Some(Error::failed("the scan ended in a way it should not; please report it"))
            }
        }
    }
}

impl Iterator for Scan {
    type Item = Result<RecordBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.batches.as_ref()?.recv() {
            Ok(batch) => Some(Ok(batch)),
            Err(_) => self.finish().map(Err),
        }
    }
}

impl Drop for Scan {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.batches = None;
        if let Some(thread) = self.thread.take() {
            // It was told to stop; what else became of it does not matter.
            let _ = thread.join();
        }
    }
}

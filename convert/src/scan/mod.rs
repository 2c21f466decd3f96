//! One table as a stream of record batches, made while it is read.
//!
//! ```text
//! scan thread:  index pass ──> claim pass ──> people ──> Batches ──> channel ──> Scan ──> reader
//! ```
//!
//! The passes are those of a run, so rows and their order are those of its tables; nothing is written anywhere. The
//! channel holds few batches: a slow reader makes the passes wait, and memory stays bounded.

mod batches;
mod index_file;
mod options;
mod report;
mod split;

use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::datatypes::SchemaRef;
use cclf_crosswalk::{Plan, schema};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ndjson_io::{Discovered, SourceFile};

use self::batches::Batches;
pub use self::options::{People, ScanOptions};
pub use self::report::ScanReport;
pub use self::split::{Part, Piece, Split, split};
use crate::elsewhere::Elsewhere;
use crate::error::{Error, ErrorKind};
use crate::input::sources::{self, Source};
use crate::pass::no_export;
use crate::run::{Passes, Run, first_bad};

/// Batches that wait for the reader.
const BATCHES_AHEAD: usize = 2;

/// How the scan ended.
type End = Result<ScanReport, Error>;

/// Reads one table as record batches, on threads of its own; dropped, it stops them and waits for them.
#[derive(Debug)]
pub struct Scan {
    schema: SchemaRef,
    /// None when the scan is over for its reader.
    batches: Option<Receiver<RecordBatch>>,
    end: Receiver<End>,
    report: Option<ScanReport>,
    cancel: crate::Cancel,
    thread: Option<JoinHandle<()>>,
}

/// Begins to read a table of the inputs: the same rows in the same order as [`run`](crate::run) writes.
///
/// # Errors
/// At once, what [`ScanOptions::check`] says. What is wrong with the files comes with the batches, after those that
/// came before it.
pub fn scan(options: ScanOptions) -> Result<Scan, Error> {
    let elsewhere = Elsewhere::new(&options.cancel);
    let (files, patients) = files(&options, &elsewhere)?;
    let schema = options.schema();
    let cancel = options.cancel.clone();
    let (batches_in, batches) = bounded(BATCHES_AHEAD);
    let (end_in, end) = bounded(1);
    let thread = thread::Builder::new()
        .name("bcda-scan".to_owned())
        .spawn(move || {
            let ended = run(&options, files, patients, &elsewhere, &batches_in);
            // There is room for it; whoever might have wanted it may be gone.
            let _ = end_in.send(ended);
        })
        .map_err(|error| Error::failed(format!("start of a thread failed: {error}")))?;
    let batches = Some(batches);
    Ok(Scan { schema, batches, end, report: None, cancel, thread: Some(thread) })
}

impl ScanOptions {
    /// The schema of the batches, with labels, sources and notes as metadata of the columns.
    pub fn schema(&self) -> SchemaRef {
        schema(Plan::stu3().crosswalk(), self.table, &self.columns)
    }
}

/// The files of a scan, and those of its Patients besides.
fn files(options: &ScanOptions, elsewhere: &Elsewhere) -> Result<(Discovered, Discovered), Error> {
    if options.batch_rows == 0 {
        return Err(Error::usage("a batch has at least one row"));
    }
    if options.part.is_some() {
        return Ok((Discovered::default(), Discovered::default()));
    }
    let run = options.as_run();
    let files = sources::find_in(&run.inputs, &[], "", &run.cancel, elsewhere)?;
    let patients = sources::find_patients(&run, &files.sources, elsewhere)?;
    if files.sources.iter().chain(&patients.sources).any(SourceFile::is_stream) {
        return Err(Error::usage(
            "standard input (-) and pipes cannot be scanned, because they are read once; convert them, or give a file",
        ));
    }
    Ok((files, patients))
}

/// The whole scan, on its thread.
fn run(
    options: &ScanOptions,
    files: Discovered,
    patients: Discovered,
    elsewhere: &Elsewhere,
    reader: &Sender<RecordBatch>,
) -> End {
    let asked = options.as_run();
    let in_order = files.sources.clone();
    let ended = match &options.part {
        Some(part) => split::read(options, part, elsewhere, reader),
        None => passes(options, files, patients, elsewhere, reader),
    };
    match ended {
        // A part is read in one pass, in its order.
        Err(error) if error.is_of_a_record() && options.part.is_none() => {
            Err(first_bad(&in_order, &asked)?.unwrap_or(error))
        }
        Err(error) if error.kind() == ErrorKind::Cancelled => {
            Err(Error::new(ErrorKind::Cancelled, "interrupted; not all rows were handed out"))
        }
        ended => ended,
    }
}

fn passes(
    options: &ScanOptions,
    files: Discovered,
    patients: Discovered,
    elsewhere: &Elsewhere,
    reader: &Sender<RecordBatch>,
) -> End {
    let started = Instant::now();
    let asked = options.as_run();
    let mut run = Run::of_scan(&asked, options.most_places, elsewhere.clone());
    let sources = run.examine(files, patients)?;
    let mut passes = run.people_first(&sources, options.people == People::Anywhere)?;
    let begin = || Ok(Batches::of(options, reader));
    let (mut rows, _) = run.claims(&sources, &mut passes, begin, Batches::abandon)?;
    no_export::refuse(&sources, &passes)?;
    run.write_people(&sources, &mut rows, &mut passes.tally)?;
    let rows = rows.finish(Plan::stu3())?;
    run.warn_of_ends(&sources, &passes);
    Ok(report(options, &run, &sources, passes, rows, started))
}

/// What the passes of a scan came to.
fn report(
    options: &ScanOptions,
    run: &Run<'_>,
    sources: &[Source],
    passes: Passes,
    rows: u64,
    started: Instant,
) -> ScanReport {
    let report = run.report(sources, passes.reports, &passes.tally, Vec::new(), 0, started);
    let places = passes.logs.into_iter().flat_map(crate::pass::rejects::RejectLog::into_places);
    ScanReport::new(options.table.name(), rows, places.collect(), report)
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

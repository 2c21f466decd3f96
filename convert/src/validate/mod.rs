//! What is wrong with the records of the inputs: one OperationOutcome a bad record, and counts by class.

mod report;
mod worker;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use cclf_crosswalk::{Guess, Guesser, is_enough};
use fhir_model::validate::Severity;
use ndjson_io::{Purpose, Sniffer, SourceFile};

use crate::cancel::{Cancel, Progress};
use crate::elsewhere::Elsewhere;
use crate::error::{Error, ErrorKind};
use crate::input::export_manifest::EXPORT_MANIFEST;
use crate::input::instead::Instead;
use crate::input::sources::{self, PREPARED_FILES, SNIFF_BYTES};
use crate::validate::report::Counts;
use crate::validate::worker::{Beginning, Block, Worker};

pub use report::{ClassReport, ValidationReport};

/// What a validation is asked to do.
#[derive(Clone, Debug)]
pub struct ValidateOptions {
    /// Files, folders, globs, or `-` for standard input.
    pub inputs: Vec<String>,
    /// Where the caller writes the issues, if that is a file: no input may lie there.
    pub output: Option<PathBuf>,
    /// The least severity that is written; all are counted.
    pub severity: Severity,
    /// Worker threads.
    pub threads: usize,
    /// Bytes of a block; changes speed and memory, never the output.
    pub block_bytes: usize,
    /// Longest line, in bytes.
    pub max_line_bytes: usize,
    /// Most bytes that one compressed file may hold.
    pub max_decompressed_bytes: u64,
    /// Whether compressed data without a checksum ends the run: damage in it could not be seen.
    pub require_checksums: bool,
    /// Ends the run from outside.
    pub cancel: Cancel,
    /// Counters to watch the run by; its rejects are the records with errors.
    pub progress: Arc<Progress>,
}

/// Small: where every line is bad, the issues of a block are some two hundred times as long as its lines, and
/// they wait in memory for their turn.
const BLOCK_BYTES: usize = 128 << 10;

impl ValidateOptions {
    /// The defaults for these inputs: issues from warnings up.
    pub fn new(inputs: Vec<String>) -> Self {
        let reading = ndjson_io::ReadOptions::default();
        Self {
            inputs,
            output: None,
            severity: Severity::Warning,
            threads: reading.threads,
            block_bytes: BLOCK_BYTES,
            max_line_bytes: reading.limits.max_line_bytes,
            max_decompressed_bytes: reading.limits.max_decompressed_bytes,
            require_checksums: reading.require_checksums,
            cancel: Cancel::new(),
            progress: Arc::default(),
        }
    }

    fn reading(&self) -> ndjson_io::ReadOptions {
        ndjson_io::ReadOptions {
            threads: self.threads,
            block_bytes: self.block_bytes,
            limits: ndjson_io::Limits {
                max_line_bytes: self.max_line_bytes,
                max_decompressed_bytes: self.max_decompressed_bytes,
            },
            hash: false,
            require_checksums: self.require_checksums,
            cancel: Arc::clone(&self.cancel.0),
            progress: Some(Arc::clone(&self.progress.reading)),
        }
    }
}

/// Judges every record of the inputs. Each that has issues of the asked severity or more gives one line on `out`, in
/// input order: an OperationOutcome whose `issue.diagnostics` say where the record stands.
///
/// # Errors
/// What ends the run: see [`ErrorKind`] for the exit code of each class. Bad records are no error: the report
/// counts them. What was written to `out` until then stays there.
pub fn validate(options: &ValidateOptions, out: &mut dyn Write) -> Result<ValidationReport, Error> {
    let started = Instant::now();
    let hint = "; name either";
    let elsewhere = Elsewhere::new(&options.cancel);
    let outputs = options.output.as_slice();
    let found = sources::find_in(&options.inputs, outputs, hint, &options.cancel, &elsewhere)?;
    let files = found.sources;
    refuse_other_json(&files, options)?;
    let total: u64 = files.iter().filter_map(SourceFile::len).sum();
    options.progress.total_bytes.store(total, Ordering::Relaxed);

    let mut counts = Counts::default();
    let mut beginning = Beginning::default();
    let mut stopped = None;
    let make = |_| Worker::new(&files, options);
    let reports = ndjson_io::read(&files, &options.reading(), make, |block: Block| {
        options.progress.records.fetch_add(block.counts.records, Ordering::Relaxed);
        options.progress.rejects.fetch_add(block.counts.with_errors, Ordering::Relaxed);
        counts.add(&block.counts);
        let taken = out.write_all(&block.text).map_err(|error| write_failed(&error, options));
        let taken = taken.and_then(|()| block.check_end(&files, &mut beginning));
        match taken {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                stopped = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    let reports = reports.map_err(|error| match Error::from(error) {
        error if error.kind() == ErrorKind::Cancelled => not_all_judged(),
        error => error,
    })?;
    beginning.finish(&files[0], counts.records)?;
    out.flush().map_err(|error| write_failed(&error, options))?;
    let mut report = counts.report(&files, &reports, started.elapsed().as_secs_f64());
    let is_manifest =
        |path: &&PathBuf| path.file_name().is_some_and(|name| name == EXPORT_MANIFEST);
    let left_aside = found.left_aside.iter().filter(|path| !is_manifest(path));
    report.left_aside = sources::endings(left_aside);
    report.warnings.extend(files.iter().filter_map(sources::warning_of_nothing));
    Ok(report)
}

fn not_all_judged() -> Error {
    Error::new(ErrorKind::Cancelled, "interrupted; not all records were judged")
}

fn write_failed(error: &io::Error, options: &ValidateOptions) -> Error {
    match error.kind() {
        _ if options.cancel.is_cancelled() => not_all_judged(),
        io::ErrorKind::BrokenPipe => Error::new(ErrorKind::BrokenPipe, "the output was closed"),
        _ => Error::failed(format!("write of the issues failed: {error}")),
    }
}

/// Files that are one JSON text are refused as a whole, as by the conversion.
fn refuse_other_json(files: &[SourceFile], options: &ValidateOptions) -> Result<(), Error> {
    let (mut sniffer, mut guesser) = (Sniffer::default(), Guesser::default());
    for (number, file) in files.iter().enumerate().filter(|(_, file)| !file.is_stream()) {
        for next in files.iter().skip(number + 1).take(PREPARED_FILES) {
            next.prepare(Purpose::Look);
        }
        if options.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let beginning = sniffer.beginning(file, SNIFF_BYTES, is_enough)?;
        if guesser.guess(beginning) == Guess::NotNdjson {
            return Err(Instead::ONE_JSON_TEXT.error(file));
        }
    }
    Ok(())
}

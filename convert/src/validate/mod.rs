//! What is wrong with the records of the inputs: one OperationOutcome a bad record, and counts by class.

mod options;
mod report;
mod worker;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ndjson_io::SourceFile;

use crate::cancel::Cancel;
use crate::elsewhere::Elsewhere;
use crate::error::{Error, ErrorKind};
use crate::input::export_manifest::EXPORT_MANIFEST;
use crate::input::{blocks, find, sources};
use crate::validate::report::Counts;
use crate::validate::worker::{Beginning, Block, Worker};

pub use options::ValidateOptions;
pub use report::{ClassReport, ValidationReport};

/// Judges every record of the inputs. Each that has issues of the asked severity or more gives one line on `out`, in
/// input order: an OperationOutcome whose `issue.diagnostics` say where the record stands.
///
/// # Errors
/// What ends the run: see [`ErrorKind`] for the exit code of each class. Bad records are no error: the report
/// counts them. What was written to `out` until then stays there.
pub fn validate(options: &ValidateOptions, out: &mut dyn Write) -> Result<ValidationReport, Error> {
    judge(options, out).map_err(|error| error.spelled(options.reading.spelling))
}

fn judge(options: &ValidateOptions, out: &mut dyn Write) -> Result<ValidationReport, Error> {
    let started = Instant::now();
    let reading = &options.reading;
    let elsewhere = Elsewhere::new(&reading.cancel);
    let found = find::find(reading, options.output.as_slice(), "; name either".into(), &elsewhere)?;
    let files = found.sources;
    // Files that are one JSON text are refused as a whole, as by the conversion.
    sources::guess_all(&files, reading)?;
    let total: u64 = files.iter().filter_map(SourceFile::len).sum();
    reading.progress.total_bytes.store(total, Ordering::Relaxed);

    let mut counts = Counts::default();
    let mut beginning = Beginning::default();
    let make = |_| Worker::new(&files, options);
    let reports =
        blocks::read(&files, &reading.options(false), make, |mut block: Block, before| {
            reading.progress.records.fetch_add(block.counts.records, Ordering::Relaxed);
            reading.progress.rejects.fetch_add(block.counts.with_errors, Ordering::Relaxed);
            counts.add(&block.counts, before);
            let written = block.write(&files, before, out);
            written.map_err(|error| write_failed(&error, &reading.cancel))?;
            block.check_end(&files, &mut beginning).map(ControlFlow::Continue)
        });
    let reports = reports.map_err(|error| match error.kind() {
        ErrorKind::Cancelled => not_all_judged(),
        _ => error,
    })?;
    let reports = reports.unwrap_or_default();
    beginning.finish(&files[0], counts.records)?;
    out.flush().map_err(|error| write_failed(&error, &reading.cancel))?;
    let mut report =
        counts.report(&files, &reports, started.elapsed().as_secs_f64(), reading.spelling);
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

fn write_failed(error: &io::Error, cancel: &Cancel) -> Error {
    match error.kind() {
        _ if cancel.is_cancelled() => not_all_judged(),
        io::ErrorKind::BrokenPipe => Error::new(ErrorKind::BrokenPipe, "the output was closed"),
        _ => Error::failed(format!("write of the issues failed: {error}")),
    }
}

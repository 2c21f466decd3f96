//! The bad record that ends a run: the first in the order of the input, which is not the order of the passes.

use std::ops::ControlFlow;

use cclf_crosswalk::{RecordError, Took};
use ndjson_io::SourceFile;

use crate::error::{Error, RejectPlace};
use crate::input::version::Told;
use crate::pass::context::Pass;
use crate::pass::rejects;

/// Finds it, once one was met among people: claims that stand before it have not been read.
pub(crate) fn first_bad(pass: &Pass<'_>) -> Result<Option<Error>, Error> {
    let sources = pass.input.sources.iter().filter(|source| !source.only_people);
    let files: Vec<SourceFile> = sources.map(|source| source.file.clone()).collect();
    if files.iter().any(SourceFile::is_stream) {
        // A stream is read in its order, and cannot be read again.
        return Ok(None);
    }
    let judge = |line: ndjson_io::Line<'_>| match pass.reader().take(line.bytes) {
        Took::Bad(error) => Err(error),
        Took::Foreign(_) if pass.version.told == Told::ByUser => {
            Err(RecordError::of_other_version())
        }
        _ => Ok(()),
    };
    let mut found = None;
    let mut options = pass.reading.options(false);
    options.limits.max_decompressed_bytes = u64::MAX;
    ndjson_io::read_records(&files, &options, judge, |record| {
        let error = match record.value {
            Ok(()) => return ControlFlow::Continue(()),
            Err(ndjson_io::RecordError::Parse(error)) => error,
            Err(_) => RecordError::line_too_long(),
        };
        let name = files[record.source].name();
        let place =
            rejects::place(name, (record.number, record.offset), &error, pass.reading.spelling);
        let record = RejectPlace::new(name, record.number, record.offset, &error);
        found = Some(Error::of_a_record(record, place));
        ControlFlow::Break(())
    })?;
    Ok(found)
}

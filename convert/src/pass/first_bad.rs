//! The bad record that ends a run: the first in the order of the input, whichever pass met one first.

use std::ops::ControlFlow;

use cclf_crosswalk::{Plan, Reader};
use ndjson_io::{Line, SourceFile};

use crate::error::{Error, RejectPlace};
use crate::options::Options;
use crate::pass::rejects;

/// The first bad record in input order, which is not the order of the passes: people are read before claims.
pub(crate) fn first_bad(files: &[SourceFile], options: &Options) -> Result<Option<Error>, Error> {
    if files.iter().any(SourceFile::is_stream) {
        // A stream was read in its order, and cannot be read again.
        return Ok(None);
    }
    let judge = |line: Line<'_>| match Reader::new(Plan::stu3()).read(line.bytes) {
        Ok(_) => Ok(()),
        Err(error) => Err(error),
    };
    let mut found = None;
    let mut reading = options.reading(false);
    reading.limits.max_decompressed_bytes = u64::MAX;
    ndjson_io::read_records(files, &reading, judge, |record| {
        let error = match record.value {
            Ok(()) => return ControlFlow::Continue(()),
            Err(ndjson_io::RecordError::Parse(error)) => error,
            Err(_) => cclf_crosswalk::RecordError::line_too_long(),
        };
        let name = files[record.source].name();
        let place = rejects::place(name, record.number, record.offset, &error);
        let record = RejectPlace::new(name, record.number, record.offset, &error);
        found = Some(Error::of_a_record(record, &place));
        ControlFlow::Break(())
    })?;
    Ok(found)
}

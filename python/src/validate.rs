//! `bcda.validate`.

use std::io::{self, Write};
use std::sync::Arc;

use convert::ValidateOptions;
use fhir_model::validate::Severity;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::{self, ReadingArguments, paths, within};
use crate::failure::{Failure, guarded};
use crate::warn;
use crate::watch::{Teller, watched};

/// Keeps the first lines that are written, and counts the others.
struct FirstLines {
    /// A JSON array that is not closed.
    text: Vec<u8>,
    line: Vec<u8>,
    kept: u64,
    most: u64,
    left_out: u64,
}

impl FirstLines {
    fn new(most: u64) -> Self {
        Self { text: vec![b'['], line: Vec::new(), kept: 0, most, left_out: 0 }
    }
}

impl Write for FirstLines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = part.ends_with(b"\n");
            if self.kept < self.most {
                self.line.extend_from_slice(part);
                if ends {
                    if self.kept > 0 {
                        self.text.push(b',');
                    }
                    self.text.append(&mut self.line);
                    self.kept += 1;
                }
            } else {
                self.left_out += u64::from(ends);
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says what is wrong with the records of an export by FHIR STU3 and the rules of Blue Button.
///
/// Args:
///     inputs: a file, a folder, a glob, an address in object storage ("s3://bucket/export/"), or a list of them.
///     severity: the least severity of the outcomes: "information", "warning" or "error". All issues are counted.
///     max_outcomes: how many outcomes are given; the others are counted.
///     threads: how many threads work at once; as many as the machine runs at once unless given.
///     max_line_bytes: longest line that is a record.
///     max_decompressed_bytes: most bytes that one compressed file may hold.
///     require_checksums: whether a zstd frame without a checksum ends the run; else it is a warning.
///     progress: called a few times a second, and once at the end, with a dict of bytes_read, total_bytes, records
///         and rejects, which are records with errors. An exception of it ends the run.
///
/// Returns:
///     A dict: records, valid, with_warnings and with_errors count records; classes counts issues; outcomes are the
///     first records that have issues, each a FHIR OperationOutcome as a dict; outcomes_left_out counts those after
///     them. None of it holds a value of a record.
///
/// Raises:
///     UsageError, BadDataError, BcdaError; KeyboardInterrupt on Ctrl-C.
///
/// Warns:
///     BcdaWarning: what the user should know of the files.
#[pyfunction]
#[pyo3(signature = (
    inputs, *, severity = "warning", max_outcomes = 1000, threads = None, max_line_bytes = None,
    max_decompressed_bytes = None, require_checksums = false, progress = None
))]
#[allow(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub(crate) fn validate<'py>(
    py: Python<'py>,
    inputs: &Bound<'py, PyAny>,
    severity: &str,
    max_outcomes: i128,
    threads: Option<i128>,
    max_line_bytes: Option<i128>,
    max_decompressed_bytes: Option<i128>,
    require_checksums: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(|| {
        let mut options = ValidateOptions::new(paths("inputs", inputs)?);
        options.severity = match severity {
            "information" => Severity::Information,
            "warning" => Severity::Warning,
            "error" => Severity::Error,
            _ => {
                let message = "severity: expected information, warning or error";
                return Err(Failure::usage(message).into());
            }
        };
        let reading = ReadingArguments {
            threads,
            max_line_bytes,
            max_decompressed_bytes,
            require_checksums,
            ..ReadingArguments::default()
        };
        reading.set(&mut options.reading)?;

        let counters = Arc::clone(&options.reading.progress);
        let mut teller = Teller::new(progress, &counters);
        let tick = |py: Python<'_>| teller.tick(py);
        let mut outcomes =
            FirstLines::new(within("max_outcomes", max_outcomes, 0, u64::MAX)? as u64);
        let ended = watched(
            py,
            || options.reading.cancel.cancel(),
            tick,
            || convert::validate(&options, &mut outcomes),
        )?;
        let report = ended.map_err(Failure::from)?;
        teller.tell(py)?;
        let all = arguments::report(py, &report.to_json())?;
        outcomes.text.push(b']');
        let text = String::from_utf8_lossy(&outcomes.text);
        all.set_item("outcomes", arguments::loads(py, &text)?)?;
        all.set_item("outcomes_left_out", outcomes.left_out)?;
        warn::tell_of(&all)?;
        Ok(all)
    })
}

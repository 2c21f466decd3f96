//! What a run warns of, as warnings of Python's.

use std::ffi::CString;
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// How long a reader waits until its warnings are told. Whoever has the interpreter may be waiting for that reader.
const TOLD_IN: Duration = Duration::from_millis(100);

/// Tells what a report warns of.
pub(crate) fn tell_of(report: &Bound<'_, PyDict>) -> PyResult<()> {
    match report.get_item("warnings")? {
        Some(warnings) => tell(report.py(), &warnings.extract::<Vec<String>>()?),
        None => Ok(()),
    }
}

/// Tells them. A filter of the user's may make an error of one.
pub(crate) fn tell(py: Python<'_>, warnings: &[String]) -> PyResult<()> {
    let category = py.import("bcda._errors")?.getattr("BcdaWarning")?;
    for text in warnings {
        // Names of files may hold anything.
        let text = CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default();
        PyErr::warn(py, &category, &text, 1)?;
    }
    Ok(())
}

/// Tells them from a thread of its own, for a reader that must not ask for the interpreter.
pub(crate) fn tell_apart(warnings: Vec<String>) {
    let (done, told) = bounded::<()>(1);
    let began = thread::Builder::new().name("bcda-warn".to_owned()).spawn(move || {
        Python::try_attach(|py| {
            if let Err(error) = tell(py, &warnings) {
                error.write_unraisable(py, None);
            }
        });
        drop(done);
    });
    if began.is_ok() {
        let _ = told.recv_timeout(TOLD_IN);
    }
}

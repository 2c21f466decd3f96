//! The native half of the Python package `bcda`.
//!
//! ```text
//! bcda/__init__.py ──> _bcda: convert_run, scan, split, describe, validate, results, report, export, sync ──> the crates
//! ```
//!
//! Arguments come in as Python gives them (`arguments`), work runs on threads without the interpreter (`watch`), rows
//! go out through the Arrow PyCapsule interface (`scan`, `reading`; `frames` says which call makes a frame), and errors
//! and warnings become those of `bcda/_errors.py` (`failure`, `warn`). No library of Python's is needed for any of it.
#![allow(clippy::doc_link_with_quotes, reason = "the docs of functions are docstrings of Python")]

use std::io::Write;

mod arguments;
mod convert_run;
mod describe;
mod export;
mod failure;
mod frames;
mod reading;
mod report;
mod results;
mod scan;
mod split;
mod sync;
mod validate;
mod warn;
mod watch;

/// A panic becomes an exception of ours; here is told where it was. Its own message may quote the data. The hook is that
/// of this library's Rust, not of others' in the same program.
fn tell_panics_without_data() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |at| format!(" at {at}"));
        let _ = writeln!(std::io::stderr(), "bcda: internal fault{place}; please report it");
    }));
}

/// The module `bcda._bcda`.
#[pyo3::pymodule]
mod _bcda {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::convert_run::convert_export;
    #[pymodule_export]
    use crate::describe::describe;
    #[pymodule_export]
    use crate::export::export;
    #[pymodule_export]
    use crate::report::report_page;
    #[pymodule_export]
    use crate::results::{cclf_current, cclf_read, cclf_write, reconcile};
    #[pymodule_export]
    use crate::scan::{Batch, Batches, Scan, scan};
    #[pymodule_export]
    use crate::split::{scan_part, split};
    #[pymodule_export]
    use crate::sync::sync;
    #[pymodule_export]
    use crate::validate::validate;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        crate::tell_panics_without_data();
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

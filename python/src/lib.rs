//! The native half of the Python package `bcda`.
//!
//! ```text
//! bcda/__init__.py ──> _bcda: convert_run, scan, describe, validate, export ──> the crates
//! ```
//!
//! Arguments come in as Python gives them (`arguments`), work runs on threads without the interpreter (`watch`), rows
//! go out through the Arrow PyCapsule interface (`scan`, `reading`), and errors become the exceptions of
//! `bcda/_errors.py` (`failure`). No library of Python's is needed for any of it.
#![allow(clippy::doc_link_with_quotes, reason = "the docs of functions are docstrings of Python")]

mod arguments;
mod convert_run;
mod describe;
mod export;
mod failure;
mod reading;
mod scan;
mod validate;
mod watch;

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
    use crate::scan::{Batch, Batches, Scan, scan};
    #[pymodule_export]
    use crate::validate::validate;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // A panic becomes an exception of ours; its own message may quote the data.
        std::panic::set_hook(Box::new(|_| {}));
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

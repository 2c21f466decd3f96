//! Which call makes a frame of a table, for those who tried another one.
//!
//! A library that takes a table for an array or for a column would make something of it that looks like a frame and is
//! none: it gets an error that names the right call.

use pyo3::prelude::*;

use crate::failure::Failure;

/// A table is not an array of numpy's, nor a list of rows, which pandas.DataFrame would make a frame of.
pub(crate) fn no_array(what: &str) -> Failure {
    Failure::wrong_type(format!(
        "a table is no array and no list of rows; pandas.DataFrame.from_arrow({what}) makes a frame of it, before \
         pandas 3 pyarrow.table({what}).to_pandas(); others are polars.DataFrame({what}) and pyarrow.table({what})"
    ))
}

/// The module of Python's that asks; none where it is no library of Python's.
fn asking(py: Python<'_>) -> Option<String> {
    let frame = py.import("sys").and_then(|sys| sys.call_method1("_getframe", (0,))).ok()?;
    frame.getattr("f_globals").ok()?.get_item("__name__").ok()?.extract().ok()
}

/// An error if whoever asks for the Arrow of a table would make one column of it, whatever it is given.
pub(crate) fn refuse_series(py: Python<'_>, what: &str) -> Result<(), Failure> {
    let call = match asking(py).as_deref() {
        Some("polars.series.series") => "polars.DataFrame",
        Some("pandas.core.series") => "pandas.DataFrame.from_arrow",
        _ => return Ok(()),
    };
    let message = format!("a table is not one column; {call}({what}) makes a frame of it");
    Err(Failure::wrong_type(message))
}

/// An error if whoever asks for batches would take each for a value.
pub(crate) fn refuse_values(py: Python<'_>, what: &str) -> Result<(), Failure> {
    match asking(py) {
        Some(module) if module.starts_with("pandas.") => Err(no_array(what)),
        _ => Ok(()),
    }
}

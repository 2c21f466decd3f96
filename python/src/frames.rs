//! Which call makes a frame of a table, for those who tried another one.
//!
//! A library that takes a table for an array or for a column would make something of it that looks like a frame and is
//! none: it gets an error that names the right call.

use pyo3::prelude::*;

use crate::failure::Failure;

/// Modules that ask for one column, whatever they are given, and the call that makes a frame.
const OF_ONE_COLUMN: [(&str, &str); 2] = [
    ("polars.series.series", "polars.DataFrame"),
    ("pandas.core.series", "pandas.DataFrame.from_arrow"),
];

/// A table is not an array of numpy's, which pandas.DataFrame would make a frame of.
pub(crate) fn no_array(what: &str) -> Failure {
    Failure::wrong_type(format!(
        "a table is no array; pandas.DataFrame.from_arrow({what}) makes a frame of it, before pandas 3 \
         pyarrow.table({what}).to_pandas(); others are polars.DataFrame({what}) and pyarrow.table({what})"
    ))
}

/// An error if whoever asks for the Arrow of a table would make one column of it.
pub(crate) fn refuse_series(py: Python<'_>, what: &str) -> Result<(), Failure> {
    let asking = || -> PyResult<String> {
        let frame = py.import("sys")?.call_method1("_getframe", (0,))?;
        frame.getattr("f_globals")?.get_item("__name__")?.extract()
    };
    // Without a frame it is no library of Python's.
    let Ok(asking) = asking() else { return Ok(()) };
    match OF_ONE_COLUMN.iter().find(|(module, _)| *module == asking) {
        Some((_, call)) => Err(Failure::wrong_type(format!(
            "a table is not one column; {call}({what}) makes a frame of it"
        ))),
        None => Ok(()),
    }
}

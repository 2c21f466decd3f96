//! `bcda.report`: the page that shows what is in tables.

use std::sync::Arc;

use convert::{Cancel, Progress};
use profile::{Options, Profile};
use pyo3::prelude::*;

use crate::arguments;
use crate::failure::{Failure, guarded};
use crate::watch::{Teller, watched};

/// The page's text; `bcda.report` makes of it what a notebook shows.
#[pyfunction]
#[pyo3(signature = (tables, *, show_small_cells = false, threads = None))]
pub(crate) fn report_page(
    py: Python<'_>,
    tables: &Bound<'_, PyAny>,
    show_small_cells: bool,
    threads: Option<i128>,
) -> PyResult<String> {
    guarded(|| {
        let tables = arguments::path("tables", tables)?;
        let mut options = Options { show_small_cells, ..Options::default() };
        if let Some(most) = threads {
            options.threads = arguments::threads(most)?;
        }
        let (cancel, progress) = (Cancel::new(), Arc::new(Progress::default()));
        let mut teller = Teller::new(None, &progress);
        let tick = |py: Python<'_>| teller.tick(py);
        let work = || Profile::of(&tables, &options, &cancel);
        let found = watched(py, || cancel.cancel(), tick, work)?.map_err(Failure::from)?;
        Ok(report::page(&found))
    })
}

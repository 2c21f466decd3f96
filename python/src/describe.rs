//! `bcda.describe`.

use cclf_crosswalk::{Crosswalk, Naming};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::arguments;
use crate::failure::guarded;

/// The columns of a table, or of all tables: the data dictionary.
///
/// Args:
///     table: e.g. "cclf5"; all tables unless named.
///     api: of which version of the API the sources and notes are, "v1", "v2" or "v3"; names, types and order of the
///         columns are the same in all.
///
/// Returns:
///     A list with a dict for each column: table, position, name, type, label, source ("-" where BCDA has none) and
///     note. Lineage columns come last, with the label "Lineage".
#[pyfunction]
#[pyo3(signature = (table = None, api = "v1"))]
pub(crate) fn describe<'py>(
    py: Python<'py>,
    table: Option<&str>,
    api: &str,
) -> PyResult<Bound<'py, PyList>> {
    guarded(|| {
        let crosswalk = Crosswalk::of(arguments::api(api)?);
        let only = table.map(arguments::table).transpose()?;
        let list = PyList::empty(py);
        for def in crosswalk.tables() {
            if only.is_some_and(|only| only != def.table) {
                continue;
            }
            let own = def.columns.iter().map(|column| {
                (&column.name, column.column_type, &*column.label, &column.source, &column.note)
            });
            let lineage = crosswalk.lineage_of(def.table).map(|column| {
                (&column.name, column.column_type, "Lineage", &column.source, &column.note)
            });
            for (number, (name, kind, label, source, note)) in (1..).zip(own.chain(lineage)) {
                let column = PyDict::new(py);
                column.set_item("table", Naming::Cclf.file_stem(def.table))?;
                column.set_item("position", number)?;
                column.set_item("name", name)?;
                column.set_item("type", kind.to_string())?;
                column.set_item("label", label)?;
                column.set_item("source", source)?;
                column.set_item("note", note)?;
                list.append(column)?;
            }
        }
        Ok(list)
    })
}

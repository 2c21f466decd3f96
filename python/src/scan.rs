//! `bcda.scan`: a table as Arrow, for whoever speaks the Arrow PyCapsule interface.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use cclf_crosswalk::Naming;
use cclf_crosswalk::arrow::array::{Array, RecordBatch, StructArray};
use cclf_crosswalk::arrow::datatypes::SchemaRef;
use cclf_crosswalk::arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use cclf_crosswalk::arrow::ffi_stream::FFI_ArrowArrayStream;
use convert::{Cancel, ScanOptions};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

use crate::arguments::{self, ReadingArguments, names, paths, within};
use crate::failure::{Failure, guarded};
use crate::reading::{Process, Reading};
use crate::watch::watched;
use crate::{frames, warn};

/// What the latest reading of a scan came to.
#[derive(Debug, Default)]
pub(crate) struct Latest {
    /// Its report as JSON.
    pub(crate) report: Option<String>,
    pub(crate) failure: Option<Failure>,
}

/// One CCLF table of an export, read as Arrow record batches whenever somebody asks for them.
///
/// Give it to pyarrow.table, polars.DataFrame, pandas.DataFrame.from_arrow or duckdb, or iterate it: whatever knows
/// the Arrow PyCapsule interface reads it without a copy. Each reading begins anew, on threads of its own, and waits
/// for its reader: memory stays bounded.
#[pyclass(frozen, module = "bcda", name = "Scan")]
pub(crate) struct Scan {
    options: ScanOptions,
    schema: SchemaRef,
    latest: Arc<Mutex<Latest>>,
}

impl Scan {
    pub(crate) fn new(options: ScanOptions) -> Self {
        let schema = options.schema();
        Self { options, schema, latest: Arc::default() }
    }
}

fn lock(latest: &Mutex<Latest>) -> MutexGuard<'_, Latest> {
    latest.lock().unwrap_or_else(PoisonError::into_inner)
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::failed(format!("Arrow could not be handed over: {error}"))
}

fn schema_capsule<'py>(py: Python<'py>, schema: &SchemaRef) -> PyResult<Bound<'py, PyCapsule>> {
    let schema = FFI_ArrowSchema::try_from(schema.as_ref()).map_err(broken)?;
    PyCapsule::new_with_value(py, schema, c"arrow_schema")
}

impl Scan {
    /// Begins a reading, without the interpreter: a folder may take a while.
    fn begin(&self, py: Python<'_>) -> PyResult<Reading> {
        *lock(&self.latest) = Latest::default();
        let mut options = self.options.clone();
        options.reading.cancel = Cancel::new();
        options.reading.progress = Arc::default();
        let cancel = options.reading.cancel.clone();
        let begun = watched(py, || cancel.cancel(), |_| Ok(()), || convert::scan(options))?;
        let scan = begun.map_err(Failure::from)?;
        Ok(Reading::new(scan, Arc::clone(&self.latest)))
    }
}

#[pymethods]
impl Scan {
    /// The Arrow stream of a new reading, as a PyCapsule. A requested schema is not followed: name columns in scan().
    #[pyo3(signature = (requested_schema = None))]
    #[allow(unused_variables, reason = "the interface has it, and lets a producer pass it over")]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(|| {
            frames::refuse_series(py, "scan")?;
            let reading = self.begin(py)?;
            let stream = FFI_ArrowArrayStream::new(Box::new(reading));
            PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
        })
    }

    /// The Arrow schema, as a PyCapsule. Reads nothing.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(|| schema_capsule(py, &self.schema))
    }

    /// A table is no array: says how it becomes a frame.
    #[pyo3(signature = (dtype = None, copy = None))]
    #[allow(unused_variables, clippy::unused_self, reason = "the interface of numpy has them")]
    fn __array__(
        &self,
        dtype: Option<&Bound<'_, PyAny>>,
        copy: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        Err(frames::no_array("scan").into())
    }

    /// The batches of a new reading.
    fn __iter__(&self, py: Python<'_>) -> PyResult<Batches> {
        guarded(|| {
            frames::refuse_values(py, "scan")?;
            let reading = Mutex::new(self.begin(py)?);
            Ok(Batches { reading, process: Process::this() })
        })
    }

    fn __repr__(&self) -> String {
        let (table, columns) =
            (Naming::Cclf.file_stem(self.options.table), self.schema.fields().len());
        format!("<bcda.Scan of {table}, {columns} columns>")
    }

    /// The table's name.
    #[getter]
    fn table(&self) -> &'static str {
        Naming::Cclf.file_stem(self.options.table)
    }

    /// Names of the columns, in their order.
    #[getter]
    fn column_names<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.schema.fields().iter().map(|field| field.name()))
    }

    /// What the latest reading did, as a dict; None until it has come to its end.
    #[getter]
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        guarded(|| {
            let report = lock(&self.latest).report.clone();
            report.map(|report| arguments::report(py, &report)).transpose()
        })
    }

    /// Where the records stand that the latest reading rejected, and why: the "rejects" of its report.
    #[getter]
    fn rejects<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.report(py)?.map(|report| report.as_any().get_item("rejects")).transpose()
    }

    /// The BcdaError that ended the latest reading, if one did: other libraries raise errors of theirs in its place.
    #[getter]
    fn error<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        guarded(|| {
            let failure = lock(&self.latest).failure.clone();
            failure.map(|failure| failure.exception(py)).transpose()
        })
    }
}

/// The batches of one reading of a scan.
#[pyclass(frozen, module = "bcda", name = "Batches")]
pub(crate) struct Batches {
    reading: Mutex<Reading>,
    /// Outside of the lock, which a fork may have left locked.
    process: Process,
}

impl Batches {
    /// The reading. Locked without the interpreter: another thread may be in the midst of it.
    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Batches {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Batch>> {
        guarded(|| {
            self.process.check()?;
            loop {
                match py.detach(|| self.reading().poll()) {
                    Poll::Ready(Some(batch)) => return Ok(Some(Batch { batch: batch? })),
                    Poll::Ready(None) => {
                        let warnings = py.detach(|| self.reading().take_warnings());
                        return warn::tell(py, &warnings).map(|()| None);
                    }
                    Poll::Pending => py.check_signals()?,
                }
            }
        })
    }

    /// Ends the reading; its threads have stopped when this returns.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        guarded(|| {
            if self.process.check().is_ok() {
                py.detach(|| self.reading().close());
            }
            Ok(())
        })
    }

    /// Batches are no array: says how they become a frame.
    #[pyo3(signature = (dtype = None, copy = None))]
    #[allow(unused_variables, clippy::unused_self, reason = "the interface of numpy has them")]
    fn __array__(
        &self,
        dtype: Option<&Bound<'_, PyAny>>,
        copy: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        Err(frames::no_array("scan").into())
    }
}

/// Rows of a table: an Arrow record batch for whoever knows the Arrow PyCapsule interface.
#[pyclass(frozen, module = "bcda", name = "Batch")]
pub(crate) struct Batch {
    batch: RecordBatch,
}

#[pymethods]
impl Batch {
    /// Schema and rows, as two PyCapsules. A requested schema is not followed.
    #[pyo3(signature = (requested_schema = None))]
    #[allow(unused_variables, reason = "the interface has it, and lets a producer pass it over")]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        guarded(|| {
            frames::refuse_series(py, "batch")?;
            let rows = StructArray::from(self.batch.clone());
            let (rows, _): (FFI_ArrowArray, _) = to_ffi(&rows.to_data()).map_err(broken)?;
            let rows = PyCapsule::new_with_value(py, rows, c"arrow_array")?;
            Ok((schema_capsule(py, &self.batch.schema())?, rows))
        })
    }

    /// The Arrow schema, as a PyCapsule.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        guarded(|| schema_capsule(py, &self.batch.schema()))
    }

    /// A batch is no array: says how it becomes a frame.
    #[pyo3(signature = (dtype = None, copy = None))]
    #[allow(unused_variables, clippy::unused_self, reason = "the interface of numpy has them")]
    fn __array__(
        &self,
        dtype: Option<&Bound<'_, PyAny>>,
        copy: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        Err(frames::no_array("batch").into())
    }

    /// A batch is no list of rows: says how it becomes a frame.
    #[allow(clippy::unused_self, reason = "the interface of iterables has it")]
    fn __iter__(&self) -> PyResult<Py<PyAny>> {
        Err(frames::no_array("batch").into())
    }

    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    /// Rows.
    #[getter]
    fn num_rows(&self) -> usize {
        self.batch.num_rows()
    }
}

/// One table of an export as Arrow, read whenever somebody asks for it; nothing is written.
///
/// The rows and their order are those of bcda.convert.
///
/// Args:
///     inputs: a file, a folder, a glob, an address in object storage ("s3://bucket/export/"), or a list of them.
///     table: "cclf1" to "cclf9", "cclfa", "cclfb" or "cclf0".
///     columns: which columns, e.g. ["BENE_MBI_ID", "CLM_LINE_NUM"]; they come in this order. Records are judged
///         by their text, by what rows need, and by these columns alone.
///     batch_rows: rows of a batch; only the last one has fewer.
///     patients: files or folders whose Patients and Coverages are read besides.
///     people: where Patients and Coverages are looked for before the first claim is read. "first": in files that
///         begin with one, as BCDA writes them. "anywhere": in every file, so that files with claims are read twice.
///         If people stand among claims after all, "first" begins again, unless rows have been handed out; then it
///         ends with a UsageError.
///     api: the version of the API that the records are of, "v1", "v2" or "v3"; those of others are bad records then. Told
///         by the first record that shows its version unless given, and a record of another version ends the reading.
///     partially_adjudicated: whether claims of v3 that are not adjudicated to the end have rows, too.
///     keep: which versions of a claim have rows: "all", the default for one export, or "latest", the default for several
///         (inputs beside more than one export manifest). With "latest" what was deleted has none.
///     file_date: FILE_DATE of all rows, in place of the export's transactionTime.
///     lineage: whether there are the columns FILE_NAME, FILE_DATE and BCDA_...
///     on_bad_record: "reject" counts a bad record, "fail" ends the reading.
///     max_rejects: how many bad records end the reading: a number, or a share such as "1%" (never below 100).
///     threads: how many threads work at once; as many as the machine runs at once unless given.
///     max_line_bytes: longest line that is a record.
///     max_decompressed_bytes: most bytes that one compressed file may hold.
///     require_checksums: whether a zstd frame without a checksum ends the reading; else it is a warning.
///     max_people: most people whose Patients and Coverages are kept in memory; as many as fit half of it unless given.
///
/// Returns:
///     A Scan.
///
/// Raises:
///     UsageError for what cannot be read at all. What is wrong with the files is raised while they are read.
#[pyfunction]
#[pyo3(signature = (
    inputs, table, *, columns = None, batch_rows = 8192, patients = None, people = "first", api = None,
    partially_adjudicated = false, keep = None, file_date = None, lineage = true, on_bad_record = "reject", max_rejects = None, threads = None, max_line_bytes = None,
    max_decompressed_bytes = None, require_checksums = false, max_people = None
))]
#[allow(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub(crate) fn scan(
    py: Python<'_>,
    inputs: &Bound<'_, PyAny>,
    table: &str,
    columns: Option<&Bound<'_, PyAny>>,
    batch_rows: i128,
    patients: Option<&Bound<'_, PyAny>>,
    people: &str,
    api: Option<&str>,
    partially_adjudicated: bool,
    keep: Option<&str>,
    file_date: Option<&Bound<'_, PyAny>>,
    lineage: bool,
    on_bad_record: &str,
    max_rejects: Option<&Bound<'_, PyAny>>,
    threads: Option<i128>,
    max_line_bytes: Option<i128>,
    max_decompressed_bytes: Option<i128>,
    require_checksums: bool,
    max_people: Option<i128>,
) -> PyResult<Scan> {
    guarded(|| {
        let table = arguments::table(table)?;
        let mut options = ScanOptions::new(paths("inputs", inputs)?, table);
        match columns {
            Some(asked) => {
                options.ask_for(arguments::only(&[table], lineage, &names(asked)?)?);
            }
            None => options.columns = lineage.into(),
        }
        options.batch_rows = within("batch_rows", batch_rows, 1, u32::MAX.into())?;
        options.people = arguments::people(people)?;
        let reading = ReadingArguments {
            patients,
            api,
            partially_adjudicated,
            keep,
            file_date,
            drift: None,
            on_bad_record: Some(on_bad_record),
            max_rejects,
            threads,
            max_line_bytes,
            max_decompressed_bytes,
            require_checksums,
            max_people,
        };
        reading.set(&mut options.reading)?;
        let cancel = options.reading.cancel.clone();
        watched(py, || cancel.cancel(), |_| Ok(()), || options.check())?.map_err(Failure::from)?;
        Ok(Scan::new(options))
    })
}

//! `bcda.convert`.

use std::sync::Arc;

use cclf_crosswalk::{Columns, Crosswalk};
use convert::{Options, Output};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arguments::{self, Around, ReadingArguments, names, paths, word};
use crate::failure::{Failure, guarded};
use crate::warn;
use crate::watch::{Teller, watched};

/// Turns an export into CCLF tables: the command `bcda convert`.
///
/// The folder appears all at once, or not at all.
///
/// Args:
///     inputs: a file, a folder (all *.ndjson and *.jsonl below, also .gz and .zst), a glob, an address in object
///         storage ("s3://bucket/export/", gs://, az://, https:// for one file), or a list of them; "-" for standard
///         input.
///     out: the folder of the tables, or an address in object storage; folders around it are made.
///     format: "parquet", "csv" or "arrow".
///     compression: "zstd", "snappy" or "none", within Parquet and Arrow files.
///     naming: what the files are called: "cclf", or "tuva" for Tuva's CCLF connector.
///     tables: which tables, e.g. ["cclf5", "cclf7"]; all twelve unless named.
///     columns: which columns, e.g. ["BENE_MBI_ID", "cclf5.CLM_POS_CD"]; without tables, of every table that has one.
///         They come in this order. Records are judged by their text, by what rows need, and by these columns alone.
///     patients: files or folders whose Patients and Coverages are read besides.
///     api: the version of the API that the records are of, "v1", "v2" or "v3"; those of others are bad records then. Told
///         by the first record that shows its version unless given, and a record of another version ends the run.
///     partially_adjudicated: whether claims of v3 that are not adjudicated to the end have rows, too.
///     keep: which versions of a claim have rows: "all", the default for one export, or "latest", the default for several
///         (inputs beside more than one export manifest). With "latest" what was deleted has none.
///     file_date: FILE_DATE of all rows, in place of the export's transactionTime.
///     lineage: whether the tables have the columns FILE_NAME, FILE_DATE and BCDA_...
///     drift: which records are looked through for elements and URLs that are not known, which report["drift"] has: "sample",
///         one in 64, "all" or "none".
///     on_bad_record: "reject" keeps a bad record aside, "fail" ends the run.
///     max_rejects: how many bad records end the run: a number, or a share such as "1%" (never below 100).
///     threads: how many threads work at once; as many as the machine runs at once unless given.
///     overwrite: whether an earlier result may be replaced; nothing else ever is.
///     max_line_bytes: longest line that is a record.
///     max_decompressed_bytes: most bytes that one compressed file may hold.
///     require_checksums: whether a zstd frame without a checksum ends the run; else it is a warning.
///     hash_inputs: whether the manifest has the BLAKE3 of each input; else it has those that bcda export took.
///     max_people: most people whose Patients and Coverages are kept in memory; as many as fit half of it unless given.
///     progress: called a few times a second, and once at the end, with a dict of bytes_read, total_bytes, records
///         and rejects. An exception of it ends the run.
///
/// Returns:
///     What the run did, as tables-manifest.json has it: a dict with records, rejected_by_class, tables, inputs,
///     warnings and more. Rejected records are no error: see report["records"]["rejected"].
///
/// Raises:
///     UsageError, BadDataError, ServerError, BcdaError; KeyboardInterrupt on Ctrl-C. Then nothing was published.
///
/// Warns:
///     BcdaWarning: report["warnings"], when all is done.
#[pyfunction]
#[pyo3(name = "convert", signature = (
    inputs, out, *, format = "parquet", compression = "zstd", naming = "cclf", tables = None, columns = None,
    patients = None, api = None, partially_adjudicated = false, keep = None, file_date = None, lineage = true,
    drift = "sample", on_bad_record = "reject", max_rejects = None, threads = None, overwrite = false, max_line_bytes = None, max_decompressed_bytes = None,
    require_checksums = false, hash_inputs = false, max_people = None, progress = None
))]
#[allow(
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "they are keyword arguments"
)]
pub(crate) fn convert_export<'py>(
    py: Python<'py>,
    inputs: &Bound<'py, PyAny>,
    out: &Bound<'py, PyAny>,
    format: &str,
    compression: &str,
    naming: &str,
    tables: Option<&Bound<'py, PyAny>>,
    columns: Option<&Bound<'py, PyAny>>,
    patients: Option<&Bound<'py, PyAny>>,
    api: Option<&str>,
    partially_adjudicated: bool,
    keep: Option<&str>,
    file_date: Option<&Bound<'py, PyAny>>,
    lineage: bool,
    drift: &str,
    on_bad_record: &str,
    max_rejects: Option<&Bound<'py, PyAny>>,
    threads: Option<i128>,
    overwrite: bool,
    max_line_bytes: Option<i128>,
    max_decompressed_bytes: Option<i128>,
    require_checksums: bool,
    hash_inputs: bool,
    max_people: Option<i128>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(|| {
        let mut options =
            Options::new(paths("inputs", inputs)?, Output::at(&arguments::path("out", out)?));
        options.format = word("format", format)?;
        options.compression = word("compression", compression)?;
        options.naming = word("naming", naming)?;
        if options.naming.needs_lineage() && !lineage {
            let message = "naming=\"tuva\" does not go with lineage=False: the connector selects FILE_NAME and FILE_DATE";
            return Err(Failure::usage(message).into());
        }
        let reading = ReadingArguments {
            patients,
            api,
            partially_adjudicated,
            keep,
            file_date,
            drift: Some(drift),
            on_bad_record: Some(on_bad_record),
            max_rejects,
            threads,
            max_line_bytes,
            max_decompressed_bytes,
            require_checksums,
            max_people,
        };
        reading.set(&mut options.reading)?;
        options.reading.hash_inputs = hash_inputs;
        let tables = tables.map(names).transpose()?;
        if let Some(tables) = &tables {
            let known = tables.iter().map(|name| arguments::table(name));
            options.tables = known.collect::<Result<_, Failure>>()?;
        }
        options.columns = lineage.into();
        if let Some(columns) = columns {
            let columns = names(columns)?;
            if tables.is_none() {
                options.tables = Columns::tables_with(Crosswalk::stu3(), &options.tables, &columns);
            }
            options.ask_for(arguments::only(&options.tables, lineage, &columns)?);
        }
        options.overwrite = overwrite;

        let counters = Arc::clone(&options.reading.progress);
        let mut teller = Teller::new(progress, &counters);
        let tick = |py: Python<'_>| teller.tick(py);
        let around = Around::output(&options.output)?;
        let ended =
            watched(py, || options.reading.cancel.cancel(), tick, || convert::run(&options))?;
        let report = ended.map_err(Failure::from)?;
        drop(around);
        teller.tell(py)?;
        let report = arguments::report(py, &report.to_json())?;
        warn::tell_of(&report)?;
        Ok(report)
    })
}

//! `bcda.cclf_write`, `bcda.cclf_read`, `bcda.cclf_current` and `bcda.reconcile`: what is done with CMS's files and with
//! finished tables.

use std::path::PathBuf;
use std::sync::Arc;

use convert::{Cancel, Error, Progress};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use results::{CurrentOptions, ReadOptions, ReconcileOptions, WriteOptions};

use crate::arguments::{self, Around, max_rejects, paths, spelling, threads, word};
use crate::failure::{Failure, guarded};
use crate::warn;
use crate::watch::{Teller, watched};

/// Does a job that has a report, and tells what it warns of.
pub(crate) fn job<'py, R: Send>(
    py: Python<'py>,
    (cancel, progress): (&Cancel, &Arc<Progress>),
    told: Option<Py<PyAny>>,
    work: impl FnOnce() -> Result<R, Error> + Send,
    json: impl FnOnce(&R) -> String,
) -> PyResult<Bound<'py, PyDict>> {
    let mut teller = Teller::new(told, progress);
    let tick = |py: Python<'_>| teller.tick(py);
    let done = watched(py, || cancel.cancel(), tick, work)?.map_err(Failure::from)?;
    teller.tell(py)?;
    let report = arguments::report(py, &json(&done))?;
    warn::tell_of(&report)?;
    Ok(report)
}

/// Makes CMS's fixed-width CCLF files of tables: the command `bcda cclf write`.
///
/// Rows of final claims are written, and of those none that cancels another; tables that cclf_read has made are written
/// whole. Nothing is cut or changed so that it fits.
///
/// Args:
///     tables: the folder of Parquet tables.
///     out: the folder of the files; folders around it are made.
///     aco: the participant whose files they are: "A1234".
///     program: "mssp", "reach", "vtapm", "kcc" or "pcf".
///     performance_year: the year in the names, two digits; that of the newest transactionTime unless given.
///     runout: whether the files are named as the run-out of the year.
///     zip: whether they go into one zip.
///     all_versions: whether claims that are not final, and cancellations, are written, too.
///     surrogate_ids: a CSV file that keeps numbers for claims whose id is not 1 to 13 digits.
///     source: where the tables come from, if they do not tell it: "v1", "v2", "v3" or "cclf".
///     max_rejects: how many claims and people that do not fit end the run: a number, or a share such as "1%".
///     threads: how many threads work at once; as many as the machine runs at once unless given.
///     overwrite: whether earlier files may be replaced; nothing else ever is.
///
/// Returns:
///     What the run did: a dict with written, left_out, rejected, surrogates, warnings and more.
///
/// Raises:
///     UsageError, BadDataError, BcdaError; KeyboardInterrupt on Ctrl-C. Then nothing was published.
///
/// Warns:
///     BcdaWarning: report["warnings"], when all is done.
#[pyfunction]
#[pyo3(signature = (
    tables, out, *, aco, program = "mssp", performance_year = None, runout = false, zip = false, all_versions = false,
    surrogate_ids = None, source = None, max_rejects = None, threads = None, overwrite = false
))]
#[allow(
    clippy::too_many_arguments,
    clippy::fn_params_excessive_bools,
    reason = "they are keyword arguments"
)]
pub(crate) fn cclf_write<'py>(
    py: Python<'py>,
    tables: &Bound<'py, PyAny>,
    out: &Bound<'py, PyAny>,
    aco: &str,
    program: &str,
    performance_year: Option<i128>,
    runout: bool,
    zip: bool,
    all_versions: bool,
    surrogate_ids: Option<&Bound<'py, PyAny>>,
    source: Option<&str>,
    max_rejects: Option<&Bound<'py, PyAny>>,
    threads: Option<i128>,
    overwrite: bool,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(|| {
        let (tables, out) = (arguments::path("tables", tables)?, arguments::path("out", out)?);
        let mut options = WriteOptions::new(tables, out, aco.to_owned());
        options.source = source.map(|source| word("source", source)).transpose()?;
        options.overwrite = overwrite;
        options.spelling = spelling;
        if let Some(most) = threads {
            options.threads = self::threads(most)?;
        }
        let delivery = &mut options.delivery;
        delivery.program = word("program", program)?;
        delivery.performance_year = performance_year.map(arguments::two_digits).transpose()?;
        (delivery.runout, delivery.zip) = (runout, zip);
        delivery.all_versions = all_versions;
        delivery.surrogate_ids =
            surrogate_ids.map(|map| arguments::path("surrogate_ids", map)).transpose()?;
        if let Some(most) = max_rejects {
            delivery.max_rejects = self::max_rejects(most)?;
        }
        let around = Around::make(&options.out)?;
        let watched = (&options.cancel, &options.progress);
        let report =
            job(py, watched, None, || results::write(&options), results::WriteReport::to_json);
        drop(around);
        report
    })
}

/// Reads CMS's fixed-width CCLF files into tables: the command `bcda cclf read`.
///
/// The tables have the names, columns and types of those that convert makes; what they hold is CCLF's history of originals,
/// cancellations and adjustments.
///
/// Args:
///     inputs: a file, a folder, a zip, or a list of them. Files are known by CMS's names.
///     out: the folder of the tables; folders around it are made.
///     format: "parquet", "csv" or "arrow".
///     compression: "zstd", "snappy" or "none", within Parquet and Arrow files.
///     naming: what the files are called: "cclf", or "tuva" for Tuva's CCLF connector.
///     layout: a CSV file that says where the columns stand, for files of a layout that is not known.
///     on_bad_record: "reject" keeps a bad line aside, "fail" ends the run.
///     max_rejects: how many bad lines end the run: a number, or a share such as "1%" (never below 100).
///     threads: how many threads work at once; as many as the machine runs at once unless given.
///     overwrite: whether an earlier result may be replaced; nothing else ever is.
///     progress: called a few times a second, and once at the end, with a dict of bytes_read, total_bytes, records
///         and rejects. An exception of it ends the run.
///
/// Returns:
///     What the run did: a dict with read, tables, records, rejected, warnings and more.
///
/// Raises:
///     UsageError, BadDataError, BcdaError; KeyboardInterrupt on Ctrl-C. Then nothing was published.
///
/// Warns:
///     BcdaWarning: report["warnings"], when all is done.
#[pyfunction]
#[pyo3(signature = (
    inputs, out, *, format = "parquet", compression = "zstd", naming = "cclf", layout = None, on_bad_record = "reject",
    max_rejects = None, threads = None, overwrite = false, progress = None
))]
#[allow(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub(crate) fn cclf_read<'py>(
    py: Python<'py>,
    inputs: &Bound<'py, PyAny>,
    out: &Bound<'py, PyAny>,
    format: &str,
    compression: &str,
    naming: &str,
    layout: Option<&Bound<'py, PyAny>>,
    on_bad_record: &str,
    max_rejects: Option<&Bound<'py, PyAny>>,
    threads: Option<i128>,
    overwrite: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(|| {
        let inputs = paths("inputs", inputs)?.into_iter().map(PathBuf::from).collect();
        let mut options = ReadOptions::new(inputs, arguments::path("out", out)?);
        options.format = word("format", format)?;
        options.compression = word("compression", compression)?;
        options.naming = word("naming", naming)?;
        options.layout = layout.map(|layout| arguments::path("layout", layout)).transpose()?;
        options.on_bad_record = word("on_bad_record", on_bad_record)?;
        if let Some(most) = max_rejects {
            options.max_rejects = self::max_rejects(most)?;
        }
        if let Some(most) = threads {
            options.threads = self::threads(most)?;
        }
        options.overwrite = overwrite;
        options.spelling = spelling;
        let around = Around::make(&options.out)?;
        let watched = (&options.cancel, &options.progress);
        let report =
            job(py, watched, progress, || results::read(&options), results::ReadReport::to_json);
        drop(around);
        report
    })
}

/// Makes the final claims of CMS's history: the command `bcda cclf current`.
///
/// Re-deliveries collapse, cancellations are paired with what they cancel, MBIs become the most recent ones. Of tables that
/// come from BCDA the final rows are taken.
///
/// Args:
///     tables: the folder of Parquet tables that cclf_read or convert has made.
///     out: the folder of the new tables; folders around it are made.
///     format: "parquet", "csv" or "arrow".
///     compression: "zstd", "snappy" or "none", within Parquet and Arrow files.
///     naming: what the files are called: "cclf" or "tuva"; as those of tables unless given.
///     source: where the tables come from, if they do not tell it: "v1", "v2", "v3" or "cclf".
///     threads: how many threads work at once; as many as the machine runs at once unless given.
///     overwrite: whether an earlier result may be replaced; nothing else ever is.
///
/// Returns:
///     What the run did: a dict with rows_in, rows_out, resolved, tables, warnings and more.
///
/// Raises:
///     UsageError, BcdaError; KeyboardInterrupt on Ctrl-C. Then nothing was published.
///
/// Warns:
///     BcdaWarning: report["warnings"], when all is done.
#[pyfunction]
#[pyo3(signature = (
    tables, out, *, format = "parquet", compression = "zstd", naming = None, source = None, threads = None,
    overwrite = false
))]
#[allow(clippy::too_many_arguments, reason = "they are keyword arguments")]
pub(crate) fn cclf_current<'py>(
    py: Python<'py>,
    tables: &Bound<'py, PyAny>,
    out: &Bound<'py, PyAny>,
    format: &str,
    compression: &str,
    naming: Option<&str>,
    source: Option<&str>,
    threads: Option<i128>,
    overwrite: bool,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(|| {
        let (tables, out) = (arguments::path("tables", tables)?, arguments::path("out", out)?);
        let mut options = CurrentOptions::new(tables, out);
        options.spelling = spelling;
        options.format = word("format", format)?;
        options.compression = word("compression", compression)?;
        options.naming = naming.map(|naming| word("naming", naming)).transpose()?;
        options.source = source.map(|source| word("source", source)).transpose()?;
        if let Some(most) = threads {
            options.threads = self::threads(most)?;
        }
        options.overwrite = overwrite;
        let around = Around::make(&options.out)?;
        let watched = (&options.cancel, &Arc::default());
        let report =
            job(py, watched, None, || results::current(&options), results::CurrentReport::to_json);
        drop(around);
        report
    })
}

/// Shows where two results agree, claim by claim and column by column: the command `bcda reconcile`.
///
/// Args:
///     left: the folder of Parquet tables.
///     right: the folder of the other tables.
///     examples: a number and a folder: up to so many examples of each kind of difference, and of claims that are on one
///         side only, are written there, and only their owner may read them.
///     left_source: where the tables of left come from, if they do not tell it: "v1", "v2", "v3" or "cclf".
///     right_source: the same of right.
///     threads: how many threads work at once; as many as the machine runs at once unless given.
///
/// Returns:
///     What was found: a dict with claims, people, tables, sums and kinds; counts, amounts and names of columns, never a
///     value of a claim.
///
/// Raises:
///     UsageError, BcdaError; KeyboardInterrupt on Ctrl-C.
#[pyfunction]
#[pyo3(signature = (left, right, *, examples = None, left_source = None, right_source = None, threads = None))]
pub(crate) fn reconcile<'py>(
    py: Python<'py>,
    left: &Bound<'py, PyAny>,
    right: &Bound<'py, PyAny>,
    examples: Option<(i128, Bound<'py, PyAny>)>,
    left_source: Option<&str>,
    right_source: Option<&str>,
    threads: Option<i128>,
) -> PyResult<Bound<'py, PyDict>> {
    guarded(|| {
        let (left, right) = (arguments::path("left", left)?, arguments::path("right", right)?);
        let mut options = ReconcileOptions::new(left, right);
        options.spelling = spelling;
        options.left_source = left_source.map(|source| word("left_source", source)).transpose()?;
        options.right_source =
            right_source.map(|source| word("right_source", source)).transpose()?;
        if let Some((most, folder)) = examples {
            let folder = arguments::path("examples", &folder)?;
            options.examples = Some((arguments::most_examples(most)?, folder));
        }
        if let Some(most) = threads {
            options.threads = self::threads(most)?;
        }
        let watched = (&options.cancel, &Arc::default());
        let work = || results::reconcile(&options);
        job(py, watched, None, work, results::Reconciliation::to_json)
    })
}

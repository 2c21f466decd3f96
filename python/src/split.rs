//! `bcda._bcda.split` and `scan_part`: a scan in parts, for `bcda/spark.py`.
//!
//! Parts and reports go as JSON, and options as a dict of texts, as Spark has them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use cclf_crosswalk::{Columns, Crosswalk, Table};
use convert::ScanOptions;
use pyo3::prelude::*;

use crate::arguments::{self, decompressed, within};
use crate::failure::{Failure, guarded};
use crate::scan::Scan;
use crate::warn;
use crate::watch::watched;

/// The options of a scan, by their names in `bcda.scan`; each is a text. So is `judged_by`, names of columns: the columns
/// that are made are not always those that were asked for.
fn options(
    inputs: Vec<String>,
    table: &str,
    columns: Option<Vec<String>>,
    texts: &HashMap<String, String>,
) -> Result<ScanOptions, Failure> {
    let table = arguments::table(table)?;
    let mut options = ScanOptions::new(inputs, table);
    let (mut lineage, mut judged_by) = (true, Vec::new());
    // A task of Spark has one processor unless told otherwise.
    options.reading.threads = 1;
    options.reading.spelling = arguments::spelling;
    let reading = &mut options.reading;
    for (name, text) in texts {
        let number = || {
            let fault = || Failure::usage(format!("{name}: expected a whole number"));
            text.trim().parse::<i128>().map_err(|_| fault())
        };
        match name.as_str() {
            "lineage" => lineage = boolean(name, text)?,
            "patients" => {
                reading.patients = text.split(',').map(|path| path.trim().to_owned()).collect();
            }
            "people" => options.people = arguments::people(text)?,
            "api" => reading.api = Some(arguments::api(text)?),
            "keep" => reading.keep = Some(arguments::word(name, text)?),
            "partially_adjudicated" => reading.partially_adjudicated = boolean(name, text)?,
            "file_date" => reading.file_date = Some(arguments::day(text)?),
            "on_bad_record" => reading.on_bad_record = arguments::word(name, text)?,
            "max_rejects" => {
                let fault = |fault| Failure::usage(format!("max_rejects: {fault}"));
                reading.max_rejects = text.parse().map_err(fault)?;
            }
            "most_places" => options.most_places = within(name, number()?, 0, u64::MAX)?,
            "batch_rows" => options.batch_rows = within(name, number()?, 1, u32::MAX.into())?,
            "threads" => reading.threads = arguments::threads(number()?)?,
            "max_line_bytes" => reading.max_line_bytes = arguments::line_bytes(number()?)?,
            "max_decompressed_bytes" => reading.max_decompressed_bytes = decompressed(number()?)?,
            "require_checksums" => reading.require_checksums = boolean(name, text)?,
            "judged_by" => judged_by = text.split(',').map(|name| name.trim().to_owned()).collect(),
            "max_people" => reading.max_people = Some(arguments::max_people(number()?)?),
            _ => return Err(Failure::usage(format!("{name}: no such option"))),
        }
    }
    options.columns = match columns {
        Some(columns) => arguments::only(&[table], lineage, &columns)?,
        None => lineage.into(),
    };
    if !judged_by.is_empty() {
        let tables = Columns::tables_with(Crosswalk::stu3(), &Table::ALL, &judged_by);
        options.reading.judged_by = arguments::only(&tables, true, &judged_by)?;
    }
    Ok(options)
}

fn boolean(name: &str, text: &str) -> Result<bool, Failure> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Failure::usage(format!("{name}: expected true or false"))),
    }
}

/// Cuts a scan of claims into parts; see convert::split.
///
/// Args:
///     inputs: a list of paths.
///     table: "cclf1" to "cclf7", "cclfa" or "cclfb".
///     columns: which columns, or None.
///     options: the other options of bcda.scan, as texts.
///     part_bytes: about how many bytes of the input a part has.
///     index: the file for the index, or None where no claim is joined.
///
/// Returns:
///     The parts, each a JSON text for scan_part, and the report of the people as JSON. No parts where only the latest
///     versions count.
#[allow(clippy::needless_pass_by_value, reason = "what comes from Python comes by value")]
#[pyfunction]
pub(crate) fn split(
    py: Python<'_>,
    inputs: Vec<String>,
    table: &str,
    columns: Option<Vec<String>>,
    options: HashMap<String, String>,
    part_bytes: i128,
    index: Option<PathBuf>,
) -> PyResult<(Vec<String>, String)> {
    guarded(|| {
        let options = self::options(inputs, table, columns, &options)?;
        let part_bytes = within("partition_bytes", part_bytes, 1, u64::MAX)? as u64;
        let stop = || options.reading.cancel.cancel();
        let work = || convert::split(&options, part_bytes, index.as_deref());
        let split = watched(py, stop, |_| Ok(()), work)?.map_err(Failure::from)?;
        let text = |part| {
            serde_json::to_string(part).map_err(|_| {
                Failure::failed("a part could not be written; please report it").into()
            })
        };
        let parts = split.parts.iter().map(text).collect::<PyResult<_>>()?;
        warn::tell(py, &split.people.run.warnings)?;
        Ok((parts, split.people.to_json()))
    })
}

/// Reads a part, or without one the whole input: a bcda.Scan.
#[allow(clippy::needless_pass_by_value, reason = "what comes from Python comes by value")]
#[pyfunction]
pub(crate) fn scan_part(
    inputs: Vec<String>,
    table: &str,
    columns: Option<Vec<String>>,
    options: HashMap<String, String>,
    part: Option<&str>,
) -> PyResult<Scan> {
    guarded(|| {
        let mut options = self::options(inputs, table, columns, &options)?;
        if let Some(part) = part {
            let fault = |_| Failure::failed("a part is not as it was cut; please report it");
            options.part = Some(serde_json::from_str(part).map_err(fault)?);
        }
        options.reading.progress = Arc::default();
        Ok(Scan::new(options))
    })
}

//! What Python programs give, as the crates take it.

use std::path::PathBuf;

use cclf_crosswalk::{Columns, Compression, Crosswalk, Format, Naming, Table};
use convert::{MaxRejects, OnBadRecord};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::failure::Failure;

/// The object of a JSON text.
pub(crate) fn loads<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (json,))
}

/// A `str` or `os.PathLike`.
pub(crate) fn path(value: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let path = value.py().import("os")?.call_method1("fspath", (value,))?;
    match path.extract::<String>() {
        Ok(path) => Ok(path.into()),
        Err(_) => Err(Failure::usage("expected a path as str or os.PathLike, not bytes").into()),
    }
}

/// One path, or several.
pub(crate) fn paths(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let one = |value: &Bound<'_, PyAny>| Ok(path(value)?.to_string_lossy().into_owned());
    if value.is_instance_of::<PyString>() || value.hasattr("__fspath__")? {
        return Ok(vec![one(value)?]);
    }
    value.try_iter()?.map(|item| one(&item?)).collect()
}

/// Names in one text, with commas, or several texts.
pub(crate) fn names(value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let split = |text: &str| text.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>();
    if let Ok(text) = value.extract::<String>() {
        return Ok(split(&text));
    }
    let texts = value.extract::<Vec<String>>()?;
    Ok(texts.iter().flat_map(|text| split(text)).collect())
}

pub(crate) fn table(name: &str) -> Result<Table, Failure> {
    name.trim()
        .parse()
        .map_err(|fault: cclf_crosswalk::LoadError| Failure::usage(fault.to_string()))
}

pub(crate) fn only(tables: &[Table], lineage: bool, names: &[String]) -> Result<Columns, Failure> {
    Columns::only(Crosswalk::stu3(), tables, lineage, names).map_err(|fault| {
        Failure::usage(fault.to_string().replace("`bcda describe`", "bcda.describe()"))
    })
}

/// A `datetime.date`, or a text.
pub(crate) fn date(value: &Bound<'_, PyAny>) -> PyResult<i32> {
    let text = value.str()?;
    let day = cclf_crosswalk::parse_day(&text.to_cow()?);
    let fault = || Failure::usage("file_date: expected a day that exists, as YYYY-MM-DD");
    Ok(day.ok_or_else(fault)?)
}

pub(crate) fn format(name: &str) -> Result<Format, Failure> {
    let known = [Format::Parquet, Format::Csv, Format::Arrow];
    let found = known.into_iter().find(|format| format.extension() == name);
    found.ok_or_else(|| Failure::usage("format: expected parquet, csv or arrow"))
}

pub(crate) fn compression(name: &str) -> Result<Compression, Failure> {
    name.parse().map_err(|_| Failure::usage("compression: expected zstd, snappy or none"))
}

pub(crate) fn naming(name: &str) -> Result<Naming, Failure> {
    match name {
        "cclf" => Ok(Naming::Cclf),
        "tuva" => Ok(Naming::Tuva),
        _ => Err(Failure::usage("naming: expected cclf or tuva")),
    }
}

pub(crate) fn on_bad_record(name: &str) -> Result<OnBadRecord, Failure> {
    match name {
        "reject" => Ok(OnBadRecord::Reject),
        "fail" => Ok(OnBadRecord::Fail),
        _ => Err(Failure::usage("on_bad_record: expected reject or fail")),
    }
}

/// A number, or a text such as `0.5%`.
pub(crate) fn max_rejects(value: &Bound<'_, PyAny>) -> PyResult<MaxRejects> {
    let text = value.str()?;
    let parsed = text.to_cow()?.parse();
    Ok(parsed.map_err(|fault| Failure::usage(format!("max_rejects: {fault}")))?)
}

/// A number in a range that has a name.
pub(crate) fn within(name: &str, value: u64, least: u64, most: u64) -> Result<usize, Failure> {
    let fault = || Failure::usage(format!("{name}: expected a number from {least} to {most}"));
    let found = Some(value).filter(|value| (least..=most).contains(value));
    found.and_then(|value| usize::try_from(value).ok()).ok_or_else(fault)
}

/// People have numbers of 32 bits.
pub(crate) fn max_people(most: u64) -> Result<u32, Failure> {
    let fault = || Failure::usage("max_people: expected a number from 1 to 4294967295");
    u32::try_from(most).ok().filter(|most| *most > 0).ok_or_else(fault)
}

/// Most threads at once.
pub(crate) const MOST_THREADS: u64 = 1_024;
/// Longest line that may be allowed, in bytes.
pub(crate) const MOST_LINE_BYTES: u64 = 1 << 31;

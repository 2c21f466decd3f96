//! What Python programs give, as the crates take it.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use cclf_crosswalk::{Api, Columns, ColumnsError, Crosswalk, Table};
use convert::{MaxRejects, Output, People, Reading, Setting};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMapping, PyString};

use crate::failure::Failure;

/// The object of a JSON text.
pub(crate) fn loads<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (json,))
}

/// The dict of a report.
pub(crate) fn report<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyDict>> {
    Ok(loads(py, json)?.cast_into::<PyDict>()?)
}

fn is_path(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(value.is_instance_of::<PyString>() || value.hasattr("__fspath__")?)
}

/// The argument `name` is of another type than it should be.
fn other_type(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let found = value.get_type().name().map_or_else(|_| "that".to_owned(), |name| name.to_string());
    Failure::wrong_type(format!("{name}: expected {expected}, not {found}")).into()
}

/// A `str` or `os.PathLike`; a `~` at its begin is somebody's home, as everywhere in Python.
pub(crate) fn path(name: &str, value: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    const EXPECTED: &str = "a path as str or os.PathLike";
    if !is_path(value)? {
        return Err(other_type(name, EXPECTED, value));
    }
    let os = value.py().import("os")?;
    let path = os.call_method1("fspath", (value,))?;
    if !path.is_instance_of::<PyString>() {
        return Err(other_type(name, EXPECTED, &path));
    }
    os.getattr("path")?.call_method1("expanduser", (path,))?.extract()
}

/// One path, or several.
pub(crate) fn paths(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let one = |value: &Bound<'_, PyAny>| {
        let text = path(name, value)?.into_os_string().into_string();
        let fault = "is not UTF-8; rename it, or name the folder that it is in";
        Ok(text.map_err(|_| Failure::usage(format!("{name}: the path {fault}")))?)
    };
    if is_path(value)? {
        return Ok(vec![one(value)?]);
    }
    match value.try_iter() {
        Ok(items) if !value.is_instance_of::<PyBytes>() => items.map(|item| one(&item?)).collect(),
        _ => Err(other_type(name, "a path as str or os.PathLike, or a list of them", value)),
    }
}

/// An output that was not there, and the folders around it that were made for it. Dropped, those that nothing came into
/// are removed again.
pub(crate) struct Around(Vec<PathBuf>);

impl Around {
    /// For a result that is a folder, or an object in some storage.
    pub(crate) fn output(output: &Output) -> Result<Self, Failure> {
        match output {
            Output::Folder(out) => Self::make(out),
            _ => Ok(Self(Vec::new())),
        }
    }

    /// For a result at this path.
    pub(crate) fn make(out: &Path) -> Result<Self, Failure> {
        let above = out.ancestors().skip(1);
        let missing = above.take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
        let mut missing: Vec<&Path> = missing.collect();
        missing.reverse();
        let mut made = Self(Vec::new());
        for folder in missing {
            match std::fs::create_dir(folder) {
                Ok(()) => made.0.push(folder.to_owned()),
                // Another run made it meanwhile.
                Err(_) if folder.is_dir() => {}
                Err(error) => {
                    let shown = folder.display();
                    return Err(Failure::failed(format!(
                        "{shown}: the folder around the output cannot be made: {error}"
                    )));
                }
            }
        }
        if !out.exists() {
            made.0.push(out.to_owned());
        }
        Ok(made)
    }
}

impl Drop for Around {
    fn drop(&mut self) {
        for folder in self.0.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Where people are looked for.
pub(crate) fn people(word: &str) -> Result<People, Failure> {
    match word {
        "first" => Ok(People::InFilesOfTheirs),
        "anywhere" => Ok(People::Anywhere),
        _ => Err(Failure::usage("people: expected first or anywhere")),
    }
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

/// A mapping of names to values, each as `NAME=VALUE`.
pub(crate) fn pairs(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    const EXPECTED: &str = "a mapping of str to str";
    let mapping = value.cast::<PyMapping>().map_err(|_| other_type(name, EXPECTED, value))?;
    let one = |item: Bound<'_, PyAny>| {
        let (key, text): (String, String) = item
            .extract()
            .map_err(|_| Failure::wrong_type(format!("{name}: expected {EXPECTED}")))?;
        if key.contains('=') {
            return Err(Failure::usage(format!("{name}: the name of a parameter has no =")).into());
        }
        Ok(format!("{key}={text}"))
    };
    mapping.items()?.iter().map(one).collect()
}

pub(crate) fn table(name: &str) -> Result<Table, Failure> {
    name.trim()
        .parse()
        .map_err(|fault: cclf_crosswalk::LoadError| Failure::usage(fault.to_string()))
}

pub(crate) fn api(name: &str) -> Result<Api, Failure> {
    name.parse::<Api>().map_err(|fault| Failure::usage(format!("api: {fault}")))
}

pub(crate) fn only(tables: &[Table], lineage: bool, names: &[String]) -> Result<Columns, Failure> {
    let columns = Columns::only(Crosswalk::stu3(), tables, lineage, names).map_err(|fault| {
        Failure::usage(match fault {
            ColumnsError::Unknown(_) => format!("{fault}; bcda.describe() lists them"),
            ColumnsError::Unused(_) | ColumnsError::Whole => fault.to_string(),
        })
    })?;
    Ok(columns.as_named())
}

fn is_datetime(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.is_instance(&value.py().import("datetime")?.getattr("datetime")?)
}

/// A day, as a text.
pub(crate) fn day(text: &str) -> Result<i32, Failure> {
    let fault = || Failure::usage("file_date: expected a day that exists, as YYYY-MM-DD");
    cclf_crosswalk::parse_day(text).ok_or_else(fault)
}

/// A `datetime.date`, or a text.
fn date(value: &Bound<'_, PyAny>) -> PyResult<i32> {
    if is_datetime(value)? {
        // Which day it is depends on the zone, and nobody said which one is meant.
        return Err(other_type(
            "file_date",
            "a day: datetime.date, or YYYY-MM-DD (a datetime has .date())",
            value,
        ));
    }
    let text = value.str()?;
    Ok(day(&text.to_cow()?)?)
}

/// One of the words of an argument.
pub(crate) fn word<T: FromStr<Err: Display>>(name: &str, word: &str) -> Result<T, Failure> {
    word.parse().map_err(|fault| Failure::usage(format!("{name}: {fault}")))
}

/// A number, or a text such as `0.5%`.
pub(crate) fn max_rejects(value: &Bound<'_, PyAny>) -> PyResult<MaxRejects> {
    let text = value.str()?;
    let parsed = text.to_cow()?.parse();
    Ok(parsed.map_err(|fault| Failure::usage(format!("max_rejects: {fault}")))?)
}

/// An instant with its zone: a `datetime.datetime`, or a text, which the client judges.
pub(crate) fn instant(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    const EXPECTED: &str = "an instant with its zone: a datetime that has a tzinfo, or a text such as 2024-01-31T00:00:00Z";
    if value.is_instance_of::<PyString>() {
        return value.extract();
    }
    if !is_datetime(value)? {
        return Err(other_type(name, EXPECTED, value));
    }
    if value.call_method0("utcoffset")?.is_none() {
        return Err(Failure::usage(format!("{name}: expected {EXPECTED}")).into());
    }
    value.call_method0("isoformat")?.extract()
}

/// A number in a range that has a name; Python's may be negative.
pub(crate) fn within(name: &str, value: i128, least: u64, most: u64) -> Result<usize, Failure> {
    let fault = || Failure::usage(format!("{name}: expected a number from {least} to {most}"));
    let found = Some(value).filter(|value| (least.into()..=most.into()).contains(value));
    found.and_then(|value| usize::try_from(value).ok()).ok_or_else(fault)
}

/// What settings are called in Python.
pub(crate) fn spelling(setting: Setting) -> &'static str {
    match setting {
        Setting::Output => "out",
        Setting::Decryption => {
            "the command bcda decrypt --key KEY.pem opens such files, as does bcda.export with resume and decrypt_key"
        }
        // The others have the names of their arguments.
        other => other.name(),
    }
}

/// The arguments that say how inputs are read: those that several functions have.
#[derive(Default)]
pub(crate) struct ReadingArguments<'a, 'py> {
    pub(crate) patients: Option<&'a Bound<'py, PyAny>>,
    pub(crate) api: Option<&'a str>,
    pub(crate) partially_adjudicated: bool,
    pub(crate) keep: Option<&'a str>,
    pub(crate) file_date: Option<&'a Bound<'py, PyAny>>,
    pub(crate) drift: Option<&'a str>,
    pub(crate) on_bad_record: Option<&'a str>,
    pub(crate) max_rejects: Option<&'a Bound<'py, PyAny>>,
    pub(crate) threads: Option<i128>,
    pub(crate) max_line_bytes: Option<i128>,
    pub(crate) max_decompressed_bytes: Option<i128>,
    pub(crate) require_checksums: bool,
    pub(crate) max_people: Option<i128>,
}

impl ReadingArguments<'_, '_> {
    /// Sets those that are given.
    pub(crate) fn set(self, reading: &mut Reading) -> PyResult<()> {
        reading.spelling = spelling;
        if let Some(patients) = self.patients {
            reading.patients = paths("patients", patients)?;
        }
        reading.api = self.api.map(api).transpose()?;
        reading.partially_adjudicated = self.partially_adjudicated;
        reading.keep = self.keep.map(|word| self::word("keep", word)).transpose()?;
        reading.file_date = self.file_date.map(date).transpose()?;
        if let Some(word) = self.drift {
            reading.drift = self::word("drift", word)?;
        }
        if let Some(word) = self.on_bad_record {
            reading.on_bad_record = self::word("on_bad_record", word)?;
        }
        if let Some(most) = self.max_rejects {
            reading.max_rejects = max_rejects(most)?;
        }
        if let Some(most) = self.threads {
            reading.threads = threads(most)?;
        }
        if let Some(bytes) = self.max_line_bytes {
            reading.max_line_bytes = line_bytes(bytes)?;
        }
        if let Some(bytes) = self.max_decompressed_bytes {
            reading.max_decompressed_bytes = decompressed(bytes)?;
        }
        reading.require_checksums = self.require_checksums;
        reading.max_people = self.max_people.map(max_people).transpose()?;
        Ok(())
    }
}

/// `threads`: at most 1,024 at once.
pub(crate) fn threads(most: i128) -> Result<usize, Failure> {
    within("threads", most, 1, 1_024)
}

/// How many examples.
pub(crate) fn most_examples(most: i128) -> Result<usize, Failure> {
    within("examples", most, 1, 1_000_000)
}

/// A year of two digits.
pub(crate) fn two_digits(year: i128) -> Result<u8, Failure> {
    Ok(u8::try_from(within("performance_year", year, 0, 99)?).unwrap_or_default())
}

/// `max_line_bytes`: at most 2 GiB.
pub(crate) fn line_bytes(bytes: i128) -> Result<usize, Failure> {
    within("max_line_bytes", bytes, 1, 1 << 31)
}

/// `max_decompressed_bytes`.
pub(crate) fn decompressed(bytes: i128) -> Result<u64, Failure> {
    Ok(within("max_decompressed_bytes", bytes, 0, u64::MAX)? as u64)
}

/// People have numbers of 32 bits.
pub(crate) fn max_people(most: i128) -> Result<u32, Failure> {
    Ok(u32::try_from(within("max_people", most, 1, u32::MAX.into())?).unwrap_or(u32::MAX))
}

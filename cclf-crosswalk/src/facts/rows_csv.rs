//! The rows of the crosswalk's tables.

use crate::layout::load_error::LoadError;

/// The rows of a CSV table with a header, as (line, fields); the header must be `expected`.
pub(crate) fn rows(
    file: &'static str,
    text: &str,
    expected: &[&str],
) -> Result<Vec<(u64, csv::StringRecord)>, LoadError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let fault = |fault: csv::Error| {
        let line = fault.position().map_or(0, csv::Position::line);
        LoadError::new("malformed CSV").at(file, line)
    };
    if reader.headers().map_err(fault)?.iter().ne(expected.iter().copied()) {
        return Err(LoadError::new(format!("the header is not {}", expected.join(","))).at(file, 1));
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(fault)?;
            Ok((record.position().map_or(0, csv::Position::line), record))
        })
        .collect()
}

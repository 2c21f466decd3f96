//! `unresolved.csv`: the rows of a history of which nobody can tell whether they are final.
//!
//! It lies beside the tables and names claims as they do; what is said to people counts only.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};

use cclf_crosswalk::arrow::array::Array;
use cclf_crosswalk::{Table, texts};
use convert::building::StoredTable;
use convert::{Cancel, Error, FileReport};
use publish::Stage;

use super::resolved::Listed;
use crate::finished::Finished;
use crate::rows::pieces;

/// The file's name.
pub(super) const UNRESOLVED: &str = "unresolved.csv";

/// Writes the rows that are listed, if there are any.
///
/// # Errors
/// A table cannot be read, or the file cannot be written; the run was asked to end.
pub(super) fn write(
    listed: BTreeMap<Table, Listed>,
    finished: &Finished,
    cancel: &Cancel,
    stage: &Stage,
) -> Result<Option<FileReport>, Error> {
    if listed.is_empty() {
        return Ok(None);
    }
    let mut hasher = blake3::Hasher::new();
    let mut file = stage.create(UNRESOLVED)?;
    let mut bytes = 0;
    {
        let mut out = BufWriter::new(&mut file);
        let mut write = |line: &str| -> Result<(), Error> {
            hasher.update(line.as_bytes());
            bytes += line.len() as u64;
            out.write_all(line.as_bytes()).map_err(|error| failed(&error))
        };
        write("table,class,CUR_CLM_UNIQ_ID,CLM_LINE_NUM\n")?;
        for (table, listed) in listed {
            lines(table, listed, finished.table(table), cancel, &mut write)?;
        }
        out.flush().map_err(|error| failed(&error))?;
    }
    file.finish()?;
    Ok(Some(FileReport {
        file: UNRESOLVED.to_owned(),
        bytes,
        blake3: hasher.finalize().to_hex().to_string(),
    }))
}

fn failed(error: &io::Error) -> Error {
    Error::failed(format!("write of {UNRESOLVED} failed: {error}"))
}

/// The lines of a table, in the order of its rows.
fn lines(
    table: Table,
    listed: Listed,
    stored: &StoredTable,
    cancel: &Cancel,
    write: &mut impl FnMut(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut columns = vec![stored.place_of("CUR_CLM_UNIQ_ID")?];
    if matches!(table, Table::Cclf5 | Table::Cclf6) {
        columns.push(stored.place_of("CLM_LINE_NUM")?);
    }
    let mut listed = listed.sorted()?;
    let mut row = listed.next()?;
    for piece in pieces(stored) {
        let end = piece.first + piece.rows.len() as u64;
        if row.is_none_or(|(row, _)| row >= end) {
            continue;
        }
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let read = |place: &usize| {
            let column = stored.column(*place, piece.row_group, piece.rows.clone())?;
            texts(&column as &dyn Array).map_err(|_| Error::unbuilt())
        };
        let cells = columns.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        while let Some((number, class)) = row.filter(|(row, _)| *row < end) {
            let at = usize::try_from(number - piece.first).unwrap_or(usize::MAX);
            let cell = |column: usize| {
                let text = cells.get(column).and_then(|cells| cells[at].as_deref());
                quoted(text.unwrap_or_default())
            };
            write(&format!("{table},{},{},{}\n", class.name(), cell(0), cell(1)))?;
            row = listed.next()?;
        }
    }
    Ok(())
}

/// A cell as CSV has it.
fn quoted(text: &str) -> Cow<'_, str> {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}

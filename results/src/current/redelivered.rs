//! Rows that come again: of each, the one in the newest file counts.
//!
//! Whole rows are not compared: what comes again may have lost a retired number or code meanwhile.

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::BooleanBufferBuilder;
use cclf_crosswalk::arrow::buffer::BooleanBuffer;
use convert::Error;
use convert::building::Runs;

use super::history_table::{HistoryTable, Kind, Row};
use super::keys::{DIGEST_BYTES, Digest, entry, part};
use super::resolved::Outcome;

/// Bytes of entries in memory.
pub(super) const RUN_BYTES: usize = 32 << 20;

/// A digest, the rank of the file and the number of the row.
const ENTRY_BYTES: usize = DIGEST_BYTES + 4 + 8;
const RANK: usize = DIGEST_BYTES;
const ROW: usize = RANK + 4;

/// No rows of a table yet.
pub(super) fn no_rows(rows: usize) -> BooleanBufferBuilder {
    let mut bits = BooleanBufferBuilder::new(rows);
    bits.append_n(rows, false);
    bits
}

/// Says that a row counts.
pub(super) fn set(bits: &mut BooleanBufferBuilder, row: u64) {
    // Rows that were read have bits.
    bits.set_bit(usize::try_from(row).unwrap_or(usize::MAX), true);
}

/// Whether a row counts.
pub(super) fn is_set(bits: &BooleanBuffer, row: u64) -> bool {
    usize::try_from(row).is_ok_and(|row| bits.value(row))
}

/// Which of the rows with one key count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Newest {
    /// The last row of the newest file.
    Row,
    /// All rows of the newest file.
    File,
}

/// Which rows of a table count if of each key the newest do. A row without a key always does.
///
/// # Errors
/// The table cannot be read, or the entries cannot be sorted.
pub(super) fn newest(
    table: &HistoryTable<'_>,
    columns: &[&str],
    key: impl Fn(&Row<'_>) -> Option<Digest> + Sync,
    which: Newest,
    outcome: &mut Outcome,
) -> Result<BooleanBuffer, Error> {
    let mut runs = Runs::<ENTRY_BYTES>::new(table.job.spools, RUN_BYTES);
    let mut bits = no_rows(table.rows());
    table.each(
        columns,
        |row| {
            let key = key(row)?;
            Some(entry(&[&key, &row.rank.to_be_bytes(), &row.number.to_be_bytes()]))
        },
        |row, entry| {
            if let Some(entry) = entry {
                return runs.push(entry);
            }
            set(&mut bits, row);
            Ok(())
        },
    )?;
    runs.sorted()?.each_group(DIGEST_BYTES, |group| {
        table.job.goes_on()?;
        // In the order of files, and within a file in that of rows.
        let newest: [u8; 4] = group.last().map_or([0; 4], |last| part(last, RANK));
        let of_newest = group.partition_point(|entry| part(entry, RANK) < newest);
        let of_newest = &group[of_newest..];
        let count = match which {
            Newest::File => of_newest.len(),
            Newest::Row => 1,
        };
        for entry in &of_newest[of_newest.len() - count..] {
            set(&mut bits, u64::from_be_bytes(part(entry, ROW)));
        }
        match which {
            Newest::File => outcome.superseded += (group.len() - count) as u64,
            Newest::Row => {
                let files = group.chunk_by(|one, other| one[RANK..ROW] == other[RANK..ROW]).count();
                outcome.redelivered += files as u64 - 1;
                outcome.repeated_in_file += (group.len() - files) as u64;
            }
        }
        Ok(())
    })?;
    Ok(bits.finish())
}

/// Which rows of a table of claims count after what came again.
///
/// # Errors
/// As [`newest`].
pub(super) fn collapse(
    table: &HistoryTable<'_>,
    outcome: &mut Outcome,
) -> Result<BooleanBuffer, Error> {
    let has_lines = matches!(table.table, Table::Cclf5 | Table::Cclf6);
    let mut columns = vec!["CUR_CLM_UNIQ_ID", "CLM_ADJSMT_TYPE_CD", "CLM_EFCTV_DT"];
    columns.extend(has_lines.then_some("CLM_LINE_NUM"));
    let key = |row: &Row<'_>| {
        let line = if has_lines { Some(row.number_in(3)?) } else { None };
        // An unknown type is told apart from others by its text.
        let code = row.text(1);
        let code = Some(code).filter(|code| !Kind::of(*code).1).flatten();
        let kind = Kind::of(row.text(1)).0;
        let key = row.claim(0)?.number(line).text(code).number(Some(kind as i64));
        Some(key.number(row.day(2).map(i64::from)).digest())
    };
    newest(table, &columns, key, Newest::Row, outcome)
}

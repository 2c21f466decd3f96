//! Which rows of a result count.

use std::collections::BTreeMap;

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{Array, AsArray, BooleanArray, BooleanBufferBuilder};
use cclf_crosswalk::arrow::buffer::BooleanBuffer;
use convert::Error;
use convert::building::StoredTable;

use crate::finished::Finished;
use crate::rows::{Piece, Reader};

/// A bit for each row of each table.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    rows: BTreeMap<Table, BooleanArray>,
}

impl Kept {
    /// Rows with BCDA_FINAL, of claims; all rows of people.
    ///
    /// # Errors
    /// A table cannot be read, or has no such column.
    pub(crate) fn by_flag(finished: &Finished, reader: Reader<'_>) -> Result<Self, Error> {
        let mut kept = Self::default();
        for (table, stored) in finished.tables() {
            if matches!(table, Table::Cclf8 | Table::Cclf9) {
                kept.set(table, all_of(stored));
                continue;
            }
            let column = [stored.place_of("BCDA_FINAL")?];
            let mut bits = BooleanBufferBuilder::new(rows_of(stored));
            reader.each(
                stored,
                &column,
                |_, batch| Ok(batch),
                |_, batch| {
                    let flags = batch.column(0).as_boolean();
                    (0..flags.len())
                        .for_each(|row| bits.append(flags.is_valid(row) && flags.value(row)));
                    Ok(())
                },
            )?;
            kept.set(table, BooleanArray::new(bits.finish(), None));
        }
        Ok(kept)
    }

    /// All rows.
    pub(crate) fn all(finished: &Finished) -> Self {
        let all = finished.tables().map(|(table, stored)| (table, all_of(stored)));
        Self { rows: all.collect() }
    }

    /// Says which rows of a table count.
    pub(crate) fn set(&mut self, table: Table, rows: BooleanArray) {
        self.rows.insert(table, rows);
    }

    /// Which rows of a piece of a table count.
    pub(crate) fn of(&self, table: Table, piece: &Piece) -> BooleanArray {
        let first = usize::try_from(piece.first).unwrap_or(usize::MAX);
        match self.rows.get(&table) {
            Some(rows) => rows.slice(first, piece.rows.len()),
            None => BooleanArray::from(vec![true; piece.rows.len()]),
        }
    }

    /// How many rows of a table count.
    pub(crate) fn count(&self, table: Table) -> u64 {
        self.rows.get(&table).map_or(0, |rows| rows.true_count() as u64)
    }
}

fn rows_of(table: &StoredTable) -> usize {
    usize::try_from(table.rows()).unwrap_or(usize::MAX)
}

fn all_of(table: &StoredTable) -> BooleanArray {
    BooleanArray::new(BooleanBuffer::new_set(rows_of(table)), None)
}

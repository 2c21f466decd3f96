//! How much of each column is filled.

use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{Array, AsArray, BooleanArray};
use convert::building::StoredTable;
use convert::{Cancel, Error};

use crate::people::{People, Set};

/// A column: rows in which it is filled, the people of these, and those of the other rows.
#[derive(Clone, Default)]
pub(crate) struct Filled {
    pub(crate) rows: u64,
    pub(crate) people: Set,
    pub(crate) without: Set,
}

/// A table. Of tables of claims the rows of final claims count. CCLF8 may have several rows of a person: there people
/// count, and a column is filled for whom any row has it.
#[derive(Clone, Default)]
pub(crate) struct Fill {
    pub(crate) rows: u64,
    pub(crate) people: Set,
    pub(crate) columns: Vec<Filled>,
}

impl Fill {
    fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.people.add(&other.people);
        self.columns.resize_with(other.columns.len(), Filled::default);
        for (own, other) in self.columns.iter_mut().zip(&other.columns) {
            own.rows += other.rows;
            own.people.add(&other.people);
            own.without.add(&other.without);
        }
    }
}

/// Adds the rows of a row group to those of its table.
///
/// # Errors
/// The table cannot be read, or the run was asked to end.
pub(crate) fn of_row_group(
    (table, stored): (Table, &StoredTable),
    (row_group, rows): (usize, usize),
    people: &People,
    all: &Mutex<Fill>,
    cancel: &Cancel,
) -> Result<(), Error> {
    let column = |number| stored.column(number, row_group, 0..rows);
    let person = if table == Table::Cclf9 { "CRNT_NUM" } else { "BENE_MBI_ID" };
    let mbis = column(stored.place_of(person)?)?;
    let numbers = people.numbers(mbis.as_string_opt::<i32>().ok_or_else(Error::unbuilt)?);
    let is_of_claims = !matches!(table, Table::Cclf8 | Table::Cclf9);
    let finals = if is_of_claims { Some(column(stored.place_of("BCDA_FINAL")?)?) } else { None };
    let finals: Option<&BooleanArray> = finals.as_ref().map(AsArray::as_boolean);
    let counts = |row: &usize| finals.is_none_or(|own| own.is_valid(*row) && own.value(*row));
    let counted: Vec<usize> = (0..rows).filter(counts).collect();
    let mut fill = Fill { rows: counted.len() as u64, ..Fill::default() };
    for row in &counted {
        fill.people.insert(numbers[*row]);
    }
    for number in 0..stored.schema().fields().len() {
        cancel.check()?;
        let cells = column(number)?;
        let nulls = cells.null_count();
        let mut filled = Filled::default();
        if nulls == 0 {
            (filled.rows, filled.people) = (fill.rows, fill.people.clone());
        } else if nulls == rows {
            filled.without = fill.people.clone();
        } else {
            for row in &counted {
                if cells.is_valid(*row) {
                    filled.rows += 1;
                    filled.people.insert(numbers[*row]);
                } else {
                    filled.without.insert(numbers[*row]);
                }
            }
        }
        fill.columns.push(filled);
    }
    all.lock().unwrap_or_else(PoisonError::into_inner).add(&fill);
    Ok(())
}

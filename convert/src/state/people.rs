//! Which fill rates of a table are of 11 people or more.

use std::collections::BTreeMap;

use cclf_crosswalk::arrow::array::{Array, AsArray, StringArray};
use cms::FewPeople;

use crate::cancel::Cancel;
use crate::error::Error;
use crate::stored::StoredTable;

/// Rows that are read at once.
const ROWS: usize = 65_536;

/// The columns, by name, with the rows in which they are filled, that nobody has, everybody has, or 11 people or more have and
/// 11 or more are without. Reads no further than it has to: for most columns the first rows tell it.
///
/// # Errors
/// The table cannot be read, or the run was asked to end.
pub(super) fn told(
    stored: &StoredTable,
    filled: &[u64],
    cancel: &Cancel,
) -> Result<BTreeMap<String, u64>, Error> {
    let all = stored.rows();
    let names: Vec<&str> = stored.schema().fields().iter().map(|own| own.name().as_str()).collect();
    let person = ["BENE_MBI_ID", "CRNT_NUM"].iter().find_map(|own| stored.place_of(own).ok());
    let is_whole = |place: usize| filled[place] == 0 || filled[place] == all;
    let mut open: BTreeMap<usize, [FewPeople<String>; 2]> = (0..names.len())
        .filter(|place| !is_whole(*place))
        .map(|place| (place, <[FewPeople<String>; 2]>::default()))
        .collect();
    let mut told: Vec<usize> = (0..names.len()).filter(|place| is_whole(*place)).collect();
    let Some(person) = person else { return Ok(named(&told, &names, filled)) };
    for (row_group, rows) in stored.pieces(ROWS) {
        if open.is_empty() {
            break;
        }
        cancel.check()?;
        let people = stored.column(person, row_group, rows.clone())?;
        let people: &StringArray = people.as_string_opt().ok_or_else(Error::unbuilt)?;
        for (place, few) in &mut open {
            let cells = stored.column(*place, row_group, rows.clone())?;
            for row in (0..cells.len()).filter(|row| people.is_valid(*row)) {
                few[usize::from(cells.is_valid(row))].add(people.value(row));
            }
        }
        open.retain(|place, few| {
            let is_enough = few.iter().all(FewPeople::is_enough);
            told.extend(is_enough.then_some(*place));
            !is_enough
        });
    }
    Ok(named(&told, &names, filled))
}

fn named(places: &[usize], names: &[&str], filled: &[u64]) -> BTreeMap<String, u64> {
    places.iter().map(|place| (names[*place].to_owned(), filled[*place])).collect()
}

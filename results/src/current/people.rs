//! People: each as the newest file tells of them.

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::BooleanBufferBuilder;
use cclf_crosswalk::arrow::buffer::BooleanBuffer;
use convert::Error;

use super::history_table::{HistoryTable, Job};
use super::keys::Key;
use super::redelivered::{Newest, is_set, newest};
use super::resolved::Outcome;

/// Which rows of CCLF8 count: those of the newest file that has any of a person, which are several where a person was in
/// hospices. A row without an MBI is nobody's, and stays.
///
/// # Errors
/// The table cannot be read, or the entries cannot be sorted.
pub(super) fn demographics(job: Job<'_>, outcome: &mut Outcome) -> Result<BooleanBuffer, Error> {
    let table = HistoryTable::open(job, Table::Cclf8)?;
    newest(
        &table,
        &["BENE_MBI_ID"],
        |row| Some(Key::default().text(Some(job.mbis.current(row.text(0)?))).digest()),
        Newest::File,
        outcome,
    )
}

/// Which rows of CCLF9 count: each pair once, of those that map an MBI to another.
///
/// # Errors
/// The table cannot be read, or the entries cannot be sorted.
pub(super) fn previous(job: Job<'_>, outcome: &mut Outcome) -> Result<BooleanBuffer, Error> {
    let table = HistoryTable::open(job, Table::Cclf9)?;
    let columns = ["CRNT_NUM", "PRVS_NUM"];
    let distinct = newest(
        &table,
        &columns,
        |row| Some(Key::default().text(row.text(0)).text(row.text(1)).digest()),
        Newest::Row,
        outcome,
    )?;
    let mut bits = BooleanBufferBuilder::new(distinct.len());
    table.each_of_any_file(
        &columns,
        |row| {
            let is_distinct = is_set(&distinct, row.number);
            let is_of_itself = row.text(0).is_some() && row.text(0) == row.text(1);
            (is_distinct, is_distinct && is_of_itself)
        },
        |_, (is_distinct, is_of_itself)| {
            outcome.self_mapped += u64::from(is_of_itself);
            bits.append(is_distinct && !is_of_itself);
            Ok(())
        },
    )?;
    Ok(bits.finish())
}

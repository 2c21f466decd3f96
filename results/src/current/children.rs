//! What belongs to claims: their lines, procedures, diagnoses and enhancements, of which those of final claims count.
//!
//! They have no adjustment type, and a claim that comes again comes with all of them. So of each claim the rows of the newest
//! delivery count, and of these each place in the claim once.

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::buffer::BooleanBuffer;
use convert::Error;
use convert::building::Runs;

use super::history_table::{HistoryTable, Job, Row};
use super::keys::{DIGEST_BYTES, Key, entry, of_day, part};
use super::redelivered::{RUN_BYTES, is_set, no_rows, set};
use super::resolved::Outcome;

/// An entry is a claim, what it is, a place in the claim, the day of the delivery, the rank of the file, and the row.
const WHAT: usize = DIGEST_BYTES;
const PLACE: usize = WHAT + 1;
const DAY: usize = PLACE + 8;
const RANK: usize = DAY + 4;
const ROW: usize = RANK + 4;
const ENTRY_BYTES: usize = ROW + 8;

type Entry = [u8; ENTRY_BYTES];

/// A claim or line that is final, in the order in which they come before the rows that belong to them.
const FINAL: u8 = 0;
/// One that is not.
const NOT_FINAL: u8 = 1;
/// A row that belongs to one.
const CHILD: u8 = 2;

/// The place in the claim of what is not known by its place.
const NO_PLACE: [u8; 8] = [0; 8];

/// What rows of a table belong to.
pub(super) struct Parents<'p> {
    pub(super) table: &'p HistoryTable<'p>,
    /// Which of its rows are final.
    pub(super) finals: &'p BooleanBuffer,
}

/// Which rows of CCLF2, 3, 4, A or B count.
///
/// # Errors
/// A table cannot be read, or the entries cannot be sorted.
pub(super) fn of_finals(
    job: Job<'_>,
    table: Table,
    parents: &[Parents<'_>],
    outcome: &mut Outcome,
) -> Result<BooleanBuffer, Error> {
    let is_of_line = table == Table::CclfB;
    let mut runs = Runs::<ENTRY_BYTES>::new(job.spools, RUN_BYTES);
    for parent in parents {
        push_parents(parent, is_of_line, &mut runs)?;
    }
    let table = HistoryTable::open(job, table)?;
    let columns: &[&str] = match table.table {
        Table::Cclf3 => &["CUR_CLM_UNIQ_ID", "CLM_VAL_SQNC_NUM"],
        Table::Cclf4 => &["CUR_CLM_UNIQ_ID", "CLM_VAL_SQNC_NUM", "CLM_PROD_TYPE_CD"],
        Table::CclfA => &["CUR_CLM_UNIQ_ID"],
        _ => &["CUR_CLM_UNIQ_ID", "CLM_LINE_NUM"],
    };
    let mut bits = no_rows(table.rows());
    table.each(
        columns,
        |row| {
            let claim = row.claim(0)?.digest();
            let place = match columns.len() {
                1 => None,
                2 => place_of(row, None),
                _ => row.text(2).and_then(|product| place_of(row, Some(product))),
            };
            let day = of_day(table.deliveries.day(row.rank));
            let (rank, number) = (row.rank.to_be_bytes(), row.number.to_be_bytes());
            Some(entry(&[&claim, &[CHILD], &place.unwrap_or(NO_PLACE), &day, &rank, &number]))
        },
        |_, entry| {
            if let Some(entry) = entry {
                return runs.push(entry);
            }
            outcome.without_claim += 1;
            Ok(())
        },
    )?;
    runs.sorted()?.each_group(DIGEST_BYTES, |claim| {
        job.goes_on()?;
        let (parents, children) =
            claim.split_at(claim.partition_point(|entry| entry[WHAT] < CHILD));
        let newest: [u8; 4] =
            children.iter().map(|child| part(child, DAY)).max().unwrap_or_default();
        for place in children.chunk_by(|one, other| one[PLACE..DAY] == other[PLACE..DAY]) {
            let here: Vec<&Entry> = parents
                .iter()
                .filter(|parent| !is_of_line || parent[PLACE..DAY] == place[0][PLACE..DAY])
                .collect();
            let counted = counted(place, newest, outcome);
            if here.is_empty() {
                outcome.without_claim += counted.len() as u64;
            } else if here.iter().all(|parent| parent[WHAT] != FINAL) {
                outcome.of_claims_not_final += counted.len() as u64;
            } else {
                for child in counted {
                    set(&mut bits, u64::from_be_bytes(part(child, ROW)));
                }
            }
        }
        Ok(())
    })?;
    Ok(bits.finish())
}

/// Of the rows of a place in a claim, or of those without one, the ones that count if the claim does.
fn counted<'e>(place: &'e [Entry], newest: [u8; 4], outcome: &mut Outcome) -> &'e [Entry] {
    // In the order of days, and of the files of a day.
    let older = place.partition_point(|child| part(child, DAY) < newest);
    outcome.redelivered += older as u64;
    let place = &place[older..];
    let Some(last) = place.last() else { return &[] };
    let older = place.partition_point(|child| child[RANK..ROW] < last[RANK..ROW]);
    outcome.redelivered += older as u64;
    let place = &place[older..];
    if place[0][PLACE..DAY] == NO_PLACE {
        return place;
    }
    outcome.repeated_in_file += place.len() as u64 - 1;
    &place[place.len() - 1..]
}

/// The place of a row in its claim, of a product type; none where it is null.
fn place_of(row: &Row<'_>, product: Option<&str>) -> Option<[u8; 8]> {
    let key = Key::default().number(Some(row.number_in(1)?)).text(product);
    // Not a digest that says that there is none.
    Some((key.short() | 1).to_be_bytes())
}

/// Adds claims, or lines of claims, that rows may belong to.
fn push_parents(
    parents: &Parents<'_>,
    is_of_line: bool,
    runs: &mut Runs<ENTRY_BYTES>,
) -> Result<(), Error> {
    let columns: &[&str] =
        if is_of_line { &["CUR_CLM_UNIQ_ID", "CLM_LINE_NUM"] } else { &["CUR_CLM_UNIQ_ID"] };
    parents.table.each_of_any_file(
        columns,
        |row| {
            let claim = row.claim(0)?.digest();
            let place = if is_of_line { place_of(row, None)? } else { NO_PLACE };
            let what = if is_set(parents.finals, row.number) { FINAL } else { NOT_FINAL };
            // Rows of a claim that are alike are told apart by nothing: they are looked at, never counted.
            Some(entry(&[&claim, &[what], &place, &[0; 4], &[0; 4], &[0; 8]]))
        },
        |_, entry| entry.map_or(Ok(()), |entry| runs.push(entry)),
    )
}

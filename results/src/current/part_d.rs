//! Part D: each delivery has what is final in its month, so of each key the newest delivery counts.
//!
//! The order is that of deliveries: CLM_EFCTV_DT is mostly missing here.

use cclf_crosswalk::arrow::buffer::BooleanBuffer;
use convert::Error;
use convert::building::Runs;

use super::history_table::{HistoryTable, Kind, Row};
use super::keys::{DIGEST_BYTES, Digest, Key, entry, part};
use super::redelivered::{RUN_BYTES, is_set, no_rows, set};
use super::resolved::{Class, Listed, Outcome};

/// An entry is a key, the rank of the file, the row, and what it is.
const RANK: usize = DIGEST_BYTES;
const ROW: usize = RANK + 4;
const WHAT: usize = ROW + 8;
const ENTRY_BYTES: usize = WHAT + 1;

const COLUMNS: [&str; 10] = [
    "BENE_MBI_ID",
    "CLM_LINE_FROM_DT",
    "PRVDR_SRVC_ID_QLFYR_CD",
    "CLM_SRVC_PRVDR_GNRC_ID_NUM",
    "CLM_DSPNSNG_STUS_CD",
    "CLM_LINE_RX_SRVC_RFRNC_NUM",
    "CLM_LINE_RX_FILL_NUM",
    "CLM_ADJSMT_TYPE_CD",
    "CLM_LINE_BENE_PMT_AMT",
    "CLM_LINE_NDC_CD",
];

/// What an event is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum What {
    Event = 0,
    /// A cancellation with a payment or a drug.
    Cancellation = 1,
    /// A cancellation with neither, which says that nothing is left.
    Deletion = 2,
}

impl What {
    fn of(row: &Row<'_>) -> Self {
        if Kind::of(row.text(7)).0 != Kind::Cancellation {
            return Self::Event;
        }
        let is_paid = row.amount(8).is_some_and(|amount| amount != 0);
        let has_drug = row.text(9).is_some_and(|code| code.bytes().any(|digit| digit != b'0'));
        if is_paid || has_drug { Self::Cancellation } else { Self::Deletion }
    }
}

/// The key of a row, if nothing of it is null that every event has.
fn key(table: &HistoryTable<'_>, row: &Row<'_>) -> Option<Digest> {
    let key = Key::default()
        .text(Some(table.job.mbis.current(row.text(0)?)))
        .number(Some(row.day(1)?.into()))
        .text(row.text(2))
        .text(Some(row.text(3)?))
        .text(row.text(4))
        .digits(Some(row.text(5)?))
        .digits(row.text(6));
    Some(key.digest())
}

/// Which rows of CCLF7 are final, of those that `live` has.
///
/// # Errors
/// The table cannot be read, or the entries cannot be sorted.
pub(super) fn finals(
    table: &HistoryTable<'_>,
    live: &BooleanBuffer,
    outcome: &mut Outcome,
    listed: &mut Listed,
) -> Result<BooleanBuffer, Error> {
    let mut runs = Runs::<ENTRY_BYTES>::new(table.job.spools, RUN_BYTES);
    let mut bits = no_rows(table.rows());
    table.each(
        &COLUMNS,
        |row| {
            if !is_set(live, row.number) {
                return None;
            }
            let is_known = Kind::of(row.text(7)).1;
            let what = What::of(row);
            let entry = key(table, row).map(|key| {
                let (rank, number) = (row.rank.to_be_bytes(), row.number.to_be_bytes());
                entry(&[&key, &rank, &number, &[what as u8]])
            });
            Some((entry, what, is_known))
        },
        |row, made| {
            let Some((entry, what, is_known)) = made else { return Ok(()) };
            outcome.of_unknown_type += u64::from(!is_known);
            match entry {
                Some(entry) => runs.push(entry),
                None if what == What::Event => {
                    set(&mut bits, row);
                    listed.add(outcome, row, Class::WithoutKey)
                }
                None => listed.add(outcome, row, Class::CancellationWithoutKey),
            }
        },
    )?;
    runs.sorted()?.each_group(DIGEST_BYTES, |group| {
        table.job.goes_on()?;
        let Some((newest, others)) = group.split_last() else { return Ok(()) };
        let day =
            |entry: &[u8; ENTRY_BYTES]| table.deliveries.day(u32::from_be_bytes(part(entry, RANK)));
        let older = others.partition_point(|entry| day(entry) < day(newest));
        outcome.superseded += older as u64;
        outcome.several_in_one_delivery += (others.len() - older) as u64;
        let row = u64::from_be_bytes(part(newest, ROW));
        if newest[WHAT] == What::Deletion as u8 {
            outcome.deleted += 1;
            return Ok(());
        }
        set(&mut bits, row);
        if newest[WHAT] == What::Cancellation as u8 {
            listed.add(outcome, row, Class::CancellationOfPartD)?;
        }
        Ok(())
    })?;
    Ok(bits.finish())
}

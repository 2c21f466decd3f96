//! Parts A and B: each cancellation goes, and with it one claim of its key and amount.
//!
//! Which of two like claims a cancellation copies cannot be known. Originals go first, the oldest of them first, whatever their
//! dates: a cancellation may come weeks before or after the adjustment that follows it. Adjustments go only if they are
//! earlier. What is left and no cancellation is final.

use std::collections::BTreeMap;

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::buffer::BooleanBuffer;
use convert::Error;
use convert::building::Runs;

use super::history_table::{HistoryTable, Kind, Row};
use super::keys::{DIGEST_BYTES, Digest, Key, day_of, entry, of_amount, of_day, part};
use super::redelivered::{RUN_BYTES, is_set, no_rows, set};
use super::resolved::{Class, Listed, Outcome};

/// An entry is a key, an amount, a type, a day, the rank of the file, what tells claims of one file apart, the row, and of
/// Part A what tells the facility: its number of the claim, or nothing, and its older one.
const AMOUNT: usize = DIGEST_BYTES;
const KIND: usize = AMOUNT + 17;
const DAY: usize = KIND + 1;
const ROW: usize = DAY + 4 + 4 + 8;
const FACILITY: usize = ROW + 8;
const OLDER: usize = FACILITY + 8;
const ENTRY_BYTES: usize = OLDER + 8;

/// That nothing tells the facility.
const NONE: [u8; 8] = [0; 8];

type Entry = [u8; ENTRY_BYTES];

/// The columns that are read, the same for both parts: their places below.
struct Columns {
    names: &'static [&'static str],
    /// Whether the key is of Part A.
    is_part_a: bool,
}

const CLAIM: usize = 0;
const TYPE: usize = 1;
const EFFECTIVE: usize = 2;
const MBI: usize = 3;
const PAID: usize = 4;

const PART_A: Columns = Columns {
    names: &[
        "CUR_CLM_UNIQ_ID",
        "CLM_ADJSMT_TYPE_CD",
        "CLM_EFCTV_DT",
        "BENE_MBI_ID",
        "CLM_PMT_AMT",
        "CLM_BLG_PRVDR_OSCAR_NUM",
        "PRVDR_OSCAR_NUM",
        "CLM_FROM_DT",
        "CLM_THRU_DT",
    ],
    is_part_a: true,
};

const PART_B: Columns = Columns {
    names: &[
        "CUR_CLM_UNIQ_ID",
        "CLM_ADJSMT_TYPE_CD",
        "CLM_EFCTV_DT",
        "BENE_MBI_ID",
        "CLM_LINE_CVRD_PD_AMT",
        "CLM_CNTL_NUM",
        "CLM_LINE_NUM",
    ],
    is_part_a: false,
};

/// What a row is.
enum Made {
    /// None that counts.
    Gone,
    WithoutKey(Class),
    Entry(Entry),
}

/// Which rows of CCLF1, 5 or 6 are final, of those that `live` has.
///
/// # Errors
/// The table cannot be read, or the entries cannot be sorted.
pub(super) fn finals(
    table: &HistoryTable<'_>,
    live: &BooleanBuffer,
    outcome: &mut Outcome,
    listed: &mut Listed,
) -> Result<BooleanBuffer, Error> {
    let columns = if table.table == Table::Cclf1 { PART_A } else { PART_B };
    let mut runs = Runs::<ENTRY_BYTES>::new(table.job.spools, RUN_BYTES);
    let mut bits = no_rows(table.rows());
    table.each(
        columns.names,
        |row| {
            if !is_set(live, row.number) {
                return (Made::Gone, true);
            }
            let (kind, is_known) = Kind::of(row.text(TYPE));
            let made = match columns.key(table, row) {
                Some(key) => Made::Entry(entry_of(table, row, &key, kind, &columns.facility(row))),
                None if kind == Kind::Cancellation => {
                    Made::WithoutKey(Class::CancellationWithoutKey)
                }
                None => Made::WithoutKey(Class::WithoutKey),
            };
            (made, is_known)
        },
        |row, (made, is_known)| {
            outcome.of_unknown_type += u64::from(!is_known);
            match made {
                Made::Gone => Ok(()),
                Made::WithoutKey(class) => {
                    if class.stays() {
                        set(&mut bits, row);
                    }
                    listed.add(outcome, row, class)
                }
                Made::Entry(entry) => runs.push(entry),
            }
        },
    )?;
    runs.sorted()?.each_group(DIGEST_BYTES, |group| {
        table.job.goes_on()?;
        by_facility(group).iter().try_for_each(|group| {
            let netted = net(group);
            for entry in &netted.finals {
                set(&mut bits, row_of(entry));
            }
            outcome.pairs += netted.pairs;
            outcome.several_finals += u64::from(netted.finals.len() > 1);
            let mut unresolved = netted.unresolved.iter();
            unresolved.try_for_each(|(entry, class)| listed.add(outcome, row_of(entry), *class))
        })
    })?;
    Ok(bits.finish())
}

impl Columns {
    /// The key of a row, if none of its parts is null.
    fn key(&self, table: &HistoryTable<'_>, row: &Row<'_>) -> Option<Digest> {
        let mbi = table.job.mbis.current(row.text(MBI)?);
        let key = Key::default().text(Some(mbi));
        let key = if self.is_part_a {
            // Which facility it is, is told apart within the key: see `by_facility`.
            row.text(5).or_else(|| row.text(6))?;
            let (from, through) = (row.day(7)?, row.day(8)?);
            key.number(Some(from.into())).number(Some(through.into()))
        } else {
            key.text(Some(row.text(5)?)).number(Some(row.number_in(6)?))
        };
        Some(key.digest())
    }

    /// What tells the facility of Part A: the number of the claim, which is there since layout 33, and the older one.
    fn facility(&self, row: &Row<'_>) -> [[u8; 8]; 2] {
        let number = |column| {
            let number = row.text(column).filter(|_| self.is_part_a);
            number.map_or(NONE, |number| Key::default().text(Some(number)).short().to_be_bytes())
        };
        [number(5), number(6)]
    }
}

/// The entries of a key by their facilities, each in their order. Claims of older layouts have the older number of the
/// facility alone: they are of the facility of a claim that has both, if one of its numbers is that, the least of several.
fn by_facility(group: &[Entry]) -> Vec<Vec<Entry>> {
    let own = |entry: &Entry| -> [u8; 8] { part(entry, FACILITY) };
    let older = |entry: &Entry| -> [u8; 8] { part(entry, OLDER) };
    let mut facilities: BTreeMap<[u8; 8], Vec<Entry>> = BTreeMap::new();
    for entry in group {
        let like = |other: &&Entry| {
            own(other) != NONE && (older(other) == older(entry) || own(other) == older(entry))
        };
        let facility = match own(entry) {
            NONE => group.iter().filter(like).map(own).min().unwrap_or(older(entry)),
            own => own,
        };
        facilities.entry(facility).or_default().push(*entry);
    }
    facilities.into_values().collect()
}

/// The entry of a row: entries of a key are by their amounts, then by type, the oldest first. Of those that are as old, claims
/// are in an order that is the same for all their lines and in every order of rows.
fn entry_of(
    table: &HistoryTable<'_>,
    row: &Row<'_>,
    key: &Digest,
    kind: Kind,
    [facility, older]: &[[u8; 8]; 2],
) -> Entry {
    let day = row.day(EFFECTIVE).unwrap_or_else(|| table.deliveries.day(row.rank));
    entry(&[
        key,
        &of_amount(row.amount(PAID)),
        &[kind as u8],
        &of_day(day),
        &row.rank.to_be_bytes(),
        &row.claim(CLAIM).map_or(0, |claim| claim.short()).to_be_bytes(),
        &row.number.to_be_bytes(),
        facility,
        older,
    ])
}

fn row_of(entry: &Entry) -> u64 {
    u64::from_be_bytes(part(entry, ROW))
}

/// What is left of a key.
#[derive(Debug, Default, PartialEq, Eq)]
struct Netted<'g> {
    finals: Vec<&'g Entry>,
    pairs: u64,
    /// Cancellations without a partner.
    unresolved: Vec<(&'g Entry, Class)>,
}

/// Pairs the entries of a key, which are in their order.
fn net(group: &[Entry]) -> Netted<'_> {
    let mut netted = Netted::default();
    for same in group.chunk_by(|one, other| one[AMOUNT..KIND] == other[AMOUNT..KIND]) {
        let originals = same.partition_point(|entry| entry[KIND] < Kind::Cancellation as u8);
        let (originals, rest) = same.split_at(originals);
        let cancellations = rest.partition_point(|entry| entry[KIND] < Kind::Adjustment as u8);
        let (cancellations, adjustments) = rest.split_at(cancellations);
        let cancelled = originals.len().min(cancellations.len());
        let mut adjusted = 0;
        let before = netted.unresolved.len();
        // The oldest cancellations have the originals: so later ones find the most adjustments before them.
        for cancellation in &cancellations[cancelled..] {
            let day = |entry: &Entry| day_of(part(entry, DAY));
            let earlier = adjustments.get(adjusted);
            if earlier.is_some_and(|adjustment| day(adjustment) < day(cancellation)) {
                adjusted += 1;
            } else {
                // Which class it is depends on what is left in the end.
                netted.unresolved.push((cancellation, Class::CancellationWithoutClaim));
            }
        }
        netted.pairs += (cancelled + adjusted) as u64;
        netted.finals.extend(&originals[cancelled..]);
        netted.finals.extend(&adjustments[adjusted..]);
        if adjusted < adjustments.len() {
            for (_, class) in &mut netted.unresolved[before..] {
                *class = Class::CancellationNotAfterAdjustment;
            }
        }
    }
    if !netted.finals.is_empty() {
        for (_, class) in &mut netted.unresolved {
            if *class == Class::CancellationWithoutClaim {
                *class = Class::CancellationOfOtherAmount;
            }
        }
    }
    netted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Entries of a key: amounts, types and days; the row is the place.
    fn entries(rows: &[(i128, Kind, i32)]) -> Vec<Entry> {
        let of = |(row, (amount, kind, day)): (usize, &(i128, Kind, i32))| {
            let (row, zeros) = ((row as u64).to_be_bytes(), [0; 28]);
            let (amount, day) = (of_amount(Some(*amount)), of_day(*day));
            entry(&[&zeros[..16], &amount, &[*kind as u8], &day, &zeros[..12], &row, &zeros[..16]])
        };
        let mut entries: Vec<Entry> = rows.iter().enumerate().map(of).collect();
        entries.sort_unstable();
        entries
    }

    /// Rows that are final, the number of pairs, and unresolved rows.
    fn netted(rows: &[(i128, Kind, i32)]) -> (Vec<u64>, u64, Vec<(u64, Class)>) {
        let entries = entries(rows);
        let netted = net(&entries);
        let mut finals: Vec<u64> = netted.finals.iter().map(|entry| row_of(entry)).collect();
        finals.sort_unstable();
        let unresolved = netted.unresolved.iter().map(|(entry, class)| (row_of(entry), *class));
        (finals, netted.pairs, unresolved.collect())
    }

    use Kind::{Adjustment as A, Cancellation as C, Original as O};

    #[test]
    fn a_cancellation_takes_the_oldest_original_of_its_amount() {
        assert_eq!(netted(&[(200, O, 1), (200, C, 9), (212, A, 9)]), (vec![2], 1, vec![]));
        // Whatever its date.
        assert_eq!(netted(&[(200, O, 9), (200, C, 1)]), (vec![], 1, vec![]));
        assert_eq!(netted(&[(200, O, 5), (200, O, 3), (200, C, 4)]), (vec![0], 1, vec![]));
        // Two originals and nothing else are both final.
        assert_eq!(netted(&[(200, O, 5), (200, O, 3)]), (vec![0, 1], 0, vec![]));
    }

    #[test]
    fn an_adjustment_goes_only_if_it_is_earlier() {
        assert_eq!(netted(&[(5, O, 1), (5, C, 2), (5, A, 2), (5, C, 3)]), (vec![], 2, vec![]));
        let class = Class::CancellationNotAfterAdjustment;
        assert_eq!(netted(&[(5, A, 3), (5, C, 3)]), (vec![0], 0, vec![(1, class)]));
        // The original goes first, though the adjustment is older.
        assert_eq!(netted(&[(5, A, 1), (5, O, 7), (5, C, 3)]), (vec![0], 1, vec![]));
        // The later cancellation has the adjustment.
        assert_eq!(netted(&[(5, C, 9), (5, O, 1), (5, A, 4), (5, C, 3)]), (vec![], 2, vec![]));
        let class = Class::CancellationWithoutClaim;
        assert_eq!(netted(&[(5, C, 1), (5, A, 4), (5, C, 9)]), (vec![], 1, vec![(0, class)]));
    }

    #[test]
    fn cancellations_without_a_partner_are_told_apart() {
        let (without, other) = (Class::CancellationWithoutClaim, Class::CancellationOfOtherAmount);
        assert_eq!(netted(&[(5, C, 1)]), (vec![], 0, vec![(0, without)]));
        assert_eq!(netted(&[(5, C, 1), (6, O, 1)]), (vec![1], 0, vec![(0, other)]));
        assert_eq!(netted(&[(5, O, 1), (5, C, 1), (5, C, 2)]), (vec![], 1, vec![(2, without)]));
        // The claim of the other amount is behind it, or before.
        assert_eq!(netted(&[(7, C, 1), (6, A, 1)]), (vec![1], 0, vec![(0, other)]));
    }
}

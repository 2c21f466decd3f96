//! What became of a history, in counts: never a value of the data.

use std::collections::BTreeMap;

use cclf_crosswalk::Table;
use convert::Error;
use convert::building::{Runs, Sorted};
use publish::Spools;
use serde::{Serialize, Serializer};

/// Bytes of listed rows in memory.
const LISTED_BYTES: usize = 1 << 20;

/// Why a row is listed: it is left out of the final claims, or stays among them, though nobody can tell whether it should.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A cancellation, left out, of whose key there is no claim, or none that is not cancelled by another.
    CancellationWithoutClaim,
    /// A cancellation, left out, of whose key there are claims, all of other amounts.
    CancellationOfOtherAmount,
    /// A cancellation, left out, for whose amount there are only adjustments that are not earlier.
    CancellationNotAfterAdjustment,
    /// A Part D event that stays: the newest of its key is a cancellation, and no event of deletion, since it has a payment or
    /// a drug.
    CancellationOfPartD,
    /// A cancellation, left out, whose key cannot be made, since a part of it is null.
    CancellationWithoutKey,
    /// Another row of which that is so. It stays.
    WithoutKey,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::CancellationWithoutClaim,
        Self::CancellationOfOtherAmount,
        Self::CancellationNotAfterAdjustment,
        Self::CancellationOfPartD,
        Self::CancellationWithoutKey,
        Self::WithoutKey,
    ];

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CancellationWithoutClaim => "cancellation_without_claim",
            Self::CancellationOfOtherAmount => "cancellation_of_other_amount",
            Self::CancellationNotAfterAdjustment => "cancellation_not_after_adjustment",
            Self::CancellationOfPartD => "cancellation_of_part_d",
            Self::CancellationWithoutKey => "cancellation_without_key",
            Self::WithoutKey => "without_key",
        }
    }

    /// Whether such rows are among the final claims.
    pub const fn stays(self) -> bool {
        matches!(self, Self::CancellationOfPartD | Self::WithoutKey)
    }
}

impl Serialize for Class {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// What became of the rows of a table.
///
/// Each row that is not among the final claims counts once in [`gone`](Self::gone).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Rows that a newer file has, too.
    pub redelivered: u64,
    /// Rows that the same file has again, by their key.
    pub repeated_in_file: u64,
    /// Part D events and rows of people of which a newer delivery tells.
    pub superseded: u64,
    /// Part D events of which the same delivery has a later row.
    pub several_in_one_delivery: u64,
    /// Part D events that say that nothing is left of their key.
    pub deleted: u64,
    /// Rows of CCLF9 that map an MBI to itself.
    pub self_mapped: u64,
    /// Cancellations that were paired, each with one claim.
    pub pairs: u64,
    /// Keys of which several claims are final.
    pub several_finals: u64,
    /// Rows whose adjustment type is none that is known: they count as originals.
    pub of_unknown_type: u64,
    /// Rows of claims and lines that are not final.
    pub of_claims_not_final: u64,
    /// Rows whose claim, or line, is not among the headers.
    pub without_claim: u64,
    /// What nobody can tell, by class.
    pub unresolved: BTreeMap<Class, u64>,
}

impl Outcome {
    /// Rows that are not among the final claims.
    pub fn gone(&self) -> u64 {
        let unresolved = self.unresolved.iter().filter(|(class, _)| !class.stays());
        self.redelivered
            + self.repeated_in_file
            + self.superseded
            + self.several_in_one_delivery
            + self.deleted
            + self.self_mapped
            + self.of_claims_not_final
            + self.without_claim
            + 2 * self.pairs
            + unresolved.map(|(_, rows)| rows).sum::<u64>()
    }
}

/// What became of a history. Nothing where there was none: of exports of BCDA, and where only final claims are left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Resolved {
    /// By table, as `CCLF1`.
    pub by_table: BTreeMap<&'static str, Outcome>,
    /// Rows of CCLF9 that contradict one of as new a file.
    pub mbi_contradictions: u64,
    /// MBIs from which CCLF9 leads back to them.
    pub mbi_circles: u64,
}

impl Resolved {
    /// What became of a table.
    pub fn of(&self, table: Table) -> Option<&Outcome> {
        self.by_table.get(table.name())
    }

    /// Rows that nobody can tell of, of all tables.
    pub fn unresolved(&self) -> u64 {
        self.by_table.values().flat_map(|outcome| outcome.unresolved.values()).sum()
    }
}

/// Rows of a table that are listed, in their order.
pub(super) struct Listed {
    rows: Runs<9>,
}

impl Listed {
    pub(super) fn new(spools: &Spools) -> Self {
        Self { rows: Runs::new(spools, LISTED_BYTES) }
    }

    /// Counts and lists a row.
    pub(super) fn add(
        &mut self,
        outcome: &mut Outcome,
        row: u64,
        class: Class,
    ) -> Result<(), Error> {
        *outcome.unresolved.entry(class).or_default() += 1;
        let mut entry = [0; 9];
        entry[..8].copy_from_slice(&row.to_be_bytes());
        entry[8] = class as u8;
        self.rows.push(entry)
    }

    /// The listed rows, in order.
    pub(super) fn sorted(self) -> Result<SortedRows, Error> {
        Ok(SortedRows(self.rows.sorted()?))
    }
}

/// Listed rows in their order.
pub(super) struct SortedRows(Sorted<9>);

impl SortedRows {
    /// The next one.
    pub(super) fn next(&mut self) -> Result<Option<(u64, Class)>, Error> {
        let entry = self.0.next()?;
        Ok(entry.map(|[row @ .., class]| (u64::from_be_bytes(row), Class::ALL[usize::from(class)])))
    }
}

//! What an update has changed of claims: new ones, corrected ones, cancelled and deleted ones.
//!
//! The changes name the claims whose rows went, and hold the rows that came. Rows that went are looked up in the result
//! before. What is known of each claim becomes entries of a fixed size, which are sorted outside of memory: tables may be of
//! any size.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::Path;

use cclf_crosswalk::arrow::array::{Array, AsArray, BooleanArray};
use cclf_crosswalk::arrow::compute::FilterBuilder;
use cclf_crosswalk::texts;
use convert::Cancel;
use convert::building::{Runs, StoredTable, open_temporary};
use publish::Spools;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::manifest::manifest;

/// The column by which rows are of a claim.
const CLAIM: &str = "BCDA_EOB_ID";
/// Whether a claim is final.
const FINAL: &str = "BCDA_FINAL";
/// What is another where the claim itself is as it was: where it was read, when it was loaded, and what its person tells.
const NOT_OF_THE_CLAIM: [&str; 4] = ["FILE_NAME", "FILE_DATE", "BCDA_LAST_UPDATED", "BENE_MBI_ID"];
/// Tables that have no claims.
const NOT_OF_CLAIMS: [&str; 3] = ["CCLF0", "CCLF8", "CCLF9"];
/// Rows that are looked at at once.
const ROWS: usize = 16_384;
/// Bytes of entries in memory.
const RUN_BYTES: usize = 16 << 20;

/// How many claims changed, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimCounts {
    /// Claims that were not there.
    pub new: u64,
    /// Claims that came again with anything else, and count as before.
    pub corrected: u64,
    /// Claims that were final and are not any more.
    pub cancelled: u64,
    /// Claims that are not there any more.
    pub deleted: u64,
}

impl ClaimCounts {
    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What led from the result before, if there was one, to the one in `tables`: `changes` is the folder of changes of that
    /// update.
    ///
    /// # Errors
    /// A table or a spool cannot be read, or the run was asked to end.
    pub(crate) fn of(
        before: Option<&Path>,
        changes_or_tables: &Path,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let scratch = open_temporary("sync")?;
        match before {
            Some(before) => Self::between(before, changes_or_tables, scratch.spools(), cancel),
            None => Self::all_new(changes_or_tables, scratch.spools(), cancel),
        }
    }

    /// Each claim of the tables is new.
    fn all_new(tables: &Path, spools: &Spools, cancel: &Cancel) -> Result<Self, Error> {
        let mut claims = Runs::<CLAIM_BYTES>::new(spools, RUN_BYTES);
        for (_, table) in tables_of_claims(tables)? {
            for part in table.pieces(ROWS) {
                let mut own: Vec<Claim> =
                    claims_of(&table, &part, cancel)?.into_iter().flatten().collect();
                own.dedup();
                own.into_iter().try_for_each(|claim| claims.push(claim))?;
            }
        }
        let mut counts = Self::default();
        claims.sorted()?.each_group(CLAIM_BYTES, |_| {
            counts.new += 1;
            Ok(())
        })?;
        Ok(counts)
    }

    fn between(
        before: &Path,
        changes: &Path,
        spools: &Spools,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let (mut entries, mut changed) = (Runs::new(spools, RUN_BYTES), Changed::default());
        let gone = changes.join("gone.parquet");
        let gone = StoredTable::open(&gone, &gone.display().to_string())?;
        for part in gone.pieces(ROWS) {
            for claim in claims_of(&gone, &part, cancel)?.into_iter().flatten() {
                changed.add(&claim);
                entries.push(Row { claim, ..Row::default() }.entry(Side::Gone))?;
            }
        }
        each_row(
            changes,
            |_| true,
            cancel,
            |row| {
                changed.add(&row.claim);
                entries.push(row.entry(Side::After))
            },
        )?;
        each_row(
            before,
            |claim| changed.may_have(claim),
            cancel,
            |row| entries.push(row.entry(Side::Before)),
        )?;
        let mut counts = Self::default();
        entries.sorted()?.each_group(CLAIM_BYTES, |entries| {
            counts.add(entries);
            Ok(())
        })?;
        Ok(counts)
    }

    /// Adds a claim, of which there are these entries.
    fn add(&mut self, entries: &[Entry]) {
        let of = |side: Side| {
            let own = entries.iter().filter(move |entry| entry[SIDE] == side as u8);
            own.map(Row::of).reduce(Row::and)
        };
        match (of(Side::Before), of(Side::After)) {
            (None, Some(_)) => self.new += 1,
            (Some(_), None) if of(Side::Gone).is_some() => self.deleted += 1,
            (Some(old), Some(new)) if old.is_final && !new.is_final => self.cancelled += 1,
            (Some(old), Some(new)) if old.hash != new.hash => self.corrected += 1,
            _ => {}
        }
    }
}

/// A claim: 128 bits of the hash of its id.
type Claim = [u8; CLAIM_BYTES];
const CLAIM_BYTES: usize = 16;

/// A row, as it is sorted: its claim, on which side it is, whether it is final, and its hash.
type Entry = [u8; ENTRY_BYTES];
const SIDE: usize = CLAIM_BYTES;
const IS_FINAL: usize = SIDE + 1;
const HASH: usize = IS_FINAL + 1;
const ENTRY_BYTES: usize = HASH + 8;

/// Where a row is.
#[derive(Clone, Copy)]
enum Side {
    /// Nowhere any more: it stands for all rows of the claim that there were.
    Gone,
    Before,
    After,
}

/// A row of a claim, or several.
#[derive(Clone, Copy, Default)]
struct Row {
    claim: Claim,
    /// Of several the sum, so that their order says nothing.
    hash: u64,
    is_final: bool,
}

impl Row {
    fn entry(self, side: Side) -> Entry {
        let mut entry = [0; ENTRY_BYTES];
        entry[..SIDE].copy_from_slice(&self.claim);
        entry[SIDE] = side as u8;
        entry[IS_FINAL] = self.is_final.into();
        entry[HASH..].copy_from_slice(&self.hash.to_be_bytes());
        entry
    }

    fn of(entry: &Entry) -> Self {
        Self {
            claim: entry.first_chunk().copied().unwrap_or_default(),
            hash: entry.last_chunk().map_or(0, |hash| u64::from_be_bytes(*hash)),
            is_final: entry[IS_FINAL] != 0,
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            hash: self.hash.wrapping_add(other.hash),
            is_final: self.is_final | other.is_final,
            ..self
        }
    }
}

/// Which claims an update may be about, so that hardly any others of the result before are looked at: a bit for each
/// beginning of a hash. What it has too many finds nothing on the other side.
struct Changed(Vec<u64>);

impl Default for Changed {
    fn default() -> Self {
        // 8 MiB: of a million claims one in seventy others passes.
        Self(vec![0; 1 << 20])
    }
}

impl Changed {
    fn place(&self, claim: &Claim) -> (usize, u64) {
        let [first, second, third, fourth, ..] = *claim;
        let number = u32::from_le_bytes([first, second, third, fourth]) as usize;
        (number / 64 % self.0.len(), 1 << (number % 64))
    }

    fn add(&mut self, claim: &Claim) {
        let (word, bit) = self.place(claim);
        self.0[word] |= bit;
    }

    fn may_have(&self, claim: &Claim) -> bool {
        let (word, bit) = self.place(claim);
        self.0[word] & bit != 0
    }
}

/// The tables of a result that have rows of claims, with their names.
fn tables_of_claims(result: &Path) -> Result<Vec<(String, StoredTable)>, Error> {
    let Some(report) = manifest(result)? else { return Ok(Vec::new()) };
    let tables = report.tables.into_iter();
    tables
        .filter(|own| !NOT_OF_CLAIMS.contains(&own.table.as_str()))
        .map(|own| {
            let path = result.join(&own.file);
            Ok((own.table, StoredTable::open(&path, &path.display().to_string())?))
        })
        .collect()
}

/// Whose the rows are.
fn claims_of(
    table: &StoredTable,
    (row_group, rows): &(usize, Range<usize>),
    cancel: &Cancel,
) -> Result<Vec<Option<Claim>>, Error> {
    cancel.check()?;
    let ids = table.column(table.place_of(CLAIM)?, *row_group, rows.clone())?;
    let ids = ids.as_string_opt::<i32>().ok_or_else(convert::Error::unbuilt)?;
    // Rows of a claim stand together: the same id is hashed once.
    let mut last = ("", claim_of(""));
    let mut claim = |id| {
        if last.0 != id {
            last = (id, claim_of(id));
        }
        last.1
    };
    Ok(ids.iter().map(|id| id.map(&mut claim)).collect())
}

fn claim_of(id: &str) -> Claim {
    blake3::hash(id.as_bytes()).as_bytes().first_chunk().copied().unwrap_or_default()
}

/// Gives `take` the rows of the wanted claims in the tables of a result.
fn each_row(
    result: &Path,
    is_wanted: impl Fn(&Claim) -> bool,
    cancel: &Cancel,
    mut take: impl FnMut(Row) -> Result<(), convert::Error>,
) -> Result<(), Error> {
    for (name, table) in tables_of_claims(result)? {
        let of_claim = |place: &usize| {
            !NOT_OF_THE_CLAIM.contains(&table.schema().field(*place).name().as_str())
        };
        let columns: Vec<usize> = (0..table.schema().fields().len()).filter(of_claim).collect();
        for part in table.pieces(ROWS) {
            let claims = claims_of(&table, &part, cancel)?;
            let claims = claims.into_iter().map(|claim| claim.filter(&is_wanted));
            let claims: Vec<Option<Claim>> = claims.collect();
            if claims.iter().all(Option::is_none) {
                continue;
            }
            let batch = table.batch(&columns, part.0, part.1)?;
            let mask: BooleanArray = claims.iter().map(|claim| Some(claim.is_some())).collect();
            let batch = FilterBuilder::new(&mask).build().filter_record_batch(&batch);
            let batch = batch.map_err(|_| convert::Error::unbuilt())?;
            let mut hashers = vec![DefaultHasher::default(); batch.num_rows()];
            for column in batch.columns() {
                let cells = texts(column).map_err(|_| convert::Error::unbuilt())?;
                for (hasher, cell) in hashers.iter_mut().zip(cells) {
                    cell.hash(hasher);
                }
            }
            let finals = batch.column_by_name(FINAL).ok_or_else(convert::Error::unbuilt)?;
            let finals = finals.as_boolean();
            for (row, (claim, mut hasher)) in claims.into_iter().flatten().zip(hashers).enumerate()
            {
                name.hash(&mut hasher);
                take(Row {
                    claim,
                    // One row that comes twice does not go unseen.
                    hash: hasher.finish() | 1,
                    is_final: finals.is_valid(row) && finals.value(row),
                })?;
            }
        }
    }
    Ok(())
}

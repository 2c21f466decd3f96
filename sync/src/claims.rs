//! What an update has changed of claims: new ones, corrected ones, cancelled and deleted ones.
//!
//! The changes name the claims whose rows went, and hold the rows that came. Rows that went are looked up in the result
//! before. Memory grows with the claims that changed, as that of the update does.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use cclf_crosswalk::arrow::array::{Array, AsArray, RecordBatch};
use cclf_crosswalk::texts;
use convert::Cancel;
use convert::building::StoredTable;
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
    /// A table cannot be read, or the run was asked to end.
    pub(crate) fn of(
        before: Option<&Path>,
        changes_or_tables: &Path,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let mut claims: HashMap<u128, Seen> = HashMap::new();
        read(changes_or_tables, cancel, |id, row, is_final| {
            let seen = claims.entry(id).or_default();
            seen.after.get_or_insert_default().add(row, is_final);
        })?;
        if let Some(before) = before {
            for id in gone(changes_or_tables, cancel)? {
                claims.entry(id).or_default();
            }
            read(before, cancel, |id, row, is_final| {
                if let Some(seen) = claims.get_mut(&id) {
                    seen.before.get_or_insert_default().add(row, is_final);
                }
            })?;
        }
        let mut counts = Self::default();
        for Seen { before, after } in claims.values() {
            match (before, after) {
                (None, Some(_)) => counts.new += 1,
                (Some(_), None) => counts.deleted += 1,
                (Some(old), Some(new)) if old.is_final && !new.is_final => counts.cancelled += 1,
                (Some(old), Some(new)) if old.rows != new.rows => counts.corrected += 1,
                _ => {}
            }
        }
        Ok(counts)
    }
}

/// A claim before and after.
#[derive(Default)]
struct Seen {
    before: Option<Rows>,
    after: Option<Rows>,
}

/// The rows of a claim in all tables.
#[derive(Default)]
struct Rows {
    /// The sum of their hashes, so that their order says nothing.
    rows: u64,
    is_final: bool,
}

impl Rows {
    fn add(&mut self, row: u64, is_final: bool) {
        // One row that comes twice does not go unseen.
        self.rows = self.rows.wrapping_add(row | 1);
        self.is_final |= is_final;
    }
}

/// 128 bits of the hash of a claim's id.
fn hash_of(id: &str) -> u128 {
    let hash = blake3::hash(id.as_bytes());
    hash.as_bytes().first_chunk().map_or(0, |half| u128::from_le_bytes(*half))
}

/// Gives `take` each row of a claim in the tables of a result: whose it is, its hash, and whether it is final.
fn read(
    tables: &Path,
    cancel: &Cancel,
    mut take: impl FnMut(u128, u64, bool),
) -> Result<(), Error> {
    let Some(report) = manifest(tables)? else { return Ok(()) };
    for own in report.tables.iter().filter(|own| !NOT_OF_CLAIMS.contains(&own.table.as_str())) {
        let path = tables.join(&own.file);
        let table = StoredTable::open(&path, &path.display().to_string())?;
        let of_claim = |place: &usize| {
            !NOT_OF_THE_CLAIM.contains(&table.schema().field(*place).name().as_str())
        };
        let columns: Vec<usize> = (0..table.schema().fields().len()).filter(of_claim).collect();
        each(&table, &columns, cancel, |batch| {
            let column = |name| batch.column_by_name(name).ok_or_else(convert::Error::unbuilt);
            let (ids, finals) = (column(CLAIM)?.as_string::<i32>(), column(FINAL)?.as_boolean());
            let mut hashers = vec![DefaultHasher::default(); batch.num_rows()];
            for column in batch.columns() {
                let cells = texts(column).map_err(|_| convert::Error::unbuilt())?;
                for (hasher, cell) in hashers.iter_mut().zip(cells) {
                    cell.hash(hasher);
                }
            }
            for (row, mut hasher) in hashers.into_iter().enumerate() {
                if ids.is_valid(row) {
                    own.table.hash(&mut hasher);
                    let is_final = finals.is_valid(row) && finals.value(row);
                    take(hash_of(ids.value(row)), hasher.finish(), is_final);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// The claims whose rows went.
fn gone(changes: &Path, cancel: &Cancel) -> Result<Vec<u128>, Error> {
    let path = changes.join("gone.parquet");
    let table = StoredTable::open(&path, &path.display().to_string())?;
    let (place, mut ids) = (table.place_of(CLAIM)?, Vec::new());
    each(&table, &[place], cancel, |batch| {
        ids.extend(batch.column(0).as_string::<i32>().iter().flatten().map(hash_of));
        Ok(())
    })?;
    Ok(ids)
}

fn each(
    table: &StoredTable,
    columns: &[usize],
    cancel: &Cancel,
    mut take: impl FnMut(RecordBatch) -> Result<(), convert::Error>,
) -> Result<(), Error> {
    for (row_group, rows) in table.row_groups().enumerate() {
        for start in (0..rows).step_by(ROWS) {
            if cancel.is_cancelled() {
                return Err(
                    convert::Error::new(convert::ErrorKind::Cancelled, "interrupted").into()
                );
            }
            take(table.batch(columns, row_group, start..rows.min(start + ROWS))?)?;
        }
    }
    Ok(())
}

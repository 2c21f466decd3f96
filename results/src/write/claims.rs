//! Which claims have records: a look at the ids of all tables, before anything is written.

use std::collections::HashSet;

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{Array, AsArray, BooleanArray, RecordBatch, StringArray};
use convert::Error;
use convert::building::StoredTable;

use super::report::LeftOutClaims;
use super::surrogates::{Surrogates, fits, in_use};
use crate::digest::{Digest, digest};
use crate::finished::Finished;
use crate::rows::Reader;

/// The column of the id.
pub(super) const CLAIM: &str = "CUR_CLM_UNIQ_ID";
const PERSON: &str = "BENE_MBI_ID";
const TYPE: &str = "CLM_ADJSMT_TYPE_CD";
const FINAL: &str = "BCDA_FINAL";

/// The type of a claim that cancels another.
const CANCELLATION: &str = "1";

/// The tables that a claim has its header, or its lines, in.
const OWN: [Table; 4] = [Table::Cclf1, Table::Cclf5, Table::Cclf6, Table::Cclf7];

/// The tables whose rows are of claims.
pub(super) fn is_of_claims(table: Table) -> bool {
    !matches!(table, Table::Cclf8 | Table::Cclf9 | Table::Cclf0)
}

/// How many people CCLF8 has: somebody has a row for each stay in a hospice.
///
/// # Errors
/// The table cannot be read or lacks the column.
pub(super) fn people(finished: &Finished, reader: Reader<'_>) -> Result<u64, Error> {
    let table = finished.table(Table::Cclf8);
    let mut people = HashSet::new();
    let look = |_: &_, batch: RecordBatch| {
        let mbis = batch.column(0).as_string::<i32>();
        Ok(mbis.iter().flatten().map(digest).collect::<Vec<_>>())
    };
    reader.each(table, &[table.place_of(PERSON)?], look, |_, found| {
        people.extend(found);
        Ok(())
    })?;
    Ok(people.len() as u64)
}

/// What is known of the claims.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// Whether rows that are not final, and cancellations, are left out.
    only_final: bool,
    /// Claims that cancel another.
    cancellations: HashSet<Digest>,
    /// All that there are; one that is there as it was, and as it is, is two.
    pub(super) count: u64,
    pub(super) left_out: LeftOutClaims,
    /// Claims that bear a number that another was given.
    pub(super) of_given_number: HashSet<Digest>,
}

/// Where the columns are that tell whether a row counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    /// The id of the claim.
    pub(super) claim: usize,
    kind: Option<usize>,
    is_final: Option<usize>,
}

impl Telling {
    /// In the rows of a table.
    ///
    /// # Errors
    /// A column is missing.
    fn of(table: &StoredTable, only_final: bool) -> Result<Self, Error> {
        let is_final = if only_final { Some(table.place_of(FINAL)?) } else { None };
        let kind = table.schema().index_of(TYPE).ok();
        Ok(Self { claim: table.place_of(CLAIM)?, kind, is_final })
    }

    /// The columns, by their places in the table.
    fn columns(&self) -> Vec<usize> {
        [Some(self.claim), self.kind, self.is_final].into_iter().flatten().collect()
    }

    /// The same, where only these columns are read.
    fn alone(&self) -> Self {
        let kind = self.kind.map(|_| 1);
        Self { claim: 0, kind, is_final: self.is_final.map(|_| 1 + usize::from(kind.is_some())) }
    }
}

/// The rows of a batch, and what tells whether they count.
pub(super) struct Told<'b> {
    pub(super) ids: &'b StringArray,
    kinds: Option<&'b StringArray>,
    finals: Option<&'b BooleanArray>,
}

impl<'b> Told<'b> {
    /// In a batch with all columns.
    pub(super) fn new(telling: &Telling, batch: &'b RecordBatch) -> Self {
        Self {
            ids: batch.column(telling.claim).as_string(),
            kinds: telling.kind.map(|column| batch.column(column).as_string()),
            finals: telling.is_final.map(|column| batch.column(column).as_boolean()),
        }
    }

    /// The id of a row's claim; nothing where it has none.
    pub(super) fn id(&self, row: usize) -> &'b str {
        if self.ids.is_valid(row) { self.ids.value(row) } else { "" }
    }

    /// Whether a row has one.
    pub(super) fn has_id(&self, row: usize) -> bool {
        self.ids.is_valid(row)
    }

    fn is_final(&self, row: usize) -> bool {
        self.finals.is_none_or(|finals| finals.is_valid(row) && finals.value(row))
    }

    fn is_cancellation(&self, row: usize) -> bool {
        self.kinds.is_some_and(|kinds| kinds.is_valid(row) && kinds.value(row) == CANCELLATION)
    }
}

impl Claims {
    /// Looks at the ids of all tables; claims whose id does not fit get a number.
    ///
    /// # Errors
    /// A table cannot be read or lacks a column; there are no more numbers.
    pub(super) fn find(
        finished: &Finished,
        only_final: bool,
        mut surrogates: Option<&mut Surrogates>,
        reader: Reader<'_>,
    ) -> Result<Self, Error> {
        let mut claims = Self { only_final, ..Self::default() };
        let mut numbers = HashSet::new();
        let mut not_final = HashSet::new();
        let mut strange: Vec<String> = Vec::new();
        let gives = surrogates.is_some();
        for (table, stored) in finished.tables().filter(|(table, _)| is_of_claims(*table)) {
            let telling = Telling::of(stored, only_final)?;
            let alone = telling.alone();
            let is_own = OWN.contains(&table);
            let look = |_: &_, batch: RecordBatch| {
                let told = Told::new(&alone, &batch);
                let mut found = Found::default();
                let mut before = None;
                // A claim may stand there twice: as it was, and as it is.
                let of = |row: usize| (told.id(row), told.is_final(row));
                if let Some(last) = batch.num_rows().checked_sub(1) {
                    let end = |(id, is_final)| (digest(id), is_final);
                    found.ends = Some((end(of(0)), end(of(last))));
                }
                for row in 0..batch.num_rows() {
                    let (id, is_final) = of(row);
                    if before.replace((id, is_final)) == Some((id, is_final)) {
                        continue;
                    }
                    found.claims += u64::from(is_own);
                    if !is_final {
                        if is_own {
                            found.not_final.push(digest(id));
                        }
                        continue;
                    }
                    if is_own && told.is_cancellation(row) {
                        found.cancellations.push(digest(id));
                    }
                    found.numbers.extend(in_use(id));
                    // The header or the lines of a claim tell all ids: each is looked at once.
                    if gives && is_own && told.has_id(row) && !fits(id) {
                        found.strange.push(id.to_owned());
                    }
                }
                Ok(found)
            };
            let mut last = None;
            reader.each(stored, &telling.columns(), look, |_, found| {
                claims.count += found.claims;
                // A claim goes on where a piece ends in the middle of its rows.
                if let Some((first, end)) = found.ends {
                    claims.count -= u64::from(is_own && last.replace(end) == Some(first));
                }
                numbers.extend(found.numbers);
                not_final.extend(found.not_final);
                claims.cancellations.extend(found.cancellations);
                strange.extend(found.strange);
                Ok(())
            })?;
        }
        claims.left_out.not_final = not_final.len() as u64;
        if only_final {
            claims.left_out.cancellations = claims.cancellations.len() as u64;
        }
        if let Some(map) = &mut surrogates {
            for number in &numbers {
                let id = number.to_string();
                if map.is_given(&id) {
                    claims.of_given_number.insert(digest(&id));
                }
            }
            for id in strange {
                if !map.give(&id, &numbers) {
                    return Err(Error::failed(
                        "all numbers of 13 digits from 9000000000001 on are given",
                    ));
                }
            }
        }
        Ok(claims)
    }

    /// What tells whether rows of a table count.
    ///
    /// # Errors
    /// A column is missing.
    pub(super) fn telling(&self, table: &StoredTable) -> Result<Telling, Error> {
        Telling::of(table, self.only_final)
    }

    /// Whether a row has a record, if it fits.
    pub(super) fn counts(&self, told: &Told<'_>, row: usize) -> bool {
        if !self.only_final {
            return true;
        }
        told.is_final(row)
            && !told.is_cancellation(row)
            && (self.cancellations.is_empty()
                || told.kinds.is_some()
                || !self.cancellations.contains(&digest(told.id(row))))
    }
}

/// What a piece of a table has.
#[derive(Default)]
struct Found {
    claims: u64,
    /// The claims of its first and its last row, and whether they are final.
    ends: Option<((Digest, bool), (Digest, bool))>,
    cancellations: Vec<Digest>,
    not_final: Vec<Digest>,
    numbers: Vec<u64>,
    /// Ids that do not fit.
    strange: Vec<String>,
}

//! A history, resolved: which rows of all its tables are of final claims.

use std::collections::BTreeMap;

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::BooleanArray;
use cclf_crosswalk::arrow::buffer::BooleanBuffer;
use convert::Error;
use publish::Spools;

use super::children::{self, Parents};
use super::history_table::{HistoryTable, Job};
use super::kept::Kept;
use super::resolved::{Listed, Outcome, Resolved};
use super::{pairs, part_d, people, redelivered};
use crate::finished::{Finished, Source};
use crate::mbis::Mbis;
use crate::rows::Reader;

/// Which rows of a result count, and what became of the others.
pub(super) struct Found {
    pub(super) kept: Kept,
    pub(super) resolved: Resolved,
    /// Rows of which nobody can tell whether they should count.
    pub(super) listed: BTreeMap<Table, Listed>,
    /// Whether rows of claims do not tell the files that they came in: all of a table count as of one delivery then.
    pub(super) is_one_delivery: bool,
}

impl Found {
    fn new(kept: Kept, resolved: Resolved) -> Self {
        Self { kept, resolved, listed: BTreeMap::new(), is_one_delivery: false }
    }

    /// Looks through a result, whatever it is.
    ///
    /// # Errors
    /// A table cannot be read, or has not the columns that tell.
    pub(super) fn of(
        finished: &Finished,
        reader: Reader<'_>,
        spools: &Spools,
        mbis: &Mbis,
    ) -> Result<Self, Error> {
        let kept = match finished.source {
            Source::Cclf if !finished.is_final => {
                return Self::of_history(finished, reader, spools, mbis);
            }
            Source::Cclf => Kept::all(finished),
            Source::Bcda(_) => Kept::by_flag(finished, reader)?,
        };
        Ok(Self::new(kept, Resolved::default()))
    }

    /// Resolves a history.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    fn of_history(
        finished: &Finished,
        reader: Reader<'_>,
        spools: &Spools,
        mbis: &Mbis,
    ) -> Result<Self, Error> {
        History::new(Job { finished, reader, spools, mbis }).resolve()
    }
}

impl Kept {
    /// The rows that count of a result: of a history those of final claims, of final claims all, of exports of BCDA those that
    /// say so.
    ///
    /// # Errors
    /// A table cannot be read, or has not the columns that tell.
    pub(crate) fn of_result(
        finished: &Finished,
        reader: Reader<'_>,
        spools: &Spools,
        mbis: &Mbis,
    ) -> Result<(Self, Resolved), Error> {
        let found = Found::of(finished, reader, spools, mbis)?;
        Ok((found.kept, found.resolved))
    }
}

/// A history that is being resolved.
struct History<'a> {
    job: Job<'a>,
    found: Found,
}

impl<'a> History<'a> {
    fn new(job: Job<'a>) -> Self {
        let resolved = Resolved {
            mbi_contradictions: job.mbis.contradictions,
            mbi_circles: job.mbis.circles,
            ..Resolved::default()
        };
        Self { job, found: Found::new(Kept::default(), resolved) }
    }

    fn resolve(mut self) -> Result<Found, Error> {
        let headers = HistoryTable::open(self.job, Table::Cclf1)?;
        let finals = self.claims(&headers)?;
        let parents = [Parents { table: &headers, finals: &finals }];
        for table in [Table::Cclf2, Table::Cclf3, Table::Cclf4, Table::CclfA] {
            self.children(table, &parents)?;
        }
        let (physicians, equipment) = (
            HistoryTable::open(self.job, Table::Cclf5)?,
            HistoryTable::open(self.job, Table::Cclf6)?,
        );
        let (finals, others) = (self.claims(&physicians)?, self.claims(&equipment)?);
        let parents = [
            Parents { table: &physicians, finals: &finals },
            Parents { table: &equipment, finals: &others },
        ];
        self.children(Table::CclfB, &parents)?;
        self.claims(&HistoryTable::open(self.job, Table::Cclf7)?)?;
        for (table, of) in [
            (Table::Cclf8, people::demographics as fn(Job<'_>, &mut Outcome) -> _),
            (Table::Cclf9, people::previous),
        ] {
            let mut outcome = Outcome::default();
            let rows = of(self.job, &mut outcome)?;
            self.set(table, rows, outcome);
        }
        Ok(self.found)
    }

    /// The final rows of a table with adjustment types.
    fn claims(&mut self, table: &HistoryTable<'_>) -> Result<BooleanBuffer, Error> {
        let (mut outcome, mut listed) = (Outcome::default(), Listed::new(self.job.spools));
        self.found.is_one_delivery |= table.rows() > 0 && !table.deliveries.are_told();
        let live = redelivered::collapse(table, &mut outcome)?;
        let of = if table.table == Table::Cclf7 { part_d::finals } else { pairs::finals };
        let finals = of(table, &live, &mut outcome, &mut listed)?;
        if !outcome.unresolved.is_empty() {
            self.found.listed.insert(table.table, listed);
        }
        self.set(table.table, finals.clone(), outcome);
        Ok(finals)
    }

    fn children(&mut self, table: Table, parents: &[Parents<'_>]) -> Result<(), Error> {
        let mut outcome = Outcome::default();
        let rows = children::of_finals(self.job, table, parents, &mut outcome)?;
        self.set(table, rows, outcome);
        Ok(())
    }

    fn set(&mut self, table: Table, rows: BooleanBuffer, outcome: Outcome) {
        self.found.kept.set(table, BooleanArray::new(rows, None));
        self.found.resolved.by_table.insert(table.name(), outcome);
    }
}

//! The rows of an earlier result's table, carried into the new one.
//!
//! Which rows stay is told by the column of claim ids, which is read first. Then as many rows as make a row group of the
//! new table go there column by column: each column is read, thinned out and encoded by itself, on whatever thread is
//! free, so that the rows are never there as rows and only columns at work are in memory. What is left at the end is no
//! whole row group: it goes as batches, and waits for the rows of the exports that come after it.

use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use cclf_crosswalk::arrow::compute::concat;
use cclf_crosswalk::arrow::datatypes::SchemaRef;
use cclf_crosswalk::arrow::error::ArrowError;
use cclf_crosswalk::{LateMbi, Plan, ROW_GROUP_ROWS, Table, schema};

use super::kept::{Cursor, Fate, Kept, Segment};
use crate::cancel::Cancel;
use crate::error::Error;
use crate::out::shared::shared;
use crate::out::tables::Rows;
use crate::stored::StoredTable;

/// The column by which rows are known to be of a claim.
const CLAIM_ID: &str = "BCDA_EOB_ID";

/// Most rows of a batch, where rows go as batches.
const CARRIED_ROWS: usize = 32 << 10;

/// A table of an earlier result, with all columns, and how it is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Earlier<'a> {
    pub(crate) table: Table,
    pub(crate) file: &'a Path,
    /// Of the version of the API that the result is of.
    pub(crate) plan: &'static Plan,
    pub(crate) threads: usize,
    pub(crate) cancel: &'a Cancel,
}

/// What became of the rows of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    /// Rows that were carried over.
    pub(crate) rows: u64,
    /// Rows that were left out.
    pub(crate) gone: u64,
    /// Rows that were carried over with an MBI put into them, or with theirs taken out.
    pub(crate) with_mbi: u64,
}

/// Gives the rows of an earlier table to `rows`, in their order, as `fate` says of the claim with an id. It is called on
/// any thread, at least once for each claim and not for every row.
///
/// # Errors
/// - The file is no Parquet file, is damaged, or has other columns than the table has now.
/// - It cannot be read, or the rows cannot be written.
/// - The run was asked to end.
pub(crate) fn carry<'m>(
    earlier: &Earlier<'_>,
    fate: impl Fn(&str) -> Fate<'m> + Sync,
    rows: &mut impl Rows,
) -> Result<Carried, Error> {
    let reading = Reading::open(*earlier)?;
    let kept = reading.kept(&fate)?;
    let (mut cursor, mut left) = (Cursor::default(), kept.iter().map(Kept::kept).sum::<usize>());
    let carried = Carried {
        rows: left as u64,
        gone: kept.iter().map(|own| own.rows() as u64).sum::<u64>() - left as u64,
        with_mbi: kept.iter().map(|own| own.with_mbi() as u64).sum(),
    };
    let mut takes_row_groups = true;
    while left > 0 {
        if left >= ROW_GROUP_ROWS && takes_row_groups {
            let (segments, next) = cursor.next(&kept, ROW_GROUP_ROWS);
            let columns = |number| reading.column(number, &segments);
            let taken = rows.write_row_group(earlier.table, &columns);
            // What failed while a column was read is no failure of whoever takes it.
            if taken.map_err(|error| reading.fault().unwrap_or(error))? {
                left -= ROW_GROUP_ROWS;
                cursor = next;
            } else {
                takes_row_groups = false;
            }
            continue;
        }
        let most = left.min(CARRIED_ROWS);
        let (segments, next) = cursor.next(&kept, most);
        rows.write(earlier.table, reading.batch(&segments)?)?;
        left -= most;
        cursor = next;
    }
    Ok(carried)
}

/// An earlier table that is being read.
struct Reading<'a> {
    earlier: Earlier<'a>,
    stored: StoredTable,
    schema: SchemaRef,
    /// The place of the claim's id among the columns.
    claim_id: usize,
    /// The places of the MBIs.
    mbis: Vec<usize>,
    /// The first thing that went wrong while columns were read.
    fault: Mutex<Option<Error>>,
}

impl<'a> Reading<'a> {
    fn open(earlier: Earlier<'a>) -> Result<Self, Error> {
        let Earlier { table, file, plan, .. } = earlier;
        let stored = StoredTable::open(file, &file.display().to_string())?;
        let all = true.into();
        let schema = schema(plan.crosswalk(), table, &all);
        if !stored.has_columns_of(&schema) {
            return Err(Error::usage(format!(
                "{} has other columns than {} has now: it is of another version of the crosswalk; convert the exports \
                 again",
                file.display(),
                table.name(),
            )));
        }
        let late = LateMbi::new(plan, &[table], &all);
        Ok(Self {
            earlier,
            stored,
            claim_id: schema.index_of(CLAIM_ID).map_err(|_| Error::unbuilt())?,
            mbis: late.places(table).to_vec(),
            schema,
            fault: Mutex::new(None),
        })
    }

    /// Which rows stay, by row group.
    fn kept<'m>(&self, fate: &(impl Fn(&str) -> Fate<'m> + Sync)) -> Result<Vec<Kept<'m>>, Error> {
        let row_groups = self.stored.row_groups().enumerate();
        let row_groups: Vec<_> = row_groups.filter(|(_, rows)| *rows > 0).collect();
        let kept =
            shared(row_groups, self.earlier.threads.saturating_sub(1), |(row_group, rows)| {
                let ids = self.read(self.claim_id, row_group, 0..rows)?;
                let ids = ids.as_string_opt().ok_or_else(Error::unbuilt)?;
                Ok(Kept::of(row_group, ids, fate))
            });
        kept.into_iter().collect()
    }

    /// A column in the rows of segments that stay.
    fn column(
        &self,
        number: usize,
        segments: &[Segment<'_, '_>],
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let is_mbi = self.mbis.contains(&number);
        let of = |segment: &Segment<'_, '_>| {
            let column = self.read(number, segment.row_group, segment.rows.clone());
            let column = column.map_err(|error| {
                let mut first = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(error);
                ArrowError::ParquetError("an earlier table could not be read".to_owned())
            })?;
            segment.keep(column, is_mbi)
        };
        segments.iter().map(of).collect()
    }

    /// The rows of segments that stay.
    fn batch(&self, segments: &[Segment<'_, '_>]) -> Result<RecordBatch, Error> {
        let numbers = (0..self.schema.fields().len()).collect();
        let columns = shared(numbers, self.earlier.threads.saturating_sub(1), |number| {
            let arrays = self.column(number, segments)?;
            match &arrays[..] {
                [array] => Ok(ArrayRef::clone(array)),
                _ => concat(&arrays.iter().map(AsRef::as_ref).collect::<Vec<&dyn Array>>()),
            }
        });
        let columns: Result<_, _> = columns.into_iter().collect();
        let batch = columns
            .and_then(|columns| RecordBatch::try_new(SchemaRef::clone(&self.schema), columns));
        batch.map_err(|_| self.fault().unwrap_or_else(Error::unbuilt))
    }

    fn read(&self, number: usize, row_group: usize, rows: Range<usize>) -> Result<ArrayRef, Error> {
        if self.earlier.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        self.stored.column(number, row_group, rows)
    }

    fn fault(&self) -> Option<Error> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

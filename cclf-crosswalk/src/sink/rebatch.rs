//! Batches of any size into batches of one size: the one place where rows wait for their batch.

use crate::arrow::array::RecordBatch;
use crate::arrow::compute::{BatchCoalescer, concat_batches};
use crate::arrow::datatypes::SchemaRef;
use crate::arrow::error::ArrowError;

/// Batches with fewer rows than this are joined before they wait for a whole batch. What waits holds on to the
/// memory of every array that came, and a table of few rows gets thousands of small ones before its batch is full.
const SMALL_ROWS: usize = 256;

/// Most small batches that wait to be joined.
const SMALL_BATCHES: usize = 64;

/// Cuts and joins batches of one table: as many rows in each but the last, in the order they came.
///
/// ```
/// use cclf_crosswalk::{Crosswalk, Plan, Rebatch, Table, schema, summary};
///
/// let mut batches = Rebatch::new(schema(Crosswalk::stu3(), Table::Cclf0, &false.into()), 2);
/// for rows in 1..=3 {
///     batches.push(summary(Plan::stu3(), &[(Table::Cclf5, rows)])?)?;
/// }
/// assert_eq!(batches.next_batch().map(|batch| batch.num_rows()), Some(2));
/// assert!(batches.next_batch().is_none());
/// batches.finish()?;
/// assert_eq!(batches.next_batch().map(|batch| batch.num_rows()), Some(1));
/// # Ok::<(), cclf_crosswalk::arrow::error::ArrowError>(())
/// ```
#[derive(Debug)]
pub struct Rebatch {
    schema: SchemaRef,
    /// Small batches that are not joined yet, and their rows.
    small: (Vec<RecordBatch>, usize),
    /// Batches of fewer rows are small.
    small_rows: usize,
    coalescer: BatchCoalescer,
}

impl Rebatch {
    /// Makes batches of `rows` rows, of at least one.
    pub fn new(schema: SchemaRef, rows: usize) -> Self {
        let rows = rows.max(1);
        let coalescer = BatchCoalescer::new(SchemaRef::clone(&schema), rows);
        Self { schema, small: (Vec::new(), 0), small_rows: SMALL_ROWS.min(rows), coalescer }
    }

    /// Appends rows.
    ///
    /// # Errors
    /// Rows of another schema; more text in a column of one batch than Arrow can address, 2 GiB.
    pub fn push(&mut self, batch: RecordBatch) -> Result<(), ArrowError> {
        let (batches, rows) = &mut self.small;
        if batches.is_empty() && batch.num_rows() >= self.small_rows {
            return self.coalescer.push_batch(batch);
        }
        *rows += batch.num_rows();
        batches.push(batch);
        if *rows >= self.small_rows || batches.len() >= SMALL_BATCHES {
            self.join_small()?;
        }
        Ok(())
    }

    /// Whether no rows wait.
    pub fn is_empty(&self) -> bool {
        self.small.1 == 0 && self.coalescer.is_empty()
    }

    fn join_small(&mut self) -> Result<(), ArrowError> {
        let (batches, _) = std::mem::take(&mut self.small);
        if batches.is_empty() {
            return Ok(());
        }
        self.coalescer.push_batch(concat_batches(&self.schema, &batches)?)
    }

    /// The next batch that is full; after [`finish`](Self::finish) also the last one, which may have fewer rows.
    pub fn next_batch(&mut self) -> Option<RecordBatch> {
        self.coalescer.next_completed_batch()
    }

    /// No more rows come, or a batch is wanted of those that wait.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub fn finish(&mut self) -> Result<(), ArrowError> {
        self.join_small()?;
        self.coalescer.finish_buffered_batch()
    }
}

#[cfg(test)]
mod tests {
    use crate::arrow::array::AsArray;
    use crate::arrow::datatypes::Int64Type;

    use super::*;
    use crate::{Crosswalk, Plan, Table, schema, summary};

    /// Rows and their sizes after batches of these sizes were pushed.
    fn pushed(rows: usize, sizes: &[usize]) -> (Vec<i64>, Vec<usize>) {
        let schema = schema(Crosswalk::stu3(), Table::Cclf0, &false.into());
        let mut batches = Rebatch::new(schema, rows);
        let (mut count, mut all, mut cut) = (0_u64, Vec::new(), Vec::new());
        let mut take = |batches: &mut Rebatch| {
            while let Some(batch) = batches.next_batch() {
                cut.push(batch.num_rows());
                let counts = batch.column(2);
                all.extend(counts.as_primitive::<Int64Type>().values());
            }
        };
        for size in sizes {
            let own: Vec<(Table, u64)> =
                (count..count + *size as u64).map(|row| (Table::Cclf1, row)).collect();
            count += *size as u64;
            batches.push(summary(Plan::stu3(), &own).unwrap()).unwrap();
            take(&mut batches);
        }
        batches.finish().unwrap();
        take(&mut batches);
        (all, cut)
    }

    #[test]
    fn all_batches_but_the_last_are_full_and_rows_keep_their_order() {
        let mut sizes = vec![1; 300];
        sizes.extend([500, 0, 2, 3_000, 7]);
        let total: usize = sizes.iter().sum();
        for rows in [1, 3, 256, 300, 10_000] {
            let (all, cut) = pushed(rows, &sizes);
            assert!(all.iter().copied().eq(0..i64::try_from(total).unwrap()), "{rows}");
            let (last, full) = cut.split_last().unwrap();
            assert!(full.iter().all(|size| *size == rows) && *last <= rows, "{rows}");
        }
    }

    #[test]
    fn no_rows_are_no_batch_and_no_size_is_one_row() {
        assert_eq!(pushed(10, &[]), (vec![], vec![]));
        assert_eq!(pushed(0, &[2]), (vec![0, 1], vec![1, 1]));
    }
}

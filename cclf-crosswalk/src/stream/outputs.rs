//! The tables that were asked for, and what waits of them.

use crate::arrow::array::RecordBatch;
use crate::arrow::datatypes::SchemaRef;
use crate::arrow::error::ArrowError;

use super::options::TableStreamOptions;
use crate::layout::table::Table;
use crate::plan::Plan;
use crate::rows::batch::schema;
use crate::sink::rebatch::Rebatch;

/// A table that was asked for.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) table: Table,
    pub(super) rows: u64,
    batches: Rebatch,
}

/// The tables asked for, in the order of [`Table::ALL`].
#[derive(Debug)]
pub(super) struct Outputs(pub(super) Vec<Output>);

impl Outputs {
    /// Those of `tables` of which a column is wanted.
    pub(super) fn new(plan: &Plan, tables: &[Table], options: &TableStreamOptions) -> Self {
        let output = |table: &Table| {
            let schema = schema(plan.crosswalk(), *table, &options.columns);
            let batches = Rebatch::new(SchemaRef::clone(&schema), options.batch_rows);
            (!schema.fields().is_empty()).then_some(Output { table: *table, rows: 0, batches })
        };
        let wanted = Table::ALL.iter().filter(|table| tables.contains(table));
        Self(wanted.filter_map(output).collect())
    }

    pub(super) fn push(&mut self, made: Vec<(Table, RecordBatch)>) -> Result<(), ArrowError> {
        for (table, batch) in made {
            if let Some(output) = self.0.iter_mut().find(|output| output.table == table) {
                output.rows += batch.num_rows() as u64;
                output.batches.push(batch)?;
            }
        }
        Ok(())
    }

    pub(super) fn next_batch(&mut self) -> Option<(Table, RecordBatch)> {
        self.0
            .iter_mut()
            .find_map(|output| output.batches.next_batch().map(|batch| (output.table, batch)))
    }

    pub(super) fn finish(&mut self) -> Result<(), ArrowError> {
        self.0.iter_mut().try_for_each(|output| output.batches.finish())
    }

    pub(super) fn tables(&self) -> Vec<Table> {
        self.0.iter().map(|output| output.table).collect()
    }
}

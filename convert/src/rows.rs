//! Where the rows of a run go: into files, or to whoever asked for them.

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::RecordBatch;

use crate::error::Error;
use crate::output::Tables;

/// Takes the rows of the passes.
pub(crate) trait Rows {
    /// The tables whose rows are made, CCLF0 apart.
    fn names(&self) -> Vec<Table>;

    /// Takes rows of a table, in the order of the input.
    fn write(&mut self, table: Table, batch: RecordBatch) -> Result<(), Error>;
}

impl Rows for Tables {
    fn names(&self) -> Vec<Table> {
        Self::names(self)
    }

    fn write(&mut self, table: Table, batch: RecordBatch) -> Result<(), Error> {
        Self::write(self, table, batch)
    }
}

//! How a stream of tables is made.

use crate::facts::columns::Columns;
use crate::sink::BATCH_ROWS;

/// How a [`TableStream`](crate::TableStream) makes its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableStreamOptions {
    /// Which columns; all of them, lineage too, unless told otherwise.
    pub columns: Columns,
    /// Rows of a batch, at least 1; only the last of a table has fewer. 8,192 by default.
    pub batch_rows: usize,
    /// Every record was given to [`Beneficiaries`](crate::Beneficiaries) before, because people and claims are mixed. Then people, and bad
    /// records that are no claims, are known: they are neither counted nor told a second time.
    pub second_reading: bool,
}

impl Default for TableStreamOptions {
    fn default() -> Self {
        Self { columns: Columns::from(true), batch_rows: BATCH_ROWS, second_reading: false }
    }
}

//! The rows that count, written as tables.

use cclf_crosswalk::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray,
};
use cclf_crosswalk::arrow::compute::FilterBuilder;
use cclf_crosswalk::arrow::datatypes::SchemaRef;
use cclf_crosswalk::{Api, Columns, Plan, Table, schema};
use convert::building::{Rows, StoredTable, Tables, shared};
use convert::{Error, Options};
use publish::Stage;
use std::sync::Arc;

use super::kept::Kept;
use crate::finished::{Finished, Source};
use crate::mbis::Mbis;
use crate::rows::{Piece, Reader, pieces};

const MBI: &str = "BENE_MBI_ID";
const FINAL: &str = "BCDA_FINAL";
/// A column that only tables with lineage have.
const LINEAGE: &str = "FILE_NAME";

/// The plan whose columns the tables of a source have. CMS's files have those of version 1: the layout is one.
pub(super) fn plan(source: Source) -> &'static Plan {
    match source {
        Source::Bcda(api) => Plan::of(api),
        Source::Cclf => Plan::of(Api::V1),
    }
}

/// The columns that the tables of a result have.
pub(super) fn columns(finished: &Finished) -> Columns {
    Columns::from(finished.table(Table::Cclf1).schema().index_of(LINEAGE).is_ok())
}

/// What is written of a result.
pub(super) struct Written<'a> {
    pub(super) finished: &'a Finished,
    pub(super) kept: &'a Kept,
    pub(super) reader: Reader<'a>,
    /// Where rows are of CMS's files: their MBIs become the most recent ones, and BCDA_FINAL becomes true.
    pub(super) mbis: Option<&'a Mbis>,
}

impl Written<'_> {
    /// Writes all tables into the stage, and says what they are.
    ///
    /// # Errors
    /// A table cannot be read or written, or has not the columns that it has now; the run was asked to end.
    pub(super) fn write(
        &self,
        options: &Options,
        stage: &Stage,
    ) -> Result<Vec<convert::TableReport>, Error> {
        let plan = plan(self.finished.source);
        let tables = self.finished.tables().map(|(table, stored)| {
            let schema = schema(plan.crosswalk(), table, &options.columns);
            if stored.has_columns_of(&schema) {
                return Ok((table, stored, schema));
            }
            Err(Error::usage(format!(
                "{} has other columns than {table} has now: it was written with a choice of columns, or by another version",
                stored.shown()
            )))
        });
        let tables = tables.collect::<Result<Vec<_>, _>>()?;
        let mut written = Tables::begin(options, plan, stage)?;
        for (table, stored, schema) in tables {
            for piece in pieces(stored) {
                let mask = self.kept.of(table, &piece);
                if mask.has_true() {
                    written.write(table, self.batch((table, stored, &schema), &piece, &mask)?)?;
                }
            }
        }
        written.finish()
    }

    /// The rows of a piece that count. Their columns are read side by side, so that one piece is in memory at a time.
    fn batch(
        &self,
        (table, stored, schema): (Table, &StoredTable, &SchemaRef),
        piece: &Piece,
        mask: &BooleanArray,
    ) -> Result<RecordBatch, Error> {
        let filter = FilterBuilder::new(mask).optimize().build();
        let numbers = (0..schema.fields().len()).collect();
        let columns = shared(numbers, self.reader.threads.saturating_sub(1), |number| {
            if self.reader.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            let column = stored.column(number, piece.row_group, piece.rows.clone())?;
            let column = filter.filter(&column).map_err(|_| Error::unbuilt())?;
            Ok(self.changed(table, schema.field(number).name(), column))
        });
        let columns = columns.into_iter().collect::<Result<_, _>>()?;
        RecordBatch::try_new(SchemaRef::clone(schema), columns).map_err(|_| Error::unbuilt())
    }

    /// What a column becomes.
    fn changed(&self, table: Table, name: &str, column: ArrayRef) -> ArrayRef {
        let Some(mbis) = self.mbis else { return column };
        match name {
            MBI => {
                let own = column.as_string::<i32>();
                Arc::new(
                    own.iter().map(|mbi| mbi.map(|mbi| mbis.current(mbi))).collect::<StringArray>(),
                )
            }
            FINAL if !matches!(table, Table::Cclf8 | Table::Cclf9) => {
                Arc::new(BooleanArray::from(vec![true; column.len()]))
            }
            _ => column,
        }
    }
}

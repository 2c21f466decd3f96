//! A table's Parquet file in a finished result, read column by column.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use cclf_crosswalk::EarlierTable;
use cclf_crosswalk::arrow::array::{ArrayRef, RecordBatch};
use cclf_crosswalk::arrow::datatypes::{FieldRef, Schema, SchemaRef};

use crate::cancel::Cancel;
use crate::error::Error;

/// A table that was published as Parquet. It may be read on several threads at once.
#[derive(Debug)]
pub struct StoredTable {
    table: EarlierTable,
    /// What messages call it.
    shown: String,
    /// Why the file could not be read.
    failure: Arc<OnceLock<String>>,
}

impl StoredTable {
    /// Looks at a file, which messages call `shown`.
    ///
    /// # Errors
    /// It cannot be read, or is no Parquet file of plain columns.
    pub fn open(path: &Path, shown: &str) -> Result<Self, Error> {
        let unread = |error: io::Error| unreadable(shown, &error.to_string());
        let file = File::open(path).map_err(unread)?;
        let bytes = file.metadata().map_err(unread)?.len();
        let failure = Arc::new(OnceLock::new());
        let noted = Arc::clone(&failure);
        let read_at = move |bytes: &mut [u8], at: u64| {
            file.read_exact_at(bytes, at).inspect_err(|error| {
                noted.get_or_init(|| error.to_string());
            })
        };
        let table =
            EarlierTable::open(bytes, Arc::new(read_at)).map_err(|_| why(shown, &failure))?;
        Ok(Self { table, shown: shown.to_owned(), failure })
    }

    /// What messages call it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Its columns.
    pub fn schema(&self) -> &SchemaRef {
        self.table.schema()
    }

    /// The rows of each row group.
    pub fn row_groups(&self) -> impl ExactSizeIterator<Item = usize> + '_ {
        self.table.row_groups()
    }

    /// Whether it has the columns of a table, in their order, whatever it says of them.
    pub fn has_columns_of(&self, table: &Schema) -> bool {
        let (own, fields) = (self.schema().fields(), table.fields());
        let same = |(one, other): (&FieldRef, &FieldRef)| {
            one.name() == other.name() && one.data_type() == other.data_type()
        };
        own.len() == fields.len() && own.iter().zip(fields).all(same)
    }

    /// All rows.
    pub fn rows(&self) -> u64 {
        self.row_groups().map(|rows| rows as u64).sum()
    }

    /// Rows in which each column is filled, as the file says of itself; none if it does not say it.
    ///
    /// # Errors
    /// The file is damaged, or cannot be read.
    pub fn filled(&self) -> Result<Option<Vec<u64>>, Error> {
        self.table.filled().map_err(|_| why(&self.shown, &self.failure))
    }

    /// Where at most so many rows lie together, in order: their row group, and their places in it.
    pub fn pieces(&self, most: usize) -> impl Iterator<Item = (usize, Range<usize>)> + '_ {
        self.row_groups().enumerate().flat_map(move |(row_group, rows)| {
            let starts = (0..rows).step_by(most);
            starts.map(move |start| (row_group, start..rows.min(start + most)))
        })
    }

    /// Gives `take` all rows with these columns, at most so many at once.
    ///
    /// # Errors
    /// As [`column`](Self::column); the run was asked to end; what `take` says.
    pub fn each_batch<E: From<Error>>(
        &self,
        columns: &[usize],
        most: usize,
        cancel: &Cancel,
        mut take: impl FnMut(RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        for (row_group, rows) in self.pieces(most) {
            cancel.check()?;
            take(self.batch(columns, row_group, rows)?)?;
        }
        Ok(())
    }

    /// The place of a column.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn place_of(&self, column: &str) -> Result<usize, Error> {
        self.schema().index_of(column).map_err(|_| {
            Error::usage(format!(
                "{} has no column {column}: the table was written by another program, or with a choice of columns",
                self.shown
            ))
        })
    }

    /// A column in some rows of a row group.
    ///
    /// # Errors
    /// The file is damaged, or cannot be read.
    pub fn column(
        &self,
        number: usize,
        row_group: usize,
        rows: Range<usize>,
    ) -> Result<ArrayRef, Error> {
        let column = self.table.column(number, row_group, rows);
        column.map_err(|_| why(&self.shown, &self.failure))
    }

    /// Some columns in some rows of a row group.
    ///
    /// # Errors
    /// As [`column`](Self::column).
    pub fn batch(
        &self,
        columns: &[usize],
        row_group: usize,
        rows: Range<usize>,
    ) -> Result<RecordBatch, Error> {
        let schema = self.schema();
        let fields: Vec<_> =
            columns.iter().map(|number| Arc::clone(&schema.fields()[*number])).collect();
        let arrays = columns.iter().map(|number| self.column(*number, row_group, rows.clone()));
        let batch =
            RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays.collect::<Result<_, _>>()?);
        batch.map_err(|_| damaged(&self.shown))
    }
}

/// Why a file could not be read: for reasons of the machine, if there were any.
fn why(shown: &str, failure: &OnceLock<String>) -> Error {
    failure.get().map_or_else(|| damaged(shown), |text| unreadable(shown, text))
}

fn unreadable(shown: &str, why: &str) -> Error {
    Error::failed(format!("read of {shown} failed: {why}"))
}

fn damaged(shown: &str) -> Error {
    Error::usage(format!(
        "{shown} is damaged, or no Parquet file: take the result from where it is whole, or convert the exports again"
    ))
}

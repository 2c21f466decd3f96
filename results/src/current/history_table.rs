//! A table of a history, read row by row by the names of its columns.

use cclf_crosswalk::arrow::array::{Array, AsArray, RecordBatch};
use cclf_crosswalk::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type,
};
use cclf_crosswalk::{Columns, Plan, Table, schema};
use convert::Error;
use convert::building::StoredTable;
use publish::Spools;

use super::deliveries::{Deliveries, FileColumns};
use super::keys::Key;
use crate::finished::Finished;
use crate::mbis::Mbis;
use crate::rows::Reader;

/// What a field holds where a code does not apply.
const DOES_NOT_APPLY: &str = "~";

/// What the rows of a history are read with.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    pub(super) finished: &'a Finished,
    pub(super) reader: Reader<'a>,
    pub(super) spools: &'a Spools,
    pub(super) mbis: &'a Mbis,
}

impl Job<'_> {
    /// Whether the work goes on.
    ///
    /// # Errors
    /// The run was asked to end.
    pub(super) fn goes_on(&self) -> Result<(), Error> {
        if self.reader.cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    }
}

/// A table of a history.
pub(super) struct HistoryTable<'a> {
    pub(super) table: Table,
    pub(super) job: Job<'a>,
    stored: &'a StoredTable,
    pub(super) deliveries: Deliveries,
}

impl<'a> HistoryTable<'a> {
    /// Looks which files the rows of a table came in.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(super) fn open(job: Job<'a>, table: Table) -> Result<Self, Error> {
        let stored = job.finished.table(table);
        let deliveries = Deliveries::read(stored, job.reader)?;
        Ok(Self { table, job, stored, deliveries })
    }

    /// All rows.
    pub(super) fn rows(&self) -> usize {
        usize::try_from(self.stored.rows()).unwrap_or(usize::MAX)
    }

    /// Gives `make` the rows, of which these columns are read, on several threads, and `take` what comes of them, in order,
    /// with the number of the row.
    ///
    /// # Errors
    /// The table cannot be read, or has no such columns; those of `take`.
    pub(super) fn each<R: Send>(
        &self,
        names: &[&str],
        make: impl Fn(&Row<'_>) -> R + Sync,
        take: impl FnMut(u64, R) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut columns = self.places(names)?;
        let files = FileColumns::add(self.stored, &mut columns);
        self.read(&columns, files, make, take)
    }

    /// As [`each`](Self::each), of rows whose files are not looked at: their rank is that of the oldest.
    ///
    /// # Errors
    /// As there.
    pub(super) fn each_of_any_file<R: Send>(
        &self,
        names: &[&str],
        make: impl Fn(&Row<'_>) -> R + Sync,
        take: impl FnMut(u64, R) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.read(&self.places(names)?, FileColumns::default(), make, take)
    }

    fn read<R: Send>(
        &self,
        columns: &[usize],
        files: FileColumns,
        make: impl Fn(&Row<'_>) -> R + Sync,
        mut take: impl FnMut(u64, R) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.job.reader.each(
            self.stored,
            columns,
            |piece, batch| {
                let rows = 0..batch.num_rows();
                let row = |at: usize| {
                    let rank = self.deliveries.rank(files, &batch, at);
                    make(&Row { batch: &batch, at, number: piece.first + at as u64, rank })
                };
                Ok(rows.map(row).collect::<Vec<R>>())
            },
            |piece, made| {
                (piece.first..).zip(made).try_for_each(|(number, made)| take(number, made))
            },
        )
    }

    /// The places of columns, which are of the types that they have in this program's tables.
    fn places(&self, names: &[&str]) -> Result<Vec<usize>, Error> {
        let all = schema(Plan::stu3().crosswalk(), self.table, &Columns::from(true));
        let place = |name: &&str| {
            let place = self.stored.place_of(name)?;
            let wanted = all.field_with_name(name).map_err(|_| Error::unbuilt())?;
            if self.stored.schema().field(place).data_type() != wanted.data_type() {
                return Err(Error::usage(format!(
                    "{}: {name} is of another type than in this program's tables",
                    self.stored.shown()
                )));
            }
            Ok(place)
        };
        names.iter().map(place).collect()
    }
}

/// A row. Its columns are known by their places among those that were asked for.
pub(super) struct Row<'b> {
    batch: &'b RecordBatch,
    at: usize,
    /// Its number in the table.
    pub(super) number: u64,
    /// How new its file is.
    pub(super) rank: u32,
}

impl<'b> Row<'b> {
    /// A text, without blanks around it; none where it is null, or says that it does not apply.
    pub(super) fn text(&self, column: usize) -> Option<&'b str> {
        let cells = self.batch.column(column).as_string_opt::<i32>()?;
        let text = cells.is_valid(self.at).then(|| cells.value(self.at).trim())?;
        Some(text).filter(|text| !text.is_empty() && *text != DOES_NOT_APPLY)
    }

    /// A day.
    pub(super) fn day(&self, column: usize) -> Option<i32> {
        let cells = self.batch.column(column).as_primitive_opt::<Date32Type>()?;
        cells.is_valid(self.at).then(|| cells.value(self.at))
    }

    /// An amount in cents.
    pub(super) fn amount(&self, column: usize) -> Option<i128> {
        let cells = self.batch.column(column).as_primitive_opt::<Decimal128Type>()?;
        cells.is_valid(self.at).then(|| cells.value(self.at))
    }

    /// A whole number.
    pub(super) fn number_in(&self, column: usize) -> Option<i64> {
        let cells = self.batch.column(column);
        if cells.is_null(self.at) {
            return None;
        }
        match cells.data_type() {
            DataType::Int64 => Some(cells.as_primitive::<Int64Type>().value(self.at)),
            DataType::Int32 => Some(cells.as_primitive::<Int32Type>().value(self.at).into()),
            _ => None,
        }
    }

    /// The number of a claim, or no key where there is none.
    pub(super) fn claim(&self, column: usize) -> Option<Key> {
        self.text(column).map(|claim| Key::default().digits(Some(claim)))
    }
}

/// What a row of a claim is in its history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Kind {
    /// Also what tells no type that is known.
    Original = 0,
    Cancellation = 1,
    Adjustment = 2,
}

impl Kind {
    /// By CLM_ADJSMT_TYPE_CD, and whether it is one that is known.
    pub(super) fn of(code: Option<&str>) -> (Self, bool) {
        match code {
            Some("0" | "00") => (Self::Original, true),
            Some("1" | "01") => (Self::Cancellation, true),
            Some("2" | "02") => (Self::Adjustment, true),
            _ => (Self::Original, false),
        }
    }
}

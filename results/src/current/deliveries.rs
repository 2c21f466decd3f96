//! Which file a row came in, and which of two is newer.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use cclf_crosswalk::arrow::array::{Array, AsArray, RecordBatch};
use cclf_crosswalk::arrow::datatypes::{DataType, Date32Type};
use convert::Error;
use convert::building::StoredTable;

use crate::rows::Reader;

/// The date of a file, in days since 1970-01-01, and its name; neither where the rows do not tell the date.
type File = (Option<i32>, Option<Box<str>>);

/// The files that the rows of a table came in, the oldest first: by FILE_DATE, then by FILE_NAME. Rows without a date are of one
/// file, which is older than all others.
#[derive(Debug, Default)]
pub(super) struct Deliveries {
    files: Vec<File>,
}

/// The columns that tell the file of a row, as far as a table has them: their places among the columns of a batch.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FileColumns {
    date: Option<usize>,
    name: Option<usize>,
}

impl FileColumns {
    /// Adds them to the columns that are read of a table.
    pub(super) fn add(stored: &StoredTable, columns: &mut Vec<usize>) -> Self {
        let mut add = |name, data_type: &DataType| {
            let place = stored.schema().index_of(name).ok();
            let place =
                place.filter(|place| stored.schema().field(*place).data_type() == data_type);
            place.map(|place| {
                columns.push(place);
                columns.len() - 1
            })
        };
        let date = add("FILE_DATE", &DataType::Date32);
        let name = date.and_then(|_| add("FILE_NAME", &DataType::Utf8));
        Self { date, name }
    }

    /// The file of a row.
    fn of(self, batch: &RecordBatch, row: usize) -> (Option<i32>, Option<&str>) {
        let dates = self.date.map(|place| batch.column(place).as_primitive::<Date32Type>());
        let date = dates.filter(|dates| dates.is_valid(row)).map(|dates| dates.value(row));
        let names = self.name.filter(|_| date.is_some());
        let names = names.map(|place| batch.column(place).as_string::<i32>());
        (date, names.filter(|names| names.is_valid(row)).map(|names| names.value(row)))
    }
}

impl Deliveries {
    /// Those of a table.
    ///
    /// # Errors
    /// The table cannot be read.
    pub(super) fn read(stored: &StoredTable, reader: Reader<'_>) -> Result<Self, Error> {
        let mut columns = Vec::new();
        let files = FileColumns::add(stored, &mut columns);
        let mut all = BTreeSet::new();
        if files.date.is_some() {
            let found = |batch: &RecordBatch| {
                let mut found: BTreeSet<File> = BTreeSet::new();
                let mut last = None;
                for row in 0..batch.num_rows() {
                    // Rows of a file stand together.
                    let file = files.of(batch, row);
                    if last != Some(file) {
                        found.insert((file.0, file.1.map(Into::into)));
                        last = Some(file);
                    }
                }
                found
            };
            let take = |found: BTreeSet<File>| {
                all.extend(found);
                Ok(())
            };
            let mut take = take;
            reader.each(stored, &columns, |_, batch| Ok(found(&batch)), |_, found| take(found))?;
        }
        Ok(Self { files: all.into_iter().collect() })
    }

    /// How new the file of a row is: greater is newer.
    pub(super) fn rank(&self, columns: FileColumns, batch: &RecordBatch, row: usize) -> u32 {
        let (date, name) = columns.of(batch, row);
        let order = |file: &File| -> Ordering {
            file.0.cmp(&date).then_with(|| file.1.as_deref().cmp(&name))
        };
        // All were found before; a table without such columns has one.
        let place = self.files.binary_search_by(order).unwrap_or_default();
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// The date of a file; before all others where nothing tells it.
    pub(super) fn day(&self, rank: u32) -> i32 {
        let file = self.files.get(usize::try_from(rank).unwrap_or(usize::MAX));
        file.and_then(|(date, _)| *date).unwrap_or(i32::MIN)
    }

    /// Whether the rows tell their files.
    pub(super) fn are_told(&self) -> bool {
        self.files.iter().any(|(date, _)| date.is_some())
    }
}

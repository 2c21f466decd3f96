//! What the tests have in common.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cclf_crosswalk::arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, Int32Array, Int64Array, RecordBatch, StringArray,
};
use cclf_crosswalk::arrow::datatypes::{DataType, Field, Schema};
use cclf_crosswalk::{Column, ColumnType, Crosswalk, Table, days_from_civil};
use cclf_files::{Decoder, Layout};

/// The tables with records.
pub(crate) fn tables() -> impl Iterator<Item = Table> {
    Table::ALL.into_iter().filter(|table| *table != Table::Cclf0)
}

/// CMS's columns of a table.
pub(crate) fn columns(table: Table) -> &'static [Column] {
    &Crosswalk::stu3().table(table).columns
}

/// A file or folder of the reference, which is no part of the project; `None`, and a line that says so, without it.
#[expect(clippy::print_stdout, reason = "a test that does nothing must say so")]
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")).join(path);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no ../shared");
    None
}

/// A value of a row.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
    /// In the smallest unit of its column.
    Amount(i128),
    /// Days since 1970-01-01.
    Day(i32),
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(crate) fn day(year: i32, month: u32, day: u32) -> Value {
    Value::Day(days_from_civil(year, month, day))
}

/// A column of rows, as the crosswalk has it.
pub(crate) fn array(column: &Column, values: &[Option<Value>]) -> ArrayRef {
    let texts = values.iter().map(|value| match value {
        Some(Value::Text(text)) => Some(text.as_str()),
        None => None,
        other => panic!("{} is a text, not {other:?}", column.name),
    });
    let numbers = values.iter().map(|value| match value {
        Some(Value::Number(number)) => Some(*number),
        None => None,
        other => panic!("{} is a number, not {other:?}", column.name),
    });
    match column.column_type {
        ColumnType::Text => Arc::new(texts.collect::<StringArray>()),
        ColumnType::Int64 => Arc::new(numbers.collect::<Int64Array>()),
        ColumnType::Int32 => {
            let numbers = numbers.map(|number| number.map(|number| i32::try_from(number).unwrap()));
            Arc::new(numbers.collect::<Int32Array>())
        }
        ColumnType::Date => {
            let days = values.iter().map(|value| match value {
                Some(Value::Day(day)) => Some(*day),
                None => None,
                other => panic!("{} is a day, not {other:?}", column.name),
            });
            Arc::new(days.collect::<Date32Array>())
        }
        ColumnType::Decimal { precision, scale } => {
            let amounts = values.iter().map(|value| match value {
                Some(Value::Amount(amount)) => Some(*amount),
                None => None,
                other => panic!("{} is an amount, not {other:?}", column.name),
            });
            let array: Decimal128Array = amounts.collect();
            let array = array.with_precision_and_scale(precision, scale.cast_signed());
            Arc::new(array.unwrap())
        }
        other => panic!("{} has type {other}", column.name),
    }
}

/// A batch of a table, of one row for each element: its values by column, null where it has none.
pub(crate) fn batch(table: Table, rows: &[Vec<(&str, Value)>]) -> RecordBatch {
    for (name, _) in rows.iter().flatten() {
        assert!(columns(table).iter().any(|column| column.name == *name), "{table} has no {name}");
    }
    let arrays = columns(table).iter().map(|column| {
        let values: Vec<_> = rows
            .iter()
            .map(|row| row.iter().find(|(name, _)| *name == column.name).map(|(_, v)| v.clone()))
            .collect();
        array(column, &values)
    });
    RecordBatch::try_new(schema(table), arrays.collect()).unwrap()
}

/// The columns of a table.
pub(crate) fn schema(table: Table) -> Arc<Schema> {
    let field = |column: &Column| Field::new(&column.name, column.column_type.arrow(), true);
    Arc::new(Schema::new(columns(table).iter().map(field).collect::<Vec<_>>()))
}

/// The same batch after others were added to its columns, first and last.
pub(crate) fn with_more_columns(batch: &RecordBatch) -> RecordBatch {
    let more: ArrayRef = Arc::new(StringArray::from(vec!["more"; batch.num_rows()]));
    let field = |name: &str| Arc::new(Field::new(name, DataType::Utf8, true));
    let mut fields = vec![field("FIRST")];
    fields.extend(batch.schema().fields().iter().cloned());
    fields.push(field("FILE_NAME"));
    let arrays = [&[Arc::clone(&more)], batch.columns(), &[more]].concat();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// The rows of records that are all in order.
pub(crate) fn decoded(layout: &Layout, lines: &[&[u8]]) -> RecordBatch {
    let mut decoder = Decoder::new(layout);
    assert_eq!(decoder.lines(lines), []);
    assert_eq!(decoder.rows(), lines.len());
    decoder.finish().unwrap()
}

//! Columns of a table, as CMS's layout has them.

use cclf_crosswalk::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int32Array, Int64Array, StringArray,
};
use cclf_crosswalk::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type,
};
use cclf_crosswalk::{Crosswalk, Table};
use convert::Error;
use convert::building::StoredTable;

/// Some rows of a column.
#[derive(Debug)]
pub(super) enum Column<'a> {
    Text(&'a StringArray),
    Day(&'a Date32Array),
    Small(&'a Int32Array),
    Large(&'a Int64Array),
    Amount(&'a Decimal128Array),
    /// Without any value, as many columns are; or of a type that no column of a layout has.
    Empty,
}

impl<'a> Column<'a> {
    pub(super) fn of(array: &'a ArrayRef) -> Self {
        if array.null_count() == array.len() {
            return Self::Empty;
        }
        match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Date32 => Self::Day(array.as_primitive::<Date32Type>()),
            DataType::Int32 => Self::Small(array.as_primitive::<Int32Type>()),
            DataType::Int64 => Self::Large(array.as_primitive::<Int64Type>()),
            DataType::Decimal128(..) => Self::Amount(array.as_primitive::<Decimal128Type>()),
            _ => Self::Empty,
        }
    }

    /// A text.
    #[inline]
    pub(super) fn text(&self, row: usize) -> Option<&'a str> {
        match self {
            Self::Text(texts) if texts.is_valid(row) => Some(texts.value(row)),
            _ => None,
        }
    }

    /// A text without the blanks around it; none if nothing is left.
    #[inline]
    pub(super) fn code(&self, row: usize) -> Option<&'a str> {
        let text = self.text(row)?;
        let text = match text.as_bytes() {
            [b' ', ..] | [.., b' '] => text.trim_matches(' '),
            _ => text,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// A number: days of a date, the digits of an amount without its point.
    #[inline]
    pub(super) fn number(&self, row: usize) -> Option<i128> {
        match self {
            Self::Day(days) if days.is_valid(row) => Some(days.value(row).into()),
            Self::Small(numbers) if numbers.is_valid(row) => Some(numbers.value(row).into()),
            Self::Large(numbers) if numbers.is_valid(row) => Some(numbers.value(row).into()),
            Self::Amount(amounts) if amounts.is_valid(row) => Some(amounts.value(row)),
            _ => None,
        }
    }

    /// The days of a date.
    pub(super) fn day(&self, row: usize) -> Option<i32> {
        match self {
            Self::Day(days) if days.is_valid(row) => Some(days.value(row)),
            _ => None,
        }
    }
}

/// Looks whether a table has all columns of its layout, and of what types they are.
///
/// # Errors
/// A column is missing, or of another type: then the table is none that this program wrote as a whole.
pub(super) fn check(table: Table, stored: &StoredTable) -> Result<(), Error> {
    for column in &Crosswalk::stu3().table(table).columns {
        let place = stored.place_of(&column.name)?;
        if *stored.schema().field(place).data_type() != column.column_type.arrow() {
            return Err(Error::usage(format!(
                "{}: {} is not of the type {}: the table was written by another program",
                stored.shown(),
                column.name,
                column.column_type
            )));
        }
    }
    Ok(())
}

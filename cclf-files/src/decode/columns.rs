//! Columns whose values can be at fault: numbers, amounts and days.

use std::sync::Arc;

use cclf_crosswalk::ColumnType;
use cclf_crosswalk::arrow::array::{ArrayRef, PrimitiveArray};
use cclf_crosswalk::arrow::buffer::{NullBuffer, ScalarBuffer};
use cclf_crosswalk::arrow::datatypes::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Int32Type, Int64Type,
};
use cclf_crosswalk::arrow::error::ArrowError;

use super::dates;
use super::fault::Bad;
use super::fault::LineFaultClass::{self, Date, Number};
use super::numbers::{Amounts, whole};
use crate::layout::{Kind, Place};

/// Told of each value that is at fault: its line, and what is wrong.
pub(super) type OnFault<'a> = &'a mut dyn FnMut(usize, LineFaultClass);

/// The values of one column.
pub(super) enum Column {
    Int32(Values<Int32Type>),
    Int64(Values<Int64Type>),
    Days(Values<Date32Type>),
    Amounts(Values<Decimal128Type>, Amounts),
}

impl Column {
    /// A column for values of this kind; `None` for texts.
    pub(super) fn new(kind: Kind, column_type: ColumnType) -> Option<Self> {
        match (kind, column_type) {
            (Kind::Number, ColumnType::Int32) => Some(Self::Int32(Values::default())),
            (Kind::Number, _) => Some(Self::Int64(Values::default())),
            (Kind::Date(_), _) => Some(Self::Days(Values::default())),
            (Kind::Amount { .. }, ColumnType::Decimal { precision, scale }) => {
                Some(Self::Amounts(Values::default(), Amounts::new(precision, scale)))
            }
            _ => None,
        }
    }

    /// Appends a value of each line, null where it is at fault.
    pub(super) fn append(&mut self, place: &Place, lines: &[&[u8]], on_fault: OnFault<'_>) {
        match self {
            Self::Int32(values) => values.append(place, lines, Number, on_fault, |field| {
                whole(field)?.map(i32::try_from).transpose().map_err(|_| Bad)
            }),
            Self::Int64(values) => values.append(place, lines, Number, on_fault, whole),
            Self::Days(values) => {
                values.append(place, lines, Date, on_fault, |field| match field.first_chunk() {
                    Some(field) => dates::read(field),
                    None => Err(Bad),
                });
            }
            Self::Amounts(values, amounts) => {
                values.append(place, lines, Number, on_fault, |field| amounts.read(field));
            }
        }
    }

    /// Takes back all but the first rows.
    pub(super) fn truncate(&mut self, rows: usize) {
        match self {
            Self::Int32(values) => values.truncate(rows),
            Self::Int64(values) => values.truncate(rows),
            Self::Days(values) => values.truncate(rows),
            Self::Amounts(values, _) => values.truncate(rows),
        }
    }

    /// The column so far; the next one is empty.
    pub(super) fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Int32(values) => Arc::new(values.finish()?),
            Self::Int64(values) => Arc::new(values.finish()?),
            Self::Days(values) => Arc::new(values.finish()?),
            Self::Amounts(values, amounts) => {
                let array = values.finish()?;
                Arc::new(array.with_precision_and_scale(amounts.precision, amounts.scale())?)
            }
        })
    }
}

/// Values of one Arrow type.
pub(super) struct Values<T: ArrowPrimitiveType> {
    values: Vec<T::Native>,
    /// A byte for each row: bits are made of them at the end, 64 at once.
    is_valid: Vec<bool>,
}

impl<T: ArrowPrimitiveType> Default for Values<T> {
    fn default() -> Self {
        Self { values: Vec::new(), is_valid: Vec::new() }
    }
}

impl<T: ArrowPrimitiveType> Values<T> {
    #[inline]
    fn append(
        &mut self,
        place: &Place,
        lines: &[&[u8]],
        class: LineFaultClass,
        on_fault: OnFault<'_>,
        read: impl Fn(&[u8]) -> Result<Option<T::Native>, Bad>,
    ) {
        self.values.reserve(lines.len());
        self.is_valid.reserve(lines.len());
        for (index, line) in lines.iter().enumerate() {
            let value = read(place.of(line)).unwrap_or_else(|Bad| {
                on_fault(index, class);
                None
            });
            self.values.push(value.unwrap_or_default());
            self.is_valid.push(value.is_some());
        }
    }

    fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.is_valid.truncate(rows);
    }

    fn finish(&mut self) -> Result<PrimitiveArray<T>, ArrowError> {
        let room = Vec::with_capacity(self.values.len());
        let values = ScalarBuffer::from(std::mem::replace(&mut self.values, room));
        PrimitiveArray::try_new(values, nulls(&mut self.is_valid))
    }
}

/// The nulls of a column; none if there are none. The bytes are emptied for the next one.
pub(super) fn nulls(is_valid: &mut Vec<bool>) -> Option<NullBuffer> {
    let nulls = NullBuffer::from(&**is_valid);
    is_valid.clear();
    Some(nulls).filter(|nulls| nulls.null_count() > 0)
}

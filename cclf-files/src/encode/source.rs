//! The columns of a batch, each as what its place takes.

use cclf_crosswalk::arrow::array::{Array, ArrayRef, AsArray};
use cclf_crosswalk::arrow::buffer::NullBuffer;
use cclf_crosswalk::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int32Type, Int64Type,
};

use super::block::Block;
use super::dates;
use super::fault::FaultClass;
use super::numbers::{Scale, amount, digits};
use super::texts::Texts;
use crate::layout::{Kind, Missing, Place};

/// Numbers that stand for the claim number of a row, which is asked for by its place in the batch.
pub type SurrogateIds<'a> = &'a dyn Fn(usize) -> Option<u64>;

/// Whether a place of this kind can be filled from values of this type.
pub(super) fn takes(kind: Kind, data_type: &DataType) -> bool {
    match (kind, data_type) {
        (Kind::Text | Kind::Digits(_) | Kind::DigitsOrText, DataType::Utf8)
        | (Kind::Number, DataType::Int32 | DataType::Int64)
        | (Kind::Date(_), DataType::Date32) => true,
        (Kind::Amount { scale }, DataType::Decimal128(_, own)) => *own == scale.cast_signed(),
        _ => false,
    }
}

/// The values of one column.
pub(super) struct Source<'a> {
    values: Values<'a>,
    /// Where they are null, if any is.
    nulls: Option<&'a NullBuffer>,
    /// All of them are.
    is_null: bool,
}

enum Values<'a> {
    Texts(Texts<'a>),
    Int32(&'a [i32]),
    Int64(&'a [i64]),
    Days(&'a [i32], Missing),
    Amounts(&'a [i128], Scale),
}

impl<'a> Source<'a> {
    /// # Panics
    /// The column has another type than the schema that [`takes`] was asked about.
    pub(super) fn new(kind: Kind, array: &'a ArrayRef) -> Self {
        let values = match kind {
            Kind::Text | Kind::Digits(_) | Kind::DigitsOrText => {
                Values::Texts(Texts::new(array.as_string()))
            }
            Kind::Number => match array.as_primitive_opt::<Int32Type>() {
                Some(array) => Values::Int32(array.values()),
                None => Values::Int64(array.as_primitive::<Int64Type>().values()),
            },
            Kind::Date(missing) => {
                Values::Days(array.as_primitive::<Date32Type>().values(), missing)
            }
            Kind::Amount { scale } => {
                Values::Amounts(array.as_primitive::<Decimal128Type>().values(), Scale::new(scale))
            }
        };
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        Self { values, nulls, is_null: array.null_count() == array.len() }
    }

    /// Fills in the column.
    pub(super) fn write(&self, place: &Place, block: &mut Block<'_>) {
        let is_null = |row| self.nulls.is_some_and(|nulls| nulls.is_null(row));
        match &self.values {
            Values::Days(days, missing) => {
                let missing = missing.text();
                block.fill_exactly(place, |row, field| {
                    if is_null(row) {
                        *field = *missing;
                        return Ok(());
                    }
                    dates::write(days[row], field)
                });
            }
            _ if self.is_null => {}
            Values::Texts(texts) => match place.kind {
                Kind::Text => texts.write_text(place, self.nulls, block),
                kind => {
                    let is_strict = matches!(kind, Kind::Digits(_));
                    texts.write_digits(place, is_strict, self.nulls, block);
                }
            },
            Values::Int32(values) => {
                self.fill(place, block, |row, field| whole(i64::from(values[row]), field));
            }
            Values::Int64(values) => {
                self.fill(place, block, |row, field| whole(values[row], field));
            }
            Values::Amounts(values, scale) => {
                self.fill(place, block, |row, field| amount(values[row], *scale, field));
            }
        }
    }

    /// Fills in what is not null, in a loop of its own where nothing is.
    #[inline]
    fn fill(
        &self,
        place: &Place,
        block: &mut Block<'_>,
        write: impl Fn(usize, &mut [u8]) -> Result<(), FaultClass>,
    ) {
        let Some(nulls) = self.nulls else { return block.fill(place, write) };
        block.fill(place, |row, field| if nulls.is_null(row) { Ok(()) } else { write(row, field) });
    }

    /// Fills in the column with numbers, and with its own values where there are none.
    pub(super) fn write_ids(&self, place: &Place, ids: SurrogateIds<'_>, block: &mut Block<'_>) {
        let Values::Texts(texts) = &self.values else { return };
        block.fill(place, |row, field| match ids(row) {
            Some(id) => {
                if digits(id, field) {
                    Ok(())
                } else {
                    Err(FaultClass::Width)
                }
            }
            None if self.nulls.is_some_and(|nulls| nulls.is_null(row)) => Ok(()),
            None => texts.digits_into(row, true, field),
        });
    }
}

/// A whole number, for which there is no place for a sign.
#[inline]
fn whole(value: i64, field: &mut [u8]) -> Result<(), FaultClass> {
    match u64::try_from(value) {
        Ok(value) if digits(value, field) => Ok(()),
        _ => Err(FaultClass::Width),
    }
}

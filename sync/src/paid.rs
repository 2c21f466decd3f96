//! What was paid, by the final claims of tables.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use cclf_crosswalk::arrow::array::{Array, AsArray};
use cclf_crosswalk::arrow::datatypes::Decimal128Type;
use cclf_crosswalk::{PAID, PART_D_PATIENTS};
use convert::Cancel;
use convert::building::StoredTable;

use crate::error::Error;
use crate::manifest::manifest;

/// Rows that are looked at at once.
const ROWS: usize = 65_536;

/// The cents of an amount.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cents(pub i128);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, cents) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let (whole, rest) = ((cents / 100).to_string(), cents % 100);
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        write!(f, "{sign}{grouped}.{rest:02}")
    }
}

impl Cents {
    /// Without separators, as reports have it.
    pub(crate) fn plain(self) -> String {
        self.to_string().replace(',', "")
    }
}

/// Drug events, and what patients paid for them: it is no part of what was paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartD {
    /// Final events.
    pub events: u64,
    /// What patients paid.
    pub patients: Cents,
}

/// What was paid for final claims.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paid {
    /// By CLM_TYPE_CD; empty where a claim has none.
    pub by_type: BTreeMap<String, Cents>,
    /// Drug events.
    pub part_d: PartD,
}

impl Paid {
    /// Of a result; nothing where there is none.
    ///
    /// # Errors
    /// A table cannot be read, or the run was asked to end.
    pub fn of(tables: &Path, cancel: &Cancel) -> Result<Self, Error> {
        let mut paid = Self::default();
        let Some(report) = manifest(tables)? else { return Ok(paid) };
        for (table, amount) in PAID.into_iter().chain([PART_D_PATIENTS]) {
            let Some(own) = report.tables.iter().find(|own| own.table == table.name()) else {
                continue;
            };
            let path = tables.join(&own.file);
            let is_part_d = table == PART_D_PATIENTS.0;
            each(&path, amount, cancel, |claim_type, cents| {
                if is_part_d {
                    paid.part_d.events += 1;
                    paid.part_d.patients.0 += cents;
                } else if let Some(sum) = paid.by_type.get_mut(claim_type) {
                    sum.0 += cents;
                } else {
                    paid.by_type.insert(claim_type.to_owned(), Cents(cents));
                }
            })?;
        }
        Ok(paid)
    }

    /// All of it.
    pub fn total(&self) -> Cents {
        Cents(self.by_type.values().map(|own| own.0).sum())
    }
}

/// Gives `take` claim type and cents of each final row.
fn each(
    path: &Path,
    amount: &str,
    cancel: &Cancel,
    mut take: impl FnMut(&str, i128),
) -> Result<(), Error> {
    let table = StoredTable::open(path, &path.display().to_string())?;
    let columns = ["CLM_TYPE_CD", "BCDA_FINAL", amount].map(|name| table.place_of(name));
    let columns = columns.into_iter().collect::<Result<Vec<usize>, _>>()?;
    table.each_batch(&columns, ROWS, cancel, |batch| {
        let types = batch.column(0).as_string_opt::<i32>();
        let finals = batch.column(1).as_boolean_opt();
        let amounts = batch.column(2).as_primitive_opt::<Decimal128Type>();
        let (Some(types), Some(finals), Some(amounts)) = (types, finals, amounts) else {
            return Err(convert::Error::unbuilt().into());
        };
        for row in 0..batch.num_rows() {
            if finals.is_valid(row) && finals.value(row) {
                let claim_type = if types.is_valid(row) { types.value(row) } else { "" };
                let cents = if amounts.is_valid(row) { amounts.value(row) } else { 0 };
                take(claim_type, cents);
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_all_their_cents() {
        for (cents, shown) in
            [(0, "0.00"), (-5, "-0.05"), (100_000, "1,000.00"), (-123_456_789, "-1,234,567.89")]
        {
            assert_eq!(Cents(cents).to_string(), shown);
        }
        assert_eq!(Cents(123_456_789).plain(), "1234567.89");
    }
}

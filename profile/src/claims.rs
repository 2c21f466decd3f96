//! Final claims, counted in one pass over the rows of a table.

use std::collections::BTreeMap;

use cclf_crosswalk::arrow::array::{Array, AsArray, PrimitiveArray, StringArray};
use cclf_crosswalk::arrow::datatypes::{Date32Type, Decimal128Type, Int64Type};
use cclf_crosswalk::{CLAIM_TYPE_NAMES, Table, civil_from_days, claim_type_name};
use convert::{Cancel, Error};
use hashbrown::HashMap;
use results::{Finished, Source};

use crate::names::{self, Named};
use crate::people::{People, Tally};

/// Rows that are read at once.
pub(crate) const ROWS: usize = 65_536;

/// Tallies by category.
pub(crate) type Cut = BTreeMap<Named, Tally>;

/// A month, as years times 12 and the months before it; the least is that of claims without a date.
pub(crate) type Month = i32;
/// Of claims without a date.
pub(crate) const NO_MONTH: Month = Month::MIN;

/// A claim type by its place among [`CLAIM_TYPE_NAMES`].
pub(crate) type Type = usize;

/// Tallies by something and claim type.
pub(crate) type Cells<K> = BTreeMap<(K, Type), Tally>;

/// The final claims of a table.
#[derive(Default)]
pub(crate) struct Claims {
    /// Claims and what was paid for them.
    pub(crate) months: Cells<Month>,
    /// Claims by the lines that they have.
    pub(crate) lines: Cells<Named>,
    /// Claims by what was paid for each.
    pub(crate) amounts: Cells<Named>,
    /// Rows and what was paid for them, by the column that they are cut by.
    pub(crate) cuts: Vec<Cut>,
}

/// Says of which category a code is.
pub(crate) type Naming = fn(&str) -> Named;

/// How a table of claims is read.
pub(crate) struct Shape {
    pub(crate) table: Table,
    pub(crate) amount: &'static str,
    pub(crate) date: &'static str,
    /// The numbers of the lines of a claim; none where a claim has one row.
    pub(crate) line: Option<&'static str>,
    /// Columns of codes by which rows are cut.
    pub(crate) cuts: &'static [(&'static str, Naming)],
}

/// A claim, as far as its rows were read.
struct Claim {
    person: u32,
    month: Month,
    of_type: Type,
    /// The number of its first line, if lines have one.
    first: Option<i64>,
    lines: u64,
    cents: i128,
}

impl Claims {
    fn take(&mut self, claim: &Claim) {
        let Claim { person, month, of_type, lines, cents, .. } = *claim;
        self.months.entry((month, of_type)).or_default().take(person, cents);
        self.lines.entry((names::lines(lines), of_type)).or_default().take(person, cents);
        self.amounts.entry((names::amount(cents), of_type)).or_default().take(person, cents);
    }

    /// Reads a table.
    ///
    /// Rows of a claim stand together in tables made from BCDA, so that one claim at a time is in memory. What an export has
    /// twice is there twice, perhaps one after the other: where the first line of a claim comes again, another one begins.
    /// Rows made of CMS's files are in the order of the files; there the claims of the table are in memory.
    ///
    /// # Errors
    /// It cannot be read, has not the columns, or the run was asked to end.
    pub(crate) fn read(
        finished: &Finished,
        shape: &Shape,
        people: &People,
        cancel: &Cancel,
    ) -> Result<Self, Error> {
        let stored = finished.table(shape.table);
        let is_together = finished.source() != Source::Cclf;
        let id = if is_together { "BCDA_EOB_ID" } else { "CUR_CLM_UNIQ_ID" };
        let fixed = [id, "BENE_MBI_ID", "BCDA_FINAL", "CLM_TYPE_CD", shape.date, shape.amount];
        let cuts = shape.cuts.iter().map(|(name, _)| *name);
        let names = fixed.into_iter().chain(cuts).chain(shape.line);
        let columns = names.map(|name| stored.place_of(name)).collect::<Result<Vec<_>, _>>()?;
        let mut claims = Self { cuts: vec![Cut::new(); shape.cuts.len()], ..Self::default() };
        let (mut open, mut open_id): (Option<Claim>, String) = (None, String::new());
        let mut apart: HashMap<String, Claim> = HashMap::new();
        stored.each_batch(&columns, ROWS, cancel, |batch| {
            let texts = |column: usize| batch.column(column).as_string_opt::<i32>();
            let (Some(ids), Some(mbis), Some(finals), Some(types), Some(days), Some(amounts)) = (
                texts(0),
                texts(1),
                batch.column(2).as_boolean_opt(),
                texts(3),
                batch.column(4).as_primitive_opt::<Date32Type>(),
                batch.column(5).as_primitive_opt::<Decimal128Type>(),
            ) else {
                return Err(Error::unbuilt());
            };
            let lines = shape.line.map(|_| batch.column(6 + shape.cuts.len()).as_primitive_opt());
            let lines = lines.map(|own| own.ok_or_else(Error::unbuilt)).transpose()?;
            let numbers = people.numbers(mbis);
            let is_final = |row: &usize| finals.is_valid(*row) && finals.value(*row);
            for row in (0..batch.num_rows()).filter(is_final) {
                let cents = if amounts.is_valid(row) { amounts.value(row) } else { 0 };
                let id = text(ids, row);
                let line = lines.and_then(|own: &PrimitiveArray<Int64Type>| {
                    own.is_valid(row).then(|| own.value(row))
                });
                let goes_on = |claim: &Claim| shape.line.is_some() && line != claim.first;
                if let Some(claim) = &mut open
                    && open_id == id
                    && goes_on(claim)
                {
                    claim.lines += 1;
                    claim.cents += cents;
                    continue;
                }
                let claim = Claim {
                    person: numbers[row],
                    month: if days.is_valid(row) { month(days.value(row)) } else { NO_MONTH },
                    of_type: place_of_type(text(types, row)),
                    first: line,
                    lines: 1,
                    cents,
                };
                if let Some(claim) = open.replace(claim) {
                    if is_together {
                        claims.take(&claim);
                    } else {
                        join(&mut apart, std::mem::take(&mut open_id), claim);
                    }
                }
                open_id.clear();
                open_id.push_str(id);
            }
            for (place, (cut, (_, named))) in claims.cuts.iter_mut().zip(shape.cuts).enumerate() {
                let codes = texts(6 + place).ok_or_else(Error::unbuilt)?;
                // The same few codes come again and again.
                let mut known: HashMap<&str, usize> = HashMap::new();
                let mut tallies: Vec<(Named, Tally)> = Vec::new();
                for row in (0..batch.num_rows()).filter(is_final) {
                    let cents = if amounts.is_valid(row) { amounts.value(row) } else { 0 };
                    let at = *known.entry(text(codes, row)).or_insert_with_key(|code| {
                        let name = named(code);
                        tallies.iter().position(|(own, _)| *own == name).unwrap_or_else(|| {
                            tallies.push((name, cut.remove(&name).unwrap_or_default()));
                            tallies.len() - 1
                        })
                    });
                    tallies[at].1.take(numbers[row], cents);
                }
                cut.extend(tallies);
            }
            Ok(())
        })?;
        if let Some(claim) = open {
            join(&mut apart, open_id, claim);
        }
        apart.values().for_each(|claim| claims.take(claim));
        Ok(claims)
    }

    /// Final rows of the table; 0 if nothing cuts them.
    pub(crate) fn rows(&self) -> u64 {
        self.cuts.first().map_or(0, |cut| cut.values().map(|own| own.count).sum())
    }

    /// All of them.
    pub(crate) fn all(&self) -> Tally {
        let mut all = Tally::default();
        self.months.values().for_each(|own| all.add(own));
        all
    }
}

fn join(apart: &mut HashMap<String, Claim>, id: String, claim: Claim) {
    match apart.get_mut(&id) {
        Some(own) => {
            own.lines += claim.lines;
            own.cents += claim.cents;
        }
        None => drop(apart.insert(id, claim)),
    }
}

/// The text of a row; empty if it has none.
pub(crate) fn text(texts: &StringArray, row: usize) -> &str {
    if texts.is_valid(row) { texts.value(row) } else { "" }
}

fn month(days: i32) -> Month {
    let (year, month, _) = civil_from_days(days);
    year * 12 + i32::try_from(month).unwrap_or(1) - 1
}

fn place_of_type(code: &str) -> Type {
    let name = claim_type_name(code);
    CLAIM_TYPE_NAMES.iter().position(|own| *own == name).unwrap_or_default()
}

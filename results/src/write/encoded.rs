//! The records of one table, encoded on several threads, and what does not fit.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::{Array, AsArray};
use cclf_files::{Encoder, Layout};
use convert::Error;
use convert::building::StoredTable;

use super::claims::{CLAIM, Claims, Told, is_of_claims};
use super::surrogates::Surrogates;
use crate::digest::{Digest, digest};
use crate::rows::Reader;

/// What does not fit, so far.
#[derive(Debug, Default)]
pub(super) struct Misfits {
    pub(super) claims: HashSet<Digest>,
    pub(super) people: HashSet<Digest>,
    /// Values by class, and by table and column.
    pub(super) by_class: BTreeMap<&'static str, u64>,
    pub(super) by_column: BTreeMap<String, u64>,
    /// The first place, for messages.
    pub(super) first: Option<String>,
    /// An id that is not 1 to 13 digits is among them.
    pub(super) has_ids: bool,
    /// A line for each value.
    pub(super) list: Vec<u8>,
}

impl Misfits {
    /// How many claims and people have no records.
    pub(super) fn count(&self) -> u64 {
        (self.claims.len() + self.people.len()) as u64
    }

    fn add(&mut self, table: Table, row: u64, column: &str, class: &'static str) {
        *self.by_class.entry(class).or_default() += 1;
        *self.by_column.entry(format!("{table}.{column}")).or_default() += 1;
        self.first.get_or_insert_with(|| format!("{table}, row {row}: {class} of {column}"));
        // A spool in memory cannot fail.
        let _ = writeln!(self.list, "{table},{row},{class},{column}");
    }
}

/// What encoding is done by.
pub(super) struct Encoding<'e> {
    pub(super) claims: &'e Claims,
    pub(super) surrogates: Option<&'e Surrogates>,
    pub(super) reader: Reader<'e>,
}

/// What a piece of a table has become.
struct Done {
    bytes: Vec<u8>,
    records: u64,
    misfits: Vec<Misfit>,
}

/// A value that does not fit, of a claim or a person.
struct Misfit {
    whose: Digest,
    /// In the piece.
    row: usize,
    column: &'static str,
    class: &'static str,
    is_id: bool,
}

impl Encoding<'_> {
    /// Gives `out` the records of a table, and `misfits` what does not fit; those that are there already have none. Says how
    /// many records there are.
    ///
    /// # Errors
    /// The table cannot be read or lacks a column, and those of `out`.
    pub(super) fn encode(
        &self,
        table: Table,
        stored: &StoredTable,
        misfits: &mut Misfits,
        mut out: impl FnMut(&[u8]) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let layout = Layout::current(table).ok_or_else(Error::unbuilt)?;
        let encoder = Encoder::new(&layout, stored.schema()).map_err(|fault| {
            Error::usage(format!(
                "{}: {fault}: make the tables again with all columns",
                stored.shown()
            ))
        })?;
        let telling = if is_of_claims(table) { Some(self.claims.telling(stored)?) } else { None };
        let person = match table {
            Table::Cclf8 => Some(stored.place_of("BENE_MBI_ID")?),
            Table::Cclf9 => Some(stored.place_of("CRNT_NUM")?),
            _ => None,
        };
        let all: Vec<usize> = (0..stored.schema().fields().len()).collect();
        let known: &Misfits = misfits;
        let mut records = 0;
        let mut found: Vec<(u64, Misfit)> = Vec::new();
        self.reader.each(
            stored,
            &all,
            |piece, batch| {
                let told = telling.as_ref().map(|telling| Told::new(telling, &batch));
                let people = person.map(|column| batch.column(column).as_string::<i32>());
                // Of whom no MBI is known, each row is of somebody else.
                let mbi = |row: usize| match people.filter(|mbis| mbis.is_valid(row)) {
                    Some(mbis) => digest(mbis.value(row)),
                    None => digest(format!("{table}, row {}", piece.first + row as u64)),
                };
                // Neither is known which claim a row without an id is of.
                let claim = |told: &Told<'_>, row: usize| {
                    if told.has_id(row) {
                        return digest(told.id(row));
                    }
                    digest(format!("{table}, row {}", piece.first + row as u64))
                };
                let mut done = Done {
                    bytes: Vec::with_capacity(batch.num_rows() * encoder.bytes_per_row()),
                    records: 0,
                    misfits: Vec::new(),
                };
                let keep = |row: usize| match &told {
                    Some(told) => {
                        self.claims.counts(told, row)
                            && (known.claims.is_empty()
                                || !known.claims.contains(&claim(told, row)))
                    }
                    None => known.people.is_empty() || !known.people.contains(&mbi(row)),
                };
                let number = |row: usize| {
                    self.surrogates
                        .zip(told.as_ref())
                        .and_then(|(map, told)| map.number(told.id(row)))
                };
                let faults = encoder.encode(&batch, keep, Some(&number), &mut done.bytes);
                done.records = (done.bytes.len() / encoder.bytes_per_row()) as u64;
                let misfit = |fault: &cclf_files::Fault| Misfit {
                    whose: told
                        .as_ref()
                        .map_or_else(|| mbi(fault.row), |told| claim(told, fault.row)),
                    row: fault.row,
                    column: fault.name,
                    class: fault.class.name(),
                    is_id: fault.name == CLAIM,
                };
                done.misfits.extend(faults.iter().map(misfit));
                let column = CLAIM;
                let own = |told: &Told<'_>, row: usize, class| {
                    let whose = claim(told, row);
                    Misfit { whose, row, column, class, is_id: false }
                };
                for told in told.iter().filter(|told| told.ids.null_count() > 0) {
                    let without = (0..batch.num_rows()).filter(|row| !told.has_id(*row));
                    done.misfits.extend(
                        without.filter(|row| keep(*row)).map(|row| own(told, row, "width")),
                    );
                }
                for told in told.iter().filter(|_| !self.claims.of_given_number.is_empty()) {
                    let is_given = |row: &usize| {
                        let number = digest(told.id(*row).trim_start_matches('0'));
                        self.claims.of_given_number.contains(&number) && keep(*row)
                    };
                    let given = (0..batch.num_rows()).filter(is_given);
                    done.misfits.extend(given.map(|row| own(told, row, "number")));
                }
                Ok(done)
            },
            |piece, done| {
                records += done.records;
                found.extend(
                    done.misfits.into_iter().map(|own| (piece.first + own.row as u64 + 1, own)),
                );
                out(&done.bytes)
            },
        )?;
        for (row, own) in found {
            misfits.add(table, row, own.column, own.class);
            misfits.has_ids |= own.is_id;
            let whose = if is_of_claims(table) { &mut misfits.claims } else { &mut misfits.people };
            whose.insert(own.whose);
        }
        Ok(records)
    }
}

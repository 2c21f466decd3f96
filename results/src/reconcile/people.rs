//! The people of both sides.

use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::Table;
use convert::Error;
use hashbrown::{HashMap, HashSet};

use super::column::Column;
use super::digest::Key;
use super::identity::person;
use super::opened::Opened;
use super::report::PeopleReport;
use super::side::Side;
use crate::mbis::Mbis;
use crate::rows::Reader;

/// On which sides a person is: bits.
#[derive(Clone, Copy, Debug, Default)]
struct Where(u8);

impl Where {
    const fn in_cclf8(side: Side) -> u8 {
        1 << side as u8
    }

    const fn in_claims(side: Side) -> u8 {
        4 << side as u8
    }
}

/// Who is on which side.
#[derive(Debug, Default)]
pub(super) struct People {
    all: HashMap<u64, Where>,
}

impl People {
    /// Takes the people of a side's CCLF8.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn read(
        &mut self,
        side: Side,
        opened: &Opened,
        mbis: &Mbis,
        reader: Reader<'_>,
    ) -> Result<(), Error> {
        let stored = opened.finished.table(Table::Cclf8);
        let all = Mutex::new(&mut self.all);
        reader.each(
            stored,
            &[stored.place_of("BENE_MBI_ID")?],
            |_, batch| {
                let (column, mut key) = (Column::of(batch.column(0)), Key::default());
                let found: Vec<u64> = (0..batch.num_rows())
                    .filter_map(|row| column.code(row))
                    .map(|mbi| person(&mut key, mbis.current(mbi)))
                    .collect();
                let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                for person in found {
                    all.entry(person).or_default().0 |= Where::in_cclf8(side);
                }
                Ok(())
            },
            |_, ()| Ok(()),
        )
    }

    /// Takes people who have claims.
    pub(super) fn with_claims(&mut self, side: Side, people: &HashSet<u64>) {
        for person in people {
            self.all.entry(*person).or_default().0 |= Where::in_claims(side);
        }
    }

    /// Whether a person is on a side in any way.
    pub(super) fn is_on(&self, side: Side, person: u64) -> bool {
        let bits = Where::in_cclf8(side) | Where::in_claims(side);
        self.all.get(&person).is_some_and(|own| own.0 & bits != 0)
    }

    /// Whether a person is in both CCLF8.
    pub(super) fn is_on_both(&self, person: u64) -> bool {
        let bits = Where::in_cclf8(Side::Left) | Where::in_cclf8(Side::Right);
        self.all.get(&person).is_some_and(|own| own.0 & bits == bits)
    }

    pub(super) fn report(&self) -> PeopleReport {
        let mut report = PeopleReport::default();
        for own in self.all.values() {
            let is_on = |side: Side| own.0 & Where::in_cclf8(side) != 0;
            for side in Side::ALL.into_iter().filter(|side| is_on(*side)) {
                report.all[side] += 1;
                report.only[side] += u64::from(!is_on(side.other()));
            }
            report.matched += u64::from(is_on(Side::Left) && is_on(Side::Right));
        }
        report
    }
}

//! The claims of a side, read from the rows of its tables of claims.

use std::sync::{Mutex, PoisonError};

use cclf_crosswalk::Table;
use cclf_crosswalk::arrow::array::RecordBatch;
use convert::Error;
use convert::building::StoredTable;
use hashbrown::HashMap;

use super::claim::{Claim, MOST_KEYS, NO_DATE};
use super::column::Column;
use super::cut::Cut;
use super::digest::{Digest, Key, NONE};
use super::identity::{Names, person};
use super::opened::Opened;
use super::reason::{is_substance_use, month_of};
use super::rungs::Rung;
use super::side::Side;
use crate::mbis::Mbis;
use crate::rows::{Piece, Reader};

/// The tables whose rows are claims or lines with the facts of their claim.
pub(super) const CLAIM_TABLES: [Table; 4] =
    [Table::Cclf1, Table::Cclf5, Table::Cclf6, Table::Cclf7];

/// Diagnoses of the claim that stand in its rows.
const DIAGNOSES: [&str; 15] = [
    "PRNCPL_DGNS_CD",
    "ADMTG_DGNS_CD",
    "CLM_LINE_DGNS_CD",
    "CLM_DGNS_1_CD",
    "CLM_DGNS_2_CD",
    "CLM_DGNS_3_CD",
    "CLM_DGNS_4_CD",
    "CLM_DGNS_5_CD",
    "CLM_DGNS_6_CD",
    "CLM_DGNS_7_CD",
    "CLM_DGNS_8_CD",
    "CLM_DGNS_9_CD",
    "CLM_DGNS_10_CD",
    "CLM_DGNS_11_CD",
    "CLM_DGNS_12_CD",
];

/// What the tables of a side say besides their claims.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The newest FILE_DATE.
    pub(super) newest: Option<i32>,
    /// The first and last month of each table.
    pub(super) months: HashMap<Table, (i32, i32)>,
    /// Stand for the people who have claims.
    pub(super) people: hashbrown::HashSet<u64>,
}

impl Known {
    fn date(&mut self, day: Option<i32>) {
        self.newest = self.newest.max(day);
    }

    fn month(&mut self, table: Table, day: i32) {
        let Some(month) = month_of(day) else { return };
        let months = self.months.entry(table).or_insert((month, month));
        *months = (months.0.min(month), months.1.max(month));
    }
}

/// Where the facts of a claim stand in a table.
struct Places {
    columns: Vec<usize>,
    /// Of each rung, which of `columns` its key is made of.
    rungs: Vec<Vec<usize>>,
    loaded: Vec<usize>,
    diagnoses: Vec<usize>,
    file_date: Option<usize>,
    /// The dispensing status, if there is one: that it is absent says something, too.
    status: Option<usize>,
}

/// The places of these in `columns`.
const NUMBER: usize = 0;
const MBI: usize = 1;
const TYPE: usize = 2;
const DAY: usize = 3;
const AMOUNT: usize = 4;

impl Places {
    fn of(table: Table, stored: &StoredTable) -> Result<Self, Error> {
        let (day, amount) = match table {
            Table::Cclf1 => ("CLM_THRU_DT", "CLM_PMT_AMT"),
            Table::Cclf7 => ("CLM_LINE_FROM_DT", "CLM_LINE_BENE_PMT_AMT"),
            _ => ("CLM_THRU_DT", "CLM_LINE_CVRD_PD_AMT"),
        };
        let mut names = vec!["CUR_CLM_UNIQ_ID", "BENE_MBI_ID", "CLM_TYPE_CD", day, amount];
        let mut place = |name: &'static str| {
            names.iter().position(|one| *one == name).unwrap_or_else(|| {
                names.push(name);
                names.len() - 1
            })
        };
        let rungs = Rung::below_number(table)
            .iter()
            .map(|(_, fields)| fields.iter().map(|field| place(field)).collect())
            .collect();
        let loaded = ["CLM_IDR_LD_DT", "CLM_EFCTV_DT"].map(&mut place).to_vec();
        let has = |name: &str| stored.schema().index_of(name).is_ok();
        let diagnoses = DIAGNOSES.into_iter().filter(|name| has(name)).map(&mut place).collect();
        let file_date = has("FILE_DATE").then(|| place("FILE_DATE"));
        let status = (table == Table::Cclf7).then(|| place("CLM_DSPNSNG_STUS_CD"));
        let columns = names.iter().map(|name| stored.place_of(name)).collect::<Result<_, _>>()?;
        Ok(Self { columns, rungs, loaded, diagnoses, file_date, status })
    }
}

/// Reads the claims of a side's table into a cut, sorted by number.
///
/// # Errors
/// The table or a spool cannot be read or written.
pub(super) fn read(
    (table, side): (Table, Side),
    opened: &Opened,
    (names, mbis): (Names, &Mbis),
    reader: Reader<'_>,
    cut: &Cut,
) -> Result<Known, Error> {
    let stored = opened.finished.table(table);
    let places = Places::of(table, stored)?;
    let known = Mutex::new(Known::default());
    let work = |piece: &Piece, batch: RecordBatch| {
        let kept = opened.kept.of(table, piece);
        let columns: Vec<Column<'_>> = batch.columns().iter().map(Column::of).collect();
        let mut rows =
            Claims { table, side, names, mbis, places: &places, key: Key::default(), last: None };
        let mut claims: Vec<Claim> = Vec::new();
        let mut own = Known::default();
        for row in (0..batch.num_rows()).filter(|row| kept.value(*row)) {
            let claim = rows.claim(&columns, row, piece.first + row as u64);
            own.month(table, claim.day);
            if claim.person != 0 {
                own.people.insert(claim.person);
            }
            // Lines of a claim mostly stand together: they are one entry then.
            match claims.last_mut() {
                Some(last) if last.number == claim.number => last.add(&claim),
                _ => claims.push(claim),
            }
        }
        if let Some(dates) = places.file_date.map(|place| &columns[place]) {
            (0..batch.num_rows()).for_each(|row| own.date(dates.day(row)));
        }
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        known.date(own.newest);
        for (table, (first, last)) in own.months {
            let months = known.months.entry(table).or_insert((first, last));
            *months = (months.0.min(first), months.1.max(last));
        }
        known.people.extend(own.people);
        drop(known);
        cut.push_all(claims.iter().map(|claim| claim.entry(&claim.number)))
    };
    reader.each(stored, &places.columns, work, |_, ()| Ok(()))?;
    Ok(known.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Makes claims of rows.
struct Claims<'a> {
    table: Table,
    side: Side,
    names: Names,
    mbis: &'a Mbis,
    places: &'a Places,
    key: Key,
    /// The facts of the row before that cost most, which mostly are those of this one too.
    last: Option<Last<'a>>,
}

#[derive(Clone, Copy)]
struct Last<'a> {
    number: &'a str,
    mbi: Option<&'a str>,
    digests: (Digest, u64, [Digest; MOST_KEYS]),
}

impl<'a> Claims<'a> {
    fn claim(&mut self, columns: &[Column<'a>], row: usize, row_number: u64) -> Claim {
        let number = columns[NUMBER].code(row);
        let mbi = columns[MBI].code(row);
        let digests = match self.last {
            // Of lines, the keys are facts of the claim.
            Some(last)
                if self.table != Table::Cclf1
                    && self.table != Table::Cclf7
                    && Some(last.number) == number
                    && last.mbi == mbi =>
            {
                last.digests
            }
            _ => {
                let digests = self.digests(columns, row, row_number);
                self.last = number.map(|number| Last { number, mbi, digests });
                digests
            }
        };
        let (number, person, keys) = digests;
        let mut type_code = [0; 2];
        for (own, byte) in type_code.iter_mut().zip(columns[TYPE].code(row).unwrap_or("").bytes()) {
            *own = byte;
        }
        let cents = columns[AMOUNT].number(row).unwrap_or(0);
        let loaded = self.places.loaded.iter().find_map(|place| columns[*place].day(row));
        let mut diagnoses =
            self.places.diagnoses.iter().filter_map(|place| columns[*place].code(row));
        Claim {
            side: self.side,
            number,
            keys,
            person,
            cents: i64::try_from(cents).unwrap_or(i64::MAX),
            type_code,
            day: columns[DAY].day(row).unwrap_or(NO_DATE),
            loaded: loaded.unwrap_or(NO_DATE),
            has_substance_use: diagnoses.any(is_substance_use),
        }
    }

    fn digests(
        &mut self,
        columns: &[Column<'a>],
        row: usize,
        row_number: u64,
    ) -> (Digest, u64, [Digest; MOST_KEYS]) {
        let number = columns[NUMBER].code(row);
        let number =
            self.names.claim_or_row(&mut self.key, (self.table, self.side), number, row_number);
        let person_field = columns[MBI].code(row).map(|mbi| self.mbis.current(mbi));
        let mut keys = [NONE; MOST_KEYS];
        for ((rung, own), places) in (1..).zip(&mut keys).zip(&self.places.rungs) {
            self.key.begin(rung);
            for place in places {
                match &columns[*place] {
                    day @ Column::Day(_) => {
                        let day = day.day(row).map(i32::to_le_bytes);
                        self.key.add(day.as_ref().map(<[u8; 4]>::as_slice));
                    }
                    // Most events have none, and CMS's files a tilde for it.
                    status if self.places.status == Some(*place) => {
                        let status = status.code(row).map_or("", |code| code.trim_matches('~'));
                        self.key.add(Some(status.as_bytes()));
                    }
                    text => {
                        // Fields of drug events have zeros before them in one source, and in another not.
                        let text = text.code(row).map(|text| match self.table {
                            Table::Cclf7 => text.trim_start_matches('0'),
                            _ => text,
                        });
                        self.key.add(text.map(str::as_bytes));
                    }
                }
            }
            self.key.add(person_field.map(str::as_bytes));
            *own = self.key.digest();
        }
        let person = person_field.map_or(0, |mbi| person(&mut self.key, mbi));
        (number, person, keys)
    }
}

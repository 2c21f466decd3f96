//! What an update changes, in a folder of its own: the rows to insert, and the ids whose rows go first.
//!
//! Claims that are new, or that come again, or whose person has another MBI, are in it whole. Of CCLF8 and CCLF9 it has the
//! rows of those people of whom any row is another.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hasher};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use cclf_crosswalk::arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, StringBuilder};
use cclf_crosswalk::arrow::compute::FilterBuilder;
use cclf_crosswalk::arrow::datatypes::{DataType, Field, Schema};
use cclf_crosswalk::{Format, Plan, Provenance, Resources, Table, TableWriter, texts};
use publish::Stage;

use super::fates::Fates;
use super::tables::carry_these;
use crate::error::Error;
use crate::input::file_date::Exports;
use crate::options::Options;
use crate::out::hashed::{Failure, Hashed};
use crate::out::manifest;
use crate::out::tables::{Rows, Tables};
use crate::report::{FileReport, Report, TableReport};
use crate::state::State;
use crate::stored::StoredTable;

/// The file of ids.
const GONE: &str = "gone.parquet";
/// Its columns.
const CLAIM: &str = "BCDA_EOB_ID";
const PERSON: &str = "BENE_MBI_ID";

/// Rows that are looked at at once.
const ROWS: usize = 8_192;

/// The tables of people, and the column by which their rows are a person's.
const PEOPLE: [(Table, &str); 2] = [(Table::Cclf8, PERSON), (Table::Cclf9, "CRNT_NUM")];

/// Where the changes go, and how.
pub(crate) struct ChangesPlace {
    pub(crate) options: Options,
    pub(crate) stage: Stage,
}

/// What was written: the tables, and the ids whose rows go.
pub(crate) struct Ended {
    tables: Vec<TableReport>,
    gone: FileReport,
}

impl ChangesPlace {
    /// Publishes the changes of a run with this report.
    pub(crate) fn publish(
        self,
        Ended { tables, gone }: Ended,
        report: &Report,
        exports: &Exports,
    ) -> Result<(), Error> {
        let names = tables.iter().map(|own| own.file.clone());
        let files: Vec<String> = names.chain([gone.file]).collect();
        let report = Report { tables, state: Vec::new(), ..report.clone() };
        // An earlier one that stays behind is cleared away by the next run.
        let _ = self.stage.commit(&manifest::text(&report, &files, exports))?;
        Ok(())
    }
}

/// The changes while they are gathered.
pub(crate) struct Changes<'o> {
    place: &'o ChangesPlace,
    pub(crate) tables: Tables<'o>,
    /// Claims that have rows in the earlier tables, which go.
    claims: Mutex<BTreeSet<Box<str>>>,
}

impl<'o> Changes<'o> {
    pub(crate) fn begin(place: &'o ChangesPlace, plan: &'static Plan) -> Result<Self, Error> {
        let tables = Tables::begin(&place.options, plan, &place.stage)?;
        Ok(Self { place, tables, claims: Mutex::default() })
    }

    /// Takes the rows of claims that are as they were but for the MBI, and the ids of all whose rows are others.
    pub(crate) fn carry(
        &mut self,
        state: &State,
        fates: &Fates,
        plan: &'static Plan,
    ) -> Result<(), Error> {
        let Self { place, tables, claims } = self;
        let claims = &*claims;
        let fate = |id: &str| {
            let fate = fates.of_claim(id);
            if fate.is_other() {
                claims.lock().unwrap_or_else(PoisonError::into_inner).insert(id.into());
            }
            fate.only_other()
        };
        carry_these(state, fate, plan, &place.options.reading, tables).map(drop)
    }

    /// Ends the changes: `new` is the folder in which the new tables of people are.
    ///
    /// # Errors
    /// A table cannot be read or written.
    pub(crate) fn finish(mut self, state: &State, new: &Path) -> Result<Ended, Error> {
        let mut stored = Vec::new();
        let mut others = HashSet::new();
        for (table, key) in PEOPLE {
            let name = self.place.options.naming.file_stem(table);
            let new = new.join(format!("{name}.{}", Format::Parquet.extension()));
            let Some(old) = state.table(table) else { continue };
            let (old, new) = (Stored::open(&old)?, Stored::open(&new)?);
            others.extend(old.others(&new, key)?);
            stored.push((table, key, old, new));
        }
        // A person of whom a row of one table is another goes from both, so that the rows of both come again.
        let mut people = BTreeSet::new();
        for (table, key, old, new) in stored {
            new.each(key, |keys, batch| {
                let mask: BooleanArray = keys
                    .iter()
                    .map(|key| Some(others.contains(&hash_of(key.as_deref()))))
                    .collect();
                let batch = FilterBuilder::new(&mask).build().filter_record_batch(&batch);
                let batch = batch.map_err(|_| Error::unbuilt())?;
                if batch.num_rows() > 0 { self.tables.write(table, batch) } else { Ok(()) }
            })?;
            old.each(key, |keys, _| {
                people.extend(
                    keys.into_iter().filter(|key| others.contains(&hash_of(key.as_deref()))),
                );
                Ok(())
            })?;
        }
        let claims = self.claims.into_inner().unwrap_or_else(PoisonError::into_inner);
        let gone = write_gone(self.place, &claims, &people)?;
        Ok(Ended { tables: self.tables.finish()?, gone })
    }
}

fn hash_of(key: Option<&str>) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(key)
}

/// Writes the ids whose rows go.
fn write_gone(
    place: &ChangesPlace,
    claims: &BTreeSet<Box<str>>,
    people: &BTreeSet<Option<String>>,
) -> Result<FileReport, Error> {
    let failed = |_| Error::failed(format!("write of {GONE} failed; please report it"));
    let field = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema = Arc::new(Schema::new(vec![field(CLAIM), field(PERSON)]));
    let (mut ids, mut mbis) = (StringBuilder::new(), StringBuilder::new());
    for id in claims {
        ids.append_value(id);
        mbis.append_null();
    }
    for mbi in people {
        ids.append_null();
        mbis.append_option(mbi.as_deref());
    }
    let columns: Vec<ArrayRef> = vec![Arc::new(ids.finish()), Arc::new(mbis.finish())];
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(failed)?;
    let hashed = Hashed::create(&place.stage, GONE, Arc::new(Failure::default()))?;
    let (format, compression) = (Format::Parquet, place.options.compression);
    let (provenance, resources) = (Provenance::default(), Resources::default());
    let writer =
        TableWriter::new(schema, format, compression, &provenance, false, resources, hashed);
    let mut writer = writer.map_err(failed)?;
    writer.write(batch).map_err(failed)?;
    let (report, file) = writer.finish().map_err(failed)?.end();
    file.finish()?;
    Ok(report)
}

/// A table of people that is read by rows.
struct Stored(StoredTable);

impl Stored {
    fn open(path: &Path) -> Result<Self, Error> {
        StoredTable::open(path, &path.display().to_string()).map(Self)
    }

    /// Gives `take` the rows, and whose they are by a column.
    fn each(
        &self,
        key: &str,
        mut take: impl FnMut(Vec<Option<String>>, RecordBatch) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let place = self.0.place_of(key)?;
        let all: Vec<usize> = (0..self.0.schema().fields().len()).collect();
        for (row_group, rows) in self.0.pieces(ROWS) {
            let batch = self.0.batch(&all, row_group, rows)?;
            let keys = batch.column(place).as_string::<i32>();
            let keys = keys.iter().map(|key| key.map(str::to_owned)).collect();
            take(keys, batch)?;
        }
        Ok(())
    }

    /// By person the sum of hashes of the rows.
    fn sums(&self, key: &str) -> Result<HashMap<u64, u64>, Error> {
        let mut sums: HashMap<u64, u64> = HashMap::new();
        self.each(key, |keys, batch| {
            let mut hashers = vec![DefaultHasher::default(); keys.len()];
            for column in batch.columns() {
                let cells = texts(column).map_err(|_| Error::unbuilt())?;
                for (hasher, cell) in hashers.iter_mut().zip(cells) {
                    std::hash::Hash::hash(&cell, hasher);
                }
            }
            for (key, hasher) in keys.iter().zip(hashers) {
                let sum = sums.entry(hash_of(key.as_deref())).or_default();
                // Neither order nor one row that comes twice goes unseen.
                *sum = sum.wrapping_add(hasher.finish() | 1);
            }
            Ok(())
        })?;
        Ok(sums)
    }

    /// People of whom a row is another in the other table.
    fn others(&self, other: &Self, key: &str) -> Result<HashSet<u64>, Error> {
        let (own, other) = (self.sums(key)?, other.sums(key)?);
        let people = own.keys().chain(other.keys()).copied();
        Ok(people.filter(|person| own.get(person) != other.get(person)).collect())
    }
}

/// The tables of a run, and the changes beside them.
pub(crate) struct WithChanges<'o> {
    pub(crate) tables: Tables<'o>,
    pub(crate) changes: Option<Changes<'o>>,
}

impl Rows for WithChanges<'_> {
    fn names(&self) -> Vec<Table> {
        self.tables.names()
    }

    fn write(&mut self, table: Table, batch: RecordBatch) -> Result<(), Error> {
        if let Some(changes) = &mut self.changes {
            changes.tables.write(table, batch.clone())?;
        }
        self.tables.write(table, batch)
    }

    fn abandon(self) -> Result<(), Error> {
        self.changes.map_or(Ok(()), |changes| changes.tables.abandon())?;
        self.tables.abandon()
    }
}

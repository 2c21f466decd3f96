//! Results, copies of them that are changed, and what reports say.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use cclf_crosswalk::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, RecordBatch, StringArray,
};
use cclf_crosswalk::arrow::compute::{FilterBuilder, concat_batches};
use cclf_crosswalk::arrow::datatypes::{Date32Type, Decimal128Type};
use cclf_crosswalk::{Compression, Format, Provenance, Resources, Table, TableWriter};
use convert::building::StoredTable;
use convert::{Options, Output, TABLES_MANIFEST};
use results::{ClaimsReport, ReconcileOptions, Reconciliation, reconcile};
use synth::Api;

/// 2026-08-01, the FILE_DATE of all rows, in days.
pub(crate) const FILE_DATE: i32 = 20_666;

/// A result that is there as long as a test needs it.
pub(crate) struct Made(tempfile::TempDir);

impl Made {
    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().join("tables")
    }

    fn new(api: Api) -> Self {
        let work = tempfile::tempdir().unwrap();
        let export = work.path().join("export");
        fs::create_dir(&export).unwrap();
        let options = synth::Options { beneficiaries: 12, api, seed: 3, ..Default::default() };
        synth::generate(&options, |name| File::create(export.join(name))).unwrap();
        let made = Self(work);
        let inputs = vec![export.to_str().unwrap().to_owned()];
        let mut options = Options::new(inputs, Output::Folder(made.folder()));
        options.reading.file_date = Some(FILE_DATE);
        convert::run(&options).unwrap();
        made
    }
}

/// The tables of the same synthetic people in a version of the API, made once for all tests that run at the same time.
pub(crate) fn result(api: Api) -> Arc<Made> {
    static MADE: [Mutex<Weak<Made>>; 3] = [const { Mutex::new(Weak::new()) }; 3];
    let place = Api::ALL.into_iter().position(|one| one == api).unwrap();
    let mut made = MADE[place].lock().unwrap_or_else(PoisonError::into_inner);
    made.upgrade().unwrap_or_else(|| {
        let new = Arc::new(Made::new(api));
        *made = Arc::downgrade(&new);
        new
    })
}

pub(crate) fn file(folder: &Path, table: Table) -> PathBuf {
    folder.join(format!("{}.parquet", table.name().to_lowercase()))
}

/// All rows of a table.
pub(crate) fn read(folder: &Path, table: Table) -> RecordBatch {
    let stored = StoredTable::open(&file(folder, table), "table").unwrap();
    let columns: Vec<usize> = (0..stored.schema().fields().len()).collect();
    let groups: Vec<usize> = stored.row_groups().collect();
    let batches: Vec<RecordBatch> = groups
        .into_iter()
        .enumerate()
        .map(|(group, rows)| stored.batch(&columns, group, 0..rows).unwrap())
        .collect();
    let schema = batches.first().map_or_else(|| Arc::clone(stored.schema()), RecordBatch::schema);
    concat_batches(&schema, &batches).unwrap()
}

pub(crate) fn write(folder: &Path, table: Table, batch: RecordBatch) {
    let resources =
        Resources { spill: None, share: Box::new(|count, work| (0..count).for_each(work)) };
    let out = File::create(file(folder, table)).unwrap();
    let none = Provenance { pairs: Vec::new() };
    let mut writer = TableWriter::new(
        batch.schema(),
        Format::Parquet,
        Compression::None,
        &none,
        false,
        resources,
        out,
    )
    .unwrap();
    writer.write(batch).unwrap();
    writer.finish().unwrap();
}

/// A copy of a result without its manifest, to be changed.
pub(crate) struct Copy {
    work: tempfile::TempDir,
}

impl Copy {
    pub(crate) fn of(from: &Path) -> Self {
        let work = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path.file_name().unwrap() != TABLES_MANIFEST {
                fs::copy(&path, work.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        Self { work }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.work.path()
    }

    pub(crate) fn change(&self, table: Table, change: impl FnOnce(RecordBatch) -> RecordBatch) {
        write(self.folder(), table, change(read(self.folder(), table)));
    }
}

pub(crate) fn column<'b>(batch: &'b RecordBatch, name: &str) -> &'b ArrayRef {
    batch.column_by_name(name).unwrap()
}

pub(crate) fn text(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let texts = column(batch, name).as_string::<i32>();
    texts.is_valid(row).then(|| texts.value(row).to_owned())
}

pub(crate) fn cents(batch: &RecordBatch, name: &str, row: usize) -> i64 {
    let amounts = column(batch, name).as_primitive::<Decimal128Type>();
    if amounts.is_valid(row) { i64::try_from(amounts.value(row)).unwrap() } else { 0 }
}

pub(crate) fn is_final(batch: &RecordBatch, row: usize) -> bool {
    let finals = column(batch, "BCDA_FINAL").as_boolean();
    finals.is_valid(row) && finals.value(row)
}

pub(crate) fn finals(batch: &RecordBatch) -> Vec<usize> {
    (0..batch.num_rows()).filter(|row| is_final(batch, *row)).collect()
}

pub(crate) fn with(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let schema = batch.schema();
    let place = schema.index_of(name).unwrap();
    let mut columns = batch.columns().to_vec();
    columns[place] = array;
    RecordBatch::try_new(schema, columns).unwrap()
}

pub(crate) fn with_texts(
    batch: &RecordBatch,
    name: &str,
    new: impl Fn(usize, Option<String>) -> Option<String>,
) -> RecordBatch {
    let texts: StringArray =
        (0..batch.num_rows()).map(|row| new(row, text(batch, name, row))).collect();
    with(batch, name, Arc::new(texts))
}

pub(crate) fn with_amounts(
    batch: &RecordBatch,
    name: &str,
    more: impl Fn(usize) -> i128,
) -> RecordBatch {
    let amounts = column(batch, name).as_primitive::<Decimal128Type>();
    let new: Decimal128Array =
        amounts.iter().enumerate().map(|(row, own)| Some(own? + more(row))).collect();
    with(batch, name, Arc::new(new.with_data_type(amounts.data_type().clone())))
}

pub(crate) fn with_days(
    batch: &RecordBatch,
    name: &str,
    more: impl Fn(usize) -> i32,
) -> RecordBatch {
    let days = column(batch, name).as_primitive::<Date32Type>();
    let new: Date32Array =
        days.iter().enumerate().map(|(row, own)| Some(own? + more(row))).collect();
    with(batch, name, Arc::new(new))
}

pub(crate) fn only(batch: &RecordBatch, is_kept: impl Fn(usize) -> bool) -> RecordBatch {
    let kept: BooleanArray = (0..batch.num_rows()).map(|row| Some(is_kept(row))).collect();
    FilterBuilder::new(&kept).build().filter_record_batch(batch).unwrap()
}

pub(crate) fn compared(left: &Path, right: &Path) -> Reconciliation {
    reconcile(&ReconcileOptions::new(left.to_owned(), right.to_owned())).unwrap()
}

pub(crate) fn claims<'r>(report: &'r Reconciliation, table: &str) -> &'r ClaimsReport {
    report.claims.iter().find(|one| one.table == table).unwrap()
}

/// Columns with differences: equal rows, null on one side, different, by table and column.
pub(crate) fn differences(
    report: &Reconciliation,
) -> BTreeMap<(&'static str, String), (u64, u64, u64)> {
    let tables = report.tables.iter().flat_map(|table| {
        table.columns.iter().map(move |column| {
            let counts = (column.only.left, column.only.right, column.different);
            ((table.table, column.column.clone()), counts)
        })
    });
    tables.filter(|(_, counts)| *counts != (0, 0, 0)).collect()
}

/// Rows that one side lacks.
pub(crate) fn lacking(report: &Reconciliation) -> Vec<(&'static str, u64, u64)> {
    let rows = report.tables.iter().map(|table| (table.table, table.only.left, table.only.right));
    rows.filter(|(_, left, right)| left + right > 0).collect()
}

/// How far the sums of the two sides are apart.
pub(crate) fn sums_apart(report: &Reconciliation) -> i64 {
    report.sums.iter().map(|sum| sum.all.right.cents - sum.all.left.cents).sum()
}

/// A copy that says it is of v1, so that its numbers are others'.
pub(crate) fn renamed(folder: &Path) -> Copy {
    let copy = Copy::of(folder);
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Cclf0) {
        copy.change(table, |batch| with_texts(&batch, "BCDA_API", |_, _| Some("v1".to_owned())));
    }
    copy
}

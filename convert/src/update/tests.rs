//! Tables that are carried over.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cclf_crosswalk::arrow::array::{
    ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int32Array, Int64Array,
    RecordBatch, StringArray, TimestampMicrosecondArray,
};
use cclf_crosswalk::arrow::compute::{FilterBuilder, concat_batches};
use cclf_crosswalk::arrow::datatypes::{DataType, Field, SchemaRef};
use cclf_crosswalk::{LateMbi, Plan, ROW_GROUP_ROWS, Table, schema};
use publish::{Stage, StageOptions};
use tempfile::TempDir;

use super::carry::{Carried, Earlier, carry};
use super::kept::Fate;
use crate::out::tables::{Rows, Tables};
use crate::{Cancel, Error, ErrorKind, Options, Output};

/// Two row groups and a half, of a table with few columns.
const ROWS: usize = 2 * ROW_GROUP_ROWS + ROW_GROUP_ROWS / 2;

const TABLE: Table = Table::Cclf4;

/// Rows of a claim: as many as the number of the claim tells.
fn claim_rows(claim: usize) -> usize {
    1 + claim * 7 % 5
}

/// What becomes of a claim, by its id: of eight two are gone, one gets an MBI, and one loses its.
fn fate(id: &str) -> Fate<'static> {
    let number: usize = id.rsplit('-').next().unwrap().parse().unwrap();
    match number % 8 {
        1 | 2 => Fate::Gone,
        4 => Fate::Mbi(Some("1EG4TE5MK73")),
        5 => Fate::Mbi(None),
        _ => Fate::Stays,
    }
}

fn stays(_: &str) -> Fate<'static> {
    Fate::Stays
}

fn all_columns() -> SchemaRef {
    schema(Plan::stu3().crosswalk(), TABLE, &true.into())
}

/// Some values of a column. Some columns have many, others few, or none.
fn values(field: &Field, number: usize, claims: &[usize]) -> ArrayRef {
    let some = |row: usize| (row % 11 != number % 11).then_some(row);
    let rows = 0..claims.len();
    let of = |row: usize| i64::try_from(row * (number + 1) % 5_000).unwrap();
    let small = |row: usize| i32::try_from(of(row)).unwrap();
    match field.data_type() {
        DataType::Utf8 if field.name() == "BCDA_EOB_ID" => {
            let ids = claims.iter().map(|claim| format!("carrier-{claim}"));
            Arc::new(StringArray::from_iter_values(ids))
        }
        DataType::Utf8 if number % 5 == 4 => Arc::new(StringArray::new_null(claims.len())),
        DataType::Utf8 if number.is_multiple_of(2) => Arc::new(
            rows.map(|row| some(row).map(|row| format!("{row:x}"))).collect::<StringArray>(),
        ),
        DataType::Utf8 => Arc::new(
            rows.map(|row| some(row).map(|row| ["A", "", "C9"][row % 3])).collect::<StringArray>(),
        ),
        DataType::Boolean => {
            Arc::new(rows.map(|row| some(row).map(|row| row % 3 == 0)).collect::<BooleanArray>())
        }
        DataType::Date32 => Arc::new(rows.map(|row| some(row).map(small)).collect::<Date32Array>()),
        DataType::Int32 => Arc::new(rows.map(|row| some(row).map(small)).collect::<Int32Array>()),
        DataType::Int64 => Arc::new(rows.map(|row| some(row).map(of)).collect::<Int64Array>()),
        DataType::Timestamp(..) => Arc::new(
            rows.map(|row| some(row).map(of))
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("+00:00"),
        ),
        DataType::Decimal128(precision, scale) => Arc::new(
            rows.map(|row| some(row).map(|row| i128::from(of(row))))
                .collect::<Decimal128Array>()
                .with_precision_and_scale(*precision, *scale)
                .unwrap(),
        ),
        other => panic!("{other}"),
    }
}

/// So many rows of claims.
fn made(rows: usize) -> RecordBatch {
    let claims: Vec<usize> =
        (0..).flat_map(|claim| std::iter::repeat_n(claim, claim_rows(claim))).take(rows).collect();
    let schema = all_columns();
    let columns = schema.fields().iter().enumerate();
    let columns = columns.map(|(number, field)| values(field, number, &claims)).collect();
    RecordBatch::try_new(schema, columns).unwrap()
}

/// The same, done to rows in memory.
fn thinned(rows: &RecordBatch, fate: fn(&str) -> Fate<'static>) -> RecordBatch {
    let ids = rows.column_by_name("BCDA_EOB_ID").unwrap().as_string::<i32>();
    let fates: Vec<Fate> = ids.iter().map(|id| fate(id.unwrap())).collect();
    let place = LateMbi::new(Plan::stu3(), &[TABLE], &true.into()).places(TABLE)[0];
    let mut columns = rows.columns().to_vec();
    let earlier = columns[place].as_string::<i32>();
    let mbis = earlier.iter().zip(&fates).map(|(known, fate)| match fate {
        Fate::Mbi(mbi) => *mbi,
        _ => known,
    });
    columns[place] = Arc::new(mbis.collect::<StringArray>());
    let rows = RecordBatch::try_new(rows.schema(), columns).unwrap();
    let stays: BooleanArray = fates.iter().map(|fate| Some(*fate != Fate::Gone)).collect();
    FilterBuilder::new(&stays).build().filter_record_batch(&rows).unwrap()
}

/// A folder with tables, as a run writes them; the bytes of the one.
fn written(
    folder: &Path,
    threads: usize,
    write: impl FnOnce(&mut Tables<'_>) -> Result<(), Error>,
) -> Result<PathBuf, Error> {
    let out = folder.join("out");
    let mut options = Options::new(Vec::new(), Output::Folder(out.clone()));
    options.tables = vec![TABLE];
    options.reading.threads = threads;
    let staging =
        StageOptions { overwrite: false, manifest_name: "m.json".to_owned(), keep_previous: 0 };
    let stage = Stage::open(&out, &staging, |_| Ok(None))?;
    let mut tables = Tables::begin(&options, Plan::stu3(), &stage)?;
    write(&mut tables)?;
    tables.finish()?;
    let _ = stage.commit(b"{}")?;
    Ok(out.join("cclf4.parquet"))
}

/// The table with these rows.
fn stored(rows: &RecordBatch) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), 2, |tables| tables.write(TABLE, rows.clone())).unwrap();
    (folder, file)
}

fn earlier<'a>(file: &'a Path, threads: usize, cancel: &'a Cancel) -> Earlier<'a> {
    Earlier { table: TABLE, file, plan: Plan::stu3(), threads, cancel }
}

/// Rows that are kept as they come, as batches.
#[derive(Default)]
struct Collected(Vec<RecordBatch>);

impl Rows for Collected {
    fn names(&self) -> Vec<Table> {
        vec![TABLE]
    }

    fn write(&mut self, table: Table, batch: RecordBatch) -> Result<(), Error> {
        assert_eq!(table, TABLE);
        self.0.push(batch);
        Ok(())
    }

    fn abandon(self) -> Result<(), Error> {
        Ok(())
    }
}

fn collected(
    file: &Path,
    threads: usize,
    fate: impl Fn(&str) -> Fate<'static> + Sync,
) -> Result<(RecordBatch, Carried), Error> {
    let mut rows = Collected::default();
    let carried = carry(&earlier(file, threads, &Cancel::new()), fate, &mut rows)?;
    Ok((concat_batches(&all_columns(), &rows.0).unwrap(), carried))
}

#[test]
fn rows_are_what_they_would_be_if_they_were_written_anew() {
    let all = made(ROWS);
    let (_folder, file) = stored(&all);
    for (fate, threads) in [(stays as fn(&_) -> _, &[2][..]), (fate, &[1, 2, 7])] {
        let left = thinned(&all, fate);
        let (_other, anew) = stored(&left);
        let anew = fs::read(anew).unwrap();
        for threads in threads.iter().copied() {
            let folder = tempfile::tempdir().unwrap();
            let mut carried = Carried::default();
            let calls = AtomicUsize::new(0);
            let counted = |id: &str| {
                calls.fetch_add(1, Ordering::Relaxed);
                fate(id)
            };
            let table = written(folder.path(), threads, |tables| {
                carried = carry(&earlier(&file, threads, &Cancel::new()), counted, tables)?;
                Ok(())
            });
            assert!(fs::read(table.unwrap()).unwrap() == anew, "{threads} threads");
            assert_eq!(carried.rows, left.num_rows() as u64);
            assert_eq!(carried.rows + carried.gone, ROWS as u64);
            // Once for a claim, and once more where a row group ends within one.
            assert!(calls.into_inner() <= ROWS / 3 + 3);
        }
        let (rows, _) = collected(&file, 2, fate).unwrap();
        assert!(rows == left);
    }
}

#[test]
fn rows_that_come_first_or_later_are_beside_those_that_are_carried() {
    let all = made(ROW_GROUP_ROWS + 3_000);
    let (_folder, file) = stored(&all);
    let other = made(700);
    let before_and_after = |write: &dyn Fn(&mut Tables<'_>) -> Result<(), Error>| {
        let folder = tempfile::tempdir().unwrap();
        let table = written(folder.path(), 2, |tables| {
            tables.write(TABLE, other.clone())?;
            write(tables)?;
            tables.write(TABLE, other.clone())
        });
        fs::read(table.unwrap()).unwrap()
    };
    let plain = before_and_after(&|tables| tables.write(TABLE, all.clone()));
    let carried = before_and_after(&|tables| {
        carry(&earlier(&file, 2, &Cancel::new()), stays, tables).map(|_| ())
    });
    assert!(plain == carried);
}

#[test]
fn what_became_of_the_rows_is_counted() {
    let all = made(5_000);
    let (_folder, file) = stored(&all);
    let (rows, carried) = collected(&file, 1, fate).unwrap();
    let of = |wanted: fn(Fate<'_>) -> bool| {
        let ids = all.column_by_name("BCDA_EOB_ID").unwrap().as_string::<i32>();
        ids.iter().filter(|id| wanted(fate(id.unwrap()))).count() as u64
    };
    let gone = of(|fate| fate == Fate::Gone);
    let with_mbi = of(|fate| matches!(fate, Fate::Mbi(_)));
    assert_eq!(carried, Carried { rows: 5_000 - gone, gone, with_mbi });
    assert_eq!(rows.num_rows() as u64, carried.rows);
    // No rows are left, and a table without rows.
    let (rows, carried) = collected(&file, 1, |_| Fate::Gone).unwrap();
    assert_eq!((rows.num_rows(), carried.gone), (0, 5_000));
    let (_folder, file) = stored(&made(0));
    let (rows, carried) = collected(&file, 7, stays).unwrap();
    assert_eq!((rows.num_rows(), carried), (0, Carried::default()));
}

#[test]
fn a_table_of_other_columns_is_refused() {
    let (_folder, file) = stored(&made(10));
    let cancel = Cancel::new();
    let other = Earlier { table: Table::Cclf5, ..earlier(&file, 1, &cancel) };
    let error = carry(&other, stays, &mut Collected::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    let said = error.to_string();
    assert!(said.contains("cclf4.parquet") && said.contains("convert the exports again"), "{said}");
}

#[test]
fn a_run_that_was_asked_to_end_does() {
    let (_folder, file) = stored(&made(ROW_GROUP_ROWS + 10));
    let cancel = Cancel::new();
    cancel.cancel();
    let error = carry(&earlier(&file, 2, &cancel), stays, &mut Collected::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    // In the midst of it too, where a table takes columns.
    let (folder, cancel) = (tempfile::tempdir().unwrap(), Cancel::new());
    let ends = |_: &str| {
        cancel.cancel();
        Fate::Stays
    };
    let ended = written(folder.path(), 2, |tables| {
        carry(&earlier(&file, 2, &cancel), ends, tables).map(|_| ())
    });
    assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_gone_or_damaged_is_told_without_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let error = collected(&folder.path().join("cclf4.parquet"), 1, stays).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(error.to_string().contains("cclf4.parquet"), "{error}");

    let (_folder, file) = stored(&made(3_000));
    let whole = fs::read(&file).unwrap();
    let damaged = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        let error = collected(&file, 2, stays).err()?;
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        let said = error.to_string();
        assert!(said.contains("cclf4.parquet") && !said.contains("carrier"), "{said}");
        Some(())
    };
    for length in [0, 3, 8, 100, whole.len() / 2, whole.len() - 1] {
        assert!(damaged(&whole[..length]).is_some(), "{length}");
    }
    // Not every byte has a meaning; none brings a panic.
    let mut refused = 0;
    for at in (0..whole.len()).step_by(whole.len() / 150) {
        for bits in [0x01, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= bits;
            refused += usize::from(damaged(&bytes).is_some());
        }
    }
    assert!(refused > 40, "{refused}");
}

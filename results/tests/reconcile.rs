//! Results that differ in known ways, and what is said of them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use cclf_crosswalk::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, RecordBatch, StringArray,
};
use cclf_crosswalk::arrow::compute::{FilterBuilder, concat_batches};
use cclf_crosswalk::arrow::datatypes::{Date32Type, Decimal128Type};
use cclf_crosswalk::{Compression, Format, Provenance, Resources, Table, TableWriter};
use convert::building::StoredTable;
use convert::{ErrorKind, Options, Output, TABLES_MANIFEST};
use results::{
    Both, ClaimsReport, Kind, Reason, ReasonReport, ReconcileOptions, Reconciliation, Rung,
    RungReport, Side, Source, Tolerance, reconcile,
};
use synth::Api;

/// 2026-08-01, the FILE_DATE of all rows, in days.
const FILE_DATE: i32 = 20_666;

/// The tables of the same synthetic people in a version of the API, made once for all tests.
fn result(api: Api) -> &'static Path {
    static MADE: [OnceLock<tempfile::TempDir>; 3] = [const { OnceLock::new() }; 3];
    let place = match api {
        Api::V1 => 0,
        Api::V2 => 1,
        Api::V3 => 2,
    };
    let made = MADE[place].get_or_init(|| {
        let work = tempfile::tempdir().unwrap();
        let export = work.path().join("export");
        fs::create_dir(&export).unwrap();
        let options = synth::Options { beneficiaries: 12, api, seed: 3, ..Default::default() };
        synth::generate(&options, |name| File::create(export.join(name))).unwrap();
        let out = work.path().join("tables");
        let mut options =
            Options::new(vec![export.to_str().unwrap().to_owned()], Output::Folder(out));
        options.reading.file_date = Some(FILE_DATE);
        convert::run(&options).unwrap();
        work
    });
    // Statics are not dropped, and a killed test leaves no more behind.
    Box::leak(made.path().join("tables").into_boxed_path())
}

fn file(folder: &Path, table: Table) -> PathBuf {
    folder.join(format!("{}.parquet", table.name().to_lowercase()))
}

/// All rows of a table.
fn read(folder: &Path, table: Table) -> RecordBatch {
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

fn write(folder: &Path, table: Table, batch: RecordBatch) {
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
struct Copy {
    work: tempfile::TempDir,
}

impl Copy {
    fn of(from: &Path) -> Self {
        let work = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() && path.file_name().unwrap() != TABLES_MANIFEST {
                fs::copy(&path, work.path().join(path.file_name().unwrap())).unwrap();
            }
        }
        Self { work }
    }

    fn folder(&self) -> &Path {
        self.work.path()
    }

    fn change(&self, table: Table, change: impl FnOnce(RecordBatch) -> RecordBatch) {
        write(self.folder(), table, change(read(self.folder(), table)));
    }
}

fn column<'b>(batch: &'b RecordBatch, name: &str) -> &'b ArrayRef {
    batch.column_by_name(name).unwrap()
}

fn text(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let texts = column(batch, name).as_string::<i32>();
    texts.is_valid(row).then(|| texts.value(row).to_owned())
}

fn cents(batch: &RecordBatch, name: &str, row: usize) -> i64 {
    let amounts = column(batch, name).as_primitive::<Decimal128Type>();
    if amounts.is_valid(row) { i64::try_from(amounts.value(row)).unwrap() } else { 0 }
}

fn is_final(batch: &RecordBatch, row: usize) -> bool {
    let finals = column(batch, "BCDA_FINAL").as_boolean();
    finals.is_valid(row) && finals.value(row)
}

fn finals(batch: &RecordBatch) -> Vec<usize> {
    (0..batch.num_rows()).filter(|row| is_final(batch, *row)).collect()
}

fn with(batch: &RecordBatch, name: &str, array: ArrayRef) -> RecordBatch {
    let schema = batch.schema();
    let place = schema.index_of(name).unwrap();
    let mut columns = batch.columns().to_vec();
    columns[place] = array;
    RecordBatch::try_new(schema, columns).unwrap()
}

fn with_texts(
    batch: &RecordBatch,
    name: &str,
    new: impl Fn(usize, Option<String>) -> Option<String>,
) -> RecordBatch {
    let texts: StringArray =
        (0..batch.num_rows()).map(|row| new(row, text(batch, name, row))).collect();
    with(batch, name, Arc::new(texts))
}

fn with_amounts(batch: &RecordBatch, name: &str, more: impl Fn(usize) -> i128) -> RecordBatch {
    let amounts = column(batch, name).as_primitive::<Decimal128Type>();
    let new: Decimal128Array =
        amounts.iter().enumerate().map(|(row, own)| Some(own? + more(row))).collect();
    with(batch, name, Arc::new(new.with_data_type(amounts.data_type().clone())))
}

fn with_days(batch: &RecordBatch, name: &str, more: impl Fn(usize) -> i32) -> RecordBatch {
    let days = column(batch, name).as_primitive::<Date32Type>();
    let new: Date32Array =
        days.iter().enumerate().map(|(row, own)| Some(own? + more(row))).collect();
    with(batch, name, Arc::new(new))
}

fn only(batch: &RecordBatch, is_kept: impl Fn(usize) -> bool) -> RecordBatch {
    let kept: BooleanArray = (0..batch.num_rows()).map(|row| Some(is_kept(row))).collect();
    FilterBuilder::new(&kept).build().filter_record_batch(batch).unwrap()
}

fn compared(left: &Path, right: &Path) -> Reconciliation {
    reconcile(&ReconcileOptions::new(left.to_owned(), right.to_owned())).unwrap()
}

fn claims<'r>(report: &'r Reconciliation, table: &str) -> &'r ClaimsReport {
    report.claims.iter().find(|one| one.table == table).unwrap()
}

/// Columns with differences: equal rows, null on one side, different, by table and column.
fn differences(report: &Reconciliation) -> BTreeMap<(&'static str, String), (u64, u64, u64)> {
    let tables = report.tables.iter().flat_map(|table| {
        table.columns.iter().map(move |column| {
            let counts = (column.only.left, column.only.right, column.different);
            ((table.table, column.column.clone()), counts)
        })
    });
    tables.filter(|(_, counts)| *counts != (0, 0, 0)).collect()
}

/// Rows that one side lacks.
fn lacking(report: &Reconciliation) -> Vec<(&'static str, u64, u64)> {
    let rows = report.tables.iter().map(|table| (table.table, table.only.left, table.only.right));
    rows.filter(|(_, left, right)| left + right > 0).collect()
}

/// How far the sums of the two sides are apart.
fn sums_apart(report: &Reconciliation) -> i64 {
    report.sums.iter().map(|sum| sum.all.right.cents - sum.all.left.cents).sum()
}

#[test]
fn with_itself_nothing_differs() {
    for api in [Api::V1, Api::V2, Api::V3] {
        let folder = result(api);
        let report = compared(folder, folder);
        assert!(report.are_numbers_shared && report.kinds.is_empty(), "{:?}", report.kinds);
        assert_eq!((differences(&report), lacking(&report)), (BTreeMap::new(), Vec::new()));
        for table in &report.claims {
            assert_eq!(table.all, Both { left: table.matched, right: table.matched });
            assert_eq!((table.ambiguous, table.only), (Both::default(), Both::default()));
            let rung = RungReport { rung: Rung::ClaimNumber, claims: table.matched };
            assert_eq!(table.by_rung, [rung], "{}", table.table);
        }
        for table in &report.tables {
            let rows = read(folder, table.table.parse().unwrap());
            let of_people = matches!(table.table, "CCLF8" | "CCLF9");
            let wanted = if of_people { rows.num_rows() } else { finals(&rows).len() };
            assert_eq!(table.matched, wanted as u64, "{}", table.table);
            for column in &table.columns {
                assert_eq!(column.equal + column.both_null, table.matched, "{}", column.column);
            }
        }
        for sum in &report.sums {
            assert_eq!((sum.all.left, sum.matched.left), (sum.all.right, sum.matched.right));
            assert_eq!((sum.all.left, sum.apart_cents), (sum.matched.left, 0));
        }
        assert_eq!(report.people.all.left, report.people.matched);
        assert!(report.is_within(&Tolerance::default()));
    }
}

#[test]
fn sums_are_those_of_final_rows() {
    let folder = result(Api::V3);
    let report = compared(folder, folder);
    for (table, amount) in [
        (Table::Cclf1, "CLM_PMT_AMT"),
        (Table::Cclf5, "CLM_LINE_CVRD_PD_AMT"),
        (Table::Cclf6, "CLM_LINE_CVRD_PD_AMT"),
        (Table::Cclf7, "CLM_LINE_BENE_PMT_AMT"),
    ] {
        let rows = read(folder, table);
        let wanted: i64 = finals(&rows).into_iter().map(|row| cents(&rows, amount, row)).sum();
        let own = report.sums.iter().filter(|sum| sum.table == table.name());
        assert_eq!(own.map(|sum| sum.all.left.cents).sum::<i64>(), wanted, "{table}");
        assert!(wanted > 0);
    }
}

#[test]
fn dropped_claims_are_told_with_their_sums() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    // Every tenth claim of CCLF1, without its rows elsewhere; its persons have other claims.
    let all = read(folder, Table::Cclf1);
    let dropped: Vec<usize> = finals(&all).into_iter().step_by(10).collect();
    let numbers: Vec<_> = dropped.iter().map(|row| text(&all, "CUR_CLM_UNIQ_ID", *row)).collect();
    for table in [Table::Cclf1, Table::Cclf2, Table::Cclf3, Table::Cclf4, Table::CclfA] {
        copy.change(table, |batch| {
            only(&batch, |row| !numbers.contains(&text(&batch, "CUR_CLM_UNIQ_ID", row)))
        });
    }
    let report = compared(folder, copy.folder());
    let own = claims(&report, "CCLF1");
    let wanted = dropped.len() as u64;
    assert_eq!(own.only, Both { left: wanted, right: 0 });
    assert_eq!((own.matched, own.all.left - wanted), (own.all.right, own.all.right));
    let sum: i64 = dropped.iter().map(|row| cents(&all, "CLM_PMT_AMT", *row)).sum();
    assert_eq!(own.by_reason.iter().map(|one| one.cents).sum::<i64>(), sum);
    assert_eq!(sums_apart(&report), -sum);
    // What is still there is as it was.
    assert_eq!((differences(&report), lacking(&report)), (BTreeMap::new(), Vec::new()));
    let share = wanted * 1_000_000
        / report.claims.iter().map(|table| table.all.left + table.all.right).sum::<u64>();
    let within = |unmatched_millionths: u64, cents: i64| {
        let unmatched_millionths = u32::try_from(unmatched_millionths).unwrap();
        report.is_within(&Tolerance { unmatched_millionths, cents: cents.unsigned_abs() })
    };
    assert!(within(share + 1, sum) && !within(share - 1, sum) && !within(share + 1, 0));
    // The other way round the other side has them.
    let turned = compared(copy.folder(), folder);
    assert_eq!(claims(&turned, "CCLF1").only, Both { left: 0, right: wanted });
    assert_eq!(sums_apart(&turned), sum);
}

#[test]
fn dropped_rows_of_claims_are_told() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    let mut wanted = Vec::new();
    for table in [Table::Cclf2, Table::Cclf3, Table::Cclf4] {
        copy.change(table, |batch| {
            let dropped: Vec<usize> = finals(&batch).into_iter().step_by(7).collect();
            wanted.push((table.name(), dropped.len() as u64, 0));
            only(&batch, |row| !dropped.contains(&row))
        });
    }
    let report = compared(folder, copy.folder());
    assert_eq!(lacking(&report), wanted);
    assert!(differences(&report).is_empty() && report.is_within(&Tolerance::default()));
}

#[test]
fn changed_amounts_and_dates_are_told_by_kind() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    // The third final line of CCLF5 is greater by a cent, the fifth by a dollar, and so on.
    let changes: [(usize, i128); 4] = [(2, 1), (4, 100), (6, -12_345), (8, -1)];
    let all = read(folder, Table::Cclf5);
    let lines = finals(&all);
    let by_row: BTreeMap<usize, i128> =
        changes.iter().map(|(place, more)| (lines[*place], *more)).collect();
    copy.change(Table::Cclf5, |batch| {
        with_amounts(&batch, "CLM_LINE_CVRD_PD_AMT", |row| *by_row.get(&row).unwrap_or(&0))
    });
    let heads = finals(&read(folder, Table::Cclf1));
    copy.change(Table::Cclf1, |batch| {
        with_days(&batch, "CLM_EFCTV_DT", |row| {
            if row == heads[0] { 1 } else { 40 * i32::from(row == heads[1]) }
        })
    });
    let report = compared(folder, copy.folder());
    let line = |name: &str| name.to_owned();
    assert_eq!(
        differences(&report),
        BTreeMap::from([
            (("CCLF1", line("CLM_EFCTV_DT")), (0, 0, 2)),
            (("CCLF5", line("CLM_LINE_CVRD_PD_AMT")), (0, 0, 4)),
        ])
    );
    let kinds: BTreeMap<Kind, u64> = report.kinds.iter().map(|one| (one.kind, one.rows)).collect();
    let one = |kind: Kind| (kind, 1);
    assert_eq!(
        kinds,
        BTreeMap::from([
            one(Kind::RightIsGreaterByCent),
            one(Kind::RightIsGreaterByDollar),
            one(Kind::RightIsLess),
            one(Kind::RightIsLessByCent),
            one(Kind::RightIsLaterByDay),
            one(Kind::RightIsLater),
        ])
    );
    assert_eq!(sums_apart(&report), 1 + 100 - 12_345 - 1);
    let of_claims = |claims: &[usize]| {
        let mut by_claim: BTreeMap<_, i128> = BTreeMap::new();
        for row in claims {
            *by_claim.entry(text(&all, "CUR_CLM_UNIQ_ID", *row)).or_default() +=
                by_row.get(row).unwrap_or(&0);
        }
        by_claim.into_values().map(i128::unsigned_abs).sum::<u128>()
    };
    let apart: u64 = report.sums.iter().map(|sum| sum.apart_cents).sum();
    assert_eq!(u128::from(apart), of_claims(&lines));
    assert!(report.claims.iter().all(|table| table.only == Both::default()));
    assert!(!report.is_within(&Tolerance { unmatched_millionths: 1_000_000, cents: 0 }));
    assert!(report.is_within(&Tolerance { unmatched_millionths: 0, cents: 12_447 }));
}

#[test]
fn swapped_mbis_are_found_by_number_and_lost_without() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    let all = read(folder, Table::Cclf1);
    let rows = finals(&all);
    let first = text(&all, "BENE_MBI_ID", rows[0]);
    let second = *rows.iter().find(|row| text(&all, "BENE_MBI_ID", **row) != first).unwrap();
    let swapped = [rows[0], second];
    copy.change(Table::Cclf1, |batch| {
        with_texts(&batch, "BENE_MBI_ID", |row, own| {
            match swapped.iter().position(|one| *one == row) {
                Some(place) => text(&batch, "BENE_MBI_ID", swapped[1 - place]),
                None => own,
            }
        })
    });
    let report = compared(folder, copy.folder());
    assert_eq!(
        differences(&report),
        BTreeMap::from([(("CCLF1", "BENE_MBI_ID".to_owned()), (0, 0, 2))])
    );
    assert!(report.is_within(&Tolerance::default()));
    // As if of a source with other numbers, the two go unmatched, whose keys have the MBI.
    let renamed = renamed(copy.folder());
    let report = compared(folder, renamed.folder());
    let own = claims(&report, "CCLF1");
    assert_eq!((own.only, own.matched), (Both { left: 2, right: 2 }, own.all.left - 2));
    assert!(own.by_reason.iter().all(|one| one.reason != Reason::PersonNotOnOtherSide));
}

/// A copy that says it is of v1, so that its numbers are others'.
fn renamed(folder: &Path) -> Copy {
    let copy = Copy::of(folder);
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Cclf0) {
        copy.change(table, |batch| with_texts(&batch, "BCDA_API", |_, _| Some("v1".to_owned())));
    }
    copy
}

#[test]
fn earlier_mbis_are_the_same_person() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    let people = read(folder, Table::Cclf8);
    let mbi = text(&people, "BENE_MBI_ID", 0).unwrap();
    // The copy knows the person by a later MBI, and CCLF9 says so.
    for table in Table::ALL.into_iter().filter(|one| !matches!(one, Table::Cclf0 | Table::Cclf9)) {
        copy.change(table, |batch| {
            let later = |own: String| if own == mbi { "9ZZ9ZZ9ZZ99".to_owned() } else { own };
            with_texts(&batch, "BENE_MBI_ID", |_, own| own.map(later))
        });
    }
    let apart = compared(folder, copy.folder());
    assert_eq!(apart.people.only, Both { left: 1, right: 1 });
    copy.change(Table::Cclf9, |batch| {
        let first = batch.slice(0, 1);
        let first = with_texts(&first, "CRNT_NUM", |_, _| Some("9ZZ9ZZ9ZZ99".to_owned()));
        let first = with_texts(&first, "PRVS_NUM", |_, _| Some(mbi.clone()));
        concat_batches(&batch.schema(), [&batch, &first]).unwrap()
    });
    let report = compared(folder, copy.folder());
    assert_eq!(
        (report.people.only, report.people.matched),
        (Both::default(), report.people.all.left)
    );
    assert_eq!((differences(&report), lacking(&report)), (BTreeMap::new(), vec![("CCLF9", 0, 1)]));
}

#[test]
fn repeated_keys_pair_by_amount_and_are_never_multiplied() {
    let folder = result(Api::V3);
    // Without numbers and control numbers in common, three claims get one natural key.
    let all = read(folder, Table::Cclf1);
    let rows = finals(&all);
    let (first, repeated) = (rows[0], &rows[..3]);
    let same = |batch: RecordBatch| {
        let batch = with_texts(&batch, "CLM_CNTL_NUM", |_, _| None);
        let batch =
            ["PRVDR_OSCAR_NUM", "CLM_BLG_PRVDR_OSCAR_NUM", "FAC_PRVDR_NPI_NUM", "BENE_MBI_ID"]
                .iter()
                .fold(batch, |batch, name| {
                    let of_first = text(&all, name, first).or(Some("1".to_owned()));
                    with_texts(&batch, name, |row, own| {
                        // A claim that lacks one of them has a key of its own.
                        let own = own.or_else(|| Some(format!("X{row}")));
                        if repeated.contains(&row) { of_first.clone() } else { own }
                    })
                });
        ["CLM_FROM_DT", "CLM_THRU_DT"].iter().fold(batch, |batch, name| {
            let days = column(&all, name).as_primitive::<Date32Type>().clone();
            with_days(&batch, name, |row| {
                if repeated.contains(&row) { days.value(first) - days.value(row) } else { 0 }
            })
        })
    };
    let left = Copy::of(folder);
    left.change(Table::Cclf1, same);
    let right = renamed(left.folder());
    let report = compared(left.folder(), right.folder());
    let own = claims(&report, "CCLF1");
    assert!(own.by_rung.iter().any(|one| one.rung == Rung::ProviderOscar && one.claims >= 3));
    // Claims without a date have no key.
    let base = own.only.left;
    assert_eq!((own.ambiguous, own.matched), (Both::default(), own.all.left - base), "{own:?}");
    // One has another amount: the two others are pairs, and it is nobody's for sure.
    right.change(Table::Cclf1, |batch| {
        with_amounts(&batch, "CLM_PMT_AMT", |row| if row == first { 77_777_777 } else { 0 })
    });
    let report = compared(left.folder(), right.folder());
    let own = claims(&report, "CCLF1");
    assert_eq!(
        (own.ambiguous, own.only),
        (Both { left: 1, right: 1 }, Both { left: base, right: base })
    );
    // It is gone: the one that is left is not ambiguous.
    right.change(Table::Cclf1, |batch| only(&batch, |row| row != first));
    let own_report = compared(left.folder(), right.folder());
    let own = claims(&own_report, "CCLF1");
    assert_eq!((own.ambiguous, own.only), (Both::default(), Both { left: base + 1, right: base }));
}

#[test]
fn reasons_are_told_by_side() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    let all = read(folder, Table::Cclf7);
    let rows = finals(&all);
    // The first drug events are on the left only: of last week, and loaded after the right side was made.
    let timely = |batch: RecordBatch, row: usize, name: &str, to: i32| {
        let days = column(&batch, name).as_primitive::<Date32Type>().clone();
        let new: Date32Array =
            (0..batch.num_rows())
                .map(|own| {
                    if own == row { Some(to) } else { days.is_valid(own).then(|| days.value(own)) }
                })
                .collect();
        with(&batch, name, Arc::new(new))
    };
    let left = Copy::of(folder);
    left.change(Table::Cclf7, |batch| {
        let batch = timely(batch, rows[0], "CLM_LINE_FROM_DT", FILE_DATE - 7);
        let batch = timely(batch, rows[0], "CLM_IDR_LD_DT", FILE_DATE - 7);
        // So that the other side's history goes so far.
        let batch = timely(batch, rows[2], "CLM_LINE_FROM_DT", FILE_DATE);
        let batch = timely(batch, rows[2], "CLM_IDR_LD_DT", FILE_DATE);
        timely(batch, rows[1], "CLM_IDR_LD_DT", FILE_DATE + 1)
    });
    write(copy.folder(), Table::Cclf7, read(left.folder(), Table::Cclf7));
    copy.change(Table::Cclf7, |batch| only(&batch, |row| row != rows[0] && row != rows[1]));
    let report = compared(left.folder(), copy.folder());
    let reasons = &claims(&report, "CCLF7").by_reason;
    let of = |reason: Reason, row: usize| ReasonReport {
        side: Side::Left,
        reason,
        claims: 1,
        cents: cents(&all, "CLM_LINE_BENE_PMT_AMT", row),
    };
    let wanted = [of(Reason::LoadedLater, rows[1]), of(Reason::PartDTiming, rows[0])];
    assert_eq!(reasons[..], wanted);
}

#[test]
fn examples_go_to_their_owner_only_and_nothing_else_has_values() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    copy.change(Table::Cclf5, |batch| {
        with_texts(&batch, "CLM_POS_CD", |_, own| own.map(|_| "a,\"b\"".to_owned()))
    });
    let gone = finals(&read(folder, Table::Cclf7));
    copy.change(Table::Cclf7, |batch| only(&batch, |row| !gone[..5].contains(&row)));
    let work = tempfile::tempdir().unwrap();
    let run = |threads: usize, name: &str| {
        let out = work.path().join(name);
        let mut options = ReconcileOptions::new(folder.to_owned(), copy.folder().to_owned());
        (options.examples, options.threads) = (Some((3, out.clone())), threads);
        (reconcile(&options).unwrap(), out)
    };
    let (report, out) = run(1, "one");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&out), 0o700);
    let read = |out: &Path, name: &str| fs::read_to_string(out.join(name)).unwrap();
    for name in ["claims.csv", "unmatched.csv", "examples-manifest.json"] {
        assert_eq!(mode(&out.join(name)), 0o600, "{name}");
    }
    let text = read(&out, "claims.csv");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    assert!(
        lines[1].contains("\"a,\"\"b\"\"\"") && lines[1].starts_with("\"CCLF5\",\"CLM_POS_CD\",")
    );
    let reasons = &claims(&report, "CCLF7").by_reason;
    let wanted: u64 = reasons.iter().map(|one| one.claims.min(3)).sum();
    assert_eq!(read(&out, "unmatched.csv").lines().count() as u64, 1 + wanted);
    let json = report.to_json();
    assert!(!json.contains("a,") && !json.contains("BENE_MBI_ID\": \""));
    // Threads do not matter, to the examples either.
    let (again, second) = run(3, "two");
    assert_eq!(again, report);
    for name in ["claims.csv", "unmatched.csv"] {
        assert_eq!(read(&out, name), read(&second, name));
    }
    // What is there is not replaced.
    let mut options = ReconcileOptions::new(folder.to_owned(), folder.to_owned());
    options.examples = Some((1, out));
    assert_eq!(reconcile(&options).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn a_run_that_is_cancelled_ends() {
    let options = ReconcileOptions::new(result(Api::V1).to_owned(), result(Api::V1).to_owned());
    options.cancel.cancel();
    assert_eq!(reconcile(&options).unwrap_err().kind(), ErrorKind::Cancelled);
}

#[test]
fn a_source_that_contradicts_the_manifest_is_refused() {
    let mut options = ReconcileOptions::new(result(Api::V1).to_owned(), result(Api::V1).to_owned());
    options.left_source = Some(Source::Cclf);
    assert_eq!(reconcile(&options).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn v1_and_v3_of_the_same_people_match_by_their_keys() {
    let report = compared(result(Api::V1), result(Api::V3));
    assert!(!report.are_numbers_shared);
    for table in &report.claims {
        // All but the claims of persons whose Patient is missing: without an MBI there is no key.
        assert!(table.by_reason.iter().all(|one| one.reason == Reason::NoKey), "{table:?}");
        assert_eq!((table.only.left, table.all.left), (table.only.right, table.all.right));
        assert_eq!(table.matched + table.only.left, table.all.left, "{table:?}");
        assert_eq!(table.ambiguous, Both::default());
    }
    assert_eq!((sums_apart(&report), report.people.only), (0, Both::default()));
    // v3 has IDR dates and no BETOS codes; what it cannot fill is told by column.
    let columns = differences(&report);
    let of = |table: &'static str, name: &str| columns[&(table, name.to_owned())];
    let lines = report.tables.iter().find(|table| table.table == "CCLF5").unwrap();
    assert_eq!(of("CCLF5", "CLM_IDR_LD_DT"), (0, lines.matched, 0));
    assert!(of("CCLF5", "HCPCS_BETOS_CD").0 > 0);
    assert_eq!(lines.not_compared, ["CUR_CLM_UNIQ_ID"]);
    // Diagnoses are the same line by their code, since v1 numbers them otherwise.
    assert!(!columns.contains_key(&("CCLF4", "CLM_DGNS_CD".to_owned())));
    assert!(!columns.keys().any(|(_, column)| column == "CLM_LINE_NUM" || column == "BENE_MBI_ID"));
}

#[test]
fn v1_and_v2_number_claims_alike() {
    let report = compared(result(Api::V1), result(Api::V2));
    assert!(report.are_numbers_shared);
    for table in &report.claims {
        assert_eq!((table.matched, table.only), (table.all.left, Both::default()), "{table:?}");
    }
}

#[test]
fn numbers_are_matched_without_the_zeros_before_them() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    let people = [Table::Cclf0, Table::Cclf8, Table::Cclf9];
    for table in Table::ALL.into_iter().filter(|table| !people.contains(table)) {
        copy.change(table, |batch| {
            with_texts(&batch, "CUR_CLM_UNIQ_ID", |_, own| own.map(|own| format!("00{own}")))
        });
    }
    let report = compared(copy.folder(), folder);
    assert!(report.is_within(&Tolerance::default()));
    assert!(report.claims.iter().all(|table| table.by_rung[0].rung == Rung::ClaimNumber));
    // They are told, since they are other texts.
    assert!(report.kinds.iter().all(|one| one.kind == Kind::LeftHasMoreZeros));
    assert!(report.kinds.iter().all(|one| one.column == "CUR_CLM_UNIQ_ID"));
    assert_eq!((report.kinds.len(), lacking(&report)), (9, Vec::new()));
}

#[test]
fn rows_of_a_line_that_comes_twice_go_with_their_likes() {
    let (folder, copy) = (result(Api::V3), Copy::of(result(Api::V3)));
    let all = read(folder, Table::Cclf2);
    let line = finals(&all)[0];
    // The line twice, one of them changed; the other side has it once.
    copy.change(Table::Cclf2, |batch| {
        let changed =
            with_texts(&batch.slice(line, 1), "CLM_LINE_HCPCS_CD", |_, _| Some("ZZZZZ".to_owned()));
        concat_batches(&batch.schema(), [&changed, &batch]).unwrap()
    });
    let report = compared(folder, copy.folder());
    assert_eq!((differences(&report), lacking(&report)), (BTreeMap::new(), vec![("CCLF2", 0, 1)]));
}

//! A scan gives the rows of a run, in its order, however they are cut; it waits for its reader, and ends when it is
//! told to.

use std::fs;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::thread::sleep;
use std::time::{Duration, Instant};

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::arrow::compute::concat_batches;
use cclf_crosswalk::arrow::ipc::reader::FileReader;
use cclf_crosswalk::{Columns, Compression, Crosswalk, Format, Naming, Table};
use convert::{
    ErrorKind, MaxRejects, OnBadRecord, Options, Output, People, Report, ScanOptions, ScanReport,
    run, scan, split,
};
use synth::{ClaimType, Part};

const EXPORT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/export");

/// The tables as a run writes them.
fn converted(input: &str, columns: &Columns) -> (Vec<RecordBatch>, Report) {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("out");
    let mut options = Options::new(vec![input.to_owned()], Output::Folder(out.clone()));
    (options.format, options.compression) = (Format::Arrow, Compression::None);
    options.columns = columns.clone();
    options.reading.file_date = Some(19_000);
    options.reading.max_rejects = MaxRejects::PerMillion(1_000_000);
    let report = run(&options).unwrap();
    let tables = Table::ALL.map(|table| {
        let file =
            fs::File::open(out.join(format!("{}.arrow", Naming::default().file_stem(table))))
                .unwrap();
        let reader = FileReader::try_new(file, None).unwrap();
        let schema = reader.schema();
        let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        concat_batches(&schema, &batches).unwrap()
    });
    (tables.into(), report)
}

fn options(input: &str, table: Table) -> ScanOptions {
    let mut options = ScanOptions::new(vec![input.to_owned()], table);
    options.reading.file_date = Some(19_000);
    options.reading.max_rejects = MaxRejects::PerMillion(1_000_000);
    options
}

/// All rows of a scan as one batch, and its report. Every batch but the last is full.
fn scanned(options: ScanOptions) -> (RecordBatch, ScanReport) {
    let rows = options.batch_rows;
    let mut scan = scan(options).unwrap();
    assert!(scan.report().is_none());
    let batches: Vec<RecordBatch> = scan.by_ref().map(Result::unwrap).collect();
    if let Some((last, full)) = batches.split_last() {
        assert!(full.iter().all(|batch| batch.num_rows() == rows));
        assert!((1..=rows).contains(&last.num_rows()), "{}", last.num_rows());
    }
    assert!(scan.next().is_none());
    let all = concat_batches(&scan.schema(), &batches).unwrap();
    (all, scan.report().unwrap().clone())
}

#[track_caller]
fn same(scanned: &RecordBatch, converted: &RecordBatch, what: &str) {
    // An Arrow file has metadata of its own besides.
    assert_eq!(scanned.schema().fields(), converted.schema().fields(), "{what}");
    assert_eq!(scanned.columns(), converted.columns(), "{what}");
}

/// An export with records of all kinds, bad ones too.
fn write_export(folder: &Path, people: u64, claims_before_people: bool) {
    let (mut first, mut second) = (String::new(), String::new());
    for seed in 0..people {
        let line = |record: String| record + "\n";
        second += &line(synth::patient(seed));
        second.extend(Part::ALL.map(|part| line(synth::coverage(seed, part))));
        first.extend(ClaimType::ALL.map(|claim_type| line(synth::eob(seed, claim_type))));
        if seed % 3 == 0 {
            first += "{\"resourceType\":\"ExplanationOfBenefit\"}\n";
            second += "{\"resourceType\":\"Nothing\"}\n";
        }
    }
    if claims_before_people {
        fs::write(folder.join("all.ndjson"), first + &second).unwrap();
    } else {
        fs::write(folder.join("claims.ndjson"), first).unwrap();
        fs::write(folder.join("people.ndjson"), second).unwrap();
    }
}

#[test]
fn every_table_of_the_export_is_that_of_a_run() {
    let columns = Columns::from(true);
    let (tables, report) = converted(EXPORT, &columns);
    for (table, converted) in Table::ALL.into_iter().zip(&tables) {
        for (threads, block_bytes, batch_rows) in [(1, 1 << 20, 8_192), (3, 1_000, 2), (2, 1, 1)] {
            let mut options = options(EXPORT, table);
            (options.reading.threads, options.reading.block_bytes, options.batch_rows) =
                (threads, block_bytes, batch_rows);
            let (rows, scanned) = scanned(options);
            same(&rows, converted, table.name());
            assert_eq!(scanned.run.records, report.records);
            assert_eq!(scanned.rows, converted.num_rows() as u64);
            assert_eq!(scanned.run.inputs, report.inputs);
            assert!(scanned.rejects.is_empty() && !scanned.run.restarted);
        }
    }
}

#[test]
fn bad_records_are_counted_as_in_a_run() {
    let work = tempfile::tempdir().unwrap();
    write_export(work.path(), 30, false);
    let input = work.path().to_str().unwrap();
    let (tables, report) = converted(input, &Columns::from(true));
    for table in [Table::Cclf1, Table::Cclf5, Table::Cclf8, Table::Cclf0] {
        for (threads, block_bytes, batch_rows) in [(1, 1 << 20, 100), (4, 20_000, 7)] {
            let mut options = options(input, table);
            (options.reading.threads, options.reading.block_bytes, options.batch_rows) =
                (threads, block_bytes, batch_rows);
            let (rows, scanned) = scanned(options);
            same(&rows, &tables[Table::ALL.iter().position(|own| *own == table).unwrap()], "");
            assert_eq!(scanned.run.records, report.records);
            assert_eq!(scanned.run.rejected_by_class, report.rejected_by_class);
            assert_eq!(scanned.rejects.len(), 20);
            assert!(scanned.rejects.iter().all(|place| match place.source.as_str() {
                "claims.ndjson" => place.class == "missing",
                _ => place.class == "resource-type",
            }));
            let (partial, states) = (scanned.run.partial_dates, scanned.run.claims_without_patient);
            assert_eq!(partial, report.partial_dates);
            assert!(table == Table::Cclf0 || states == report.claims_without_patient);
        }
    }
}

#[test]
fn a_scan_ends_at_too_many_bad_records_or_at_the_first() {
    let work = tempfile::tempdir().unwrap();
    write_export(work.path(), 30, false);
    let ended = |change: fn(&mut ScanOptions)| {
        let mut options = options(work.path().to_str().unwrap(), Table::Cclf5);
        change(&mut options);
        let mut scan = scan(options).unwrap();
        let error = scan.by_ref().find_map(Result::err).unwrap();
        assert!(scan.next().is_none() && scan.report().is_none());
        assert_eq!(error.kind(), ErrorKind::BadData);
        error
    };
    let many = ended(|options| options.reading.max_rejects = MaxRejects::Count(3));
    assert!(many.record().is_none());
    let many = many.to_string();
    assert!(many.starts_with("4 of ") && many.contains("people.ndjson, line 6 "), "{many}");
    // In the order of the input, not of the passes.
    let first = ended(|options| options.reading.on_bad_record = OnBadRecord::Fail);
    assert_eq!(
        first.record().map(|record| (&*record.source, record.line)),
        Some(("claims.ndjson", 9))
    );
    let first = first.to_string();
    assert!(first.starts_with("claims.ndjson, line 9 "), "{first}");
}

#[test]
fn only_the_columns_asked_for_come() {
    let names = ["cur_clm_uniq_id", "BENE_MBI_ID", "FILE_NAME"].map(str::to_owned);
    let columns = Columns::only(Crosswalk::stu3(), &[Table::Cclf5], true, &names).unwrap();
    let (all, _) = scanned(options(EXPORT, Table::Cclf5));
    let mut options = options(EXPORT, Table::Cclf5);
    options.columns = columns;
    let (rows, _) = scanned(options);
    let names: Vec<String> =
        rows.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!(names, ["CUR_CLM_UNIQ_ID", "BENE_MBI_ID", "FILE_NAME"]);
    for name in &names {
        assert_eq!(rows.column_by_name(name), all.column_by_name(name));
    }
}

#[test]
fn columns_that_are_not_made_judge_all_the_same() {
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("in.ndjson");
    // The day on which the claim begins is none.
    let (good, bad) =
        (synth::eob(3, synth::ClaimType::Carrier), synth::eob(4, synth::ClaimType::Carrier));
    let at = bad.find("\"billablePeriod\":{\"end\":\"").unwrap();
    let mut bad = bad;
    bad.replace_range(at + 25..at + 35, "2019-02-30");
    std::fs::write(&file, format!("{good}\n{bad}\n")).unwrap();
    let names = ["CLM_LINE_NUM".to_owned()];
    let columns = Columns::only(Crosswalk::stu3(), &[Table::Cclf5], true, &names).unwrap();
    let rejected = |asked_for: bool| {
        let mut options = options(file.to_str().unwrap(), Table::Cclf5);
        options.columns = columns.clone();
        if asked_for {
            options.reading.judged_by = columns.clone();
        }
        let (rows, report) = scanned(options);
        (report.run.records.rejected, report.run.judged_by, rows.num_rows() > 1)
    };
    assert_eq!(rejected(false), (1, None, true));
    let named = Some(vec!["CCLF5.CLM_LINE_NUM".to_owned()]);
    assert_eq!(rejected(true), (0, named, true));
}

#[test]
fn people_among_claims_start_the_scan_again_or_end_it_but_never_give_other_rows() {
    let work = tempfile::tempdir().unwrap();
    write_export(work.path(), 20, true);
    let input = work.path().to_str().unwrap();
    let (tables, _) = converted(input, &Columns::from(true));
    let expected = &tables[4];
    let with = |batch_rows, people| {
        let mut options = options(input, Table::Cclf5);
        (options.reading.threads, options.reading.block_bytes) = (2, 20_000);
        (options.batch_rows, options.people) = (batch_rows, people);
        options
    };
    // No batch is full before the people are met.
    let (rows, report) = scanned(with(1 << 20, People::default()));
    same(&rows, expected, "restarted");
    assert!(report.run.restarted);
    let (rows, report) = scanned(with(5, People::Anywhere));
    same(&rows, expected, "indexed before");
    assert!(!report.run.restarted);

    let mut scan = scan(with(5, People::default())).unwrap();
    let first = scan.next().unwrap();
    let error = first.err().or_else(|| scan.find_map(Result::err)).unwrap();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.to_string().contains("people=\"anywhere\""), "{error}");
}

#[test]
fn what_cannot_be_is_said_at_once() {
    let refused = |inputs: &[&str], change: fn(&mut ScanOptions)| {
        let inputs = inputs.iter().map(|input| (*input).to_owned()).collect();
        let mut options = ScanOptions::new(inputs, Table::Cclf5);
        change(&mut options);
        assert_eq!(options.check().unwrap_err().kind(), ErrorKind::Usage);
        let error = scan(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.to_string()
    };
    assert!(refused(&[], |_| {}).contains("no input"));
    assert!(refused(&["-"], |_| {}).contains("read once"));
    assert!(refused(&["/there/is/nothing"], |_| {}).contains("/there/is/nothing"));
    assert!(refused(&[EXPORT], |options| options.batch_rows = 0).contains("at least one row"));
}

/// A scan whose first batch was taken, of much more data than it may read ahead.
fn begun(work: &Path) -> (convert::Scan, ScanOptions, u64) {
    write_export(work, 150, false);
    let mut options = options(work.to_str().unwrap(), Table::Cclf5);
    (options.reading.threads, options.reading.block_bytes, options.batch_rows) = (2, 10_000, 1);
    let mut scan = scan(options.clone()).unwrap();
    scan.next().unwrap().unwrap();
    let total = options.reading.progress.total_bytes.load(Ordering::Relaxed);
    (scan, options, total)
}

/// Bytes read when no more are for a while.
fn settled(options: &ScanOptions) -> u64 {
    let mut read = options.reading.progress.reading.raw_bytes();
    loop {
        sleep(Duration::from_millis(200));
        match options.reading.progress.reading.raw_bytes() {
            now if now == read => return read,
            now => read = now,
        }
    }
}

#[test]
fn a_scan_waits_for_its_reader() {
    let work = tempfile::tempdir().unwrap();
    let (mut scan, options, total) = begun(work.path());
    let people = fs::metadata(work.path().join("people.ndjson")).unwrap().len();
    let ahead = settled(&options) - people;
    assert!(ahead < (total - people) / 3, "{ahead} of {total} bytes");
    let rest = scan.by_ref().map(Result::unwrap).count();
    assert!(rest > 100 && settled(&options) == total);
    assert_eq!(scan.report().unwrap().rows, rest as u64 + 1);
}

#[test]
fn a_dropped_scan_stops() {
    let work = tempfile::tempdir().unwrap();
    let (scan, options, total) = begun(work.path());
    let started = Instant::now();
    drop(scan);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let read = options.reading.progress.reading.raw_bytes();
    assert!(read < total && settled(&options) == read);
}

#[test]
fn a_cancelled_scan_says_so() {
    let work = tempfile::tempdir().unwrap();
    let (mut scan, options, _) = begun(work.path());
    options.reading.cancel.cancel();
    let error = loop {
        match scan.poll_next(Duration::from_secs(5)) {
            Poll::Ready(Some(Err(error))) => break error,
            Poll::Ready(Some(Ok(_))) => {}
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.to_string(), "interrupted; not all rows were handed out");
    assert!(scan.next().is_none() && scan.report().is_none());
}

#[test]
fn a_scan_of_what_is_no_export_ends_with_an_error_and_its_parts_do_not() {
    let work = tempfile::tempdir().unwrap();
    write_export(work.path(), 5, false);
    let input = work.path().to_str().unwrap();
    let ended = |options: ScanOptions| {
        let mut scan = scan(options).unwrap();
        let error = scan.by_ref().find_map(Result::err);
        assert_eq!(error.is_some(), scan.report().is_none());
        error
    };
    assert!(ended(options(input, Table::Cclf5)).is_none());
    // One page among the files; the rows of the others have come.
    let page = work.path().join("page.ndjson");
    fs::write(&page, "<!DOCTYPE html>\n<p>busy</p>\n").unwrap();
    for table in [Table::Cclf5, Table::Cclf8, Table::Cclf0] {
        let error = ended(options(input, table)).unwrap();
        assert_eq!((error.kind(), error.exit_code()), (ErrorKind::BadData, 4));
        let said = error.to_string();
        assert!(said.contains("page.ndjson") && said.contains("an HTML page"), "{said}");
    }
    let error = ended(options(page.to_str().unwrap(), Table::Cclf1)).unwrap().to_string();
    assert!(error.contains("an HTML page"), "{error}");
    // All of it bad JSON.
    let bad = work.path().join("bad.ndjson");
    fs::write(&bad, "{\"resourceType\":\"ExplanationOfBenefit\"}\n").unwrap();
    let error = ended(options(bad.to_str().unwrap(), Table::Cclf1)).unwrap().to_string();
    for part in ["every record was rejected", "bad.ndjson, line 1", "missing"] {
        assert!(error.contains(part), "{error}");
    }
    // A part decides nothing for the others.
    let split =
        split(&options(input, Table::Cclf5), 50_000, Some(&work.path().join("index"))).unwrap();
    let parts = split.parts.into_iter().map(|part| {
        let mut options = options(input, Table::Cclf5);
        (options.reading.inputs, options.part) = (Vec::new(), Some(part));
        scanned(options).1.run.records.rejected
    });
    let rejected: u64 = parts.sum();
    assert!(rejected >= 2, "{rejected}");
}

fn frame(text: &[u8], checksum: bool) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(checksum).unwrap();
    std::io::Write::write_all(&mut encoder, text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn frames_without_a_checksum_are_told_or_refused() {
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("x.ndjson.zst");
    let input = file.to_str().unwrap();
    let patient = b"{\"resourceType\":\"Patient\",\"id\":\"1\"}\n";
    for (checksum, frames) in [(true, 0), (false, 1)] {
        fs::write(&file, [frame(patient, true), frame(patient, checksum)].concat()).unwrap();
        let (rows, report) = scanned(options(input, Table::Cclf8));
        assert_eq!(rows.num_rows(), 1);
        assert_eq!(report.run.inputs[0].frames_without_checksum, frames);
        let warned = report.run.warnings.iter().any(|warning| warning.starts_with("x.ndjson: "));
        assert_eq!(warned, !checksum, "{:?}", report.run.warnings);
        let mut strict = options(input, Table::Cclf8);
        strict.reading.require_checksums = true;
        let ended: Result<Vec<_>, _> = scan(strict).unwrap().collect();
        match ended {
            Ok(_) => assert!(checksum),
            Err(error) => {
                assert!(!checksum && error.kind() == ErrorKind::Failed, "{error}");
                assert!(error.to_string().contains("require_checksums"), "{error}");
            }
        }
    }
}

#[test]
fn people_beyond_the_limit_end_a_scan() {
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("x.ndjson");
    let lines = |count: u32| -> String {
        let line = |id| format!("{{\"resourceType\":\"Patient\",\"id\":\"{id}\"}}\n");
        (0..count).map(line).collect::<Vec<_>>().concat()
    };
    for (text, fits) in [(lines(3), true), (lines(3).repeat(50), true), (lines(4), false)] {
        fs::write(&file, text).unwrap();
        let mut asked = options(file.to_str().unwrap(), Table::Cclf8);
        asked.reading.max_people = Some(3);
        let ended: Result<Vec<_>, _> = scan(asked).unwrap().collect();
        match ended {
            Ok(_) => assert!(fits),
            Err(error) => {
                assert!(!fits && error.kind() == ErrorKind::Failed, "{error}");
                assert!(error.to_string().contains("max_people"), "{error}");
            }
        }
    }
}

//! SQL over an export: the rows of a run, no more columns and rows than asked for, and an end when nobody listens.

#[path = "../../convert/tests/common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bcda_datafusion::{Export, ExportScan, ExportTable, register};
use cclf_crosswalk::arrow::array::{AsArray, RecordBatch};
use cclf_crosswalk::arrow::compute::concat_batches;
use cclf_crosswalk::arrow::datatypes::Int64Type;
use cclf_crosswalk::{Columns, Crosswalk, Table};
use common::{EXPORT, FILE_DATE, converted};
use convert::{ErrorKind, Keep, MaxRejects, OnBadRecord, ScanOptions};
use datafusion::catalog::SchemaProvider;
use datafusion::common::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::{ExecutionPlan, displayable};
use datafusion::prelude::{SessionConfig, SessionContext};
use futures_util::StreamExt;
use synth::{ClaimType, Part};
use tokio::time::{sleep, timeout};

fn options(input: &str) -> ScanOptions {
    let mut options = ScanOptions::new(vec![input.to_owned()], Table::Cclf5);
    options.reading.file_date = Some(FILE_DATE);
    options.reading.max_rejects = MaxRejects::PerMillion(1_000_000);
    options
}

fn session(options: &ScanOptions, batch_rows: usize) -> (SessionContext, Export) {
    let config = SessionConfig::new()
        .with_batch_size(batch_rows)
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false);
    let context = SessionContext::new_with_config(config);
    let export = Export::with(options).unwrap();
    export.register(&context).unwrap();
    (context, export)
}

async fn sql(context: &SessionContext, sql: &str) -> Vec<RecordBatch> {
    context.sql(sql).await.unwrap().collect().await.unwrap()
}

async fn number(context: &SessionContext, query: &str) -> i64 {
    let batches = sql(context, query).await;
    batches
        .iter()
        .find(|batch| batch.num_rows() == 1)
        .unwrap()
        .column(0)
        .as_primitive::<Int64Type>()
        .value(0)
}

/// The scan in the plan of a query, and the plan as text.
async fn planned(context: &SessionContext, sql: &str) -> (Arc<dyn ExecutionPlan>, String) {
    let plan = context.sql(sql).await.unwrap().create_physical_plan().await.unwrap();
    let text = displayable(&*plan).indent(false).to_string();
    (plan, text)
}

/// Claims and people of so many beneficiaries, in files of their own; every third has a bad claim.
fn write_export(folder: &Path, people: u64) {
    let (mut claims, mut persons) = (String::new(), String::new());
    for seed in 0..people {
        persons += &(synth::patient(seed) + "\n");
        persons.extend(Part::ALL.map(|part| synth::coverage(seed, part) + "\n"));
        claims.extend(ClaimType::ALL.map(|claim_type| synth::eob(seed, claim_type) + "\n"));
        if seed % 3 == 0 {
            claims += "{\"resourceType\":\"ExplanationOfBenefit\"}\n";
        }
    }
    fs::write(folder.join("claims.ndjson"), claims).unwrap();
    fs::write(folder.join("people.ndjson"), persons).unwrap();
}

#[track_caller]
fn same(rows: &[RecordBatch], converted: &RecordBatch, what: &str) {
    let rows = match rows.first() {
        Some(first) => concat_batches(&first.schema(), rows).unwrap(),
        None => RecordBatch::new_empty(converted.schema()),
    };
    // An Arrow file has metadata of its own besides.
    assert_eq!(rows.schema().fields(), converted.schema().fields(), "{what}");
    assert_eq!(rows.columns(), converted.columns(), "{what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_is_that_of_a_run() {
    let work = tempfile::tempdir().unwrap();
    write_export(work.path(), 20);
    for input in [EXPORT, work.path().to_str().unwrap()] {
        let (tables, report) = converted(input);
        for batch_rows in [8_192, 3] {
            let (context, export) = session(&options(input), batch_rows);
            for (table, converted) in Table::ALL.into_iter().zip(&tables) {
                let name = table.name().to_ascii_lowercase();
                // One partition keeps the order of the input.
                let rows = context.table(&name).await.unwrap().collect().await.unwrap();
                assert!(rows.iter().all(|batch| batch.num_rows() <= batch_rows));
                same(&rows, converted, &name);
                let scanned = export.table(table).unwrap().last_report().unwrap();
                assert_eq!(scanned.run.records, report.records, "{name}");
                assert_eq!(scanned.rows, converted.num_rows() as u64, "{name}");
                let count = format!("SELECT count(*) FROM {name}");
                assert_eq!(number(&context, &count).await, i64::try_from(scanned.rows).unwrap());
            }
        }
    }
}

#[tokio::test]
async fn only_the_columns_of_a_query_are_built_in_its_order() {
    let (context, _) = session(&options(EXPORT), 8_192);
    let query = "SELECT FILE_NAME, CLM_LINE_NUM, BENE_MBI_ID FROM cclf5";
    let (_, text) = planned(&context, query).await;
    let shown = "ExportScan: table=CCLF5, columns=[CLM_LINE_NUM, BENE_MBI_ID, FILE_NAME]";
    assert!(
        text.contains(shown) || text.contains("columns=[FILE_NAME, CLM_LINE_NUM, BENE_MBI_ID]"),
        "{text}"
    );
    let (tables, _) = converted(EXPORT);
    let rows = sql(&context, query).await;
    let rows = concat_batches(&rows[0].schema(), &rows).unwrap();
    for (column, name) in rows.columns().iter().zip(["FILE_NAME", "CLM_LINE_NUM", "BENE_MBI_ID"]) {
        assert_eq!(Some(column), tables[4].column_by_name(name), "{name}");
    }
    // A filter needs its column, and is DataFusion's.
    let query = "SELECT count(*) FROM cclf5 WHERE CLM_LINE_NUM = 1";
    let (_, text) = planned(&context, query).await;
    assert!(text.contains("columns=[CLM_LINE_NUM]") && text.contains("FilterExec"), "{text}");
    let ones = tables[4].column_by_name("CLM_LINE_NUM").unwrap().as_primitive::<Int64Type>();
    let ones = ones.iter().filter(|number| *number == Some(1)).count();
    assert!(ones > 0);
    assert_eq!(number(&context, query).await, i64::try_from(ones).unwrap());
}

#[tokio::test]
async fn a_choice_of_columns_is_a_choice_of_tables() {
    let names = ["cclf5.CLM_LINE_NUM", "cclf8.BENE_AGE"].map(str::to_owned);
    let wanted = [Table::Cclf5, Table::Cclf8];
    let mut options = options(EXPORT);
    options.columns = Columns::only(Crosswalk::stu3(), &wanted, false, &names).unwrap();
    let (context, export) = session(&options, 100);
    assert_eq!(export.table_names(), ["cclf5", "cclf8", "cclf0"]);
    assert!(export.table_exist("CCLF5") && !export.table_exist("cclf1"));
    assert!(export.table(Table::Cclf1).is_none());
    assert_eq!(sql(&context, "SELECT * FROM cclf5").await[0].num_columns(), 1);
    assert!(context.sql("SELECT * FROM cclf1").await.is_err());
    // It counts the rows of all tables all the same.
    let rows = "SELECT NUMBER_OF_RECORDS FROM cclf0 WHERE FILE_TYPE = 'CCLF1'";
    assert_eq!(number(&context, rows).await, 9);
}

#[tokio::test]
async fn an_export_is_a_schema_too() {
    let context = SessionContext::new();
    let catalog = context.catalog("datafusion").unwrap();
    let export = Export::with(&options(EXPORT)).unwrap();
    catalog.register_schema("first", Arc::new(export)).unwrap();
    assert_eq!(number(&context, "SELECT count(*) FROM first.cclf5").await, 49);
    assert_eq!(number(&context, "SELECT count(*) FROM first.\"CCLF5\"").await, 49);
    let same = "SELECT count(*) FROM first.cclf5 a JOIN first.cclf5 b \
                ON a.\"CUR_CLM_UNIQ_ID\" = b.\"CUR_CLM_UNIQ_ID\" AND a.\"CLM_LINE_NUM\" = b.\"CLM_LINE_NUM\"";
    assert_eq!(number(&context, same).await, 49);
    // Registered one by one, in the default schema, from a path alone.
    register(&context, EXPORT).unwrap();
    assert_eq!(number(&context, "SELECT count(*) FROM cclf9").await, 1);
}

/// Options for much more data than a scan reads ahead, and its bytes.
fn large(work: &Path) -> (ScanOptions, u64) {
    write_export(work, 150);
    let mut options = options(work.to_str().unwrap());
    (options.reading.threads, options.reading.block_bytes) = (2, 10_000);
    let bytes = |name: &str| fs::metadata(work.join(name)).unwrap().len();
    (options, bytes("claims.ndjson") + bytes("people.ndjson"))
}

/// Bytes read when no more are for a while.
async fn settled(options: &ScanOptions) -> u64 {
    let mut read = options.reading.progress.reading.raw_bytes();
    loop {
        sleep(Duration::from_millis(200)).await;
        match options.reading.progress.reading.raw_bytes() {
            now if now == read => return read,
            now => read = now,
        }
    }
}

#[tokio::test]
async fn a_limit_ends_the_reading_early() {
    let work = tempfile::tempdir().unwrap();
    let (options, total) = large(work.path());
    let people = fs::metadata(work.path().join("people.ndjson")).unwrap().len();
    // The session's batches would be larger than the table.
    let (context, export) = session(&options, 1 << 20);
    let query = "SELECT CUR_CLM_UNIQ_ID, CLM_LINE_NUM FROM cclf5 LIMIT 7";
    let (_, text) = planned(&context, query).await;
    assert!(text.contains("limit=7"), "{text}");
    let rows = sql(&context, query).await;
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), 7);
    let read = settled(&options).await;
    assert!(read - people < (total - people) / 3, "{read} of {total} bytes");
    assert!(export.table(Table::Cclf5).unwrap().last_report().is_none());
    let first = concat_batches(&rows[0].schema(), &rows).unwrap();
    let all = sql(&context, "SELECT CUR_CLM_UNIQ_ID, CLM_LINE_NUM FROM cclf5").await;
    let all = concat_batches(&all[0].schema(), &all).unwrap();
    assert_eq!(first, all.slice(0, 7));
    // An offset has to be read; more than there is has no end but the table's; nothing is nothing.
    let rows =
        sql(&context, "SELECT CUR_CLM_UNIQ_ID, CLM_LINE_NUM FROM cclf5 LIMIT 5 OFFSET 3").await;
    assert_eq!(concat_batches(&rows[0].schema(), &rows).unwrap(), all.slice(3, 5));
    let rows = sql(&context, "SELECT CLM_LINE_NUM FROM cclf5 LIMIT 1000000").await;
    assert_eq!(rows.iter().map(RecordBatch::num_rows).sum::<usize>(), all.num_rows());
    let rows = sql(&context, "SELECT CLM_LINE_NUM FROM cclf5 LIMIT 0").await;
    assert!(rows.iter().all(|batch| batch.num_rows() == 0));
}

#[tokio::test]
async fn a_scan_waits_for_its_query_and_ends_with_it() {
    let work = tempfile::tempdir().unwrap();
    let (options, total) = large(work.path());
    let people = fs::metadata(work.path().join("people.ndjson")).unwrap().len();
    let table = ExportTable::new(options.clone()).unwrap();
    let (context, _) = session(&options, 1);
    context.register_table("lines", Arc::new(table)).unwrap();
    let (plan, _) = planned(&context, "SELECT CLM_LINE_NUM FROM lines").await;
    assert!((*plan).is::<ExportScan>());
    let held = Arc::strong_count(&options.reading.progress);
    let mut stream = plan.execute(0, context.task_ctx()).unwrap();
    // Nothing begins before the first row is asked for.
    assert_eq!(settled(&options).await, 0);
    stream.next().await.unwrap().unwrap();
    let ahead = settled(&options).await;
    assert!(ahead > 0 && ahead - people < (total - people) / 3, "{ahead} of {total} bytes");
    let began = Instant::now();
    drop(stream);
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "dropping must not wait: {:?}",
        began.elapsed()
    );
    let read = settled(&options).await;
    assert!(read < total, "{read} of {total} bytes");
    // Its threads end too: they let go of the counters.
    let ended = async {
        while Arc::strong_count(&options.reading.progress) > held {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(10), ended).await.unwrap();
}

#[tokio::test]
async fn bad_records_are_counted_or_end_the_query_without_a_word_of_them() {
    let work = tempfile::tempdir().unwrap();
    write_export(work.path(), 9);
    let secret = "{\"resourceType\":\"ExplanationOfBenefit\",\"id\":\"SECRET\"}\n";
    fs::write(work.path().join("more.ndjson"), secret).unwrap();
    let mut options = options(work.path().to_str().unwrap());
    let (context, export) = session(&options, 8_192);
    let (plan, _) = planned(&context, "SELECT CLM_LINE_NUM FROM cclf5").await;
    let rows =
        datafusion::physical_plan::collect(Arc::clone(&plan), Arc::new(TaskContext::default()));
    assert!(!rows.await.unwrap().is_empty());
    let report = export.table(Table::Cclf5).unwrap().last_report().unwrap();
    assert_eq!((report.run.records.rejected, report.rejects.len()), (4, 4));
    let metrics = plan.metrics().unwrap();
    let metric = |name| metrics.sum_by_name(name).map(|value| value.as_usize());
    assert_eq!(metric("records_rejected"), Some(4));
    assert_eq!(metric("records_read"), usize::try_from(report.run.records.read).ok());
    assert_eq!(metric("bytes_scanned"), usize::try_from(report.run.bytes_read).ok());
    assert_eq!(metrics.output_rows(), usize::try_from(report.rows).ok());

    options.reading.on_bad_record = OnBadRecord::Fail;
    let (context, _) = session(&options, 8_192);
    let query = context.sql("SELECT sum(CLM_LINE_CVRD_PD_AMT) FROM cclf5").await.unwrap();
    let error = query.collect().await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("claims.ndjson, line 9 ") && !text.contains("SECRET"), "{text}");
    let DataFusionError::External(own) = error.find_root() else { panic!("{error:?}") };
    let own = own.downcast_ref::<convert::Error>().unwrap();
    assert_eq!(own.kind(), ErrorKind::BadData);
    assert_eq!(own.record().map(|place| place.line), Some(9));
}

#[tokio::test]
async fn what_is_not_there_is_said_at_once_or_when_it_is_read() {
    let work = tempfile::tempdir().unwrap();
    let context = SessionContext::new();
    let missing = work.path().join("nothing");
    let error = register(&context, missing.to_str().unwrap()).unwrap_err().to_string();
    assert!(error.contains("nothing"), "{error}");
    write_export(work.path(), 1);
    register(&context, work.path().to_str().unwrap()).unwrap();
    fs::remove_file(work.path().join("claims.ndjson")).unwrap();
    fs::remove_file(work.path().join("people.ndjson")).unwrap();
    let query = context.sql("SELECT count(*) FROM cclf1").await.unwrap();
    assert!(query.collect().await.is_err());
}

#[tokio::test]
async fn of_several_exports_the_latest_versions_count() {
    let work = tempfile::tempdir().unwrap();
    for (name, time) in [("one", "2024-03-01T00:00:00Z"), ("two", "2024-03-08T00:00:00Z")] {
        let folder = work.path().join(name);
        fs::create_dir(&folder).unwrap();
        write_export(&folder, 3);
        let manifest = format!("{{\"transactionTime\":\"{time}\",\"output\":[]}}");
        fs::write(folder.join("bcda-export.json"), manifest).unwrap();
    }
    let mut options = options(work.path().to_str().unwrap());
    let (context, _) = session(&options, 100);
    let latest = number(&context, "SELECT count(*) FROM cclf5").await;
    options.reading.keep = Some(Keep::All);
    let (context, _) = session(&options, 100);
    assert_eq!(number(&context, "SELECT count(*) FROM cclf5").await, 2 * latest);
}

//! How final claims are published, and what is said of them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use cclf_crosswalk::{Api, Format, Naming, Plan, Table};
use convert::ErrorKind;
use results::{CurrentOptions, Source, current};
use serde_json::Value;

use super::made::{HISTORY, Made, rows};

fn history() -> Made {
    let mut made = Made::default();
    made.stay("1", "0", "5.00", "on=2026-06-11")
        .stay("2", "1", "5.00", "on=2026-06-11")
        .stay("3", "2", "6.00", "on=2026-06-11")
        .stay("4", "1", "9.00", "on=2026-06-11")
        .line("5", 1, "0", "7.00", "on=2026-06-11");
    made
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("tables-manifest.json")).unwrap()).unwrap()
}

#[test]
fn the_result_tells_what_it_is() {
    let found = history().resolve();
    let manifest = manifest(&found.out);
    assert_eq!(manifest["made_from"], "cclf_final");
    assert_eq!(manifest["schema_version"], 2);
    assert_eq!(manifest["deliveries"][0]["date"], "2026-06-11");
    assert_eq!(manifest["resolved"]["by_table"]["CCLF1"]["pairs"], 1);
    assert_eq!(manifest["source"], "cclf");
    assert!(manifest.get("api").is_none());
    let mut files: Vec<&str> =
        manifest["files"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    files.push("tables-manifest.json");
    files.sort_unstable();
    let mut there: Vec<String> = std::fs::read_dir(&found.out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort_unstable();
    assert_eq!(there, files);
    assert_eq!(files.len(), 14);
    for file in there {
        let mode = found.out.join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(rows(&found.out, Table::Cclf0, &["FILE_TYPE", "NUMBER_OF_RECORDS"])[0], "CCLF1 1");
    let report = serde_json::to_value(&found.report).unwrap();
    assert_eq!(
        report["resolved"]["by_table"]["CCLF1"]["unresolved"]["cancellation_of_other_amount"],
        1
    );
}

#[test]
fn final_claims_of_final_claims_are_the_same() {
    let found = history().resolve();
    let again = found.out.with_file_name("again");
    let report = current(&CurrentOptions::new(found.out.clone(), again.clone())).unwrap();
    assert_eq!(report.resolved, results::Resolved::default());
    let files = |report: &results::CurrentReport| {
        report.tables.iter().map(|table| table.blake3.clone()).collect::<Vec<_>>()
    };
    assert_eq!(files(&report), files(&found.report));
    assert_eq!(manifest(&again)["made_from"], "cclf_final");
    assert!(report.unresolved_file.is_none());
}

#[test]
fn threads_do_not_show() {
    let work = tempfile::tempdir().unwrap();
    history().write(&work.path().join("in"), Plan::stu3(), true, HISTORY);
    let of = |threads: usize| {
        let mut options = CurrentOptions::new(work.path().join("in"), work.path().join("out"));
        (options.threads, options.overwrite) = (threads, true);
        let report = current(&options).unwrap();
        report.tables.into_iter().map(|table| table.blake3).collect::<Vec<_>>()
    };
    assert_eq!(of(1), of(3));
}

#[test]
fn of_exports_the_rows_that_say_so_are_final() {
    let work = tempfile::tempdir().unwrap();
    let mut made = Made::default();
    made.stay("1", "0", "5.00", "BCDA_FINAL=true BCDA_API=v3 on=2026-06-11")
        .stay("2", "1", "5.00", "BCDA_FINAL=false BCDA_API=v3 on=2026-06-11")
        .stay("3", "0", "5.00", "BCDA_API=v3 on=2026-06-11");
    made.row(Table::Cclf9, "PRVS_NUM=1S00A00ZA01 CRNT_NUM=1S00A00ZA02 on=2026-06-11");
    let origin =
        r#""api": "v3", "transaction_time": "2026-06-11T00:00:00Z", "synthetic": {"seed": 1}"#;
    made.write(&work.path().join("in"), Plan::of(Api::V3), true, origin);
    let out = work.path().join("out");
    let mut options = CurrentOptions::new(work.path().join("in"), out.clone());
    options.format = Format::Csv;
    options.naming = Some(Naming::Tuva);
    let report = current(&options).unwrap();
    assert_eq!(report.source, Source::Bcda(Api::V3));
    assert_eq!((report.rows_in["CCLF1"], report.rows_out["CCLF1"]), (3, 1));
    assert_eq!(report.resolved, results::Resolved::default());
    let text = std::fs::read_to_string(out.join("parta_claims_header.csv")).unwrap();
    // MBIs are as they were.
    assert!(text.lines().count() == 2 && text.contains("1S00A00ZA01"));
    let manifest = manifest(&out);
    assert_eq!(manifest["api"], "v3");
    assert_eq!(manifest["transaction_time"], "2026-06-11T00:00:00Z");
    assert_eq!(manifest["synthetic"]["seed"], 1);
    assert!(manifest.get("made_from").is_none());
}

#[test]
fn tables_without_lineage_stay_without_it() {
    let work = tempfile::tempdir().unwrap();
    history().write(&work.path().join("in"), Plan::stu3(), false, HISTORY);
    let out = work.path().join("out");
    let report = current(&CurrentOptions::new(work.path().join("in"), out.clone())).unwrap();
    assert_eq!(rows(&out, Table::Cclf1, &["CUR_CLM_UNIQ_ID"]), ["3"]);
    let columns = std::fs::read(out.join("cclf1.parquet")).unwrap();
    assert!(!columns.windows(9).any(|name| name == b"FILE_NAME"));
    assert!(report.warnings[0].contains("FILE_DATE"));
}

#[test]
fn nothing_is_published_where_it_must_not_be() {
    let work = tempfile::tempdir().unwrap();
    let tables = work.path().join("in");
    history().write(&tables, Plan::stu3(), true, HISTORY);
    let refused = |options: &CurrentOptions, why: &str| {
        let error = current(options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(error.to_string().contains(why), "{error}");
    };
    refused(&CurrentOptions::new(tables.clone(), tables.join("out")), "lie in one another");
    refused(&CurrentOptions::new(tables.clone(), tables.clone()), "lie in one another");
    refused(&CurrentOptions::new(tables.clone(), "s3://bucket/out".into()), "object storage");
    refused(&CurrentOptions::new(work.path().join("no"), work.path().join("out")), "no folder");
    let mut options = CurrentOptions::new(tables.clone(), work.path().join("out"));
    options.source = Some(Source::Bcda(Api::V2));
    refused(&options, "the manifest says");
    assert!(!work.path().join("out").exists());

    options.source = None;
    current(&options).unwrap();
    refused(&options, "overwrite");
    options.overwrite = true;
    options.cancel.cancel();
    assert_eq!(current(&options).unwrap_err().kind(), ErrorKind::Cancelled);
    // What was there before is there still, and nothing else.
    assert_eq!(rows(&options.out, Table::Cclf1, &["CUR_CLM_UNIQ_ID"]), ["3"]);
    assert_eq!(std::fs::read_dir(work.path()).unwrap().count(), 2);
}

#[test]
fn a_choice_of_columns_is_refused() {
    let work = tempfile::tempdir().unwrap();
    let tables = work.path().join("in");
    history().write(&tables, Plan::stu3(), true, HISTORY);
    // A table of another: it has none of the columns.
    std::fs::copy(tables.join("cclf8.parquet"), tables.join("cclf2.parquet")).unwrap();
    let error = current(&CurrentOptions::new(tables, work.path().join("out"))).unwrap_err();
    assert!(error.to_string().contains("has no column CUR_CLM_UNIQ_ID"), "{error}");
    assert!(!work.path().join("out").exists());
}

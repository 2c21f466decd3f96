//! Final claims of CMS's history, and where two results agree, as users ask for them.

#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;
use synth::Api;

use crate::common::Work;
use crate::common::exports::{FIRST, export};
use crate::common::records::{carrier_of, patient_of};
use crate::read_back::{cells, parquet_file};

/// The samples of CMS's files, where they are.
#[allow(clippy::print_stdout, reason = "what is skipped is said")]
fn samples() -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/cclf");
    if !folder.is_dir() {
        println!("skipped: no ../shared");
        return None;
    }
    Some(folder.canonicalize().unwrap().display().to_string())
}

/// The sum of a column, in cents.
fn sum(work: &Work, file: &str, column: &str) -> i64 {
    let batch = parquet_file(work, file);
    let cells = cells(batch.column_by_name(column).unwrap());
    cells.iter().flatten().map(|cell| cell.replace('.', "").parse::<i64>().unwrap()).sum()
}

/// A result of some claims of v3, as files of CMS that were read again, and by itself.
fn both() -> Work {
    let work = Work::new();
    let claims = ["1", "2", "3"].map(|id| carrier_of(Api::V3, id, "P"));
    let person = patient_of(Api::V3, "P", "1S00A00AA11");
    export(&work, "ex", FIRST, &[("claims", &claims), ("people", &[person])]);
    work.bcda("convert --quiet ex --out bcda").exits(0);
    work.bcda("cclf write --quiet bcda --out files --aco A1234").exits(0);
    work.bcda("cclf read --quiet files --out cms").exits(0);
    work
}

fn table<'r>(report: &'r Value, name: &str) -> &'r Value {
    report["claims"].as_array().unwrap().iter().find(|own| own["table"] == name).unwrap()
}

#[test]
fn the_samples_have_the_final_claims_that_they_should() {
    let Some(samples) = samples() else { return };
    let work = Work::new();
    for (folder, finals, paid, lines) in
        [("msspY26-layout36", 4, 840_010, Some(13_560)), ("msspR25-layout36", 0, 0, None)]
    {
        work.bcda(&format!("cclf read --quiet {samples}/{folder} --out {folder}")).exits(0);
        work.bcda(&format!("cclf current --quiet {folder} --out {folder}-final")).exits(0);
        let headers = parquet_file(&work, &format!("{folder}-final/cclf1.parquet"));
        assert_eq!(headers.num_rows(), finals, "{folder}");
        assert_eq!(sum(&work, &format!("{folder}-final/cclf1.parquet"), "CLM_PMT_AMT"), paid);
        let file = format!("{folder}-final/cclf5.parquet");
        if let Some(lines) = lines {
            assert_eq!(sum(&work, &file, "CLM_LINE_CVRD_PD_AMT"), lines);
        }
        let is_final = cells(headers.column_by_name("BCDA_FINAL").unwrap());
        assert!(is_final.iter().all(|own| own.as_deref() == Some("true")));
    }
    // What is final stays so.
    work.bcda("cclf current --quiet msspY26-layout36-final --out again").exits(0);
    let report = work.bcda("reconcile msspY26-layout36 again --log-format json").exits(0);
    let report: Value = serde_json::from_str(report.stderr.lines().last().unwrap()).unwrap();
    assert_eq!(table(&report, "CCLF1")["matched"], 4);
}

#[test]
fn files_of_cms_agree_with_what_they_were_made_of() {
    let work = both();
    let ran = work.bcda("reconcile bcda cms --report report.json").exits(0);
    assert!(ran.stderr.contains("within the tolerance"), "{}", ran.stderr);
    let report = work.read_json("report.json");
    let claims = table(&report, "CCLF5");
    assert_eq!((claims["matched"].as_u64(), claims["only"]["left"].as_u64()), (Some(3), Some(0)));
    assert_eq!(report["kinds"].as_array().unwrap().len(), 0, "{report}");
    // The same file may be written again, and the tables are no place for it.
    work.bcda("reconcile bcda cms --report report.json --quiet").exits(0);
    work.bcda("reconcile bcda cms --report cms/report.json").exits(2);
    work.assert_clean();
}

#[test]
fn what_differs_is_told_and_shown_only_when_asked_for() {
    let work = both();
    let mut claims = ["1", "2", "4"].map(|id| carrier_of(Api::V3, id, "P"));
    claims[0]["item"][0]["adjudication"][0]["amount"]["value"] = serde_json::json!(13.52);
    let person = patient_of(Api::V3, "P", "1S00A00AA11");
    export(&work, "other", FIRST, &[("claims", &claims), ("people", &[person])]);
    work.bcda("convert --quiet other --out other-tables").exits(0);
    let how = "--report report.json --examples 5 examples";
    let ran = work.bcda(&format!("reconcile bcda other-tables {how}")).exits(3);
    assert!(ran.stderr.contains("beyond the tolerance"), "{}", ran.stderr);
    assert!(
        !ran.stderr.contains("1S00A00AA11")
            && !work.read_text("report.json").contains("1S00A00AA11")
    );
    let report = work.read_json("report.json");
    let claims = table(&report, "CCLF5");
    assert_eq!(claims["only"], serde_json::json!({"left": 1, "right": 1}));
    assert_eq!(claims["matched"], 2);
    // 12.50 became 13.52.
    let sums = report["sums"].as_array().unwrap();
    assert_eq!(sums.iter().map(|own| own["apart_cents"].as_u64().unwrap()).sum::<u64>(), 102);
    let kinds = report["kinds"].as_array().unwrap();
    let wanted = ["CCLF5", "CLM_LINE_CVRD_PD_AMT", "right_is_greater"];
    assert_eq!(["table", "column", "kind"].map(|name| kinds[0][name].as_str().unwrap()), wanted);
    assert_eq!((kinds.len(), kinds[0]["rows"].as_u64()), (1, Some(1)));
    let mode = |name: &str| fs::metadata(work.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("examples"), mode("examples/unmatched.csv")), (0o700, 0o600));
    // An earlier folder of examples is nobody's to write over.
    work.bcda(&format!("reconcile bcda other-tables {how}")).exits(2);
    work.bcda("reconcile bcda other-tables --tolerance 100% 99999999 --quiet").exits(0);
    work.bcda("reconcile bcda other-tables --tolerance 100% 0 --quiet").exits(3);
    for wrong in ["--tolerance 2 0", "--tolerance x 0", "--examples 0 y", "--left-source cclf"] {
        work.bcda(&format!("reconcile bcda other-tables {wrong}")).exits(2);
    }
    let ran = work.bcda("reconcile bcda nothing").exits(2);
    assert!(ran.stderr.contains("nothing: no folder is there"), "{}", ran.stderr);
}

/// A name in which digits are all alike: of columns that are numbered a page names the first and the last.
fn unnumbered(text: &str) -> String {
    text.chars().map(|one| if one.is_ascii_digit() { '#' } else { one }).collect()
}

#[test]
fn versions_differ_in_what_the_page_says_and_in_nothing_else() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/guide/from-v1-to-v3.md");
    let page = unnumbered(&fs::read_to_string(page).unwrap());
    let named = |column: &str| {
        let column = unnumbered(column);
        page.split(|one: char| !(one.is_ascii_alphanumeric() || "_#".contains(one)))
            .any(|word| word == column)
    };
    let work = Work::new();
    for api in ["v1", "v3"] {
        work.synth(&format!("export-{api}"), &format!("--beneficiaries 80 --seed 4 --api {api}"));
        work.bcda(&format!("convert --quiet export-{api} --out {api}")).exits(0);
    }
    work.bcda("reconcile v1 v3 --quiet --report report.json").exits(3);
    let report = work.read_json("report.json");
    let (mut compared, mut alike) = (0, 0);
    for table in report["tables"].as_array().unwrap() {
        for column in table["columns"].as_array().unwrap() {
            let count = |name: &str| column[name].as_u64().unwrap();
            let only = ["left", "right"].map(|side| column["only"][side].as_u64().unwrap());
            let name = column["column"].as_str().unwrap();
            let is_alike = count("different") + only[0] + only[1] == 0;
            assert!(
                is_alike || named(name),
                "{}.{name} differs, and the page does not say so",
                table["table"]
            );
            compared += 1;
            alike += u32::from(is_alike && count("equal") > 0);
        }
    }
    assert!(compared > 250 && alike > 90, "{compared} columns, {alike} alike");
    // No claim that has a key is lost, and no amount is another.
    for claims in report["claims"].as_array().unwrap() {
        assert_eq!(claims["ambiguous"], serde_json::json!({"left": 0, "right": 0}));
        for own in claims["by_reason"].as_array().unwrap() {
            let is_without =
                ["no_key", "person_not_on_other_side"].contains(&own["reason"].as_str().unwrap());
            assert!(is_without || own["claims"] == 0 || claims["table"] == "CCLF1", "{claims}");
        }
        let [left, right] = ["left", "right"].map(|side| claims["only"][side].as_u64().unwrap());
        assert!(left.max(right) * 10 < claims["all"]["left"].as_u64().unwrap(), "{claims}");
    }
    let apart = |sums: &Value| sums["apart_cents"].as_u64().unwrap();
    assert_eq!(report["sums"].as_array().unwrap().iter().map(apart).sum::<u64>(), 0);
}

//! `--columns`: fewer columns, and rows of all records that are good for these.

use crate::common::records::{lines, patient};
use crate::common::{Work, counts};

/// An export, with lines that are bad whatever is asked for, and what all columns of it are.
fn work() -> Work {
    let work = Work::new();
    work.synth("export", "--beneficiaries 4 --seed 6");
    work.write("export/bad.ndjson", "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\n\n7\n");
    let words = "convert export --out all --format csv --max-rejects 100% --report all.json -q";
    work.bcda(words).exits(3);
    work
}

#[test]
fn records_are_judged_by_the_columns_that_are_asked_for() {
    let work = Work::new();
    // The day of birth is none.
    let mut born = patient("-1", "1AA1AA1AA11");
    born["birthDate"] = "1940-02-30".into();
    // Not all is bad, which would end the run.
    work.write_lines("in.ndjson", lines(&[born, patient("-2", "2AA2AA2AA22")]));
    for (columns, code, named) in [
        ("", 3, None),
        ("--columns cclf8.BENE_DOB", 3, Some("CCLF8.BENE_DOB")),
        ("--columns cclf8.BENE_RACE_CD", 0, Some("CCLF8.BENE_RACE_CD")),
        ("--tables cclf9", 3, None),
        ("--columns cclf9.CRNT_NUM", 0, Some("CCLF9.CRNT_NUM")),
    ] {
        let words = format!("convert in.ndjson --out out --format csv --overwrite {columns}");
        let ran = work.bcda(&words).exits(code);
        let manifest = work.read_json("out/tables-manifest.json");
        let judged_by = &manifest["judged_by"];
        assert_eq!(judged_by[0].as_str(), named, "{columns}");
        assert_eq!(ran.stderr.contains("judged by"), named.is_some(), "{}", ran.stderr);
    }
}

#[test]
fn columns_are_those_of_the_whole_tables_in_their_order() {
    let work = work();
    let words = "convert export --out some --format csv --max-rejects 100% --report some.json -q \
                 --tables cclf0,cclf1,cclf5,cclf8 --columns \
                 file_name,cclf5.CLM_POS_CD,BENE_MBI_ID,cclf1.BCDA_EOB_ID,CLM_LINE_CVRD_PD_AMT";
    work.bcda(words).exits(3);
    for (table, expected) in [
        ("cclf1.csv", &["BENE_MBI_ID", "FILE_NAME", "BCDA_EOB_ID"][..]),
        ("cclf5.csv", &["BENE_MBI_ID", "CLM_POS_CD", "CLM_LINE_CVRD_PD_AMT", "FILE_NAME"]),
        ("cclf8.csv", &["BENE_MBI_ID", "FILE_NAME"]),
    ] {
        let (all, some) = (work.csv(&format!("all/{table}")), work.csv(&format!("some/{table}")));
        let text = work.read_text(&format!("some/{table}"));
        assert_eq!(text.lines().next(), Some(expected.join(",").as_str()), "{table}");
        assert!(!some.rows.is_empty());
        for column in expected {
            assert_eq!(all.column(column), some.column(column), "{column} of {table}");
        }
    }
    // The counts of CCLF0, the verdicts and the rejects do not depend on the columns.
    let (all, some) = (work.read_json("all.json"), work.read_json("some.json"));
    assert_eq!(counts(&all), counts(&some));
    assert_eq!(all["claims_without_patient"], some["claims_without_patient"]);
    assert_eq!(work.read("all/rejects/rejects.csv"), work.read("some/rejects/rejects.csv"));
    assert!(!work.exists("some/cclf7.csv") && work.exists("some/cclf0.csv"));
    work.assert_clean();
}

#[test]
fn each_table_alone_has_its_mbis() {
    let work = work();
    for number in 1..=7 {
        let table = format!("cclf{number}");
        for columns in ["", "--columns BENE_MBI_ID"] {
            let words = format!(
                "convert export --out some --format csv --max-rejects 100% -q --overwrite \
                 --report some.json --tables {table} {columns}"
            );
            work.bcda(&words).exits(3);
            let all = work.csv(&format!("all/{table}.csv"));
            let some = work.csv(&format!("some/{table}.csv"));
            assert_eq!(all.column("BENE_MBI_ID"), some.column("BENE_MBI_ID"), "{table} {columns}");
            assert!(some.column("BENE_MBI_ID").iter().any(|mbi| !mbi.is_empty()), "{table}");
            assert!(work.read_json("some.json")["claims_without_patient"].is_u64());
        }
    }
}

#[test]
fn without_tables_those_with_such_columns_are_written() {
    let work = work();
    let words = "convert export --out some --format csv --max-rejects 100% --report some.json -q \
                 --columns CLM_LINE_NUM,cclf1.CLM_PMT_AMT --no-lineage";
    work.bcda(words).exits(3);
    let tables: Vec<_> = (0..10).filter(|n| work.exists(&format!("some/cclf{n}.csv"))).collect();
    assert_eq!(tables, [1, 2, 5, 6]);
    // Nothing that is written needs the beneficiary, so nobody was looked up: that is not "none without".
    let (all, some) = (work.read_json("all.json"), work.read_json("some.json"));
    assert!(some["claims_without_patient"].is_null() && all["claims_without_patient"].is_u64());
    assert_eq!(counts(&all), counts(&some));
    for table in ["cclf2.csv", "cclf6.csv"] {
        let all = work.csv(&format!("all/{table}"));
        let some = work.csv(&format!("some/{table}"));
        assert_eq!(all.column("CLM_LINE_NUM"), some.column("CLM_LINE_NUM"));
    }
}

#[test]
fn names_that_lead_nowhere_are_refused_before_anything_is_written() {
    let work = work();
    for (words, told) in [
        ("--columns NOBODY", "NOBODY"),
        ("--columns CCLF0.FILE_TYPE,CLM_POS_CD", "always whole"),
        ("--tables cclf5 --columns CLM_DRG_CD", "CLM_DRG_CD"),
        ("--tables cclf5,cclf7 --columns CLM_POS_CD", "CCLF7"),
        ("--columns cclf5.FILE_NAME --no-lineage", "FILE_NAME"),
        ("--columns cclf99.CLM_POS_CD", "cclf99.CLM_POS_CD"),
    ] {
        let ran = work.bcda(&format!("convert export --out some {words}")).exits(2);
        assert!(ran.stderr.contains(told), "{words}: {}", ran.stderr);
        assert!(!work.exists("some"));
    }
}

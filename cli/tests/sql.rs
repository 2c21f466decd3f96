//! The SQL of `describe`. `ci/sql.py` gives it to DuckDB and to a parser of the other dialects.

use crate::common::{TABLES, Work};

#[test]
fn each_dialect_has_every_column() {
    let work = Work::new();
    let plain = work.bcda("describe --format ddl").exits(0).stdout;
    let spelled_out = "describe --format ddl --dialect duckdb --naming cclf";
    assert_eq!(plain, work.bcda(spelled_out).exits(0).stdout);
    let columns = |text: &str| text.lines().filter(|line| line.starts_with("    ")).count();
    let count = columns(std::str::from_utf8(&plain).unwrap());
    for (dialect, expected) in [
        (
            "duckdb",
            &[
                "    CLM_PMT_AMT DECIMAL(15,2), -- Claim Payment Amount",
                "COMMENT ON COLUMN CCLF1.CLM_PMT_AMT IS 'Claim Payment Amount';",
            ][..],
        ),
        (
            "snowflake",
            &[
                "    CLM_PMT_AMT NUMBER(15,2) COMMENT 'Claim Payment Amount',",
                "    BCDA_LAST_UPDATED TIMESTAMP_LTZ(6) COMMENT 'Lineage',",
            ],
        ),
        (
            "bigquery",
            &[
                "    CLM_PMT_AMT NUMERIC(15,2) OPTIONS(description='Claim Payment Amount'),",
                "    BENE_MBI_ID STRING OPTIONS(description='Medicare Beneficiary Identifier'),",
                "    BCDA_LAST_UPDATED TIMESTAMP OPTIONS(description='Lineage'),",
                "    BCDA_FINAL BOOL OPTIONS(description='Lineage'),",
            ],
        ),
        (
            "spark",
            &[
                "    CLM_PMT_AMT DECIMAL(15,2) COMMENT 'Claim Payment Amount',",
                "    BCDA_LAST_UPDATED TIMESTAMP COMMENT 'Lineage',",
                "    BCDA_FINAL BOOLEAN COMMENT 'Lineage',",
            ],
        ),
    ] {
        let ran = work.bcda(&format!("describe --format ddl --dialect {dialect}")).exits(0);
        assert_eq!(columns(ran.text()), count, "{dialect}");
        for line in expected {
            assert!(ran.text().lines().any(|found| found == *line), "{dialect}: {line}");
        }
        let words = format!("describe --format ddl --dialect {dialect} --naming tuva");
        let ran = work.bcda(&words).exits(0);
        for table in ["parta_claims_header", "beneficiary_xref", "cclf0"] {
            assert!(
                ran.text().contains(&format!("CREATE TABLE {table} (\n")),
                "{dialect}: {table}"
            );
        }
        assert!(!ran.text().contains("CREATE TABLE CCLF"), "{dialect}");
    }
    work.bcda("describe --format ddl --dialect oracle").exits(2);
}

#[test]
fn views_are_for_duckdb() {
    let work = Work::new();
    let ran = work.bcda("describe --format views").exits(0);
    for table in TABLES {
        let view = format!("VIEW {} AS\n    SELECT * FROM read_parquet(", table.to_uppercase());
        assert!(ran.text().contains(&format!("{view}'tables/{table}.parquet');")), "{table}");
    }
    let words = ["describe", "cclf5", "--format", "views", "--naming", "tuva", "--folder", "it's/"];
    let ran = work.run(&words).exits(0);
    let view = "CREATE OR REPLACE VIEW partb_physicians AS\n    \
                SELECT * FROM read_parquet('it''s/partb_physicians.parquet');\n";
    assert!(ran.text().starts_with(view), "{}", ran.text());
    work.bcda("describe --format views --dialect spark").exits(2);
}

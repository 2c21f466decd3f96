//! SQL over an export as it lies there: what Part B paid for each beneficiary in each month.
//!
//!     cargo run --manifest-path datafusion/Cargo.toml --example sql -- testdata/export

#![allow(clippy::print_stdout, reason = "an example shows what it did")]

use bcda_datafusion::{ExportTable, register};
use datafusion::prelude::{SessionConfig, SessionContext};

const SPEND: &str = "
    SELECT BENE_MBI_ID, BENE_SEX_CD AS sex, date_trunc('month', CLM_LINE_FROM_DT)::DATE AS month,
        count(*) AS lines, sum(CLM_LINE_CVRD_PD_AMT) AS paid
    FROM cclf5
    -- CCLF8 has a row for each stay in a hospice.
    JOIN (SELECT DISTINCT BENE_MBI_ID, BENE_SEX_CD FROM cclf8) USING (BENE_MBI_ID)
    WHERE BCDA_FINAL
    GROUP BY BENE_MBI_ID, sex, month
    ORDER BY paid DESC, month
    LIMIT 8";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let export = std::env::args().nth(1).ok_or("give an export: a folder, a file or a glob")?;
    // CMS's column names are capitals: they are to stay as they are written.
    let names_as_written = "datafusion.sql_parser.enable_ident_normalization";
    let config = SessionConfig::new().set_bool(names_as_written, false);
    let context = SessionContext::new_with_config(config);
    let tables = register(&context, export)?;

    context.sql(SPEND).await?.show().await?;

    // What became of the records of the export, whatever the query wanted of them.
    let report = tables.table("cclf5".parse()?).and_then(ExportTable::last_report);
    if let Some(records) = report.map(|report| report.run.records) {
        println!("{} records were read, {} rejected", records.read, records.rejected);
    }
    Ok(())
}

//! `bcda cclf current`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cclf_crosswalk::{Compression, Format, Naming};
use clap::Args;
use results::{CurrentOptions, CurrentReport, Source};

use super::run_args::RunArgs;
use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::reading_args::option;
use crate::run::{followed, write_report};
use crate::show::{figures, grouped};
use crate::words::{compression, format, naming, source};

/// Make the final claims of CMS's history.
///
/// Re-deliveries collapse first; then each cancellation is paired with one claim of the same key and amount, and both go. What
/// is left is final, and has BCDA_FINAL. MBIs become the most recent ones. What nobody can resolve is counted by class, and
/// listed in unresolved.csv. Of tables that come from BCDA the final rows are taken.
#[derive(Debug, Args)]
pub(crate) struct CurrentArgs {
    /// The folder of tables as bcda cclf read or bcda convert has made them, in Parquet.
    #[arg(value_name = "TABLES")]
    pub(crate) tables: PathBuf,
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Format of the new tables.
    #[arg(long, value_parser = format(), default_value_t)]
    pub(crate) format: Format,
    /// Compression within Parquet and Arrow files.
    #[arg(long, value_parser = compression(), default_value_t)]
    pub(crate) compression: Compression,
    /// What the files of the new tables are called; as those of TABLES unless given.
    #[arg(long, value_parser = naming())]
    pub(crate) naming: Option<Naming>,
    /// Where the tables come from, if neither a manifest nor their lineage tells it.
    #[arg(long, value_parser = source())]
    pub(crate) source: Option<Source>,
}

pub(super) fn run(arguments: &CurrentArgs, log: Log) -> Result<u8, Failure> {
    arguments.run.check()?;
    let mut options = CurrentOptions::new(arguments.tables.clone(), arguments.run.out.clone());
    options.overwrite = arguments.run.overwrite;
    (options.format, options.compression) = (arguments.format, arguments.compression);
    (options.naming, options.source) = (arguments.naming, arguments.source);
    options.spelling = option;
    options.threads = arguments.run.threads(options.threads);
    let watched = (&options.cancel, &Arc::default());
    let report = followed(watched, log, || results::current(&options))?;
    write_report(arguments.run.report.as_deref(), || report.to_json())?;
    log.report(&report.warnings, || report.to_json(), || summary(&report, &arguments.run.out));
    Ok(0)
}

fn summary(report: &CurrentReport, out: &Path) -> String {
    let mut tables = figures(&["table", "rows before", "rows", "bytes", "file"], 1..=3);
    for table in &report.tables {
        let before = report.rows_in.get(table.table.as_str());
        tables.add_row([
            table.table.clone(),
            before.map_or_else(String::new, |rows| grouped(*rows)),
            grouped(table.rows),
            grouped(table.bytes),
            table.file.clone(),
        ]);
    }
    let mut rows = figures(&["rows that are not final claims", "count"], 1..=1);
    let mut classes = Vec::new();
    for (table, outcome) in &report.resolved.by_table {
        for (what, count) in [
            ("delivered again", outcome.redelivered),
            ("repeated in a file", outcome.repeated_in_file),
            ("of which a newer delivery tells", outcome.superseded),
            ("of which the same delivery has a later row", outcome.several_in_one_delivery),
            ("deleted", outcome.deleted),
            ("an MBI mapped to itself", outcome.self_mapped),
            ("cancelled, and cancellations", 2 * outcome.pairs),
            ("of claims that are not final", outcome.of_claims_not_final),
            ("without a claim", outcome.without_claim),
        ] {
            if count > 0 {
                rows.add_row([format!("{table}: {what}"), grouped(count)]);
            }
        }
        for (class, count) in &outcome.unresolved {
            classes.push([format!("{table}: {}", class.name().replace('_', " ")), grouped(*count)]);
        }
    }
    let unresolved = if classes.is_empty() {
        String::new()
    } else {
        let mut unresolved = figures(&["rows that nobody can resolve", "count"], 1..=1);
        unresolved.add_rows(classes);
        let listed = report.unresolved_file.as_ref().map_or_else(String::new, |file| {
            format!("\nlisted: {}", one_line(&out.join(&file.file)))
        });
        format!("\n{unresolved}{listed}")
    };
    format!(
        "{tables}\n{rows}{unresolved}\nfinal claims of {} in {:.2} s",
        report.source, report.seconds
    )
}

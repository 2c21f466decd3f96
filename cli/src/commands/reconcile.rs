//! `bcda reconcile`.

mod screen;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use results::{ReconcileOptions, Source, Tolerance};

use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::reading_args::option;
use crate::run::{
    EXIT_REJECTS, PAGE_BESIDE, check_report, check_written, followed, write_file, write_report,
};
use crate::run_files::profiled;
use crate::words::source;

/// Show where two results agree: claim by claim, column by column.
///
/// Final claims of both sides are matched one to one: by the claim number where both have one, by the control number and the
/// MBI, and by CMS's natural keys. Then the rows of matched claims are compared, column by column. LEFT and RIGHT are any two
/// results: of BCDA in any version, of CMS's files, of last month and this one.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 within the tolerance; 1 failed; 2 usage; 3 beyond the tolerance; 130 and 143 \
                        interrupted."
)]
pub(crate) struct ReconcileArgs {
    /// The folder of tables, in Parquet.
    #[arg(value_name = "LEFT")]
    pub(crate) left: PathBuf,
    /// The folder of the other tables.
    #[arg(value_name = "RIGHT")]
    pub(crate) right: PathBuf,
    /// Write all that was found as JSON to this file: counts, sums and names of columns, never a value of a claim.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write a page to this file that shows in whole percent where the two agree, and what is in RIGHT; safe to share.
    #[arg(long, value_name = "FILE")]
    pub(crate) report_html: Option<PathBuf>,
    /// Write up to N examples of each kind of difference, and of unmatched claims, to a folder that only you can read. They
    /// are patient data: for your eyes.
    #[arg(long, num_args = 2, value_names = ["N", "DIR"])]
    pub(crate) examples: Option<Vec<String>>,
    /// How far the two may be apart: the share of claims that are not matched, and the cents of each claim type.
    #[arg(long, num_args = 2, value_names = ["SHARE", "CENTS"])]
    pub(crate) tolerance: Option<Vec<String>>,
    /// Where the tables of LEFT come from, if neither a manifest nor their lineage tells it.
    #[arg(long, value_parser = source(), value_name = "SOURCE")]
    pub(crate) left_source: Option<Source>,
    /// The same of RIGHT.
    #[arg(long, value_parser = source(), value_name = "SOURCE")]
    pub(crate) right_source: Option<Source>,
    /// How many threads work at once; as many as the machine runs at once unless given.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
}

pub(crate) fn run(arguments: &ReconcileArgs, log: Log) -> Result<u8, Failure> {
    let (left, right) = (&arguments.left, &arguments.right);
    for side in [left, right] {
        if let Some(file) = &arguments.report {
            check_report(file, side)?;
        }
        if let Some(file) = &arguments.report_html {
            check_written(&PAGE_BESIDE, file, side)?;
        }
    }
    let tolerance = arguments.tolerance.as_deref().map(tolerance).transpose()?.unwrap_or_default();
    let mut options = ReconcileOptions::new(left.clone(), right.clone());
    options.left_source = arguments.left_source;
    options.right_source = arguments.right_source;
    options.examples = arguments.examples.as_deref().map(examples).transpose()?;
    options.spelling = option;
    if let Some(threads) = arguments.threads {
        options.threads = threads.into();
    }
    if arguments.report_html.is_some() {
        check_page(right, arguments.right_source)?;
    }
    let watched = (&options.cancel, &Arc::default());
    let found = followed(watched, log, || results::reconcile(&options))?;
    write_report(arguments.report.as_deref(), || found.to_json())?;
    let is_within = found.is_within(&tolerance);
    let none: [&str; 0] = [];
    log.report(
        &none,
        || found.to_json(),
        || {
            let examples = options.examples.as_ref().map_or_else(String::new, |(_, folder)| {
                format!("\nexamples, with values: {}", one_line(folder))
            });
            format!("{}{examples}", screen::summary(&found, is_within))
        },
    );
    if let Some(file) = &arguments.report_html {
        let wanted =
            profile::Options { source: arguments.right_source, ..profile::Options::default() };
        let shown = profiled(right, &wanted, log).map_err(Failure::after_all)?;
        write_file(file, &report::reconciled(&found, is_within, &shown))
            .map_err(Failure::after_all)?;
        log.info(&format!("the page: {}", one_line(file)));
    }
    Ok(if is_within { 0 } else { EXIT_REJECTS })
}

/// What a page cannot show is found before the run, not after it.
fn check_page(right: &Path, source: Option<Source>) -> Result<(), Failure> {
    let failed = |error: convert::Error| Failure::new(error.exit_code(), error.to_string());
    let finished = results::Finished::open(right, source).map_err(failed)?;
    if finished.is_history() {
        let message = format!(
            "--report-html shows final claims, and {} is CMS's history: make the final claims of it first, with bcda cclf \
             current",
            right.display()
        );
        return Err(Failure::new(2, message));
    }
    Ok(())
}

fn examples(words: &[String]) -> Result<(usize, PathBuf), Failure> {
    match words {
        [most, folder] if most.parse::<usize>().is_ok_and(|most| most > 0) => {
            Ok((most.parse().unwrap_or_default(), Path::new(folder).to_owned()))
        }
        _ => Err(Failure::new(
            2,
            "--examples: expected a number of examples and a folder, such as 5 examples",
        )),
    }
}

/// A share such as `0.001` or `0.1%`, and cents.
fn tolerance(words: &[String]) -> Result<Tolerance, Failure> {
    let fault = || {
        Failure::new(
            2,
            "--tolerance: expected a share from 0 to 1 with at most six decimals, or in percent with at most four, and a number \
             of cents, such as 0.1% 500",
        )
    };
    let [share, cents] = words else { return Err(fault()) };
    let (share, decimals) = match share.strip_suffix('%') {
        Some(percent) => (percent, 4),
        None => (share.as_str(), 6),
    };
    let (whole, fraction) = share.split_once('.').unwrap_or((share, ""));
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number =
        is_digits(whole) && is_digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    if fraction.len() > decimals || !is_number || !is_digits(cents) {
        return Err(fault());
    }
    let millionths = format!("0{whole}{fraction:0<decimals$}").parse().ok();
    let unmatched_millionths = millionths.filter(|share| *share <= 1_000_000).ok_or_else(fault)?;
    Ok(Tolerance { unmatched_millionths, cents: cents.parse().map_err(|_| fault())? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_exact() {
        let of = |share: &str| tolerance(&[share.to_owned(), "7".to_owned()]).ok();
        for (share, wanted) in
            [("0", 0), ("0.001", 1_000), ("0.1%", 1_000), ("100%", 1_000_000), ("1", 1_000_000)]
        {
            let found = of(share).unwrap();
            assert_eq!((found.unmatched_millionths, found.cents), (wanted, 7), "{share}");
        }
        for bad in ["", "x", "-1", "1.1", "101%", "0.0000001", ".", "%"] {
            assert!(of(bad).is_none(), "{bad}");
        }
    }
}

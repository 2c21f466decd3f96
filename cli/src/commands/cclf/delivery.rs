//! What CMS's files look like, whichever command makes them.

use std::path::{Path, PathBuf};

use cclf_files::Program;
use clap::Args;
use convert::MaxRejects;
use results::{DeliveryOptions, WriteReport};

use crate::log::one_line;
use crate::show::{figures, grouped};
use crate::words::program;

/// What the files are called, and which claims are in them.
#[derive(Debug, Args)]
#[group(id = "delivery", requires = "aco")]
pub(crate) struct DeliveryArgs {
    /// The participant whose files they are, as in their names: A1234.
    #[arg(long, value_name = "ID")]
    pub(crate) aco: Option<String>,
    /// The program that it takes part in.
    #[arg(long, value_parser = program(), default_value = "mssp")]
    pub(crate) program: Program,
    /// The performance year in the names, two digits; that of the newest transactionTime unless given, for --runout the
    /// year before it.
    #[arg(long, value_parser = clap::value_parser!(u8).range(0..=99), value_name = "YY")]
    pub(crate) performance_year: Option<u8>,
    /// Name the files as the run-out of the performance year.
    #[arg(long)]
    pub(crate) runout: bool,
    /// Put the files into one zip, as CMS does.
    #[arg(long)]
    pub(crate) zip: bool,
    /// Write the rows of all claims, also of those that are not final, and cancellations. A loader that adds them up counts
    /// claims twice.
    #[arg(long)]
    pub(crate) all_versions: bool,
    /// Give claims whose id is not 1 to 13 digits numbers from 9000000000001 on. The file has them, and is continued: a claim
    /// has the same number in every run.
    #[arg(long, value_name = "MAP.csv")]
    pub(crate) surrogate_ids: Option<PathBuf>,
}

impl DeliveryArgs {
    /// What is asked for, of this participant.
    pub(crate) fn options(&self, aco: &str, max_rejects: MaxRejects) -> DeliveryOptions {
        let mut options = DeliveryOptions::new(aco.to_owned());
        options.program = self.program;
        options.performance_year = self.performance_year;
        (options.runout, options.zip) = (self.runout, self.zip);
        options.all_versions = self.all_versions;
        options.surrogate_ids.clone_from(&self.surrogate_ids);
        options.max_rejects = max_rejects;
        options
    }
}

/// What was written, for people.
pub(crate) fn summary(report: &WriteReport, out: &Path) -> String {
    let mut files = figures(&["table", "records", "length", "bytes", "file"], 1..=3);
    for file in &report.written {
        files.add_row([
            file.table.clone(),
            grouped(file.records),
            grouped(file.record_length as u64),
            grouped(file.bytes),
            file.file.clone(),
        ]);
    }
    let mut claims = figures(&["claims and people", "count"], 1..=1);
    let mut row = |name: &str, count: u64, always: bool| {
        if always || count > 0 {
            claims.add_row([name.to_owned(), grouped(count)]);
        }
    };
    row("claims in the tables", report.claims, true);
    row("left out: not final", report.left_out.not_final, false);
    row("left out: final, but cancellations", report.left_out.cancellations, false);
    row("claims rejected: do not fit", report.rejected.claims, true);
    row("people in the tables", report.people, true);
    row("people rejected: do not fit", report.rejected.people, false);
    for (class, count) in &report.rejected.by_class {
        row(&format!("values that do not fit: {class}"), *count, false);
    }
    if let Some(surrogates) = report.surrogates {
        row("numbers of our own, given now", surrogates.given, true);
        row("numbers of our own, given before", surrogates.kept, true);
    }
    let zip = report.zip.as_ref().map_or_else(String::new, |zip| format!("\nzip: {zip}"));
    let rejects = if report.has_rejects() {
        format!("\nwhat did not fit: {}", one_line(&out.join("rejects")))
    } else {
        String::new()
    };
    format!("{files}\n{claims}\nwritten in {:.2} s{zip}{rejects}", report.seconds)
}

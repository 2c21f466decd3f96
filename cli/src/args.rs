//! The arguments: one place from which parsing, help, completions and manual pages come.

use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser, Subcommand};

use crate::commands::cclf::CclfCommand;
use crate::commands::convert::ConvertArgs;
use crate::commands::decrypt::DecryptArgs;
use crate::commands::demo::DemoArgs;
use crate::commands::describe::DescribeArgs;
use crate::commands::doctor::DoctorArgs;
use crate::commands::export::ExportArgs;
use crate::commands::head::HeadArgs;
use crate::commands::history::{ABOUT as ABOUT_HISTORY, HistoryArgs};
use crate::commands::inspect::InspectArgs;
use crate::commands::jobs::JobsArgs;
use crate::commands::metadata::MetadataArgs;
use crate::commands::profile::ProfileArgs;
use crate::commands::reconcile::ReconcileArgs;
use crate::commands::report::ReportArgs;
use crate::commands::serve::ServeArgs;
use crate::commands::sync::SyncArgs;
use crate::commands::synth::SynthArgs;
use crate::commands::update::UpdateArgs;
use crate::commands::validate::ValidateArgs;
use crate::failure::Failure;
use crate::log::LogFormat;

/// BCDA bulk FHIR exports to CCLF tables.
#[derive(Debug, Parser)]
#[command(name = "bcda", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 done; 1 failed; 2 usage; 3 done, but records were rejected or \
                        have errors; 4 stopped on bad data; 5 server or network; 130 and 143 interrupted."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Say nothing but errors.
    #[arg(long, short, global = true, display_order = 900)]
    pub(crate) quiet: bool,
    /// How messages are written to standard error.
    #[arg(long, global = true, display_order = 901, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Turn an export into CCLF tables.
    Convert(Box<ConvertArgs>),
    /// Bring tables up to date with later exports.
    Update(Box<UpdateArgs>),
    /// Keep the tables of a folder current: the one line for a schedule.
    Sync(Box<SyncArgs>),
    /// Write and read CMS's fixed-width CCLF files, and make their final claims.
    #[command(subcommand)]
    Cclf(CclfCommand),
    /// Show what is in tables: claims and amounts by month, categories, people, filled columns.
    ///
    /// Figures are of final claims. Cells of 1 to 10 people are hidden, and others with them, so that they do not follow from
    /// what is shown: the profile may be shared. Tables of CMS's files have to be those of bcda cclf current.
    Profile(ProfileArgs),
    /// Make a page that shows what is in tables: one file of HTML, to look at and to pass on.
    ///
    /// It shows the figures of bcda profile, with charts, in a browser. The file needs no network and runs no script. Cells of
    /// 1 to 10 people are hidden as they are there: the page may be shared.
    Report(ReportArgs),
    /// Show where two results agree: claim by claim, column by column.
    Reconcile(Box<ReconcileArgs>),
    /// Try it: serve a synthetic export on this machine, fetch it, convert it, and show the tables.
    Demo(DemoArgs),
    /// Fetch an export from BCDA, or from another FHIR bulk server.
    Export(Box<ExportArgs>),
    /// List, look at and cancel the jobs of a bulk server.
    Jobs(Box<JobsArgs>),
    /// Show what a bulk server says it can do.
    Metadata(Box<MetadataArgs>),
    /// Look at what a first day fails on, from the base URL to the tables, and say what to do.
    Doctor(Box<DoctorArgs>),
    /// Decrypt the files of an export of 2018 to 2020.
    Decrypt(DecryptArgs),
    /// Say what is wrong with the records of an export, by STU3 and the rules of Blue Button.
    Validate(Box<ValidateArgs>),
    /// Show the tables: columns, types, where each value comes from and, where there is none, why.
    Describe(DescribeArgs),
    /// Make a synthetic export: deterministic, in the exact shape of BCDA v1, v2 or v3, of nobody.
    Synth(SynthArgs),
    /// Serve the API of the BCDA guides on this machine, from a folder or synthetic data, with faults on request.
    Serve(ServeArgs),
    /// Show the first rows of a table. Prints patient data: for your eyes.
    ///
    /// The table is in Parquet or CSV, and the lines fit the terminal: columns that do not fit are left out and counted in
    /// the last line. Where the output is no terminal, a line has as many characters as COLUMNS says, or 100.
    Head(HeadArgs),
    /// Show one record of a file, or a part of it. Prints patient data: for your eyes.
    Inspect(InspectArgs),
    /// Show every version of one claim in some exports, side by side. Prints patient data: for your eyes.
    #[command(long_about = ABOUT_HISTORY)]
    History(Box<HistoryArgs>),
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Write the manual pages.
    Man {
        /// The folder to write them to.
        #[arg(long, default_value = "man")]
        out: PathBuf,
    },
}

/// Writes a manual page for the program and each of its commands.
pub(crate) fn write_manual(out: &Path) -> Result<u8, Failure> {
    std::fs::create_dir_all(out)
        .and_then(|()| clap_mangen::generate_to(Cli::command(), out))
        .map_err(|error| {
            let message = format!("write of the manual pages to {} failed: {error}", out.display());
            Failure::new(1, message)
        })?;
    Ok(0)
}

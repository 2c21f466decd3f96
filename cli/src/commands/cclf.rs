//! `bcda cclf`: CMS's fixed-width files.

mod current;
mod delivery;
mod read;
mod run_args;
mod write;

use clap::Subcommand;

pub(crate) use delivery::{DeliveryArgs, summary as delivery_summary};

use crate::failure::Failure;
use crate::log::Log;

/// What is done with CMS's files.
#[derive(Debug, Subcommand)]
pub(crate) enum CclfCommand {
    /// Make CMS's fixed-width files from tables.
    Write(Box<write::WriteArgs>),
    /// Read CMS's fixed-width files into tables.
    Read(Box<read::ReadArgs>),
    /// Make final claims of CMS's history of originals, cancellations and adjustments.
    Current(Box<current::CurrentArgs>),
}

pub(crate) fn run(command: &CclfCommand, log: Log) -> Result<u8, Failure> {
    match command {
        CclfCommand::Write(arguments) => write::run(arguments, log),
        CclfCommand::Read(arguments) => read::run(arguments, log),
        CclfCommand::Current(arguments) => current::run(arguments, log),
    }
}

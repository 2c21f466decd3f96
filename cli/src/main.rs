//! `bcda`: BCDA bulk FHIR exports to CCLF tables, on the command line.
//!
//! Glue only: arguments, progress, messages and exit codes. Everything that it does stands in a library.
// The one crate that talks to people and ends the process.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit, reason = "this is the program")]

mod args;
mod commands;
mod connection;
mod export_progress;
mod export_summary;
mod failure;
mod log;
mod named_record;
mod place;
mod progress;
mod reading_args;
mod run;
mod run_files;
mod show;
mod signals;
mod streams;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::args::{Cli, Command};
use crate::failure::Failure;

/// A panic's message may quote data: only where it happened is told.
fn tell_panics_without_data() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |at| format!(" at {at}"));
        // A second panic, because nobody reads standard error, would abort.
        log::say(&format!(
            "error: internal fault{place}; please report it with the output of --report"
        ));
    }));
}

fn main() -> ExitCode {
    tell_panics_without_data();
    signals::let_writes_beyond_the_limit_fail();
    signals::let_the_end_of_memory_be_a_failure();
    // Unwinding removes what was not published; the hook has said where it happened.
    std::panic::catch_unwind(run).unwrap_or(ExitCode::FAILURE)
}

fn run() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => {
            let log = log::Log::new(cli.log_format, cli.quiet);
            told(command(&cli, log), log)
        }
        Err(wrong) if wrong.use_stderr() => wrong.exit(),
        // The help, or the version.
        Err(text) => {
            let log = log::Log::new(log::LogFormat::Text, false);
            told(streams::write(|_| text.print()), log)
        }
    }
}

fn command(cli: &Cli, log: log::Log) -> Result<u8, Failure> {
    match &cli.command {
        Command::Convert(arguments) => commands::convert::run(arguments, log),
        Command::Update(arguments) => commands::update::run(arguments, log),
        Command::Sync(arguments) => commands::sync::run(arguments, log),
        Command::Cclf(command) => commands::cclf::run(command, log),
        Command::Profile(arguments) => commands::profile::run(arguments, log),
        Command::Report(arguments) => commands::report::run(arguments, log),
        Command::Reconcile(arguments) => commands::reconcile::run(arguments, log),
        Command::Export(arguments) => commands::export::run(arguments, log),
        Command::Jobs(arguments) => commands::jobs::run(arguments, log),
        Command::Metadata(arguments) => commands::metadata::run(arguments, log),
        Command::Doctor(arguments) => commands::doctor::run(arguments, log),
        Command::Decrypt(arguments) => commands::decrypt::run(arguments, log),
        Command::Demo(arguments) => commands::demo::run(arguments, log),
        Command::Validate(arguments) => commands::validate::run(arguments, log),
        Command::Describe(arguments) => commands::describe::run(arguments),
        Command::Synth(arguments) => commands::synth::run(arguments, log),
        Command::Serve(arguments) => commands::serve::run(arguments, log),
        Command::Head(arguments) => commands::head::run(arguments),
        Command::Inspect(arguments) => commands::inspect::run(arguments),
        Command::History(arguments) => commands::history::run(arguments, log),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "bcda", &mut script);
            streams::print(&String::from_utf8_lossy(&script))
        }
        Command::Man { out } => args::write_manual(out),
    }
}

/// The exit code of what was done, after a failure was told.
fn told(done: Result<u8, Failure>, log: log::Log) -> ExitCode {
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            if !failure.message.is_empty() {
                log.error(&failure.message);
            }
            ExitCode::from(failure.code)
        }
    }
}

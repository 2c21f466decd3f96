//! `bcda jobs`.

use bulk_client::{JobState, block_on, check_job_name, shown_url};
use clap::{Args, Subcommand};
use serde_json::json;

use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::log::Log;
use crate::show::grid;
use crate::streams::{self, print};

/// List, look at and cancel the jobs of a bulk server.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcda jobs list --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda
  bcda jobs status 42 --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda --json
  bcda jobs cancel 42 --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda

A job is named by its number or by its URL.")]
pub(crate) struct JobsArgs {
    #[command(subcommand)]
    pub(crate) action: Action,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// List the jobs that the server still knows.
    List(Which),
    /// Show the state of a job, and its files when it is done.
    Status(One),
    /// Cancel a job.
    Cancel(One),
}

#[derive(Debug, Args)]
pub(crate) struct Which {
    #[command(flatten)]
    connection: ConnectionArgs,
    /// Write JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// Number or URL of the job.
    job: String,
    #[command(flatten)]
    which: Which,
}

pub(crate) fn run(arguments: &JobsArgs, log: Log) -> Result<u8, Failure> {
    drop(streams::output()?);
    let which = match &arguments.action {
        Action::List(which) => which,
        Action::Status(one) | Action::Cancel(one) => &one.which,
    };
    let connection = &which.connection;
    let settings = connection.settings()?;
    ConnectionArgs::warn(&settings, log);
    if let Action::Status(one) | Action::Cancel(one) = &arguments.action {
        check_job_name(&one.job)?;
    }
    let server = connection.found(settings)?;
    match &arguments.action {
        Action::List(_) => {
            let jobs = block_on(server.jobs())?;
            if which.json {
                return print(&format!("{}\n", json!(jobs)));
            }
            let mut table = grid(&["job", "status", "start", "end", "request"]);
            for job in jobs {
                table.add_row([job.id, job.status, job.start, job.end, job.request]);
            }
            print(&format!("{table}\n"))
        }
        Action::Status(one) => {
            let state = block_on(server.job_state(&server.job_url(&one.job)?))?;
            print(&if which.json { format!("{}\n", to_json(&state)) } else { told(&state) })
        }
        Action::Cancel(one) => {
            block_on(server.cancel_job(&server.job_url(&one.job)?))?;
            print("the job is cancelled\n")
        }
    }
}

fn told(state: &JobState) -> String {
    match state {
        JobState::Running { words, .. } if words.is_empty() => "in progress\n".to_owned(),
        JobState::Running { words, .. } => format!("{words}\n"),
        JobState::Complete(manifest) => {
            let mut table = grid(&["list", "type", "file"]);
            for (list, entries) in [
                ("output", &manifest.output),
                ("deleted", &manifest.deleted),
                ("error", &manifest.error),
            ] {
                for entry in entries {
                    table.add_row([list, &entry.resource_type, &shown_url(&entry.url)]);
                }
            }
            format!("done, transactionTime {}\n{table}\n", manifest.transaction_time)
        }
        _ => "unknown\n".to_owned(),
    }
}

fn to_json(state: &JobState) -> serde_json::Value {
    match state {
        JobState::Running { percent, words, .. } => {
            json!({"state": "running", "percent": percent, "progress": words})
        }
        JobState::Complete(manifest) => {
            let listed = |entries: &[bulk_client::Entry]| -> Vec<_> {
                let one = |entry: &bulk_client::Entry| json!({"type": entry.resource_type, "url": shown_url(&entry.url)});
                entries.iter().map(one).collect()
            };
            json!({
                "state": "complete",
                "transactionTime": manifest.transaction_time,
                "output": listed(&manifest.output),
                "deleted": listed(&manifest.deleted),
                "error": listed(&manifest.error),
            })
        }
        _ => json!({"state": "unknown"}),
    }
}

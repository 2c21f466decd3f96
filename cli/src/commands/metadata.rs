//! `bcda metadata`.

use std::sync::Arc;

use bulk_client::{Auth, Metadata, Server, block_on};
use clap::Args;

use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::log::Log;
use crate::show::grid;
use crate::streams::{self, print};

/// Show what a bulk server says it can do. No credentials are needed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcda metadata --base-url https://sandbox.bcda.cms.gov
  bcda metadata --base-url https://bulk.example/fhir --json")]
pub(crate) struct MetadataArgs {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// Write the CapabilityStatement itself.
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(arguments: &MetadataArgs, log: Log) -> Result<u8, Failure> {
    drop(streams::output()?);
    let connection = &arguments.connection;
    let (base, settings) = (connection.base(None)?, connection.settings()?);
    ConnectionArgs::warn(&settings, log);
    let server = Server::new(base, Auth::None, settings, None, Arc::new(()))?;
    let statement = block_on(server.metadata())?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&statement);
        let text = text.map_err(|_| Failure::new(1, "the statement cannot be written as JSON"))?;
        return print(&format!("{text}\n"));
    }
    let short = Metadata::of(&statement);
    let mut table = grid(&["what", "says the server"]);
    for (name, text) in [
        ("software", format!("{} {}", short.software_name, short.software_version)),
        ("released", short.software_release_date),
        ("FHIR", short.fhir_version),
        ("status", short.status),
        ("publisher", short.publisher),
        ("at", short.url),
        ("tokens at", short.token_url),
        ("operations", short.operations.join("\n")),
        ("formats", short.formats.join("\n")),
    ] {
        if !text.trim().is_empty() {
            table.add_row([name, text.trim()]);
        }
    }
    print(&format!("{table}\n"))
}

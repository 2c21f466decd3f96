//! `bcda metadata`.

use std::sync::Arc;

use bulk_client::{Metadata, Observer, Parameters, api_of, block_on, stated};
use clap::Args;

use crate::connection::ConnectionArgs;
use crate::failure::{Failure, option_of};
use crate::log::Log;
use crate::show::grid;
use crate::streams::{self, print};

/// Show what a bulk server says it can do, and which options say its parameters. No credentials are needed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcda metadata --base-url https://sandbox.bcda.cms.gov
  bcda metadata --base-url https://sandbox.bcda.cms.gov --api v1
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
    let settings = connection.settings()?;
    ConnectionArgs::warn(&settings, log);
    let observer: Arc<dyn Observer> = Arc::new(());
    let (base, statement) = block_on(stated(&connection.address()?, &settings, &observer))?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&statement);
        let text = text.map_err(|_| Failure::new(1, "the statement cannot be written as JSON"))?;
        return print(&format!("{text}\n"));
    }
    let short = Metadata::of(&statement);
    let mut table = grid(&["what", "says the server"]);
    for (name, text) in [
        ("API", api_of(&base).unwrap_or_default().to_owned()),
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
    if short.parameters.is_empty() {
        return print(&format!("{table}\n"));
    }
    let mut parameters = grid(&["parameters of", "name", "options of bcda export"]);
    for those in &short.parameters {
        for name in &those.names {
            parameters.add_row([place(those), name.clone(), options(those, name)]);
        }
    }
    print(&format!("{table}\n{parameters}\n"))
}

/// Where parameters belong: to a kick-off, or into a filter.
fn place(those: &Parameters) -> String {
    match (those.of.as_str(), those.is_endpoint) {
        ("", true) => "$export".to_owned(),
        ("", false) => "every type, in a filter".to_owned(),
        (name, true) => format!("{name}/$export"),
        (name, false) => format!("{name}, in a filter"),
    }
}

fn options(those: &Parameters, name: &str) -> String {
    let options = those.options(name).into_iter().map(option_of);
    options.collect::<Vec<_>>().join(", ")
}

//! `bcda doctor`: what a first day fails on. Starts no job and changes nothing.

mod cause;
mod exports;
mod finding;
mod found;
mod identity;
mod permissions;
mod proxies;
mod service;
mod settings;
mod space;
mod tables;

use std::path::PathBuf;

use bulk_client::block_on;
use clap::Args;

use self::finding::Findings;
use self::found::Found;
use crate::connection::{ConnectionArgs, what_to_do_then};
use crate::failure::Failure;
use crate::log::Log;
use crate::place::is_address;
use crate::streams::{self, print};

/// Look at what a first day fails on, and say in a sentence each what to do.
///
/// Looks at the service: base URL and version, DNS, proxies, certificate and clock, credentials, a token, the group. And at a
/// folder: free space, permissions, exports that are not finished, tables of another crosswalk. Starts no job and changes
/// nothing. What it prints names no secret and nobody, and may be pasted into a ticket; --log-format json gives one JSON
/// object for each check.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcda doctor --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda
  bcda doctor --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda --group runout exports
  bcda doctor weekly

Exit codes: 0 no check has failed; 1 one has; 2 usage.")]
pub(crate) struct DoctorArgs {
    /// An export, tables, a folder of them, or a folder with the folders exports and tables; without it only the service is
    /// looked at.
    #[arg(value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// The group whose data will be asked for; BCDA has all and runout.
    #[arg(long, value_name = "ID", default_value = "all")]
    pub(crate) group: String,
}

pub(crate) fn run(arguments: &DoctorArgs, log: Log) -> Result<u8, Failure> {
    drop(streams::output()?);
    let folder = arguments.folder.as_deref();
    if folder.is_none() && arguments.connection.base_url.is_none() {
        let message = "what is to be looked at? give --base-url, e.g. https://sandbox.bcda.cms.gov, a folder, or both";
        return Err(Failure::new(2, message));
    }
    if folder.is_some_and(is_address) {
        return Err(Failure::new(
            2,
            "DIR is a folder of this machine; object storage is not looked at",
        ));
    }
    let mut findings = Findings::default();
    let mut api = None;
    if arguments.connection.base_url.is_some() {
        api = block_on(async {
            Ok(service::look(&arguments.connection, &arguments.group, &mut findings).await)
        })?;
    }
    if let Some(folder) = folder {
        let found = Found::below(folder);
        space::look(&found, &mut findings);
        permissions::look(&found, &mut findings);
        exports::look(&found, &mut findings);
        tables::look(&found, &mut findings);
        // What is asked for comes before what there is.
        api = api.or_else(|| found.api());
    }
    if let Some(api) = api
        && let Some(ends) = bulk_client::end_of_version(&api)
    {
        findings.warning("end", &ends, what_to_do_then(&api));
    }
    let home = std::env::home_dir();
    print(&if log.is_json() {
        findings.json(home.as_deref())
    } else {
        findings.text(home.as_deref())
    })?;
    Ok(u8::from(findings.any_failed()))
}

//! The options of `bcda sync`.

use std::path::PathBuf;

use clap::Args;

use crate::connection::ConnectionArgs;

/// Keep the tables of a folder current: the one line for a schedule.
///
/// The first run fetches everything of each group and makes tables of it; each later one fetches what has changed since, and
/// all people anew, and brings the tables up to date. Its options go into DIR/bcda.toml, so that later runs need no others
/// than DIR. Ended at any moment, the same command goes on from there.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcda sync claims --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda --group all,runout
  bcda sync claims
  bcda sync claims --report report.json

Exit codes: 0 done, also where nothing has changed; 1 this machine failed; 2 usage; 3 done, but records were rejected or not
delivered; 4 stopped on bad data; 5 server or network; 130 and 143 interrupted. After all of them but 2 and 4 the same
command goes on.")]
pub(crate) struct SyncArgs {
    /// The folder, with tables, exports and settings in it; the one around it must exist.
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Whose data: the ids of groups, joined by commas; BCDA has all and runout. all unless given.
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    pub(crate) group: Vec<String>,
    /// Claims of v3, too, that are not adjudicated to the end; they have rows that are not final.
    #[arg(long)]
    pub(crate) partially_adjudicated: bool,
    /// The exports of how many runs stay, of each group; all of them unless given. What the next run needs stays in any
    /// case.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) keep_exports: Option<u32>,
    /// Take out of the tables who is in none of the groups any more, with all that is theirs. Unless given they stay, and
    /// are counted.
    #[arg(long)]
    pub(crate) drop_gone: bool,
    /// Write what the run did as JSON to this file, too; DIR/sync-report.json has it in any case. Safe to share.
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

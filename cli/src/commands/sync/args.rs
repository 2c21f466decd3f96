//! The options of `bcda sync`.

use std::path::PathBuf;

use bulk_client::{Identity, Settings};
use clap::{Args, ValueEnum};
use sync::Value;

use crate::connection::ConnectionArgs;
use crate::failure::Failure;
use crate::run_files::RunFiles;

/// Limits that an option has which nobody has given.
const USUAL_LIMITS: [(&str, u64); 4] =
    [("rate", 3_000), ("timeout", 60), ("attempts", 6), ("parallel", 4)];

/// Keep the tables of a folder current: the one line for a schedule.
///
/// The first run fetches everything of each group and makes tables of it; each later one fetches what has changed since, and
/// all people anew, and brings the tables up to date. Its options go into DIR/bcda.toml, so that later runs need no others
/// than DIR. Ended at any moment, the same command goes on from there. With --api v3 a folder of v1 or v2 is moved to v3: new
/// tables are made beside the old ones, the two are reconciled, and then exchanged.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcda sync claims --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda --group all,runout
  bcda sync claims
  bcda sync claims --report report.json
  bcda sync claims --api v3

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
    /// Remove what the way over to another version of the API has left of the one before: its tables, changes and exports.
    #[arg(long)]
    pub(crate) drop_old: bool,
    /// Files that are downloaded at the same time.
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=i64::from(Settings::MOST_PARALLEL)))]
    pub(crate) parallel: u8,
    /// Add what happens to the exports to this file, in the items of the SMART bulk data client's log.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Add each answer of the server that is an error to this file, whole: messages show only its codes, since its
    /// text may name people. A new file is readable by you only, and one that others can read is refused.
    #[arg(long, value_name = "FILE")]
    pub(crate) error_bodies: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) files: RunFiles,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// The options that were given, by the keys of the settings.
pub(super) fn given(arguments: &SyncArgs) -> Result<Vec<(&'static str, Value)>, Failure> {
    let connection = &arguments.connection;
    let mut given = Vec::new();
    let texts = [
        ("base-url", &connection.base_url),
        ("api", &connection.api),
        ("client-id", &connection.client_id),
        ("key-id", &connection.key_id),
        ("token-url", &connection.token_url),
    ];
    let texts = texts.into_iter().filter_map(|(key, text)| Some((key, text.clone()?)));
    given.extend(texts.map(|(key, text)| (key, Value::Text(text))));
    if connection.scope != Identity::USUAL_SCOPE {
        given.push(("scope", Value::Text(connection.scope.clone())));
    }
    if let Some(auth) = connection.auth.and_then(|kind| kind.to_possible_value()) {
        given.push(("auth", Value::Text(auth.get_name().to_owned())));
    }
    for (key, path) in [
        ("credentials", &connection.credentials),
        ("token", &connection.token),
        ("signing-key", &connection.signing_key),
    ] {
        if let Some(path) = path {
            let message = format!("--{key}: the path is not UTF-8");
            given.push((key, Value::path(path).ok_or_else(|| Failure::new(2, message))?));
        }
    }
    for (key, list) in [("group", &arguments.group), ("allow-origin", &connection.allow_origin)] {
        if !list.is_empty() {
            given.push((key, Value::Texts(list.clone())));
        }
    }
    let limits = [
        connection.rate.into(),
        connection.timeout,
        connection.attempts.into(),
        arguments.parallel.into(),
    ];
    for ((key, usual), limit) in USUAL_LIMITS.into_iter().zip(limits) {
        if limit != usual {
            given.push((key, Value::Count(limit)));
        }
    }
    given.extend(arguments.keep_exports.map(|own| ("keep-exports", Value::Count(own.into()))));
    for (key, flag) in [
        ("partially-adjudicated", arguments.partially_adjudicated),
        ("drop-gone", arguments.drop_gone),
        ("insecure-http", connection.insecure_http),
        ("no-token-cache", connection.no_token_cache),
    ] {
        if flag {
            given.push((key, Value::Flag(true)));
        }
    }
    Ok(given)
}

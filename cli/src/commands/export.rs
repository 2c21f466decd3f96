//! `bcda export`. The tables that it may make besides are in [`tables`].

mod tables;

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bulk_client::{
    AuthKind, Begin, CancellationToken, ClaimsWanted, Decided, Decryption, ErrorBodies, ErrorKind,
    Export, Journal, Metadata, NdjsonLog, Observer, SecretPlace, Server, Settings, Wanted,
    block_on, shown_url, unless_cancelled,
};
use clap::{Args, ValueEnum};

use self::tables::Tables;
use crate::connection::{ConnectionArgs, VARIABLES, what_to_do_then};
use crate::export_progress::Shown;
use crate::export_summary::summary;
use crate::failure::{Failure, spelled};
use crate::log::Log;
use crate::signals::{self, Caught};
use crate::streams::print;

/// The log's line about the server waits so long for what the server says of itself.
const METADATA_TIME: Duration = Duration::from_secs(10);
/// An interrupted run waits so long for the server to cancel the job.
const CANCEL_TIME: Duration = Duration::from_millis(1500);
/// SIGINT: somebody is there who can be asked.
const EXIT_INTERRUPT: u8 = 130;

/// What becomes of the job on the server when the run is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnInterrupt {
    /// It goes on; the next run fetches its files.
    Keep,
    /// It is cancelled.
    Cancel,
}

/// Fetch an export from BCDA, or from another FHIR bulk server.
///
/// Asks the server for a job, waits for it, downloads its files several at a time and checks them. The folder gets
/// one file for each of the server's (Patient-0001.ndjson.gz), and a journal, bcda-export.json. Interrupted at any
/// point, the same command goes on from there and fetches only what is missing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcda export --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda --out exports/first
  bcda export --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda --out exports/$(date +%F) --since last \\
      --convert tables/$(date +%F)
  bcda export --resume --credentials ~/.bcda --out exports/first
  bcda export --base-url https://sandbox.bcda.cms.gov --credentials ~/.bcda --out exports/new --api v3 \\
      --service-date gt2026-01-14 --outcome complete --dry-run

Exit codes: 0 done, or nothing to do; 1 this machine failed; 2 usage; 3 done, but not with all that was asked for or
announced, as the summary says; 5 server or network; 130 and 143 interrupted; with --convert also 4, stopped on bad
data. After 1, 130 and 143 the same command goes on, and after 5 where the message says so.")]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
    /// Folder of the files; the one around it must exist.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// FHIR types, e.g. ExplanationOfBenefit,Patient; all unless named.
    #[arg(long = "type", value_delimiter = ',', value_name = "TYPES")]
    pub(crate) types: Vec<String>,
    /// Only what changed since this instant, e.g. 2024-01-31T00:00:00Z; last: since the newest finished export
    /// of the same data in OUT's folder, in its version, group and filter.
    #[arg(long, value_name = "INSTANT|last")]
    pub(crate) since: Option<String>,
    /// Which records of a type, as the server takes it, not encoded: ExplanationOfBenefit?NAME=VALUE&NAME=VALUE.
    #[arg(long, value_name = "FILTER", help_heading = "Claims of v3")]
    pub(crate) type_filter: Option<String>,
    /// Claims, too, that are not adjudicated to the end (tags SharedSystem, NationalClaimsHistory and DDPS); with
    /// --convert they have rows, which are not final.
    #[arg(long, help_heading = "Claims of v3")]
    pub(crate) partially_adjudicated: bool,
    /// Claims of services on these days: a date with eq, gt, lt, ge or le before it, e.g. gt2026-01-14; several by
    /// commas.
    #[arg(long, value_name = "DATE", help_heading = "Claims of v3")]
    pub(crate) service_date: Option<String>,
    /// Claims of this outcome: complete or partial; partial ones come with --partially-adjudicated alone.
    #[arg(long, value_name = "OUTCOME", help_heading = "Claims of v3")]
    pub(crate) outcome: Option<String>,
    /// Another parameter of the kick-off; repeatable.
    #[arg(long = "param", value_name = "NAME=VALUE")]
    pub(crate) parameters: Vec<String>,
    /// Whose data: the group of this id; BCDA has all and runout. all, unless an export of another is continued.
    #[arg(long, value_name = "ID")]
    pub(crate) group: Option<String>,
    /// Another endpoint in place of the group: Patient, a type as BCDA had in 2019 (ExplanationOfBenefit, Coverage),
    /// or system.
    #[arg(long, conflicts_with = "group", value_name = "NAME")]
    pub(crate) endpoint: Option<String>,
    /// Go on with the export in OUT, whatever the other options ask for; another version, group or filter is refused.
    #[arg(long)]
    pub(crate) resume: bool,
    /// Start a new job, and remove what an export that is unfinished, or lost a file, left in OUT.
    #[arg(long, conflicts_with = "resume")]
    pub(crate) restart: bool,
    /// Say what would be done, with the call that starts the job, and do nothing. The server is asked what it offers.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Files that are downloaded at the same time.
    #[arg(long, default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=i64::from(Settings::MOST_PARALLEL)))]
    pub(crate) parallel: u8,
    /// What becomes of the job when the run is interrupted; on a terminal you are asked.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) on_interrupt: Option<OnInterrupt>,
    /// Add what happens to this file, in the items of the SMART bulk data client's log.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
    /// Add each answer of the server that is an error to this file, whole: messages show only its codes, since its
    /// text may name people. A new file is readable by you only, and one that others can read is refused.
    #[arg(long, value_name = "FILE")]
    pub(crate) error_bodies: Option<PathBuf>,
    /// Private key (PEM) for exports of 2018 to 2020, whose files are encrypted; without it they are kept encrypted.
    #[arg(long, value_name = "FILE")]
    pub(crate) decrypt_key: Option<PathBuf>,
    /// Largest encrypted file, in bytes: memory holds it whole.
    #[arg(long, default_value_t = Decryption::MAX_BYTES, value_name = "BYTES")]
    pub(crate) max_decrypt_bytes: u64,
    /// Then convert the export to CCLF tables in this folder. With --since, the Patients and Coverages of the earlier
    /// exports of the same data in OUT's folder are joined: CCLF8 and CCLF9 hold all of them.
    #[arg(long, value_name = "TABLES_DIR")]
    pub(crate) convert: Option<PathBuf>,
    /// Files, folders or addresses whose Patients and Coverages are joined too.
    #[arg(long, value_name = "PATH", requires = "convert")]
    pub(crate) patients: Vec<String>,
}

pub(crate) fn run(arguments: &ExportArgs, log: Log) -> Result<u8, Failure> {
    let tables = arguments.convert.as_deref().map(|place| Tables {
        place,
        export: &arguments.out,
        people: &arguments.patients,
        partially_adjudicated: arguments.partially_adjudicated,
    });
    if let Some(tables) = &tables {
        tables.check(arguments.restart)?;
    }
    let earlier = bulk_client::unfinished(&arguments.out)?;
    let wanted = wanted(arguments)?;
    let address = wanted.address()?;
    let mut settings = arguments.connection.settings()?;
    settings.parallel = arguments.parallel.into();
    settings.error_bodies = match &arguments.error_bodies {
        Some(file) if !arguments.dry_run => Some(Arc::new(ErrorBodies::open(file)?)),
        _ => None,
    };
    ConnectionArgs::warn(&settings, log);
    let key = arguments.decrypt_key.as_deref().map(SecretPlace::named);
    let key = key.map(|place| place.private_key()).transpose()?.map(Arc::new);
    let decryption = key.map(|key| Decryption { key, max_bytes: arguments.max_decrypt_bytes });

    let shown = Arc::new(Shown::new(log));
    let mut observers: Vec<Arc<dyn Observer>> = vec![Arc::clone(&shown) as _];
    let file_log = match &arguments.log {
        Some(file) if !arguments.dry_run => Some(Arc::new(NdjsonLog::open(file, spelled)?)),
        _ => None,
    };
    observers.extend(file_log.iter().map(|log| Arc::clone(log) as Arc<dyn Observer>));
    let observer: Arc<dyn Observer> = Arc::new(observers);
    let auth = arguments.connection.auth(&address.base("v1"))?;
    let cancel = CancellationToken::new();
    let asked_to_end = cancel.clone();
    let caught = signals::listen_with(move || asked_to_end.cancel())
        .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;

    let deciding = wanted.decide(&settings, &observer);
    let decided = block_on(unless_cancelled(&cancel, deciding))
        .map_err(|error| not_started(error, &caught))?;
    let tables = tables.map(|tables| {
        // A filter that is kept from an earlier export is meant to be converted as it was.
        let kept = arguments.type_filter.is_none() && decided.asks_for_partially_adjudicated();
        Tables { partially_adjudicated: tables.partially_adjudicated || kept, ..tables }
    });
    let Decided { export, base, told, statement } = decided;
    let server = arguments.connection.server(base, auth, settings, observer)?.knowing(statement);
    let export = Export { decryption, ..export };
    export.check(&server)?;
    let api = bulk_client::api_of(server.base()).unwrap_or_default();
    if let Some(ends) = bulk_client::end_of_version(api) {
        log.warning(&format!("{ends}: {}", what_to_do_then(api)));
    }
    let told = told.map(|told| told.spelled(spelled));
    if arguments.dry_run {
        let checking = export.check_offer(&server);
        block_on(unless_cancelled(&cancel, checking))
            .map_err(|error| not_started(error, &caught))?;
        return print(&plan(arguments, &export, &server, told)?);
    }
    if let Some(told) = told {
        log.info(&told);
    }
    let ran = block_on(async {
        if let Some(log) = file_log.as_ref().filter(|_| earlier.is_none()) {
            let asked = bulk_client::within(METADATA_TIME, server.metadata());
            if let Some(Ok(statement)) = cancel.run_until_cancelled(asked).await {
                log.set_software(Metadata::of(&statement));
            }
        }
        export.run(&server, &cancel).await
    });
    shown.clear();
    let report = match ran {
        Ok(report) => report,
        Err(error) if error.kind() == ErrorKind::Interrupted => {
            return Err(interrupted(arguments, &server, &caught, log));
        }
        Err(error) => return Err(error.into()),
    };
    if log.is_json() {
        log.json(&report.to_json(spelled));
    } else {
        log.info(&summary(&report, &arguments.out));
    }
    let code = report.exit_code();
    match tables {
        Some(tables) => Ok(tables.make(&report, log)?.max(code)),
        None => Ok(code),
    }
}

/// What is asked for.
fn wanted(arguments: &ExportArgs) -> Result<Wanted, Failure> {
    Ok(Wanted {
        base_url: arguments.connection.base_url.clone(),
        api: arguments.connection.api.clone(),
        endpoint: arguments.endpoint.clone(),
        group: arguments.group.clone(),
        types: arguments.types.clone(),
        since: arguments.since.clone(),
        claims: ClaimsWanted {
            type_filter: arguments.type_filter.clone(),
            partially_adjudicated: arguments.partially_adjudicated,
            service_date: arguments.service_date.clone(),
            outcome: arguments.outcome.clone(),
        },
        parameters: arguments.parameters.clone(),
        out: arguments.out.clone(),
        begin: Begin::of(arguments.resume, arguments.restart)?,
    })
}

/// What would be done.
fn plan(
    arguments: &ExportArgs,
    export: &Export,
    server: &Server,
    told: Option<String>,
) -> Result<String, Failure> {
    let mut lines = vec![format!("server     {}", server.base())];
    lines.extend(told.map(|told| format!("version    {told}")));
    let identity = arguments.connection.identity();
    let kind = identity.kind(VARIABLES)?;
    lines.push(match (kind, identity.token_url()?) {
        (AuthKind::Basic, given) => {
            let url = given.unwrap_or_else(|| bulk_client::bcda_token_url(server.base()));
            format!("token      POST {url} with client id and secret")
        }
        (AuthKind::Backend, Some(url)) => format!("token      POST {url} with a signed statement"),
        (AuthKind::Backend, None) => {
            "token      POST where the server's .well-known/smart-configuration says, with a signed statement".to_owned()
        }
        (AuthKind::Bearer, _) => "token      the one given".to_owned(),
        (AuthKind::None, _) => "token      none".to_owned(),
    });
    let journal = Journal::read(&arguments.out)?;
    let job = journal.as_ref().and_then(Journal::job_url).filter(|_| !arguments.restart);
    if let Some(job) = job {
        let files = journal.map(|journal| journal.files).unwrap_or_default();
        let there = files.iter().filter(|file| file.blake3.is_some()).count();
        lines.push(format!("go on      {}", shown_url(&job)));
        lines.push(format!("files      {there} of {} are there", files.len()));
    } else {
        lines.push(format!("kick-off   GET {}", export.request.url(server.base())));
        let headers = server.kickoff_headers().into_iter();
        let mut headers: Vec<String> =
            headers.map(|(name, value)| format!("{name}: {value}")).collect();
        if kind != AuthKind::None {
            headers.push("authorization: Bearer (the token)".to_owned());
        }
        lines.push(format!("with       {}", headers.join(", ")));
    }
    let settings = arguments.connection.settings()?;
    lines.push(format!("files to   {}", arguments.out.display()));
    lines.push(format!(
        "at most    {} downloads at once, {} requests in 5 minutes",
        arguments.parallel, settings.requests
    ));
    if let Some(tables) = &arguments.convert {
        lines.push(format!("tables to  {}", tables.display()));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// What failed before there was a job.
fn not_started(error: bulk_client::Error, caught: &Caught) -> Failure {
    if error.kind() != ErrorKind::Interrupted {
        return error.into();
    }
    let code = caught.exit_code().unwrap_or(EXIT_INTERRUPT);
    Failure::new(code, "interrupted before a job was started")
}

/// What becomes of the job, and how to go on.
fn interrupted(arguments: &ExportArgs, server: &Server, caught: &Caught, log: Log) -> Failure {
    let code = caught.exit_code().unwrap_or(EXIT_INTERRUPT);
    let job = Journal::read(&arguments.out).ok().flatten().and_then(|journal| journal.job_url());
    let Some(job) = job else {
        return Failure::new(code, "interrupted before a job was started");
    };
    let cancels = arguments.on_interrupt.map_or_else(
        || code == EXIT_INTERRUPT && wants_to_cancel(),
        |choice| choice == OnInterrupt::Cancel,
    );
    if cancels {
        match block_on(bulk_client::within(CANCEL_TIME, server.cancel_job(&job))) {
            Ok(()) => {
                return Failure::new(code, "interrupted; the job was cancelled on the server");
            }
            Err(error) => {
                let error = error.spelled(spelled);
                log.warning(&format!("the job could not be cancelled: {error}"));
            }
        }
    }
    Failure::new(
        code,
        format!(
            "interrupted; the job goes on at {}, and the same command fetches what is missing \
             (bcda jobs cancel ends it)",
            shown_url(&job)
        ),
    )
}

/// Asks the person at the terminal, if there is one.
fn wants_to_cancel() -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    let _ = write!(std::io::stderr(), "\nCancel the job on the server too? [y/N] ");
    let mut answer = String::new();
    let _ = std::io::stdin().lock().read_line(&mut answer);
    answer.trim().eq_ignore_ascii_case("y")
}

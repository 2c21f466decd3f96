//! `bcda serve`.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use clap::Args;
use sandbox::{Api, Credentials, Data, Fault, Options, PublicKey, Running, Sandbox};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::failure::Failure;
use crate::log::Log;
use crate::streams::print;
use crate::words::api;

/// How often the program looks whether a signal came.
const TICK: Duration = Duration::from_millis(50);

/// Serve the API of the BCDA guides on this machine.
///
/// It behaves as the service: token, metadata, export, jobs, files. A page at the address shows the endpoints with
/// curl commands, starts jobs, and shows how they go, their files and first lines. Ctrl-C ends it; nothing stays behind.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 1 failed; 2 usage, or the port is taken; 130 and 143 ended by Ctrl-C or SIGTERM."
)]
pub(crate) struct ServeArgs {
    /// Serve the *.ndjson and *.jsonl files of this folder, plain, .gz or .zst.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["beneficiaries", "seed", "weeks"])]
    data: Option<PathBuf>,
    /// Let the page show the first lines of that folder's files too. They may be of real people: without this it shows
    /// first lines of synthetic data alone.
    #[arg(long, requires = "data")]
    show_data: bool,
    /// Versions of the API, joined by commas. All of them unless given; with --data those that the records are of.
    #[arg(long, value_delimiter = ',', value_parser = api(), value_name = "VERSIONS")]
    api: Vec<Api>,
    /// Serve so many synthetic beneficiaries, the same in each version; each has about 570 kB in v1, 750 in v2, 890 in v3.
    #[arg(long, default_value_t = 10, value_name = "N")]
    beneficiaries: u64,
    /// Another seed makes other beneficiaries.
    #[arg(long, default_value_t = 1, value_name = "S")]
    seed: u64,
    /// Let so many weeks pass, 1 to 520: an export since the transactionTime of the one before has what changed in the
    /// next week, as `bcda synth --weeks` makes it; one without `_since` has what is there in the week that has come.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(synth::MAX_WEEKS)))]
    weeks: Option<u32>,
    /// Port on 127.0.0.1; 0 takes any that is free.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// What shall go wrong, e.g. drop-connection=2 or server-error=3@status; can be given several times. "list"
    /// prints all of them.
    #[arg(long = "fault", value_name = "FAULT", value_parser = parse_fault)]
    faults: Vec<Wanted>,
    /// Encrypt the files for the holder of this RSA key, as BCDA did until February 2020.
    #[arg(long, value_name = "PUBLIC.pem")]
    encrypt_with: Option<PathBuf>,
    /// How long a token is good.
    #[arg(long, default_value_t = 1200, value_name = "SECONDS")]
    token_seconds: u32,
    /// How long a job takes at least.
    #[arg(long, default_value_t = 3, value_name = "SECONDS")]
    job_seconds: u32,
}

/// A fault, or the wish to see them all.
#[derive(Debug, Clone, Copy)]
enum Wanted {
    List,
    Fault(Fault),
}

fn parse_fault(text: &str) -> Result<Wanted, String> {
    if text == "list" {
        return Ok(Wanted::List);
    }
    text.parse().map(Wanted::Fault).map_err(|fault: sandbox::FaultError| fault.to_string())
}

pub(crate) fn run(arguments: &ServeArgs, log: Log) -> Result<u8, Failure> {
    if arguments.faults.iter().any(|wanted| matches!(wanted, Wanted::List)) {
        return print(&format!("{}\n", Fault::list().join("\n")));
    }
    let options = options(arguments)?;
    let caught = Arc::new(AtomicUsize::new(0));
    // Before the sandbox has threads and files, so that no signal is missed.
    listen(&options.give_up, &caught)
        .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;
    let (ended, exit_code) = (Arc::clone(&options.give_up), || {
        u8::try_from(128 + caught.load(Ordering::SeqCst)).unwrap_or(1)
    });
    let running = Sandbox::start(options).map_err(|error| {
        if ended.load(Ordering::SeqCst) {
            return Failure::new(exit_code(), "interrupted");
        }
        Failure::new(if error.is_usage() { 2 } else { 1 }, told(&error))
    })?;
    log.info(&greeting(&running, arguments));
    let mut told = Vec::new();
    while !ended.load(Ordering::SeqCst) {
        std::thread::sleep(TICK);
        warn_of_broken_lines(&running, &mut told, log);
    }
    running.stop();
    log.info("ended");
    Ok(exit_code())
}

/// Tells once of each file whose lines a job could not read.
fn warn_of_broken_lines(running: &Running, told: &mut Vec<(String, u64)>, log: Log) {
    for (name, lines) in running.broken_lines() {
        if !told.contains(&(name.clone(), lines)) {
            log.warning(&format!(
                "{name}: {lines} lines are no FHIR records; they are served as they are"
            ));
            told.push((name, lines));
        }
    }
}

/// The first signal sets both, the second ends the process.
fn listen(ended: &Arc<AtomicBool>, caught: &Arc<AtomicUsize>) -> std::io::Result<()> {
    for signal in [SIGINT, SIGTERM] {
        flag::register_conditional_shutdown(signal, 128 + signal, Arc::clone(ended))?;
        let number = usize::try_from(signal).unwrap_or(0);
        flag::register_usize(signal, Arc::clone(caught), number)?;
        flag::register(signal, Arc::clone(ended))?;
    }
    Ok(())
}

/// A port that is taken has a remedy.
fn told(error: &sandbox::Error) -> String {
    match error {
        sandbox::Error::Listen { source, .. } if source.kind() == std::io::ErrorKind::AddrInUse => {
            format!("{error}; --port 0 takes a free one")
        }
        _ => error.to_string(),
    }
}

fn options(arguments: &ServeArgs) -> Result<Options, Failure> {
    let data = match &arguments.data {
        Some(folder) => Data::Folder(folder.clone()),
        None => Data::Synthetic {
            beneficiaries: arguments.beneficiaries,
            seed: arguments.seed,
            weeks: arguments.weeks,
        },
    };
    let mut options = Options::new(data);
    options.versions.clone_from(&arguments.api);
    options.address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.port));
    options.token_life = Duration::from_secs(arguments.token_seconds.into());
    options.job_time = Duration::from_secs(arguments.job_seconds.into());
    options.encrypt_with = arguments.encrypt_with.as_deref().map(public_key).transpose()?;
    options.show_data = arguments.show_data;
    options.faults = arguments
        .faults
        .iter()
        .filter_map(|wanted| match wanted {
            Wanted::Fault(fault) => Some(*fault),
            Wanted::List => None,
        })
        .collect();
    Ok(options)
}

fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    let text = std::fs::read(path)
        .map_err(|error| Failure::new(2, format!("cannot read {}: {error}", path.display())))?;
    PublicKey::from_pem(&text)
        .map_err(|error| Failure::new(2, format!("{}: {error}", path.display())))
}

/// Where it is, who may come in, and a first command.
fn greeting(running: &Running, arguments: &ServeArgs) -> String {
    let url = running.url();
    let Credentials { id, secret } =
        running.credentials().cloned().unwrap_or_else(Credentials::published);
    let mut text = match &arguments.data {
        Some(folder) => format!("serving {} at {url}\n", folder.display()),
        None => format!("serving {} synthetic beneficiaries at {url}\n", arguments.beneficiaries),
    };
    let versions: Vec<&str> = running.versions().map(Api::name).collect();
    let _ = writeln!(text, "versions       {}", versions.join(", "));
    if let Some(weeks) = arguments.weeks {
        let _ = writeln!(
            text,
            "weeks          {weeks}; it is week 1, and each export since the one before moves on to the next"
        );
    }
    for wanted in &arguments.faults {
        if let Wanted::Fault(fault) = wanted {
            let _ = writeln!(text, "fault          {fault}");
        }
    }
    let _ = write!(
        text,
        "client id      {id}\n\
         client secret  {secret}\n\
         (printed for everybody in the BCDA guides; they open nothing but sandboxes)\n\n\
         Open {url}/ in a browser, or begin with\n\n    \
         curl -X POST {url}/auth/token --user {id}:{secret} -H 'Accept: application/json'\n\n\
         Ctrl-C ends it."
    );
    text
}

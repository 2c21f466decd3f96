//! `bcda demo`: the whole path on one machine, with data of nobody. What it shows at the end is in [`screen`].

mod screen;

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use bulk_client::{
    Auth, Begin, CancellationToken, Credentials, ErrorKind, Export, ExportRequest, Level, Server,
    Settings, block_on,
};
use clap::Args;
use profile::Profile;
use sandbox::{Data, Sandbox};

use crate::export_progress::Shown;
use crate::failure::Failure;
use crate::log::{Log, one_line};
use crate::run::write_file;
use crate::show::{grouped, wrapped};
use crate::signals;
use crate::streams::{self, print};

/// Characters of a line that a screen shows.
const WIDTH: u16 = 100;

/// Try it: serve a synthetic export on this machine, fetch it, convert it, and show what the tables say, on the screen and on a page.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  bcda demo
  bcda demo --out demo --beneficiaries 50 --open

Everything is made up and stays on this machine.")]
pub(crate) struct DemoArgs {
    /// Folder for the export and the tables; it must be new. Without it a new one among the temporary folders.
    #[arg(long, short, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// Remove the export and the tables at the end.
    #[arg(long, conflicts_with = "out")]
    pub(crate) discard: bool,
    /// How many beneficiaries; each has about 570 kB.
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub(crate) beneficiaries: u64,
    /// Open the page at the end, in the browser.
    #[arg(long, conflicts_with = "discard")]
    pub(crate) open: bool,
}

pub(crate) fn run(arguments: &DemoArgs, log: Log) -> Result<u8, Failure> {
    let started = Instant::now();
    drop(streams::output()?);
    let place = Place::make(arguments)?;
    let (export, tables) = (place.path().join("export"), place.path().join("tables"));
    let failed = |error: sandbox::Error| Failure::new(1, error.to_string());
    let cancel = CancellationToken::new();
    let asked_to_end = cancel.clone();
    let options = convert_options(&export, &tables);
    let conversion = options.reading.cancel.clone();
    let caught = signals::listen_with(move || {
        asked_to_end.cancel();
        conversion.cancel();
    })
    .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;

    log.info(&format!("1. a sandbox serves {} synthetic beneficiaries", arguments.beneficiaries));
    let data = Data::Synthetic { beneficiaries: arguments.beneficiaries, seed: 1, weeks: None };
    let running = Sandbox::start(sandbox::Options::new(data)).map_err(failed)?;
    let url = running.url().trim_end_matches('/').to_owned();
    log.info(&format!("2. bcda export --base-url {url} --out {}", one_line(&export)));
    let shown = Arc::new(Shown::new(log));
    let server = server(&running, &url, Arc::clone(&shown))?;
    let fetch = Export {
        request: ExportRequest::new(Level::Group("all".to_owned())),
        out: export.clone(),
        begin: Begin::Usual,
        decryption: None,
        since_last: false,
    };
    let fetched = block_on(fetch.run(&server, &cancel));
    shown.clear();
    let interrupted = || Failure::new(caught.exit_code().unwrap_or(130), "interrupted");
    let report = fetched.map_err(|error| match error.kind() {
        ErrorKind::Interrupted => interrupted(),
        _ => error.into(),
    })?;
    running.stop();
    log.info(&format!("   {} files, {} bytes", report.files.len(), grouped(report.bytes())));
    log.info(&format!("3. bcda convert {} --out {}", one_line(&export), one_line(&tables)));
    let failed = |error: convert::Error| match error.kind() {
        convert::ErrorKind::Cancelled => interrupted(),
        _ => Failure::new(error.exit_code(), error.to_string()),
    };
    let converted = convert::run(&options).map_err(failed)?;
    let sums = screen::text(&tables).map_err(failed)?;
    let page = place.path().join("report.html");
    log.info(&format!(
        "4. bcda report {} --show-small-cells --out {}",
        one_line(&tables),
        one_line(&page)
    ));
    // Nobody is behind these figures, and with so few people all of them would be hidden.
    let shown = profile::Options { show_small_cells: true, ..profile::Options::default() };
    let found = Profile::of(&tables, &shown, &options.reading.cancel).map_err(failed)?;
    write_file(&page, &report::page(&found))?;
    let rows: Vec<_> = converted
        .tables
        .iter()
        .map(|table| format!("{}: {}", table.table, grouped(table.rows)))
        .collect();
    let rows = wrapped(&format!("rows of {}", rows.join(", ")), Some(WIDTH));
    let next = if place.stays() {
        let (export, tables) = (one_line(&export), one_line(&tables));
        format!(
            "the export is in {export}\nthe tables are in {tables}\nto look at them: {}\n\
             again: bcda convert {export} --out {tables}-again\n",
            one_line(&page)
        )
    } else {
        "the export and the tables are gone, as you wished\nagain: bcda demo --out demo\n"
            .to_owned()
    };
    let seconds = started.elapsed().as_secs_f64();
    if arguments.open
        && let Err(error) = open::that_detached(&page)
    {
        log.warning(&format!("the page was not opened: {error}"));
    }
    print(&format!(
        "{sums}{rows}\n{next}{seconds:.1} s in all; next: bcda describe, bcda serve, bcda export --help\n"
    ))
}

/// Where the files of a demonstration are.
enum Place {
    Stays(PathBuf),
    Goes(tempfile::TempDir),
}

impl Place {
    fn make(arguments: &DemoArgs) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(1, format!("no folder for the demonstration: {error}"))
        };
        let Some(out) = &arguments.out else {
            let folder = tempfile::Builder::new().prefix("bcda-demo-").tempdir().map_err(failed)?;
            return Ok(if arguments.discard {
                Self::Goes(folder)
            } else {
                Self::Stays(folder.keep())
            });
        };
        match std::fs::DirBuilder::new().mode(0o700).create(out) {
            Ok(()) => Ok(Self::Stays(out.clone())),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                Err(Failure::new(2, format!("{} exists; choose a new folder", out.display())))
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Stays(path) => path,
            Self::Goes(folder) => folder.path(),
        }
    }

    fn stays(&self) -> bool {
        matches!(self, Self::Stays(_))
    }
}

fn server(running: &sandbox::Running, url: &str, shown: Arc<Shown>) -> Result<Server, Failure> {
    let base = bulk_client::fhir_base(url, None)?;
    let known = running.credentials();
    let known = known.ok_or_else(|| Failure::new(1, "the sandbox knows nobody"))?;
    let auth = Auth::Basic {
        credentials: Credentials::new(&known.id, &known.secret),
        token_url: bulk_client::bcda_token_url(&base),
    };
    let poll_wait = std::time::Duration::from_millis(100);
    Ok(Server::new(base, auth, Settings { poll_wait, ..Settings::default() }, None, shown)?)
}

fn convert_options(export: &Path, tables: &Path) -> convert::Options {
    let inputs = vec![export.to_string_lossy().into_owned()];
    convert::Options::new(inputs, convert::Output::Folder(tables.to_owned()))
}

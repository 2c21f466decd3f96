//! Exports into the folder, one after the other.

use std::sync::Arc;

use bulk_client::{
    Auth, Begin, CancellationToken, ClaimsWanted, Decided, ErrorKind, FileState, Observer,
    Settings, Wanted, Weight, block_on, unless_cancelled,
};
use indicatif::DecimalBytes;
use sync::{Export, Kind};

use super::options::Asked;
use crate::connection::ConnectionArgs;
use crate::export_progress::Shown;
use crate::failure::{Failure, spelled};
use crate::log::Log;
use crate::show::grouped;
use crate::signals::Caught;

/// Somebody is there who can be asked.
const EXIT_INTERRUPT: u8 = 130;

/// Fetches exports.
pub(super) struct Fetcher<'a> {
    asked: &'a Asked,
    settings: Settings,
    auth: Auth,
    /// The version of the API, once it is known.
    api: Option<String>,
    log: Log,
    cancel: CancellationToken,
}

impl<'a> Fetcher<'a> {
    /// Secrets are read now.
    pub(super) fn new(
        asked: &'a Asked,
        log: Log,
        cancel: CancellationToken,
    ) -> Result<Self, Failure> {
        let connection = &asked.connection;
        let address = connection.address()?;
        let settings = connection.settings()?;
        ConnectionArgs::warn(&settings, log);
        let auth = connection.auth(&address.base("v1"))?;
        Ok(Self { asked, settings, auth, api: connection.api.clone(), log, cancel })
    }

    /// All exports of the folder are of one version, whichever the server offers by now.
    pub(super) fn stay_in_version(&mut self, found: &[Export]) -> Result<(), Failure> {
        let Some(known) = found.iter().find_map(Export::api) else { return Ok(()) };
        match &self.api {
            Some(api) if api != known => Err(Failure::new(
                2,
                format!(
                    "the exports of the folder are of {known}, and {api} is asked for: records of one version do not match \
                     those of another; begin another folder"
                ),
            )),
            Some(_) => Ok(()),
            None => {
                if self.asked.connection.address()?.is_open() {
                    self.api = Some(known.to_owned());
                }
                Ok(())
            }
        }
    }

    /// Fetches an export, or what is missing of it; gives the exit code of it.
    pub(super) fn fetch(&mut self, export: &mut Export, caught: &Caught) -> Result<u8, Failure> {
        let name = export.name();
        let mut begin = Begin::Usual;
        let report = loop {
            match self.once(export, begin) {
                Ok(report) if report.files.iter().all(|file| file.state != FileState::Pending) => {
                    break report;
                }
                Ok(_) if begin == Begin::Usual => {
                    self.log.info(&format!("{name}: files have expired; a new job is begun"));
                }
                Ok(_) => {
                    let message = format!(
                        "{name}: files have expired at the server before they were fetched; the same command asks for them \
                         again"
                    );
                    return Err(Failure::new(5, message));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {
                    let code = caught.exit_code().unwrap_or(EXIT_INTERRUPT);
                    return Err(Failure::new(code, "interrupted; the same command goes on"));
                }
                // What nobody is there to begin anew is begun anew, once a run.
                Err(error)
                    if begin == Begin::Usual
                        && matches!(error.kind(), ErrorKind::JobGone | ErrorKind::JobFailed) =>
                {
                    self.log.info(&format!(
                        "{name}: the job has failed or is gone; a new one is begun"
                    ));
                }
                Err(error) => {
                    let code = error.exit_code();
                    return Err(Failure::new(code, format!("{name}: {}", error.spelled(spelled))));
                }
            }
            begin = Begin::Restart;
        };
        export.look()?;
        self.api = self.api.take().or_else(|| {
            let is_open = self.asked.connection.address().is_ok_and(|own| own.is_open());
            export.api().filter(|_| is_open).map(str::to_owned)
        });
        let records: u64 = report.files.iter().map(|file| file.records).sum();
        self.log.info(&format!(
            "{name}: {} records, {}, transactionTime {}",
            grouped(records),
            DecimalBytes(report.bytes()),
            report.transaction_time
        ));
        for remark in report.remarks() {
            if remark.weight > Weight::Note {
                self.log.warning(&format!("{name}: {}", remark.text.spelled(spelled)));
            }
        }
        Ok(report.exit_code())
    }

    fn once(
        &self,
        export: &Export,
        begin: Begin,
    ) -> Result<bulk_client::Report, bulk_client::Error> {
        let connection = &self.asked.connection;
        let mut wanted = Wanted::to(export.path.clone());
        wanted.base_url.clone_from(&connection.base_url);
        wanted.api.clone_from(&self.api);
        wanted.group = Some(export.group.clone());
        wanted.types = export.kind.types();
        wanted.begin = begin;
        if export.kind == Kind::Claims {
            wanted.since = Some("last".to_owned());
        }
        if export.kind != Kind::People {
            wanted.claims = ClaimsWanted {
                partially_adjudicated: self.asked.partially_adjudicated,
                ..ClaimsWanted::default()
            };
        }
        let shown = Arc::new(Shown::new(self.log));
        let observer: Arc<dyn Observer> = Arc::clone(&shown) as _;
        let deciding = wanted.decide(&self.settings, &observer);
        let decided = block_on(unless_cancelled(&self.cancel, deciding))?;
        let Decided { export, base, told, statement } = decided;
        if let Some(told) = told.filter(|_| self.api.is_none()) {
            self.log.info(&told.spelled(spelled));
        }
        let server = connection
            .server_of(base, self.auth.clone(), self.settings.clone(), observer)?
            .knowing(statement);
        let ran = block_on(export.run(&server, &self.cancel));
        shown.clear();
        ran
    }
}

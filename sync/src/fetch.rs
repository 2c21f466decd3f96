//! Exports into the folder, one after the other.

use bulk_client::{
    Address, Auth, Begin, ClaimsWanted, Decided, ErrorKind, FileState, Server, Wanted, Weight,
    block_on, token_cache, unless_cancelled,
};

use crate::asked::{Asked, Request};
use crate::error::{Cause, Error};
use crate::export::{Export, Kind};
use crate::watch::Watch;

/// Fetches exports.
pub(crate) struct Fetcher<'a> {
    request: &'a Request,
    asked: &'a Asked,
    watch: &'a dyn Watch,
    address: Address,
    auth: Auth,
    /// The version of the API, once it is known.
    api: Option<String>,
}

impl<'a> Fetcher<'a> {
    /// Secrets are read now.
    pub(crate) fn new(
        request: &'a Request,
        asked: &'a Asked,
        watch: &'a dyn Watch,
    ) -> Result<Self, Error> {
        let address = asked.address()?;
        if let Some(warning) = asked.limits.warning() {
            watch.warning(&warning.spelled(request.spelling.export));
        }
        let auth = asked.identity.auth(&address.base("v1"), &request.variables)?;
        let api = asked.settings.text("api").map(str::to_owned);
        Ok(Self { request, asked, watch, address, auth, api })
    }

    /// The exports that come are of this version, whichever the server offers by now.
    pub(crate) fn stay_in(&mut self, version: &str) {
        if self.address.is_open() {
            self.api = Some(version.to_owned());
        }
    }

    /// Fetches an export, or what is missing of it; gives the exit code of it.
    pub(crate) fn fetch(&mut self, export: &mut Export) -> Result<u8, Error> {
        let name = export.name();
        let mut begin = Begin::Usual;
        let report = loop {
            match self.once(export, begin) {
                Ok(report) if report.files.iter().all(|file| file.state != FileState::Pending) => {
                    break report;
                }
                Ok(_) if begin == Begin::Usual => {
                    self.watch.info(&format!("{name}: files have expired; a new job is begun"));
                }
                Ok(_) => {
                    let why = "files have expired at the server before they were fetched; the same call asks for them again";
                    return Err(Error::from(Cause::Undelivered(why.to_owned())).at(name));
                }
                Err(error) if error.is_interruption() => return Err(Cause::Interrupted.into()),
                // What nobody is there to begin anew is begun anew, once a run.
                Err(error) if begin == Begin::Usual && is_of_the_job(&error) => {
                    self.watch.info(&format!(
                        "{name}: the job has failed or is gone; a new one is begun"
                    ));
                }
                Err(error) => return Err(error.at(name)),
            }
            begin = Begin::Restart;
        };
        export.look()?;
        if self.api.is_none()
            && let Some(api) = export.api()
        {
            self.stay_in(api);
        }
        self.watch.fetched(&name, &report);
        for remark in report.remarks() {
            if remark.weight > Weight::Note {
                let text = remark.text.spelled(self.request.spelling.export);
                self.watch.warning(&format!("{name}: {text}"));
            }
        }
        Ok(report.exit_code())
    }

    fn once(&self, export: &Export, begin: Begin) -> Result<bulk_client::Report, Error> {
        let Self { request, asked, .. } = self;
        let mut wanted = Wanted::to(export.path.clone());
        wanted.base_url = asked.settings.text("base-url").map(str::to_owned);
        wanted.api.clone_from(&self.api);
        wanted.group = Some(export.group.clone());
        wanted.types = export.kind.types();
        wanted.begin = begin;
        if export.kind == Kind::Claims {
            wanted.since = Some("last".to_owned());
        }
        if export.kind != Kind::People {
            wanted.claims = ClaimsWanted {
                partially_adjudicated: asked.partially_adjudicated,
                ..ClaimsWanted::default()
            };
        }
        let observer = self.watch.export()?;
        let deciding = wanted.decide(&asked.limits, &observer);
        let decided = block_on(unless_cancelled(&request.token, deciding))?;
        let Decided { export, base, told, statement } = decided;
        if let Some(told) = told.filter(|_| self.api.is_none()) {
            self.watch.info(&told.spelled(request.spelling.export));
        }
        let keeps_tokens = !asked.settings.flag("no-token-cache");
        let cache = if keeps_tokens { token_cache(&request.variables) } else { None };
        let (auth, limits) = (self.auth.clone(), asked.limits.clone());
        let server = Server::new(base, auth, limits, cache, observer)?.knowing(statement);
        Ok(block_on(export.run(&server, &request.token))?)
    }
}

/// Whether a new job may help.
fn is_of_the_job(error: &Error) -> bool {
    let Cause::Export(error) = error.cause() else { return false };
    matches!(error.kind(), ErrorKind::JobGone | ErrorKind::JobFailed)
}

//! What a user asks for, and what becomes of what is left out: it is kept from the export that is continued, or as usual.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use url::Url;

use crate::address::{Address, V1, api_of};
use crate::beside::all_finished;
use crate::error::Error;
use crate::export::{Begin, Export};
use crate::filter::{ClaimsWanted, asks_for_shared, parameters};
use crate::journal::Journal;
use crate::known::{Known, Said};
use crate::observe::Observer;
use crate::offer::offered;
use crate::request::{ExportRequest, Level};
use crate::setting::{Message, Setting};
use crate::settings::Settings;
use crate::since::{last_export, since_last};

/// The word for where the newest finished export ended.
const LAST: &str = "last";
/// The group that is meant unless another is.
const ALL: &str = "all";

/// An export as a user asks for it.
///
/// # Example
///
/// ```
/// use bulk_client::{Settings, Wanted};
/// use std::sync::Arc;
///
/// let work = tempfile::tempdir()?;
/// let mut wanted = Wanted::to(work.path().join("export"));
/// wanted.base_url = Some("https://sandbox.bcda.cms.gov".into());
/// wanted.api = Some("v3".into());
/// wanted.claims.outcome = Some("complete".into());
/// let observer: Arc<dyn bulk_client::Observer> = Arc::new(());
/// // The version is named, so that no server is asked for it.
/// let decided = bulk_client::block_on(wanted.decide(&Settings::default(), &observer))?;
/// assert_eq!(decided.base.as_str(), "https://sandbox.bcda.cms.gov/api/v3");
/// assert_eq!(decided.told.unwrap().to_string(), "API v3, as asked for");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The server, or its FHIR base; known from the folder with [`Begin::Resume`].
    pub base_url: Option<String>,
    /// The version of the API. Unless it is named, that of the export that is continued, of the newest finished export
    /// beside the folder, or v3 where the server offers it.
    pub api: Option<String>,
    /// Another endpoint in place of a group: `Patient`, a type, `system`.
    pub endpoint: Option<String>,
    /// Whose data; `all` unless an export of another group is continued.
    pub group: Option<String>,
    /// `_type`; all types if empty.
    pub types: Vec<String>,
    /// An instant, or `last` for where the newest finished export of the same data ended.
    pub since: Option<String>,
    /// Which claims.
    pub claims: ClaimsWanted,
    /// Other parameters of the kick-off, each `NAME=VALUE`.
    pub parameters: Vec<String>,
    /// The folder of the files.
    pub out: PathBuf,
    /// Where to begin.
    pub begin: Begin,
}

/// What is going to be asked for, and of whom.
#[derive(Clone, Debug)]
pub struct Decided {
    /// What to run.
    pub export: Export,
    /// The FHIR base.
    pub base: Url,
    /// Which version of the API that is, and why; nothing of FHIR bases of others.
    pub told: Option<Message>,
    /// What the server says of itself, if it was asked: for [`Server::knowing`](crate::Server::knowing).
    pub statement: Option<Value>,
}

impl Decided {
    /// Whether the claims of shared systems are asked for, which are not adjudicated to the end.
    pub fn asks_for_partially_adjudicated(&self) -> bool {
        self.export.request.type_filter.as_deref().is_some_and(asks_for_shared)
    }
}

impl Wanted {
    /// Everything into this folder, of a server that is yet to be named.
    pub fn to(out: PathBuf) -> Self {
        Self {
            base_url: None,
            api: None,
            endpoint: None,
            group: None,
            types: Vec::new(),
            since: None,
            claims: ClaimsWanted::default(),
            parameters: Vec::new(),
            out,
            begin: Begin::Usual,
        }
    }

    /// The server that is meant; with [`Begin::Resume`] that of the export in the folder, unless one is named.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) for what is no URL, or for none.
    pub fn address(&self) -> Result<Address, Error> {
        if self.base_url.is_none()
            && self.begin == Begin::Resume
            && let Some(known) = self.begun()?
        {
            return Ok(Address::of_base(&known.base));
        }
        Address::given(self.base_url.as_deref(), self.api.as_deref())
    }

    /// The export in the folder.
    fn begun(&self) -> Result<Option<Known>, Error> {
        Ok(Journal::read(&self.out)?.as_ref().and_then(Known::of))
    }

    /// Decides what is left open. A server is asked only for what nothing here tells: which versions it offers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) for a request that cannot be asked, or that does not fit the
    /// export that it would continue; as [`offered`] when the server does not tell which versions it offers.
    pub async fn decide(
        &self,
        settings: &Settings,
        observer: &Arc<dyn Observer>,
    ) -> Result<Decided, Error> {
        let address = self.address()?;
        let said = self.said()?;
        // Nothing is asked of a server for what no server could take.
        self.request(&said, None).check()?;
        let begun = self.begun()?;
        match (self.begin, begun) {
            (Begin::Resume, Some(begun)) => self.resumed(&address, &said, begun),
            (Begin::Usual, Some(begun)) if address.may_mean(&begun.base) => {
                let mut request = self.request(&said, Some(&begun.request));
                if self.is_since_last() {
                    request.since = None;
                    let url = request.url(&begun.base);
                    request.since = since_last(&self.out, &request, &url, self.begin)?;
                }
                let why = format!(", as the export in {}", self.out.display());
                Ok(self.decided(&address, request, begun.base, why.into()))
            }
            (Begin::Resume, None) => {
                // There is nothing to go on with, as its check says.
                let base = address.base(V1);
                Ok(self.decided(&address, self.request(&said, None), base, Message::default()))
            }
            (_, begun) if self.is_since_last() => self.continued(&address, &said, begun.as_ref()),
            (_, begun) => self.fresh(&address, &said, begun.as_ref(), settings, observer).await,
        }
    }

    fn is_since_last(&self) -> bool {
        self.since.as_deref() == Some(LAST)
    }

    fn said(&self) -> Result<Said, Error> {
        let level = self.endpoint.is_some() || self.group.is_some();
        let group = self.group.as_deref().unwrap_or(ALL);
        Ok(Said {
            level: level.then(|| Level::of(self.endpoint.as_deref(), group)),
            filter: self.claims.type_filter()?,
            parameters: parameters(&self.parameters)?,
        })
    }

    /// What was said, and of the rest what is known.
    fn request(&self, said: &Said, known: Option<&ExportRequest>) -> ExportRequest {
        let level = said.level.clone().or_else(|| Some(known?.level.clone()));
        let mut request = ExportRequest::new(level.unwrap_or_else(|| Level::Group(ALL.to_owned())));
        request.types.clone_from(&self.types);
        request.since = self.since.clone().filter(|_| !self.is_since_last());
        request.type_filter = said.filter.clone().or_else(|| known?.type_filter.clone());
        request.parameters.clone_from(&said.parameters);
        if let Some(known) = known.filter(|_| said.parameters.is_empty()) {
            request.parameters.clone_from(&known.parameters);
        }
        request
    }

    /// What goes on is as it was begun. Types and instants that are said with it count for nothing; what would be other
    /// records is refused.
    fn resumed(&self, address: &Address, said: &Said, begun: Known) -> Result<Decided, Error> {
        let place = self.out.display();
        let other_of_server =
            address.is_of_same_server(&begun.base) && !address.may_mean(&begun.base);
        let named = self.api.as_deref().filter(|api| api.starts_with('v'));
        if other_of_server || named.is_some_and(|api| api != begun.api()) {
            return Err(Error::usage([
                format!("{place} holds an export of {}, with which ", begun.api()).into(),
                Setting::Resume.alone(),
                " goes on: another ".into(),
                Setting::Api.alone(),
                " is another export".into(),
            ]));
        }
        if let Some(other) = said.other_than(&begun.request) {
            return Err(Error::usage([
                format!("{place} holds an export, with which ").into(),
                Setting::Resume.alone(),
                " goes on: it was asked for with another ".into(),
                other.alone(),
                ", or without".into(),
            ]));
        }
        let base = address.base(begun.api());
        let why = format!(", as the export in {place}");
        Ok(self.decided(address, begun.request, base, why.into()))
    }

    /// What begins where another export ended, of whatever version and group, unless they are said.
    fn continued(
        &self,
        address: &Address,
        said: &Said,
        begun: Option<&Known>,
    ) -> Result<Decided, Error> {
        let finished = all_finished(&self.out);
        let known = finished.iter().filter_map(|found| Known::of(&found.journal));
        let of_server: Vec<Known> =
            known.filter(|known| address.is_of_same_server(&known.base)).collect();
        let fits = |known: &&Known| {
            address.may_mean(&known.base) && said.other_than(&known.request).is_none()
        };
        let usual = |request: &ExportRequest| {
            let is_all = request.level == Level::Group(ALL.to_owned());
            (is_all, request.type_filter.is_none() && request.parameters.is_empty())
        };
        // The newest, as before with everybody's data and without a filter if there are such.
        let mut best: Option<((bool, bool), jiff::Timestamp, Decided)> = None;
        let mut seen = HashSet::new();
        for known in of_server.iter().filter(fits) {
            let mut request = self.request(said, Some(&known.request));
            let url = request.url(&known.base);
            // Of the exports of every week all are alike.
            if !seen.insert(url.clone()) {
                continue;
            }
            let Some((time, folder)) = last_export(&self.out, &request, &url) else { continue };
            let Ok(end) = time.parse() else { continue };
            let rank = usual(&request);
            if best.as_ref().is_some_and(|(other, at, _)| (*other, *at) >= (rank, end)) {
                continue;
            }
            request.since = since_last(&self.out, &request, &url, self.begin)?;
            let why = format!(", as the export in {}, where this one begins", folder.display());
            best =
                Some((rank, end, self.decided(address, request, known.base.clone(), why.into())));
        }
        if let Some((.., decided)) = best {
            return Ok(decided);
        }
        // Says why there is none, as of what is asked for.
        let of_version = of_server.iter().rev().find(|known| address.may_mean(&known.base));
        let base = of_version.or(begun.filter(|begun| address.may_mean(&begun.base)));
        let base = base.map_or_else(|| address.base(V1), |known| known.base.clone());
        let request = self.request(said, None);
        let error = match since_last(&self.out, &request, &request.url(&base), self.begin) {
            Ok(since) => {
                let request = ExportRequest { since, ..request };
                return Ok(self.decided(address, request, base, ", as asked for".into()));
            }
            Err(error) => error,
        };
        let other = of_server.iter().rev().find(|known| !address.may_mean(&known.base));
        Err(match other.filter(|_| of_version.is_none()) {
            None => error,
            Some(other) => error.after(format!(
                "; those beside it are of {}, and records of one version are not matched with those of another",
                other.api()
            )),
        })
    }

    /// A job of its own: in the version of the exports beside it, or else in the newest that the server offers.
    async fn fresh(
        &self,
        address: &Address,
        said: &Said,
        begun: Option<&Known>,
        settings: &Settings,
        observer: &Arc<dyn Observer>,
    ) -> Result<Decided, Error> {
        let request = self.request(said, None);
        if !address.is_open() {
            return Ok(self.decided(address, request, address.base(V1), ", as asked for".into()));
        }
        // One that is begun anew stays in its version.
        if let Some(begun) = begun.filter(|begun| address.may_mean(&begun.base)) {
            let why = format!(", as the export in {}", self.out.display());
            return Ok(self.decided(address, request, begun.base.clone(), why.into()));
        }
        for found in all_finished(&self.out).iter().rev() {
            let known = Known::of(&found.journal).filter(|known| address.may_mean(&known.base));
            if let Some(known) = known {
                let pieces = [
                    format!(", as the finished export in {}; ", found.folder.display()).into(),
                    Setting::Api.alone(),
                    " chooses another".into(),
                ];
                return Ok(self.decided(address, request, known.base, pieces.into()));
            }
        }
        // A folder that is none for an export is told before a server is asked.
        let v1 = address.base(V1);
        self.decided(address, request.clone(), v1.clone(), Message::default())
            .export
            .begins(&v1)?;
        let (base, statement) = offered(address, settings, observer).await?;
        let why: Message = match (&statement, &self.since) {
            (None, _) => ": the server does not offer v3".into(),
            // What there is from before that instant is of a version that only the user knows.
            (Some(_), Some(_)) => {
                return Err(Error::usage([
                    Setting::Since.alone(),
                    " without a finished export beside the output needs ".into(),
                    Setting::Api.alone(),
                    ": what was fetched before that instant is of one version, and records of another do not match it"
                        .into(),
                ]));
            }
            (Some(_), None) => {
                [": the server offers it; ".into(), Setting::Api.alone(), " chooses another".into()]
                    .into()
            }
        };
        Ok(Decided { statement, ..self.decided(address, request, base, why) })
    }

    fn decided(
        &self,
        address: &Address,
        request: ExportRequest,
        base: Url,
        why: Message,
    ) -> Decided {
        let why = if address.is_open() || api_of(&base).is_none() {
            why
        } else if address.is_named() {
            ", as asked for".into()
        } else {
            ", as the base URL says".into()
        };
        let told = api_of(&base).map(|api| Message::from(format!("API {api}")).then(why));
        let export = Export {
            request,
            out: self.out.clone(),
            begin: self.begin,
            decryption: None,
            since_last: self.is_since_last(),
        };
        Decided { export, base, told, statement: None }
    }
}

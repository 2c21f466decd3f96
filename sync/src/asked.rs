//! What the options of a run and the settings of its folder come to.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bulk_client::{Address, AuthKind, CancellationToken, ErrorBodies, Identity, SecretPlace, Url};
use convert::Cancel;

use crate::error::Error;
use crate::settings::{SETTINGS_NAME, Settings, Value};
use crate::spelling::Spelling;

/// The group that is meant unless others are.
const ALL: &str = "all";
/// The version that a folder of an earlier one can be moved to.
pub(crate) const NEWEST_API: &str = "v3";

/// What another value of would be another set of data: the settings have it, and a run does not change it.
const OF_THE_DATA: [&str; 4] = ["base-url", "api", "group", "partially-adjudicated"];
/// Of these a folder may get another value on its way over to another version.
const OF_THE_WAY: [&str; 2] = ["api", "partially-adjudicated"];
/// What is another in the settings of a folder that has been moved: a base URL may have had the version in it, too.
pub(crate) const CHANGED_ON_THE_WAY: [&str; 3] = ["base-url", "api", "partially-adjudicated"];

/// What a run is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The folder.
    pub dir: PathBuf,
    /// The options that were given, by the keys of the settings. They count for this run; the first one writes them down.
    pub given: Vec<(&'static str, Value)>,
    /// Whether what the way over to another version has left of the old one goes.
    pub drop_old: bool,
    /// A file to which answers of the server that are errors are added.
    pub error_bodies: Option<PathBuf>,
    /// The variables of the process.
    pub variables: fn(&str) -> Option<OsString>,
    /// What messages call options.
    pub spelling: Spelling,
    /// Ends the making of tables from outside.
    pub cancel: Cancel,
    /// Ends exports from outside.
    pub token: CancellationToken,
}

impl Request {
    /// Of a folder, without any option.
    pub fn new(dir: PathBuf) -> Self {
        Self {
            dir,
            given: Vec::new(),
            drop_old: false,
            error_bodies: None,
            variables: |name| std::env::var_os(name),
            spelling: Spelling::default(),
            cancel: Cancel::new(),
            token: CancellationToken::new(),
        }
    }

    /// What ends the run from outside.
    pub fn ender(&self) -> impl Fn() + Send + Sync + 'static {
        let (cancel, token) = (self.cancel.clone(), self.token.clone());
        move || {
            token.cancel();
            cancel.cancel();
        }
    }
}

/// The options over the settings.
pub(crate) struct Asked {
    /// All of them, as a first run writes them.
    pub(crate) settings: Settings,
    /// Who we are.
    pub(crate) identity: Identity,
    /// The limits.
    pub(crate) limits: bulk_client::Settings,
    pub(crate) groups: Vec<String>,
    pub(crate) partially_adjudicated: bool,
    pub(crate) keep_exports: Option<usize>,
    pub(crate) drop_gone: bool,
    /// Whether the options of this run name the newest version, and the settings another one or none.
    pub(crate) is_other_api: bool,
    /// How the newest version is named in a call.
    pub(crate) option_of_newest: String,
}

impl Asked {
    /// Of the options, and of the settings that the folder has.
    pub(crate) fn of(request: &Request, known: Option<&Settings>) -> Result<Self, Error> {
        let mut settings = known.cloned().unwrap_or_default();
        let names_newest = |(key, value): &(&str, Value)| {
            *key == "api" && *value == Value::Text(NEWEST_API.to_owned())
        };
        let moves = request.given.iter().any(names_newest);
        let mut is_other_api = false;
        for (key, value) in &request.given {
            let there = known.and_then(|known| known.get(key));
            if known.is_some()
                && OF_THE_DATA.contains(key)
                && there.is_none_or(|(own, _)| own != value)
            {
                if !(moves && OF_THE_WAY.contains(key)) {
                    return Err(another(request, key, there.map(|(_, line)| line)));
                }
                is_other_api |= *key == "api";
            }
            let set = settings.set(key, value.clone());
            set.map_err(|why| Error::usage(format!("{}: {why}", (request.spelling.option)(key))))?;
        }
        let mut groups = settings.texts("group").to_vec();
        if groups.is_empty() {
            groups.push(ALL.to_owned());
            // It stands in the file for whoever wants another one, too.
            let _ = settings.set("group", Value::Texts(groups.clone()));
        }
        if is_other_api && let Some(url) = settings.text("base-url").and_then(without_version) {
            let _ = settings.set("base-url", Value::Text(url));
        }
        let mut limits = limits(&settings)?;
        if let Some(file) = &request.error_bodies {
            limits.error_bodies = Some(Arc::new(ErrorBodies::open(file)?));
        }
        Ok(Self {
            identity: identity(&settings, &request.dir),
            limits,
            groups,
            partially_adjudicated: settings.flag("partially-adjudicated"),
            keep_exports: settings.count("keep-exports").and_then(|own| own.try_into().ok()),
            drop_gone: settings.flag("drop-gone"),
            is_other_api,
            option_of_newest: format!("{} {NEWEST_API}", (request.spelling.option)("api")),
            settings,
        })
    }

    /// The server that is meant.
    pub(crate) fn address(&self) -> Result<Address, Error> {
        Ok(Address::given(self.settings.text("base-url"), self.settings.text("api"))?)
    }
}

/// The server of a FHIR base that names a version, such as `https://api.example/api/v1`; none of another.
fn without_version(base_url: &str) -> Option<String> {
    let mut url: Url = base_url.parse().ok()?;
    bulk_client::api_of(&url)?;
    url.path_segments_mut().ok()?.pop_if_empty().pop().pop();
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// The folder is kept current with something else.
fn another(request: &Request, key: &str, line: Option<usize>) -> Error {
    let file = request.dir.join(SETTINGS_NAME);
    let (place, option) = (file.display(), (request.spelling.option)(key));
    let where_ = match line {
        Some(line) => format!("{place}, line {line}: {key} is another than {option}"),
        None => format!("{place} has no {key}"),
    };
    Error::usage(format!(
        "{where_}; leave the option out, change the file, or begin another folder"
    ))
}

/// Who we are, as far as the settings say it. Their paths are relative to `dir`.
fn identity(settings: &Settings, dir: &Path) -> Identity {
    let text = |key| settings.text(key).map(str::to_owned);
    let place = |key| settings.path(key, dir).as_deref().map(SecretPlace::named);
    Identity {
        kind: settings.text("auth").and_then(AuthKind::named),
        credentials: place("credentials"),
        token: place("token"),
        signing_key: place("signing-key"),
        client_id: text("client-id"),
        key_id: text("key-id"),
        scope: text("scope").unwrap_or_else(|| Identity::USUAL_SCOPE.to_owned()),
        token_url: text("token-url"),
    }
}

/// The limits that the settings have, and the usual ones.
fn limits(settings: &Settings) -> Result<bulk_client::Settings, Error> {
    let mut limits = bulk_client::Settings {
        insecure_http: settings.flag("insecure-http"),
        ..bulk_client::Settings::default()
    };
    if let Some(rate) = settings.count("rate") {
        limits.requests = rate.try_into().unwrap_or(u32::MAX);
    }
    if let Some(seconds) = settings.count("timeout") {
        limits.idle_timeout = Duration::from_secs(seconds);
    }
    let size = |key| settings.count(key).and_then(|count| usize::try_from(count).ok());
    limits.attempts = size("attempts").unwrap_or(limits.attempts);
    limits.parallel = size("parallel").unwrap_or(limits.parallel);
    limits.allow(settings.texts("allow-origin"))?;
    Ok(limits)
}

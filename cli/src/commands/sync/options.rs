//! What the options of a run and the settings of its folder come to.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use sync::{SETTINGS_NAME, Settings, Value};

use super::args::SyncArgs;
use crate::connection::{AuthKind, ConnectionArgs};
use crate::failure::Failure;

/// The group that is meant unless others are.
const ALL: &str = "all";

/// What another value of would be another set of data: the settings have it, and a run does not change it.
const OF_THE_DATA: [&str; 4] = ["base-url", "api", "group", "partially-adjudicated"];

/// Limits that an option has which nobody has given.
const USUAL_LIMITS: [(&str, u64); 3] = [("rate", 3_000), ("timeout", 60), ("attempts", 6)];
/// Likewise.
const USUAL_SCOPE: &str = "system/*.read";

/// What a run is asked to do.
pub(super) struct Asked {
    /// The settings with the options over them.
    pub(super) settings: Settings,
    pub(super) connection: ConnectionArgs,
    pub(super) groups: Vec<String>,
    pub(super) partially_adjudicated: bool,
    pub(super) keep_exports: Option<usize>,
    pub(super) drop_gone: bool,
}

impl Asked {
    /// Of the options, and of the settings that the folder has.
    pub(super) fn of(arguments: &SyncArgs, known: Option<&Settings>) -> Result<Self, Failure> {
        let given = given(arguments)?;
        let mut settings = known.cloned().unwrap_or_default();
        for (key, value) in given {
            let there = settings.get(key);
            if known.is_some()
                && OF_THE_DATA.contains(&key)
                && there.is_none_or(|(own, _)| *own != value)
            {
                return Err(another(&arguments.dir, key, there.map(|(_, line)| line)));
            }
            let set = settings.set(key, value);
            set.map_err(|why| Failure::new(2, format!("--{key}: {why}")))?;
        }
        let mut groups = settings.texts("group").to_vec();
        if groups.is_empty() {
            groups.push(ALL.to_owned());
            // It stands in the file for whoever wants another one, too.
            let _ = settings.set("group", Value::Texts(groups.clone()));
        }
        Ok(Self {
            connection: connection(&settings, &arguments.dir),
            groups,
            partially_adjudicated: settings.flag("partially-adjudicated"),
            keep_exports: settings.count("keep-exports").and_then(|own| own.try_into().ok()),
            drop_gone: settings.flag("drop-gone"),
            settings,
        })
    }
}

/// The folder is kept current with something else.
fn another(dir: &Path, key: &str, line: Option<usize>) -> Failure {
    let file = dir.join(SETTINGS_NAME);
    let place = file.display();
    let where_ = match line {
        Some(line) => format!("{place}, line {line}: {key} is another than --{key}"),
        None => format!("{place} has no {key}"),
    };
    Failure::new(
        2,
        format!("{where_}; leave the option out, change the file, or begin another folder"),
    )
}

/// The options that were given, by the keys of the settings.
fn given(arguments: &SyncArgs) -> Result<Vec<(&'static str, Value)>, Failure> {
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
    if connection.scope != USUAL_SCOPE {
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
            given.push((key, file(key, path)?));
        }
    }
    for (key, list) in [("group", &arguments.group), ("allow-origin", &connection.allow_origin)] {
        if !list.is_empty() {
            given.push((key, Value::Texts(list.clone())));
        }
    }
    let limits = [u64::from(connection.rate), connection.timeout, connection.attempts.into()];
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

/// The path of a file, which a run that begins elsewhere finds, too.
fn file(key: &str, path: &Path) -> Result<Value, Failure> {
    let whole = if path == Path::new("-") {
        path.to_owned()
    } else {
        std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
    };
    let text = whole.to_str().map(str::to_owned).map(Value::Text);
    text.ok_or_else(|| Failure::new(2, format!("--{key}: the path is not UTF-8")))
}

/// The options of a connection that settings stand for.
fn connection(settings: &Settings, dir: &Path) -> ConnectionArgs {
    let text = |key| settings.text(key).map(str::to_owned);
    let path = |key| -> Option<PathBuf> { settings.path(key, dir) };
    let limit = |place: usize| {
        let (key, usual) = USUAL_LIMITS[place];
        settings.count(key).unwrap_or(usual)
    };
    ConnectionArgs {
        base_url: text("base-url"),
        api: text("api"),
        allow_origin: settings.texts("allow-origin").to_vec(),
        insecure_http: settings.flag("insecure-http"),
        rate: limit(0).try_into().unwrap_or(u32::MAX),
        timeout: limit(1),
        attempts: limit(2).try_into().unwrap_or(u16::MAX),
        auth: settings.text("auth").and_then(|own| AuthKind::from_str(own, true).ok()),
        credentials: path("credentials"),
        token: path("token"),
        signing_key: path("signing-key"),
        client_id: text("client-id"),
        key_id: text("key-id"),
        scope: text("scope").unwrap_or_else(|| USUAL_SCOPE.to_owned()),
        token_url: text("token-url"),
        no_token_cache: settings.flag("no-token-cache"),
    }
}

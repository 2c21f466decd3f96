//! Whether the base URL is one, and the version one that there is.

use std::sync::Arc;

use bulk_client::{Address, Auth, ErrorKind, Observer, Server, Settings, Url, api_of};

use super::cause::told;
use super::finding::Findings;
use crate::connection::ConnectionArgs;
use crate::failure::spelled;

const CHECK: &str = "settings";
/// The versions that there are.
pub(super) const VERSIONS: [&str; 3] = ["v1", "v2", "v3"];

/// What can be asked: the server, without a token yet.
pub(super) struct Asked {
    pub(super) address: Address,
    pub(super) settings: Settings,
    pub(super) server: Server,
}

/// The server and its limits, if something can be asked with them.
pub(super) fn look(connection: &ConnectionArgs, findings: &mut Findings) -> Option<Asked> {
    let (address, mut settings) = match (connection.address(), connection.settings()) {
        (Ok(address), Ok(settings)) => (address, settings),
        (Err(failure), _) | (_, Err(failure)) => {
            findings.fail(CHECK, failure.message, "write it as in https://sandbox.bcda.cms.gov");
            return None;
        }
    };
    // Somebody waits for the answer, and what passes by itself is no first day's fault.
    settings.attempts = settings.attempts.min(2);
    let base = address.base("v3");
    let asked = connection.api.as_deref().filter(|api| !matches!(*api, "" | "none"));
    if let Some(api) = asked.filter(|api| !VERSIONS.contains(api)) {
        let found = format!("--api {api} is no version of the API");
        findings.fail(
            CHECK,
            found,
            "the versions are v1, v2 and v3; none is for a server of others",
        );
        return None;
    }
    if let Some((found, to_do)) = path_fault(&base) {
        findings.fail(CHECK, found, to_do);
        return None;
    }
    if let Some(warning) = settings.warning() {
        findings.warning(
            CHECK,
            warning.spelled(spelled),
            "leave it out where the server speaks https",
        );
    }
    let place = place(&base);
    let observer: Arc<dyn Observer> = Arc::new(());
    let server = match Server::new(base.clone(), Auth::None, settings.clone(), None, observer) {
        Ok(server) => server,
        Err(error) if error.kind() == ErrorKind::Usage => {
            let found = format!(
                "the base URL is of plain HTTP at {place}, which anyone on the way can read and change"
            );
            findings.fail(CHECK, found, "write it with https://");
            return None;
        }
        Err(error) => {
            let told = told(&error, &place, None);
            findings.fail(CHECK, told.found, told.to_do);
            return None;
        }
    };
    let version = match api_of(&base) {
        _ if address.is_open() => "the version is the newest that the server offers".to_owned(),
        Some(api) => format!("version {api} is asked for"),
        None => "it is a FHIR base of its own, without versions of the API".to_owned(),
    };
    findings.ok(CHECK, format!("the base URL is of {} at {place}; {version}", base.scheme()));
    Some(Asked { address, settings, server })
}

/// The host of a URL, and its port if it is named.
pub(super) fn place(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// What is wrong with the path of a FHIR base that is meant to be BCDA's.
fn path_fault(base: &Url) -> Option<(&'static str, &'static str)> {
    let parts: Vec<&str> = base.path_segments()?.filter(|part| !part.is_empty()).collect();
    let is_version = |part: &str| VERSIONS.contains(&part);
    let places: Vec<usize> = parts
        .windows(2)
        .enumerate()
        .filter_map(|(at, pair)| (pair[0] == "api" && is_version(pair[1])).then_some(at))
        .collect();
    match places.as_slice() {
        [] if parts.last() == Some(&"api") => Some((
            "the base URL ends with /api and names no version",
            "leave the path out, and name the version with --api if at all",
        )),
        [at] if at + 2 < parts.len() => Some((
            "the base URL goes on behind the version of the API",
            "end it before /api, or behind the version: the program adds the rest",
        )),
        [_, _, ..] => Some((
            "the path of the API is doubled: the base URL names a version, and --api adds another path",
            "leave one of the two out",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_nobody_means() {
        for (url, api, words) in [
            ("https://a.example/api/v3", Some("v3"), Some("doubled")),
            ("https://a.example/api/v3", Some("v1"), Some("doubled")),
            ("https://a.example/api", None, Some("no version")),
            ("https://a.example/api/v3/metadata", None, Some("goes on")),
            ("https://a.example/api/v1/Patient/$export", None, Some("goes on")),
            ("https://a.example", None, None),
            ("https://a.example/api/v3/", None, None),
            ("https://a.example", Some("v2"), None),
            ("https://a.example/fhir/R4", None, None),
        ] {
            let base = Address::of(url, api).unwrap().base("v3");
            let found = path_fault(&base).map(|(found, _)| found);
            assert_eq!(found.is_some(), words.is_some(), "{url} {api:?}");
            assert!(found.is_none_or(|found| found.contains(words.unwrap())), "{url}: {found:?}");
        }
    }
}

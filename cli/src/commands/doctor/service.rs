//! The service: whether it is reached, in which version, and whether it knows us.

use std::sync::Arc;

use bulk_client::{Address, Cause, Observer, Server, Settings, Url, api_of, resolves, stated};

use super::cause::told;
use super::finding::Findings;
use super::settings::{Asked, VERSIONS, place};
use super::{identity, proxies, settings};
use crate::connection::ConnectionArgs;

/// Seconds by which clocks may differ before it is told.
const CLOCK_WARNING: i64 = 60;
/// Seconds by which tokens and certificates fail.
const CLOCK_FAILURE: i64 = 300;

/// Looks at the service; gives the version that would be asked.
pub(super) async fn look(
    connection: &ConnectionArgs,
    group: &str,
    findings: &mut Findings,
) -> Option<String> {
    let Some(asked) = settings::look(connection, findings) else {
        findings.skip(
            &["dns", "proxy", "connection", "certificate", "clock", "version"],
            "the base URL or the version is wrong",
        );
        identity::look((connection, group), None, &Settings::default(), findings).await;
        return None;
    };
    let Asked { address, settings, server } = asked;
    let base = if reach(&server, connection.token_url.as_deref(), findings).await {
        version(&address, &settings, findings).await
    } else {
        findings.skip(&["version"], "the server is not reached");
        None
    };
    let asked = base.clone().unwrap_or_else(|| server.base().clone());
    identity::look((connection, group), Some((&asked, base.is_some())), &settings, findings).await;
    let api = api_of(&asked).filter(|_| base.is_some() || !address.is_open());
    api.map(str::to_owned)
}

/// Whether anything answers there, and is who it says.
async fn reach(server: &Server, token_url: Option<&str>, findings: &mut Findings) -> bool {
    let (base, host) = (server.base(), &place(server.base()));
    let proxy = server.proxy();
    let resolved = names(base, token_url, proxy.as_deref(), findings).await;
    proxies::look(server, host, findings);
    if !resolved && proxy.is_none() {
        findings.skip(&["connection", "certificate", "clock"], "the name does not resolve");
        return false;
    }
    let reached = match server.reach().await {
        Ok(reached) => reached,
        Err(error) => {
            let told = told(&error, host, proxy.as_deref());
            let of_certificate = matches!(
                error.cause(),
                Some(
                    Cause::UnknownIssuer
                        | Cause::OtherHost
                        | Cause::Expired
                        | Cause::NotValidYet
                        | Cause::Certificate
                )
            );
            if of_certificate {
                findings.ok("connection", format!("{host} listens"));
                findings.fail("certificate", told.found, told.to_do);
                findings.skip(&["clock"], "no server that is trusted tells the time");
            } else {
                findings.fail("connection", told.found, told.to_do);
                findings.skip(&["certificate", "clock"], "there is no connection");
            }
            return false;
        }
    };
    match reached.status {
        status @ (403 | 407 | 429 | 500..) => findings.warning(
            "connection",
            format!("{host} answers, and the answer is {status}"),
            "try later; if it stays, ask whether this machine may use the service",
        ),
        _ => findings.ok("connection", format!("{host} answers")),
    }
    if base.scheme() == "https" {
        findings.ok(
            "certificate",
            format!("the certificate of {host} is trusted, of this host, and valid today"),
        );
    } else {
        findings.note(
            "certificate",
            "there is none, since the base URL is of plain HTTP",
            "it is as it should be for a sandbox on this machine alone",
        );
    }
    clock(reached.clock_ahead, findings);
    true
}

/// Whether each host has an address: the server, and where tokens are given if that is elsewhere.
async fn names(
    base: &Url,
    token_url: Option<&str>,
    proxy: Option<&str>,
    findings: &mut Findings,
) -> bool {
    let elsewhere = token_url.and_then(|url| url.parse::<Url>().ok());
    let elsewhere = elsewhere.filter(|url| url.host_str() != base.host_str());
    let proxy = proxy.and_then(|proxy| format!("http://{proxy}").parse::<Url>().ok());
    let mut resolved = true;
    for (url, is_base, is_proxy) in [
        (Some(base), true, false),
        (elsewhere.as_ref(), false, false),
        (proxy.as_ref(), false, true),
    ] {
        let Some(url) = url else { continue };
        let host = url.host_str().unwrap_or_default();
        match resolves(url).await {
            Ok(true) => findings.ok("dns", format!("{host} resolves")),
            Ok(false) => findings.ok("dns", format!("{host} needs no DNS")),
            Err(_) if proxy.is_some() && !is_proxy => findings.note(
                "dns",
                format!("{host} does not resolve here"),
                "nothing need be done where the proxy resolves it",
            ),
            Err(error) => {
                let told = told(&error, host, None);
                findings.fail("dns", told.found, told.to_do);
                resolved &= !is_base;
            }
        }
    }
    resolved
}

/// Tokens and certificates are good for a time, which two clocks have to agree about.
fn clock(ahead: Option<i64>, findings: &mut Findings) {
    let Some(ahead) = ahead else {
        findings.note(
            "clock",
            "the server does not tell the time",
            "compare the clock of this machine with another",
        );
        return;
    };
    let which = if ahead > 0 { "ahead of" } else { "behind" };
    let found =
        format!("the clock of this machine is {} seconds {which} the server's", ahead.abs());
    let to_do = "set it, by NTP if you can: tokens and certificates depend on it";
    if ahead.abs() > CLOCK_FAILURE {
        findings.fail("clock", found, to_do);
    } else if ahead.abs() > CLOCK_WARNING {
        findings.warning("clock", found, to_do);
    } else {
        findings.ok("clock", "the clock of this machine agrees with the server's");
    }
}

/// The FHIR base in the version that is asked for, or that is offered.
async fn version(address: &Address, settings: &Settings, findings: &mut Findings) -> Option<Url> {
    let asked = address.base("v3");
    let host = &place(&asked);
    let observer: &Arc<dyn Observer> = &(Arc::new(()) as _);
    let error = match stated(address, settings, observer).await {
        Ok((base, statement)) if statement["resourceType"] == "CapabilityStatement" => {
            match (api_of(&base), address.is_open()) {
                (Some(api), true) => findings.ok(
                    "version",
                    format!("the server offers {api}, which is asked unless --api names another"),
                ),
                (Some(api), false) => findings.ok("version", format!("the server offers {api}")),
                (None, _) => {
                    findings.ok("version", "the server says what it can do as a FHIR server does");
                }
            }
            return Some(base);
        }
        Ok(_) => None,
        Err(error) => Some(error),
    };
    let api = api_of(&asked);
    let is_no = error.as_ref().is_none_or(|error| matches!(error.status(), Some(404 | 410)));
    if let Some(api) = api.filter(|_| is_no && !address.is_open()) {
        let others = offered(&asked, api, settings).await;
        let to_do = match others.as_slice() {
            [] => "it offers no other version either: check the host".to_owned(),
            others => format!(
                "it offers {}: name one with --api, or leave --api out",
                others.join(" and ")
            ),
        };
        findings.fail("version", format!("{host} does not offer {api}"), to_do);
        return None;
    }
    match error {
        Some(error) => {
            let told = told(&error, host, None);
            findings.fail(
                "version",
                format!("what versions there are is unknown: {}", told.found),
                told.to_do,
            );
        }
        None => findings.fail(
            "version",
            format!("{host} does not say what it can do as a FHIR server does"),
            "check the base URL; a page of a proxy or a gateway may stand in between",
        ),
    }
    None
}

/// The other versions that a server says it has, where a version is not there.
async fn offered(base: &Url, api: &str, settings: &Settings) -> Vec<&'static str> {
    let root = base.as_str().trim_end_matches(api).trim_end_matches("api/").to_owned();
    let observer: Arc<dyn Observer> = Arc::new(());
    let mut found = Vec::new();
    for other in VERSIONS.into_iter().filter(|other| *other != api) {
        let Ok(address) = Address::of(&root, Some(other)) else { continue };
        let answer = stated(&address, settings, &observer).await;
        if answer.is_ok_and(|(_, statement)| statement["resourceType"] == "CapabilityStatement") {
            found.push(other);
        }
    }
    found
}

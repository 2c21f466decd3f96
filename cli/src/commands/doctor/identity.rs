//! Who we are to the service: the form of the credentials, a token, the group.

use std::sync::Arc;

use bulk_client::{
    Attribution, Auth, Error, ErrorKind, Observer, Server, Settings, Url, api_of, bcda_token_url,
};

use super::cause::told;
use super::finding::Findings;
use super::settings::place;
use crate::connection::ConnectionArgs;

/// The base of credentials that are looked at without a server.
const NOWHERE: &str = "https://localhost";

/// `at` is the FHIR base, and whether it was reached.
pub(super) async fn look(
    (connection, group_asked): (&ConnectionArgs, &str),
    at: Option<(&Url, bool)>,
    settings: &Settings,
    findings: &mut Findings,
) {
    let Some(auth) = credentials(connection, at.map(|(base, _)| base), findings) else {
        return findings.skip(&["token", "group"], "there are no credentials to ask with");
    };
    let Some((base, _)) = at.filter(|(_, reached)| *reached) else {
        return findings.skip(&["token", "group"], "the API is not reached");
    };
    let observer: Arc<dyn Observer> = Arc::new(());
    // A token of its own, which is kept nowhere: the one that other runs share stays as it is.
    let server = Server::new(base.clone(), auth.clone(), settings.clone(), None, observer);
    let Ok(server) = server else {
        findings.fail(
            "token",
            "the place where tokens are given has plain HTTP, which anyone on the way can read",
            "write --token-url with https://",
        );
        return findings.skip(&["group"], "there is no token");
    };
    if !token(&server, &auth, base, findings).await {
        return findings.skip(&["group"], "there is no token");
    }
    group(&server, &auth, group_asked, findings).await;
}

/// Whether there are credentials in a form that can be sent.
fn credentials(
    connection: &ConnectionArgs,
    base: Option<&Url>,
    findings: &mut Findings,
) -> Option<Auth> {
    const CHECK: &str = "credentials";
    let nowhere = NOWHERE.parse().ok();
    let auth = match connection.auth(base.or(nowhere.as_ref())?) {
        Ok(auth) => auth,
        Err(failure) => {
            let to_do = "the guide says how a file of them looks (docs/guide/export.md)";
            findings.fail(CHECK, failure.message, to_do);
            return None;
        }
    };
    if let Err(error) = auth.check() {
        let to_do = "give the file as whoever made it has given it to you";
        findings.fail(CHECK, error.to_string(), to_do);
        return None;
    }
    let found = match &auth {
        Auth::None => "none are used, as --auth none says",
        Auth::Bearer(_) => "a token is given, in the form of one",
        Auth::Backend { .. } => "a key is given that signs",
        Auth::Basic { credentials, .. } => {
            if let Some(doubt) = credentials.doubt() {
                findings.fail(CHECK, doubt, "write them as client_id = ... and client_secret = ..., with nothing around them");
                return None;
            }
            let host = base.and_then(Url::host_str).unwrap_or_default();
            let published = [
                sandbox::Credentials::published(),
                sandbox::Credentials::published_2019(),
                sandbox::Credentials::published_later(),
            ];
            let is_published = published.iter().any(|own| credentials.is_of(&own.id));
            let is_real = base.is_some() && !host.contains("sandbox") && !is_this_machine(host);
            if is_published && is_real {
                let found = format!(
                    "they are those that CMS publishes for its sandbox, which open nothing at {host}"
                );
                findings.fail(
                    CHECK,
                    found,
                    "make your own in the BCDA portal, or name the sandbox with --base-url",
                );
                return None;
            }
            "a client id and a secret are given, in a form that can be sent"
        }
    };
    let private = if connection.credentials.is_some()
        || connection.token.is_some()
        || connection.signing_key.is_some()
    {
        ", and nobody else can read them"
    } else {
        ""
    };
    findings.ok(CHECK, format!("{found}{private}"));
    Some(auth)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host.starts_with("127.")
        || host == "[::1]"
}

/// Whether the service gives a token.
async fn token(server: &Server, auth: &Auth, base: &Url, findings: &mut Findings) -> bool {
    const CHECK: &str = "token";
    let host = match auth {
        Auth::Basic { token_url, .. } | Auth::Backend { token_url: Some(token_url), .. } => {
            token_url.clone()
        }
        _ => bcda_token_url(base),
    };
    let host = &place(&host);
    match (server.token_life().await, auth) {
        (Ok(_), Auth::None) => findings.ok(CHECK, "none is used"),
        (Ok(_), Auth::Bearer(_)) => findings.ok(CHECK, "the one that is given is used"),
        (Ok(Some(life)), _) => {
            findings.ok(
                CHECK,
                format!("{host} gives one, good for {} minutes", life.as_secs().div_ceil(60)),
            );
        }
        (Ok(None), _) => findings.ok(CHECK, format!("{host} gives one")),
        (Err(error), _) => {
            let (found, to_do) = no_token(&error, auth, host, server.proxy().as_deref());
            findings.fail(CHECK, found, to_do);
            return false;
        }
    }
    true
}

fn no_token(error: &Error, auth: &Auth, host: &str, proxy: Option<&str>) -> (String, String) {
    let (found, to_do) = match (error.kind(), auth) {
        (ErrorKind::Refused, Auth::Basic { .. }) => (
            format!("{host} refuses the client id and the secret"),
            "check that they are of this service; BCDA's expire after 90 days, after which new ones are needed",
        ),
        (ErrorKind::Refused, _) => (
            format!("{host} refuses the signed statement"),
            "the server must know the client id and the public key, and its clock must agree with this one",
        ),
        (ErrorKind::Usage, _) => (
            "the server does not say where tokens are given".to_owned(),
            "name the place with --token-url",
        ),
        _ => {
            let told = told(error, host, proxy);
            return (format!("there is none: {}", told.found), told.to_do);
        }
    };
    (found, to_do.to_owned())
}

/// Whether the group is one, and when the service was told whose data it has. Nothing that tells starts a job.
async fn group(server: &Server, auth: &Auth, group: &str, findings: &mut Findings) {
    const CHECK: &str = "group";
    let host = &place(server.base());
    let of_bcda = api_of(server.base()).is_some();
    if of_bcda && !Attribution::GROUPS.contains(&group) {
        let to_do = "ask for all, or for runout (people of last year who are not yours this year)";
        return findings.fail(CHECK, "BCDA has no group of this id", to_do);
    }
    let asked = if of_bcda {
        server.attribution().await.map(Some)
    } else {
        server.has_group(group).await.map(|()| None)
    };
    let error = match asked {
        Ok(Some(attribution)) => {
            return match attribution.of_group(group) {
                Some(day) => findings.ok(CHECK, format!("{group} is there; the service was told on {day} whose data it has")),
                None => findings.warning(
                    CHECK,
                    format!("the service does not say when it was told whose data {group} has"),
                    "an export may fail or be empty: ask CMS whether your organisation has people in this group",
                ),
            };
        }
        Ok(None) => return findings.ok(CHECK, "the server has this group"),
        Err(error) => error,
    };
    match error.status() {
        Some(401 | 403) => {
            let to_do = match auth {
                Auth::Bearer(_) => "get a new one: BCDA's are good for 20 minutes",
                Auth::None => "leave --auth none out, and give credentials",
                _ => "ask the service whether your organisation has access to its data",
            };
            findings.fail(CHECK, format!("{host} refuses the token, or the lack of one"), to_do);
        }
        Some(400 | 404 | 405 | 406) if of_bcda => findings.warning(
            CHECK,
            format!("{host} was never told whose data {group} has, or does not say so"),
            "an export may fail or be empty: ask CMS whether it has the list of your people",
        ),
        Some(400 | 404 | 405 | 406) => findings.note(
            CHECK,
            "the server does not show this group",
            "check its id: whether it is there may only be known when a job is asked for",
        ),
        _ => {
            let told = told(&error, host, server.proxy().as_deref());
            findings.fail(
                CHECK,
                format!("nothing was told of the group: {}", told.found),
                told.to_do,
            );
        }
    }
}

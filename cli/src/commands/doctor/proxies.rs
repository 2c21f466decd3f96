//! Which proxies the environment names, and whether the client uses one.

use bulk_client::{Server, Url};

use super::finding::Findings;
use crate::connection::VARIABLES;

const CHECK: &str = "proxy";
/// Those that name a proxy. Of both spellings the client takes the first.
const PROXIES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
/// Those that name hosts without one.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

pub(super) fn look(server: &Server, host: &str, findings: &mut Findings) {
    let value = |name: &str| VARIABLES(name).filter(|value| !value.is_empty());
    let (mut set, mut odd) = (Vec::new(), None);
    for name in PROXIES {
        let Some(value) = value(name) else { continue };
        match value.to_str().and_then(shown) {
            Some(proxy) => set.push(format!("{name} is {proxy}")),
            None => odd = odd.or(Some(name)),
        }
    }
    set.extend(
        EXCEPTIONS
            .into_iter()
            .filter(|name| value(name).is_some())
            .map(|name| format!("{name} is set")),
    );
    let way = match server.proxy() {
        Some(proxy) => format!("{host} is reached by the proxy {proxy}"),
        None => format!("{host} is reached without a proxy"),
    };
    if let Some(name) = odd {
        let found = format!("{name} names no proxy of HTTP; {way}");
        findings.warning(
            CHECK,
            found,
            "write it as http://HOST:PORT; other kinds of proxies are not spoken to",
        );
    } else if set.is_empty() {
        findings.ok(CHECK, format!("no variable names a proxy; {way}"));
    } else {
        findings.ok(CHECK, format!("{}; {way}", set.join(", ")));
    }
}

/// The scheme and the host of a proxy, without user and password.
fn shown(value: &str) -> Option<String> {
    let with_scheme =
        if value.contains("://") { value.to_owned() } else { format!("http://{value}") };
    let url: Url = with_scheme.parse().ok()?;
    let host = url.host_str()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(format!("{}://{host}{port}", url.scheme()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_passwords_of_proxies_are_not_shown() {
        for (value, told) in [
            ("http://jane:canary@proxy.example:3128/x?y=canary", Some("http://proxy.example:3128")),
            ("jane:canary@proxy.example", Some("http://proxy.example")),
            ("proxy.example:3128", Some("http://proxy.example:3128")),
            ("socks5://proxy.example", None),
            ("not a proxy", None),
        ] {
            assert_eq!(shown(value).as_deref(), told, "{value}");
        }
    }
}

//! A look at a server before anything is asked of it: whether it is reached, what its clock says, whether it gives a token,
//! and when it was told whose data a group has. No job is started.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::header::{ACCEPT, DATE, HeaderMap};
use serde_json::Value;
use url::{Host, Url};

use crate::call::{Call, TokenFor};
use crate::cause::Cause;
use crate::error::{Error, ErrorKind};
use crate::manifest::MAX_MANIFEST;
use crate::place::is_loopback;
use crate::server::Server;
use crate::wire::built;

/// The longest wait for a name to resolve.
const LONGEST_LOOKUP: Duration = Duration::from_secs(20);

/// A server that has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reached {
    /// The status of the answer, whatever it is.
    pub status: u16,
    /// By how many seconds the clock of this machine is ahead of the server's; negative where it is behind, none where the
    /// answer has no date.
    pub clock_ahead: Option<i64>,
}

/// When BCDA was last told whose data its groups have, as days (UTC).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribution {
    /// Of the group `all`.
    pub all: Option<String>,
    /// Of the group `runout`.
    pub runout: Option<String>,
}

impl Attribution {
    /// The groups of BCDA.
    pub const GROUPS: [&'static str; 2] = ["all", "runout"];

    /// That of a group; none where the server does not tell it.
    pub fn of_group(&self, group: &str) -> Option<&str> {
        match group {
            "all" => self.all.as_deref(),
            "runout" => self.runout.as_deref(),
            _ => None,
        }
    }

    fn of(answer: &Value) -> Self {
        let listed = answer["ingestion_dates"].as_array().map(Vec::as_slice).unwrap_or_default();
        let day = |kind: &str| {
            let own = listed.iter().find(|own| own["type"] == kind)?;
            // Only what is an instant is told: the rest would be words of the server's.
            let time: Timestamp = own["timestamp"].as_str()?.parse().ok()?;
            Some(time.to_zoned(TimeZone::UTC).date().to_string())
        };
        Self { all: day("last_attribution_update"), runout: day("last_runout_update") }
    }
}

impl Server {
    /// By way of which proxy the server is reached, as `host:port`, if by any.
    pub fn proxy(&self) -> Option<String> {
        self.wire.proxy(&self.base)
    }

    /// Asks for the metadata once, in nobody's name. Whatever is answered, the server was reached.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Network`] when it was not, with a [`cause`](Error::cause).
    pub async fn reach(&self) -> Result<Reached, Error> {
        let url = self.below(&["metadata"]);
        let asked = built(self.wire.client.get(url).header(ACCEPT, "application/fhir+json"))?;
        let sent = SystemTime::now();
        let response = self.wire.exchange(asked).await?;
        let clock_ahead = clock_ahead(response.headers(), sent, SystemTime::now());
        Ok(Reached { status: response.status().as_u16(), clock_ahead })
    }

    /// How long the token is good that calls would be made with; none where none is used, or where nothing tells.
    ///
    /// # Errors
    ///
    /// As every call that needs a token.
    pub async fn token_life(&self) -> Result<Option<Duration>, Error> {
        self.life_of_token().await
    }

    /// When BCDA was last told whose data its groups have.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] when the token is refused, and those of the server; 404 where it was never told.
    pub async fn attribution(&self) -> Result<Attribution, Error> {
        let url = self.below(&["attribution_status"]);
        let headers = vec![(ACCEPT, "application/json".to_owned())];
        let response = self.send(&Call { headers, ..Call::get(&url) }).await?;
        let body = self.wire.body(response, MAX_MANIFEST).await?;
        let answer = serde_json::from_slice(&body);
        let answer: Value = answer.map_err(|_| Error::server("the answer is not JSON"))?;
        Ok(Attribution::of(&answer))
    }

    /// Whether a server of others has a group of this id. Who is in it is not read.
    ///
    /// # Errors
    ///
    /// As every call; 404 where it does not have it, or does not show it.
    pub async fn has_group(&self, id: &str) -> Result<(), Error> {
        let url = self.below(&["Group", id]);
        let call = Call { token: TokenFor::Configured, ..Call::get(&url) };
        self.send(&call).await.map(drop)
    }
}

/// Whether the host of a URL has a name that must be resolved, and is.
///
/// # Errors
///
/// [`ErrorKind::Network`] with [`Cause::Name`] when it does not resolve.
pub async fn resolves(url: &Url) -> Result<bool, Error> {
    let Some(Host::Domain(name)) = url.host() else { return Ok(false) };
    if is_loopback(url) {
        return Ok(false);
    }
    let port = url.port_or_known_default().unwrap_or(443);
    let found = tokio::time::timeout(LONGEST_LOOKUP, tokio::net::lookup_host((name, port))).await;
    match found {
        Ok(Ok(_)) => Ok(true),
        _ => {
            Err(Error::new(ErrorKind::Network, format!("{name} does not resolve"))
                .because(Cause::Name))
        }
    }
}

/// How far the clock of this machine is ahead of an answer's date, which is cut to whole seconds.
fn clock_ahead(headers: &HeaderMap, sent: SystemTime, got: SystemTime) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let end = date + Duration::from_secs(1);
    Some(match (sent.duration_since(end), date.duration_since(got)) {
        (Ok(ahead), _) => seconds(ahead),
        (_, Ok(behind)) => -seconds(behind),
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn clocks() {
        let mut headers = HeaderMap::new();
        let now = httpdate::parse_http_date("Fri, 31 Dec 1999 23:59:59 GMT").unwrap();
        let at = |seconds: u64| now + Duration::from_secs(seconds);
        assert_eq!(clock_ahead(&headers, now, now), None);
        headers.insert(DATE, "Sat, 01 Jan 2000 00:00:59 GMT".parse().unwrap());
        assert_eq!(clock_ahead(&headers, at(0), at(1)), Some(-59));
        assert_eq!(clock_ahead(&headers, at(59), at(61)), Some(0));
        assert_eq!(clock_ahead(&headers, at(361), at(362)), Some(300));
        // The answer took long: the clocks may be the same.
        assert_eq!(clock_ahead(&headers, at(20), at(100)), Some(0));
        headers.insert(DATE, "yesterday".parse().unwrap());
        assert_eq!(clock_ahead(&headers, now, now), None);
    }

    #[test]
    fn only_days_are_told_of_an_attribution() {
        let dates = |timestamp: &str| {
            let own = json!({"type": "last_attribution_update", "timestamp": timestamp});
            Attribution::of(&json!({"ingestion_dates": [own, {"type": 7}]}))
        };
        let told = dates("2026-03-01T23:30:00-05:00");
        assert_eq!((told.of_group("all"), told.of_group("runout")), (Some("2026-03-02"), None));
        assert_eq!(dates("Jane Doe"), Attribution::default());
        assert_eq!(Attribution::of(&json!([])), Attribution::default());
    }
}

//! One exchange with a server: rate, timeouts, limits, and how to wait before the next try.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::{Client, Method, Request, RequestBuilder, Response, StatusCode, redirect};
use tokio::time::{sleep, timeout};
use url::Url;

use crate::call::Call;
use crate::cause::Cause;
use crate::error::{Error, ErrorKind, may_pass};
use crate::error_bodies::Refusal;
use crate::fault::{broken, root_cause, silent};
use crate::observe::Observer;
use crate::outcome::Outcome;
use crate::place::{check_plain, is_loopback, parse};
use crate::rate::Rate;
use crate::settings::Settings;

/// Redirects that are followed in one call.
const MAX_REDIRECTS: usize = 10;
/// Largest headers of an answer, in bytes.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// Longest body of an error that is looked at, in bytes.
const MAX_ERROR_BODY: usize = 64 << 10;

/// How requests leave this machine; shared by all that send any.
pub(crate) struct Wire {
    pub(crate) client: Client,
    pub(crate) settings: Settings,
    pub(crate) observer: Arc<dyn Observer>,
    rate: Rate,
    /// Who says whether there is a proxy, if one is used at all.
    proxies: Option<Matcher>,
}

impl Wire {
    pub(crate) fn new(
        base: &Url,
        settings: Settings,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, Error> {
        // The body is wanted as it comes and redirects are followed by us; HTTP/1 suffices for large files.
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .http1_only()
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .user_agent(concat!("bcda-bulk-client/", env!("CARGO_PKG_VERSION")));
        let here = is_loopback(base);
        let builder = if here { builder.no_proxy() } else { builder };
        let proxies = (!here).then(Matcher::from_system);
        let client = builder
            .build()
            .map_err(|error| Error::local(format!("no HTTP client: {}", root_cause(&error))))?;
        Ok(Self { client, rate: Rate::new(&settings), proxies, settings, observer })
    }

    /// Sends a request when its turn has come, and waits for the headers of the answer.
    pub(crate) async fn exchange(&self, request: Request) -> Result<Response, Error> {
        self.rate.turn().await;
        let url = request.url().clone();
        let sent = self.client.execute(request);
        let response = match timeout(self.settings.idle_timeout, sent).await {
            Err(_) => return Err(silent(self.settings.idle_timeout).on(&self.way(&url))),
            Ok(Err(error)) => return Err(broken(&error).on(&self.way(&url))),
            Ok(Ok(response)) => response,
        };
        let size =
            |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
                name.as_str().len() + value.len() + 4
            };
        if response.headers().iter().map(size).sum::<usize>() > MAX_HEADER_BYTES {
            let limit = MAX_HEADER_BYTES >> 10;
            return Err(Error::server(format!("the headers of the answer exceed {limit} KiB")));
        }
        Ok(response)
    }

    /// Sends a call and follows where it leads; `bearer` says which token goes to which URL.
    pub(crate) async fn follow<'t>(
        &self,
        call: &Call<'_>,
        bearer: impl Fn(&Url) -> Option<&'t str>,
    ) -> Result<Response, Error> {
        let mut url = call.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            check_plain(&url, self.settings.insecure_http)
                .map_err(|error| error.of_kind(ErrorKind::Server))?;
            let mut request = self.client.request(call.method.clone(), url.clone());
            for (name, value) in &call.headers {
                request = request.header(name, value);
            }
            if let Some(token) = bearer(&url) {
                request = request.bearer_auth(token);
            }
            let response = self.exchange(built(request)?).await?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            if call.method != Method::GET {
                return Err(Error::server(
                    "the server redirects a call that is not repeated elsewhere",
                ));
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let next = location.ok_or_else(|| Error::server("a redirect that leads nowhere"))?;
            let next = parse(next, Some(&url))
                .map_err(|error| error.of_kind(ErrorKind::Server).at("the server redirects"))?;
            if url.scheme() == "https" && next.scheme() != "https" {
                return Err(Error::server("the server redirects from https to plain http"));
            }
            url = next;
        }
        Err(Error::server(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// The next piece of a body; none at its end.
    pub(crate) async fn chunk(
        &self,
        response: &mut Response,
    ) -> Result<Option<impl AsRef<[u8]> + use<>>, Error> {
        match timeout(self.settings.idle_timeout, response.chunk()).await {
            Err(_) => Err(silent(self.settings.idle_timeout).on(&self.way(response.url()))),
            Ok(Err(error)) => Err(broken(&error).on(&self.way(response.url()))),
            Ok(Ok(chunk)) => Ok(chunk),
        }
    }

    /// Which host is behind a connection, and by way of which proxy it is reached: what is wrong with a connection may
    /// be either's fault.
    pub(crate) fn way(&self, url: &Url) -> String {
        let host = with_port(url.host_str().unwrap_or_default(), url.port_or_known_default());
        match self.proxy(url) {
            Some(proxy) => format!("{host}, by the proxy {proxy}"),
            None => format!("{host}, without a proxy"),
        }
    }

    /// The host and the port of the proxy by way of which a URL is reached, if by any.
    pub(crate) fn proxy(&self, url: &Url) -> Option<String> {
        let found = self.proxies.as_ref()?.intercept(&url.as_str().parse().ok()?)?;
        Some(with_port(found.uri().host()?, found.uri().port_u16()))
    }

    /// A whole body of at most `limit` bytes, however slowly it comes, but not for ever.
    pub(crate) async fn body(&self, response: Response, limit: usize) -> Result<Vec<u8>, Error> {
        let longest = self.settings.whole_answer();
        let way = self.way(response.url());
        let body = timeout(longest, self.body_at_last(response, limit)).await;
        body.unwrap_or_else(|_| {
            let seconds = longest.as_secs_f32();
            let message = format!("the answer was not complete after {seconds} seconds");
            let error = Error::new(ErrorKind::Network, message).because(Cause::Silent);
            Err(error.passing(None).on(&way))
        })
    }

    async fn body_at_last(&self, mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(&mut response).await? {
            body.extend_from_slice(chunk.as_ref());
            if body.len() > limit {
                let limit = limit >> 10;
                return Err(Error::server(format!("the answer is longer than {limit} KiB")));
            }
        }
        Ok(body)
    }

    /// The error of an answer that is none of the wanted ones: 429 and 5xx may pass, others do not. `secrets` are
    /// what was sent and may come back in the server's words, which are kept if they are to be.
    pub(crate) async fn refusal(&self, response: Response, secrets: &[&str]) -> Error {
        let (status, url) = (response.status(), response.url().clone());
        let headers = response.headers().clone();
        let asked = retry_after(&headers);
        let (body, whole) = self.error_body(response).await;
        let kind = match status.as_u16() {
            401 | 403 => ErrorKind::Refused,
            404 | 410 => ErrorKind::JobGone,
            _ => ErrorKind::Server,
        };
        let (url, headers, body) = (&url, &headers, body.as_slice());
        let refusal = Refusal { url, status, headers, body, whole, secrets };
        let kept_in = self.settings.error_bodies.as_ref().and_then(|kept| kept.keep(&refusal));
        let error = Error::new(kind, format!("the server answered {}", named(status)))
            .with_status(status.as_u16())
            .with_outcome(Outcome::of_body(body))
            .with_answer_in(kept_in);
        if may_pass(status.as_u16()) { error.passing(asked) } else { error }
    }

    /// As much of the body of an error as is looked at, and whether that is all of it.
    async fn error_body(&self, mut response: Response) -> (Vec<u8>, bool) {
        let mut body = Vec::new();
        let reading = async {
            while let Some(chunk) = self.chunk(&mut response).await.map_err(drop)? {
                body.extend_from_slice(chunk.as_ref());
                if body.len() > MAX_ERROR_BODY {
                    body.truncate(MAX_ERROR_BODY);
                    return Err(());
                }
            }
            Ok(())
        };
        let whole = timeout(self.settings.whole_answer(), reading).await;
        (body, matches!(whole, Ok(Ok(()))))
    }

    /// The tries of one call.
    pub(crate) fn tries(&self) -> Tries<'_> {
        Tries { wire: self, waits: self.waits(), of: None }
    }

    fn waits(&self) -> ExponentialBackoff {
        ExponentialBuilder::new()
            .with_jitter()
            .with_factor(2.0)
            .with_min_delay(self.settings.first_wait)
            .with_max_delay(self.settings.longest_wait)
            .with_max_times(self.settings.attempts.saturating_sub(1))
            .build()
    }
}

/// The tries that are left of one call.
pub(crate) struct Tries<'w> {
    wire: &'w Wire,
    waits: ExponentialBackoff,
    /// What is tried, where the errors themselves do not name it.
    of: Option<&'w str>,
}

impl<'w> Tries<'w> {
    /// The tries of what has this name.
    pub(crate) fn of(self, name: &'w str) -> Self {
        Self { of: Some(name), ..self }
    }

    /// Waits before the next try; gives the error back if it does not pass or no try is left.
    pub(crate) async fn after(&mut self, error: Error) -> Result<(), Error> {
        let Some(passing) = error.is_passing() else { return Err(error) };
        let Some(wait) = self.waits.next() else {
            let tries = self.wire.settings.attempts;
            return Err(error.at(format!("tried {tries} times")).lasting());
        };
        let wait = wait.max(passing.asked.unwrap_or_default());
        let wait = wait.min(self.wire.settings.longest_wait);
        let error = match self.of {
            Some(name) => error.at(name),
            None => error,
        };
        self.wire.observer.retrying(&error, wait);
        sleep(wait).await;
        Ok(())
    }

    /// Something was achieved: all tries are there again.
    pub(crate) fn refill(&mut self) {
        self.waits = self.wire.waits();
    }
}

fn with_port(host: &str, port: Option<u16>) -> String {
    match port {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The request, unless something in it can be no part of one.
pub(crate) fn built(request: RequestBuilder) -> Result<Request, Error> {
    request.build().map_err(|_| {
        Error::usage("the request cannot be sent: a header would hold a line break or the like")
    })
}

fn named(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

/// How long a server asks to wait: seconds or an HTTP date. What is neither is no wish.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(SystemTime::now()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_dates_and_nonsense() {
        let asked = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(asked("120"), Some(Duration::from_mins(2)));
        assert_eq!(asked("Fri, 31 Dec 1999 23:59:59 GMT"), Some(Duration::ZERO));
        assert!(asked("Fri, 31 Dec 2100 23:59:59 GMT").unwrap() > Duration::from_hours(24));
        assert_eq!(asked("2019-12-10 20:44:01.705398 +0000 UTC"), None);
        assert_eq!(asked("-1"), None);
    }
}

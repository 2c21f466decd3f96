//! The limits of everything that is asked of a server, each with its default.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::error_bodies::ErrorBodies;
use crate::place::Origin;
use crate::setting::{Message, Setting};

/// Limits and permissions of a connection.
///
/// # Example
///
/// ```
/// use bulk_client::Settings;
/// use std::time::Duration;
///
/// let patient = Settings { idle_timeout: Duration::from_secs(300), ..Settings::default() };
/// assert_eq!(patient.requests, 3_000);
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    /// Longest wait for a connection. 30 seconds.
    pub connect_timeout: Duration,
    /// Longest wait for the next bytes of an answer, and for its headers. 60 seconds.
    pub idle_timeout: Duration,
    /// Longest wait for the whole of an answer that is no file (a token, a manifest, an error); also the time in
    /// which a file must come at [`least_rate`](Self::least_rate), on average. None: ten times
    /// [`idle_timeout`](Self::idle_timeout), and 10 minutes at least.
    pub answer_timeout: Option<Duration>,
    /// A file that comes slower is broken off and continued, in bytes a second. 1,024.
    pub least_rate: u64,
    /// How often a call is tried, the first time included. 6.
    pub attempts: usize,
    /// The wait before the first repetition; each further one is twice as long, with jitter. 1 second.
    pub first_wait: Duration,
    /// Longest wait, also where the server asks for a longer one. 5 minutes.
    pub longest_wait: Duration,
    /// Most requests in any [`window`](Self::window), for all workers together. 3,000, as BCDA allows.
    pub requests: u32,
    /// 5 minutes.
    pub window: Duration,
    /// The first wait between two questions for the state of a job, where the server does not say. 2 seconds;
    /// later ones grow to 30 seconds.
    pub poll_wait: Duration,
    /// How long to wait for a job in all. 24 hours.
    pub job_timeout: Duration,
    /// Files that are downloaded at the same time. 4.
    pub parallel: usize,
    /// Whether plain HTTP to other machines is allowed.
    pub insecure_http: bool,
    /// Other origins that may be given the token where the manifest says that it is needed.
    pub allowed_origins: Vec<Origin>,
    /// Where answers that are errors are kept whole. Nowhere.
    pub error_bodies: Option<Arc<ErrorBodies>>,
}

impl Settings {
    /// Most files at the same time that a user may ask for.
    pub const MOST_PARALLEL: u8 = 64;
    /// Most tries that a user may ask for.
    pub const MOST_ATTEMPTS: u16 = 100;
    /// Longest [`idle_timeout`](Self::idle_timeout) that a user may ask for, in seconds: a day.
    pub const LONGEST_TIMEOUT: u64 = 86_400;

    /// Lets other servers have the token, by URLs of them.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Usage`](crate::ErrorKind::Usage) for what is no URL.
    pub fn allow(&mut self, servers: &[String]) -> Result<(), Error> {
        for text in servers {
            let url = text.parse().map_err(|_| {
                Error::usage([Setting::AllowOrigin.alone(), ": expected a URL".into()])
            })?;
            self.allowed_origins.push(Origin::of(&url));
        }
        Ok(())
    }

    /// What was given up with them, for whoever should know.
    pub fn warning(&self) -> Option<Message> {
        self.insecure_http.then(|| {
            let what = ": anyone on the way can read the token and the data";
            Message::from([Setting::InsecureHttp.alone(), what.into()])
        })
    }

    pub(crate) fn whole_answer(&self) -> Duration {
        let usual = self.idle_timeout.saturating_mul(10).max(Duration::from_mins(10));
        self.answer_timeout.unwrap_or(usual)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
            answer_timeout: None,
            least_rate: 1 << 10,
            attempts: 6,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_mins(5),
            requests: 3_000,
            window: Duration::from_mins(5),
            poll_wait: Duration::from_secs(2),
            job_timeout: Duration::from_hours(24),
            parallel: 4,
            insecure_http: false,
            allowed_origins: Vec::new(),
            error_bodies: None,
        }
    }
}

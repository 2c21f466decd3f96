//! Faults on request, so that a client can be tested. Each has a text form, `name[=arguments][@requests]`.

use std::fmt;
use std::str::FromStr;

use crate::resource::ResourceType;

/// Something that goes wrong on purpose. Any combination can be given; [`Fault::list`] tells all text forms.
///
/// What ends after `times` ends for good, so that a client that tries again gets through: the same requests in the
/// same order always meet the same answers.
///
/// ```
/// use sandbox::Fault;
/// let fault: Fault = "server-error=3@status".parse()?;
/// assert_eq!(fault.to_string(), "server-error=3@status");
/// assert!("server-eror".parse::<Fault>().unwrap_err().to_string().contains("server-error"));
/// # Ok::<(), sandbox::FaultError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// `slow-jobs[=POLLS]`: a job is not done before it was asked for so many times (5).
    SlowJobs(u32),
    /// `failed-job[=N]`: the first N jobs (1) fail; their status is 500 for good.
    FailedJob(u32),
    /// `expired-job[=N]`: the first N jobs (1) have expired as soon as they are done: 410.
    ExpiredJob(u32),
    /// `too-many-requests[=N[:SECONDS]][@REQUESTS]`: 429 for the first N (1) of each kind, Retry-After 1 second.
    TooManyRequests(Times),
    /// `server-error[=N][@REQUESTS]`: 500 for the first N (1) of each kind.
    ServerError(Times),
    /// `unavailable[=N[:SECONDS]][@REQUESTS]`: 503 for the first N (1) of each kind, Retry-After 1 second.
    Unavailable(Times),
    /// `no-retry-after`: 429 and 503 come without Retry-After.
    NoRetryAfter,
    /// `retry-after-date`: Retry-After is an HTTP date.
    RetryAfterDate,
    /// `poll-retry-after[=SECONDS]`: the 202 of a running job has Retry-After (1 second); the service has none.
    PollRetryAfter(u32),
    /// `token-expires[=N]`: a token is good for N requests (5), then it has expired.
    TokenExpires(u32),
    /// `expires-in=number|absent`: `expires_in` is a number, or is not there. The service gives a string.
    ExpiresIn(ExpiresIn),
    /// `drop-connection[=N]`: the connection of each file's first N downloads (1) breaks half-way.
    DropConnection(u32),
    /// `truncate-body[=N]`: each file's first N downloads (1) end half-way as if they were whole.
    TruncateBody(u32),
    /// `wrong-content-length[=N]`: each file's first N downloads (1) announce ten bytes more than come.
    WrongContentLength(u32),
    /// `html-200[=N]`: each file's first N downloads (1) are an HTML page with status 200.
    Html200(u32),
    /// `ignore-range`: Range is ignored: 200 and the whole file.
    IgnoreRange,
    /// `change-etag`: each answer has another ETag, so that If-Range never holds.
    ChangeEtag,
    /// `no-etag`: files have neither ETag nor Last-Modified.
    NoEtag,
    /// `no-gzip`: files are never compressed.
    NoGzip,
    /// `gzip-members`: compressed files have several gzip members.
    GzipMembers,
    /// `error-files[=N]`: a finished job has an error file of N lines (2).
    ErrorFiles(u32),
    /// `empty-output`: a finished job has no files.
    EmptyOutput,
    /// `empty-file`: a finished job also has an empty file, `blank.ndjson`.
    EmptyFile,
    /// `missing-type[=TYPE]`: a finished job has no file of the type (Coverage).
    MissingType(ResourceType),
    /// `bare-progress`: `X-Progress` says `In Progress` without a figure, as before December 2019.
    BareProgress,
    /// `refuse-overlap`: 429 for a job whose types another job of the same client has in work under the same version.
    RefuseOverlap,
    /// `no-attribution`: 404 for what changed of a group: the list of its people as of `_since` is missing.
    NoAttribution,
    /// `key-map-only`: the keys of encrypted files stand in `KeyMap` alone, as in 2018.
    KeyMapOnly,
    /// `encrypted-errors`: error files are encrypted too, as in early 2019.
    EncryptedErrors,
    /// `old-errors`: error bodies as in 2019.
    OldErrors,
    /// `plain-errors`: error bodies are plain text.
    PlainErrors,
    /// `empty-errors`: errors have no body.
    EmptyErrors,
}

/// How often, with which wait, and for which requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// How many requests of each kind meet the fault.
    pub times: u32,
    /// What Retry-After says, in seconds.
    pub seconds: u32,
    /// The kind of request; all but the one for a token unless given.
    pub of: Option<Requests>,
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requests {
    /// `token`: for a token.
    Token,
    /// `start`: that start a job.
    Start,
    /// `status`: for the status of a job.
    Status,
    /// `data`: for a file.
    Data,
}

const REQUESTS: [(&str, Requests); 4] = [
    ("token", Requests::Token),
    ("start", Requests::Start),
    ("status", Requests::Status),
    ("data", Requests::Data),
];

/// How a token says how long it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpiresIn {
    /// As a number.
    Number,
    /// Not at all, as in 2019 and 2020.
    Absent,
}

/// A text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {}", Fault::list().join(", "))]
pub struct FaultError;

/// How a name and its argument become a fault; `None` when the argument is no good.
type Read = fn(Option<&str>) -> Option<Fault>;

/// The text forms, in the order of the list. The one place where names and arguments are.
const FORMS: [(&str, &str, Read); 32] = [
    ("slow-jobs", "[=POLLS]", |arg| number(arg, 5).map(Fault::SlowJobs)),
    ("failed-job", "[=N]", |arg| number(arg, 1).map(Fault::FailedJob)),
    ("expired-job", "[=N]", |arg| number(arg, 1).map(Fault::ExpiredJob)),
    ("too-many-requests", "[=N[:SECONDS]][@REQUESTS]", |arg| {
        times(arg).map(Fault::TooManyRequests)
    }),
    ("server-error", "[=N][@REQUESTS]", |arg| times(arg).map(Fault::ServerError)),
    ("unavailable", "[=N[:SECONDS]][@REQUESTS]", |arg| times(arg).map(Fault::Unavailable)),
    ("no-retry-after", "", |arg| none(arg, Fault::NoRetryAfter)),
    ("retry-after-date", "", |arg| none(arg, Fault::RetryAfterDate)),
    ("poll-retry-after", "[=SECONDS]", |arg| number(arg, 1).map(Fault::PollRetryAfter)),
    ("token-expires", "[=N]", |arg| number(arg, 5).map(Fault::TokenExpires)),
    ("expires-in", "=number|absent", |arg| match arg? {
        "number" => Some(Fault::ExpiresIn(ExpiresIn::Number)),
        "absent" => Some(Fault::ExpiresIn(ExpiresIn::Absent)),
        _ => None,
    }),
    ("drop-connection", "[=N]", |arg| number(arg, 1).map(Fault::DropConnection)),
    ("truncate-body", "[=N]", |arg| number(arg, 1).map(Fault::TruncateBody)),
    ("wrong-content-length", "[=N]", |arg| number(arg, 1).map(Fault::WrongContentLength)),
    ("html-200", "[=N]", |arg| number(arg, 1).map(Fault::Html200)),
    ("ignore-range", "", |arg| none(arg, Fault::IgnoreRange)),
    ("change-etag", "", |arg| none(arg, Fault::ChangeEtag)),
    ("no-etag", "", |arg| none(arg, Fault::NoEtag)),
    ("no-gzip", "", |arg| none(arg, Fault::NoGzip)),
    ("gzip-members", "", |arg| none(arg, Fault::GzipMembers)),
    ("error-files", "[=N]", |arg| number(arg, 2).map(Fault::ErrorFiles)),
    ("empty-output", "", |arg| none(arg, Fault::EmptyOutput)),
    ("empty-file", "", |arg| none(arg, Fault::EmptyFile)),
    ("missing-type", "[=TYPE]", |arg| {
        arg.map_or(Some(ResourceType::Coverage), ResourceType::named).map(Fault::MissingType)
    }),
    ("bare-progress", "", |arg| none(arg, Fault::BareProgress)),
    ("refuse-overlap", "", |arg| none(arg, Fault::RefuseOverlap)),
    ("no-attribution", "", |arg| none(arg, Fault::NoAttribution)),
    ("key-map-only", "", |arg| none(arg, Fault::KeyMapOnly)),
    ("encrypted-errors", "", |arg| none(arg, Fault::EncryptedErrors)),
    ("old-errors", "", |arg| none(arg, Fault::OldErrors)),
    ("plain-errors", "", |arg| none(arg, Fault::PlainErrors)),
    ("empty-errors", "", |arg| none(arg, Fault::EmptyErrors)),
];

fn none(arg: Option<&str>, fault: Fault) -> Option<Fault> {
    arg.is_none().then_some(fault)
}

fn number(arg: Option<&str>, default: u32) -> Option<u32> {
    arg.map_or(Some(default), |digits| digits.parse().ok())
}

/// `N:SECONDS@REQUESTS`, each part optional.
fn times(arg: Option<&str>) -> Option<Times> {
    let (counts, of) = arg
        .unwrap_or("")
        .split_once('@')
        .map_or((arg, None), |(counts, of)| ((!counts.is_empty()).then_some(counts), Some(of)));
    let of = match of {
        None => None,
        Some(name) => Some(REQUESTS.iter().find(|(known, _)| *known == name)?.1),
    };
    let (times, seconds) = match counts.and_then(|counts| counts.split_once(':')) {
        Some((times, seconds)) => (Some(times), Some(seconds)),
        None => (counts, None),
    };
    Some(Times { times: number(times, 1)?, seconds: number(seconds, 1)?, of })
}

impl Fault {
    /// The text forms of all faults.
    pub fn list() -> Vec<String> {
        FORMS.iter().map(|(name, arguments, _)| format!("{name}{arguments}")).collect()
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        // The argument begins after the sign, or with the at sign where there is no count.
        let end = text.find(['=', '@']).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let arg = (!rest.is_empty()).then(|| rest.strip_prefix('=').unwrap_or(rest));
        let (_, _, read) = FORMS.iter().find(|(known, ..)| *known == name).ok_or(FaultError)?;
        read(arg).ok_or(FaultError)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SlowJobs(count) => write!(f, "slow-jobs={count}"),
            Self::FailedJob(count) => write!(f, "failed-job={count}"),
            Self::ExpiredJob(count) => write!(f, "expired-job={count}"),
            Self::TooManyRequests(times) => write!(f, "too-many-requests={times}"),
            Self::ServerError(times) => write!(f, "server-error={times}"),
            Self::Unavailable(times) => write!(f, "unavailable={times}"),
            Self::NoRetryAfter => f.write_str("no-retry-after"),
            Self::RetryAfterDate => f.write_str("retry-after-date"),
            Self::PollRetryAfter(seconds) => write!(f, "poll-retry-after={seconds}"),
            Self::TokenExpires(count) => write!(f, "token-expires={count}"),
            Self::ExpiresIn(ExpiresIn::Number) => f.write_str("expires-in=number"),
            Self::ExpiresIn(ExpiresIn::Absent) => f.write_str("expires-in=absent"),
            Self::DropConnection(count) => write!(f, "drop-connection={count}"),
            Self::TruncateBody(count) => write!(f, "truncate-body={count}"),
            Self::WrongContentLength(count) => write!(f, "wrong-content-length={count}"),
            Self::Html200(count) => write!(f, "html-200={count}"),
            Self::IgnoreRange => f.write_str("ignore-range"),
            Self::ChangeEtag => f.write_str("change-etag"),
            Self::NoEtag => f.write_str("no-etag"),
            Self::NoGzip => f.write_str("no-gzip"),
            Self::GzipMembers => f.write_str("gzip-members"),
            Self::ErrorFiles(count) => write!(f, "error-files={count}"),
            Self::EmptyOutput => f.write_str("empty-output"),
            Self::EmptyFile => f.write_str("empty-file"),
            Self::MissingType(kind) => write!(f, "missing-type={}", kind.name()),
            Self::BareProgress => f.write_str("bare-progress"),
            Self::RefuseOverlap => f.write_str("refuse-overlap"),
            Self::NoAttribution => f.write_str("no-attribution"),
            Self::KeyMapOnly => f.write_str("key-map-only"),
            Self::EncryptedErrors => f.write_str("encrypted-errors"),
            Self::OldErrors => f.write_str("old-errors"),
            Self::PlainErrors => f.write_str("plain-errors"),
            Self::EmptyErrors => f.write_str("empty-errors"),
        }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.times)?;
        if self.seconds != 1 {
            write!(f, ":{}", self.seconds)?;
        }
        match REQUESTS.iter().find(|(_, of)| Some(*of) == self.of) {
            Some((name, _)) => write!(f, "@{name}"),
            None => Ok(()),
        }
    }
}

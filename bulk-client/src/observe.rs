//! What a run tells while it goes on.

use std::time::Duration;

use url::Url;

use crate::error::Error;
use crate::manifest::Manifest;
use crate::report::Report;

/// Follows a run. Nothing that is told holds a token, the query of a file's URL or text of a record.
///
/// All methods do nothing unless they are written otherwise.
#[allow(unused_variables, reason = "the names are documentation")]
pub trait Observer: Send + Sync {
    /// A job is asked for.
    fn kickoff(&self, request: &Url) {}
    /// The server started a job there, or it could not be started.
    fn kicked_off(&self, request: &Url, job: Result<&Url, &Error>) {}
    /// The job is not done: percent where the server tells it, its words, and when it is asked again.
    fn job_progress(&self, percent: Option<u8>, words: &str, asked_to_wait: Option<Duration>) {}
    /// The state of the job could not be had.
    fn job_failed(&self, error: &Error) {}
    /// The job is done.
    fn job_complete(&self, manifest: &Manifest) {}
    /// So many files are to be fetched, of `of` in all.
    fn downloads(&self, files: usize, of: usize) {}
    /// A file begins, or begins again: its name, URL, type, list in the manifest.
    fn download_started(&self, file: &FileStart<'_>) {}
    /// So many bytes of the file are there.
    fn download_bytes(&self, name: &str, bytes: u64, of: Option<u64>) {}
    /// The file is complete.
    fn download_complete(&self, name: &str, url: &Url, bytes: u64, lines: u64) {}
    /// The file could not be had.
    fn download_failed(&self, name: &str, url: &Url, error: &Error) {}
    /// A file there needs the token, though the manifest says that none does: it goes to its own origin, and to no
    /// other. Told once.
    fn token_demanded(&self, at: &Url) {}
    /// A call is tried again after a wait.
    fn retrying(&self, error: &Error, wait: Duration) {}
    /// All that could be fetched is there.
    fn export_complete(&self, report: &Report) {}
}

/// A file that is going to be downloaded.
#[derive(Clone, Copy, Debug)]
pub struct FileStart<'f> {
    /// The name it is going to have, without `.gz`.
    pub name: &'f str,
    /// Where it is; show it with [`shown_url`](crate::shown_url).
    pub url: &'f Url,
    /// `output`, `deleted` or `error`: the list of the manifest.
    pub item_type: &'static str,
    /// The FHIR type.
    pub resource_type: &'f str,
}

/// An observer that does not look.
impl Observer for () {}

/// Several observers.
impl Observer for Vec<std::sync::Arc<dyn Observer>> {
    fn kickoff(&self, request: &Url) {
        for one in self {
            one.kickoff(request);
        }
    }
    fn kicked_off(&self, request: &Url, job: Result<&Url, &Error>) {
        for one in self {
            one.kicked_off(request, job);
        }
    }
    fn job_progress(&self, percent: Option<u8>, words: &str, asked_to_wait: Option<Duration>) {
        for one in self {
            one.job_progress(percent, words, asked_to_wait);
        }
    }
    fn job_failed(&self, error: &Error) {
        for one in self {
            one.job_failed(error);
        }
    }
    fn job_complete(&self, manifest: &Manifest) {
        for one in self {
            one.job_complete(manifest);
        }
    }
    fn downloads(&self, files: usize, of: usize) {
        for one in self {
            one.downloads(files, of);
        }
    }
    fn download_started(&self, file: &FileStart<'_>) {
        for one in self {
            one.download_started(file);
        }
    }
    fn download_bytes(&self, name: &str, bytes: u64, of: Option<u64>) {
        for one in self {
            one.download_bytes(name, bytes, of);
        }
    }
    fn download_complete(&self, name: &str, url: &Url, bytes: u64, lines: u64) {
        for one in self {
            one.download_complete(name, url, bytes, lines);
        }
    }
    fn download_failed(&self, name: &str, url: &Url, error: &Error) {
        for one in self {
            one.download_failed(name, url, error);
        }
    }
    fn token_demanded(&self, at: &Url) {
        for one in self {
            one.token_demanded(at);
        }
    }
    fn retrying(&self, error: &Error, wait: Duration) {
        for one in self {
            one.retrying(error, wait);
        }
    }
    fn export_complete(&self, report: &Report) {
        for one in self {
            one.export_complete(report);
        }
    }
}

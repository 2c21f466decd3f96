//! A log in the items of the SMART bulk data client: one JSON object a line, with `exportId`, `timestamp`, `eventId`
//! and `eventDetail`.
//!
//! Events: `kickoff`, `status_progress`, `status_error`, `status_complete`, `download_request`, `download_complete`,
//! `download_error`, `export_complete`. URLs of files go without their queries, bodies of errors as what may be shown
//! of them.

use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{Timestamp, Unit};
use serde_json::{Value, json};
use url::Url;

use crate::error::Error;
use crate::manifest::Manifest;
use crate::metadata::Metadata;
use crate::observe::{FileStart, Observer};
use crate::place::shown;
use crate::report::Report;
use crate::setting::Spelling;

/// Writes the log of a run.
pub struct NdjsonLog {
    file: Mutex<File>,
    export_id: String,
    started: Instant,
    software: Mutex<Metadata>,
    spelling: Spelling,
}

impl NdjsonLog {
    /// Opens the log, 0600 if it is new; events are added at its end, with options as `spelling` writes them.
    pub fn open(path: &Path, spelling: Spelling) -> Result<Self, Error> {
        let opened = File::options().append(true).create(true).mode(0o600).open(path);
        let file = opened.map_err(|error| {
            Error::local(format!("the log {} cannot be opened: {error}", path.display()))
        })?;
        let random = || RandomState::new().build_hasher().finish();
        Ok(Self {
            file: Mutex::new(file),
            export_id: format!("{:016x}{:08x}", random(), random() >> 32),
            started: Instant::now(),
            software: Mutex::default(),
            spelling,
        })
    }

    /// Names the server's software in `kickoff`.
    pub fn set_software(&self, software: Metadata) {
        *self.software.lock().unwrap_or_else(PoisonError::into_inner) = software;
    }

    fn event(&self, name: &str, detail: &Value) {
        let now = Timestamp::now();
        let now = now.round(Unit::Millisecond).unwrap_or(now);
        let mut line = json!({
            "exportId": self.export_id,
            "timestamp": format!("{now:.3}"),
            "eventId": name,
            "eventDetail": detail,
        })
        .to_string();
        line.push('\n');
        // A full disk will be told by what matters more than the log.
        let _ = self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
    }
}

fn body(error: &Error) -> Value {
    match error.outcome() {
        Some(outcome) if !outcome.is_empty() => outcome.to_string().into(),
        _ => Value::Null,
    }
}

fn text(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { text.into() }
}

impl Observer for NdjsonLog {
    fn kicked_off(&self, request: &Url, job: Result<&Url, &Error>) {
        let software = self.software.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let parameters: serde_json::Map<String, Value> = request
            .query_pairs()
            .map(|(name, value)| (name.into(), value.into_owned().into()))
            .collect();
        self.event(
            "kickoff",
            &json!({
                "exportUrl": request.as_str(),
                "errorCode": job.err().and_then(Error::status),
                "errorBody": job.err().map(|error| error.spelled(self.spelling)),
                "softwareName": text(&software.software_name),
                "softwareVersion": text(&software.software_version),
                "softwareReleaseDate": text(&software.software_release_date),
                "fhirVersion": text(&software.fhir_version),
                "requestParameters": parameters,
            }),
        );
    }

    fn job_progress(&self, _: Option<u8>, words: &str, asked_to_wait: Option<Duration>) {
        self.event(
            "status_progress",
            &json!({
                "body": null,
                "xProgress": text(words),
                "retryAfter": asked_to_wait.map(|wait| wait.as_secs().to_string()),
            }),
        );
    }

    fn job_failed(&self, error: &Error) {
        self.event(
            "status_error",
            &json!({
                "body": body(error),
                "code": error.status(),
                "message": error.spelled(self.spelling),
                "responseHeaders": null,
            }),
        );
    }

    fn job_complete(&self, manifest: &Manifest) {
        self.event(
            "status_complete",
            &json!({
                "transactionTime": manifest.transaction_time,
                "outputFileCount": manifest.output.len(),
                "deletedFileCount": manifest.deleted.len(),
                "errorFileCount": manifest.error.len(),
            }),
        );
    }

    fn download_started(&self, file: &FileStart<'_>) {
        self.event(
            "download_request",
            &json!({
                "fileUrl": shown(file.url),
                "itemType": file.item_type,
                "resourceType": file.resource_type,
            }),
        );
    }

    fn download_complete(&self, _: &str, url: &Url, bytes: u64, lines: u64) {
        self.event(
            "download_complete",
            &json!({
                "fileUrl": shown(url),
                "resourceCount": lines,
                "fileSize": bytes,
            }),
        );
    }

    fn download_failed(&self, _: &str, url: &Url, error: &Error) {
        self.event(
            "download_error",
            &json!({
                "fileUrl": shown(url),
                "body": body(error),
                "code": error.status(),
                "message": error.spelled(self.spelling),
                "responseHeaders": null,
            }),
        );
    }

    fn export_complete(&self, report: &Report) {
        self.event(
            "export_complete",
            &json!({
                "files": report.files.len(),
                "resources": report.files.iter().map(|file| file.records).sum::<u64>(),
                "bytes": report.files.iter().map(|file| file.content_bytes).sum::<u64>(),
                "attachments": 0,
                "duration": u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            }),
        );
    }
}

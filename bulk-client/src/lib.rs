//! A client of FHIR bulk data exports, made for BCDA (the Beneficiary Claims Data API) and usable with others.
//!
//! One call takes an export from the kick-off to checked files: [`Export::run`]. It asks for a job, waits for it,
//! downloads its files several at a time, checks them, and leaves a journal. Interrupted at any point, the same call
//! goes on from there.
//!
//! ```text
//! Credentials ─> Auth ─┐
//!      Settings ───────┴─> Server ──kick-off──> job ──poll──> Manifest ──> files + bcda-export.json
//!                          one rate, one token,                            NAME.part, checks, fsync, rename
//!                          retries, redirects by hand
//! ```
//!
//! # What to expect
//! - Nothing is printed. An [`Observer`] is told what happens; [`NdjsonLog`] is one that writes it down in the items
//!   of the SMART bulk data client.
//! - The token goes to the origin that it was configured for, and to others only if they are allowed and the manifest
//!   says that files need it. Redirects are followed by hand: none from https to plain http.
//! - Bodies are kept as they come, gzip byte for byte. A file gets its name after it was decoded to its end.
//! - Names on disk are ours (`Patient-0001.ndjson.gz`), never from a URL or a header.
//! - No message holds a token, a query of a file's URL, or a server's text that may name a person: codes and sentences of
//!   closed lists are shown. [`ErrorBodies`] keeps the whole answers, in a file of mode 0600.
//!
//! # Example
//!
//! An export from a server that is three answers long:
//!
//! ```
//! use bulk_client::{Auth, Export, ExportRequest, Begin, Level, Server, Settings};
//! use std::io::{Read, Write};
//! use std::sync::Arc;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! let place = format!("http://{}", listener.local_addr()?);
//! let manifest = format!(
//!     r#"{{"transactionTime":"2020-01-01T00:00:00Z","request":"","requiresAccessToken":false,"error":[],
//!     "output":[{{"type":"Patient","url":"{place}/data/1/x.ndjson"}}]}}"#
//! );
//! let answers = [
//!     format!("202 Accepted\r\nContent-Location: {place}/api/v1/jobs/1\r\nContent-Length: 0\r\n\r\n"),
//!     format!("200 OK\r\nContent-Length: {}\r\n\r\n{manifest}", manifest.len()),
//!     "200 OK\r\nContent-Length: 27\r\n\r\n{\"resourceType\":\"Patient\"}\n".to_owned(),
//! ];
//! std::thread::spawn(move || {
//!     for answer in answers {
//!         let (mut connection, _) = listener.accept().unwrap();
//!         let _ = connection.read(&mut [0; 4096]);
//!         let _ = write!(connection, "HTTP/1.1 {}", answer.replacen("\r\n", "\r\nConnection: close\r\n", 1));
//!     }
//! });
//!
//! let work = tempfile::tempdir()?;
//! let base = bulk_client::fhir_base(&place, Some("v1"))?;
//! let server = Server::new(base, Auth::None, Settings::default(), None, Arc::new(()))?;
//! let mut request = ExportRequest::new(Level::Group("all".into()));
//! request.types = vec!["Patient".into()];
//! let export = Export {
//!     request,
//!     out: work.path().join("export"),
//!     begin: Begin::Usual,
//!     decryption: None,
//!     since_last: false,
//! };
//! let report = bulk_client::block_on(export.run(&server, &Default::default()))?;
//! assert_eq!(report.files[0].name, "Patient-0001.ndjson");
//! assert!(!report.has_gaps());
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod address;
mod auth;
mod beside;
mod call;
mod cause;
mod continuation;
mod credentials;
mod download;
mod ends;
mod error;
mod error_bodies;
mod export;
mod fault;
mod file;
mod filter;
mod folder;
mod identity;
mod job;
mod journal;
mod known;
mod log;
mod look;
mod manifest;
mod matching;
mod metadata;
mod observe;
mod offer;
mod opened;
mod outcome;
mod pace;
mod place;
mod rate;
mod removal;
mod report;
mod request;
mod runtime;
mod server;
mod setting;
mod settings;
mod since;
mod verify;
mod wanted;
mod wire;

pub use address::{Address, api_of, fhir_base};
pub use auth::Auth;
pub use cause::Cause;
pub use credentials::{Credentials, Variables, read_secret, read_secret_from};
pub use download::Decryption;
pub use ends::end_of_version;
pub use error::{Error, ErrorKind};
pub use error_bodies::ErrorBodies;
pub use export::{Begin, Export, unfinished};
pub use file::{FileRecord, FileState, ItemType};
pub use filter::ClaimsWanted;
pub use identity::{AuthKind, Identity, SecretPlace, token_cache};
pub use job::{JobState, JobSummary, check_job_name};
pub use journal::{ExportRecord, JOURNAL_NAME, Journal, Listed};
pub use log::NdjsonLog;
pub use look::{Attribution, Reached, resolves};
pub use manifest::{Entry, Manifest};
pub use metadata::{Metadata, Parameters};
pub use observe::{FileStart, Observer};
pub use offer::{offered, stated};
pub use opened::Opened;
pub use outcome::{IssueCounts, Outcome, Severity};
pub use place::{Origin, shown_url};
pub use removal::remove_export;
pub use report::{Remark, Report, Weight};
pub use request::{ExportRequest, Level};
pub use runtime::{block_on, unless_cancelled, within};
pub use secrecy::{ExposeSecret, SecretString};
pub use server::{Server, bcda_token_url};
pub use setting::{Mention, Message, Setting, Spelling, Value};
pub use settings::Settings;
pub use since::{last_export, since_last};
pub use tokio_util::sync::CancellationToken;
pub use url::Url;
pub use wanted::{Decided, Wanted};

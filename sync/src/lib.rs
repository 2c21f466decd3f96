//! A folder whose tables stay current: which exports are due, which of them the tables hold, and what they have changed.
//!
//! ```text
//! DIR/bcda.toml           the settings
//! DIR/exports/GROUP/...   ordinary exports: GROUP-0001-full, GROUP-0002-claims, GROUP-0002-people, and so on
//! DIR/tables/             an ordinary result that can be brought up to date; tables.previous-N/ is the one before
//! DIR/changes/            what the last update has changed
//! DIR/gone.csv            who is in none of the groups any more
//! DIR/sync-report.json    the report of the last run
//! DIR/tables.v1/ ...      what is left of an earlier version of the API, until it is dropped
//! ```
//!
//! What is to be done is told by what lies there ([`Folder::due`]): the journals say which exports are finished, and the
//! manifest of the tables which of them it holds. Nothing else is remembered, so that a run that was ended at any moment
//! goes on with the same call.
//!
//! [`run`] does all of it, and tells whoever watches; nothing is printed here. Its pieces stay usable alone.
//!
//! ```
//! use sync::{Folder, Kind};
//!
//! let work = tempfile::tempdir()?;
//! let folder = Folder::open(&work.path().join("claims"))?;
//! let due = folder.due(&["all".to_owned()])?;
//! assert_eq!((due[0].kind, due[0].number), (Kind::Full, 1));
//! assert!(due[0].path.ends_with("exports/all/all-0001-full"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod apply;
mod asked;
mod claims;
mod error;
mod export;
mod fetch;
mod folder;
mod gone;
mod manifest;
mod paid;
mod report;
mod run;
mod settings;
mod spelling;
mod watch;
mod way;
mod way_over;

pub use apply::{Applying, apply};
pub use asked::Request;
pub use claims::ClaimCounts;
pub use error::{Cause, Error};
pub use export::{Export, Kind};
pub use folder::Folder;
pub use paid::{Paid, PartD};
pub use report::{Amounts, ExportLine, People, Report, TypeLine};
pub use run::{Outcome, run};
pub use settings::{Fault, SETTINGS_NAME, Settings, Value};
pub use spelling::Spelling;
pub use watch::Watch;
pub use way::Way;

//! A folder whose tables stay current: which exports are due, which of them the tables hold, and what they have changed.
//!
//! ```text
//! DIR/bcda.toml           the settings
//! DIR/exports/GROUP/...   ordinary exports: GROUP-0001-full, GROUP-0002-claims, GROUP-0002-people, and so on
//! DIR/tables/             an ordinary result that can be brought up to date; tables.previous-N/ is the one before
//! DIR/changes/            what the last update has changed
//! DIR/gone.csv            who is in none of the groups any more
//! DIR/sync-report.json    the report of the last run
//! ```
//!
//! What is to be done is told by what lies there ([`Folder::due`]): the journals say which exports are finished, and the
//! manifest of the tables which of them it holds. Nothing else is remembered, so that a run that was ended at any moment
//! goes on with the same call.
//!
//! Who fetches the exports, and how they are told of, is left to the caller: nothing is printed here.
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
mod claims;
mod error;
mod export;
mod folder;
mod gone;
mod manifest;
mod paid;
mod report;
mod settings;

pub use apply::{Applying, apply};
pub use claims::ClaimCounts;
pub use error::Error;
pub use export::{Export, Kind};
pub use folder::Folder;
pub use paid::{Paid, PartD};
pub use report::{Amounts, ExportLine, People, Report, TypeLine};
pub use settings::{Fault, SETTINGS_NAME, Settings, Value};

//! Makes finished files appear, all at once or not at all.
//!
//! A run writes into a private folder beside its output and publishes with one
//! rename of that folder, so a reader of the output sees the earlier result or
//! the new one and never parts of both.
//!
//! ```text
//! .OUT.lock                  one writer at a time; gone when the run ends
//! OUT.partial-<run>/         what the run writes, mode 0700, files 0600
//! OUT.partial-<run>-scratch/ spools, never published
//! OUT.partial-<run>-old/     only where folders cannot be exchanged: what is being replaced
//! OUT.partial-<run>-keep-... for a moment: what is to become an earlier result
//! OUT.previous-<number>/     earlier results that are kept, the newest with the greatest number
//! .OUT.journal               there too: which names are ours while no manifest says so
//! OUT/                       the result; the manifest is the last file written
//! ```
//!
//! The order of a [`Stage::commit`] is: every file flushed and fsynced, the
//! manifest written last and fsynced, the folders fsynced, one rename (an
//! exchange when an earlier result is replaced), the parent fsynced, and only
//! then is the earlier result removed. An error anywhere before the end leaves
//! the earlier result whole. After a `kill -9` the next [`Stage::open`] removes
//! what was left behind; nobody has to tidy up by hand.
//!
//! # Example
//!
//! ```
//! use publish::{Stage, StageOptions};
//! use std::io::Write;
//!
//! # let work = tempfile::tempdir()?;
//! let out = work.path().join("tables");
//! let options = StageOptions {
//!     overwrite: false,
//!     manifest_name: "tables-manifest.json".into(),
//!     keep_previous: 0,
//! };
//! // The closure lists what an earlier manifest names; there is none here.
//! let stage = Stage::open(&out, &options, |_| Ok(None))?;
//! let mut table = stage.create("CCLF8.csv")?;
//! table.write_all(b"BENE_MBI_ID\n")?;
//! assert_eq!(table.finish()?.bytes, 12);
//! assert!(!out.exists());
//! stage.commit(br#"{"tables":["CCLF8.csv"]}"#)?;
//! assert!(out.join("CCLF8.csv").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Results that were replaced may be [kept](StageOptions::keep_previous), and [`undo`] goes back to the newest of them.
//!
//! Results that arrive over hours go into a [`GrowingFolder`] instead, file by file: there too a file under its own
//! name is complete, and one run at a time writes.
//!
//! # What is not promised
//!
//! Where the filesystem cannot exchange two folders (NFS, some overlays), an
//! earlier result is replaced file by file with the manifest absent meanwhile. An
//! error still restores the earlier result; a power cut in the middle leaves a
//! folder without a manifest, which the next run with
//! [`overwrite`](StageOptions::overwrite) replaces.
#![forbid(unsafe_code)]

mod children;
mod error;
mod existing;
#[cfg(any(test, feature = "fault"))]
pub mod fault;
mod folder;
mod growing;
mod lock;
mod names;
mod overlap;
mod previous;
mod progress;
mod replace;
mod single;
mod spools;
mod stage;
mod staged_file;
#[cfg(test)]
mod tests;
mod undo;

pub use error::{Error, ErrorKind};
pub use growing::{GrowingFolder, PartFile};
pub use names::{is_partial_name, is_previous_name, names_in};
pub use overlap::overlaps;
pub use single::{SingleFile, write_file_atomically};
pub use spools::Spools;
pub use stage::{Published, Stage, StageOptions};
pub use staged_file::{FileSummary, StagedFile};
pub use undo::undo;

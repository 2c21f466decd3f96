//! Final claims: of CMS's history of originals, cancellations and adjustments what is left, of BCDA's tables the rows that say
//! that they are final.
//!
//! ```text
//! rows ──> re-deliveries collapse ──┬──> Parts A, B, DME: pairs ──┬──> final ──> lines, procedures, diagnoses of them
//!                                   └──> Part D: newest of a key ─┘
//! ```
//!
//! A history has any number of rows. What grows with them in memory is a bit for each row of a table, and one more while the
//! table is looked at. Everything else is an entry of a fixed size, of which 32 MiB are in memory and the others in the scratch
//! folder of the run, sorted: 28 bytes a row for re-deliveries and people, 74 for pairs, 29 for Part D, and for what belongs
//! to claims 41 a row and 41 more for each claim. Of entries with one key all are in memory at a time: as many as a claim has
//! versions, or rows that belong to it.

mod children;
mod deliveries;
mod history;
mod history_table;
mod kept;
mod keys;
mod pairs;
mod part_d;
mod people;
mod redelivered;
mod resolved;
mod run;
mod unresolved;
mod write;

pub(crate) use kept::Kept;
pub use resolved::{Class, Outcome, Resolved};
pub use run::{CurrentOptions, CurrentReport, current};

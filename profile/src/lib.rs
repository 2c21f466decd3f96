//! What is in finished tables: claims, amounts and people counted, with small cells hidden, so that it can be shown around.
//!
//! ```text
//! tables ──> claims, persons, fill ──> tallies ──> shown, columns ──> Profile
//!            one pass each             with people  what is hidden: disclosure
//! ```
//!
//! Paid is what CCLF1 has for claims and CCLF5 and CCLF6 for lines, of final claims ([`cclf_crosswalk::PAID`]). Every tally has
//! the set of its people, a bit for each, by which [`disclosure`] judges it. Nothing but names of our own, names of columns,
//! months and figures leaves this crate.
#![forbid(unsafe_code)]

mod claims;
mod columns;
pub mod disclosure;
mod fill;
mod names;
mod people;
mod persons;
mod profile;
mod run;
mod shown;
mod tables;
mod unusual;
mod verdict;

pub use columns::{ColumnFill, TableFill};
pub use names::grouped;
pub use profile::{Options, Profile};
pub use run::{Rejects, Run};
pub use shown::{Cross, CrossRow, Figure, Line, Lines};
pub use tables::months_of;
pub use unusual::Unusual;
pub use verdict::Verdict;

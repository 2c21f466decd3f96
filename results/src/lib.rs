//! What is done with finished results: the folders of tables that `convert` publishes.
//!
//! ```text
//! CMS's files ──> read ──┐                       ┌──> write ──> CMS's files
//!                        ├──> tables ────────────┤
//! exports ──> convert ───┘     │    current      └──> reconcile with another result
//!                              └─> final claims
//! ```
//!
//! Results are opened, their columns read where they are needed, and what comes of them is
//! published whole or not at all.
#![forbid(unsafe_code)]

mod current;
mod digest;
mod finished;
mod manifest;
mod mbis;
mod read;
mod reconcile;
mod rows;
mod write;

pub use current::{Class, CurrentOptions, CurrentReport, Outcome, Resolved, current};
pub use finished::{Finished, Run, Source};
pub use read::{ReadFile, ReadOptions, ReadReport, read};
pub use reconcile::{
    Both, ClaimsReport, ColumnReport, EXAMPLES_MANIFEST, Kind, KindReport, PeopleReport, Reason,
    ReasonReport, ReconcileOptions, Reconciliation, Rung, RungReport, Side, SideReport, Sum,
    SumReport, TableReport, Tolerance, reconcile,
};
pub use write::{
    CCLF_MANIFEST, DeliveryOptions, LeftOutClaims, NotWritten, SurrogateCounts, WriteOptions,
    WritePlace, WriteReport, WrittenFile, write, write_at,
};

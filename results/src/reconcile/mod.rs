//! Where two results agree: final claims of each side, one to one, and what the rows of matched ones differ by.
//!
//! ```text
//! claims of both sides ──> by number ──> by control number ──> by natural keys ──> reasons
//!                              │                │                   │
//!                              └────────────────┴──> pairs <────────┘
//!                                                      │
//! rows of both sides ──> cut by pair into spools ──────┴──> sorted and compared, part by part
//! ```
//!
//! # Claims
//! A claim is all final rows with one CUR_CLM_UNIQ_ID: a row of CCLF1 and CCLF7, the lines of one claim of CCLF5 and CCLF6.
//! A row without a number is a claim by itself. People are their most recent MBI, by CCLF9 of both sides together.
//!
//! Claims are matched by the first of the [keys](Rung) that they share, and never across tables. Where a key has one claim
//! on each side they are a pair, whatever their amounts. Where it has more, claims of equal amounts are pairs, one to one. If
//! then claims are left on both sides, they are ambiguous, and go to no further key, which could only part them by
//! chance. If they are left on one side only, they go on to the next key. So no claim is ever in two pairs.
//!
//! # Rows
//! Rows of a pair are the same line by CLM_LINE_NUM (CCLF2, 5, 6, B), CLM_VAL_SQNC_NUM (CCLF3), CLM_PROD_TYPE_CD and
//! CLM_VAL_SQNC_NUM (CCLF4; CLM_DGNS_CD where the sides do not number claims alike, since then they do not number
//! diagnoses alike either), of people by the beginning of the hospice range (CCLF8) and the earlier MBI (CCLF9). Where a
//! line comes several times, equal rows go together first, and the others by the order of their cells; all rows of a
//! claim in CCLFA are one line. BENE_MBI_ID counts as the most recent MBI of the person.
//!
//! # Memory
//! What grows with the data lies in spools, and what grows with claims and people is small:
//!
//! | of each | in memory | in spools |
//! |---|---|---|
//! | final or other row | 1 bit | |
//! | claim | 24 bytes, and 24 more if it was not matched by its number; a map has up to twice as much | 124 bytes for each key that it is sorted by |
//! | person | 24 bytes | |
//! | row of a matched claim | | 22 bytes, one for eight columns, and its values with a byte each |
//!
//! Besides that there are 0.2 GiB that do not grow. 5.5 million lines of CCLF5 with all that belongs to them (13.5 million
//! rows and 3 million claims on each side) took 0.3 GiB where claims were matched by number and 0.5 GiB where none was. By
//! the table, 50 million lines of 20 million claims take about 1.3 GiB and 2.6 GiB: the map doubles when it is full, and
//! both its sizes are there while it does. A line takes some 300 bytes of disk, one table at a time.
//!
//! Claims and pairs are known by digests of 16 and 8 bytes. Among 20 million pairs two have one digest of 8 bytes with a
//! probability of 1 in 90,000; then their rows are compared together.

mod cells;
mod claim;
mod claims;
mod column;
mod compare;
mod cut;
mod digest;
mod examples;
mod identity;
mod kind;
mod matching;
#[cfg(test)]
mod model;
mod opened;
mod options;
mod people;
mod reason;
mod report;
mod run;
mod rungs;
mod shape;
mod side;
mod spill;
mod tally;

pub use examples::EXAMPLES_MANIFEST;
pub use kind::Kind;
pub use options::ReconcileOptions;
pub use reason::Reason;
pub use report::{
    ClaimsReport, ColumnReport, KindReport, PeopleReport, ReasonReport, Reconciliation, RungReport,
    SideReport, Sum, SumReport, TableReport, Tolerance,
};
pub use run::reconcile;
pub use rungs::Rung;
pub use side::{Both, Side};

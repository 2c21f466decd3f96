//! The crosswalk from FHIR STU3 claims, as CMS's Beneficiary Claims Data API (BCDA) v1 gives them, to the
//! twelve Claim and Claim Line Feed (CCLF) tables.
//!
//! The crosswalk is a table that a claims analyst can read, `stu3/crosswalk.csv`: column, where it is in
//! the resource, of what type. It is loaded and checked ([`Crosswalk`]), compiled ([`Plan`]) and followed
//! by a [`Reader`] for each line.
//!
//! ```text
//! line ──> Reader ──> Record ──> Claim ────> ClaimTables ──> record batches
//!                        └─────> Beneficiary, Coverage ──> Index ──> MBIs, CCLF8, CCLF9
//! ```
//!
//! [`TableStream`] is all of that in one: records in, record batches of the tables out.
//!
//! Nothing here opens a file or starts a thread.
#![forbid(unsafe_code)]

pub mod arrow;
mod batch;
mod claim;
mod claim_type;
mod columns;
mod convert;
mod counts;
mod crosswalk;
mod digest;
mod error;
mod evaluate;
mod fact;
mod index;
pub mod interpret;
mod late_mbi;
mod links;
mod naming;
mod people;
mod person;
mod plan;
mod rebatch;
mod resolve;
mod resource_type;
mod sink;
mod status;
mod stream;
mod table;
mod take;

pub use batch::{ClaimTables, schema};
pub use claim::{Claim, Lineage};
pub use claim_type::{ClaimType, ClaimTypes};
pub use columns::{Columns, ColumnsError};
pub use convert::{States, civil_from_days, days_from_civil, parse_day};
pub use counts::{ByClass, RecordCounts};
pub use crosswalk::{
    CROSSWALK_VERSION, CodeMap, Column, Crosswalk, FactKind, LineageColumn, RecordFact, STU3,
    Sources, TableDef,
};
pub use error::{ErrorClass, LoadError, RecordError};
pub use evaluate::Untranslated;
pub use index::{BeneficiaryNumber, HospiceRanges, Index, IndexFull, IndexLimit};
pub use late_mbi::LateMbi;
pub use naming::Naming;
pub use people::{PeopleTables, summary};
pub use person::{Beneficiary, Enrolment, Person, PersonRecord};
pub use plan::{Plan, Reader, Record, Verdict};
pub use rebatch::Rebatch;
pub use resolve::Resource;
pub use resource_type::{Guess, Guesser, is_enough};
pub use sink::{
    BATCH_ROWS, Compression, Format, Provenance, ROW_GROUP_ROWS, Resources, Share, Spill,
    TableWriter,
};
pub use status::NotActive;
pub use stream::{
    BadRecord, BatchError, Batches, Beneficiaries, LastBatches, NotTaken, TableStream,
    TableStreamOptions, Taken,
};
pub use table::{ColumnType, Per, Table};
pub use take::Took;

/// The parsed form of the crosswalk's `where` column.
pub mod facts {
    pub use crate::fact::{
        Alternative, Conversion, CoverageChoice, Expr, Function, Leaf, Part, Path, Root, Select,
        Source, Step,
    };
}

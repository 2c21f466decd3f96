//! The crosswalk from FHIR claims, as CMS's Beneficiary Claims Data API (BCDA) gives them in its versions 1 (STU3), 2
//! and 3 (R4), to the twelve Claim and Claim Line Feed (CCLF) tables.
//!
//! The crosswalk of a version is a table that a claims analyst can read, `stu3/crosswalk.csv`, `v2/` or `v3/`: column,
//! where it is in the resource, of what type. It is loaded and checked ([`Crosswalk`]), compiled ([`Plan`]) and
//! followed by a [`Reader`] for each line.
//!
//! ```text
//! line ──> Reader ──> Took ──> Claim ────────> ClaimTables ──> record batches
//!                       └────> PersonRecord ──> Index ──> MBIs, CCLF8, CCLF9
//! ```
//!
//! [`TableStream`] is all of that in one: records in, record batches of the tables out. People come first, because
//! claims take the MBI of their beneficiary.
//!
//! ```
//! use cclf_crosswalk::{Beneficiaries, Table, TableStream, TableStreamOptions};
//! # let (patient, claim) = (synth::patient(1), synth::eob(1, synth::ClaimType::Carrier));
//!
//! // A Patient and a claim, each the bytes of one line of an export.
//! let mut people = Beneficiaries::default();
//! people.push(patient.as_bytes())?;
//! let stream = TableStream::new(people, &[Table::Cclf5], &TableStreamOptions::default());
//! let mut rows = 0;
//! for item in stream.batches([claim.as_bytes()]) {
//!     let (table, batch) = item?;
//!     println!("{table}: {} rows of {} columns", batch.num_rows(), batch.num_columns());
//!     assert!(batch.column_by_name("CLM_LINE_NUM").is_some());
//!     rows += batch.num_rows();
//! }
//! assert!(rows > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Whoever reads lines on threads of their own asks [`Reader::take`] what each is, makes rows with [`ClaimTables`] and
//! [`PeopleTables`], counts with [`RecordCounts`] and writes with [`TableWriter`].
//!
//! Nothing here opens a file or starts a thread.
#![forbid(unsafe_code)]

pub mod arrow;
mod counts;
mod earlier;
mod error;
pub mod facts;
#[cfg(feature = "interpreter")]
pub mod interpret;
mod layout;
mod people;
mod plan;
mod rows;
mod sink;
mod stream;
mod take;

pub use cms::{Api, ClaimType, ClaimTypes};
pub use counts::{ByClass, RecordCounts};
pub use earlier::{EarlierTable, ReadAt};
pub use error::{ErrorClass, RecordError};
pub use facts::codes::{CodeMap, States};
pub use facts::columns::{Columns, ColumnsError};
pub use facts::crosswalk::{
    CROSSWALK_VERSION, Column, Crosswalk, LineageColumn, RecordFact, TableDef,
};
pub use facts::dates::{civil_from_days, days_from_civil, parse_day};
pub use facts::fact::FactKind;
pub use facts::sources::{STU3, Sources, V2, V3};
pub use layout::load_error::LoadError;
pub use layout::naming::Naming;
pub use layout::paid::{CLAIM_TYPE_NAMES, PAID, PART_D_PATIENTS, claim_type_name};
pub use layout::resource::Resource;
pub use layout::table::{ColumnType, Per, Table};
pub use people::index::{
    BeneficiaryNumber, HospiceRanges, Index, IndexFull, IndexLimit, Stored, StoredForgotten,
};
pub use people::person::{Beneficiary, Hollow, Person, PersonRecord};
pub use people::precedence::{Precedence, Tie, Version, precedence};
pub use people::tables::{PeopleTables, summary};
pub use plan::guess::{Guess, Guesser, is_enough};
pub use plan::program::Untranslated;
pub use plan::{Plan, Reader, Skipped};
pub use rows::batch::{ClaimTables, schema};
pub use rows::claim::{Claim, Lineage};
pub use rows::finality::NotFinal;
pub use rows::identity::{ClaimIdentity, ClaimSystem};
pub use rows::late_mbi::LateMbi;
pub use sink::rebatch::Rebatch;
pub use sink::{
    BATCH_ROWS, ColumnArrays, Compression, Format, Provenance, ROW_GROUP_ROWS, Resources, Share,
    Spill, TableWriter, texts,
};
pub use stream::{
    BadRecord, BatchError, Batches, Beneficiaries, LastBatches, NotTaken, TableStream,
    TableStreamOptions, Taken,
};
pub use take::Took;

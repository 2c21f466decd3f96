//! CMS's Claim and Claim Line Feed (CCLF) files of fixed width: what they are called, where the columns stand in their
//! records, and how values are written there.
//!
//! ```text
//! record batch ──> Encoder ──> records ──> a file, by a FileName ──> records ──> Decoder ──> record batch
//!                     └───────────────────────── Layout ────────────────────────────┘
//! ```
//!
//! A [`Layout`] says where the columns of one table stand. [`Layout::current`] is the one that files are written in;
//! what a file was written in, [`Layout::of_length`] tells by the length of its records, and [`Layout::from_csv`] takes
//! one of the user's own. An [`Encoder`] makes records of rows and a [`Decoder`] rows of records. Neither cuts a value
//! or guesses one: a row that does not fit, or a record that cannot be read, is left out whole and named by its place,
//! never by what it says.
//!
//! [`FileName`] is what the name of a file says, a [`Delivery`] gives the names of files that are written, and
//! [`summary`] is CCLF0, which counts the records of a delivery.
//!
//! ```
//! use cclf_crosswalk::Table;
//! use cclf_files::{Decoder, Encoder, FileName, Layout, Part, summary};
//!
//! // A file has come: its name says the table, its first line the layout.
//! let name = FileName::parse("P.A9999.ACO.ZC9Y26.D261111.T1435560").ok_or("no CCLF file")?;
//! assert_eq!(name.part, Part::One(Table::Cclf9));
//! let file = b"M1S00A00ZA011S00A00ZA812018-05-012023-02-28            \n\
//!              M1S00A00ZA041S00A00ZA042020-01-019999-12-31            \n";
//! let lines: Vec<&[u8]> =
//!     file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
//! let layout = Layout::of_length(Table::Cclf9, lines[0].len())?;
//!
//! let mut decoder = Decoder::new(&layout);
//! assert!(decoder.lines(&lines).is_empty(), "no record is at fault");
//! let batch = decoder.finish()?;
//! assert_eq!(batch.num_rows(), 2);
//! // 9999-12-31 is CMS's way to say that there is no day.
//! assert_eq!(batch["PRVS_ID_OBSLT_DT"].null_count(), 1);
//!
//! // And back again, with a summary.
//! let mut written = Vec::new();
//! let faults = Encoder::new(&layout, &batch.schema())?.encode(&batch, |_| true, None, &mut written);
//! assert!(faults.is_empty());
//! assert_eq!(written, file);
//! let counts = summary::write(&[(Table::Cclf9, 2)]);
//! assert_eq!(summary::parse(&counts)?[8].rows, 2);
//! # use cclf_crosswalk::arrow::array::Array;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here opens a file or starts a thread. The columns, their types and their widths are the crosswalk's
//! (`cclf-crosswalk/stu3/crosswalk.csv`).
#![forbid(unsafe_code)]

mod decode;
mod encode;
mod layout;
mod name;
pub mod summary;
mod words;

pub use decode::{Decoder, LineFault, LineFaultClass};
pub use encode::{Encoder, Fault, FaultClass, SchemaError, SurrogateIds};
pub use layout::{Kind, Layout, LayoutError, LayoutFault, Missing, Place, UnknownLength, Zeros};
pub use name::{Day, Delivery, FileName, Moment, NameError, Part, Program};
pub use summary::{SummaryError, SummaryFault, SummaryRow};

//! The crosswalk's own tables, `stu3/*.csv`: loaded, parsed and held against the model.
//!
//! What is public here is the parsed form of the crosswalk's `where` column.

pub(crate) mod codes;
pub(crate) mod columns;
pub(crate) mod crosswalk;
pub(crate) mod dates;
pub(crate) mod fact;
mod judged;
pub(crate) mod numbers;
pub(crate) mod resolve;
mod rows_csv;
pub(crate) mod sources;

pub use cms::MedicarePart as Part;
pub use fact::{
    Alternative, Conversion, CoverageChoice, Expr, Function, Leaf, Path, Root, Select, Source, Step,
};

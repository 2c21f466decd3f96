//! The parts of Apache Arrow that the tables are made of, under the names that the umbrella crate `arrow` gives them.
//!
//! They are the same types: a program that uses `arrow` 59 can mix them. The umbrella itself brings casts, orders,
//! sums and searches that nobody here calls, and takes longer to compile than all of this project's crates.

/// Arrays, their builders, and record batches.
pub mod array {
    pub use arrow_array::builder::*;
    pub use arrow_array::cast::*;
    pub use arrow_array::*;
}

pub use arrow_array::{ffi, ffi_stream};
pub use arrow_buffer as buffer;
pub use arrow_ipc as ipc;

/// What is done with whole arrays: joined, cut and sewn.
pub mod compute {
    pub use arrow_select::coalesce::BatchCoalescer;
    pub use arrow_select::concat::{concat, concat_batches};
    pub use arrow_select::filter::{FilterBuilder, FilterPredicate};
}

/// Types, fields and schemas.
pub mod datatypes {
    pub use arrow_array::types::*;
    pub use arrow_array::{ArrowNativeTypeOp, ArrowNumericType, ArrowPrimitiveType};
    pub use arrow_buffer::{ArrowNativeType, i256};
    pub use arrow_schema::*;
}

/// What goes wrong.
pub mod error {
    pub use arrow_schema::ArrowError;
}

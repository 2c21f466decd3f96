//! The names of CCLF files and of the zips that they come in.

mod delivery;
mod file_name;
mod parse;
mod program;

pub use delivery::{Delivery, Moment};
pub use file_name::{Day, FileName, Part};
pub use program::{NameError, Program};

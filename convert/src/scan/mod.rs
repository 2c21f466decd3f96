//! One table as a stream of record batches, made while it is read.
//!
//! ```text
//! scan thread:  index pass ──> claim pass ──> people ──> Batches ──> channel ──> Scan ──> reader
//! ```
//!
//! The passes are those of a run, so rows and their order are those of its tables; nothing is written anywhere. The
//! channel holds few batches: a slow reader makes the passes wait, and memory stays bounded.

mod batches;
mod handle;
mod index_file;
mod options;
mod part;
mod reading;
mod split;

pub use self::handle::{Scan, scan};
pub use self::options::{People, ScanOptions};
pub use self::part::{Part, Piece};
pub use self::split::{Split, split};

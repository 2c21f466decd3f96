//! Records in hand into record batches, wherever the records came from: a file, a response, a topic.
//!
//! ```text
//! people ──> Beneficiaries ──┐
//!                            v
//! claims ───────────────> TableStream ──> (table, record batch)
//! ```
//!
//! People come first, because claims take the MBI of their beneficiary. A record is the bytes of one JSON text. Blank
//! ones are passed over and not counted, as blank lines of files are.

mod beneficiaries;
mod error;
mod held;
mod last;
mod lines;
mod options;
mod outputs;
mod tables;

pub use beneficiaries::Beneficiaries;
pub use error::{BadRecord, BatchError, NotTaken};
pub use last::LastBatches;
pub use lines::Batches;
pub use options::TableStreamOptions;
pub use tables::{TableStream, Taken};

/// Whether a record is a blank line: nothing but the white space of JSON.
fn is_blank(record: &[u8]) -> bool {
    record.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

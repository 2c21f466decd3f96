//! The crosswalk against its reference, against a slower reading, and as others call it.

mod common;
mod dictionary;
mod golden;
mod oracle;
mod stream;

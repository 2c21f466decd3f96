//! People: packed, indexed, joined with claims, and written as CCLF8, CCLF9 and CCLF0.

pub(crate) mod digest;
pub(crate) mod index;
pub(crate) mod mbi;
pub(crate) mod person;
pub(crate) mod precedence;
pub(crate) mod tables;

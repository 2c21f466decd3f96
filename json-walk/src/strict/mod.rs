//! The slow, obvious reading: one byte after another, every fault with its class and place.
//!
//! It needs no preparation, so it is what looks at beginnings of files and at single lines; and it is
//! the judge of the fast reading ([`Index`](crate::Index)), which asks it what is wrong with a text
//! that it refuses.

mod check;
mod cursor;

pub use check::{Duplicates, check};
pub use cursor::{Cursor, Progress};

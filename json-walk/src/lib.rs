//! A strict, pull-style walk over one JSON text: every byte is checked, nothing is copied.
//!
//! The crate sits at the bottom of the workspace. It knows neither FHIR nor files: it is given the
//! bytes of one JSON text (one NDJSON line) and hands out keys, strings and number *text* in the
//! order they stand. What the caller does not want it [skips](Cursor::skip), and what is skipped is
//! checked as strictly as what is read: the verdict on a text never depends on who asked for what.
//!
//! What is refused, wherever it stands: invalid UTF-8, control characters in strings, bad escapes,
//! lone surrogates, `\u0000`, numbers outside the JSON grammar, trailing text, and nesting deeper
//! than [`Limits::max_depth`]. There is no recursion: a text nested a million levels deep costs no stack.
//! Duplicate members are the caller's choice, with [`Members`].
//!
//! Errors carry a class and a byte offset, never a piece of the text.
//!
//! ```
//! use json_walk::{Cursor, Kind, Limits};
//!
//! let mut cursor = Cursor::new(br#"{"value": 37.50, "skipped": [1, {"a": "b"}]}"#, Limits::default())?;
//! let mut members = cursor.enter_object()?;
//! while let Some(key) = cursor.next_key(&mut members)? {
//!     if key.raw() == "value" && cursor.kind()? == Kind::Number {
//!         assert_eq!(cursor.number()?.text(), "37.50");
//!     } else {
//!         cursor.skip()?;
//!     }
//! }
//! cursor.finish()?;
//! # Ok::<(), json_walk::Error>(())
//! ```

mod error;
pub mod index;
mod kind;
mod members;
mod scan;
pub mod strict;
mod text;
mod walker;

pub use error::{Error, ErrorKind};
pub use index::{Document, Index};
pub use kind::Kind;
pub use members::Members;
pub use strict::{Cursor, Duplicates, Progress, check};
pub use text::{JsonNumber, JsonStr};
pub use walker::Walker;

/// What a text may demand of the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Deepest nesting of objects and arrays that is accepted, counted in containers; at most 64.
    pub max_depth: u32,
}

/// The deepest nesting that [`Limits`] can allow: kinds of open containers live in one machine word.
pub const DEEPEST: u32 = 64;

impl Default for Limits {
    /// Depth 64: FHIR records nest about ten levels deep.
    fn default() -> Self {
        Self { max_depth: DEEPEST }
    }
}

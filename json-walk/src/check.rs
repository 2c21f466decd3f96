//! The whole-text check: is this one strict JSON value?

use crate::error::Error;
use crate::members::Members;
use crate::{Cursor, Kind, Limits};

/// What [`check`] says about member names that an object has twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duplicates {
    /// They are let through.
    Allow,
    /// They are refused in every object.
    Refuse,
}

/// Checks that `bytes` is exactly one JSON value by this crate's rules.
///
/// # Errors
/// The first fault, by its place in the text.
pub fn check(bytes: &[u8], limits: Limits, duplicates: Duplicates) -> Result<(), Error> {
    let mut cursor = Cursor::new(bytes, limits)?;
    match duplicates {
        Duplicates::Allow => cursor.skip()?,
        // The recursion is bounded: the cursor refuses to nest deeper than its limit of at most 64.
        Duplicates::Refuse => unique(&mut cursor)?,
    }
    cursor.finish()
}

fn unique(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    match cursor.kind()? {
        Kind::Object => {
            let mut members = Members::default();
            let mut progress = cursor.enter_object()?;
            while let Some(key) = cursor.next_key(&mut progress)? {
                members.insert(key)?;
                unique(cursor)?;
            }
            Ok(())
        }
        Kind::Array => {
            let mut progress = cursor.enter_array()?;
            while cursor.next_element(&mut progress)? {
                unique(cursor)?;
            }
            Ok(())
        }
        _ => cursor.skip(),
    }
}

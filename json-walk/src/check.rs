//! The whole-text check: is this one strict JSON value?

use crate::error::Error;
use crate::members::Members;
use crate::{Cursor, Kind, Limits, Progress};

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
/// The first fault, by its place in the text; but bytes that are no UTF-8 come before all others.
pub fn check(bytes: &[u8], limits: Limits, duplicates: Duplicates) -> Result<(), Error> {
    let mut cursor = Cursor::new(bytes, limits)?;
    match duplicates {
        Duplicates::Allow => cursor.skip()?,
        Duplicates::Refuse => unique(&mut cursor)?,
    }
    cursor.finish()
}

/// A container that is open, with the names it has shown if it is an object.
enum Open<'a> {
    Object(Progress, Members<'a>),
    Array(Progress),
}

fn unique(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    let mut open: Vec<Open<'_>> = Vec::new();
    // Members of objects that are closed: their memory serves the next object.
    let mut spare: Vec<Members<'_>> = Vec::new();
    loop {
        // At a value.
        match cursor.kind()? {
            Kind::Object => {
                let members = spare.pop().unwrap_or_default();
                open.push(Open::Object(cursor.enter_object()?, members));
            }
            Kind::Array => open.push(Open::Array(cursor.enter_array()?)),
            _ => cursor.skip()?,
        }
        // Close what ends here, or move to the next value.
        loop {
            let more = match open.last_mut() {
                None => return Ok(()),
                Some(Open::Object(progress, members)) => match cursor.next_key(progress)? {
                    Some(key) => {
                        members.insert(key)?;
                        true
                    }
                    None => false,
                },
                Some(Open::Array(progress)) => cursor.next_element(progress)?,
            };
            if more {
                break;
            }
            if let Some(Open::Object(_, mut members)) = open.pop() {
                members.clear();
                spare.push(members);
            }
        }
    }
}

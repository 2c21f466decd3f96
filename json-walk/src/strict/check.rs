//! The whole-text check: is this one strict JSON value?

use super::cursor::{Cursor, Progress};
use crate::error::Error;
use crate::members::Members;
use crate::{Kind, Limits};

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

fn unique(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    // The open containers, and whether each is an object.
    let mut open: Vec<(Progress, bool)> = Vec::new();
    // The names of the open objects; behind them those of closed ones, whose memory serves again.
    let mut names: Vec<Members<'_>> = Vec::new();
    let mut objects = 0;
    loop {
        // At a value.
        match cursor.kind()? {
            Kind::Object => {
                open.push((cursor.enter_object()?, true));
                match names.get_mut(objects) {
                    Some(members) => members.clear(),
                    None => names.push(Members::default()),
                }
                objects += 1;
            }
            Kind::Array => open.push((cursor.enter_array()?, false)),
            _ => cursor.skip()?,
        }
        // Close what ends here, or move to the next value.
        loop {
            let more = match open.last_mut() {
                None => return Ok(()),
                Some((progress, true)) => {
                    if let Some(key) = cursor.next_key(progress)? {
                        names[objects - 1].insert(key)?;
                        true
                    } else {
                        objects -= 1;
                        false
                    }
                }
                Some((progress, false)) => cursor.next_element(progress)?,
            };
            if more {
                break;
            }
            open.pop();
        }
    }
}

//! Which member names an object has shown so far: the duplicate check.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::{Error, ErrorKind};
use crate::text::JsonStr;

/// Objects with more members than this are checked through a hash set: no quadratic corner.
const SCAN_LIMIT: usize = 24;

/// Remembers the member names of one object. Names are compared after resolving escapes.
#[derive(Debug, Default)]
pub struct Members<'a> {
    few: Vec<JsonStr<'a>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Members<'a> {
    /// Forgets all names; the memory is kept for the next object.
    pub fn clear(&mut self) {
        self.few.clear();
        self.many.clear();
    }

    /// Adds a name.
    ///
    /// # Errors
    /// [`ErrorKind::DuplicateMember`] when the object already has it.
    pub fn insert(&mut self, key: JsonStr<'a>) -> Result<(), Error> {
        let duplicate = if self.few.len() < SCAN_LIMIT {
            let seen = self.few.iter().any(|other| same(other, &key));
            self.few.push(key);
            seen
        } else {
            if self.many.is_empty() {
                self.many.extend(self.few.iter().map(JsonStr::unescape));
            }
            !self.many.insert(key.unescape())
        };
        if duplicate { Err(Error::new(ErrorKind::DuplicateMember, key.offset())) } else { Ok(()) }
    }
}

fn same(a: &JsonStr<'_>, b: &JsonStr<'_>) -> bool {
    if a.is_escaped() || b.is_escaped() { a.unescape() == b.unescape() } else { a.raw() == b.raw() }
}

//! Members that neither the crosswalk nor the model knows: they must not come twice either.

use std::collections::HashSet;

use json_walk::JsonStr;

/// Objects with more unknown members than this are checked through a hash set.
const SCAN_LIMIT: usize = 24;

/// The unknown member names of the objects that are open, outermost first.
#[derive(Debug, Default)]
pub(super) struct UnknownMembers {
    /// One name after another; what is there is written over, not freed.
    names: String,
    /// Where each ends.
    ends: Vec<usize>,
    /// Of objects with many: where their names begin, and all of them.
    many: Vec<(usize, HashSet<String>)>,
}

impl UnknownMembers {
    /// Begins an object; gives what the other calls know it by.
    #[inline]
    pub(super) fn begin(&self) -> usize {
        self.ends.len()
    }

    /// Ends an object.
    #[inline]
    pub(super) fn end(&mut self, object: usize) {
        if self.ends.len() != object {
            self.forget(object);
        }
    }

    fn forget(&mut self, object: usize) {
        self.ends.truncate(object);
        self.names.truncate(self.ends.last().copied().unwrap_or(0));
        self.many.retain(|(begin, _)| *begin < object);
    }

    /// Adds a name to the object begun last; whether it is new.
    pub(super) fn insert(&mut self, object: usize, name: JsonStr<'_>) -> bool {
        let name = name.unescape();
        let own = self.ends.get(object..).unwrap_or_default();
        if own.len() >= SCAN_LIMIT {
            return self.insert_into_many(object, &name);
        }
        let mut start =
            object.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
        for end in own {
            if self.names.get(start..*end) == Some(&*name) {
                return false;
            }
            start = *end;
        }
        self.names.push_str(&name);
        self.ends.push(self.names.len());
        true
    }

    #[cold]
    fn insert_into_many(&mut self, object: usize, name: &str) -> bool {
        if self.many.last().is_none_or(|(begin, _)| *begin != object) {
            let mut start =
                object.checked_sub(1).and_then(|last| self.ends.get(last)).copied().unwrap_or(0);
            let mut names = HashSet::new();
            for end in self.ends.get(object..).unwrap_or_default() {
                names.insert(self.names.get(start..*end).unwrap_or_default().to_owned());
                start = *end;
            }
            self.many.push((object, names));
        }
        self.many.last_mut().is_some_and(|(_, names)| names.insert(name.to_owned()))
    }

    /// Forgets all of them: the next record begins.
    pub(super) fn clear(&mut self) {
        self.names.clear();
        self.ends.clear();
        self.many.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart_within_their_object() {
        let mut members = UnknownMembers::default();
        let outer = members.begin();
        assert!(members.insert(outer, JsonStr::at("one", 0, 3)));
        let inner = members.begin();
        for round in [true, false] {
            for number in 0..100 {
                let name = format!("name-{number}");
                assert_eq!(members.insert(inner, JsonStr::at(&name, 0, name.len())), round);
            }
        }
        assert!(members.insert(inner, JsonStr::at("one", 0, 3)));
        members.end(inner);
        assert!(!members.insert(outer, JsonStr::at("on\\u0065", 0, 8)));
        assert!(members.insert(outer, JsonStr::at("two", 0, 3)));
        members.end(outer);
        assert!(members.insert(members.begin(), JsonStr::at("one", 0, 3)));
    }
}

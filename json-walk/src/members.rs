//! Which member names an object has shown so far: the duplicate check.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::error::{Error, ErrorKind};
use crate::text::JsonStr;

/// Objects with more members than this are checked through a hash set: no quadratic corner.
const SCAN_LIMIT: usize = 24;

/// A hash set that grew larger than this is dropped by [`Members::clear`]: emptying it costs its
/// capacity, which every small object after a large one would pay.
const KEPT_CAPACITY: usize = 1024;

/// Remembers the member names of one object. Names are compared after resolving escapes.
#[derive(Debug, Default)]
pub struct Members<'a> {
    few: Vec<JsonStr<'a>>,
    many: HashSet<Cow<'a, str>>,
}

impl<'a> Members<'a> {
    /// Forgets all names; the memory is kept for the next object unless it is much.
    pub fn clear(&mut self) {
        self.few.clear();
        if self.many.capacity() > KEPT_CAPACITY {
            self.many = HashSet::default();
        } else {
            self.many.clear();
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Adds names as they stand between quotes; gives the place of the first that was refused.
    fn insert_all<'a>(members: &mut Members<'a>, names: &'a [String]) -> Option<usize> {
        names.iter().position(|name| {
            let key = JsonStr::within(name, 0, name.len(), name.contains('\\'));
            members.insert(key).is_err()
        })
    }

    fn distinct(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("n{number}")).collect()
    }

    #[test]
    fn a_repeated_name_is_found_at_every_distance() {
        for count in [1, 2, SCAN_LIMIT - 1, SCAN_LIMIT, SCAN_LIMIT + 1, 100] {
            for again in 0..count {
                let mut names = distinct(count);
                names.push(names[again].clone());
                names.push("later".to_owned());
                assert_eq!(insert_all(&mut Members::default(), &names), Some(count), "{again}");
            }
        }
    }

    #[test]
    fn names_are_compared_by_their_value() {
        let pairs = [
            ("a", r"\u0061"),
            (r"\/", "/"),
            (r"\u00e9", "é"),
            (r"\ud83d\ude00", "😀"),
            (r"\n", r"\u000A"),
            ("", ""),
        ];
        for (one, other) in pairs {
            for filler in [0, SCAN_LIMIT - 1, SCAN_LIMIT, 2 * SCAN_LIMIT] {
                for (first, second) in [(one, other), (other, one)] {
                    let mut names = vec![first.to_owned()];
                    names.extend(distinct(filler));
                    names.push(second.to_owned());
                    let refused = insert_all(&mut Members::default(), &names);
                    assert_eq!(refused, Some(filler + 1), "{first} {second}");
                }
            }
        }
        let unlike = ["a", "A", r"\\u0061", "e\u{301}", "é", "a ", ""].map(str::to_owned);
        assert_eq!(insert_all(&mut Members::default(), &unlike), None);
    }

    #[test]
    fn nothing_of_one_object_is_left_for_the_next() {
        for count in [3, SCAN_LIMIT, 100, 2 * KEPT_CAPACITY] {
            let names = distinct(count);
            let mut members = Members::default();
            for _ in 0..3 {
                assert_eq!(insert_all(&mut members, &names), None);
                members.clear();
            }
        }
    }

    #[test]
    fn a_large_object_leaves_no_large_table_behind() {
        let large = distinct(100_000);
        let small = distinct(SCAN_LIMIT + 1);
        let mut members = Members::default();
        assert_eq!(insert_all(&mut members, &large), None);
        members.clear();
        assert_eq!(members.many.capacity(), 0);
        assert_eq!(insert_all(&mut members, &small), None);
        let kept = members.many.capacity();
        members.clear();
        assert_eq!(members.many.capacity(), kept);
    }
}

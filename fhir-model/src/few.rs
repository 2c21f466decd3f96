//! Lists that nearly always have one entry.

use std::fmt;
use std::iter::Chain;
use std::ops::{Deref, DerefMut};
use std::option;

use thin_vec::ThinVec;

/// A list whose only entry lies in it; two and more lie elsewhere, as those of a `Vec`.
///
/// It derefs to a slice. The codings of a concept are such a list: nearly all concepts have one.
///
/// ```
/// use fhir_model::stu3::datatypes::{CodeableConcept, Coding};
///
/// let coding = Coding { code: Some("99213".into()), ..Coding::default() };
/// let mut concept = CodeableConcept { coding: [coding].into(), ..CodeableConcept::default() };
/// assert_eq!(concept.coding.len(), 1);
/// concept.coding.push(Coding::default());
/// assert_eq!(concept.coding[0].code.as_deref(), Some("99213"));
/// assert_eq!(concept.coding.iter().count(), 2);
/// ```
#[derive(Clone)]
pub struct Few<T>(Entries<T>);

#[derive(Clone)]
enum Entries<T> {
    UpToOne(Option<T>),
    More(ThinVec<T>),
}

impl<T> Few<T> {
    /// A list without entries.
    pub const fn new() -> Self {
        Self(Entries::UpToOne(None))
    }

    /// Adds an entry at the end.
    pub fn push(&mut self, entry: T) {
        match &mut self.0 {
            Entries::UpToOne(only @ None) => *only = Some(entry),
            _ => self.as_more(1).push(entry),
        }
    }

    /// The place of the only entry, where there is none yet.
    pub(crate) fn only(&mut self) -> Option<&mut Option<T>> {
        match &mut self.0 {
            Entries::UpToOne(only @ None) => Some(only),
            _ => None,
        }
    }

    /// The list as one that can have any number of entries, with room for some.
    pub(crate) fn as_more(&mut self, room: usize) -> &mut ThinVec<T> {
        if let Entries::UpToOne(only) = &mut self.0 {
            let mut entries = ThinVec::with_capacity(room + 1);
            entries.extend(only.take());
            self.0 = Entries::More(entries);
        }
        match &mut self.0 {
            Entries::More(entries) => entries,
            Entries::UpToOne(_) => unreachable!("it has just been made more"),
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.0 {
            Entries::UpToOne(only) => only.as_slice(),
            Entries::More(entries) => entries,
        }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match &mut self.0 {
            Entries::UpToOne(only) => only.as_mut_slice(),
            Entries::More(entries) => entries,
        }
    }
}

impl<T: PartialEq> PartialEq for Few<T> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<T: fmt::Debug> fmt::Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, entries: I) {
        for entry in entries {
            self.push(entry);
        }
    }
}

impl<T> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(entries: I) -> Self {
        let mut few = Self::new();
        few.extend(entries);
        few
    }
}

impl<T, const N: usize> From<[T; N]> for Few<T> {
    fn from(entries: [T; N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<T> From<Vec<T>> for Few<T> {
    fn from(entries: Vec<T>) -> Self {
        entries.into_iter().collect()
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = Chain<option::IntoIter<T>, thin_vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        let (only, more) = match self.0 {
            Entries::UpToOne(only) => (only, ThinVec::new()),
            Entries::More(entries) => (None, entries),
        };
        only.into_iter().chain(more)
    }
}

impl<'l, T> IntoIterator for &'l Few<T> {
    type Item = &'l T;
    type IntoIter = std::slice::Iter<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'l, T> IntoIterator for &'l mut Few<T> {
    type Item = &'l mut T;
    type IntoIter = std::slice::IterMut<'l, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list_of_any_length() {
        for length in 0..4_u8 {
            let numbers: Vec<u8> = (0..length).collect();
            let mut few: Few<u8> = numbers.clone().into();
            assert_eq!(*few, *numbers);
            assert_eq!(few, numbers.iter().copied().collect());
            assert!(few.iter().eq(&few) && few.clone().into_iter().eq(numbers.clone()));
            assert_eq!(format!("{few:?}"), format!("{numbers:?}"));
            for entry in &mut few {
                *entry += 1;
            }
            few.push(0);
            let more: Vec<u8> = (1..=length).chain([0]).collect();
            assert_eq!(*few, *more);
            few.reverse();
            assert_eq!(few.first(), Some(&0));
        }
    }

    #[cfg(feature = "stu3")]
    #[test]
    fn it_takes_no_more_room_than_its_entry() {
        use crate::stu3::datatypes::Coding;
        assert_eq!(size_of::<Few<Coding<'_>>>(), size_of::<Coding<'_>>());
    }
}

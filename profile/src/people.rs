//! People: a number for each, and sets of them.

use std::sync::{PoisonError, RwLock};

use cclf_crosswalk::arrow::array::{Array, StringArray};
use hashbrown::HashMap;

/// The number of all whom no row names. Rows without a person may be of one person, so they count as one.
const NOBODY: u32 = 0;

/// A number for each BENE_MBI_ID, the one column that names the person in all tables of claims. In tables made from BCDA and
/// in final claims made from CMS's files it is the person's most recent MBI, so that a person has one.
#[derive(Default)]
pub(crate) struct People(RwLock<HashMap<Box<str>, u32>>);

impl People {
    /// The numbers of the people of some rows.
    pub(crate) fn numbers(&self, mbis: &StringArray) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(mbis.len());
        let mut missing = Vec::new();
        {
            let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
            let mut before = ("", NOBODY);
            for row in 0..mbis.len() {
                let mbi = if mbis.is_valid(row) { mbis.value(row) } else { "" };
                // Rows of one person often stand together.
                if mbi != before.0 {
                    let number = if mbi.is_empty() { Some(&NOBODY) } else { known.get(mbi) };
                    let Some(number) = number else {
                        missing.push(row);
                        numbers.push(NOBODY);
                        continue;
                    };
                    before = (mbi, *number);
                }
                numbers.push(before.1);
            }
        }
        if !missing.is_empty() {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for row in missing {
                let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
                numbers[row] = *known.entry(mbis.value(row).into()).or_insert(next);
            }
        }
        numbers
    }
}

/// A set of people: a bit for each number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Set(Vec<u64>);

impl Set {
    pub(crate) fn insert(&mut self, person: u32) {
        let word = person as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (person % 64);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        if other.0.len() > self.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own |= other;
        }
    }

    /// Adds people, and says how many of them were not in it.
    pub(crate) fn add_fresh(&mut self, other: &Self) -> u64 {
        let words = other.0.iter().enumerate();
        let fresh =
            words.map(|(at, other)| (other & !self.0.get(at).copied().unwrap_or(0)).count_ones());
        let fresh = fresh.map(u64::from).sum();
        self.add(other);
        fresh
    }

    /// How many.
    pub(crate) fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

/// What is counted in a cell: rows, claims or people, an amount, and whose they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    pub(crate) cents: i128,
    pub(crate) people: Set,
}

impl Tally {
    pub(crate) fn take(&mut self, person: u32, cents: i128) {
        self.count += 1;
        self.cents += cents;
        self.people.insert(person);
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.cents += other.cents;
        self.people.add(&other.people);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_counted_once_and_nobody_is_one() {
        let people = People::default();
        let rows = StringArray::from(vec![Some("A"), Some("A"), None, Some("B"), None, Some("A")]);
        let first = people.numbers(&rows);
        assert_eq!(first, people.numbers(&rows));
        assert_eq!((first[2], first[4]), (NOBODY, NOBODY));
        let mut set = Set::default();
        for person in first {
            set.insert(person);
        }
        assert_eq!(set.len(), 3);
    }
}

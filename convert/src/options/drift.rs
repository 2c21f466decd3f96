//! Which records are looked through for what is not known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which records are looked through, whole, for names that neither FHIR's tables nor the vocabulary have. Those that are
/// rejected, skipped or left out are not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// None of them.
    None,
    /// One in 64, chosen by a hash of its text: the same ones in each run, whatever file they are in and whichever thread reads
    /// it.
    #[default]
    Sample,
    /// All of them, which takes a third of the work more.
    All,
}

/// Of so many records one is looked through.
const ONE_IN: u64 = 64;

impl Drift {
    /// All words.
    pub const ALL: [Self; 3] = [Self::None, Self::Sample, Self::All];

    /// Its word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sample => "sample",
            Self::All => "all",
        }
    }

    /// Whether the record with this text is looked through.
    #[inline]
    pub(crate) fn takes(self, text: &[u8]) -> bool {
        match self {
            Self::None => false,
            Self::Sample => hash(text).is_multiple_of(ONE_IN),
            Self::All => true,
        }
    }
}

/// A hash of a text: of its length, its beginning and end, and of words all over it. Each record passes through here, and one
/// of all of its bytes would cost more than the look through one record in 64 does. What tells short records of one kind
/// apart, an id or a reference, stands at the beginning or at the end.
fn hash(text: &[u8]) -> u64 {
    const BEGINNING: usize = 256;
    const END: usize = 128;
    const BETWEEN: usize = 24;
    const WORD: usize = size_of::<u64>();
    let text = text.trim_ascii();
    let mut hash = text.len() as u64;
    let mut add = |word: u64| {
        let mixed = (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        hash = mixed ^ mixed >> 32;
    };
    let (beginning, rest) = text.split_at(text.len().min(BEGINNING));
    let (between, end) = rest.split_at(rest.len().saturating_sub(END));
    for part in [beginning, end] {
        let (words, rest) = part.as_chunks::<WORD>();
        for word in words {
            add(u64::from_le_bytes(*word));
        }
        for byte in rest {
            add(u64::from(*byte));
        }
    }
    let words = between.chunks(WORD.max(between.len() / BETWEEN));
    let first = |chunk: &[u8]| chunk.first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
    for chunk in words {
        add(first(chunk));
    }
    hash
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Drift {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|own| own.name() == word);
        found.ok_or("expected none, sample or all")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for word in Drift::ALL {
            assert_eq!(word.to_string().parse(), Ok(word));
        }
        assert_eq!("some".parse::<Drift>(), Err("expected none, sample or all"));
    }

    /// Of 64 times 200 records that differ in one number, wherever it is, some 200 are chosen.
    #[test]
    fn one_record_in_64_is_chosen() {
        for (before, after) in [(0, 0), (20, 40), (200, 700), (20, 9000), (5000, 100), (300, 20)] {
            let record = |n: u32| {
                let (before, after) = ("b".repeat(before), "a".repeat(after));
                format!("{{\"x\":\"{before}\",\"id\":\"-1000000{n:07}\",\"y\":\"{after}\"}}")
            };
            let chosen = (0..12_800).filter(|n| Drift::Sample.takes(record(*n).as_bytes())).count();
            assert!((140..260).contains(&chosen), "{before}, {after}: {chosen}");
        }
    }

    #[test]
    fn white_space_around_a_record_changes_nothing() {
        let chosen = |text: &str| {
            (0..500)
                .map(|n| Drift::Sample.takes(text.replace('#', &n.to_string()).as_bytes()))
                .collect::<Vec<_>>()
        };
        assert_eq!(chosen("{\"id\":\"#\"}"), chosen(" {\"id\":\"#\"} \r"));
        assert!(chosen("{\"id\":\"#\"}").contains(&true));
    }
}

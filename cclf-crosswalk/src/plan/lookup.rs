//! Names and keys, found by their length and last eight bytes, then compared.
//!
//! BCDA's keys are long URLs that begin alike: their ends tell them apart, and one word of them is there
//! without a loop. A table of the plan is small and fixed, so the multiplier that spreads its words best
//! is looked for when it is made.

use std::borrow::Cow;

/// Names, each with a value.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    entries: Vec<Entry>,
    /// Number of an entry plus one; 0: none.
    slots: Vec<u16>,
    multiplier: u64,
    shift: u32,
}

#[derive(Clone, Debug)]
struct Entry {
    /// The last eight bytes, the last one highest; of a shorter name all, with zeros below.
    tail: u64,
    /// Which of them count.
    mask: u64,
    /// The first eight bytes of a longer name.
    head: u64,
    len: usize,
    value: u64,
    /// Number plus one of another entry with the same slot.
    next: u16,
    name: Cow<'static, str>,
}

impl Entry {
    fn new(name: Cow<'static, str>, value: u64) -> Self {
        let bytes = name.as_bytes();
        let mask = match bytes.len() {
            0 => 0,
            len @ 1..WORD => u64::MAX << (64 - 8 * len),
            _ => u64::MAX,
        };
        Self {
            tail: tail(bytes, bytes.len()) & mask,
            mask,
            head: bytes.first_chunk().map_or(0, |head| u64::from_le_bytes(*head)),
            len: bytes.len(),
            value,
            next: 0,
            name,
        }
    }

    /// Whether this is the name at `text[start..end]`, whose tail is given.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "every member name and key comes through here")]
    fn is(&self, tail: u64, text: &[u8], start: usize, end: usize) -> bool {
        if self.len != end.wrapping_sub(start) || self.tail != tail & self.mask {
            return false;
        }
        self.len <= WORD || self.begins(text, start, end)
    }

    /// The same of what stands before the tail.
    #[inline]
    fn begins(&self, text: &[u8], start: usize, end: usize) -> bool {
        let Some(own) = text.get(start..end) else { return false };
        own.first_chunk().is_some_and(|head| u64::from_le_bytes(*head) == self.head)
            && (own.len() <= 2 * WORD
                || own.get(WORD..own.len() - WORD)
                    == self.name.as_bytes().get(WORD..own.len() - WORD))
    }
}

/// Multipliers tried for the one that spreads the names best: more are not worth the start of a run.
const TRIES: u8 = 40;

/// Bytes of a word.
const WORD: usize = 8;

/// The eight bytes before `end`, the last one highest; zeros where the text begins later.
#[inline]
fn tail(text: &[u8], end: usize) -> u64 {
    match text.get(end.wrapping_sub(WORD)..end).and_then(|word| word.first_chunk()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => near_beginning(text, end),
    }
}

#[cold]
fn near_beginning(text: &[u8], end: usize) -> u64 {
    let mut bytes = [0; WORD];
    if let Some(text) = text.get(..end) {
        bytes[WORD - text.len()..].copy_from_slice(text);
    }
    u64::from_le_bytes(bytes)
}

impl Default for Lookup {
    fn default() -> Self {
        Self::new(std::iter::empty::<(&str, u64)>())
    }
}

impl Lookup {
    /// A table of different names, fewer than 65,535.
    pub(crate) fn new(names: impl Iterator<Item = (impl Into<Cow<'static, str>>, u64)>) -> Self {
        let entry = |(name, value): (_, u64)| Entry::new(Into::into(name), value);
        let entries: Vec<Entry> = names.map(entry).collect();
        let slots = (entries.len() * 2).next_power_of_two().max(2);
        let shift = 64 - slots.trailing_zeros();
        let mut multiplier = 0x9E37_79B9_7F4A_7C15;
        let mut best = (usize::MAX, multiplier);
        let mut hit = vec![0; slots];
        for attempt in 1..=TRIES {
            // As soon as it is no better than another, it is of no use.
            let clashes = entries.iter().filter(|entry| {
                let slot = slot(entry.tail, entry.len, multiplier, shift);
                std::mem::replace(&mut hit[slot], attempt) == attempt
            });
            let clashes = clashes.take(best.0).count();
            if clashes < best.0 {
                best = (clashes, multiplier);
            }
            if clashes == 0 {
                break;
            }
            multiplier = multiplier.wrapping_mul(6_364_136_223_846_793_005) | 1;
        }
        let mut lookup = Self { entries, slots: vec![0; slots], multiplier: best.1, shift };
        for (number, entry) in (1u16..).zip(&mut lookup.entries) {
            let slot = slot(entry.tail, entry.len, lookup.multiplier, shift);
            entry.next = std::mem::replace(&mut lookup.slots[slot], number);
        }
        lookup
    }

    /// The value of the name that stands at `text[start..end]`.
    #[inline]
    pub(crate) fn find(&self, text: &[u8], start: usize, end: usize) -> Option<u64> {
        let len = end.saturating_sub(start);
        let tail = tail(text, end);
        let own = match len {
            0 => 0,
            1..WORD => tail >> (64 - 8 * len) << (64 - 8 * len),
            _ => tail,
        };
        let mut number = *self.slots.get(slot(own, len, self.multiplier, self.shift))?;
        loop {
            let entry = self.entries.get(usize::from(number).wrapping_sub(1))?;
            if entry.is(tail, text, start, end) {
                return Some(entry.value);
            }
            number = entry.next;
        }
    }

    /// Whether the name that stands at `text[start..end]` is the one that was given as number `number`.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "every member name comes through here")]
    pub(crate) fn is(&self, number: usize, text: &[u8], start: usize, end: usize) -> bool {
        let Some(entry) = self.entries.get(number) else { return false };
        entry.is(tail(text, end), text, start, end)
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value of a name.
    pub(crate) fn find_name(&self, name: &str) -> Option<u64> {
        self.find(name.as_bytes(), 0, name.len())
    }

    /// The first name with a value.
    pub(crate) fn name(&self, value: u64) -> &str {
        self.entries.iter().find(|entry| entry.value == value).map_or("", |entry| &entry.name)
    }
}

#[inline]
#[allow(clippy::cast_possible_truncation, reason = "the slots are few")]
fn slot(tail: u64, len: usize, multiplier: u64, shift: u32) -> usize {
    ((tail ^ len as u64).wrapping_mul(multiplier) >> shift) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let names = ["", "a", "b", "id", "system", "1234567", "12345678", "123456789", "023456789"];
        let long = ["https://x/aaaaaaaa", "https://y/aaaaaaaa", "http://xx/aaaaaaaa"];
        let all = || names.into_iter().chain(long);
        let lookup = Lookup::new(all().zip(0..));
        for (name, value) in all().zip(0..) {
            assert_eq!(lookup.find_name(name), Some(value), "{name}");
            assert_eq!(lookup.name(value), name);
            for before in ["", "\"", "{\"123456", "{\"long enough\":\""] {
                let text = format!("{before}{name}\":1");
                let end = before.len() + name.len();
                assert_eq!(lookup.find(text.as_bytes(), before.len(), end), Some(value));
                let is = |number| lookup.is(number, text.as_bytes(), before.len(), end);
                let own: Vec<usize> = (0..=lookup.len()).filter(|number| is(*number)).collect();
                assert_eq!(own, [usize::try_from(value).unwrap()], "{name}");
            }
            for other in [format!("{name}x"), format!("x{name}"), name.to_uppercase() + "-"] {
                assert_eq!(lookup.find_name(&other), None, "{other}");
            }
        }
        assert_eq!(Lookup::default().find_name("a"), None);
        assert_eq!(Lookup::default().find_name(""), None);
    }
}

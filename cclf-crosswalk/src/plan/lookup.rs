//! Names and keys, found by their length and last eight bytes, then compared.
//!
//! BCDA's keys are long URLs that begin alike: their ends tell them apart, and one word of them is there
//! without a loop. A table of the plan is small and fixed, so the multiplier that spreads its words best
//! is looked for when it is made.

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
    tail: u64,
    len: usize,
    value: u64,
    /// Number plus one of another entry with the same slot.
    next: u16,
    name: Box<str>,
}

/// Bytes of a word.
const WORD: usize = 8;

/// The last eight bytes of `text[start..end]`, the last one highest; of less than eight, all.
#[inline]
fn tail(text: &[u8], start: usize, end: usize) -> u64 {
    let len = end.saturating_sub(start);
    let word = match end.checked_sub(WORD).and_then(|from| text.get(from..end)?.first_chunk()) {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => near_beginning(text, end),
    };
    match len {
        0 => 0,
        1..WORD => word >> (64 - 8 * len),
        _ => word,
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
        Self::new(std::iter::empty())
    }
}

impl Lookup {
    /// A table of different names, fewer than 65,535.
    pub(crate) fn new<'n>(names: impl Iterator<Item = (&'n str, u64)>) -> Self {
        let entries: Vec<Entry> = names
            .map(|(name, value)| Entry {
                tail: tail(name.as_bytes(), 0, name.len()),
                len: name.len(),
                value,
                next: 0,
                name: name.into(),
            })
            .collect();
        let slots = (entries.len() * 2).next_power_of_two().max(2);
        let shift = 64 - slots.trailing_zeros();
        let mut multiplier = 0x9E37_79B9_7F4A_7C15;
        let mut best = (usize::MAX, multiplier);
        for _ in 0..1000 {
            let mut hit = vec![false; slots];
            let clashes = entries
                .iter()
                .filter(|entry| {
                    let slot = slot(entry.tail, entry.len, multiplier, shift);
                    std::mem::replace(&mut hit[slot], true)
                })
                .count();
            best = best.min((clashes, multiplier));
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
        let tail = tail(text, start, end);
        let mut number = *self.slots.get(slot(tail, len, self.multiplier, self.shift))?;
        loop {
            let entry = self.entries.get(usize::from(number).wrapping_sub(1))?;
            if entry.tail == tail
                && entry.len == len
                && (len <= WORD
                    || text.get(start..end - WORD) == entry.name.as_bytes().get(..len - WORD))
            {
                return Some(entry.value);
            }
            number = entry.next;
        }
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
            }
            for other in [format!("{name}x"), format!("x{name}"), name.to_uppercase() + "-"] {
                assert_eq!(lookup.find_name(&other), None, "{other}");
            }
        }
        assert_eq!(Lookup::default().find_name("a"), None);
        assert_eq!(Lookup::default().find_name(""), None);
    }
}

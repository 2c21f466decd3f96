//! Keys as digests of a fixed size, and numbers whose bytes are in their order.

pub(super) use crate::digest::{DIGEST_BYTES, Digest};

/// The parts of a key, from which its digest is made.
#[derive(Debug, Default)]
pub(super) struct Key(Vec<u8>);

impl Key {
    /// Adds a part, which may be null. Null is like nothing but null.
    pub(super) fn with(mut self, part: Option<&[u8]>) -> Self {
        match part {
            Some(part) => {
                self.0.push(1);
                self.0.extend((part.len() as u64).to_be_bytes());
                self.0.extend(part);
            }
            None => self.0.push(0),
        }
        self
    }

    /// Adds a text.
    pub(super) fn text(self, part: Option<&str>) -> Self {
        self.with(part.map(str::as_bytes))
    }

    /// Adds a number that is kept as text: zeros at its beginning say nothing.
    pub(super) fn digits(self, part: Option<&str>) -> Self {
        self.text(part.map(|part| part.trim_start_matches('0')))
    }

    /// Adds a number, or a day.
    pub(super) fn number(self, part: Option<i64>) -> Self {
        self.with(part.map(i64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice))
    }

    /// Their digest.
    pub(super) fn digest(&self) -> Digest {
        crate::digest::digest(&self.0)
    }

    /// A shorter one, for what is told apart within few.
    pub(super) fn short(&self) -> u64 {
        crate::digest::short(&self.digest())
    }
}

/// Bytes that are in the order of days.
pub(super) fn of_day(day: i32) -> [u8; 4] {
    (day ^ i32::MIN).to_be_bytes()
}

/// The day of such bytes.
pub(super) fn day_of(bytes: [u8; 4]) -> i32 {
    i32::from_be_bytes(bytes) ^ i32::MIN
}

/// Bytes that are alike for like amounts, and for null.
pub(super) fn of_amount(amount: Option<i128>) -> [u8; 17] {
    let mut bytes = [0; 17];
    if let Some(amount) = amount {
        bytes[0] = 1;
        bytes[1..].copy_from_slice(&amount.to_be_bytes());
    }
    bytes
}

/// Writes the parts of an entry behind each other.
pub(super) fn entry<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut entry = [0; N];
    let mut rest = &mut entry[..];
    for part in parts {
        let (now, later) = rest.split_at_mut(part.len());
        now.copy_from_slice(part);
        rest = later;
    }
    debug_assert!(rest.is_empty(), "the parts are as long as the entry");
    entry
}

/// A part of an entry.
pub(super) fn part<const N: usize, const M: usize>(entry: &[u8; N], at: usize) -> [u8; M] {
    let mut part = [0; M];
    part.copy_from_slice(&entry[at..at + M]);
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let of = |parts: &[Option<&str>]| {
            parts.iter().fold(Key::default(), |key, part| key.text(*part)).digest()
        };
        assert_ne!(of(&[Some("ab"), Some("c")]), of(&[Some("a"), Some("bc")]));
        assert_ne!(of(&[Some(""), None]), of(&[None, Some("")]));
        assert_eq!(of(&[Some("a"), None]), of(&[Some("a"), None]));
        let digits = |text| Key::default().digits(Some(text)).digest();
        assert_eq!(digits("007"), digits("7"));
        assert_ne!(digits("70"), digits("7"));
    }

    #[test]
    fn bytes_of_days_are_in_their_order() {
        let days = [i32::MIN, -1, 0, 1, 20_000, i32::MAX];
        assert!(days.map(of_day).is_sorted());
        assert_eq!(days.map(of_day).map(day_of), days);
        assert_ne!(of_amount(None), of_amount(Some(0)));
    }

    #[test]
    fn parts_of_an_entry_are_found_again() {
        let made: [u8; 7] = entry(&[&[1, 2], &[3, 4, 5, 6], &[7]]);
        assert_eq!(part::<7, 4>(&made, 2), [3, 4, 5, 6]);
    }
}

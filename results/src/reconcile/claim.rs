//! What is known of a claim while it is matched, in a fixed size.

use super::digest::{DIGEST_BYTES, Digest};
use super::side::Side;

/// Rungs below the claim number that a table has at most.
pub(super) const MOST_KEYS: usize = 4;

/// Bytes of a claim: the key that it is sorted by, the amount, the side and the number, then what is told of it.
pub(super) const ENTRY_BYTES: usize =
    DIGEST_BYTES + 8 + 1 + DIGEST_BYTES + MOST_KEYS * DIGEST_BYTES + 8 + 2 + 4 + 4 + 1;

/// Stands for a date that is absent.
pub(super) const NO_DATE: i32 = i32::MIN;

/// A claim of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) side: Side,
    /// Stands for its number.
    pub(super) number: Digest,
    /// The keys of the rungs below the number.
    pub(super) keys: [Digest; MOST_KEYS],
    /// Stands for the most recent MBI; 0 where there is none.
    pub(super) person: u64,
    pub(super) cents: i64,
    /// CLM_TYPE_CD, zeros where it is absent or behind it.
    pub(super) type_code: [u8; 2],
    /// The day of service that counts.
    pub(super) day: i32,
    /// When it was loaded, or came into effect.
    pub(super) loaded: i32,
    /// Whether a diagnosis is one of substance use.
    pub(super) has_substance_use: bool,
}

impl Claim {
    /// Takes another row of the same claim.
    pub(super) fn add(&mut self, row: &Self) {
        self.cents = self.cents.saturating_add(row.cents);
        // The greatest of each, so that it does not matter in which order rows come.
        for (own, key) in self.keys.iter_mut().zip(row.keys) {
            *own = (*own).max(key);
        }
        self.person = self.person.max(row.person);
        self.type_code = self.type_code.max(row.type_code);
        self.day = self.day.max(row.day);
        self.loaded = self.loaded.max(row.loaded);
        self.has_substance_use |= row.has_substance_use;
    }

    /// The claim as it is sorted by a key: claims of one key by amount, those of one amount by side.
    pub(super) fn entry(&self, key: &Digest) -> [u8; ENTRY_BYTES] {
        let mut entry = [0; ENTRY_BYTES];
        let mut rest = entry.as_mut_slice();
        let mut put = |bytes: &[u8]| {
            let (place, behind) = std::mem::take(&mut rest).split_at_mut(bytes.len());
            place.copy_from_slice(bytes);
            rest = behind;
        };
        put(key);
        put(&(self.cents.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        put(&[self.side as u8]);
        put(&self.number);
        self.keys.iter().for_each(|key| put(key));
        put(&self.person.to_be_bytes());
        put(&self.type_code);
        put(&self.day.to_be_bytes());
        put(&self.loaded.to_be_bytes());
        put(&[u8::from(self.has_substance_use)]);
        entry
    }

    /// The claim that an entry is of.
    pub(super) fn of(entry: &[u8; ENTRY_BYTES]) -> Self {
        let mut rest = Rest(&entry[DIGEST_BYTES..]);
        Self {
            cents: (u64::from_be_bytes(rest.take()) ^ (1 << 63)).cast_signed(),
            side: if rest.take() == [Side::Left as u8] { Side::Left } else { Side::Right },
            number: rest.take(),
            keys: std::array::from_fn(|_| rest.take()),
            person: u64::from_be_bytes(rest.take()),
            type_code: rest.take(),
            day: i32::from_be_bytes(rest.take()),
            loaded: i32::from_be_bytes(rest.take()),
            has_substance_use: rest.take() == [1],
        }
    }
}

/// What is not read yet of an entry.
struct Rest<'e>(&'e [u8]);

impl Rest<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (taken, rest) = self.0.split_at(N);
        self.0 = rest;
        let mut bytes = [0; N];
        bytes.copy_from_slice(taken);
        bytes
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn claim(side: Side, number: u8, cents: i64) -> Claim {
        Claim {
            side,
            number: [number; DIGEST_BYTES],
            keys: [[1; 16], [2; 16], [0; 16], [4; 16]],
            person: 5,
            cents,
            type_code: *b"40",
            day: -3,
            loaded: NO_DATE,
            has_substance_use: false,
        }
    }

    #[test]
    fn a_claim_comes_back_from_its_entry() {
        for side in Side::ALL {
            for cents in [i64::MIN, -1, 0, 1, i64::MAX] {
                let claim = Claim { has_substance_use: true, ..claim(side, 9, cents) };
                assert_eq!(Claim::of(&claim.entry(&[7; 16])), claim);
            }
        }
    }

    #[test]
    fn entries_are_in_the_order_of_key_amount_and_side() {
        let (key, next) = ([7; 16], [8; 16]);
        let entries = [
            claim(Side::Left, 9, -5).entry(&key),
            claim(Side::Left, 9, 3).entry(&key),
            claim(Side::Right, 1, 3).entry(&key),
            claim(Side::Left, 1, -9).entry(&next),
        ];
        assert!(entries.is_sorted());
    }

    #[test]
    fn rows_of_a_claim_add_up_in_any_order() {
        let (mut one, mut other) = (claim(Side::Left, 1, 5), claim(Side::Left, 1, -7));
        other.day = 9;
        other.keys[2] = [3; 16];
        let (first, second) = (one, other);
        one.add(&second);
        other.add(&first);
        assert_eq!(one, other);
        assert_eq!((one.cents, one.day, one.keys[2]), (-2, 9, [3; 16]));
    }
}

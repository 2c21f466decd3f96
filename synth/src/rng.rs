//! The generator's own source of numbers.
//!
//! xoshiro256** (Blackman and Vigna, public domain), seeded by SplitMix64. Every record draws from
//! a stream of its own, keyed by (seed, stream, index, part), so a record does not depend on what
//! was generated before it. Integers only: a float comparison could differ between machines.

/// What a stream of numbers is for. The discriminants are part of the output: never renumber them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    Person = 1,
    Claim = 2,
    Patient = 3,
    Coverage = 4,
    ClaimCount = 5,
    FileName = 6,
    FileMembers = 7,
    Defect = 8,
    SecondVersion = 9,
    Repository = 10,
    SharedSystem = 11,
    Week = 12,
}

/// One stream of numbers.
#[derive(Debug, Clone)]
pub(crate) struct Rng {
    state: [u64; 4],
}

/// The SplitMix64 output function: a bijection that scatters neighbouring inputs.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl Rng {
    pub(crate) fn new(seed: u64, stream: Stream, index: u64, part: u64) -> Self {
        let mut key = mix(seed.wrapping_add(GOLDEN_GAMMA));
        for value in [stream as u64, index, part] {
            key = mix(key ^ mix(value.wrapping_add(GOLDEN_GAMMA))).wrapping_add(GOLDEN_GAMMA);
        }
        let mut state = [0; 4];
        for word in &mut state {
            key = key.wrapping_add(GOLDEN_GAMMA);
            *word = mix(key);
        }
        Self { state }
    }

    pub(crate) fn next(&mut self) -> u64 {
        let s = &mut self.state;
        let result = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// A number in `0..n`; 0 when `n` is 0. The bias of the multiply-shift is below `n / 2^32`.
    pub(crate) fn below(&mut self, n: u32) -> u32 {
        (((self.next() >> 32) * u64::from(n)) >> 32) as u32
    }

    /// A number in `low..=high`.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// True in `share` of `of` cases.
    pub(crate) fn chance(&mut self, share: u32, of: u32) -> bool {
        self.below(of) < share
    }

    pub(crate) fn percent(&mut self, share: u32) -> bool {
        self.chance(share, 100)
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let len = u32::try_from(from.len()).unwrap_or(u32::MAX);
        from[self.below(len) as usize]
    }

    /// The place of one weight, drawn in proportion to the weights.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut left = self.below(weights.iter().sum());
        for (place, &weight) in weights.iter().enumerate() {
            if left < weight {
                return place;
            }
            left -= weight;
        }
        weights.len() - 1
    }

    /// An amount in cents between two whole-dollar bounds; a third of the amounts are round.
    pub(crate) fn cents(&mut self, low: u32, high: u32) -> i64 {
        let dollars = i64::from(self.between(low, high)) * 100;
        match self.below(3) {
            0 => dollars,
            1 => dollars + 10 * i64::from(self.below(10)),
            _ => dollars + i64::from(self.below(100)),
        }
    }

    /// A number of exactly `digits` digits whose first is not 0.
    pub(crate) fn digits(&mut self, digits: u32) -> u64 {
        let low = 10_u64.pow(digits - 1);
        low + self.next() % (9 * low)
    }
}

#[cfg(test)]
mod tests {
    use super::{Rng, Stream};

    #[test]
    fn the_first_numbers_are_pinned() {
        let mut rng = Rng::new(7, Stream::Claim, 3, 1);
        assert_eq!(
            [rng.next(), rng.next()],
            [1_922_592_787_891_503_855, 5_326_007_947_767_992_110]
        );
    }

    #[test]
    fn draws_stay_in_their_bounds() {
        let mut rng = Rng::new(1, Stream::Person, 0, 0);
        for _ in 0..10_000 {
            assert!(rng.below(3) < 3);
            assert!((5..=9).contains(&rng.between(5, 9)));
            assert!((100..1000).contains(&rng.digits(3)));
            assert!((200..=399).contains(&rng.cents(2, 3)));
            assert_eq!(rng.weighted(&[0, 5, 0]), 1);
        }
        assert_eq!(rng.below(0), 0);
    }

    #[test]
    fn streams_differ() {
        let first = |stream, index, part| Rng::new(1, stream, index, part).next();
        assert_ne!(first(Stream::Claim, 0, 1), first(Stream::Claim, 1, 0));
        assert_ne!(first(Stream::Claim, 0, 0), first(Stream::Patient, 0, 0));
    }
}

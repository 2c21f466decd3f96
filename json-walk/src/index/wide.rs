//! Eight words at once: what the grammar is written in.

use super::block::{GROUP_BLOCKS, Words};

/// 512 bits. The first word's lowest bit is the first byte's.
pub(super) trait Wide: Copy {
    fn load(words: &Words) -> Self;
    fn store(self, words: &mut Words);
    fn and(self, other: Self) -> Self;
    fn or(self, other: Self) -> Self;
    /// The bits that are not in `other`.
    fn without(self, other: Self) -> Self;
    fn is_zero(self) -> bool;
    /// Each bit one place up; the lowest is the highest of `before`.
    fn next_byte(self, before: Self) -> Self;
    /// The sum of two long numbers and a carry, which is changed to the sum's own.
    fn sum(self, other: Self, carry: &mut bool) -> Self;
    /// For each bit the parity of the bits up to it, and of `odd`, which is changed to the parity of all.
    fn parity(self, odd: &mut bool) -> Self;
}

/// Plain Rust.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portable(Words);

#[inline(always)]
fn each(mut word: impl FnMut(usize) -> u64) -> Portable {
    let mut words = [0; GROUP_BLOCKS];
    for (at, to) in words.iter_mut().enumerate() {
        *to = word(at);
    }
    Portable(words)
}

impl Wide for Portable {
    #[inline(always)]
    fn load(words: &Words) -> Self {
        Self(*words)
    }

    #[inline(always)]
    fn store(self, words: &mut Words) {
        *words = self.0;
    }

    #[inline(always)]
    fn and(self, other: Self) -> Self {
        each(|at| self.0[at] & other.0[at])
    }

    #[inline(always)]
    fn or(self, other: Self) -> Self {
        each(|at| self.0[at] | other.0[at])
    }

    #[inline(always)]
    fn without(self, other: Self) -> Self {
        each(|at| self.0[at] & !other.0[at])
    }

    #[inline(always)]
    fn is_zero(self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    #[inline(always)]
    fn next_byte(self, before: Self) -> Self {
        let mut carry = before.0[GROUP_BLOCKS - 1] >> 63;
        each(|at| {
            let word = self.0[at] << 1 | carry;
            carry = self.0[at] >> 63;
            word
        })
    }

    #[inline(always)]
    fn sum(self, other: Self, carry: &mut bool) -> Self {
        each(|at| {
            let (sum, first) = self.0[at].overflowing_add(other.0[at]);
            let (sum, second) = sum.overflowing_add(u64::from(*carry));
            *carry = first | second;
            sum
        })
    }

    #[inline(always)]
    fn parity(self, odd: &mut bool) -> Self {
        each(|at| {
            let mut word = self.0[at];
            for shift in [1, 2, 4, 8, 16, 32] {
                word ^= word << shift;
            }
            let word = if *odd { !word } else { word };
            *odd = word >> 63 != 0;
            word
        })
    }
}

#[cfg(target_arch = "x86_64")]
pub(super) use x86::Avx512;

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(
        unsafe_code,
        reason = "the methods of a trait cannot name the features that their instructions need"
    )]

    use std::arch::x86_64::{
        __m512i, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512, _mm512_andnot_si512,
        _mm512_clmulepi64_epi128, _mm512_cmpeq_epi64_mask, _mm512_cmplt_epu64_mask,
        _mm512_loadu_si512, _mm512_mask_sub_epi64, _mm512_mask_xor_epi64, _mm512_movepi64_mask,
        _mm512_or_si512, _mm512_set1_epi64, _mm512_shldi_epi64, _mm512_storeu_si512,
        _mm512_test_epi64_mask, _mm512_unpacklo_epi64,
    };

    use super::{Wide, Words};

    /// One register. Private to the AVX-512 pass, the one place that makes any.
    #[derive(Clone, Copy, Debug)]
    pub(in super::super) struct Avx512(__m512i);

    // SAFETY of every block below: the instructions need AVX-512 F, BW, DQ, VBMI2 and VPCLMULQDQ. These
    // methods are called by `pass::avx512` alone, which `Engine` calls after it has detected them all.
    impl Wide for Avx512 {
        #[inline(always)]
        fn load(words: &Words) -> Self {
            // SAFETY: as above; and 64 bytes are there to be read, at any alignment.
            Self(unsafe { _mm512_loadu_si512(words.as_ptr().cast()) })
        }

        #[inline(always)]
        fn store(self, words: &mut Words) {
            // SAFETY: as above; and 64 bytes are there to be written, at any alignment.
            unsafe { _mm512_storeu_si512(words.as_mut_ptr().cast(), self.0) }
        }

        #[inline(always)]
        fn and(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_and_si512(self.0, other.0) })
        }

        #[inline(always)]
        fn or(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_or_si512(self.0, other.0) })
        }

        #[inline(always)]
        fn without(self, other: Self) -> Self {
            // SAFETY: as above.
            Self(unsafe { _mm512_andnot_si512(other.0, self.0) })
        }

        #[inline(always)]
        fn is_zero(self) -> bool {
            // SAFETY: as above.
            unsafe { _mm512_test_epi64_mask(self.0, self.0) == 0 }
        }

        #[inline(always)]
        fn next_byte(self, before: Self) -> Self {
            // SAFETY: as above.
            unsafe {
                let before = _mm512_alignr_epi64::<7>(self.0, before.0);
                Self(_mm512_shldi_epi64::<1>(self.0, before))
            }
        }

        #[inline(always)]
        fn sum(self, other: Self, carry: &mut bool) -> Self {
            // SAFETY: as above.
            unsafe {
                let ones = _mm512_set1_epi64(-1);
                let sum = _mm512_add_epi64(self.0, other.0);
                // Words that carry, and words that a carry runs through; then a sum of eight bits.
                let over = u32::from(_mm512_cmplt_epu64_mask(sum, other.0));
                let full = u32::from(_mm512_cmpeq_epi64_mask(sum, ones));
                let carries = (over << 1 | u32::from(*carry)) + full;
                *carry = carries >> 8 != 0;
                #[allow(clippy::cast_possible_truncation, reason = "eight words, eight bits")]
                let more = (carries ^ full) as u8;
                Self(_mm512_mask_sub_epi64(sum, more, sum, ones))
            }
        }

        #[inline(always)]
        fn parity(self, odd: &mut bool) -> Self {
            // SAFETY: as above.
            unsafe {
                let ones = _mm512_set1_epi64(-1);
                let even_words = _mm512_clmulepi64_epi128::<0>(self.0, ones);
                let odd_words = _mm512_clmulepi64_epi128::<1>(self.0, ones);
                let words = _mm512_unpacklo_epi64(even_words, odd_words);
                // The same among the eight words' own parities.
                let mut parities = _mm512_movepi64_mask(words);
                parities ^= parities << 1;
                parities ^= parities << 2;
                parities ^= parities << 4;
                let flip = if *odd { 0xff } else { 0 };
                parities ^= flip;
                let before = parities << 1 | u8::from(*odd);
                *odd = parities >> 7 != 0;
                Self(_mm512_mask_xor_epi64(words, before, words, ones))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(mut seed: u64) -> Words {
        std::array::from_fn(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            match seed >> 60 {
                0..4 => u64::MAX,
                4..6 => 0,
                6..8 => seed | seed << 20 | seed << 40,
                _ => seed ^ seed >> 29,
            }
        })
    }

    #[allow(unsafe_code, reason = "wide instructions after their detection")]
    fn same<W: Wide>() {
        let out = |wide: W| {
            let mut words = [0; GROUP_BLOCKS];
            wide.store(&mut words);
            words
        };
        for seed in 0..5_000 {
            let (one, other) = (words(seed), words(seed ^ 0x5555_5555));
            let (a, b) = (W::load(&one), W::load(&other));
            let (c, d) = (Portable(one), Portable(other));
            assert_eq!(out(a.and(b)), c.and(d).0);
            assert_eq!(out(a.or(b)), c.or(d).0);
            assert_eq!(out(a.without(b)), c.without(d).0);
            assert_eq!(out(a.next_byte(b)), c.next_byte(d).0);
            assert_eq!(a.is_zero(), c.is_zero());
            for carry in [false, true] {
                let (mut first, mut second) = (carry, carry);
                assert_eq!(out(a.sum(b, &mut first)), c.sum(d, &mut second).0, "{seed}");
                assert_eq!(first, second);
                let (mut first, mut second) = (carry, carry);
                assert_eq!(out(a.parity(&mut first)), c.parity(&mut second).0);
                assert_eq!(first, second);
            }
        }
    }

    #[test]
    fn engines_compute_alike() {
        same::<Portable>();
        #[cfg(target_arch = "x86_64")]
        if super::super::Engine::available().iter().any(|engine| engine.name() == "avx512") {
            same::<Avx512>();
        }
    }
}

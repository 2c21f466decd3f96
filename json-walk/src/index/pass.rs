//! The pass over a text, once for each engine: blocks, grammar, lists.

use super::block::{BLOCK_BYTES, GROUP_BLOCKS, GROUP_BYTES, Group, Marks, Words};
use super::grammar::Grammar;
use super::lists::Lists;
#[cfg(target_arch = "x86_64")]
use super::wide::Avx512;
use super::wide::Portable;
use super::{Escapes, NO_ESCAPES};
use crate::scan;

/// What the pass over a text found, apart from the lists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// No local rule is broken. Brackets are not matched yet, UTF-8 not looked at.
    pub(super) good: bool,
    /// Places of the first and last escape.
    pub(super) escapes: Escapes,
    pub(super) ascii: bool,
    /// White space stands outside strings; when it was not expected, the text must be read again.
    pub(super) spaced: bool,
}

/// Whether the number or literal that begins at `at` is one, and ends where something else may begin.
#[inline]
fn is_scalar(text: &[u8], at: usize) -> bool {
    is_short_number(text, at) || is_any_scalar(text, at)
}

/// Whether a number without sign and exponent begins at `at`, which ends within eight bytes at a comma or
/// a closing bracket: what most numbers are.
#[inline]
fn is_short_number(text: &[u8], at: usize) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let Some(&bytes) = text.get(at..).and_then(|rest| rest.first_chunk()) else { return false };
    let word = u64::from_le_bytes(bytes);
    // Digits become 0 to 9, and only they stay below 0x80 when 0x76 is added; no byte carries.
    let value = word ^ (ONES * 0x30);
    let others = (value | ((value & (ONES * 0x7f)) + ONES * 0x76)) & (ONES * 0x80);
    let whole = others.trailing_zeros() as usize / 8;
    let rest = others & others.wrapping_sub(1);
    let all = rest.trailing_zeros() as usize / 8;
    let is_end = |at: usize| matches!(bytes.get(at), Some(b',' | b'}' | b']'));
    let no_leading_zero = whole == 1 || bytes[0] != b'0';
    whole > 0
        && no_leading_zero
        && (is_end(whole) || bytes.get(whole) == Some(&b'.') && all > whole + 1 && is_end(all))
}

#[inline(never)]
fn is_any_scalar(text: &[u8], at: usize) -> bool {
    let end = match text.get(at) {
        Some(b'-' | b'0'..=b'9') => scan::number(text, at),
        Some(b't') => scan::literal(text, at, b"true"),
        Some(b'f') => scan::literal(text, at, b"false"),
        Some(b'n') => scan::literal(text, at, b"null"),
        _ => return false,
    };
    end.is_ok_and(|end| {
        matches!(text.get(end), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
    })
}

/// Whether all numbers and literals that begin in a group are such.
#[inline(always)]
fn are_scalars(text: &[u8], mut base: usize, starts: &Words) -> bool {
    let mut good = true;
    for &word in starts {
        let mut starts = word;
        while starts != 0 {
            good &= is_scalar(text, base + starts.trailing_zeros() as usize);
            starts &= starts - 1;
        }
        base += BLOCK_BYTES;
    }
    good
}

/// The escapes of a text, as far as it was read.
#[derive(Clone, Copy, Debug)]
struct EscapesSeen {
    places: Escapes,
    /// After the last one.
    end: usize,
    good: bool,
}

impl EscapesSeen {
    /// Checks those that begin in a group, whose backslashes are given.
    #[cold]
    #[inline(never)]
    fn check(&mut self, text: &[u8], mut base: usize, backslash: &Words) {
        for &word in backslash {
            let mut starts = word;
            while starts != 0 {
                let at = base + starts.trailing_zeros() as usize;
                starts &= starts - 1;
                // One that is escaped begins none; the second half of a pair was checked with the first.
                if at < self.end {
                    continue;
                }
                self.places = (self.places.0.min(at), at);
                match scan::escape(text, at) {
                    Ok(end) => self.end = end,
                    Err(_) => self.good = false,
                }
            }
            base += BLOCK_BYTES;
        }
    }
}

/// The bits of a group's first `len` bytes.
fn first_bits(len: usize) -> Words {
    let mut words = [0; GROUP_BLOCKS];
    for (at, word) in words.iter_mut().enumerate() {
        *word = match len.saturating_sub(at * BLOCK_BYTES) {
            0 => 0,
            bits @ 1..BLOCK_BYTES => (1 << bits) - 1,
            _ => u64::MAX,
        };
    }
    words
}

/// Defines a pass with an engine's own functions, compiled for its instruction set.
macro_rules! pass {
    ($(#[$attribute:meta])* $name:ident, $engine:ident, $wide:ty, $write:path) => {
        $(#[$attribute])*
        pub(super) fn $name<const SPACED: bool>(text: &[u8], lists: &mut Lists) -> Found {
            lists.clear();
            let (groups, rest) = text.as_chunks::<GROUP_BYTES>();
            // What fills up the last group is no text, and no byte that means anything.
            let mut last = [b'x'; GROUP_BYTES];
            last[..rest.len()].copy_from_slice(rest);
            let mut text_bits = [u64::MAX; GROUP_BLOCKS];
            let mut grammar = Grammar::<$wide>::new();
            let mut now = Group::default();
            let mut next = Group::default();
            let mut marks = Marks::default();
            let mut scalars_good = true;
            let mut escapes = EscapesSeen { places: NO_ESCAPES, end: 0, good: true };
            let mut base = 0;
            // The blocks of a group are counted at run time, which keeps the compiler from gathering
            // the words of eight blocks in registers.
            let blocks = rest.len().div_ceil(BLOCK_BYTES);
            let mut bytes = groups.first().unwrap_or(&last);
            let first_blocks = if groups.is_empty() { blocks } else { GROUP_BLOCKS };
            super::$engine::classify::<SPACED>(bytes, first_blocks, &mut next);
            for number in 0..=groups.len() {
                // One group ahead: words that were just stored one by one are slow to load together.
                std::mem::swap(&mut now, &mut next);
                let here = bytes;
                if number < groups.len() {
                    let blocks = if number + 1 < groups.len() {
                        GROUP_BLOCKS
                    } else {
                        next = Group::default();
                        blocks
                    };
                    bytes = groups.get(number + 1).unwrap_or(&last);
                    super::$engine::classify::<SPACED>(bytes, blocks, &mut next);
                } else {
                    text_bits = first_bits(rest.len());
                }
                if grammar.step::<SPACED>(&now, &text_bits, &mut marks) {
                    escapes.check(text, base, &now.backslash);
                }
                #[allow(clippy::cast_possible_truncation, reason = "texts are at most u32::MAX long")]
                $write(here, &marks, base as u32, lists);
                scalars_good &= are_scalars(text, base, &marks.scalars);
                base += GROUP_BYTES;
            }
            Found {
                good: grammar.is_good() && scalars_good && escapes.good && !lists.too_deep,
                escapes: escapes.places,
                ascii: !grammar.high,
                spaced: grammar.is_spaced(),
            }
        }
    };
}

pass!(scalar, scalar, Portable, super::scalar::write);

#[cfg(target_arch = "x86_64")]
pass!(
    #[target_feature(enable = "avx2,pclmulqdq,popcnt,bmi1,bmi2,lzcnt")]
    avx2,
    avx2,
    Portable,
    super::scalar::write
);

#[cfg(target_arch = "x86_64")]
pass!(
    #[target_feature(
        enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi2,vpclmulqdq,pclmulqdq,popcnt,bmi1,bmi2,lzcnt"
    )]
    avx512,
    avx512,
    Avx512,
    super::avx512::write
);

#[cfg(target_arch = "aarch64")]
pass!(
    #[target_feature(enable = "neon")]
    neon,
    neon,
    Portable,
    super::scalar::write
);

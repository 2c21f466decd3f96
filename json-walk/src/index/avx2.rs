//! 64 bytes in two registers (AVX2 and PCLMUL, as of Haswell and Zen).
#![allow(unsafe_code, reason = "vector loads; the block says why it is sound")]

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_max_epu8, _mm256_movemask_epi8,
    _mm256_or_si256, _mm256_set1_epi8, _mm256_setr_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
};

use super::block::{GROUP_BYTES, Group};

#[inline]
#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes are there to be read, at any alignment.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn mask(low: __m256i, high: __m256i) -> u64 {
    let low = u64::from(_mm256_movemask_epi8(low).cast_unsigned());
    let high = u64::from(_mm256_movemask_epi8(high).cast_unsigned());
    high << 32 | low
}

#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn classify<const SPACED: bool>(
    bytes: &[u8; GROUP_BYTES],
    blocks: usize,
    group: &mut Group,
) {
    // The low four bits of each white-space character lead to itself, all others to
    // what a shuffle never sees.
    let white = _mm256_setr_epi8(
        0x20, -128, -128, -128, -128, -128, -128, -128, -128, 0x09, 0x0a, -128, -128, 0x0d, -128,
        -128, 0x20, -128, -128, -128, -128, -128, -128, -128, -128, 0x09, 0x0a, -128, -128, 0x0d,
        -128, -128,
    );
    let mut seen = _mm256_setzero_si256();
    let chunks = bytes.as_chunks::<32>().0.as_chunks::<2>().0;
    for (at, [low, high]) in chunks.iter().enumerate().take(blocks) {
        let (low, high) = (load(low), load(high));
        seen = _mm256_or_si256(seen, _mm256_or_si256(low, high));
        let is = |byte: u8| {
            let byte = _mm256_set1_epi8(byte.cast_signed());
            mask(_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte))
        };
        let up_to = |last: i8| {
            let last = _mm256_set1_epi8(last);
            let is = |bytes| _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, last), last);
            mask(is(low), is(high))
        };
        group.quote[at] = is(b'"');
        group.backslash[at] = is(b'\\');
        group.control[at] = up_to(0x1f);
        group.white[at] = if SPACED {
            let is = |bytes| _mm256_cmpeq_epi8(bytes, _mm256_shuffle_epi8(white, bytes));
            mask(is(low), is(high))
        } else {
            up_to(0x20)
        };
        group.open_object[at] = is(b'{');
        group.open_array[at] = is(b'[');
        // Bit 5 is all that braces and brackets differ in.
        let is_close = |bytes| {
            let brace = _mm256_or_si256(bytes, _mm256_set1_epi8(0x20));
            _mm256_cmpeq_epi8(brace, _mm256_set1_epi8(0x7d))
        };
        group.close[at] = mask(is_close(low), is_close(high));
        group.colon[at] = is(b':');
        group.comma[at] = is(b',');
    }
    group.high = _mm256_movemask_epi8(seen) != 0;
}

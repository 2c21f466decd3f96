//! 64 bytes in one register (AVX-512 BW and VBMI2, as of Ice Lake and Zen 4).
#![allow(unsafe_code, reason = "vector loads and stores; each block says why it is sound")]

use std::arch::x86_64::{
    __m128i, __m512i, _mm_setr_epi8, _mm512_add_epi32, _mm512_broadcast_i32x4,
    _mm512_castsi512_si128, _mm512_cmpeq_epi8_mask, _mm512_cmple_epu8_mask, _mm512_cmplt_epu8_mask,
    _mm512_cvtepu8_epi32, _mm512_extracti32x4_epi32, _mm512_loadu_si512, _mm512_mask_add_epi8,
    _mm512_mask_sub_epi8, _mm512_maskz_compress_epi8, _mm512_movepi8_mask, _mm512_or_si512,
    _mm512_set1_epi8, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_shuffle_epi8,
    _mm512_storeu_si512, _pext_u64,
};

use super::block::{BLOCK_BYTES, GROUP_BLOCKS, GROUP_BYTES, Group, Marks};
use super::lists::Lists;

/// 0, 1, 2... 63.
const PLACES: [u8; BLOCK_BYTES] = {
    let mut places = [0; BLOCK_BYTES];
    let mut at = 0;
    while at < BLOCK_BYTES {
        #[allow(clippy::cast_possible_truncation, reason = "below 64")]
        let place = at as u8;
        places[at] = place;
        at += 1;
    }
    places
};

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(bytes: &[u8; BLOCK_BYTES]) -> __m512i {
    // SAFETY: 64 bytes are there to be read, at any alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
pub(super) fn classify<const SPACED: bool>(
    bytes: &[u8; GROUP_BYTES],
    blocks: usize,
    group: &mut Group,
) {
    // The low four bits of each white-space character lead to itself, all others to
    // what a shuffle never sees.
    let white = _mm512_broadcast_i32x4(_mm_setr_epi8(
        0x20, -128, -128, -128, -128, -128, -128, -128, -128, 0x09, 0x0a, -128, -128, 0x0d, -128,
        -128,
    ));
    let space = _mm512_set1_epi8(0x20);
    let mut seen = _mm512_setzero_si512();
    for (at, chunk) in bytes.as_chunks().0.iter().enumerate().take(blocks) {
        let bytes = load(chunk);
        seen = _mm512_or_si512(seen, bytes);
        let is = |byte: u8| _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(byte.cast_signed()));
        group.quote[at] = is(b'"');
        group.backslash[at] = is(b'\\');
        group.control[at] = _mm512_cmplt_epu8_mask(bytes, space);
        group.white[at] = if SPACED {
            _mm512_cmpeq_epi8_mask(bytes, _mm512_shuffle_epi8(white, bytes))
        } else {
            _mm512_cmple_epu8_mask(bytes, space)
        };
        group.open_object[at] = is(b'{');
        group.open_array[at] = is(b'[');
        // Bit 5 is all that braces and brackets differ in.
        group.close[at] =
            _mm512_cmpeq_epi8_mask(_mm512_or_si512(bytes, space), _mm512_set1_epi8(0x7d));
        group.colon[at] = is(b':');
        group.comma[at] = is(b',');
    }
    group.high = _mm512_movepi8_mask(seen) != 0;
}

/// Writes the numbers of the bits of `mask`, each plus `base`; what comes after them is overwritten.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt")]
fn flatten(mask: u64, base: u32, room: &mut [u32; BLOCK_BYTES]) {
    let places = _mm512_maskz_compress_epi8(mask, load(&PLACES));
    let base = _mm512_set1_epi32(base.cast_signed());
    let (quarters, _) = room.as_chunks_mut::<16>();
    let [first, second, third, fourth] = quarters else { return };
    let store = |quarter: &mut [u32; 16], places: __m128i| {
        let entries = _mm512_add_epi32(base, _mm512_cvtepu8_epi32(places));
        // SAFETY: sixteen entries of four bytes are there to be written, at any alignment.
        unsafe { _mm512_storeu_si512(quarter.as_mut_ptr().cast(), entries) }
    };
    store(first, _mm512_castsi512_si128(places));
    if mask.count_ones() > 16 {
        store(second, _mm512_extracti32x4_epi32::<1>(places));
        if mask.count_ones() > 32 {
            store(third, _mm512_extracti32x4_epi32::<2>(places));
            store(fourth, _mm512_extracti32x4_epi32::<3>(places));
        }
    }
}

/// As [`scalar::write`](super::scalar::write).
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,popcnt,bmi1,bmi2")]
pub(super) fn write(bytes: &[u8; GROUP_BYTES], marks: &Marks, base: u32, lists: &mut Lists) {
    let first = lists.token_count;
    let mut room = lists.token_room();
    let mut count = 0;
    for (place, &word) in (base..).step_by(BLOCK_BYTES).zip(&marks.tokens) {
        let Some(block) = room.first_chunk_mut() else { return };
        flatten(word, place, block);
        let written = word.count_ones() as usize;
        room = room.get_mut(written..).unwrap_or_default();
        count += written;
    }
    lists.token_count += count;

    #[allow(clippy::cast_possible_truncation, reason = "tokens are fewer than bytes: 32 bits")]
    let mut first = first as u32;
    let mut count = 0;
    let (mut tokens, mut codes) = lists.bracket_room();
    for (at, chunk) in bytes.as_chunks().0.iter().enumerate().take(GROUP_BLOCKS) {
        let brackets = marks.brackets[at];
        let Some(token_block) = tokens.first_chunk_mut() else { return };
        flatten(_pext_u64(brackets, marks.tokens[at]), first, token_block);
        let Some(code_block) = codes.first_chunk_mut::<BLOCK_BYTES>() else { return };
        let bytes = load(chunk);
        // Brackets have bit 7 clear and bit 0 set.
        let coded = _mm512_mask_add_epi8(bytes, marks.in_object[at], bytes, _mm512_set1_epi8(-128));
        let coded = _mm512_mask_sub_epi8(coded, marks.in_array[at], coded, _mm512_set1_epi8(1));
        let coded = _mm512_maskz_compress_epi8(brackets, coded);
        // SAFETY: 64 bytes are there to be written, at any alignment.
        unsafe { _mm512_storeu_si512(code_block.as_mut_ptr().cast(), coded) };
        let written = brackets.count_ones() as usize;
        tokens = tokens.get_mut(written..).unwrap_or_default();
        codes = codes.get_mut(written..).unwrap_or_default();
        count += written;
        first = first.wrapping_add(marks.tokens[at].count_ones());
    }
    lists.bracket_count += count;
}

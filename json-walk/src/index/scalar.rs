//! The scalar engine: a table and shifts. Always compiled; the others are compared with it.

use super::block::{BLOCK_BYTES, GROUP_BLOCKS, GROUP_BYTES, Group, IN_OBJECT, Marks, NOT_IN_ARRAY};
use super::lists::Lists;

/// Classes of bytes, as bits of a word that stand eight places apart: eight bytes' classes, each shifted
/// by its place, make eight masks at once.
const CLASSES: [u64; 256] = {
    const QUOTE: u64 = 1;
    const BACKSLASH: u64 = 1 << 8;
    const OPEN_OBJECT: u64 = 1 << 16;
    const OPEN_ARRAY: u64 = 1 << 24;
    const CLOSE: u64 = 1 << 32;
    const COLON: u64 = 1 << 40;
    const COMMA: u64 = 1 << 48;
    const WHITE: u64 = 1 << 56;
    let mut classes = [0; 256];
    classes[b'"' as usize] = QUOTE;
    classes[b'\\' as usize] = BACKSLASH;
    classes[b'{' as usize] = OPEN_OBJECT;
    classes[b'[' as usize] = OPEN_ARRAY;
    classes[b'}' as usize] = CLOSE;
    classes[b']' as usize] = CLOSE;
    classes[b':' as usize] = COLON;
    classes[b',' as usize] = COMMA;
    classes[b' ' as usize] = WHITE;
    classes[b'\t' as usize] = WHITE;
    classes[b'\n' as usize] = WHITE;
    classes[b'\r' as usize] = WHITE;
    classes
};

pub(super) fn classify<const SPACED: bool>(
    bytes: &[u8; GROUP_BYTES],
    blocks: usize,
    group: &mut Group,
) {
    let mut seen = 0;
    for (at, chunk) in bytes.as_chunks::<BLOCK_BYTES>().0.iter().enumerate().take(blocks) {
        let mut block = [0; 9];
        let mut white = 0;
        for (eighth, bytes) in chunk.as_chunks::<8>().0.iter().enumerate() {
            let mut classes = 0;
            let mut control = 0;
            let mut low = 0;
            for (place, &byte) in bytes.iter().enumerate() {
                classes |= CLASSES[usize::from(byte)] << place;
                control |= u64::from(byte < 0x20) << place;
                low |= u64::from(byte <= 0x20) << place;
                seen |= byte;
            }
            let shift = eighth * 8;
            let mask = |class: u32| (classes >> (class * 8) & 0xff) << shift;
            for (word, class) in block.iter_mut().zip(0..8) {
                *word |= mask(class);
            }
            block[8] |= control << shift;
            if !SPACED {
                white |= low << shift;
            }
        }
        let [quote, backslash, open_object, open_array, close, colon, comma, space, control] =
            block;
        group.quote[at] = quote;
        group.backslash[at] = backslash;
        group.open_object[at] = open_object;
        group.open_array[at] = open_array;
        group.close[at] = close;
        group.colon[at] = colon;
        group.comma[at] = comma;
        group.white[at] = if SPACED { space } else { white };
        group.control[at] = control;
    }
    group.high = seen > 0x7f;
}

/// Tokens that are written without asking how many there are: most blocks have no more.
const TOKENS_AT_ONCE: usize = 8;

/// The same for brackets.
const BRACKETS_AT_ONCE: usize = 4;

/// Writes the tokens and brackets of a group that begins at byte `base`.
#[inline(always)]
pub(super) fn write(bytes: &[u8; GROUP_BYTES], marks: &Marks, base: u32, lists: &mut Lists) {
    let first = lists.token_count;
    let mut room = lists.token_room();
    let mut count = 0;
    for (base, &word) in (base..).step_by(BLOCK_BYTES).zip(&marks.tokens) {
        let mut rest = word;
        for group in room.as_chunks_mut::<TOKENS_AT_ONCE>().0 {
            for entry in group {
                *entry = base.wrapping_add(rest.trailing_zeros());
                rest &= rest.wrapping_sub(1);
            }
            if rest == 0 {
                break;
            }
        }
        let written = word.count_ones() as usize;
        room = room.get_mut(written..).unwrap_or_default();
        count += written;
    }
    lists.token_count += count;

    #[allow(clippy::cast_possible_truncation, reason = "tokens are fewer than bytes: 32 bits")]
    let mut first = first as u32;
    let mut count = 0;
    let (mut tokens, mut codes) = lists.bracket_room();
    for (at, chunk) in bytes.as_chunks::<BLOCK_BYTES>().0.iter().enumerate().take(GROUP_BLOCKS) {
        let mut rest = marks.brackets[at];
        let written = rest.count_ones() as usize;
        let groups = tokens.as_chunks_mut::<BRACKETS_AT_ONCE>().0.iter_mut();
        for (tokens, codes) in groups.zip(codes.as_chunks_mut::<BRACKETS_AT_ONCE>().0) {
            for (token, code) in tokens.iter_mut().zip(codes) {
                let bit = rest & rest.wrapping_neg();
                let place = rest.trailing_zeros() as usize % BLOCK_BYTES;
                let before = marks.tokens[at] & bit.wrapping_sub(1);
                *token = first.wrapping_add(before.count_ones());
                let in_object = if marks.in_object[at] & bit == 0 { 0 } else { IN_OBJECT };
                let in_array = if marks.in_array[at] & bit == 0 { 0 } else { NOT_IN_ARRAY };
                *code = chunk[place] ^ (in_object | in_array);
                rest ^= bit;
            }
            if rest == 0 {
                break;
            }
        }
        tokens = tokens.get_mut(written..).unwrap_or_default();
        codes = codes.get_mut(written..).unwrap_or_default();
        count += written;
        first = first.wrapping_add(marks.tokens[at].count_ones());
    }
    lists.bracket_count += count;
}

//! 64 bytes in four registers (NEON: every 64-bit Arm).
#![allow(unsafe_code, reason = "vector loads; the block says why it is sound")]

use std::arch::aarch64::{
    uint8x16_t, vandq_u8, vceqq_u8, vcleq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vmaxvq_u8,
    vorrq_u8, vpaddq_u8, vreinterpretq_u64_u8,
};

use super::block::{GROUP_BYTES, Group};

const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

#[inline]
fn load(bytes: &[u8; 16]) -> uint8x16_t {
    // SAFETY: 16 bytes are there to be read, at any alignment.
    unsafe { vld1q_u8(bytes.as_ptr()) }
}

/// One bit for each of 64 bytes that are all ones or all zeros.
#[inline]
#[target_feature(enable = "neon")]
fn mask(bytes: [uint8x16_t; 4]) -> u64 {
    let bits = load(&BITS);
    let [a, b, c, d] = bytes.map(|bytes| vandq_u8(bytes, bits));
    let sum = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
    vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)))
}

#[inline]
#[target_feature(enable = "neon")]
pub(super) fn classify<const SPACED: bool>(
    bytes: &[u8; GROUP_BYTES],
    blocks: usize,
    group: &mut Group,
) {
    let mut seen = vdupq_n_u8(0);
    let chunks = bytes.as_chunks::<16>().0.as_chunks::<4>().0;
    for (at, block) in chunks.iter().enumerate().take(blocks) {
        let block = [load(&block[0]), load(&block[1]), load(&block[2]), load(&block[3])];
        for quarter in block {
            seen = vorrq_u8(seen, quarter);
        }
        let is = |byte: u8| mask(block.map(|bytes| vceqq_u8(bytes, vdupq_n_u8(byte))));
        let up_to = |last: u8| mask(block.map(|bytes| vcleq_u8(bytes, vdupq_n_u8(last))));
        group.quote[at] = is(b'"');
        group.backslash[at] = is(b'\\');
        group.control[at] = up_to(0x1f);
        group.white[at] =
            if SPACED { is(b' ') | is(b'\t') | is(b'\n') | is(b'\r') } else { up_to(b' ') };
        group.open_object[at] = is(b'{');
        group.open_array[at] = is(b'[');
        group.close[at] = is(b'}') | is(b']');
        group.colon[at] = is(b':');
        group.comma[at] = is(b',');
    }
    group.high = vmaxvq_u8(seen) > 0x7f;
}

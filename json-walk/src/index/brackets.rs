//! The one thing that is not local: which bracket closes which, and what kind of container we are in.

use super::block::{BRACE, IN_OBJECT, NOT_IN_ARRAY, OPENS};
use crate::DEEPEST;

/// Matches the brackets of a text: by kind, at most `max_depth` deep, all closed at the end.
///
/// `tokens` and `codes` have an entry for each bracket: its number among the tokens, and its code. For
/// each opening bracket's token the token of its closing one is written to `partners`.
pub(super) fn matched(tokens: &[u32], codes: &[u8], max_depth: u32, partners: &mut [u32]) -> bool {
    let mut stack = [0u32; DEEPEST as usize];
    let Some(stack) = stack.get_mut(..max_depth.min(DEEPEST) as usize) else { return false };
    // The kinds of the open containers, the innermost lowest: set for an object.
    let mut kinds = 0u64;
    let mut depth = 0usize;
    let mut bad = 0u64;
    for (&token, &code) in tokens.iter().zip(codes) {
        let opens = u64::from(code >> OPENS & 1);
        let brace = u64::from(code >> BRACE & 1);
        let kind = kinds & 1;
        let in_object = u64::from(code & IN_OBJECT != 0);
        let in_array = u64::from(code & NOT_IN_ARRAY == 0);
        bad |= in_object & (kind ^ 1) | in_array & kind | (opens ^ 1) & (kind ^ brace);
        kinds = if opens == 1 { kinds << 1 | brace } else { kinds >> 1 };
        // Below the bottom and above the limit are the same: no such place.
        let level = if opens == 1 { depth } else { depth.wrapping_sub(1) };
        let Some(place) = stack.get_mut(level) else { return false };
        // A closing bracket's place is free, so it may be written too: no branch, and no store that
        // waits for a load.
        let opening = if opens == 1 { token } else { *place };
        *place = token;
        if let Some(partner) = partners.get_mut(opening as usize) {
            *partner = token;
        }
        depth = if opens == 1 { level + 1 } else { level };
    }
    bad == 0 && depth == 0
}

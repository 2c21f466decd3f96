//! The one thing that is not local: which bracket closes which, and what kind of container we are in.

use super::block::{BRACE, IN_OBJECT, NOT_IN_ARRAY, OPENS};
use crate::DEEPEST;

/// By code: bit 0 is set when the bracket is bad in an array, bit 1 when it is bad in an object.
const BAD: [u8; 256] = {
    let mut bad = [0; 256];
    let mut code = 0u8;
    loop {
        let opens = code >> OPENS & 1 == 1;
        let brace = code >> BRACE & 1 == 1;
        let in_object = code & IN_OBJECT != 0;
        let in_array = code & NOT_IN_ARRAY == 0;
        let in_array_bad = in_object || !opens && brace;
        let in_object_bad = in_array || !opens && !brace;
        bad[code as usize] = in_array_bad as u8 | (in_object_bad as u8) << 1;
        if code == u8::MAX {
            break bad;
        }
        code += 1;
    }
};

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
    let mut bad = 0;
    for (&token, &code) in tokens.iter().zip(codes) {
        bad |= BAD[usize::from(code)] >> (kinds & 1);
        let opens = usize::from(code >> OPENS & 1);
        let inner = kinds << 1 | u64::from(code >> BRACE & 1);
        kinds = std::hint::select_unpredictable(opens == 1, inner, kinds >> 1);
        // Below the bottom and above the limit are the same: no such place.
        let level = (depth + opens).wrapping_sub(1);
        let Some(place) = stack.get_mut(level) else { return false };
        // A closing bracket's place is free, so it may be written too: no branch, and no store that
        // waits for a load.
        let opening = std::hint::select_unpredictable(opens == 1, token, *place);
        *place = token;
        if let Some(partner) = partners.get_mut(opening as usize) {
            *partner = token;
        }
        depth = level + opens;
    }
    bad & 1 == 0 && depth == 0
}

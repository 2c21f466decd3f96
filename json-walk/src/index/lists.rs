//! The lists that a pass fills, kept from text to text.

use super::block::{BLOCK_BYTES, GROUP_BYTES, OPENS};
use crate::DEEPEST;

/// Tokens of a text, and which of them are brackets. The vectors are longer than what is filled.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) tokens: Vec<u32>,
    pub(super) token_count: usize,
    /// By token: where the container that it opens closes. Only opening brackets have an entry.
    pub(super) partners: Vec<u32>,
    pub(super) bracket_tokens: Vec<u32>,
    pub(super) bracket_codes: Vec<u8>,
    pub(super) bracket_count: usize,
    /// Brackets were found to nest deeper than any limit, and what was found is no longer kept.
    pub(super) too_deep: bool,
}

/// Grows in steps of this many entries at least.
const SMALLEST_ENTRIES: usize = 4096;

/// Room for the entries of a group, and for what vector stores write beyond them.
const GROUP_ROOM: usize = GROUP_BYTES + BLOCK_BYTES;

#[inline(always)]
fn room<T: Copy + Default>(list: &mut Vec<T>, from: usize) -> &mut [T] {
    if list.len() < from + GROUP_ROOM {
        grow(list);
    }
    list.get_mut(from..).unwrap_or_default()
}

#[cold]
#[inline(never)]
fn grow<T: Copy + Default>(list: &mut Vec<T>) {
    let entries = (list.len() * 2).max(SMALLEST_ENTRIES);
    list.resize(entries, T::default());
}

impl Lists {
    pub(super) fn clear(&mut self) {
        self.token_count = 0;
        self.bracket_count = 0;
        self.too_deep = false;
    }

    /// Room for the tokens of a group.
    #[inline(always)]
    pub(super) fn token_room(&mut self) -> &mut [u32] {
        if self.tokens.len() < self.token_count + GROUP_ROOM {
            self.give_up_if_too_deep();
        }
        room(&mut self.tokens, self.token_count)
    }

    /// Room for the brackets of a group: tokens and codes.
    #[inline(always)]
    pub(super) fn bracket_room(&mut self) -> (&mut [u32], &mut [u8]) {
        let tokens = room(&mut self.bracket_tokens, self.bracket_count);
        let codes = room(&mut self.bracket_codes, self.bracket_count);
        (tokens, codes)
    }

    /// Asked each time the tokens take more memory: a text of millions of opening brackets, which is refused whatever
    /// follows, takes no more than a few pages of it.
    #[cold]
    #[inline(never)]
    fn give_up_if_too_deep(&mut self) {
        let mut depth = 0_usize;
        for code in self.bracket_codes.iter().take(self.bracket_count) {
            let opens = code >> OPENS & 1 == 1;
            depth = if opens { depth + 1 } else { depth.saturating_sub(1) };
            if depth > DEEPEST as usize {
                self.clear();
                self.too_deep = true;
                return;
            }
        }
    }

    /// Makes the partners as many as the tokens.
    pub(super) fn grow_partners(&mut self) {
        if self.partners.len() < self.token_count {
            self.partners.resize(self.tokens.len(), 0);
        }
    }

    /// Drops what is more than `entries` tokens need.
    pub(super) fn shrink(&mut self, entries: usize) {
        if self.tokens.len() > entries {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Index;
    use crate::{ErrorKind, Limits};

    #[test]
    fn what_nests_too_deep_takes_no_memory() {
        let mut index = Index::new();
        for piece in ["[", "{\"a\":", "[{\"a\":"] {
            let text = piece.repeat(1_000_000);
            let error = index.read(text.as_bytes(), Limits::default()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooDeep);
            assert!(index.lists.tokens.len() <= 8192, "{}", index.lists.tokens.len());
        }
        // Many brackets that are closed again are kept, and the next text is read as if nothing had been.
        let flat = format!("[{}[]]", "[],".repeat(1_000_000));
        assert!(index.read(flat.as_bytes(), Limits::default()).is_ok());
        assert!(index.lists.tokens.len() > 2_000_000);
    }
}

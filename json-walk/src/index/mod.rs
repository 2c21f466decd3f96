//! The fast reading: a text is checked whole in one pass of vector instructions, and walked afterwards.
//!
//! [`Index::read`] finds the tokens of a text, 64 bytes at a time, and checks all that the strict cursor
//! checks. What it gives out, a [`Document`], is therefore known to be good, and the [`Walker`] over it
//! has nothing left to check; it passes over a container in one step. The verdict is that of
//! [`strict::check`](crate::strict::check), class and place of faults included: a text that the fast
//! check refuses is given to the strict one for the reason.
//!
//! ```
//! use json_walk::{Index, Limits};
//!
//! let mut index = Index::new();
//! let document = index.read(br#"{"value": 37.50, "skipped": [1, {"a": "b"}]}"#, Limits::default())?;
//! let mut walker = document.walker();
//! assert!(walker.enter_object());
//! while let Some(name) = walker.next_key() {
//!     match name.raw() {
//!         "value" => assert_eq!(walker.number().map(|number| number.text()), Some("37.50")),
//!         _ => walker.skip(),
//!     }
//! }
//! # Ok::<(), json_walk::Error>(())
//! ```
#![allow(
    clippy::inline_always,
    reason = "what an engine calls must be compiled into it, for its instruction set"
)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod block;
mod brackets;
mod engine;
mod grammar;
mod lists;
#[cfg(target_arch = "aarch64")]
mod neon;
mod pass;
mod scalar;
mod wide;

pub use engine::Engine;

use crate::error::{Error, ErrorKind};
use crate::strict::{Duplicates, check};
use crate::walker::Walker;
use crate::{Limits, scan};
use lists::Lists;
use pass::Found;

/// Tokens for which memory is kept from text to text; what a larger text needed is given back.
const KEPT_TOKENS: usize = 1 << 20;

/// Finds the tokens of one text after another. Keeps its memory: one for each worker.
#[derive(Debug)]
pub struct Index {
    engine: Engine,
    lists: Lists,
    /// The last text had white space between its tokens, so the next will have some too.
    spaced: bool,
}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

impl Index {
    /// An index with the fastest engine of this machine.
    pub fn new() -> Self {
        Self::with_engine(Engine::best())
    }

    /// An index with a chosen engine, for tests and measurements.
    pub fn with_engine(engine: Engine) -> Self {
        Self { engine, lists: Lists::default(), spaced: false }
    }

    /// Checks that `bytes` is exactly one JSON value by this crate's rules, and finds its tokens.
    ///
    /// Memory: 4 to 13 bytes for each token of the longest text so far; nothing is allocated for texts
    /// that need no more.
    ///
    /// # Errors
    /// As [`strict::check`](crate::strict::check); [`ErrorKind::TooLong`] for more than `u32::MAX` bytes.
    #[inline]
    pub fn read<'i, 'a>(
        &'i mut self,
        bytes: &'a [u8],
        limits: Limits,
    ) -> Result<Document<'i, 'a>, Error> {
        if u32::try_from(bytes.len()).is_err() {
            return Err(Error::new(ErrorKind::TooLong, 0));
        }
        self.lists.shrink(KEPT_TOKENS);
        let found = self.found(bytes.trim_ascii_end());
        let good = found.good && self.is_whole(bytes, limits);
        let text = if found.ascii { Some(ascii(bytes)) } else { std::str::from_utf8(bytes).ok() };
        let text = match text {
            Some(text) if good => text,
            _ => Self::judged(bytes, limits)?,
        };
        let (tokens, partners) = (&self.lists.tokens, &self.lists.partners);
        let count = self.lists.token_count;
        Ok(Document {
            text,
            tokens: tokens.get(..count).unwrap_or_default(),
            partners: partners.get(..count).unwrap_or_default(),
            escapes: found.escapes,
            compact: !found.spaced,
        })
    }

    /// Only finds tokens, for measurements: how many there are.
    #[doc(hidden)]
    pub fn tokens(&mut self, bytes: &[u8]) -> usize {
        self.found(bytes.trim_ascii_end());
        self.lists.token_count
    }

    /// The pass; over most texts, which have no white space between tokens, the cheaper one.
    #[inline]
    fn found(&mut self, bytes: &[u8]) -> Found {
        if !self.spaced {
            let found = self.engine.read::<false>(bytes, &mut self.lists);
            if !found.spaced {
                return found;
            }
        }
        let found = self.engine.read::<true>(bytes, &mut self.lists);
        self.spaced = found.spaced;
        found
    }

    /// Matches the brackets; whether the text is one container and nothing else.
    fn is_whole(&mut self, bytes: &[u8], limits: Limits) -> bool {
        let lists = &mut self.lists;
        lists.grow_partners();
        let Some(last) = lists.token_count.checked_sub(1) else { return false };
        let brackets = lists.bracket_count;
        let matched = brackets::matched(
            lists.bracket_tokens.get(..brackets).unwrap_or_default(),
            lists.bracket_codes.get(..brackets).unwrap_or_default(),
            limits.max_depth,
            lists.partners.get_mut(..lists.token_count).unwrap_or_default(),
        );
        let first_is_bracket = lists.bracket_tokens.first() == Some(&0) && brackets > 0;
        let closed_last = lists.partners.first().is_some_and(|partner| *partner as usize == last);
        let end = lists.tokens.get(last).map_or(bytes.len(), |end| *end as usize + 1);
        matched && first_is_bracket && closed_last && scan::white_space(bytes, end) == bytes.len()
    }

    /// The strict verdict on a text that the fast check does not accept: a fault, or a value that is no
    /// container.
    #[cold]
    #[inline(never)]
    fn judged(bytes: &[u8], limits: Limits) -> Result<&str, Error> {
        check(bytes, limits, Duplicates::Allow)?;
        let text = std::str::from_utf8(bytes)
            .map_err(|fault| Error::new(ErrorKind::InvalidUtf8, fault.valid_up_to()))?;
        let start = scan::white_space(bytes, 0);
        match bytes.get(start) {
            Some(b'{' | b'[') | None => Err(Error::new(ErrorKind::Disagreement, start)),
            Some(_) => Ok(text),
        }
    }
}

/// The text, which the pass has found to have no byte above 0x7f.
#[inline]
#[allow(unsafe_code, reason = "a second look at every byte would cost a tenth of the pass")]
fn ascii(bytes: &[u8]) -> &str {
    debug_assert!(bytes.is_ascii());
    // SAFETY: bytes below 0x80 are UTF-8. Every engine ors the high bits of all blocks, and the blocks
    // cover the text (`as_chunks` and the padded rest); tests/engines.rs puts one high byte at each place.
    unsafe { std::str::from_utf8_unchecked(bytes) }
}

/// The places of a text's first and last escape; an empty range when it has none.
pub(crate) type Escapes = (usize, usize);

const NO_ESCAPES: Escapes = (usize::MAX, 0);

/// A text (`'a`) that was checked whole, and its tokens, which lie in an [`Index`] (`'i`).
#[derive(Clone, Copy, Debug)]
pub struct Document<'i, 'a> {
    text: &'a str,
    /// Places of quotes, brackets and first bytes of numbers and literals.
    tokens: &'i [u32],
    /// By the token of an opening bracket: that of its closing one. Other entries mean nothing.
    partners: &'i [u32],
    escapes: Escapes,
    /// No white space stands outside strings.
    compact: bool,
}

impl<'i, 'a> Document<'i, 'a> {
    /// The whole text.
    #[inline]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// A walker at the value that the text is.
    #[inline]
    pub const fn walker(&self) -> Walker<'i, 'a> {
        Walker::new(self.text, self.tokens, self.partners, self.escapes, self.compact)
    }

    /// Places of the tokens in the text, in bytes: both quotes of each string, brackets, first bytes of
    /// numbers and literals.
    #[doc(hidden)]
    pub const fn tokens(&self) -> &'i [u32] {
        self.tokens
    }
}

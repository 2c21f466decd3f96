//! The walk over a text that is known to be good.

use crate::Kind;
use crate::index::Escapes;
use crate::scan;
use crate::text::{JsonNumber, JsonStr};

/// A position in a [`Document`](crate::Document): the moves of [`Cursor`](crate::Cursor), none of which
/// can fail for a fault of the text.
///
/// Copying it remembers the position. What is asked of the wrong kind of value moves nothing and gives
/// `None` or false. At the end of the document every value is `null`.
#[derive(Clone, Copy, Debug)]
pub struct Walker<'i, 'a> {
    text: &'a str,
    tokens: &'i [u32],
    partners: &'i [u32],
    /// The token that the walker stands at.
    at: usize,
    /// Places of the text's first and last escape.
    escapes: Escapes,
    compact: bool,
}

// The moves below branch where `self.at += usize::from(is); is` would do: rustc 1.95.0 drops that addition
// once it is inlined into a caller that branches on `is` (its MIR pass SimplifyComparisonIntegral).
impl<'i, 'a> Walker<'i, 'a> {
    pub(crate) const fn new(
        text: &'a str,
        tokens: &'i [u32],
        partners: &'i [u32],
        escapes: Escapes,
        compact: bool,
    ) -> Self {
        Self { text, tokens, partners, at: 0, escapes, compact }
    }

    /// The whole text.
    #[inline]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    #[inline]
    fn place(&self, token: usize) -> usize {
        self.tokens.get(token).map_or(self.text.len(), |place| *place as usize)
    }

    /// The first byte of the value at the walker; 0 at the end.
    #[inline]
    fn byte(&self) -> u8 {
        match self.tokens.get(self.at) {
            Some(&place) => self.text.as_bytes().get(place as usize).copied().unwrap_or(0),
            None => 0,
        }
    }

    /// Byte offset of the value at the walker; after the end of a container, of what follows it.
    #[inline]
    pub fn offset(&self) -> usize {
        self.place(self.at)
    }

    /// Places of the tokens in the text: both quotes of each string, brackets, first bytes of numbers and literals.
    #[inline]
    pub const fn tokens(&self) -> &'i [u32] {
        self.tokens
    }

    /// The token at which the walker stands, by its number among [`tokens`](Self::tokens).
    #[inline]
    pub const fn token(&self) -> usize {
        self.at
    }

    /// Moves to a token: the first of a value, or what comes after one.
    #[inline]
    pub const fn go_to(&mut self, token: usize) {
        self.at = token;
    }

    /// The closing bracket that belongs to an opening one. Of another token it means nothing.
    #[inline]
    pub fn closing(&self, opening: usize) -> usize {
        self.partners.get(opening).map_or(self.tokens.len(), |closing| *closing as usize)
    }

    /// Whether there may be escapes between two places of the text.
    #[inline]
    pub const fn may_be_escaped(&self, start: usize, end: usize) -> bool {
        start <= self.escapes.1 && end > self.escapes.0
    }

    /// Whether no white space stands outside strings.
    #[inline]
    pub const fn is_compact(&self) -> bool {
        self.compact
    }

    /// Whether the walker has not moved: it stands at the value that the text is.
    #[inline]
    pub const fn is_first(&self) -> bool {
        self.at == 0
    }

    /// What the value at the walker is.
    #[inline]
    pub fn kind(&self) -> Kind {
        match self.byte() {
            b'"' => Kind::String,
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b't' | b'f' => Kind::Boolean,
            b'-' | b'0'..=b'9' => Kind::Number,
            _ => Kind::Null,
        }
    }

    /// Enters the object at the walker; read it with [`next_key`](Self::next_key).
    #[inline]
    pub fn enter_object(&mut self) -> bool {
        if self.byte() != b'{' {
            return false;
        }
        self.at += 1;
        true
    }

    /// Enters the array at the walker; read it with [`next_element`](Self::next_element).
    #[inline]
    pub fn enter_array(&mut self) -> bool {
        if self.byte() != b'[' {
            return false;
        }
        self.at += 1;
        true
    }

    /// The next member name of the object last entered, with the walker at its value, or `None` after the
    /// closing brace. The value must be read or skipped before the next call.
    #[inline]
    pub fn next_key(&mut self) -> Option<JsonStr<'a>> {
        let key = self.string();
        if key.is_none() {
            self.at += 1;
        }
        key
    }

    /// As [`next_key`](Self::next_key), but only the places in the text between which the name stands.
    #[inline]
    pub fn next_name(&mut self) -> Option<(usize, usize)> {
        let quotes = self.tokens.get(self.at..).and_then(|rest| rest.first_chunk());
        if let Some(&[open, close]) = quotes
            && self.text.as_bytes().get(open as usize) == Some(&b'"')
        {
            self.at += 2;
            return Some((open as usize + 1, close as usize));
        }
        self.at += 1;
        None
    }

    /// Whether an object stands at the walker.
    #[inline]
    pub fn is_object(&self) -> bool {
        self.byte() == b'{'
    }

    /// Whether an array stands at the walker.
    #[inline]
    pub fn is_array(&self) -> bool {
        self.byte() == b'['
    }

    /// Whether the array last entered has another element, at which the walker then stands; if not, it
    /// stands after the closing bracket.
    #[inline]
    pub fn next_element(&mut self) -> bool {
        if !matches!(self.byte(), b']' | 0) {
            return true;
        }
        self.at += 1;
        false
    }

    /// Reads the string at the walker.
    #[inline]
    pub fn string(&mut self) -> Option<JsonStr<'a>> {
        let quotes = self.tokens.get(self.at..)?.first_chunk()?;
        let [open, end] = quotes.map(|place| place as usize);
        if self.text.as_bytes().get(open) != Some(&b'"') {
            return None;
        }
        self.at += 2;
        let start = open + 1;
        let maybe_escaped = self.may_be_escaped(start, end);
        Some(JsonStr::within(self.text, start, end, maybe_escaped))
    }

    /// Reads the number at the walker, as text.
    #[inline]
    pub fn number(&mut self) -> Option<JsonNumber<'a>> {
        if !matches!(self.byte(), b'-' | b'0'..=b'9') {
            return None;
        }
        let start = self.place(self.at);
        self.at += 1;
        let end = scan::number_end(self.text.as_bytes(), start);
        Some(JsonNumber::new(self.text.get(start..end).unwrap_or_default(), start))
    }

    /// Reads `true` or `false`.
    #[inline]
    pub fn boolean(&mut self) -> Option<bool> {
        let value = match self.byte() {
            b't' => true,
            b'f' => false,
            _ => return None,
        };
        self.at += 1;
        Some(value)
    }

    /// Reads `null`; whether it stood there.
    #[inline]
    pub fn null(&mut self) -> bool {
        if self.byte() != b'n' {
            return false;
        }
        self.at += 1;
        true
    }

    /// Passes over the value at the walker, whatever its size, in one step.
    #[inline]
    pub fn skip(&mut self) {
        self.at = match self.byte() {
            b'"' => self.at + 2,
            b'{' | b'[' => {
                self.partners.get(self.at).map_or(self.tokens.len(), |end| *end as usize + 1)
            }
            _ => self.at + 1,
        };
    }
}

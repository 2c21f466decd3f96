//! Pieces of the text as they stand in it: strings with their escapes, numbers with their digits.

use std::borrow::Cow;

use crate::scan;

/// A string or member name as it stands in the text, escapes not yet resolved.
#[derive(Clone, Copy, Debug)]
pub struct JsonStr<'a> {
    text: &'a str,
    start: usize,
    end: usize,
    /// False: there are no escapes. True: there may be.
    maybe_escaped: bool,
}

impl<'a> JsonStr<'a> {
    /// The string between two places of a text, which are those after and before its quotes. Without
    /// `maybe_escaped` it is known to have no escapes.
    #[inline]
    pub(crate) const fn within(
        text: &'a str,
        start: usize,
        end: usize,
        maybe_escaped: bool,
    ) -> Self {
        Self { text, start, end, maybe_escaped }
    }

    /// The string that stands between two places of a text that was checked, without its quotes.
    #[inline]
    pub const fn at(text: &'a str, start: usize, end: usize) -> Self {
        Self::within(text, start, end, true)
    }

    /// The characters between the quotes, as they stand.
    #[inline]
    pub fn raw(&self) -> &'a str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// Their bytes.
    #[inline]
    pub fn raw_bytes(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.start..self.end).unwrap_or_default()
    }

    /// Whether the raw text holds escapes; if not, it is the value.
    #[inline]
    pub fn is_escaped(&self) -> bool {
        self.maybe_escaped && has_backslash(self.raw_bytes())
    }

    /// False: there are no escapes. True: there may be; [`is_escaped`](Self::is_escaped) looks.
    #[inline]
    pub const fn may_be_escaped(&self) -> bool {
        self.maybe_escaped
    }

    /// Byte offset of the first character after the opening quote.
    #[inline]
    pub const fn offset(&self) -> usize {
        self.start
    }

    /// Byte offset of the closing quote.
    #[inline]
    pub const fn end(&self) -> usize {
        self.end
    }

    /// The value: borrowed unless the text holds escapes.
    pub fn unescape(&self) -> Cow<'a, str> {
        if self.is_escaped() {
            let mut value = String::with_capacity(self.end - self.start);
            self.unescape_into(&mut value);
            Cow::Owned(value)
        } else {
            Cow::Borrowed(self.raw())
        }
    }

    /// Appends the value to `out`.
    pub fn unescape_into(&self, out: &mut String) {
        let mut rest = self.raw();
        while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
            out.push_str(&rest[..at]);
            let (ch, len) = resolve(&rest.as_bytes()[at..]);
            out.push(ch);
            rest = &rest[at + len..];
        }
        out.push_str(rest);
    }
}

/// Whether a string has a backslash. Most are too short for a search to be worth its preparations.
#[inline]
fn has_backslash(bytes: &[u8]) -> bool {
    if bytes.len() > 64 {
        return memchr::memchr(b'\\', bytes).is_some();
    }
    // Without an early end the loop becomes a few vector instructions.
    bytes.iter().fold(0, |found, byte| found | u8::from(*byte == b'\\')) != 0
}

/// The character that a checked escape stands for, and the bytes that the escape takes.
fn resolve(escape: &[u8]) -> (char, usize) {
    match escape.get(1) {
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'n') => ('\n', 2),
        Some(b'r') => ('\r', 2),
        Some(b't') => ('\t', 2),
        Some(b'u') => {
            let high = scan::hex4(escape, 0).unwrap_or(0xFFFD);
            if (0xD800..0xDC00).contains(&high) {
                let low = scan::hex4(escape, 6).unwrap_or(0xDC00);
                let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
                (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 12)
            } else {
                (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), 6)
            }
        }
        Some(&other) => (char::from(other), 2),
        None => (char::REPLACEMENT_CHARACTER, 1),
    }
}

/// A number as it stands in the text: its digits, its trailing zeros, its exponent.
#[derive(Clone, Copy, Debug)]
pub struct JsonNumber<'a> {
    text: &'a str,
    offset: usize,
}

impl<'a> JsonNumber<'a> {
    pub(crate) const fn new(text: &'a str, offset: usize) -> Self {
        Self { text, offset }
    }

    /// The number's text, checked against the JSON grammar.
    #[inline]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Byte offset of its first character.
    #[inline]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

//! What can be wrong with a text, and where.

/// A class of fault and the byte at which it was noticed. Never holds a piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct Error {
    kind: ErrorKind,
    offset: usize,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind, offset: usize) -> Self {
        Self { kind, offset }
    }

    /// The class of the fault.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Zero-based byte offset in the text at which the fault was noticed.
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

/// Classes of fault in a JSON text.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum ErrorKind {
    /// The bytes are not UTF-8.
    #[error("invalid UTF-8")]
    InvalidUtf8,
    /// The text ends inside a value.
    #[error("the text ends inside a value")]
    UnexpectedEnd,
    /// Something else stands where this was expected.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A byte below 0x20 stands unescaped in a string.
    #[error("a raw control character in a string")]
    ControlCharacter,
    /// A backslash is followed by something that is no JSON escape.
    #[error("a bad escape in a string")]
    BadEscape,
    /// `\ud800`..`\udfff` without its partner.
    #[error("a lone surrogate escape in a string")]
    LoneSurrogate,
    /// `\u0000`, which FHIR strings exclude.
    #[error("an escaped NUL character in a string")]
    NulCharacter,
    /// A number outside the JSON grammar.
    #[error("a malformed number")]
    BadNumber,
    /// `true`, `false` or `null` misspelt, or another bare word such as `NaN`.
    #[error("a bare word that is no JSON literal")]
    BadLiteral,
    /// More nested containers than the limit allows.
    #[error("nested too deeply")]
    TooDeep,
    /// Text after the end of the value.
    #[error("text after the end of the value")]
    TrailingText,
    /// The same member name twice in one object.
    #[error("the same member name twice in one object")]
    DuplicateMember,
    /// The text is longer than 4,294,967,295 bytes: places in it are 32-bit numbers.
    #[error("the text is too long")]
    TooLong,
    /// The fast check refused what the strict one accepts: a fault of this crate, which tests exclude.
    #[error("two checks of the text disagree")]
    Disagreement,
}

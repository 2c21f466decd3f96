//! The cursor: where in the text we are, and the moves that are legal there.

use crate::error::{Error, ErrorKind};
use crate::text::{JsonNumber, JsonStr};
use crate::{DEEPEST, Kind, Limits, scan};

/// How far the walk through one container has come; made by `enter_object` and `enter_array`.
///
/// Once the container is closed it stays so: asking for more moves nothing.
#[derive(Debug)]
pub struct Progress(State);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing of the container was read.
    First,
    /// A member or an element was read.
    Later,
    Closed,
}

/// A position in one JSON text. See the [crate documentation](crate) for an example.
///
/// After an error the cursor stands somewhere inside the text and should be dropped.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    pos: usize,
    depth: u32,
    max_depth: u32,
}

impl<'a> Cursor<'a> {
    /// Starts at the beginning of `bytes`, whose UTF-8 is checked whole.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidUtf8`] with the offset of the first bad byte.
    pub fn new(bytes: &'a [u8], limits: Limits) -> Result<Self, Error> {
        let text = std::str::from_utf8(bytes)
            .map_err(|fault| Error::new(ErrorKind::InvalidUtf8, fault.valid_up_to()))?;
        Ok(Self { text, pos: 0, depth: 0, max_depth: limits.max_depth.min(DEEPEST) })
    }

    /// Byte offset of the cursor in the text.
    #[inline]
    pub const fn offset(&self) -> usize {
        self.pos
    }

    /// The whole text, now known to be UTF-8.
    #[inline]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    #[inline]
    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    #[inline]
    fn peek(&mut self) -> Result<u8, Error> {
        self.pos = scan::white_space(self.bytes(), self.pos);
        match self.bytes().get(self.pos) {
            Some(&byte) => Ok(byte),
            None => Err(Error::new(ErrorKind::UnexpectedEnd, self.pos)),
        }
    }

    /// What the value at the cursor is, without moving past it.
    ///
    /// # Errors
    /// When no value stands here.
    #[inline]
    pub fn kind(&mut self) -> Result<Kind, Error> {
        match self.peek()? {
            b'{' => Ok(Kind::Object),
            b'[' => Ok(Kind::Array),
            b'"' => Ok(Kind::String),
            b'-' | b'0'..=b'9' => Ok(Kind::Number),
            b't' | b'f' => Ok(Kind::Boolean),
            b'n' => Ok(Kind::Null),
            byte => Err(self.no_value(byte)),
        }
    }

    /// The fault of a byte that begins no value.
    #[cold]
    fn no_value(&self, byte: u8) -> Error {
        let kind = if byte.is_ascii_alphabetic() {
            ErrorKind::BadLiteral
        } else {
            ErrorKind::Expected("a value")
        };
        Error::new(kind, self.pos)
    }

    #[inline]
    fn open(&mut self, bracket: u8, expected: &'static str) -> Result<Progress, Error> {
        if self.peek()? != bracket {
            return Err(Error::new(ErrorKind::Expected(expected), self.pos));
        }
        if self.depth >= self.max_depth {
            return Err(Error::new(ErrorKind::TooDeep, self.pos));
        }
        self.depth += 1;
        self.pos += 1;
        Ok(Progress(State::First))
    }

    /// Passes the closing bracket at the cursor.
    #[inline]
    fn close(&mut self, progress: &mut Progress) {
        self.pos += 1;
        self.depth -= 1;
        progress.0 = State::Closed;
    }

    /// Enters the object at the cursor; read it with [`next_key`](Self::next_key).
    ///
    /// # Errors
    /// When no object stands here, or it is too deep.
    #[inline]
    pub fn enter_object(&mut self) -> Result<Progress, Error> {
        self.open(b'{', "an object")
    }

    /// Enters the array at the cursor; read it with [`next_element`](Self::next_element).
    ///
    /// # Errors
    /// When no array stands here, or it is too deep.
    #[inline]
    pub fn enter_array(&mut self) -> Result<Progress, Error> {
        self.open(b'[', "an array")
    }

    /// The next member name of the object last entered, with the cursor at its value, or `None` after
    /// the closing brace. The value must be read or skipped before the next call.
    ///
    /// # Errors
    /// Faults of the text up to and including the colon.
    #[inline]
    pub fn next_key(&mut self, progress: &mut Progress) -> Result<Option<JsonStr<'a>>, Error> {
        if progress.0 == State::Closed {
            return Ok(None);
        }
        let mut byte = self.peek()?;
        if byte == b'}' {
            self.close(progress);
            return Ok(None);
        }
        if progress.0 == State::First {
            progress.0 = State::Later;
        } else {
            if byte != b',' {
                return Err(Error::new(
                    ErrorKind::Expected("a comma or a closing brace"),
                    self.pos,
                ));
            }
            self.pos += 1;
            byte = self.peek()?;
        }
        if byte != b'"' {
            return Err(Error::new(ErrorKind::Expected("a member name"), self.pos));
        }
        let key = self.string_here()?;
        if self.peek()? != b':' {
            return Err(Error::new(ErrorKind::Expected("a colon"), self.pos));
        }
        self.pos += 1;
        Ok(Some(key))
    }

    /// Moves to the next element of the array last entered; false after the closing bracket.
    ///
    /// # Errors
    /// Faults of the text before the element.
    #[inline]
    pub fn next_element(&mut self, progress: &mut Progress) -> Result<bool, Error> {
        if progress.0 == State::Closed {
            return Ok(false);
        }
        let byte = self.peek()?;
        if progress.0 == State::First {
            progress.0 = State::Later;
            if byte != b']' {
                return Ok(true);
            }
        } else if byte == b',' {
            self.pos += 1;
            return Ok(true);
        } else if byte != b']' {
            return Err(Error::new(ErrorKind::Expected("a comma or a closing bracket"), self.pos));
        }
        self.close(progress);
        Ok(false)
    }

    /// Reads the string at the cursor.
    ///
    /// # Errors
    /// When no string stands here or it is malformed.
    #[inline]
    pub fn string(&mut self) -> Result<JsonStr<'a>, Error> {
        if self.peek()? != b'"' {
            return Err(Error::new(ErrorKind::Expected("a string"), self.pos));
        }
        self.string_here()
    }

    /// Reads the string whose quote is at the cursor.
    #[inline]
    fn string_here(&mut self) -> Result<JsonStr<'a>, Error> {
        let start = self.pos + 1;
        let (end, escaped) = scan::string(self.bytes(), start)?;
        self.pos = end + 1;
        Ok(JsonStr::within(self.text, start, end, escaped))
    }

    /// Reads the number at the cursor, as text.
    ///
    /// # Errors
    /// When no number stands here or it is outside the grammar.
    #[inline]
    pub fn number(&mut self) -> Result<JsonNumber<'a>, Error> {
        let byte = self.peek()?;
        if byte != b'-' && !byte.is_ascii_digit() {
            return Err(Error::new(ErrorKind::Expected("a number"), self.pos));
        }
        let start = self.pos;
        self.pos = scan::number(self.bytes(), start)?;
        Ok(JsonNumber::new(&self.text[start..self.pos], start))
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// When no boolean stands here.
    pub fn boolean(&mut self) -> Result<bool, Error> {
        match self.peek()? {
            b't' => self.literal(b"true").map(|()| true),
            b'f' => self.literal(b"false").map(|()| false),
            _ => Err(Error::new(ErrorKind::Expected("true or false"), self.pos)),
        }
    }

    /// Reads `null`.
    ///
    /// # Errors
    /// When no null stands here.
    pub fn null(&mut self) -> Result<(), Error> {
        match self.peek()? {
            b'n' => self.literal(b"null"),
            _ => Err(Error::new(ErrorKind::Expected("null"), self.pos)),
        }
    }

    #[inline]
    fn literal(&mut self, word: &'static [u8]) -> Result<(), Error> {
        self.pos = scan::literal(self.bytes(), self.pos, word)?;
        Ok(())
    }

    /// Passes over the value at the cursor, checking every byte of it; no recursion, no allocation.
    ///
    /// # Errors
    /// Any fault of the value.
    pub fn skip(&mut self) -> Result<(), Error> {
        // One bit per open container below `base`: set for an object, clear for an array.
        let base = self.depth;
        let mut objects: u64 = 0;
        loop {
            // At a value.
            match self.peek()? {
                b'"' => self.pos = scan::string(self.bytes(), self.pos + 1)?.0 + 1,
                b'{' => {
                    let mut progress = self.enter_object()?;
                    if self.next_key(&mut progress)?.is_some() {
                        objects = objects << 1 | 1;
                        continue;
                    }
                }
                b'[' => {
                    let mut progress = self.enter_array()?;
                    if self.next_element(&mut progress)? {
                        objects <<= 1;
                        continue;
                    }
                }
                b'-' | b'0'..=b'9' => self.pos = scan::number(self.bytes(), self.pos)?,
                b't' => self.literal(b"true")?,
                b'f' => self.literal(b"false")?,
                b'n' => self.literal(b"null")?,
                byte => return Err(self.no_value(byte)),
            }
            // After a value: close what ends here, or move to the next value.
            loop {
                if self.depth == base {
                    return Ok(());
                }
                let mut progress = Progress(State::Later);
                let more = if objects & 1 == 1 {
                    self.next_key(&mut progress)?.is_some()
                } else {
                    self.next_element(&mut progress)?
                };
                if more {
                    break;
                }
                objects >>= 1;
            }
        }
    }

    /// Ends the walk: only white space may follow.
    ///
    /// # Errors
    /// [`ErrorKind::TrailingText`], or [`ErrorKind::UnexpectedEnd`] when a container is still open.
    pub fn finish(self) -> Result<(), Error> {
        let pos = scan::white_space(self.bytes(), self.pos);
        if pos != self.text.len() {
            Err(Error::new(ErrorKind::TrailingText, pos))
        } else if self.depth != 0 {
            Err(Error::new(ErrorKind::UnexpectedEnd, pos))
        } else {
            Ok(())
        }
    }
}

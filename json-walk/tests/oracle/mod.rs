//! The rules once more, written from RFC 8259 and RFC 3629 in the plainest way there is: the bytes are
//! decoded into characters, the characters are read by recursive descent, everything is copied.
//! It shares no line with the crate and is slow.

/// What a text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    Null,
    Boolean(bool),
    /// The number as it stands.
    Number(String),
    /// The value, escapes resolved.
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// With the offset of the first byte of the ill-formed sequence.
    Utf8(usize),
    End,
    Control,
    Escape,
    Surrogate,
    Nul,
    Number,
    Literal,
    Deep,
    Trailing,
    Duplicate,
    /// A character that has no business here.
    Other,
}

/// Reads `bytes` as one JSON text. `unique`: no object may have a member name twice.
pub(crate) fn parse(bytes: &[u8], max_depth: usize, unique: bool) -> Result<Tree, Fault> {
    let chars = decode(bytes).map_err(Fault::Utf8)?;
    let mut parser = Parser { chars, at: 0, max_depth, unique };
    let tree = parser.value(0)?;
    parser.white_space();
    if parser.at == parser.chars.len() { Ok(tree) } else { Err(Fault::Trailing) }
}

/// The table of RFC 3629, section 4.
pub(crate) fn decode(bytes: &[u8]) -> Result<Vec<char>, usize> {
    let mut chars = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let tail = |index: usize, from: u8, to: u8| {
            rest.get(index).is_some_and(|byte| (from..=to).contains(byte))
        };
        let len = match rest[0] {
            0x00..=0x7F => 1,
            0xC2..=0xDF if tail(1, 0x80, 0xBF) => 2,
            0xE0 if tail(1, 0xA0, 0xBF) && tail(2, 0x80, 0xBF) => 3,
            0xE1..=0xEC | 0xEE..=0xEF if tail(1, 0x80, 0xBF) && tail(2, 0x80, 0xBF) => 3,
            0xED if tail(1, 0x80, 0x9F) && tail(2, 0x80, 0xBF) => 3,
            0xF0 if tail(1, 0x90, 0xBF) && tail(2, 0x80, 0xBF) && tail(3, 0x80, 0xBF) => 4,
            0xF1..=0xF3 if tail(1, 0x80, 0xBF) && tail(2, 0x80, 0xBF) && tail(3, 0x80, 0xBF) => 4,
            0xF4 if tail(1, 0x80, 0x8F) && tail(2, 0x80, 0xBF) && tail(3, 0x80, 0xBF) => 4,
            _ => return Err(at),
        };
        let mut code = match len {
            1 => u32::from(rest[0]),
            2 => u32::from(rest[0]) - 0xC0,
            3 => u32::from(rest[0]) - 0xE0,
            _ => u32::from(rest[0]) - 0xF0,
        };
        for byte in &rest[1..len] {
            code = code * 64 + u32::from(*byte) - 0x80;
        }
        chars.push(char::from_u32(code).expect("the table lets only scalar values through"));
        at += len;
    }
    Ok(chars)
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    max_depth: usize,
    unique: bool,
}

impl Parser {
    fn look(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// The next character, which must exist.
    fn next(&mut self) -> Result<char, Fault> {
        let next = self.look().ok_or(Fault::End)?;
        self.at += 1;
        Ok(next)
    }

    fn white_space(&mut self) {
        while let Some('\u{20}' | '\u{9}' | '\u{A}' | '\u{D}') = self.look() {
            self.at += 1;
        }
    }

    /// A value inside `depth` containers.
    fn value(&mut self, depth: usize) -> Result<Tree, Fault> {
        self.white_space();
        match self.look().ok_or(Fault::End)? {
            '{' | '[' if depth == self.max_depth => Err(Fault::Deep),
            '{' => self.object(depth + 1),
            '[' => self.list(depth + 1),
            '"' => self.string().map(Tree::Text),
            '-' | '0'..='9' => self.number().map(Tree::Number),
            'a'..='z' | 'A'..='Z' => self.literal(),
            _ => Err(Fault::Other),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Tree, Fault> {
        let mut members: Vec<(String, Tree)> = Vec::new();
        self.at += 1;
        self.white_space();
        if self.look() == Some('}') {
            self.at += 1;
            return Ok(Tree::Object(members));
        }
        loop {
            self.white_space();
            if self.look().ok_or(Fault::End)? != '"' {
                return Err(Fault::Other);
            }
            let name = self.string()?;
            self.white_space();
            if self.next()? != ':' {
                return Err(Fault::Other);
            }
            if self.unique && members.iter().any(|(other, _)| *other == name) {
                return Err(Fault::Duplicate);
            }
            members.push((name, self.value(depth)?));
            self.white_space();
            match self.next()? {
                ',' => {}
                '}' => return Ok(Tree::Object(members)),
                _ => return Err(Fault::Other),
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Tree, Fault> {
        let mut list = Vec::new();
        self.at += 1;
        self.white_space();
        if self.look() == Some(']') {
            self.at += 1;
            return Ok(Tree::List(list));
        }
        loop {
            list.push(self.value(depth)?);
            self.white_space();
            match self.next()? {
                ',' => {}
                ']' => return Ok(Tree::List(list)),
                _ => return Err(Fault::Other),
            }
        }
    }

    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.next()? {
                '"' => return Ok(text),
                '\u{0}'..='\u{1F}' => return Err(Fault::Control),
                '\\' => text.push(self.escape()?),
                other => text.push(other),
            }
        }
    }

    /// After the backslash.
    fn escape(&mut self) -> Result<char, Fault> {
        Ok(match self.next()? {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => '\u{8}',
            'f' => '\u{C}',
            'n' => '\u{A}',
            'r' => '\u{D}',
            't' => '\u{9}',
            'u' => {
                let unit = self.unit()?;
                match unit {
                    0 => return Err(Fault::Nul),
                    0xD800..=0xDBFF => {
                        for expected in ['\\', 'u'] {
                            if self.next()? != expected {
                                return Err(Fault::Surrogate);
                            }
                        }
                        let low = self.unit()?;
                        let mut pair = char::decode_utf16([unit, low]);
                        match pair.next() {
                            Some(Ok(whole)) => whole,
                            _ => return Err(Fault::Surrogate),
                        }
                    }
                    _ => char::from_u32(u32::from(unit)).ok_or(Fault::Surrogate)?,
                }
            }
            _ => return Err(Fault::Escape),
        })
    }

    fn unit(&mut self) -> Result<u16, Fault> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.next()?.to_digit(16).ok_or(Fault::Escape)?;
            unit = unit * 16 + u16::try_from(digit).expect("a hexadecimal digit");
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<String, Fault> {
        let start = self.at;
        if self.look() == Some('-') {
            self.at += 1;
        }
        if self.look() == Some('0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.look() == Some('.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some('e' | 'E') = self.look() {
            self.at += 1;
            if let Some('+' | '-') = self.look() {
                self.at += 1;
            }
            self.digits()?;
        }
        // What could be meant as more of the number.
        match self.look() {
            Some('0'..='9' | 'a'..='z' | 'A'..='Z' | '.' | '+' | '-' | '_') => Err(Fault::Number),
            _ => Ok(self.chars[start..self.at].iter().collect()),
        }
    }

    /// One digit at least.
    fn digits(&mut self) -> Result<(), Fault> {
        if !self.look().ok_or(Fault::End)?.is_ascii_digit() {
            return Err(Fault::Number);
        }
        while self.look().is_some_and(|next| next.is_ascii_digit()) {
            self.at += 1;
        }
        Ok(())
    }

    fn literal(&mut self) -> Result<Tree, Fault> {
        let mut word = String::new();
        while let Some(letter @ ('0'..='9' | 'a'..='z' | 'A'..='Z' | '_')) = self.look() {
            word.push(letter);
            self.at += 1;
        }
        match word.as_str() {
            "null" => Ok(Tree::Null),
            "true" => Ok(Tree::Boolean(true)),
            "false" => Ok(Tree::Boolean(false)),
            part if self.look().is_none()
                && ["null", "true", "false"].iter().any(|whole| whole.starts_with(part)) =>
            {
                Err(Fault::End)
            }
            _ => Err(Fault::Literal),
        }
    }
}

//! JSON as a tree, with a reader and a writer that share nothing with the crate under test.
//!
//! Number texts are kept as they stand, lists are compared by length and entry, objects by their members
//! in whatever order. That is what "without loss" means in these tests. Nothing here is fast or kind to
//! bad input: it panics.

use std::collections::BTreeMap;
use std::fmt::Write;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// The number's text: `1.0` and `1` differ.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Object(BTreeMap<String, Tree>),
}

/// How [`Tree::write`] dresses the same value.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Style {
    /// Members from Z to A, so that `resourceType` comes before what it governs.
    pub(crate) reversed: bool,
    /// White space wherever JSON allows it.
    pub(crate) spaced: bool,
    /// Every character of every string and member name as `\uXXXX`.
    pub(crate) escaped: bool,
}

impl Tree {
    pub(crate) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(crate) fn number(text: &str) -> Self {
        Self::Number(text.to_owned())
    }

    pub(crate) fn object<const N: usize>(members: [(&str, Tree); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Reads one JSON text. Panics unless it is one, and on members that come twice.
    pub(crate) fn parse(text: &str) -> Self {
        let mut rest = text;
        let tree = value(&mut rest);
        assert!(rest.trim_ascii_start().is_empty(), "text after the value");
        tree
    }

    /// What it is, in the words of the crate's messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    pub(crate) fn write(&self, style: Style) -> String {
        let mut out = String::new();
        self.write_to(style, &mut out);
        out
    }

    fn write_to(&self, style: Style, out: &mut String) {
        let space = if style.spaced { " \n\t\r" } else { "" };
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => write!(out, "{value}").unwrap(),
            Self::Number(text) => out.push_str(text),
            Self::Text(text) => write_text(text, style, out),
            Self::List(list) => {
                out.push('[');
                for (index, entry) in list.iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    out.push_str(space);
                    entry.write_to(style, out);
                    out.push_str(space);
                }
                out.push(']');
            }
            Self::Object(members) => {
                let mut order: Vec<_> = members.iter().collect();
                if style.reversed {
                    order.reverse();
                }
                out.push('{');
                for (index, (name, value)) in order.into_iter().enumerate() {
                    out.push_str(if index > 0 { "," } else { "" });
                    out.push_str(space);
                    write_text(name, style, out);
                    out.push_str(space);
                    out.push(':');
                    out.push_str(space);
                    value.write_to(style, out);
                    out.push_str(space);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(text: &str, style: Style, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if style.escaped || c < ' ' || c == '"' || c == '\\' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").unwrap();
            }
        } else {
            out.push(c);
        }
    }
    out.push('"');
}

fn value(rest: &mut &str) -> Tree {
    skip_space(rest);
    match rest.as_bytes().first().expect("a value") {
        b'{' => Tree::Object(object(rest)),
        b'[' => Tree::List(list(rest)),
        b'"' => Tree::Text(string(rest)),
        _ => {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
            let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
            *rest = after;
            match word {
                "null" => Tree::Null,
                "true" => Tree::Bool(true),
                "false" => Tree::Bool(false),
                _ => {
                    // Whether the text is a number is not this reader's question, only which.
                    assert!(word.starts_with(|c: char| c == '-' || c.is_ascii_digit()), "{word:?}");
                    Tree::number(word)
                }
            }
        }
    }
}

fn object(rest: &mut &str) -> BTreeMap<String, Tree> {
    let mut members = BTreeMap::new();
    take(rest, '{');
    if !next_is(rest, '}') {
        loop {
            skip_space(rest);
            let name = string(rest);
            skip_space(rest);
            take(rest, ':');
            let member = value(rest);
            assert!(members.insert(name, member).is_none(), "a member twice");
            if next_is(rest, '}') {
                break;
            }
            take(rest, ',');
        }
    }
    take(rest, '}');
    members
}

fn list(rest: &mut &str) -> Vec<Tree> {
    let mut list = Vec::new();
    take(rest, '[');
    if !next_is(rest, ']') {
        loop {
            list.push(value(rest));
            if next_is(rest, ']') {
                break;
            }
            take(rest, ',');
        }
    }
    take(rest, ']');
    list
}

fn string(rest: &mut &str) -> String {
    take(rest, '"');
    let mut units = Vec::new();
    loop {
        let c = rest.chars().next().expect("a closing quote");
        *rest = &rest[c.len_utf8()..];
        let unescaped = match c {
            '"' => return String::from_utf16(&units).expect("paired surrogates"),
            '\\' => {
                let mark = rest.chars().next().expect("an escape");
                *rest = &rest[mark.len_utf8()..];
                match mark {
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' => {
                        units.push(u16::from_str_radix(&rest[..4], 16).expect("four digits"));
                        *rest = &rest[4..];
                        continue;
                    }
                    other => other,
                }
            }
            c => c,
        };
        units.extend_from_slice(unescaped.encode_utf16(&mut [0; 2]));
    }
}

fn skip_space(rest: &mut &str) {
    *rest = rest.trim_ascii_start();
}

fn next_is(rest: &mut &str, mark: char) -> bool {
    skip_space(rest);
    rest.starts_with(mark)
}

fn take(rest: &mut &str, mark: char) {
    *rest = rest.strip_prefix(mark).unwrap_or_else(|| panic!("{mark:?} expected"));
}

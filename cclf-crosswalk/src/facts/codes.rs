//! Codes into codes: the closed list of conversions, code maps, states.

use std::borrow::Cow;

use hashbrown::HashMap;

use crate::facts::rows_csv::rows;
use crate::layout::load_error::LoadError;

/// Left-pads a code with zeros to `width` characters.
pub(crate) fn pad(text: &str, width: usize) -> Cow<'_, str> {
    let len = text.chars().count();
    if len >= width {
        return Cow::Borrowed(text);
    }
    let mut padded = "0".repeat(width - len);
    padded.push_str(text);
    Cow::Owned(padded)
}

/// Characters `from` (one-based) to `to` (inclusive, to the end when absent); `None` when there are none.
pub(crate) fn slice(text: &str, from: usize, to: Option<usize>) -> Option<&str> {
    let mut bounds = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let start = bounds.nth(from.saturating_sub(1))?;
    let rest = &text[start..];
    let piece = match to {
        Some(to) => {
            let count = (to + 1).saturating_sub(from);
            let end = rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at);
            &rest[..end]
        }
        None => rest,
    };
    (!piece.is_empty()).then_some(piece)
}

/// The last `count` characters, or all there are.
pub(crate) fn ending(text: &str, count: usize) -> &str {
    let from = text.char_indices().rev().nth(count.saturating_sub(1)).map_or(0, |(at, _)| at);
    &text[from..]
}

/// A code without its dots.
pub(crate) fn undot(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.contains('.') { Cow::Owned(text.replace('.', "")) } else { text }
}

/// The digits of a US postal code, without hyphens and blanks; `None` for what is none, as those with letters are.
pub(crate) fn zip(text: &str) -> Option<String> {
    let said: String = text.chars().filter(|ch| *ch != '-' && !ch.is_whitespace()).collect();
    said.bytes().all(|byte| byte.is_ascii_digit()).then_some(said)
}

/// The first five of the digits of a postal code, or those it has.
pub(crate) fn zip5(digits: &str) -> Option<&str> {
    (!digits.is_empty()).then(|| digits.get(..5).unwrap_or(digits))
}

/// The last four of nine digits.
pub(crate) fn zip4(digits: &str) -> Option<&str> {
    if digits.len() == 9 { digits.get(5..) } else { None }
}

/// SSA state codes and USPS letters, to FIPS digits and USPS letters.
#[derive(Clone, Debug, Default)]
pub struct States {
    /// By SSA code and by USPS letters: letters and digits.
    areas: HashMap<String, (String, String)>,
}

impl States {
    pub(crate) fn load(text: &str) -> Result<Self, LoadError> {
        const FILE: &str = "states.csv";
        let mut states = Self::default();
        for (line, [ssa, usps, fips]) in rows(FILE, text, ["ssa", "usps", "fips"])? {
            let area = (usps.to_string(), fips.into_owned());
            if let Some(other) = states.areas.insert(usps.into_owned(), area.clone())
                && other != area
            {
                return Err(LoadError::new("two FIPS codes for one state").at(FILE, line));
            }
            if states.areas.insert(ssa.into_owned(), area).is_some() {
                return Err(LoadError::new("the SSA code has a row already").at(FILE, line));
            }
        }
        Ok(states)
    }

    fn area(&self, code: &str) -> Option<&(String, String)> {
        self.areas.get(code).or_else(|| self.areas.get(&code.to_ascii_uppercase()))
    }

    /// The two FIPS digits of a state given as SSA code or USPS letters.
    pub fn fips(&self, code: &str) -> Option<&str> {
        self.area(code).map(|(_, fips)| fips.as_str())
    }

    /// The USPS letters of a state given as SSA code or USPS letters.
    pub fn usps(&self, code: &str) -> Option<&str> {
        self.area(code).map(|(usps, _)| usps.as_str())
    }
}

/// One code map: what to write for a code.
#[derive(Clone, Debug, Default)]
pub struct CodeMap {
    codes: HashMap<String, String>,
    other: Option<String>,
    absent: Option<String>,
    closed: bool,
}

impl CodeMap {
    /// What the map gives for a code, or for none.
    pub fn get(&self, code: Option<&str>) -> Option<&str> {
        match code {
            Some(code) => self.codes.get(code).or(self.other.as_ref()),
            None => self.absent.as_ref(),
        }
        .map(String::as_str)
    }

    /// All that the map can give.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.codes.values().chain(&self.other).chain(&self.absent).map(String::as_str)
    }

    /// Whether a code should be on the map's list, and is not: what is made of it is null, and is counted.
    pub fn lacks(&self, code: Option<&str>) -> bool {
        self.closed && code.is_some_and(|code| !self.codes.contains_key(code))
    }
}

pub(super) fn load_maps(text: &str) -> Result<HashMap<String, CodeMap>, LoadError> {
    const FILE: &str = "maps.csv";
    let mut maps: HashMap<String, CodeMap> = HashMap::new();
    for (line, [map, from, to]) in rows(FILE, text, ["map", "from", "to"])? {
        let (map, to) = (maps.entry_ref(&*map).or_default(), to.into_owned());
        let twice = match &*from {
            "(other)" if to.is_empty() => std::mem::replace(&mut map.closed, true),
            "(other)" => map.other.replace(to).is_some(),
            "(absent)" => map.absent.replace(to).is_some(),
            from => map.codes.insert(from.to_owned(), to).is_some(),
        };
        if twice {
            return Err(LoadError::new("the map has this code already").at(FILE, line));
        }
    }
    Ok(maps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_codes() {
        assert_eq!(pad("12", 4), "0012");
        assert_eq!(pad("12345", 4), "12345");
        assert_eq!(slice("CO120", 3, None), Some("120"));
        assert_eq!(slice("CO120", 1, Some(2)), Some("CO"));
        assert_eq!(slice("C", 3, None), None);
        assert_eq!((ending("123", 1), ending("1", 1), ending("", 1)), ("3", "1", ""));
        assert_eq!((undot("V97.2".into()), undot("R465".into())), ("V972".into(), "R465".into()));
        assert_eq!(zip(" 12345-6789").as_deref(), Some("123456789"));
        assert_eq!(zip("K1A 0B1"), None);
        assert_eq!(zip("12345x"), None);
        assert_eq!(zip("12.345"), None);
        assert_eq!(zip("-").as_deref(), Some(""));
        assert_eq!(zip5("123456789"), Some("12345"));
        assert_eq!(zip4("123456789"), Some("6789"));
        assert_eq!(zip4("12345"), None);
        assert_eq!(zip5("123"), Some("123"));
        assert_eq!(zip5(""), None);
    }
}

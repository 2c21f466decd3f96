//! Names as they are read.

use cclf_crosswalk::{Table, civil_from_days, days_from_civil};

use super::file_name::{CEC, Day, FileName, IOTA, Part};
use super::program::Program;

/// Endings that say how a file is packed.
const ENDINGS: [&str; 4] = [".zip", ".gz", ".zst", ".txt"];

impl FileName {
    /// Reads the name of a file without its folder. `None` if it is no name of a CCLF file.
    ///
    /// Endings `.zip`, `.gz`, `.zst` and `.txt` are of no account.
    ///
    /// # Example
    /// ```
    /// use cclf_crosswalk::Table;
    /// use cclf_files::{FileName, Part};
    ///
    /// let name = FileName::parse("P.A9999.ACO.ZC8R25.D260311.T0910330.gz").unwrap();
    /// assert_eq!(name.part, Part::One(Table::Cclf8));
    /// assert_eq!((name.runout, name.year, name.date), (true, 25, (2026, 3, 11)));
    /// ```
    pub fn parse(name: &str) -> Option<Self> {
        parse(name)
    }
}

fn parse(name: &str) -> Option<FileName> {
    let mut parts = without_endings(name).split('.');
    let test = match parts.next()? {
        "P" => false,
        "T" => true,
        _ => return None,
    };
    let first = parts.next()?;
    let bcda = first == "BCD";
    let entity = if bcda { parts.next()? } else { first };
    if !bcda && entity != CEC {
        let kind = if entity.starts_with(IOTA) { "PRT" } else { "ACO" };
        if parts.next()? != kind {
            return None;
        }
    }
    if entity != CEC && !is_entity(entity) {
        return None;
    }
    let what = What::parse(parts.next()?, entity)?;
    let mut next = parts.next()?;
    let mut window = None;
    if what.weekly && what.part == Part::Zip && next.starts_with('S') {
        window = Some((day('S', next)?, day('E', parts.next()?)?));
        next = parts.next()?;
    }
    let date = day('D', next)?;
    let time = parts.next()?.strip_prefix('T')?;
    if time.len() != 7 || !is_digits(time) || parts.next().is_some() {
        return None;
    }
    let What { part, weekly, runout, year } = what;
    let (entity, time) = (entity.to_owned(), time.to_owned());
    Some(FileName { test, entity, bcda, part, weekly, runout, year, window, date, time })
}

/// The part of a name that begins with `ZC`.
struct What {
    part: Part,
    weekly: bool,
    runout: bool,
    year: u8,
}

impl What {
    fn parse(text: &str, entity: &str) -> Option<Self> {
        let rest = text.strip_prefix("ZC")?;
        // Two digits alone are the year of a zip of PCF, not a table and half a year.
        if rest.len() == 2 && Program::of(entity) == Some(Program::Pcf) {
            let year = two_digits(rest)?;
            return Some(Self { part: Part::Zip, weekly: false, runout: false, year });
        }
        let (part, rest) = match rest.chars().next()? {
            letter @ ('0'..='9' | 'A' | 'B') => (Part::One(table(letter)?), &rest[1..]),
            _ => (Part::Zip, rest),
        };
        let (weekly, rest) = match rest.strip_prefix('W') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (runout, rest) = match rest.strip_prefix('R') {
            Some(rest) => (true, rest),
            None => (false, rest.strip_prefix('Y')?),
        };
        Some(Self { part, weekly, runout, year: two_digits(rest)? })
    }
}

/// The table whose name ends so.
fn table(letter: char) -> Option<Table> {
    Table::ALL.into_iter().find(|table| table.name().ends_with(letter))
}

fn without_endings(mut name: &str) -> &str {
    loop {
        let stem = ENDINGS.iter().find_map(|ending| {
            let (stem, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
            end.eq_ignore_ascii_case(ending).then_some(stem)
        });
        match stem {
            Some(stem) => name = stem,
            None => return name,
        }
    }
}

/// Letters, then three to six digits. Programs come and go, so a new letter is no reason to pass a file by.
fn is_entity(text: &str) -> bool {
    let digits = text.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let letters = text.len() - digits.len();
    (1..=4).contains(&letters) && (3..=6).contains(&digits.len()) && is_digits(digits)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn two_digits(text: &str) -> Option<u8> {
    if text.len() == 2 && is_digits(text) { text.parse().ok() } else { None }
}

/// A letter and yymmdd, of this century.
fn day(letter: char, text: &str) -> Option<Day> {
    let text = text.strip_prefix(letter)?;
    if text.len() != 6 || !is_digits(text) {
        return None;
    }
    let number = |at: usize| two_digits(&text[at..at + 2]).map(u32::from);
    let day = (2000 + number(0)?.cast_signed(), number(2)?, number(4)?);
    exists(day).then_some(day)
}

/// Whether the calendar has the day.
pub(super) fn exists((year, month, day): Day) -> bool {
    (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && civil_from_days(days_from_civil(year, month, day)) == (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_is_letters_and_digits() {
        for entity in ["A1234", "D9999", "F123", "V001", "K1234", "C1234", "P123456", "IOTA123"] {
            assert!(is_entity(entity), "{entity}");
        }
        for entity in ["", "A", "1234", "A12", "A1234567", "a1234", "A12X4", "ABCDE123"] {
            assert!(!is_entity(entity), "{entity}");
        }
    }

    #[test]
    fn a_day_exists() {
        assert_eq!(day('D', "D240229"), Some((2024, 2, 29)));
        for text in ["D250229", "D251301", "D250001", "D250100", "D25013", "S250101", "D2501é"] {
            assert_eq!(day('D', text), None, "{text}");
        }
    }

    #[test]
    fn endings_go_in_any_number_and_case() {
        assert_eq!(without_endings("P.X.txt.GZ"), "P.X");
        assert_eq!(without_endings(".zip"), "");
        assert_eq!(without_endings("zip"), "zip");
        assert_eq!(without_endings("é.gz"), "é");
    }
}

//! What a name says, and how it is written.

use std::fmt;

use cclf_crosswalk::Table;

use super::program::Program;

/// The program whose files name no entity.
pub(super) const CEC: &str = "CEC";
/// What the entities begin with whose files say `PRT`.
pub(super) const IOTA: &str = "IOTA";

/// What the name of a file says.
///
/// Parsing and [`Display`](fmt::Display) agree: a name without an ending of its own comes back as it was, and a zip
/// gets `.zip`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileName {
    /// CMS's test files begin with `T`, all others with `P`.
    pub test: bool,
    /// Whose file it is: `A1234`, `D9999`, `IOTA123`; `CEC` for all of that program.
    pub entity: String,
    /// BCDA's own feed names itself before the entity.
    pub bcda: bool,
    /// What it has.
    pub part: Part,
    /// It is one of the weekly files, which come on request.
    pub weekly: bool,
    /// It has the run-out of a year that is over.
    pub runout: bool,
    /// The last two digits of the performance year.
    pub year: u8,
    /// The first and the last day in the name of a weekly zip.
    pub window: Option<(Day, Day)>,
    /// The day on which it was made.
    pub date: Day,
    /// When it was made on that day: hours, minutes, seconds and tenths, seven digits.
    pub time: String,
}

/// A day, as year, month and day.
pub type Day = (i32, u32, u32);

/// What a file of a delivery has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// The records of one table, or the summary.
    One(Table),
    /// All tables.
    Zip,
}

impl FileName {
    /// The program that the entity is of; `None` for programs that were before, or whose files are not written here.
    pub fn program(&self) -> Option<Program> {
        Program::of(&self.entity)
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.test { "T." } else { "P." })?;
        if self.bcda {
            f.write_str("BCD.")?;
        }
        f.write_str(&self.entity)?;
        if !self.bcda && self.entity != CEC {
            f.write_str(if self.entity.starts_with(IOTA) { ".PRT" } else { ".ACO" })?;
        }
        f.write_str(".ZC")?;
        if let Part::One(table) = self.part {
            // The digit or letter that ends the name of a table.
            f.write_str(&table.name()["CCLF".len()..])?;
        }
        if self.weekly {
            f.write_str("W")?;
        }
        // The zips of PCF have the year alone.
        if self.part != Part::Zip || self.program() != Some(Program::Pcf) || self.runout {
            f.write_str(if self.runout { "R" } else { "Y" })?;
        }
        write!(f, "{:02}", self.year)?;
        if let Some((first, last)) = self.window {
            day(f, 'S', first)?;
            day(f, 'E', last)?;
        }
        day(f, 'D', self.date)?;
        write!(f, ".T{}", self.time)?;
        f.write_str(if self.part == Part::Zip { ".zip" } else { "" })
    }
}

fn day(f: &mut fmt::Formatter<'_>, letter: char, (year, month, day): Day) -> fmt::Result {
    write!(f, ".{letter}{:02}{month:02}{day:02}", year.rem_euclid(100))
}

//! Why a row is not written, and why none of a schema can be.

use std::fmt;

use cclf_crosswalk::Table;

/// Why a row was not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The row of the batch, counted from 0.
    pub row: usize,
    /// The first column with such a value: an index of CMS's columns of the table.
    pub column: usize,
    /// CMS's name of the column.
    pub name: &'static str,
    /// What is wrong with its value.
    pub class: FaultClass,
}

/// What is wrong with a value that is to be written.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FaultClass {
    /// It does not fit its place: it is too wide, has a sign where there is no place for one, or something else than
    /// digits where only digits can stand, or it is a day outside the years 1 to 9999.
    Width,
    /// It has a line feed, another control character, or one that is not of ASCII.
    Text,
}

impl FaultClass {
    /// Its name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Width => "width",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for FaultClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class {
            FaultClass::Width => write!(f, "a value of {} does not fit its place", self.name),
            FaultClass::Text => {
                write!(f, "a value of {} has a character that a file cannot have", self.name)
            }
        }
    }
}

impl std::error::Error for Fault {}

/// A schema lacks columns of a layout, or has them with other types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// Which table.
    pub table: Table,
    /// The columns that it lacks.
    pub missing: Vec<&'static str>,
    /// The columns whose types are others.
    pub types: Vec<&'static str>,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "records of {} cannot be made", self.table)?;
        if !self.missing.is_empty() {
            write!(f, ": columns are missing: {}", self.missing.join(", "))?;
        }
        if !self.types.is_empty() {
            write!(f, ": columns have other types: {}", self.types.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for SchemaError {}

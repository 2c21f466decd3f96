//! Why a record has no row.

use std::fmt;

/// Why a record has no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// What is wrong.
    pub class: LineFaultClass,
    /// The first column with such a value: an index of CMS's columns of the table. `None` if it is the length.
    pub column: Option<usize>,
    /// Where the place of the column begins in the record, in bytes from 0; for a wrong length, the length.
    pub byte: usize,
}

/// What is wrong with a record.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineFaultClass {
    /// It is longer or shorter than records of the layout are.
    Length,
    /// A number or an amount is none, or does not fit the type of its column.
    Number,
    /// A date is none, or does not exist.
    Date,
}

impl LineFaultClass {
    /// Its name in lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Number => "number",
            Self::Date => "date",
        }
    }
}

impl fmt::Display for LineFaultClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.class {
            LineFaultClass::Length => write!(f, "the record has {} bytes", self.byte),
            LineFaultClass::Number => {
                write!(f, "what begins in place {} is not a number of its column", self.byte + 1)
            }
            LineFaultClass::Date => {
                write!(f, "what begins in place {} is not a date", self.byte + 1)
            }
        }
    }
}

impl std::error::Error for LineFault {}

/// A value is not what its column has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bad;

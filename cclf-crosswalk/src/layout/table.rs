//! The twelve CCLF tables: their names, what a row is, and the Arrow types of their columns.

use std::fmt;
use std::str::FromStr;

use crate::arrow::datatypes::{DataType, TimeUnit};

use crate::layout::load_error::LoadError;
use crate::layout::resource::List;

/// One of the twelve CCLF files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// Part A claims header.
    Cclf1,
    /// Part A revenue center detail.
    Cclf2,
    /// Part A procedure codes.
    Cclf3,
    /// Part A diagnosis codes.
    Cclf4,
    /// Part B physicians.
    Cclf5,
    /// Part B durable medical equipment.
    Cclf6,
    /// Part D.
    Cclf7,
    /// Beneficiary demographics.
    Cclf8,
    /// Beneficiary cross-reference.
    Cclf9,
    /// Part A benefit enhancement and demonstration codes.
    CclfA,
    /// Part B benefit enhancement and demonstration codes.
    CclfB,
    /// Summary of record counts.
    Cclf0,
}

impl Table {
    /// All tables: CCLF1 to CCLFB, then the summary of them.
    pub const ALL: [Self; 12] = [
        Self::Cclf1,
        Self::Cclf2,
        Self::Cclf3,
        Self::Cclf4,
        Self::Cclf5,
        Self::Cclf6,
        Self::Cclf7,
        Self::Cclf8,
        Self::Cclf9,
        Self::CclfA,
        Self::CclfB,
        Self::Cclf0,
    ];

    /// CMS's name, `CCLF1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cclf1 => "CCLF1",
            Self::Cclf2 => "CCLF2",
            Self::Cclf3 => "CCLF3",
            Self::Cclf4 => "CCLF4",
            Self::Cclf5 => "CCLF5",
            Self::Cclf6 => "CCLF6",
            Self::Cclf7 => "CCLF7",
            Self::Cclf8 => "CCLF8",
            Self::Cclf9 => "CCLF9",
            Self::CclfA => "CCLFA",
            Self::CclfB => "CCLFB",
            Self::Cclf0 => "CCLF0",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Table {
    type Err = LoadError;

    /// Upper and lower case are the same.
    fn from_str(name: &str) -> Result<Self, LoadError> {
        Self::ALL.into_iter().find(|table| table.name().eq_ignore_ascii_case(name)).ok_or_else(
            || LoadError::new("no such table: the tables are cclf0 to cclf9, cclfa and cclfb"),
        )
    }
}

/// What one row of a table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A claim, or a Part D event.
    Claim,
    /// A line of a claim.
    Item,
    /// A procedure entry of a claim.
    Procedure,
    /// A diagnosis entry of a claim that has a diagnosisCodeableConcept.
    Diagnosis,
    /// A Patient, times its hospice ranges.
    Patient,
    /// A historic MBI of a Patient.
    Mbi,
    /// A table of the run.
    Summary,
}

impl Per {
    /// The list of a claim whose entries the rows are, if they are such.
    pub(crate) const fn list(self) -> Option<List> {
        match self {
            Self::Item => Some(List::Item),
            Self::Procedure => Some(List::Procedure),
            Self::Diagnosis => Some(List::Diagnosis),
            Self::Claim | Self::Patient | Self::Mbi | Self::Summary => None,
        }
    }

    /// The name in `tables.csv`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Claim => "claim",
            Self::Item => "item",
            Self::Procedure => "procedure",
            Self::Diagnosis => "diagnosis",
            Self::Patient => "patient",
            Self::Mbi => "mbi",
            Self::Summary => "summary",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self, LoadError> {
        [
            Self::Claim,
            Self::Item,
            Self::Procedure,
            Self::Diagnosis,
            Self::Patient,
            Self::Mbi,
            Self::Summary,
        ]
        .into_iter()
        .find(|per| per.name() == name)
        .ok_or_else(|| LoadError::new(format!("unknown row kind `{name}`")))
    }
}

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ColumnType {
    /// UTF-8 text, kept whole.
    Text,
    /// True or false: what conversions make of a text.
    Boolean,
    /// Days since 1970-01-01.
    Date,
    /// 32-bit integer.
    Int32,
    /// 64-bit integer.
    Int64,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Timestamp,
    /// Exact decimal.
    Decimal {
        /// All digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
}

impl ColumnType {
    pub(crate) fn parse(text: &str) -> Result<Self, LoadError> {
        let fault = || LoadError::new(format!("unknown type `{text}`"));
        Ok(match text {
            "text" => Self::Text,
            "boolean" => Self::Boolean,
            "date" => Self::Date,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "timestamp" => Self::Timestamp,
            _ => {
                let (precision, scale) = text
                    .strip_prefix("decimal(")
                    .and_then(|rest| rest.strip_suffix(')'))
                    .and_then(|rest| rest.split_once(','))
                    .ok_or_else(fault)?;
                let precision: u8 = precision.parse().map_err(|_| fault())?;
                let scale: u8 = scale.parse().map_err(|_| fault())?;
                if precision == 0 || precision > 38 || scale > precision {
                    return Err(fault());
                }
                Self::Decimal { precision, scale }
            }
        })
    }

    /// What the leaves of a column's paths are read as: a boolean is made of texts.
    pub(crate) fn read_as(self) -> Self {
        match self {
            Self::Boolean => Self::Text,
            other => other,
        }
    }

    /// The Arrow type.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("+00:00".into())),
            Self::Decimal { precision, scale } => {
                DataType::Decimal128(precision, scale.cast_signed())
            }
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Int32 => f.write_str("int32"),
            Self::Int64 => f.write_str("int64"),
            Self::Timestamp => f.write_str("timestamp"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
        }
    }
}

/// Places that a fixed-width field takes, from CMS's format notation: `X(07)`, `9(13)`, `-9(11).99`, `YYYY-MM-DD`.
pub(crate) fn fixed_width(format: &str) -> Result<usize, LoadError> {
    let fault = || LoadError::new(format!("unknown format `{format}`"));
    if format == "YYYY-MM-DD" {
        return Ok(10);
    }
    // CCLF6's -9(14).99 stands in 17 places, one short of what sign and digits take.
    if let Some((_, places)) = format.split_once(" in ") {
        return places.parse().map_err(|_| fault());
    }
    let (sign, rest) = match format.strip_prefix('-') {
        Some(rest) => (1, rest),
        None => (0, format),
    };
    let rest = rest.strip_prefix("X(").or_else(|| rest.strip_prefix("9(")).ok_or_else(fault)?;
    let (digits, fraction) = rest.split_once(')').ok_or_else(fault)?;
    let digits: usize = digits.parse().map_err(|_| fault())?;
    Ok(sign + digits + fraction.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_names_ignore_case() {
        assert_eq!("cclfA".parse::<Table>().unwrap(), Table::CclfA);
        assert!("cclf10".parse::<Table>().is_err());
    }

    #[test]
    fn widths_follow_the_format() {
        for (format, width) in [
            ("X(07)", 7),
            ("9(13)", 13),
            ("-9(13).99", 17),
            ("-9(18).9999", 24),
            ("YYYY-MM-DD", 10),
            ("-9(14).99 in 17", 17),
        ] {
            assert_eq!(fixed_width(format).unwrap(), width, "{format}");
        }
    }
}

//! What the tables are called where they are stored: names of files, and of tables in a warehouse.

use std::fmt;
use std::str::FromStr;

use crate::layout::load_error::LoadError;
use crate::layout::table::Table;

/// A set of names. Columns keep CMS's names in all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Naming {
    /// CMS's file numbers.
    #[default]
    Cclf,
    /// The source tables of Tuva's `medicare_cclf_connector`, which reads them by these names.
    Tuva,
}

impl Naming {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Cclf, Self::Tuva];

    /// What the set is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cclf => "cclf",
            Self::Tuva => "tuva",
        }
    }

    /// The name of a table's file without its extension: `cclf1`, `parta_claims_header`.
    pub const fn file_stem(self, table: Table) -> &'static str {
        let (cclf, tuva) = match table {
            Table::Cclf1 => ("cclf1", "parta_claims_header"),
            Table::Cclf2 => ("cclf2", "parta_claims_revenue_center_detail"),
            Table::Cclf3 => ("cclf3", "parta_procedure_code"),
            Table::Cclf4 => ("cclf4", "parta_diagnosis_code"),
            Table::Cclf5 => ("cclf5", "partb_physicians"),
            Table::Cclf6 => ("cclf6", "partb_dme"),
            Table::Cclf7 => ("cclf7", "partd_claims"),
            Table::Cclf8 => ("cclf8", "beneficiary_demographics"),
            Table::Cclf9 => ("cclf9", "beneficiary_xref"),
            Table::CclfA => ("cclfa", "parta_demo_codes"),
            Table::CclfB => ("cclfb", "partb_demo_codes"),
            // The connector has no summary: the name stays.
            Table::Cclf0 => ("cclf0", "cclf0"),
        };
        match self {
            Self::Cclf => cclf,
            Self::Tuva => tuva,
        }
    }

    /// The name of the table in SQL: `CCLF1`, `parta_claims_header`.
    pub const fn sql_name(self, table: Table) -> &'static str {
        match self {
            Self::Cclf => table.name(),
            Self::Tuva => self.file_stem(table),
        }
    }

    /// Whether who reads these names selects FILE_NAME and FILE_DATE too.
    pub const fn needs_lineage(self) -> bool {
        matches!(self, Self::Tuva)
    }
}

impl fmt::Display for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Naming {
    type Err = LoadError;

    fn from_str(text: &str) -> Result<Self, LoadError> {
        let found = Self::ALL.into_iter().find(|one| one.name() == text);
        found.ok_or_else(|| LoadError::new("expected cclf or tuva"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_need_no_quotes() {
        for naming in [Naming::Cclf, Naming::Tuva] {
            let stems: HashSet<&str> =
                Table::ALL.into_iter().map(|table| naming.file_stem(table)).collect();
            assert_eq!(stems.len(), Table::ALL.len());
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            assert!(stems.iter().all(|stem| stem.bytes().all(plain)));
        }
        for table in Table::ALL {
            assert_eq!(Naming::Cclf.file_stem(table), table.name().to_ascii_lowercase());
        }
    }
}

//! What of a table is compared, and what makes two rows of a claim or person the same line.

use cclf_crosswalk::arrow::datatypes::DataType;
use cclf_crosswalk::{Crosswalk, Table};
use convert::Error;
use convert::building::StoredTable;

use super::column::Column;
use super::digest::Key;
use super::identity::line;
use super::kind::Cells;

/// The number of a claim.
const NUMBER: &str = "CUR_CLM_UNIQ_ID";

/// The person of a claim.
const MBI: &str = "BENE_MBI_ID";

/// A column that is compared.
#[derive(Clone, Debug)]
pub(super) struct Compared {
    pub(super) name: String,
    pub(super) cells: Cells,
}

/// Where it stands in a side's table.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// What is read; those that are compared come first.
    pub(super) columns: Vec<usize>,
    /// Which of them says whose the row is, which its type, and which make the line.
    pub(super) id: usize,
    pub(super) claim_type: usize,
    pub(super) keys: Vec<usize>,
}

/// What of a table is compared.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) table: Table,
    pub(super) columns: Vec<Compared>,
    /// Which of them is the MBI of a claim or person, which counts as the most recent one.
    pub(super) mbi: Option<usize>,
    pub(super) not_compared: Vec<String>,
    /// What a row shows of whose it is.
    id: &'static str,
    /// What makes a line among those of its claim or person.
    keys: &'static [&'static str],
}

impl Shape {
    pub(super) fn of(table: Table, are_numbers_shared: bool) -> Self {
        let (mut columns, mut not_compared) = (Vec::new(), Vec::new());
        for column in &Crosswalk::stu3().table(table).columns {
            if column.name == NUMBER && !are_numbers_shared {
                not_compared.push(column.name.clone());
                continue;
            }
            let cells = match column.column_type.arrow() {
                DataType::Date32 => Cells::Day,
                DataType::Decimal128(_, 2) => Cells::Amount,
                DataType::Decimal128(_, scale) => Cells::Number(scale.unsigned_abs()),
                DataType::Utf8 => Cells::Text,
                _ => Cells::Number(0),
            };
            columns.push(Compared { name: column.name.clone(), cells });
        }
        let keys: &[&str] = match table {
            Table::Cclf2 | Table::Cclf5 | Table::Cclf6 | Table::CclfB => &["CLM_LINE_NUM"],
            Table::Cclf3 => &["CLM_VAL_SQNC_NUM"],
            Table::Cclf4 if are_numbers_shared => &["CLM_PROD_TYPE_CD", "CLM_VAL_SQNC_NUM"],
            // Sources of other numbers count diagnoses otherwise, too: v1 by the place in the record, v3 within a type.
            Table::Cclf4 => &["CLM_DGNS_CD"],
            Table::Cclf8 => &["BENE_RNG_BGN_DT"],
            Table::Cclf9 => &["PRVS_NUM"],
            _ => &[],
        };
        let id = match table {
            Table::Cclf8 => MBI,
            Table::Cclf9 => "CRNT_NUM",
            _ => NUMBER,
        };
        let mbi = columns.iter().position(|column| column.name == MBI);
        Self { table, columns, mbi, not_compared, id, keys }
    }

    /// What is read of a side's table: the columns that are compared, then what else is needed of them.
    ///
    /// # Errors
    /// A column is missing.
    pub(super) fn places(&self, stored: &StoredTable) -> Result<Places, Error> {
        let mut columns = Vec::new();
        for column in &self.columns {
            columns.push(stored.place_of(&column.name)?);
        }
        let mut own = |name: &str| -> Result<usize, Error> {
            let place = stored.place_of(name)?;
            Ok(columns.iter().position(|one| *one == place).unwrap_or_else(|| {
                columns.push(place);
                columns.len() - 1
            }))
        };
        let id = own(self.id)?;
        let claim_type = if self.is_of_people() { id } else { own("CLM_TYPE_CD")? };
        let keys = self.keys.iter().map(|key| own(key)).collect::<Result<_, _>>()?;
        Ok(Places { columns, id, claim_type, keys })
    }

    /// Whether rows are of people, and not of claims.
    pub(super) fn is_of_people(&self) -> bool {
        matches!(self.table, Table::Cclf8 | Table::Cclf9)
    }

    /// What stands for the line, by the columns of the keys.
    pub(super) fn line(&self, keys: &[&Column<'_>], row: usize, scratch: &mut Key) -> u64 {
        // In the order of the numbers, the absent one first.
        let number = |column: &Column<'_>| match column.number(row) {
            Some(number) => {
                (i64::try_from(number).unwrap_or(i64::MAX).cast_unsigned() ^ (1 << 63)).max(1)
            }
            None => 0,
        };
        match (self.table, keys) {
            (_, [text @ Column::Text(_)]) => text.code(row).map_or(0, |text| line(scratch, text)),
            (_, [kind, sequence]) => {
                let kind = kind.code(row).and_then(|kind| kind.bytes().next()).unwrap_or(0);
                let sequence = sequence.number(row).map_or(0, |number| number & 0xffff_ffff);
                (u64::from(kind) << 32) | u64::try_from(sequence).unwrap_or(0)
            }
            (_, [one]) => number(one),
            _ => 0,
        }
    }

    /// The line as people read it.
    pub(super) fn shown_line(&self, line: u64) -> String {
        match self.table {
            Table::Cclf2 | Table::Cclf3 | Table::Cclf5 | Table::Cclf6 | Table::CclfB
                if line != 0 =>
            {
                (line ^ (1 << 63)).cast_signed().to_string()
            }
            Table::Cclf4 if self.keys.len() == 2 => {
                let kind = u8::try_from(line >> 32).unwrap_or(0);
                let kind = if kind == 0 { String::new() } else { char::from(kind).to_string() };
                format!("{kind}{}", line & 0xffff_ffff)
            }
            _ => String::new(),
        }
    }
}

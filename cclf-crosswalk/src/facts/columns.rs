//! Which columns of the tables are wanted.

use crate::facts::crosswalk::{Crosswalk, TableDef, lineage_columns};
use crate::layout::table::Table;

/// A choice of columns: which are made, or by whose facts records are judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    lineage: bool,
    /// Only these, as `(table, column)`; all unless given.
    only: Option<Vec<(Table, String)>>,
    /// They come as they were named, not as the layout has them.
    as_named: bool,
}

/// Where a column is defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// By its place among the columns of the table's layout.
    Layout(usize),
    /// By its place among all lineage columns.
    Lineage(usize),
}

/// All columns of the layout, with the lineage columns or without.
impl From<bool> for Columns {
    fn from(lineage: bool) -> Self {
        Self { lineage, only: None, as_named: false }
    }
}

/// What is wrong with a choice of columns. The names in it are the user's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// No table asked for has such a column.
    #[error("no table asked for has a column {0}")]
    Unknown(String),
    /// The table has no choice of columns.
    #[error(
        "CCLF0, which counts the rows of the other tables, is always whole: name no column of it"
    )]
    Whole,
    /// None of the columns is of this table.
    #[error("none of the columns is of {0}; name one, or leave the table out")]
    Unused(&'static str),
}

impl Columns {
    /// Only the named columns of `tables`: `CLM_PMT_AMT` in each table that has it, `cclf5.CLM_POS_CD` in one.
    /// Upper or lower case. Lineage columns are among them where `lineage` is set. CCLF0, which counts the rows of
    /// the others, is always whole.
    ///
    /// # Errors
    /// A name that no table has; a table that has none of the columns.
    pub fn only(
        crosswalk: &Crosswalk,
        tables: &[Table],
        lineage: bool,
        names: &[String],
    ) -> Result<Self, ColumnsError> {
        let all = Self::from(lineage);
        let tables: Vec<Table> =
            tables.iter().copied().filter(|table| *table != Table::Cclf0).collect();
        let mut only = Vec::new();
        for name in names {
            let (table, column) = match name.split_once('.') {
                Some((table, column)) => (Some(table), column),
                None => (None, name.as_str()),
            };
            if table.is_some_and(|table| table.eq_ignore_ascii_case(Table::Cclf0.name())) {
                return Err(ColumnsError::Whole);
            }
            let before = only.len();
            let of_table = |own: &&Table| table.is_none_or(|t| own.name().eq_ignore_ascii_case(t));
            let wanted = tables.iter().filter(of_table);
            for own in wanted {
                let known = all.names(crosswalk, *own);
                let found = known.into_iter().find(|known| known.eq_ignore_ascii_case(column));
                only.extend(found.map(|column| (*own, column.to_owned())));
            }
            if only.len() == before {
                return Err(ColumnsError::Unknown(name.clone()));
            }
        }
        let unused = tables.iter().find(|table| only.iter().all(|(own, _)| own != *table));
        match unused {
            Some(table) => Err(ColumnsError::Unused(table.name())),
            None => Ok(Self { lineage, only: Some(only), as_named: false }),
        }
    }

    /// The same columns in the order in which they were named, in place of the layout's.
    #[must_use]
    pub fn as_named(self) -> Self {
        Self { as_named: true, ..self }
    }

    /// The tables of `tables` that one of the names may be of: what to write when only columns are named.
    pub fn tables_with(crosswalk: &Crosswalk, tables: &[Table], names: &[String]) -> Vec<Table> {
        let has = |table: &Table| {
            names.iter().any(|name| {
                Self::only(crosswalk, &[*table], true, std::slice::from_ref(name)).is_ok()
            })
        };
        tables.iter().copied().filter(has).collect()
    }

    /// What is chosen, as `CCLF5.CLM_POS_CD` and in the order in which it was named; `None` where all columns are.
    pub fn named(&self) -> Option<Vec<String>> {
        let only = self.only.as_ref()?;
        let mut named = Vec::new();
        for (table, column) in only {
            let name = format!("{}.{column}", table.name());
            if !named.contains(&name) {
                named.push(name);
            }
        }
        Some(named)
    }

    /// These and others; all columns where either is all.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        let only = self.only.as_ref().zip(others.only.as_ref());
        let only = only.map(|(own, others)| {
            let mut all = own.clone();
            all.extend(others.iter().filter(|column| !own.contains(column)).cloned());
            all
        });
        Self { lineage: self.lineage || others.lineage, only, as_named: self.as_named }
    }

    /// Whether one of a table is among them.
    pub(crate) fn touch(&self, table: Table) -> bool {
        self.only.as_ref().is_none_or(|only| only.iter().any(|(own, _)| *own == table))
    }

    /// Whether a column is among them.
    pub(crate) fn has(&self, table: Table, column: &str) -> bool {
        let named = |only: &Vec<(Table, String)>| {
            only.iter().any(|(own, name)| *own == table && name == column)
        };
        self.only.as_ref().is_none_or(named)
    }

    fn names<'c>(&self, crosswalk: &'c Crosswalk, table: Table) -> Vec<&'c str> {
        let def = crosswalk.table(table);
        let own = def.columns.iter().map(|column| &*column.name);
        let lineage = lineage_columns(crosswalk, def).map(|(_, column)| &*column.name);
        own.chain(lineage.filter(|_| self.lineage)).collect()
    }

    /// The wanted columns of a table, in their order.
    pub(crate) fn of(&self, crosswalk: &Crosswalk, def: &TableDef) -> Vec<Place> {
        let layout = def.columns.iter().enumerate();
        let layout = layout.map(|(place, column)| (Place::Layout(place), &*column.name));
        let lineage = lineage_columns(crosswalk, def).filter(|_| self.lineage);
        let lineage = lineage.map(|(place, column)| (Place::Lineage(place), &*column.name));
        let all = layout.chain(lineage);
        let Some(only) = self.only.as_ref().filter(|_| def.table != Table::Cclf0) else {
            return all.map(|(place, _)| place).collect();
        };
        let named =
            |column: &str| only.iter().position(|(own, name)| *own == def.table && name == column);
        let mut wanted: Vec<(usize, Place)> =
            all.filter_map(|(place, column)| Some((named(column)?, place))).collect();
        if self.as_named {
            wanted.sort_by_key(|(named, _)| *named);
        }
        wanted.into_iter().map(|(_, place)| place).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(tables: &[Table], lineage: bool, names: &str) -> Result<Columns, ColumnsError> {
        let names: Vec<String> = names.split(',').map(str::to_owned).collect();
        Columns::only(Crosswalk::stu3(), tables, lineage, &names)
    }

    #[test]
    fn columns_are_named_alone_or_with_their_table() {
        let both = [Table::Cclf1, Table::Cclf5];
        let columns = only(&both, true, "file_name,CCLF5.CLM_POS_CD,bene_mbi_id").unwrap();
        let names = |columns: &Columns, table| -> Vec<String> {
            let schema = crate::schema(Crosswalk::stu3(), table, columns);
            schema.fields().iter().map(|field| field.name().clone()).collect()
        };
        assert_eq!(names(&columns, Table::Cclf1), ["BENE_MBI_ID", "FILE_NAME"]);
        assert_eq!(names(&columns, Table::Cclf5), ["BENE_MBI_ID", "CLM_POS_CD", "FILE_NAME"]);
        let columns = columns.as_named();
        assert_eq!(names(&columns, Table::Cclf1), ["FILE_NAME", "BENE_MBI_ID"]);
        assert_eq!(names(&columns, Table::Cclf5), ["FILE_NAME", "CLM_POS_CD", "BENE_MBI_ID"]);
        assert_eq!(names(&columns, Table::Cclf0), names(&false.into(), Table::Cclf0));
        // Named twice, it is there once.
        let twice = only(&both, true, "cclf5.FILE_NAME,BENE_MBI_ID,FILE_NAME").unwrap().as_named();
        assert_eq!(names(&twice, Table::Cclf5), ["FILE_NAME", "BENE_MBI_ID"]);
        let unknown = |name: &str| Err(ColumnsError::Unknown(name.to_owned()));
        assert_eq!(only(&both, true, "NOBODY"), unknown("NOBODY"));
        assert_eq!(only(&both, false, "BENE_MBI_ID,FILE_NAME"), unknown("FILE_NAME"));
        assert_eq!(only(&both, true, "cclf7.CLM_LINE_NDC_CD"), unknown("cclf7.CLM_LINE_NDC_CD"));
        assert_eq!(only(&both, true, "CLM_POS_CD"), Err(ColumnsError::Unused("CCLF1")));
    }

    #[test]
    fn tables_follow_from_columns() {
        let names = ["clm_drg_cd", "cclf5.CLM_POS_CD", "DGNS_DRG_CD"].map(str::to_owned);
        let tables = Columns::tables_with(Crosswalk::stu3(), &Table::ALL, &names);
        assert_eq!(tables, [Table::Cclf1, Table::Cclf5]);
    }
}

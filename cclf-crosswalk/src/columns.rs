//! Which columns of the tables are wanted.

use crate::batch::lineage_columns;
use crate::crosswalk::Crosswalk;
use crate::table::Table;

/// A choice of columns. Every record is checked by all facts of its type, whatever the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    lineage: bool,
    /// Only these, as `(table, column)`; all unless given.
    only: Option<Vec<(Table, String)>>,
}

/// All columns of the layout, with the lineage columns or without.
impl From<bool> for Columns {
    fn from(lineage: bool) -> Self {
        Self { lineage, only: None }
    }
}

/// What is wrong with a choice of columns. The names in it are the user's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// No table asked for has such a column.
    #[error("no table asked for has a column {0}; `bcda describe` lists them")]
    Unknown(String),
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
            None => Ok(Self { lineage, only: Some(only) }),
        }
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

    fn names<'c>(&self, crosswalk: &'c Crosswalk, table: Table) -> Vec<&'c str> {
        let def = crosswalk.table(table);
        let own = def.columns.iter().map(|column| &*column.name);
        let lineage = lineage_columns(crosswalk, def).map(|(_, column)| &*column.name);
        own.chain(lineage.filter(|_| self.lineage)).collect()
    }

    /// Whether a column of the layout is wanted.
    pub(crate) fn has(&self, table: Table, column: &str) -> bool {
        if table == Table::Cclf0 {
            return true;
        }
        let named = |only: &Vec<(Table, String)>| {
            only.iter().any(|(own, name)| *own == table && name == column)
        };
        self.only.as_ref().is_none_or(named)
    }

    /// Whether a lineage column is wanted.
    pub(crate) fn has_lineage(&self, table: Table, column: &str) -> bool {
        self.lineage && self.has(table, column)
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
        let columns = only(&both, true, "bene_mbi_id,CCLF5.CLM_POS_CD,FILE_NAME").unwrap();
        assert!(
            columns.has(Table::Cclf1, "BENE_MBI_ID") && columns.has(Table::Cclf5, "BENE_MBI_ID")
        );
        assert!(
            columns.has(Table::Cclf5, "CLM_POS_CD") && !columns.has(Table::Cclf1, "CLM_POS_CD")
        );
        assert!(columns.has_lineage(Table::Cclf1, "FILE_NAME"));
        assert!(!columns.has_lineage(Table::Cclf1, "FILE_DATE"));
        assert!(!columns.has(Table::Cclf1, "CLM_PMT_AMT"));
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

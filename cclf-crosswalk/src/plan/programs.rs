//! The columns of the tables, by their kind of rows.

use super::program::Program;
use crate::facts::columns::Place;
use crate::layout::table::Table;

/// The programs of the tables that have one kind of rows.
#[derive(Debug)]
pub(crate) struct Programs<A> {
    /// By column of the layout; `None` where BCDA has no source.
    pub(crate) tables: Vec<(Table, Vec<Option<Program<A>>>)>,
    /// By lineage column; `None` where these rows do not have it, or the version of the API has no source.
    pub(crate) lineage: Vec<Option<Program<A>>>,
}

impl<A> Programs<A> {
    /// Whether the table has rows of this kind.
    pub(crate) fn has(&self, table: Table) -> bool {
        self.tables.iter().any(|(own, _)| *own == table)
    }

    /// How the value of a column is found; `None` where it has no source.
    pub(crate) fn program(&self, table: Table, place: Place) -> Option<&Program<A>> {
        match place {
            Place::Layout(place) => {
                let (_, columns) = self.tables.iter().find(|(own, _)| *own == table)?;
                columns.get(place)?.as_ref()
            }
            Place::Lineage(place) => self.lineage.get(place)?.as_ref(),
        }
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Program<A>> {
        let tables = self.tables.iter().flat_map(|(_, columns)| columns);
        tables.chain(&self.lineage).flatten()
    }
}

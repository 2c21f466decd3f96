//! What is left of a crosswalk where records are judged by some columns alone.

use crate::facts::columns::Columns;
use crate::facts::crosswalk::{Crosswalk, FINAL, lineage_columns};
use crate::facts::fact::{Expr, Function, Leaf, Path};
use crate::layout::table::{Per, Table};

impl Crosswalk {
    /// The crosswalk with the sources of these columns alone; the others are there, and nothing tells them. What the rows
    /// of a table need besides stays: its switches, and what says which claims are final.
    #[must_use]
    pub fn with_sources_of(&self, columns: &Columns) -> Self {
        let mut own = self.clone();
        let mut lineage = vec![false; own.lineage.len()];
        for def in &mut own.tables {
            for (place, column) in lineage_columns(self, def) {
                lineage[place] |= column.name == FINAL || columns.has(def.table, &column.name);
            }
            for column in &mut def.columns {
                let decides = columns.touch(def.table) && def.switches.contains(&column.name);
                let wanted = decides || columns.has(def.table, &column.name);
                if def.per != Per::Summary && !wanted {
                    column.expr = None;
                }
            }
        }
        for (column, wanted) in own.lineage.iter_mut().zip(lineage) {
            column.expr = column.expr.take().filter(|_| wanted);
        }
        let of_people = own.table(Table::Cclf8).columns.iter().filter_map(|own| own.expr.as_ref());
        let by_age = |path: &Path| path.leaf == Leaf::Function(Function::Age);
        let has_age = of_people.flat_map(Expr::paths).any(by_age);
        let has_people = columns.touch(Table::Cclf8);
        // Of Patients that are merged there is no day of birth.
        let has_links = self.record.iter().any(|fact| fact.name == "link");
        own.record.retain(|fact| match &*fact.name {
            "birth" | "death" => has_age || has_links,
            "hospice_start" | "hospice_end" => has_people,
            "claim_group" => false,
            _ => true,
        });
        own
    }
}

//! What is said of the tables and their columns.

use cclf_crosswalk::{Column, ColumnType, Crosswalk, Per, TableDef};

/// A column as it is described: of the layout, or of lineage.
pub(super) struct Line<'c> {
    pub(super) position: usize,
    pub(super) name: &'c str,
    pub(super) label: &'c str,
    pub(super) column_type: ColumnType,
    pub(super) format: &'c str,
    pub(super) places: Option<(usize, usize)>,
    pub(super) source: &'c str,
    pub(super) note: &'c str,
}

/// The columns of a table, those of lineage too.
pub(super) fn lines<'c>(crosswalk: &'c Crosswalk, def: &'c TableDef) -> Vec<Line<'c>> {
    let mut start = 1;
    let of_layout = def.columns.iter().enumerate().map(|(index, column): (usize, &Column)| {
        let places = (start, start + column.width - 1);
        start += column.width;
        Line {
            position: index + 1,
            name: &column.name,
            label: &column.label,
            column_type: column.column_type,
            format: &column.format,
            places: (def.table != cclf_crosswalk::Table::Cclf0).then_some(places),
            source: &column.source,
            note: &column.note,
        }
    });
    let mut lines: Vec<Line<'c>> = of_layout.collect();
    for column in crosswalk.lineage_of(def.table) {
        lines.push(Line {
            position: lines.len() + 1,
            name: &column.name,
            label: "Lineage",
            column_type: column.column_type,
            format: "",
            places: None,
            source: &column.source,
            note: &column.note,
        });
    }
    lines
}

/// What a table is, in one line.
pub(super) fn heading(def: &TableDef) -> String {
    format!("{} {}: {}", def.table, def.title, rows(def))
}

/// What the rows of a table are.
pub(super) fn rows(def: &TableDef) -> String {
    let types: Vec<&str> = cclf_crosswalk::ClaimType::ALL
        .into_iter()
        .filter(|claim_type| def.claim_types.contains(*claim_type))
        .map(cclf_crosswalk::ClaimType::code)
        .collect();
    let per = match def.per {
        Per::Mbi => "earlier MBI",
        Per::Summary => "table written",
        Per::Patient => "Patient and hospice range",
        per => per.name(),
    };
    match (def.has_rows, types.is_empty()) {
        (true, false) if !def.switches.is_empty() => {
            format!(
                "a row per {per} of {} with a switch or code of an enhancement",
                types.join(", ")
            )
        }
        (true, false) if !def.diagnosis_types.is_empty() => {
            let kinds = def.diagnosis_types.join(", ");
            format!("a row per {per} of type {kinds}, of {}", types.join(", "))
        }
        (false, _) => "no rows: BCDA does not tell which claims belong here".to_owned(),
        (true, true) => format!("a row per {per}"),
        (true, false) => format!("a row per {per} of {}", types.join(", ")),
    }
}

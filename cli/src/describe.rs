//! `bcda describe`: the data dictionary, from the crosswalk itself. Its SQL is in [`sql`].

mod sql;

use std::fmt::Write;

use cclf_crosswalk::{Column, ColumnType, Crosswalk, Per, TableDef};
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table as Grid};
use serde_json::json;

use crate::Failure;
use crate::args::{DescribeArgs, DescribeFormat, Dialect};

/// A column as it is described: of the layout, or of lineage.
struct Line<'c> {
    position: usize,
    name: &'c str,
    label: &'c str,
    column_type: ColumnType,
    format: &'c str,
    places: Option<(usize, usize)>,
    source: &'c str,
    note: &'c str,
}

pub(crate) fn run(arguments: &DescribeArgs) -> Result<u8, Failure> {
    let crosswalk = Crosswalk::stu3();
    let tables: Vec<&TableDef> = crosswalk
        .tables()
        .iter()
        .filter(|def| arguments.table.is_none_or(|table| def.table == table))
        .collect();
    let text = match arguments.format {
        DescribeFormat::Table => for_people(crosswalk, &tables),
        DescribeFormat::Csv => csv(crosswalk, &tables),
        DescribeFormat::Json => json_text(crosswalk, &tables),
        DescribeFormat::Markdown => markdown(crosswalk, &tables),
        DescribeFormat::Ddl => {
            sql::ddl(crosswalk, &tables, arguments.dialect, arguments.naming.into())
        }
        DescribeFormat::Views if arguments.dialect != Dialect::Duckdb => {
            let message = "--format views is for DuckDB, which reads Parquet files where they are";
            return Err(Failure::new(2, message.to_owned()));
        }
        DescribeFormat::Views => sql::views(&tables, &arguments.folder, arguments.naming.into()),
    };
    crate::streams::print(&text)
}

fn lines<'c>(crosswalk: &'c Crosswalk, def: &'c TableDef) -> Vec<Line<'c>> {
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

fn heading(def: &TableDef) -> String {
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
    let rows = match (def.has_rows, types.is_empty()) {
        (false, _) => "no rows: BCDA does not tell which claims belong here".to_owned(),
        (true, true) => format!("a row per {per}"),
        (true, false) => format!("a row per {per} of {}", types.join(", ")),
    };
    format!("{} {}: {rows}", def.table, def.title)
}

fn for_people(crosswalk: &Crosswalk, tables: &[&TableDef]) -> String {
    let mut text = String::new();
    for def in tables {
        let _ = writeln!(text, "{}", heading(def));
        let mut grid = Grid::new();
        grid.load_style(UTF8_FULL_CONDENSED)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_header(["#", "column", "type", "source (- = none)", "note"]);
        for line in lines(crosswalk, def) {
            grid.add_row([
                line.position.to_string(),
                line.name.to_owned(),
                line.column_type.to_string(),
                line.source.to_owned(),
                line.note.to_owned(),
            ]);
        }
        let _ = writeln!(text, "{grid}\n");
    }
    text
}

fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

fn csv(crosswalk: &Crosswalk, tables: &[&TableDef]) -> String {
    let mut text = "table,position,column,label,type,format,start,end,source,note\n".to_owned();
    for def in tables {
        for line in lines(crosswalk, def) {
            let (start, end) =
                line.places.map_or((String::new(), String::new()), |(start, end)| {
                    (start.to_string(), end.to_string())
                });
            let fields = [
                def.table.name(),
                &line.position.to_string(),
                line.name,
                line.label,
                &line.column_type.to_string(),
                line.format,
                &start,
                &end,
                line.source,
                line.note,
            ];
            let _ = writeln!(text, "{}", fields.map(quoted).join(","));
        }
    }
    text
}

fn json_text(crosswalk: &Crosswalk, tables: &[&TableDef]) -> String {
    let tables: Vec<_> = tables
        .iter()
        .map(|def| {
            let columns: Vec<_> = lines(crosswalk, def)
                .into_iter()
                .map(|line| {
                    json!({
                        "position": line.position,
                        "column": line.name,
                        "label": line.label,
                        "type": line.column_type.to_string(),
                        "format": line.format,
                        "start": line.places.map(|places| places.0),
                        "end": line.places.map(|places| places.1),
                        "source": (line.source != "-").then_some(line.source),
                        "note": line.note,
                    })
                })
                .collect();
            json!({
                "table": def.table.name(),
                "title": def.title,
                "per": def.per.name(),
                "has_rows": def.has_rows,
                "record_length": def.record_length(),
                "columns": columns,
            })
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&tables).unwrap_or_default();
    text.push('\n');
    text
}

fn markdown(crosswalk: &Crosswalk, tables: &[&TableDef]) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut text = "# Data dictionary\n\nWhere each column of the CCLF tables comes from. Sources are paths in the FHIR STU3 resource; `[name]` keeps\nthe entries of that variable, code system, category or role; `[a,b*,-]` the first of these that has a value: a name, the\nbeginning of names, no name at all; `|` is the next best source; `>` a conversion;\n`@` another entry or record. `none`: BCDA does not deliver it, and the note says why.\n\n".to_owned();
    for def in tables {
        let _ = writeln!(text, "## {}\n", heading(def));
        let _ = writeln!(text, "| # | column | type | source | note |\n|--:|---|---|---|---|");
        for line in lines(crosswalk, def) {
            let source = match line.source {
                "-" => "none".to_owned(),
                source => format!("`{}`", cell(source)),
            };
            let _ = writeln!(
                text,
                "| {} | {} | {} | {source} | {} |",
                line.position,
                line.name,
                line.column_type,
                cell(line.note)
            );
        }
        text.push('\n');
    }
    text
}

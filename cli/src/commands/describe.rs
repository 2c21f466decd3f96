//! `bcda describe`: the data dictionary, from the crosswalk itself. Its SQL is in [`sql`].

mod lines;
mod markdown;
mod sql;

use std::fmt::Write;

use cclf_crosswalk::{Api, Crosswalk, Naming, Table, TableDef};
use clap::{Args, ValueEnum};
use comfy_table::ContentArrangement;
use serde_json::json;

use self::lines::{heading, lines};
use self::sql::Dialect;
use crate::commands::convert::parse_table;
use crate::failure::Failure;
use crate::show::{grid, wrapped};
use crate::streams;
use crate::words::{api, naming};

/// The formats of a description.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DescribeFormat {
    /// For people.
    Table,
    /// Comma-separated values.
    Csv,
    /// JSON.
    Json,
    /// Markdown, a data dictionary.
    Markdown,
    /// SQL: CREATE TABLE.
    Ddl,
    /// SQL: views over a folder of Parquet files, for DuckDB.
    Views,
}

/// Show the tables.
#[derive(Debug, Args)]
pub(crate) struct DescribeArgs {
    /// Which table; all of them unless named.
    #[arg(value_parser = parse_table)]
    pub(crate) table: Option<Table>,
    /// Of which version of the API the sources and notes are: v1 unless named, and in markdown all three beside each
    /// other. Names, types and order of the columns are the same.
    #[arg(long, value_parser = api(), value_name = "VERSION")]
    pub(crate) api: Option<Api>,
    /// How.
    #[arg(long, value_enum, default_value_t = DescribeFormat::Table)]
    pub(crate) format: DescribeFormat,
    /// Whose SQL ddl and views are.
    #[arg(long, value_enum, default_value_t = Dialect::Duckdb)]
    pub(crate) dialect: Dialect,
    /// What ddl and views call the tables.
    #[arg(long, value_parser = naming(), default_value_t)]
    pub(crate) naming: Naming,
    /// The folder of the tables that views read.
    #[arg(long, default_value = "tables", value_name = "DIR")]
    pub(crate) folder: String,
    /// Let the lines be as long as they are, as where the output is no terminal; there they fit its width.
    #[arg(long)]
    pub(crate) wide: bool,
}

pub(crate) fn run(arguments: &DescribeArgs) -> Result<u8, Failure> {
    let crosswalk = Crosswalk::of(arguments.api.unwrap_or(Api::V1));
    let tables: Vec<&TableDef> = crosswalk
        .tables()
        .iter()
        .filter(|def| arguments.table.is_none_or(|table| def.table == table))
        .collect();
    let text = match arguments.format {
        DescribeFormat::Table => {
            let width = if arguments.wide { None } else { streams::width() };
            for_people(crosswalk, &tables, width)
        }
        DescribeFormat::Csv => csv(crosswalk, &tables),
        DescribeFormat::Json => json_text(crosswalk, &tables),
        DescribeFormat::Markdown => markdown::dictionary(arguments.api, arguments.table),
        DescribeFormat::Ddl => sql::ddl(crosswalk, &tables, arguments.dialect, arguments.naming),
        DescribeFormat::Views if arguments.dialect != Dialect::Duckdb => {
            let message = "--format views is for DuckDB, which reads Parquet files where they are";
            return Err(Failure::new(2, message.to_owned()));
        }
        DescribeFormat::Views => sql::views(&tables, &arguments.folder, arguments.naming),
    };
    streams::print(&text)
}

/// The tables in lines of at most `width` characters, or as long as they are.
fn for_people(crosswalk: &Crosswalk, tables: &[&TableDef], width: Option<u16>) -> String {
    let mut text = String::new();
    for def in tables {
        let _ = writeln!(text, "{}", wrapped(&heading(def), width));
        let mut grid = grid(&["#", "column", "type", "source (- = none)", "note"]);
        if let Some(width) = width {
            grid.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_the_width_that_there_is() {
        let crosswalk = Crosswalk::stu3();
        let tables: Vec<&TableDef> = crosswalk.tables().iter().collect();
        for width in [60, 80, 132] {
            let text = for_people(crosswalk, &tables, Some(width));
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(
                longest.is_some_and(|longest| longest <= width.into()),
                "{longest:?} of {width}"
            );
            for def in &tables {
                let words = |text: &str| text.split_whitespace().collect::<String>();
                assert!(words(&text).contains(&words(&heading(def))), "{width}: {}", def.table);
            }
        }
        let wide = for_people(crosswalk, &tables, None);
        assert!(wide.lines().any(|line| line.chars().count() > 200));
    }
}

//! How much of each column is filled.

use maud::{Markup, html};
use profile::{ColumnFill, Profile, TableFill, grouped};

use crate::frame::{Head, bar, number, section as framed, table};
use crate::words::{HIDDEN, length, share};

pub(crate) fn section(found: &Profile) -> Markup {
    framed(
        "columns",
        "Filled columns",
        &html! {
            p {
                "In percent of the rows of final claims, of CCLF8 in percent of people. The last run is told in whole points, of all \
                 rows, where the tables were brought up to date."
            }
            @for table in &found.fill { (one(table, found.source)) }
        },
    )
}

fn one(table: &TableFill, source: &str) -> Markup {
    let filled = table.columns.iter().filter(|column| column.filled.is_none_or(|rows| rows > 0));
    let rows = table.rows.map_or_else(|| HIDDEN.to_owned(), |rows| grouped(rows.into()));
    let unit = if table.table == "CCLF8" { "people" } else { "rows" };
    html! {
        details {
            summary {
                b { (table.table) }
                " " (rows) " " (unit) ", "
                @if table.rows == Some(0) { "nothing to fill" }
                @else { (filled.count()) " of " (table.columns.len()) " columns filled" }
            }
            @if table.rows != Some(0) { (columns(table, source)) }
        }
    }
}

fn columns(own: &TableFill, source: &str) -> Markup {
    let has_before = own.columns.iter().any(|column| column.percent_before.is_some());
    let mut heads = vec![Head::Text("column"), Head::Number("filled"), Head::Number("%")];
    heads.extend(has_before.then_some(Head::Number("last run, %")));
    heads.extend([Head::Bar, Head::Text("why it is empty")]);
    let rows = html! {
        @for column in &own.columns { (row(column, own.rows, source, has_before)) }
    };
    table(&format!("Filled columns of {}", own.table), &heads, &rows, None)
}

fn row(column: &ColumnFill, rows: Option<u64>, source: &str, has_before: bool) -> Markup {
    let told = column.filled.zip(rows);
    html! {
        tr {
            th scope="row" { (column.column) }
            (number(told.map(|(filled, _)| grouped(filled.into()))))
            (number(told.map(|(filled, rows)| share(filled, rows))))
            @if has_before {
                td.n { (column.percent_before.map_or_else(String::new, |percent| percent.to_string())) }
            }
            (bar(told.map_or(0.0, |(filled, rows)| length(filled.into(), rows.into()))))
            td.why {
                @if let Some(why) = &column.no_source { "cannot be filled from " (source) ": " (why) }
                @else if column.filled == Some(0) { "empty in these records" }
            }
        }
    }
}

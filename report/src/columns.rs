//! How much of each column is filled.

use maud::{Markup, html};
use profile::{ColumnFill, Profile, TableFill, grouped};

use crate::frame::{number, scrolled, section as framed};
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

fn columns(table: &TableFill, source: &str) -> Markup {
    let has_before = table.columns.iter().any(|column| column.percent_before.is_some());
    scrolled(
        &format!("Filled columns of {}", table.table),
        &html! {
            thead {
                tr {
                    th scope="col" { "column" }
                    th.n scope="col" { "filled" }
                    th.n scope="col" { "%" }
                    @if has_before { th.n scope="col" { "last run, %" } }
                    td.bar aria-hidden="true" {}
                    th scope="col" { "why it is empty" }
                }
            }
            tbody {
                @for column in &table.columns { (row(column, table.rows, source, has_before)) }
            }
        },
    )
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
            td.bar aria-hidden="true" {
                @if let Some((filled, rows)) = told.filter(|(filled, _)| *filled > 0) {
                    span style=(format!("width:{:.1}%", length(filled.into(), rows.into()))) {}
                }
            }
            td.why {
                @if let Some(why) = &column.no_source { "cannot be filled from " (source) ": " (why) }
                @else if column.filled == Some(0) { "empty in these records" }
            }
        }
    }
}

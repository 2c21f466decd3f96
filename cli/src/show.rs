//! Tables and figures on a terminal.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table as Grid};
use convert::TableReport;

/// A count with a separator between thousands.
pub(crate) fn grouped(count: u64) -> String {
    profile::grouped(count.into())
}

/// Words in lines of at most `width` characters; a word that is longer has a line of its own.
pub(crate) fn wrapped(text: &str, width: Option<u16>) -> String {
    let Some(width) = width.map(usize::from) else { return text.to_owned() };
    let (mut lines, mut length) = (String::new(), 0);
    for word in text.split(' ') {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > width {
            lines.push('\n');
            length = 0;
        } else if length > 0 {
            lines.push(' ');
            length += 1;
        }
        lines.push_str(word);
        length += more;
    }
    lines
}

/// A table with a header.
pub(crate) fn grid(header: &[&str]) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(UTF8_FULL_CONDENSED).set_header(header);
    grid
}

/// A table whose columns of figures, counted from 0, are set to the right.
pub(crate) fn figures(header: &[&str], columns: RangeInclusive<usize>) -> Grid {
    let mut grid = grid(header);
    for column in columns {
        if let Some(column) = grid.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    grid
}

/// The tables that a run has written.
pub(crate) fn tables(written: &[TableReport]) -> Grid {
    let mut tables = figures(&["table", "rows", "bytes", "file"], 1..=2);
    for table in written {
        let (rows, bytes) = (grouped(table.rows), grouped(table.bytes));
        tables.add_row([table.table.clone(), rows, bytes, table.file.clone()]);
    }
    tables
}

/// How many files were left aside, and of which endings.
pub(crate) fn left_aside(endings: &BTreeMap<String, u64>) -> String {
    let all: u64 = endings.values().sum();
    if all == 0 {
        return String::new();
    }
    let each: Vec<String> =
        endings.iter().map(|(ending, count)| format!("{ending} {}", grouped(*count))).collect();
    let files = if all == 1 { "file" } else { "files" };
    format!(", {} {files} left aside ({})", grouped(all), each.join(", "))
}

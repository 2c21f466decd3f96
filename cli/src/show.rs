//! Tables and figures on a terminal.

use std::collections::BTreeMap;

use comfy_table::Table as Grid;
use comfy_table::presets::UTF8_FULL_CONDENSED;

/// A count with a separator between thousands.
pub(crate) fn grouped(count: u64) -> String {
    indicatif::HumanCount(count).to_string()
}

pub(crate) fn grid(header: &[&str]) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(UTF8_FULL_CONDENSED).set_header(header);
    grid
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

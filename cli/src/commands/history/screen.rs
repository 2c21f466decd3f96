//! A history as people see it.

use cclf_crosswalk::{Api, Table, civil_from_days};
use comfy_table::{ColumnConstraint, ContentArrangement};
use convert::{ClaimVersion, History};

use super::compare::{Cell, Difference, Rows, differences};
use crate::failure::Failure;
use crate::show::{grid, grouped, wrapped};

/// Columns that say which value is shown.
const NAMES: usize = 3;
/// What they take at most, in characters.
const NAMES_WIDTH: usize = 52;
/// The least that the column of a version can be read in.
const VERSION_WIDTH: usize = 15;

/// The history, in lines of at most `width` characters or as long as they are.
pub(super) fn text(history: &History, all: bool, width: Option<u16>) -> Result<String, Failure> {
    let versions: Vec<&ClaimVersion> = history.versions.iter().chain(&history.relatives).collect();
    let found = differences(history.api.unwrap_or(Api::V1), &versions, all)?;
    let mut header = ["table", "line", "column"].map(str::to_owned).to_vec();
    let last = history.versions.len();
    header.extend((1..).zip(&history.versions).map(|(number, version)| {
        let current = if number == last { ", current" } else { "" };
        headed(format!("version {number}{current}"), version)
    }));
    header.extend(history.relatives.iter().map(|relative| {
        let title =
            format!("same group: {}", harmless(relative.id.as_deref().unwrap_or("(no id)")));
        headed(title, relative)
    }));
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = grid(&header);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    // Names stay whole as long as there is some room beside them.
    let room = NAMES_WIDTH + VERSION_WIDTH * versions.len();
    if width.is_some_and(|width| room <= width.into()) {
        for names in table.column_iter_mut().take(NAMES) {
            names.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    for difference in &found {
        table.add_row(row(difference));
    }
    let (title, end) = (title(history), ending(&versions, &found));
    let lines = [wrapped(&title, width), table.to_string(), wrapped(&end, width)];
    let lines: Vec<&str> =
        lines.iter().map(String::as_str).filter(|line| !line.is_empty()).collect();
    Ok(lines.join("\n") + "\n")
}

/// Whose history it is, and how much of it there is.
fn title(history: &History) -> String {
    let count = |count: usize, one: &str, more: &str| {
        format!("{} {}", grouped(count as u64), if count == 1 { one } else { more })
    };
    let first = history.versions.first();
    let id = first.and_then(|version| version.id.as_deref()).unwrap_or_default();
    let group = history.versions.iter().find_map(|version| version.group.as_deref());
    let group =
        group.map_or_else(String::new, |group| format!(", claim group {}", harmless(group)));
    let relatives = match history.relatives.len() {
        0 => String::new(),
        others => format!(" and {} of its group", count(others, "other claim", "other claims")),
    };
    format!(
        "claim {}{group}: {}{relatives}, in {}",
        harmless(id),
        count(history.versions.len(), "version", "versions"),
        count(history.files, "file", "files"),
    )
}

/// What stands at the head of a version's column.
fn headed(title: String, version: &ClaimVersion) -> String {
    let mut lines = vec![title, format!("{}:{}", harmless(&version.path), version.line)];
    lines.push(match (&version.transaction_time, version.file_date) {
        (Some(time), _) => format!("export {time}"),
        (None, Some(days)) => {
            let (year, month, day) = civil_from_days(days);
            format!("file of {year:04}-{month:02}-{day:02}")
        }
        (None, None) => "export of unknown date".to_owned(),
    });
    lines.push(match &version.last_updated {
        Some(time) => format!("lastUpdated {time}"),
        None => "no lastUpdated".to_owned(),
    });
    let status = version.status.as_deref().unwrap_or("no status");
    let is_final = match version.is_final {
        Some(true) => "final",
        Some(false) => "not final",
        None => "not told whether final",
    };
    lines.push(format!("{}, {is_final}", harmless(status)));
    if version.times > 1 {
        lines.push(format!("came {} times", grouped(version.times)));
    }
    lines.join("\n")
}

fn row(difference: &Difference) -> Vec<String> {
    let line = match &difference.rows {
        Rows::Only => String::new(),
        Rows::Every => "every".to_owned(),
        Rows::One(key) => harmless(key),
    };
    let column = difference.column.as_deref().unwrap_or("(the whole row)");
    let cell = |cell: &Cell| match cell {
        Cell::NoRow => "no row".to_owned(),
        Cell::Row => "a row".to_owned(),
        Cell::Value(value) => harmless(value.as_deref().unwrap_or_default()),
    };
    let table = difference.table.map_or("every", Table::name);
    let head = [table.to_owned(), line, column.to_owned()];
    head.into_iter().chain(difference.cells.iter().map(cell)).collect()
}

/// What to say below a table that has no rows.
fn ending(versions: &[&ClaimVersion], found: &[Difference]) -> String {
    match (versions.len(), found.is_empty()) {
        (_, false) => String::new(),
        (1, true) => "There is nothing to compare it with; --all shows what it says.".to_owned(),
        (_, true) => {
            "No column of the tables differs: what changed stands in none of them. --all shows the columns.".to_owned()
        }
    }
}

/// A text of a record, which may hold anything; a terminal must not obey it.
fn harmless(text: &str) -> String {
    ndjson_io::shown(text).into_owned()
}

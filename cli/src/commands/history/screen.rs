//! A history as people see it.

use cclf_crosswalk::{Api, Table, civil_from_days};
use comfy_table::ContentArrangement;
use convert::{ClaimVersion, History};

use super::compare::{Cell, Difference, Rows, differences};
use crate::failure::Failure;
use crate::show::{grid, grouped, wrapped};

/// What the columns take at most that say which value is shown, in characters.
const NAMES_WIDTH: usize = 52;
/// What stands between two columns.
const BETWEEN: usize = 3;

/// The history, in lines of at most `width` characters or as long as they are. Heads of versions that are wider stand
/// above the table.
pub(super) fn text(history: &History, all: bool, width: Option<u16>) -> Result<String, Failure> {
    let versions: Vec<&ClaimVersion> = history.versions.iter().chain(&history.relatives).collect();
    let found = differences(history.api.unwrap_or(Api::V1), &versions, all)?;
    let heads = heads(history);
    let widths = heads.iter().map(|head| {
        let lines = head.iter().map(|line| line.chars().count());
        lines.max().unwrap_or(0) + BETWEEN
    });
    let room = NAMES_WIDTH + widths.sum::<usize>();
    let is_wide = width.is_none_or(|width| room <= width.into());
    let mut lines = vec![wrapped(&title(history), width)];
    let mut header = ["table", "line", "column"].map(str::to_owned).to_vec();
    for head in &heads {
        if is_wide {
            header.push(head.join("\n"));
        } else {
            header.push(head[0].clone());
            lines.push(wrapped(&format!("{}: {}", head[0], head[1..].join(", ")), width));
        }
    }
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    let mut table = grid(&header);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for difference in &found {
        table.add_row(row(difference));
    }
    lines.push(table.to_string());
    lines.extend(ending(&versions, &found).map(|end| wrapped(end, width)));
    Ok(lines.join("\n") + "\n")
}

/// What stands at the head of each version's column, line by line; the first is its name.
fn heads(history: &History) -> Vec<Vec<String>> {
    let last = history.versions.len();
    let versions = (1..).zip(&history.versions).map(|(number, version)| {
        let current = if number == last { ", current" } else { "" };
        let mut head = vec![format!("version {number}{current}")];
        head.extend(standing(version));
        head
    });
    let others = (1..).zip(&history.relatives).map(|(number, other)| {
        let id = harmless(other.id.as_deref().unwrap_or("without an id"));
        let mut head = vec![format!("other claim {number}"), id];
        head.extend(standing(other));
        head
    });
    versions.chain(others).collect()
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
    let others = match history.relatives.len() {
        0 => String::new(),
        others => format!(" and {} of its group", count(others, "other claim", "other claims")),
    };
    format!(
        "claim {}{group}: {}{others}, in {}",
        harmless(id),
        count(history.versions.len(), "version", "versions"),
        count(history.files, "file", "files"),
    )
}

/// Where a version stands, and what it says of itself.
fn standing(version: &ClaimVersion) -> Vec<String> {
    let mut lines = vec![format!("{}:{}", harmless(&version.path), version.line)];
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
    lines
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
fn ending(versions: &[&ClaimVersion], found: &[Difference]) -> Option<&'static str> {
    found.is_empty().then_some(match versions.len() {
        1 => "There is nothing to compare it with; --all shows what it says.",
        _ => "No column of the tables differs: what changed stands in none of them. --all shows the columns.",
    })
}

/// A text of a record, which may hold anything; a terminal must not obey it.
fn harmless(text: &str) -> String {
    ndjson_io::shown(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(line: u64) -> ClaimVersion {
        ClaimVersion {
            path: "exports/2024-03-01/claims.ndjson".to_owned(),
            line,
            transaction_time: Some("2024-03-01T06:00:00Z".to_owned()),
            file_date: None,
            last_updated: None,
            id: Some("carrier-1".to_owned()),
            group: None,
            status: Some("active".to_owned()),
            is_final: Some(true),
            times: 1,
            of_versions: 2,
            rows: Vec::new(),
        }
    }

    #[test]
    fn heads_that_are_too_wide_for_the_table_stand_above_it() {
        let history = History {
            api: Some(Api::V1),
            versions: vec![version(3), version(7)],
            relatives: Vec::new(),
            bad: 0,
            too_long: 0,
            of_other_apis: 0,
            files: 2,
            warnings: Vec::new(),
        };
        for (width, is_above) in
            [(None, false), (Some(150), false), (Some(100), true), (Some(60), true)]
        {
            let text = text(&history, false, width).ok().unwrap();
            let (above, table) = text.split_once('┌').unwrap();
            assert_eq!(above.contains("claims.ndjson:7"), is_above, "{width:?}");
            assert_eq!(table.contains("claims.ndjson:7"), !is_above, "{width:?}");
            assert!(table.contains("version 2, current"), "{table}");
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(width.is_none_or(|width| longest <= width.into()), "{longest} of {width:?}");
        }
    }
}

//! What differs between versions of a claim: which columns of which rows.

use std::collections::{BTreeMap, BTreeSet};

use cclf_crosswalk::{Api, Crosswalk, Table, texts};
use convert::ClaimVersion;

use crate::failure::Failure;

/// Columns that tell the rows of a claim apart within a table, where it has them.
const KEYS: [&str; 3] = ["CLM_PROD_TYPE_CD", "CLM_LINE_NUM", "CLM_VAL_SQNC_NUM"];

/// Columns that are told at the head of each version.
const IN_HEADS: [&str; 4] = ["FILE_NAME", "FILE_DATE", "BCDA_EOB_ID", "BCDA_LAST_UPDATED"];

/// What a version has in a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    /// The version has no such row.
    NoRow,
    /// It has the row, which is all that is told.
    Row,
    /// What the row has in the column; none is null.
    Value(Option<String>),
}

/// Of which rows a difference is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rows {
    /// The table has one row for each claim.
    Only,
    /// All rows that a version has in the table.
    Every,
    /// The row with this key.
    One(String),
}

/// What versions have in one place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// None where it is of every table of the claim.
    pub(super) table: Option<Table>,
    pub(super) rows: Rows,
    /// None where whole rows are there or not.
    pub(super) column: Option<String>,
    /// By version.
    pub(super) cells: Vec<Cell>,
}

/// Where a row stands among those of its table: numbers as numbers, and of equal ones which it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    /// Lengths and texts: digits without zeros before them have the order of their numbers then.
    parts: Vec<(usize, String)>,
    nth: usize,
}

impl Key {
    fn shown(&self) -> Rows {
        let parts: Vec<&str> = self.parts.iter().map(|(_, text)| text.as_str()).collect();
        let again =
            if self.nth > 0 { format!(" (again, {})", self.nth + 1) } else { String::new() };
        if parts.is_empty() { Rows::Only } else { Rows::One(parts.join(" ") + &again) }
    }
}

/// The rows of a table, each with its values by column.
type RowsByKey = BTreeMap<Key, Vec<Option<String>>>;

/// A table with its columns and the rows that each version has.
struct Compared {
    table: Table,
    columns: Vec<String>,
    /// By column.
    is_left_out: Vec<bool>,
    /// By version.
    rows: Vec<RowsByKey>,
}

/// The columns in which versions differ, and the rows that only some have; with `all` those in which they do not differ
/// too. What a Patient would tell is in neither, and what the heads of the versions tell.
pub(super) fn differences(
    api: Api,
    versions: &[&ClaimVersion],
    all: bool,
) -> Result<Vec<Difference>, Failure> {
    let tables: BTreeSet<Table> =
        versions.iter().flat_map(|version| version.rows.iter().map(|(table, _)| *table)).collect();
    let compared = tables.into_iter().map(|table| Compared::of(api, table, versions));
    let compared: Vec<Compared> = compared.collect::<Result<_, _>>()?;
    Ok(told(&compared, all))
}

fn told(compared: &[Compared], all: bool) -> Vec<Difference> {
    let of_every_table = of_every_table(compared);
    let every = of_every_table.iter().filter(|(_, cells)| all || differ(cells));
    let every = every.map(|(column, cells)| Difference {
        table: None,
        rows: Rows::Every,
        column: Some((*column).to_owned()),
        cells: cells.clone(),
    });
    let mut found: Vec<Difference> = every.collect();
    for table in compared {
        let is_told = |column: &str| of_every_table.iter().any(|(own, _)| *own == column);
        table.differences(&is_told, all, &mut found);
    }
    found
}

/// The columns of several tables in which each version says the same wherever it has a row, and what.
fn of_every_table(compared: &[Compared]) -> Vec<(&str, Vec<Cell>)> {
    let mut found: Vec<(&str, Vec<Cell>)> = Vec::new();
    for name in compared.iter().flat_map(|table| &table.columns) {
        if is_key(name) || found.iter().any(|(own, _)| own == name) {
            continue;
        }
        let having = compared.iter().filter_map(|table| Some(table.once(table.place(name)?)));
        let once: Vec<Vec<Cell>> = match having.collect::<Option<_>>() {
            Some(once) => once,
            None => continue,
        };
        let [first, _, ..] = &once[..] else { continue };
        let of_version = |version: usize| {
            let cells = once.iter().map(|cells| &cells[version]);
            let mut cells = cells.filter(|cell| **cell != Cell::NoRow);
            let first = cells.next().unwrap_or(&Cell::NoRow);
            cells.all(|cell| cell == first).then(|| first.clone())
        };
        let merged = (0..first.len()).map(of_version).collect::<Option<_>>();
        found.extend(merged.map(|cells| (name.as_str(), cells)));
    }
    found
}

fn is_key(column: &str) -> bool {
    KEYS.contains(&column)
}

/// The rows of a version in a table.
fn rows(version: &ClaimVersion, table: Table) -> Result<RowsByKey, Failure> {
    let mut rows = RowsByKey::new();
    for (_, batch) in version.rows.iter().filter(|(own, _)| *own == table) {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| texts(column))
            .collect::<Result<_, _>>()
            .map_err(|_| Failure::new(1, "a column has no text; please report it"))?;
        let schema = batch.schema();
        let keys = KEYS.iter().filter_map(|key| schema.index_of(key).ok());
        let keys: Vec<usize> = keys.collect();
        for row in 0..batch.num_rows() {
            let values: Vec<_> = columns.iter().map(|column| column[row].clone()).collect();
            let part = |at: &usize| {
                let text = values[*at].clone().unwrap_or_default();
                (text.len(), text)
            };
            let mut key = Key { parts: keys.iter().map(part).collect(), nth: 0 };
            while rows.contains_key(&key) {
                key.nth += 1;
            }
            rows.insert(key, values);
        }
    }
    Ok(rows)
}

impl Compared {
    fn of(api: Api, table: Table, versions: &[&ClaimVersion]) -> Result<Self, Failure> {
        let batches = versions.iter().flat_map(|version| &version.rows);
        let schema =
            batches.filter(|(own, _)| *own == table).map(|(_, batch)| batch.schema()).next();
        let fields = schema.iter().flat_map(|schema| schema.fields());
        let def = Crosswalk::of(api).table(table);
        let of_patient = |name: &str| {
            def.columns.iter().any(|own| own.name == name && own.source.starts_with("@patient"))
        };
        Ok(Self {
            table,
            is_left_out: fields
                .clone()
                .map(|field| IN_HEADS.contains(&field.name().as_str()) || of_patient(field.name()))
                .collect(),
            columns: fields.map(|field| field.name().clone()).collect(),
            rows: versions.iter().map(|version| rows(version, table)).collect::<Result<_, _>>()?,
        })
    }

    /// Where a column stands that is compared.
    fn place(&self, name: &str) -> Option<usize> {
        let place = self.columns.iter().position(|own| own == name)?;
        (!self.is_left_out[place]).then_some(place)
    }

    fn differences(&self, is_told: &dyn Fn(&str) -> bool, all: bool, found: &mut Vec<Difference>) {
        let keys: BTreeSet<&Key> = self.rows.iter().flat_map(BTreeMap::keys).collect();
        let difference = |rows, column: Option<usize>, cells| Difference {
            table: Some(self.table),
            rows,
            column: column.map(|column| self.columns[column].clone()),
            cells,
        };
        let is_compared =
            |column: &usize| !self.is_left_out[*column] && !is_told(&self.columns[*column]);
        let columns = || (0..self.columns.len()).filter(is_compared);
        // What each version says once for all of its rows is shown once.
        let once: BTreeMap<usize, Vec<Cell>> = columns()
            .filter(|column| keys.len() > 1 && !is_key(&self.columns[*column]))
            .filter_map(|column| Some((column, self.once(column)?)))
            .collect();
        for (column, cells) in &once {
            if all || differ(cells) {
                found.push(difference(Rows::Every, Some(*column), cells.clone()));
            }
        }
        for key in keys {
            let has: Vec<Cell> = self
                .rows
                .iter()
                .map(|rows| if rows.contains_key(key) { Cell::Row } else { Cell::NoRow })
                .collect();
            if has.contains(&Cell::NoRow) {
                found.push(difference(key.shown(), None, has));
            }
            for column in columns().filter(|column| !once.contains_key(column)) {
                let cells: Vec<Cell> = self
                    .rows
                    .iter()
                    .map(|rows| {
                        rows.get(key).map_or(Cell::NoRow, |row| Cell::Value(row[column].clone()))
                    })
                    .collect();
                if all || differ(&cells) {
                    found.push(difference(key.shown(), Some(column), cells));
                }
            }
        }
    }

    /// What a column says in each version, if each says the same in all of its rows.
    fn once(&self, column: usize) -> Option<Vec<Cell>> {
        let of_version = |rows: &RowsByKey| {
            let mut values = rows.values().map(|row| &row[column]);
            let Some(first) = values.next() else { return Some(Cell::NoRow) };
            values.all(|value| value == first).then(|| Cell::Value(first.clone()))
        };
        self.rows.iter().map(of_version).collect()
    }
}

/// Whether versions that have the row say different things. That others lack it is said once for the row.
fn differ(cells: &[Cell]) -> bool {
    let mut values = cells.iter().filter(|cell| **cell != Cell::NoRow);
    let first = values.next();
    values.any(|value| Some(value) != first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compared(versions: &[&[(&str, [&str; 2])]]) -> Compared {
        of_table(Table::Cclf5, versions)
    }

    fn of_table(table: Table, versions: &[&[(&str, [&str; 2])]]) -> Compared {
        let columns = ["CLM_LINE_NUM", "CLM_POS_CD", "CLM_LINE_CVRD_PD_AMT"];
        let rows = |rows: &&[(&str, [&str; 2])]| -> RowsByKey {
            let mut found = RowsByKey::new();
            for (number, values) in *rows {
                let value = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                let mut key = Key { parts: vec![(number.len(), (*number).to_owned())], nth: 0 };
                while found.contains_key(&key) {
                    key.nth += 1;
                }
                found.insert(key, [*number, values[0], values[1]].map(value).to_vec());
            }
            found
        };
        Compared {
            table,
            is_left_out: vec![false; 3],
            columns: columns.map(str::to_owned).to_vec(),
            rows: versions.iter().map(rows).collect(),
        }
    }

    /// Each difference as a line of words.
    fn words(compared: &[Compared], all: bool) -> Vec<String> {
        let word = |cell: &Cell| match cell {
            Cell::NoRow => "-".to_owned(),
            Cell::Row => "+".to_owned(),
            Cell::Value(value) => value.clone().unwrap_or_else(|| "null".to_owned()),
        };
        let line = |found: &Difference| {
            let rows = match &found.rows {
                Rows::Only => "only",
                Rows::Every => "every",
                Rows::One(key) => key,
            };
            let column = found.column.as_deref().unwrap_or("row");
            let cells: Vec<String> = found.cells.iter().map(word).collect();
            let table = found.table.map_or("all", Table::name);
            format!("{table} {rows} {column} {}", cells.join(" "))
        };
        super::told(compared, all).iter().map(line).collect()
    }

    #[test]
    fn only_what_differs_is_told() {
        let same: &[(&str, [&str; 2])] = &[("1", ["11", "5.00"]), ("2", ["11", "6.00"])];
        assert_eq!(words(&[compared(&[same, same])], false), Vec::<String>::new());
        assert_eq!(words(&[compared(&[same])], false), Vec::<String>::new());
        let other = &[("1", ["11", "5.00"]), ("2", ["11", ""])];
        assert_eq!(
            words(&[compared(&[same, other])], false),
            ["CCLF5 2 CLM_LINE_CVRD_PD_AMT 6.00 null"]
        );
        assert_eq!(
            words(&[compared(&[same, other])], true),
            [
                "CCLF5 every CLM_POS_CD 11 11",
                "CCLF5 1 CLM_LINE_NUM 1 1",
                "CCLF5 1 CLM_LINE_CVRD_PD_AMT 5.00 5.00",
                "CCLF5 2 CLM_LINE_NUM 2 2",
                "CCLF5 2 CLM_LINE_CVRD_PD_AMT 6.00 null",
            ]
        );
    }

    #[test]
    fn rows_that_some_lack_and_what_all_rows_say_are_told_once() {
        let three: &[(&str, [&str; 2])] =
            &[("2", ["11", "5.00"]), ("9", ["11", "6.00"]), ("10", ["11", "7.00"])];
        let two: &[(&str, [&str; 2])] = &[("2", ["12", "5.00"]), ("10", ["12", "7.50"])];
        assert_eq!(
            words(&[compared(&[three, two, &[]])], false),
            [
                "CCLF5 every CLM_POS_CD 11 12 -",
                "CCLF5 2 row + + -",
                "CCLF5 9 row + - -",
                "CCLF5 10 row + + -",
                "CCLF5 10 CLM_LINE_CVRD_PD_AMT 7.00 7.50 -",
            ]
        );
    }

    #[test]
    fn lines_of_one_number_are_told_apart() {
        let twice: &[(&str, [&str; 2])] = &[("1", ["11", "5.00"]), ("1", ["11", "6.00"])];
        let once: &[(&str, [&str; 2])] = &[("1", ["11", "5.50"])];
        assert_eq!(
            words(&[compared(&[twice, once])], false),
            ["CCLF5 1 CLM_LINE_CVRD_PD_AMT 5.00 5.50", "CCLF5 1 (again, 2) row + -"]
        );
    }

    #[test]
    fn what_every_table_says_is_told_once() {
        let one: &[(&str, [&str; 2])] = &[("1", ["11", "5.00"])];
        let other: &[(&str, [&str; 2])] = &[("1", ["12", "5.50"])];
        let tables = |last: &[&[(&str, [&str; 2])]]| {
            [of_table(Table::Cclf2, &[one, other]), of_table(Table::Cclf3, last)]
        };
        assert_eq!(
            words(&tables(&[one, &[("1", ["12", "6.00"])]]), false),
            [
                "all every CLM_POS_CD 11 12",
                "CCLF2 1 CLM_LINE_CVRD_PD_AMT 5.00 5.50",
                "CCLF3 1 CLM_LINE_CVRD_PD_AMT 5.00 6.00",
            ]
        );
        // A version without a row in one of them says it in the other.
        assert_eq!(
            words(&tables(&[&[], other]), false),
            [
                "all every CLM_POS_CD 11 12",
                "all every CLM_LINE_CVRD_PD_AMT 5.00 5.50",
                "CCLF3 1 row - +"
            ]
        );
    }
}

//! What is unusual in a profile: months with few claims, columns that are filled less than before. All of it is told by
//! figures that are shown.

use cclf_crosswalk::Table;
use convert::Error;
use results::Finished;
use serde::Serialize;

use crate::columns::TableFill;
use crate::run::Run;
use crate::shown::{Cross, CrossRow};

/// Points by which a column has to be filled less than before.
const POINTS: u64 = 10;
/// Months before one, and after it, with which it is compared.
const NEIGHBOURS: usize = 2;
/// Rows that a table has at least where fill rates of two runs are compared. Rates are told in whole points; half a point is
/// 11 rows then, so that nothing follows about the rows that came or went.
const FEWEST_ROWS: u64 = 2_200;

/// Something that whoever made the tables should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Unusual {
    /// A month with less than half the claims that the months around it have in the middle.
    FewClaims {
        /// The month.
        month: String,
        /// Its claims.
        claims: u64,
        /// The median of the claims of the months around it.
        around: u64,
    },
    /// Names of elements, URLs and code systems in the records that the vocabulary does not have.
    UnknownVocabulary {
        /// How many different ones were seen, each with 11 or more people.
        names: u64,
    },
    /// A column that is filled in a smaller share of rows than in the last run.
    FilledLess {
        /// CMS's name of the table.
        table: &'static str,
        /// The column.
        column: String,
        /// In percent of all rows of the table, final or not.
        percent: u64,
        /// The same in the last run.
        percent_before: u64,
    },
}

impl std::fmt::Display for Unusual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FewClaims { month, claims, around } => write!(
                f,
                "{month} has {claims} claims, under half of the {around} that months around it have"
            ),
            Self::UnknownVocabulary { names } => {
                write!(
                    f,
                    "{names} names in the records are not known: the service may have changed"
                )
            }
            Self::FilledLess { table, column, percent, percent_before } => write!(
                f,
                "{table}.{column} is filled in {percent} % of all rows; it was {percent_before} % in the last run"
            ),
        }
    }
}

/// Names that the vocabulary does not have.
pub(crate) fn vocabulary(run: &Run) -> Option<Unusual> {
    let found = run.drift.iter().flat_map(|drift| &drift.findings);
    let names = found.filter(|own| own.is_named()).count() as u64;
    (names > 0).then_some(Unusual::UnknownVocabulary { names })
}

/// Months that are whole and have less than half the claims of the months around them. Rows of several months, and months of
/// which claims are still to come, are left out.
pub(crate) fn months(months: Option<&Cross>) -> Vec<Unusual> {
    let rows: Vec<&CrossRow> = months.map_or_else(Vec::new, |months| months.rows.iter().collect());
    let number = |row: &CrossRow| {
        let (year, month) = row.name.split_once('-').filter(|_| row.name.len() == 7)?;
        Some(year.parse::<i64>().ok()? * 12 + month.parse::<i64>().ok()?)
    };
    let alone: Vec<(i64, &CrossRow, u64)> = rows
        .into_iter()
        .filter(|row| !row.incomplete)
        .filter_map(|row| Some((number(row)?, row, row.total.count?)))
        .collect();
    let unusual = alone.iter().filter_map(|(number, row, claims)| {
        let near = |at: i64| alone.iter().find(|(own, ..)| *own == at).map(|(.., claims)| *claims);
        let distance = i64::try_from(NEIGHBOURS).unwrap_or(1);
        let mut around: Vec<u64> = (-distance..=distance)
            .filter(|by| *by != 0)
            .filter_map(|by| near(number + by))
            .collect();
        if around.len() < NEIGHBOURS {
            return None;
        }
        around.sort_unstable();
        let middle = around.len() / 2;
        let median = if around.len().is_multiple_of(2) {
            u64::midpoint(around[middle - 1], around[middle])
        } else {
            around[middle]
        };
        (claims * 2 < median).then(|| Unusual::FewClaims {
            month: row.name.clone(),
            claims: *claims,
            around: median,
        })
    });
    unusual.collect()
}

/// Puts into a profile how much of each column was filled in the last run, and gives columns that are filled much less now.
///
/// # Errors
/// A table cannot be read.
pub(crate) fn since_last_run(
    finished: &Finished,
    tables: &mut [TableFill],
    shows_small: bool,
) -> Result<Vec<Unusual>, Error> {
    let mut unusual = Vec::new();
    for own in tables {
        let Some(table) = Table::ALL.into_iter().find(|table| table.name() == own.table) else {
            continue;
        };
        let Some(before) = finished.filled_before(table) else { continue };
        let stored = finished.table(table);
        let Some(filled) = stored.filled()? else { continue };
        let (rows, rows_before) = (stored.rows(), before.rows);
        let fewest = if shows_small { 1 } else { FEWEST_ROWS };
        if rows < fewest || rows_before < fewest || own.rows.is_none() {
            continue;
        }
        for (column, filled) in own.columns.iter_mut().zip(filled) {
            let was = before.columns.get(&column.column);
            let Some(was) = was.filter(|_| column.filled.is_some()) else { continue };
            let percent_before = percent(*was, rows_before);
            column.percent_before = Some(percent_before);
            let is_less = u128::from(*was) * 100 * u128::from(rows)
                >= u128::from(filled) * 100 * u128::from(rows_before)
                    + u128::from(POINTS) * u128::from(rows) * u128::from(rows_before);
            if is_less {
                unusual.push(Unusual::FilledLess {
                    table: own.table,
                    column: column.column.clone(),
                    percent: percent(filled, rows),
                    percent_before,
                });
            }
        }
    }
    Ok(unusual)
}

/// In whole points, rounded.
fn percent(part: u64, all: u64) -> u64 {
    let percent = (u128::from(part) * 200 + u128::from(all)) / (u128::from(all.max(1)) * 2);
    u64::try_from(percent).unwrap_or(100)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::Figure;

    fn rows(counts: &[(&str, u64)]) -> Cross {
        let figure = |count| Figure { count: Some(count), ..Figure::default() };
        let row = |(name, count): &(&str, u64)| CrossRow {
            name: (*name).to_owned(),
            incomplete: *name == "2020-07",
            cells: Vec::new(),
            total: figure(*count),
        };
        Cross {
            by: "month",
            columns: Vec::new(),
            rows: counts.iter().map(row).collect(),
            totals: Vec::new(),
            total: figure(0),
        }
    }

    #[test]
    fn a_month_with_few_claims_is_unusual_among_its_neighbours() {
        let found = months(Some(&rows(&[
            ("no date", 1),
            ("2019-01 … 2019-12", 40),
            ("2020-01", 100),
            ("2020-02", 110),
            ("2020-03", 49),
            ("2020-04", 90),
            ("2020-06", 95),
            ("2020-07", 3),
        ])));
        let text: Vec<String> = found.iter().map(ToString::to_string).collect();
        let wanted = "2020-03 has 49 claims, under half of the 100 that months around it have";
        assert_eq!(text, [wanted]);
        assert!(months(None).is_empty());
    }

    #[test]
    fn percents_are_rounded() {
        assert_eq!(
            [percent(1, 200), percent(1, 201), percent(0, 0), percent(3, 3)],
            [1, 0, 0, 100]
        );
    }
}

//! What is unusual in a profile: months with few claims, columns that are filled less than before. All of it is told by
//! figures that are shown.

use std::collections::BTreeMap;
use std::ops::Range;

use cclf_crosswalk::Table;
use results::Finished;
use serde::Serialize;

use crate::columns::TableFill;
use crate::disclosure::{FEWEST_OF_SHARES, percent};
use crate::run::Run;
use crate::shown::Cross;
use crate::tables::{month_name, months_of};

/// Points by which a column has to be filled less than before.
const POINTS: u64 = 10;
/// Months before one, and after it, with which it is compared.
const NEIGHBOURS: i32 = 2;

/// Something that whoever made the tables should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Unusual {
    /// A month, or several in a row, with less than half the claims that the months around have in the middle.
    FewClaims {
        /// The month, or the first and the last.
        month: String,
        /// Its claims, of several months those of all.
        claims: u64,
        /// The median of the claims of each of the months around.
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
        /// In percent of the rows of final claims, of CCLF8 in percent of people.
        percent: u64,
        /// In percent of all rows of the last run, final or not.
        percent_before: u64,
    },
}

impl std::fmt::Display for Unusual {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::FewClaims { month, claims, around } => write!(
                f,
                "{month} has {claims} claims, under half of the {around} a month around it"
            ),
            Self::UnknownVocabulary { names } => {
                write!(
                    f,
                    "{names} names in the records are not known: the service may have changed"
                )
            }
            Self::FilledLess { table, column, percent, percent_before } => write!(
                f,
                "{table}.{column} is filled in {percent} %; it was in {percent_before} % of all rows in the last run"
            ),
        }
    }
}

/// How much is unusual, to go on from the line of the verdict; nothing if there is nothing.
pub(crate) fn line(unusual: &[Unusual]) -> String {
    let count = |is_so: fn(&&Unusual) -> bool| unusual.iter().filter(is_so).count();
    let months = count(|own| matches!(own, Unusual::FewClaims { .. }));
    let columns = count(|own| matches!(own, Unusual::FilledLess { .. }));
    let names = count(|own| matches!(own, Unusual::UnknownVocabulary { .. }));
    let told: Vec<String> = [
        (months, format!("months with few claims ({months})")),
        (columns, format!("columns that are filled less ({columns})")),
        (names, "names that are not known".to_owned()),
    ]
    .into_iter()
    .filter_map(|(count, text)| (count > 0).then_some(text))
    .collect();
    if told.is_empty() { String::new() } else { format!(" Unusual: {}.", told.join(", ")) }
}

/// Names that the vocabulary does not have.
pub(crate) fn vocabulary(run: &Run) -> Option<Unusual> {
    let found = run.drift.iter().flat_map(|drift| &drift.findings);
    let names = found.filter(|own| own.is_named()).count() as u64;
    (names > 0).then_some(Unusual::UnknownVocabulary { names })
}

/// Months that are whole and have less than half the claims of the months around them, also those without any claim, which have
/// no row. Of a row of several months their mean counts.
pub(crate) fn months(months: Option<&Cross>) -> Vec<Unusual> {
    let rows = months.map_or(&[][..], |months| &months.rows);
    let mut spans: Vec<(Range<i32>, String, u64)> = Vec::new();
    let mut others: Vec<Range<i32>> = Vec::new();
    for row in rows {
        let Some((own, is_alone)) = months_of(&row.name) else { continue };
        match row.total.count {
            Some(claims) if is_alone && !row.incomplete => {
                spans.push((own, row.name.clone(), claims));
            }
            _ => others.push(own),
        }
    }
    let first = spans.iter().map(|(own, ..)| own.start).min().unwrap_or_default();
    let last = spans.iter().map(|(own, ..)| own.end).max().unwrap_or_default();
    let has_row = |month: &i32| {
        others.iter().chain(spans.iter().map(|(own, ..)| own)).any(|own| own.contains(month))
    };
    let missing: Vec<i32> = (first..last).filter(|month| !has_row(month)).collect();
    let alone: BTreeMap<i32, u64> = spans
        .iter()
        .filter(|(own, ..)| own.len() == 1)
        .map(|(own, _, claims)| (own.start, *claims))
        .collect();
    spans.extend(missing.into_iter().map(|month| (month..month + 1, month_name(month), 0)));
    spans.sort_by_key(|(own, ..)| own.start);
    let unusual = spans.into_iter().filter_map(|(own, month, claims)| {
        let near = (own.start - NEIGHBOURS..own.start).chain(own.end..own.end + NEIGHBOURS);
        let mut around: Vec<u64> = near.filter_map(|at| alone.get(&at).copied()).collect();
        if around.len() < 2 {
            return None;
        }
        around.sort_unstable();
        let middle = around.len() / 2;
        let around = if around.len().is_multiple_of(2) {
            u64::midpoint(around[middle - 1], around[middle])
        } else {
            around[middle]
        };
        let is_few = u128::from(claims) * 2 < u128::from(around) * own.len() as u128;
        is_few.then_some(Unusual::FewClaims { month, claims, around })
    });
    unusual.collect()
}

/// Puts into a profile how much of each column was filled in the last run, and gives columns that are filled much less now.
pub(crate) fn since_last_run(
    finished: &Finished,
    tables: &mut [TableFill],
    shows_small: bool,
) -> Vec<Unusual> {
    let mut unusual = Vec::new();
    for own in tables {
        let Some(table) = Table::ALL.into_iter().find(|table| table.name() == own.table) else {
            continue;
        };
        let Some(before) = finished.filled_before(table) else { continue };
        let fewest = if shows_small { 1 } else { FEWEST_OF_SHARES };
        let Some(rows) = own.rows.filter(|rows| (*rows).min(before.rows) >= fewest) else {
            continue;
        };
        for column in &mut own.columns {
            let was = before.columns.get(&column.column);
            let Some((was, filled)) = was.copied().zip(column.filled) else { continue };
            let percent_before = percent(was, before.rows);
            column.percent_before = Some(percent_before);
            let (was_of, is_of) =
                (u128::from(was) * u128::from(rows), u128::from(filled) * u128::from(before.rows));
            let of_all = u128::from(rows) * u128::from(before.rows);
            if was_of * 100 >= is_of * 100 + u128::from(POINTS) * of_all {
                unusual.push(Unusual::FilledLess {
                    table: own.table,
                    column: column.column.clone(),
                    percent: percent(filled, rows),
                    percent_before,
                });
            }
        }
    }
    unusual
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shown::{CrossRow, Figure};

    fn rows(counts: &[(&str, u64)]) -> Cross {
        let figure = |count| Figure { count: Some(count), ..Figure::default() };
        let row = |(name, count): &(&str, u64)| CrossRow {
            name: (*name).to_owned(),
            incomplete: *name == "2021-07",
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
            ("2020-06 … 2020-08", 95),
            ("2020-09", 95),
            ("2020-10", 95),
            ("2020-12", 95),
            ("2021-07", 3),
        ])));
        let text: Vec<String> = found.iter().map(ToString::to_string).collect();
        let wanted = [
            "2019-01 … 2019-12 has 40 claims, under half of the 105 a month around it",
            "2020-03 has 49 claims, under half of the 100 a month around it",
            "2020-05 has 0 claims, under half of the 69 a month around it",
            "2020-06 … 2020-08 has 95 claims, under half of the 95 a month around it",
            "2020-11 has 0 claims, under half of the 95 a month around it",
        ];
        assert_eq!(text, wanted);
        assert_eq!(line(&found), " Unusual: months with few claims (5).");
        assert_eq!(line(&[]), "");
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

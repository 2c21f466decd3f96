//! Tallies as they are shown: categories merged, small cells hidden.

use serde::Serialize;

use crate::claims::Cut;
use crate::disclosure::{
    Grid, Hidden, Known, hide, is_small, merged, merged_beside_first, merged_in_order,
};
use crate::people::{Set, Tally};

/// What a cell shows: nothing of it where it is hidden.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figure {
    /// Whether it is hidden, because it or a cell that follows from it counts 1 to 10 people.
    pub hidden: bool,
    /// Claims, rows or people, as the table says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The amount in cents, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cents: Option<i128>,
    /// Distinct people; only where small cells are shown, because differences of them would tell small cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<u64>,
}

/// How figures are made.
#[derive(Clone, Copy)]
pub(crate) struct Rule {
    pub(crate) shows_small: bool,
    /// Whether there is an amount.
    pub(crate) has_amount: bool,
}

impl Rule {
    pub(crate) fn figure(self, tally: &Tally, hidden: bool) -> Figure {
        if hidden {
            return Figure { hidden, ..Figure::default() };
        }
        Figure {
            hidden,
            count: Some(tally.count),
            cents: self.has_amount.then_some(tally.cents),
            people: self.shows_small.then(|| tally.people.len()),
        }
    }
}

/// A category and its figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is called.
    pub name: String,
    /// What it comes to.
    #[serde(flatten)]
    pub figure: Figure,
}

/// A table that is cut one way. None of its cells is hidden: small ones were merged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// What it is cut by.
    pub by: String,
    /// The table of CCLF that it counts rows of, or people.
    pub of: &'static str,
    /// The categories.
    pub lines: Vec<Line>,
    /// All of them.
    pub total: Figure,
}

/// A table that is cut two ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cross {
    /// What the rows are.
    pub by: &'static str,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<CrossRow>,
    /// The totals of the columns.
    pub totals: Vec<Figure>,
    /// All of it.
    pub total: Figure,
}

/// A row of a table that is cut two ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CrossRow {
    /// What it is called.
    pub name: String,
    /// Whether it is a month of which claims are still to come.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// A figure for each column.
    pub cells: Vec<Figure>,
    /// All of them.
    pub total: Figure,
}

pub(crate) fn sum<'t>(tallies: impl IntoIterator<Item = &'t Tally>) -> Tally {
    let mut sum = Tally::default();
    tallies.into_iter().for_each(|own| sum.add(own));
    sum
}

fn people<'s>(sets: impl IntoIterator<Item = &'s Set>) -> u64 {
    let mut all = Set::default();
    sets.into_iter().for_each(|own| all.add(own));
    all.len()
}

/// Whether categories have an order, in which neighbours are merged until they have so many people.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    None,
    Given(u64),
    /// But for the first, with which those at the end may be merged.
    BesideFirst(u64),
}

/// Groups of categories: each alone where small cells are shown.
pub(crate) fn groups(tallies: &[Tally], order: Order, rule: Rule) -> Vec<Vec<usize>> {
    if rule.shows_small {
        return (0..tallies.len()).map(|place| vec![place]).collect();
    }
    let count =
        |places: &[usize]| people(places.iter().filter_map(|at| Some(&tallies.get(*at)?.people)));
    match order {
        Order::None => merged(tallies.len(), count),
        Order::Given(fewest) => merged_in_order(tallies.len(), fewest, count),
        Order::BesideFirst(fewest) => merged_beside_first(tallies.len(), fewest, count),
    }
}

/// What a group of categories is called.
pub(crate) fn name_of(group: &[usize], names: &[String], order: Order) -> String {
    let name = |at: Option<&usize>| at.and_then(|at| names.get(*at)).map_or("", String::as_str);
    match group {
        [_] => name(group.first()).to_owned(),
        _ if order != Order::None => format!("{} … {}", name(group.first()), name(group.last())),
        _ => {
            let all: Vec<&str> = group.iter().map(|at| name(Some(at))).collect();
            all.join(" + ")
        }
    }
}

/// A table that is cut one way; none if all of it is small.
pub(crate) fn lines(
    (by, of): (&str, &'static str),
    cut: &Cut,
    order: Order,
    rule: Rule,
) -> Option<Lines> {
    let names: Vec<String> = cut.keys().map(|(_, name)| (*name).to_owned()).collect();
    let tallies: Vec<Tally> = cut.values().cloned().collect();
    named_lines((by, of), &names, &tallies, order, rule)
}

/// The same of categories with these names.
pub(crate) fn named_lines(
    (by, of): (&str, &'static str),
    names: &[String],
    tallies: &[Tally],
    order: Order,
    rule: Rule,
) -> Option<Lines> {
    let total = sum(tallies);
    if total.count == 0 || (!rule.shows_small && is_small(total.people.len())) {
        return None;
    }
    let line = |group: Vec<usize>| Line {
        name: name_of(&group, names, order),
        figure: rule.figure(&sum(group.iter().map(|at| &tallies[*at])), false),
    };
    let lines = groups(tallies, order, rule).into_iter().map(line).collect();
    Some(Lines { by: by.to_owned(), of, lines, total: rule.figure(&total, false) })
}

/// A table that is cut two ways, of cells row by row, and whether any of them is shown; none if its totals would tell small
/// cells. Totals are not small unless small cells are shown.
pub(crate) fn cross(
    by: &'static str,
    rows: Vec<(String, bool)>,
    columns: Vec<String>,
    cells: &[Tally],
    known: &Known,
    rule: Rule,
) -> Option<(Cross, bool)> {
    let width = columns.len().max(1);
    let grid = Grid {
        columns: width,
        counts: cells.iter().map(|own| own.count).collect(),
        people: cells.iter().map(|own| own.people.len()).collect(),
    };
    let fresh = |places: &[usize]| {
        let mut all = Set::default();
        places.iter().map(|at| all.add_fresh(&cells[*at].people)).collect()
    };
    let hidden = if rule.shows_small {
        Hidden::Cells(vec![false; cells.len()])
    } else {
        hide(&grid, known, fresh)?
    };
    let figure = |at: usize| rule.figure(&cells[at], hidden.is_hidden(at));
    let rows = rows.into_iter().enumerate().map(|(row, (name, incomplete))| {
        let own = row * width..(row + 1) * width;
        CrossRow {
            name,
            incomplete,
            cells: own.clone().map(figure).collect(),
            total: rule.figure(&sum(&cells[own]), false),
        }
    });
    let rows = rows.collect();
    let totals = (0..columns.len())
        .map(|column| rule.figure(&sum(cells.iter().skip(column).step_by(width)), false));
    let total = rule.figure(&sum(cells), false);
    Some((Cross { by, rows, totals: totals.collect(), total, columns }, hidden != Hidden::All))
}

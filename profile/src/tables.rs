//! The tables of claims: which columns they have, and which rows.

use std::collections::{BTreeMap, BTreeSet};

use cclf_crosswalk::{CLAIM_TYPE_NAMES, Table};
use results::Finished;

use crate::claims::{Cells, Claims, Month, NO_MONTH, Shape, Type};
use crate::disclosure::{Bounds, FEWEST, Known, is_small};
use crate::names::{self, Named};
use crate::people::{Set, Tally};
use crate::shown::{Cross, Lines, Order, Rule, cross, groups, name_of, named_lines, sum};

/// Months before that of the export of which claims are still to come, besides that one: most claims are there after three.
const RUN_OUT_MONTHS: i32 = 2;

/// With fewer rows a table tells less than its totals do by rows that are not merged.
const FEWEST_ROWS: usize = 4;
/// A type is rare if fewer than one in so many of its months have 11 people.
const RARE: usize = 10;
/// How often the people that a row has at least are doubled, so that its cells can be shown.
const MOST_MERGES: u32 = 8;

/// Claim types that are shown as one column: of one table, because other figures are of one table, too.
#[derive(Clone)]
pub(crate) struct Column {
    table: Table,
    types: Vec<Type>,
    name: String,
}

/// The columns. Types of which hardly any month has 11 people are one column, with the type of the fewest people among the
/// others if they have too few by themselves. All else is hidden cell by cell, since a merged column hides all of its types.
pub(crate) fn types(shapes: &[(&Shape, Claims)], rule: Rule) -> Vec<Column> {
    let mut columns = Vec::new();
    for (shape, claims) in shapes {
        let mut types: BTreeMap<Type, (Set, usize, usize)> = BTreeMap::new();
        for ((_, own), tally) in &claims.months {
            let (people, months, small) = types.entry(*own).or_default();
            people.add(&tally.people);
            *months += 1;
            *small += usize::from(is_small(tally.people.len()));
        }
        let is_rare = |(_, (_, months, small)): &(&Type, &(Set, usize, usize))| {
            !rule.shows_small && (months - small) * RARE < *months
        };
        let (rare, mut others): (Vec<_>, Vec<_>) = types.iter().partition(is_rare);
        others.sort_by_key(|(own, (people, ..))| (people.len(), **own));
        let mut together = Set::default();
        for (_, (people, ..)) in &rare {
            together.add(people);
        }
        let mut rare: Vec<Type> = rare.into_iter().map(|(own, _)| *own).collect();
        let mut others: Vec<Type> = others.into_iter().map(|(own, _)| *own).collect();
        if is_small(together.len()) && !others.is_empty() {
            rare.push(others.remove(0));
        }
        let mut groups: Vec<Vec<Type>> = others.into_iter().map(|own| vec![own]).collect();
        groups.extend((!rare.is_empty()).then_some(rare));
        for group in &mut groups {
            group.sort_unstable();
        }
        groups.sort_unstable();
        columns.extend(groups.into_iter().map(|types| {
            let names: Vec<&str> = types.iter().map(|own| CLAIM_TYPE_NAMES[*own]).collect();
            Column { table: shape.table, name: names.join(" + "), types }
        }));
    }
    columns
}

/// A table of rows that are merged in their order, and of claim types. Rows are merged no further than cells need to be
/// shown; where no cell can be, they are as small as their totals may be. None if it has no claims, or its totals tell too much.
fn crossed<K: Ord + Copy>(
    by: &'static str,
    shapes: &[(Table, &Cells<K>)],
    columns: &[Column],
    order: impl Fn(&[K], u64) -> Order,
    row: impl Fn(&[K]) -> (String, bool),
    known: impl Fn(&[Vec<K>], &[Tally]) -> Known,
    rule: Rule,
) -> Option<Cross> {
    let keys: BTreeSet<K> =
        shapes.iter().flat_map(|(_, own)| own.keys().map(|(key, _)| *key)).collect();
    let keys: Vec<K> = keys.into_iter().collect();
    let cell = |keys: &[K], column: &Column| {
        let own = shapes.iter().filter(|(table, _)| *table == column.table);
        let cells = own.flat_map(|(_, cells)| {
            let types = keys.iter().flat_map(|key| column.types.iter().map(|own| (*key, *own)));
            types.filter_map(|place| cells.get(&place)).collect::<Vec<_>>()
        });
        sum(cells)
    };
    let of_row = |keys: &[K]| columns.iter().map(|column| cell(keys, column)).collect::<Vec<_>>();
    let all: Vec<Tally> = keys.iter().map(|key| sum(&of_row(&[*key]))).collect();
    let mut first = None;
    for times in 0..MOST_MERGES {
        let groups = groups(&all, order(&keys, FEWEST << times), rule);
        let groups: Vec<Vec<K>> = groups
            .into_iter()
            .map(|group| group.into_iter().map(|at| keys[at]).collect())
            .collect();
        let cells: Vec<Tally> = groups.iter().flat_map(|group| of_row(group)).collect();
        let rows: Vec<_> = groups.iter().map(|group| row(group)).collect();
        if rows.is_empty() {
            return None;
        }
        if times > 0 && rows.len() < FEWEST_ROWS {
            break;
        }
        let names = columns.iter().map(|column| column.name.clone()).collect();
        match cross(by, rows, names, &cells, &known(&groups, &cells), rule) {
            Some((cross, true)) => return Some(cross),
            Some((cross, false)) => drop(first.get_or_insert(cross)),
            None => {}
        }
    }
    first
}

/// The name of a row of some bands.
fn row_name(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    let places: Vec<usize> = (0..names.len()).collect();
    name_of(&places, &names, Order::Given(FEWEST))
}

pub(crate) fn months(
    shapes: &[(&Shape, Claims)],
    columns: &[Column],
    newest: Month,
    rule: Rule,
) -> Option<Cross> {
    let own: Vec<_> = shapes.iter().map(|(shape, own)| (shape.table, &own.months)).collect();
    let row = |group: &[Month]| {
        let is_incomplete = group.iter().any(|month| *month >= newest - RUN_OUT_MONTHS);
        let name = |months: &[Month]| row_name(months.iter().copied().map(month_name));
        let name = match group {
            [NO_MONTH, others @ ..] if !others.is_empty() => {
                format!("{} + {}", month_name(NO_MONTH), name(others))
            }
            _ => name(group),
        };
        (name, is_incomplete)
    };
    // Claims without a date are of no month: with those of the last few months, of which hardly any are there yet, they make
    // one row, so that the month before these stands by itself.
    let order = |months: &[Month], fewest| match months.first() {
        Some(&NO_MONTH) => Order::BesideFirst(fewest),
        _ => Order::Given(fewest),
    };
    crossed("month", &own, columns, order, row, |_, _| Known::default(), rule)
}

/// What a table of bands counts.
#[derive(Clone, Copy)]
pub(crate) enum Measure {
    /// What was paid for a claim.
    Paid,
    /// The lines of a claim.
    Lines,
}

impl Measure {
    const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid for the claim",
            Self::Lines => "lines of the claim",
        }
    }

    const fn cells(self, claims: &Claims) -> &Cells<Named> {
        match self {
            Self::Paid => &claims.amounts,
            Self::Lines => &claims.lines,
        }
    }

    fn bounds(self, group: &[Named]) -> Bounds {
        let own = match self {
            Self::Paid => names::bounds_of_amount,
            Self::Lines => names::bounds_of_lines,
        };
        let (first, last) = (group.first(), group.last());
        (first.and_then(|(place, _)| own(*place).0), last.and_then(|(place, _)| own(*place).1))
    }

    /// The sums that other tables show: what was paid for the claims of each column, and the rows of each table.
    fn sums(
        self,
        shapes: &[&(&Shape, Claims)],
        columns: &[Column],
        cells: &[Tally],
    ) -> Vec<(Vec<usize>, i128)> {
        match self {
            Self::Paid => (0..columns.len())
                .map(|column| {
                    let own = cells.iter().skip(column).step_by(columns.len());
                    (vec![column], own.map(|own| own.cents).sum())
                })
                .collect(),
            Self::Lines => shapes
                .iter()
                .map(|(shape, claims)| {
                    let own = (0..columns.len()).filter(|at| columns[*at].table == shape.table);
                    (own.collect(), claims.rows().into())
                })
                .collect(),
        }
    }
}

/// A table of bands and claim types.
pub(crate) fn banded<'s>(
    measure: Measure,
    shapes: impl Iterator<Item = &'s (&'s Shape, Claims)>,
    columns: &[Column],
    rule: Rule,
) -> Option<Cross> {
    let shapes: Vec<_> = shapes.collect();
    let own: Vec<_> = shapes.iter().map(|(shape, own)| (shape.table, measure.cells(own))).collect();
    let has = |column: &&Column| own.iter().any(|(table, _)| *table == column.table);
    let columns: Vec<Column> = columns.iter().filter(has).cloned().collect();
    let row = |group: &[Named]| (row_name(group.iter().map(|(_, name)| (*name).to_owned())), false);
    let known = |groups: &[Vec<Named>], cells: &[Tally]| Known {
        sums: measure.sums(&shapes, &columns, cells),
        bounds: groups.iter().map(|group| measure.bounds(group)).collect(),
    };
    let order = |_: &[Named], fewest| Order::Given(fewest);
    crossed(measure.name(), &own, &columns, order, row, known, rule)
}

pub(crate) fn months_of_part_d(claims: &Claims, rule: Rule) -> Option<Lines> {
    let mut by_month: BTreeMap<Month, Tally> = BTreeMap::new();
    for ((month, _), own) in &claims.months {
        by_month.entry(*month).or_default().add(own);
    }
    let (months, tallies): (Vec<Month>, Vec<Tally>) = by_month.into_iter().unzip();
    let names: Vec<String> = months.into_iter().map(month_name).collect();
    named_lines(("month", Table::Cclf7.name()), &names, &tallies, Order::Given(FEWEST), rule)
}

/// The months of a row by its name, as years times 12 and the months before them, and whether claims without a date are not in it:
/// `2020-01`, `2020-01 … 2020-03`, `no date + 2020-12`. None of a row without months.
pub fn months_of(name: &str) -> Option<(std::ops::Range<i32>, bool)> {
    let month = |text: &str| -> Option<i32> {
        let (year, month) = text.split_once('-')?;
        Some(year.parse::<i32>().ok()? * 12 + month.parse::<i32>().ok()? - 1)
    };
    let (own, is_alone) = name.strip_prefix("no date + ").map_or((name, true), |own| (own, false));
    let (first, last) = own.split_once(" … ").unwrap_or((own, own));
    Some((month(first)?..month(last)? + 1, is_alone))
}

pub(crate) fn month_name(month: Month) -> String {
    if month == NO_MONTH {
        return "no date".to_owned();
    }
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// The month in which the export was made, or where nothing tells it the last one with a claim.
pub(crate) fn newest_month<'c>(
    finished: &Finished,
    claims: impl Iterator<Item = &'c Claims>,
) -> Month {
    let exported = finished.exported_at().map(|time| {
        let date = time.to_zoned(jiff::tz::TimeZone::UTC).date();
        i32::from(date.year()) * 12 + i32::from(date.month()) - 1
    });
    let last = claims.flat_map(|own| own.months.keys()).map(|(month, _)| *month).max();
    // Months before the first one there is are none: what is subtracted from it must not wrap.
    exported.or(last).unwrap_or_default().max(RUN_OUT_MONTHS)
}

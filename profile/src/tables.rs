//! The tables of claims: which columns they have, and which rows.

use std::collections::{BTreeMap, BTreeSet};

use cclf_crosswalk::{CLAIM_TYPE_NAMES, Table};
use results::Finished;

use crate::claims::{Cells, Claims, Month, NO_MONTH, Shape, Type};
use crate::disclosure::{FEWEST, is_small, merged_until};
use crate::names::Named;
use crate::people::Tally;
use crate::shown::{Cross, Lines, Order, Rule, cross, groups, name_of, named_lines, sum};

/// Months before that of the export of which claims are still to come, besides that one: most claims are there after three.
const RUN_OUT_MONTHS: i32 = 2;

/// With fewer rows a table tells less than its totals do by rows that are not merged.
const FEWEST_ROWS: usize = 4;
/// How often the people that a row has at least are doubled, so that its cells can be shown.
const MOST_MERGES: u32 = 8;

/// Claim types that are shown as one column: of one table, because other figures are of one table, too.
#[derive(Clone)]
pub(crate) struct Column {
    table: Table,
    types: Vec<Type>,
    name: String,
}

/// The columns. Types with claims of so few people that most of their months would be hidden are merged with the one before,
/// which is the most alike: skilled nursing and swing beds.
pub(crate) fn types(shapes: &[(&Shape, Claims)], rule: Rule) -> Vec<Column> {
    let mut columns = Vec::new();
    for (shape, claims) in shapes {
        let types: BTreeSet<Type> = claims.months.keys().map(|(_, own)| *own).collect();
        // From the last to the first, so that a type is merged with the one before.
        let types: Vec<Type> = types.into_iter().rev().collect();
        let is_enough = |group: &[usize]| {
            let mut months: BTreeMap<Month, Tally> = BTreeMap::new();
            for ((month, own), tally) in &claims.months {
                if group.iter().any(|at| types[*at] == *own) {
                    months.entry(*month).or_default().add(tally);
                }
            }
            let small = months.values().filter(|own| is_small(own.people.len())).count();
            rule.shows_small || small * 2 < months.len()
        };
        let groups = merged_until(types.len(), is_enough).into_iter().map(|group| {
            let mut types: Vec<Type> = group.into_iter().map(|at| types[at]).collect();
            types.sort_unstable();
            let names: Vec<&str> = types.iter().map(|own| CLAIM_TYPE_NAMES[*own]).collect();
            Column { table: shape.table, name: names.join(" + "), types }
        });
        let mut groups: Vec<Column> = groups.collect();
        groups.sort_by(|one, other| one.types.cmp(&other.types));
        columns.extend(groups);
    }
    columns
}

/// A table of rows that are merged in their order, and of claim types. Rows are merged no further than cells need to be
/// shown; where no cell can be, they are as small as their totals may be.
fn crossed<K: Ord + Copy>(
    by: &'static str,
    shapes: &[(Table, &Cells<K>)],
    columns: &[Column],
    row: impl Fn(&[K]) -> (String, bool),
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
        let groups = groups(&all, Order::Given(FEWEST << times), rule);
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
        let (cross, is_any_shown) = cross(by, rows, names, &cells, rule);
        if is_any_shown {
            return Some(cross);
        }
        first.get_or_insert(cross);
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
        (row_name(group.iter().copied().map(month_name)), is_incomplete)
    };
    crossed("month", &own, columns, row, rule)
}

/// A table of bands and claim types.
pub(crate) fn banded<'s>(
    by: &'static str,
    shapes: impl Iterator<Item = &'s (&'s Shape, Claims)>,
    columns: &[Column],
    cells: impl Fn(&Claims) -> &Cells<Named>,
    rule: Rule,
) -> Option<Cross> {
    let own: Vec<_> = shapes.map(|(shape, own)| (shape.table, cells(own))).collect();
    let has = |column: &&Column| own.iter().any(|(table, _)| *table == column.table);
    let columns: Vec<Column> = columns.iter().filter(has).cloned().collect();
    let row = |group: &[Named]| (row_name(group.iter().map(|(_, name)| (*name).to_owned())), false);
    crossed(by, &own, &columns, row, rule)
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

fn month_name(month: Month) -> String {
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

//! A table that is cut two ways, and which of its cells are hidden.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{FEWEST, is_small};

/// What hiding a cell costs, in people: one more cell is worse than one that is larger.
const CELL_COST: u64 = 1 << 32;

/// A table of cells, row by row; no total of a row or column is small.
#[derive(Clone, Debug, Default)]
pub struct Grid {
    /// How many columns it has.
    pub columns: usize,
    /// The claims of each cell, or whatever is counted and adds up; at least as many as its people.
    pub counts: Vec<u64>,
    /// The distinct people of each cell.
    pub people: Vec<u64>,
}

/// What is hidden of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hidden {
    /// These cells, by their places.
    Cells(Vec<bool>),
    /// All of them, also those without claims: only totals are shown.
    All,
}

impl Hidden {
    /// Whether the cell at a place is hidden.
    pub fn is_hidden(&self, place: usize) -> bool {
        match self {
            Self::All => true,
            Self::Cells(cells) => cells.get(place).copied().unwrap_or(true),
        }
    }
}

/// Decides which cells are hidden. `people` counts the distinct people of some cells together.
pub fn hide(grid: &Grid, people: impl Fn(&[usize]) -> u64) -> Hidden {
    let mut hidden = vec![false; grid.counts.len()];
    let small: Vec<usize> =
        (0..hidden.len()).filter(|place| is_small(grid.people[*place])).collect();
    for place in &small {
        hidden[*place] = true;
    }
    for place in small {
        // As much as it has to grow to have 11; at least 1, or else it would be known whatever it is.
        let more = FEWEST.saturating_sub(grid.counts[place]).max(1);
        let Some((_, path)) = path(grid, &hidden, place, more) else { return Hidden::All };
        for place in path {
            hidden[place] = true;
        }
    }
    while let Some(line) = small_line(grid, &hidden, &people) {
        let shown = line.into_iter().filter(|place| !hidden[*place] && grid.counts[*place] > 0);
        let paths = shown.filter_map(|place| {
            let (cost, mut path) = path(grid, &hidden, place, 1)?;
            path.push(place);
            Some((cost + CELL_COST + grid.people[place], path))
        });
        let Some((_, path)) = paths.min() else { return Hidden::All };
        for place in path {
            hidden[place] = true;
        }
    }
    Hidden::Cells(hidden)
}

/// A row or column whose hidden cells together have too few people.
fn small_line(
    grid: &Grid,
    hidden: &[bool],
    people: &impl Fn(&[usize]) -> u64,
) -> Option<Vec<usize>> {
    let columns = grid.columns.max(1);
    let rows =
        (0..hidden.len() / columns).map(|row| (row * columns..(row + 1) * columns).collect());
    let by_column = (0..columns).map(|column| (column..hidden.len()).step_by(columns).collect());
    rows.chain(by_column).find(|line: &Vec<usize>| {
        let of_line: Vec<usize> = line.iter().copied().filter(|place| hidden[*place]).collect();
        !of_line.is_empty() && is_small(people(&of_line))
    })
}

/// The cheapest way, in cells that are not hidden yet, to raise a cell by `more` without a change of any total: its row loses
/// so much in another cell, whose column gains it in another row, and so on, until its own column loses it. Cells that lose
/// it keep one at least.
fn path(grid: &Grid, hidden: &[bool], raised: usize, more: u64) -> Option<(u64, Vec<usize>)> {
    let columns = grid.columns.max(1);
    let rows = grid.counts.len() / columns;
    // Rows first, then columns.
    let (start, end) = (raised / columns, rows + raised % columns);
    let mut best = vec![u64::MAX; rows + columns];
    let mut came: Vec<Option<(usize, usize)>> = vec![None; rows + columns];
    let mut work = BinaryHeap::from([(Reverse(0), start)]);
    best[start] = 0;
    while let Some((Reverse(cost), at)) = work.pop() {
        if cost > best[at] {
            continue;
        }
        if at == end {
            let (mut path, mut at) = (Vec::new(), end);
            while let Some((place, before)) = came[at] {
                path.push(place);
                at = before;
            }
            return Some((cost, path));
        }
        let is_row = at < rows;
        for other in if is_row { 0..columns } else { 0..rows } {
            let (place, next) = if is_row {
                (at * columns + other, rows + other)
            } else {
                (other * columns + at - rows, other)
            };
            let least = if is_row { more + 1 } else { 1 };
            if place == raised || grid.counts[place] < least {
                continue;
            }
            let own = if hidden[place] { 0 } else { CELL_COST + grid.people[place] };
            if cost + own < best[next] {
                best[next] = cost + own;
                came[next] = Some((place, at));
                work.push((Reverse(cost + own), next));
            }
        }
    }
    None
}

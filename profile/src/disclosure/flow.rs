//! Claims that are moved among the cells of a table without a change of any total.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::grid::Grid;

/// By how much each of these cells changes.
pub(super) type Moves = Vec<(usize, i64)>;

/// Raises a cell by `more`: its row loses so much in other cells, whose columns gain it in other rows, and so on, until its
/// own column loses it. `spare` is how much a cell can lose, `cost` what it costs to use one; none if it may not be used.
/// What was used costs nothing the next time. None if the cell cannot be raised.
pub(super) fn raise(
    grid: &Grid,
    raised: usize,
    more: u64,
    spare: impl Fn(usize) -> u64,
    cost: impl Fn(usize) -> Option<u64>,
) -> Option<Moves> {
    let more = i64::try_from(more).ok()?;
    let mut moved = vec![0_i64; grid.counts.len()];
    let mut used = vec![false; grid.counts.len()];
    used[raised] = true;
    while moved[raised] < more {
        let can_lose = |place: usize| {
            let spare = i64::try_from(spare(place)).unwrap_or(i64::MAX / 2);
            spare + moved[place]
        };
        let price = |place: usize| cost(place).map(|own| if used[place] { 0 } else { own });
        let path = path(grid, raised, |place| can_lose(place) > 0, price)?;
        let columns = grid.columns.max(1);
        // Cells at even steps lose, the others gain.
        let losing = path.iter().step_by(2).map(|place| can_lose(*place)).min().unwrap_or(0);
        let by = losing.min(more - moved[raised]);
        debug_assert_eq!(path.first().map(|place| place / columns), Some(raised / columns));
        moved[raised] += by;
        for (step, place) in path.into_iter().enumerate() {
            moved[place] += if step % 2 == 0 { -by } else { by };
            used[place] = true;
        }
    }
    let changed = moved.into_iter().enumerate().filter(|(_, by)| *by != 0);
    Some(changed.collect())
}

/// The cheapest way from the row of a cell to its column, by cells that lose and gain in turn; short ways before long ones.
fn path(
    grid: &Grid,
    raised: usize,
    can_lose: impl Fn(usize) -> bool,
    price: impl Fn(usize) -> Option<u64>,
) -> Option<Vec<usize>> {
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
            path.reverse();
            return Some(path);
        }
        let is_row = at < rows;
        for other in if is_row { 0..columns } else { 0..rows } {
            let (place, next) = if is_row {
                (at * columns + other, rows + other)
            } else {
                (other * columns + at - rows, other)
            };
            if place == raised || best[next] <= cost || (is_row && !can_lose(place)) {
                continue;
            }
            let Some(own) = price(place) else { continue };
            if cost + own + 1 < best[next] {
                best[next] = cost + own + 1;
                came[next] = Some((place, at));
                work.push((Reverse(cost + own + 1), next));
            }
        }
    }
    None
}

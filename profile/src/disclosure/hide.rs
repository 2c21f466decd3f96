//! A table that is cut two ways, and which of its cells are hidden.

use super::flow::{Moves, raise};
use super::grid::Grid;
use super::{FEWEST, Known, is_small};

/// What hiding a cell costs, in people: one more cell is worse than one that is larger.
const CELL_COST: u64 = 1 << 32;

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

/// Decides which cells are hidden; none if even the totals would tell a small cell. `fresh` says of some cells how many people
/// each has who are in none of those before it.
pub fn hide(grid: &Grid, known: &Known, fresh: impl Fn(&[usize]) -> Vec<u64>) -> Option<Hidden> {
    if let Some(cells) = cells(grid, known, fresh) {
        return Some(Hidden::Cells(cells));
    }
    let small = (0..grid.counts.len()).filter(|place| is_small(grid.people[*place]));
    let is_safe = |place| {
        let more = FEWEST.saturating_sub(grid.counts[place]).max(1);
        let moves = raise(grid, place, more, |place| grid.counts[place], |_| Some(0));
        moves.is_some_and(|moves| is_possible(grid, known, &moves))
    };
    small.into_iter().all(is_safe).then_some(Hidden::All)
}

fn is_possible(grid: &Grid, known: &Known, moves: &Moves) -> bool {
    known.allows(grid, |place| {
        let moved = moves.iter().find(|(own, _)| *own == place).map_or(0, |(_, by)| *by);
        i128::from(grid.counts[place]) + i128::from(moved)
    })
}

/// A small cell, and why it may have 11 people or more.
struct Small {
    place: usize,
    /// How much each small cell may lose for it. That is no more than the people whom it adds to those of the cells before
    /// it, which are this one, the ones of its row and its column, and all others: so that whatever sum of hidden cells
    /// follows from the totals, with this one in it, is of 11 people or more.
    spare: Vec<u64>,
    moves: Moves,
}

impl Small {
    fn of(
        place: usize,
        small: &[usize],
        grid: &Grid,
        fresh: impl Fn(&[usize]) -> Vec<u64>,
    ) -> Self {
        let columns = grid.columns.max(1);
        let mut order = small.to_vec();
        order.sort_by_key(|own| {
            let is_of_row = own / columns == place / columns;
            let is_of_column = own % columns == place % columns;
            (*own != place, !is_of_row, !is_of_column)
        });
        // One is left to each, since it is known that no hidden cell is empty.
        let mut spare: Vec<u64> = grid.counts.iter().map(|own| own.saturating_sub(1)).collect();
        for (own, people) in order.iter().zip(fresh(&order)) {
            spare[*own] = spare[*own].min(people);
        }
        Self { place, spare, moves: Moves::new() }
    }

    /// Finds moves of hidden cells, and of others at a cost.
    fn raised(&self, grid: &Grid, cost: impl Fn(usize) -> Option<u64>) -> Option<Moves> {
        // At least 1, or else it would be known whatever it is.
        let more = FEWEST.saturating_sub(grid.people[self.place]).max(1);
        raise(grid, self.place, more, |place| self.spare[place], cost)
    }

    fn uses(&self, place: usize) -> bool {
        self.moves.iter().any(|(own, _)| *own == place)
    }
}

fn cells(grid: &Grid, known: &Known, fresh: impl Fn(&[usize]) -> Vec<u64>) -> Option<Vec<bool>> {
    let is_small: Vec<bool> = grid.people.iter().map(|people| is_small(*people)).collect();
    let small: Vec<usize> = (0..is_small.len()).filter(|place| is_small[*place]).collect();
    let mut hidden = is_small.clone();
    let mut reasons = Vec::with_capacity(small.len());
    for place in &small {
        let mut own = Small::of(*place, &small, grid, &fresh);
        own.moves = own.raised(grid, |place| {
            let is_empty = grid.counts[place] == 0;
            let cost = if hidden[place] { 0 } else { CELL_COST + grid.people[place] };
            (!is_empty).then_some(cost)
        })?;
        for (used, _) in &own.moves {
            hidden[*used] = true;
        }
        reasons.push(own);
    }
    // What was hidden for one cell may not be needed any more since more was hidden for others: the largest are shown first.
    let mut others: Vec<usize> =
        (0..hidden.len()).filter(|place| hidden[*place] && !is_small[*place]).collect();
    others.sort_by_key(|place| std::cmp::Reverse(grid.people[*place]));
    for other in others {
        hidden[other] = false;
        let without: Option<Vec<(usize, Moves)>> = (0..reasons.len())
            .filter(|at| reasons[*at].uses(other))
            .map(|at| Some((at, reasons[at].raised(grid, |own| hidden[own].then_some(0))?)))
            .collect();
        match without {
            Some(moves) => moves.into_iter().for_each(|(at, own)| reasons[at].moves = own),
            None => hidden[other] = true,
        }
    }
    reasons.iter().all(|own| is_possible(grid, known, &own.moves)).then_some(hidden)
}

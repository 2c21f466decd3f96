//! What is known of a table besides its totals.

use super::grid::Grid;

/// The least and the most that a claim has; none where there is no such bound.
pub type Bounds = (Option<i128>, Option<i128>);

/// Sums that are shown elsewhere: of what all claims of some columns were paid, or of all their rows. A row of the table says
/// how much of it each of its claims has at least and at most, and that narrows its cells.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The columns whose claims together have a sum, and that sum.
    pub sums: Vec<(Vec<usize>, i128)>,
    /// The least and the most that a claim has, by row.
    pub bounds: Vec<Bounds>,
}

impl Known {
    /// Whether the cells could be these, by their counts.
    pub(super) fn allows(&self, grid: &Grid, count: impl Fn(usize) -> i128) -> bool {
        self.sums.iter().all(|(columns, sum)| {
            let bound = |side: fn(&Bounds) -> Option<i128>| {
                let mut all = Some(0);
                for (row, own) in self.bounds.iter().enumerate() {
                    let claims: i128 = columns
                        .iter()
                        .map(|column| count(row * grid.columns.max(1) + column))
                        .sum();
                    if claims > 0 {
                        all = all.zip(side(own)).map(|(all, own)| all + own * claims);
                    }
                }
                all
            };
            bound(|own| own.0).is_none_or(|least| least <= *sum)
                && bound(|own| own.1).is_none_or(|most| *sum <= most)
        })
    }
}

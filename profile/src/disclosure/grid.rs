//! A table that is cut two ways.

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

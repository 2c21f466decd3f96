//! Which cells are hidden, so that no figure that is shown is of one to ten people, or lets one be worked out.
//!
//! # The rule
//!
//! A cell is small if it counts 1 to 10 distinct people ([`is_small`]). Its people are counted, never its claims: one person
//! may have many.
//!
//! 1. Categories with a small total are merged with others until no total is small ([`merged`], [`merged_in_order`]). A
//!    table that is cut one way is done then: all of its cells have 11 people or more, and so has the total.
//! 2. Of a table that is cut two ways ([`Grid`]) all totals are shown. Its small cells are hidden, and with each of them
//!    others on closed paths through rows and columns, along which claims can be moved without a change of any total, until
//!    the cell has 11 ([`hide`]). So no hidden cell follows from the others.
//! 3. Sums of hidden cells do follow: of a row, a column, or rows without columns that have all their hidden cells in these
//!    rows. Each such sum is of 0 or of 11 people or more. It is not looked for: a cell loses no more along those paths than
//!    the people whom it adds to the others, and what flows along them is at most what the cells of any such sum together
//!    have (the least cut is as much as the greatest flow).
//! 4. Where other figures bound what a hidden cell may be ([`Known`]), the moves have to be possible under these bounds, too.
//! 5. Where no such paths are, neighbouring rows are merged further; where that does not help either, no cell is shown, not
//!    even those without claims, and only the totals are left. Where even these would tell a small cell, there is no table.
//!
//! # What follows about people
//!
//! Claims and amounts of cells add up to the totals. Distinct people do not, but differences between them would tell how
//! many people are in one cell and not in another. So people are told only where each is in exactly one cell of a table, and
//! nowhere for claims. What is known of the people of a hidden cell is then that they are no more than its claims, and that
//! there is one. With these, as a linear program, each hidden cell may have 11 claims, and so 11 people, or more. Amounts
//! may be negative, so those of a hidden cell tell nothing of how many people there are.
//!
//! Tables share only their totals, and these are shown: each can be judged by itself, with what the totals of others say of
//! its rows. The amounts of the claims of a type are known, and the rows of a table, so a claim of a band of amounts or of
//! lines takes its part of them: few claims may be more than 50,000 dollars where all of them are not much more.

mod flow;
mod grid;
mod hide;
mod known;
mod merge;

pub use grid::Grid;
pub use hide::{Hidden, hide};
pub use known::{Bounds, Known};
pub use merge::{merged, merged_beside_first, merged_in_order, merged_until};

pub use cms::{FEWEST_PEOPLE as FEWEST, is_small};

/// How many rows or claims there are at least where shares of them are told whose people are not counted. Shares are in whole
/// percent; half a percent is as many as people have to be, so that nothing follows about those who make the difference.
pub const FEWEST_OF_SHARES: u64 = 200 * FEWEST;

/// A share in percent, rounded to the nearest whole one.
pub fn percent(part: u64, all: u64) -> u64 {
    let percent = (u128::from(part) * 200 + u128::from(all)) / (u128::from(all.max(1)) * 2);
    u64::try_from(percent).unwrap_or(100)
}

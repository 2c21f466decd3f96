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
//!    others on a closed path through rows and columns, along which claims could be moved without a change of any total
//!    ([`hide`]). So no hidden cell follows from the others.
//! 3. The hidden cells of a row or column together have 11 people or more, because their sum does follow.
//! 4. Where no such path is, neighbouring rows are merged further; where that does not help either, no cell is shown, not even
//!    those without claims, and only the totals are left.
//!
//! # What follows about people
//!
//! Claims and amounts of cells add up to the totals. Distinct people do not, but differences between them would tell how
//! many people are in one cell and not in another. So people are told only where each is in exactly one cell of a table, and
//! nowhere for claims. What is known of the people of a hidden cell is then that they are no more than its claims, and that
//! there is one. With these, as a linear program, each hidden cell may have 11 claims, and so 11 people, or more. Amounts
//! may be negative, so they tell nothing of how many people there are.
//!
//! Tables share only their totals, and these are shown: each can be judged by itself.

mod hide;
mod merge;

pub use hide::{Grid, Hidden, hide};
pub use merge::{merged, merged_in_order, merged_until};

/// The fewest people of whom figures are shown.
pub const FEWEST: u64 = 11;

/// Whether a cell with so many distinct people has to be hidden.
pub const fn is_small(people: u64) -> bool {
    0 < people && people < FEWEST
}

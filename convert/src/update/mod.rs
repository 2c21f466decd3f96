//! What brings an earlier result up to date: what new exports mean for its claims, and the rows of it that stay.

mod carry;
mod changes;
mod fates;
mod kept;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use changes::{Changes, ChangesPlace, WithChanges};
pub(crate) use fates::{Before, Fates};
pub(crate) use tables::carry_all;

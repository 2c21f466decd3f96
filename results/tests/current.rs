//! Final claims of histories and of exports.

mod lines;
pub(crate) mod made;
mod model;
mod people;
mod publishing;
mod random;
mod stays;

//! What is generated has the shape of a real export.

mod common;
mod export;
mod r4;
mod shape;
mod weeks;

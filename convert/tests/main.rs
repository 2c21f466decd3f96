//! Runs and scans, called as a library.

mod common;
mod records;
mod scan;
mod schedules;
mod split;

//! CCLF files against the reference, against samples, and there and back again.

mod common;
mod faults;
mod golden;
mod names;
mod reference;
mod samples;
mod there_and_back;

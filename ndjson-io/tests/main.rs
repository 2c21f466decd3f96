//! Lines as they come out, whatever the files hold.

mod common;
mod faults;
mod remote;
mod same;

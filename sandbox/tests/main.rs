//! The service's stand-in, asked over HTTP.

mod common;
mod described;
mod faults;
mod guides;
mod hostile;
mod service;
mod type_filter;
mod versions;
mod weeks;

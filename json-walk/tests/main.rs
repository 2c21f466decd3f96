//! The walk against other parsers, and its engines against one another.

mod depth;
mod edges;
mod engines;
mod fast;
mod oracle;
mod strict;
mod unsafe_code;

//! The model against its definitions, and against whatever a record may hold.

mod access;
mod access_r4;
mod depth;
mod generated;
mod golden;
mod properties;
mod round_trip;
mod schema;
mod strict;
mod tree;
mod validate;

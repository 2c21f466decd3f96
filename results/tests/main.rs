//! What the jobs on finished results do, through their public face.

mod current;
mod reconcile;
mod write;

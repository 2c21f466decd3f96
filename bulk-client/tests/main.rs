//! What the client does with servers of every kind.

mod common;
mod export;
mod hostile;
mod losses;
mod pages;
mod resume;
mod sandbox;
mod smart;
mod versions;
mod words;

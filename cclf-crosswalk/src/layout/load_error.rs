//! What can go wrong when the crosswalk is loaded.

use std::fmt;

/// A fault of the crosswalk's own tables, found when they are loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    place: Option<(&'static str, u64)>,
    message: String,
}

impl LoadError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into() }
    }

    /// Names the file and the line (one-based) unless they are known already.
    pub(crate) fn at(mut self, file: &'static str, line: u64) -> Self {
        self.place.get_or_insert((file, line));
        self
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some((file, line)) => write!(f, "{file}, line {line}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for LoadError {}

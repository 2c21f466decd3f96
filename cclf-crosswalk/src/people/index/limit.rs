//! How large an index may become.

use std::fmt;

/// How large an index may become; whoever makes it knows how much memory there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexLimit {
    /// Most beneficiaries, known by a Patient or a Coverage.
    pub people: u32,
    /// Most bytes of memory, those included that growing takes for a moment.
    pub bytes: usize,
}

impl Default for IndexLimit {
    /// As many as have a number.
    fn default() -> Self {
        Self { people: u32::MAX, bytes: usize::MAX }
    }
}

/// Nobody more fits in an index: which of its limits is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexFull {
    /// [`IndexLimit::people`], which is this.
    People(u32),
    /// [`IndexLimit::bytes`], which is this.
    Bytes(usize),
}

impl fmt::Display for IndexFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::People(most) => write!(f, "there are more than {most} people"),
            Self::Bytes(most) => write!(f, "people take more than {most} bytes of memory"),
        }
    }
}

impl std::error::Error for IndexFull {}

//! Why bytes could not be had, before it is known where.

use std::io;

use crate::error::{Error, ErrorKind};

/// Why bytes could not be had; becomes an [`Error`] once it is known where.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    Kind(ErrorKind),
}

impl Fault {
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Io(error) => Error::io("read", error),
            Self::Kind(kind) => Error::new(kind),
        }
    }

    pub(crate) fn corrupt(detail: &'static str) -> Self {
        Self::Kind(ErrorKind::Corrupt { detail })
    }
}

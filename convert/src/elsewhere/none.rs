//! A build that opens no connection.

#![allow(
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "the same face as with the feature"
)]

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use crate::cancel::Cancel;
use crate::error::Error;

/// How addresses begin; `object-storage`, which is not there to be asked, has the same list.
const SCHEMES: [&str; 8] =
    ["s3://", "s3a://", "gs://", "az://", "abfs://", "abfss://", "https://", "http://"];

pub(super) fn is_one(text: &str) -> bool {
    let begins =
        |scheme: &str| text.get(..scheme.len()).is_some_and(|own| own.eq_ignore_ascii_case(scheme));
    SCHEMES.into_iter().any(begins)
}

#[derive(Clone, Debug)]
pub(crate) struct Elsewhere;

/// There is none.
#[derive(Debug)]
pub(crate) struct Publication(Infallible);

fn refused(text: &str) -> Error {
    // Not the address: it may hold what it should not.
    let scheme = text.split("://").next().unwrap_or_default();
    Error::usage(format!(
        "{scheme}:// is not read or written by this build: it has no object-storage"
    ))
}

impl Elsewhere {
    pub(crate) fn new(_cancel: &Cancel) -> Self {
        Self
    }

    pub(crate) fn find(&self, input: &str) -> Result<Option<ndjson_io::Elsewhere>, Error> {
        if is_one(input) { Err(refused(input)) } else { Ok(None) }
    }

    pub(crate) fn json_files(
        &self,
        _folder: &Path,
        _first: &str,
    ) -> Result<Vec<(PathBuf, Vec<u8>)>, Error> {
        Ok(Vec::new())
    }

    pub(crate) fn fetch(&self, result: &str, _folder: &Path) -> Result<(), Error> {
        Err(refused(result))
    }

    pub(crate) fn publication(&self, out: &str, _overwrite: bool) -> Result<Publication, Error> {
        Err(refused(out))
    }
}

impl Publication {
    pub(crate) fn publish(
        self,
        _folder: &Path,
        _files: &[String],
        _manifest: &[u8],
    ) -> Result<(), Error> {
        match self.0 {}
    }
}

/// Whether an output and an input lie in one another.
pub(crate) fn overlaps(_output: &str, _input: &str) -> bool {
    false
}

//! A state while it is written.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read, Seek, Write};
use std::sync::Arc;

use cclf_crosswalk::Index;
use publish::Stage;

use super::{ABOUT, About, CLAIMS, DELETIONS, PEOPLE};
use crate::error::Error;
use crate::input::deletions::Deletions;
use crate::out::hashed::{Failure, Hashed};
use crate::pass::entry::Entry;
use crate::pass::left_out::Latest;
use crate::report::FileReport;

/// Bytes that are written at once.
const BUFFER_BYTES: usize = 256 << 10;

/// A file of the state, with what it begins with.
struct StateFile {
    hashed: Hashed,
    failure: Arc<Failure>,
    buffer: Vec<u8>,
}

impl StateFile {
    fn create(stage: &Stage, name: &str) -> Result<Self, Error> {
        let failure = Arc::new(Failure::default());
        let hashed = Hashed::create(stage, name, Arc::clone(&failure))?;
        Ok(Self { hashed, failure, buffer: Vec::new() })
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() < BUFFER_BYTES { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), Error> {
        let written = self.hashed.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|error| {
            let why = self.failure.take().unwrap_or_else(|| error.to_string());
            Error::failed(format!("write of the state failed: {why}"))
        })
    }

    fn end(mut self) -> Result<FileReport, Error> {
        self.flush()?;
        let (report, file) = self.hashed.end();
        file.finish()?;
        Ok(report)
    }
}

/// Writes the state of a run into its private folder.
///
/// `chosen` holds the claims that count, as the pass that found them has written them.
pub(crate) fn write(
    stage: &Stage,
    about: &About,
    index: &Index,
    deletions: &Deletions,
    latest: &Latest,
    chosen: File,
) -> Result<Vec<FileReport>, Error> {
    let (mut files, mut about) = (Vec::new(), about.clone());
    let (name, magic) = CLAIMS;
    let mut file = StateFile::create(stage, name)?;
    file.put(magic)?;
    each_chosen(chosen, |entry| {
        let (source, offset) = entry.place();
        let entry = entry.for_state(latest.leaves_out(source as usize, offset));
        about.claims += 1;
        file.put(&entry.pack())
    })?;
    files.push(file.end()?);

    let (name, magic) = PEOPLE;
    let mut file = StateFile::create(stage, name)?;
    file.put(magic)?;
    index.store(|one| {
        about.people += 1;
        file.put(&u32::try_from(one.len()).unwrap_or(u32::MAX).to_le_bytes())?;
        file.put(one)
    })?;
    files.push(file.end()?);

    let (name, magic) = DELETIONS;
    let mut file = StateFile::create(stage, name)?;
    file.put(magic)?;
    for (hash, rank) in deletions.in_order() {
        about.deletions += 1;
        file.put(&hash)?;
        file.put(&rank.to_le_bytes())?;
    }
    files.push(file.end()?);

    let mut text = serde_json::to_vec_pretty(&about).unwrap_or_default();
    text.push(b'\n');
    let mut file = StateFile::create(stage, ABOUT)?;
    file.put(&text)?;
    files.push(file.end()?);
    Ok(files)
}

/// Gives `take` the entries of a spool.
fn each_chosen(
    mut spool: File,
    mut take: impl FnMut(&Entry) -> Result<(), Error>,
) -> Result<(), Error> {
    let fault = |error: std::io::Error| {
        Error::failed(format!("the spool of claims that count failed: {error}"))
    };
    spool.rewind().map_err(fault)?;
    let mut spool = BufReader::with_capacity(BUFFER_BYTES, spool);
    let mut bytes = [0; Entry::BYTES];
    loop {
        match spool.read_exact(&mut bytes) {
            Ok(()) => take(&Entry::unpack(&bytes))?,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(fault(error)),
        }
    }
}

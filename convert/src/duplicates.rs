//! How many claim ids come more than once, in bounded memory: hashes sorted in runs, runs merged at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use publish::Stage;

use crate::error::Error;

/// Hashes of one run: 8 MiB.
const RUN_HASHES: usize = 1 << 20;

/// Collects hashes of ids.
pub(crate) struct Duplicates<'s> {
    hashes: Vec<u64>,
    runs: Vec<File>,
    /// Makes a file for a run.
    spool: Box<dyn Fn() -> Result<File, Error> + 's>,
    run_hashes: usize,
}

fn fault(fault: &std::io::Error) -> Error {
    Error::failed(format!("the spool of claim ids failed: {fault}"))
}

impl<'s> Duplicates<'s> {
    pub(crate) fn new(stage: &'s Stage) -> Self {
        Self {
            hashes: Vec::new(),
            runs: Vec::new(),
            spool: Box::new(|| Ok(stage.spool()?)),
            run_hashes: RUN_HASHES,
        }
    }

    pub(crate) fn add(&mut self, hashes: &[u64]) -> Result<(), Error> {
        self.hashes.extend_from_slice(hashes);
        if self.hashes.len() >= self.run_hashes {
            self.spill()?;
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), Error> {
        self.hashes.sort_unstable();
        let mut out = BufWriter::new((self.spool)()?);
        for hash in &self.hashes {
            out.write_all(&hash.to_le_bytes()).map_err(|e| fault(&e))?;
        }
        let mut file = out.into_inner().map_err(|e| fault(e.error()))?;
        file.seek(SeekFrom::Start(0)).map_err(|e| fault(&e))?;
        self.runs.push(file);
        self.hashes.clear();
        Ok(())
    }

    /// How many ids came more than once.
    pub(crate) fn count(mut self) -> Result<u64, Error> {
        self.hashes.sort_unstable();
        if self.runs.is_empty() {
            let repeated = self.hashes.chunk_by(|one, other| one == other);
            return Ok(repeated.filter(|same| same.len() > 1).count() as u64);
        }
        self.spill()?;
        let mut runs: Vec<BufReader<File>> = self.runs.into_iter().map(BufReader::new).collect();
        let mut heap = BinaryHeap::new();
        for (number, run) in runs.iter_mut().enumerate() {
            heap.extend(next(run)?.map(|hash| Reverse((hash, number))));
        }
        let (mut last, mut seen, mut repeated) = (None, 0u64, 0u64);
        while let Some(Reverse((hash, number))) = heap.pop() {
            seen = if last == Some(hash) { seen + 1 } else { 1 };
            repeated += u64::from(seen == 2);
            last = Some(hash);
            heap.extend(next(&mut runs[number])?.map(|hash| Reverse((hash, number))));
        }
        Ok(repeated)
    }
}

fn next(run: &mut BufReader<File>) -> Result<Option<u64>, Error> {
    let mut bytes = [0; 8];
    match run.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(u64::from_le_bytes(bytes))),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(fault(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(run_hashes: usize, hashes: &[u64]) -> u64 {
        let mut duplicates = Duplicates {
            hashes: Vec::new(),
            runs: Vec::new(),
            spool: Box::new(|| tempfile::tempfile().map_err(|e| fault(&e))),
            run_hashes,
        };
        for chunk in hashes.chunks(3) {
            duplicates.add(chunk).unwrap();
        }
        duplicates.count().unwrap()
    }

    #[test]
    fn ids_are_counted_once_however_often_they_repeat() {
        let hashes = [5, 1, 5, 2, 3, 3, 3, u64::MAX, 0, 5, 2];
        for run_hashes in [1, 2, 4, 100] {
            assert_eq!(counted(run_hashes, &hashes), 3, "{run_hashes}");
        }
        assert_eq!(counted(2, &[]), 0);
    }
}

//! How many claim ids come more than once, in bounded memory: hashes sorted in runs, runs merged at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use publish::Stage;

use crate::error::Error;

/// Hashes of one run: 512 KiB.
const RUN_HASHES: usize = 1 << 16;

/// Hashes of a run that are read at once: 8 KiB.
const READ_HASHES: usize = 1 << 10;

const HASH_BYTES: usize = size_of::<u64>();

/// Collects hashes of ids.
pub(crate) struct Duplicates<'s> {
    hashes: Vec<u64>,
    /// The runs, one behind the other; all are full but the last.
    spilled: Option<File>,
    spilled_hashes: u64,
    /// Makes the file for the runs.
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
            spilled: None,
            spilled_hashes: 0,
            spool: Box::new(|| Ok(stage.spool()?)),
            run_hashes: RUN_HASHES,
        }
    }

    pub(crate) fn add(&mut self, hashes: &[u64]) -> Result<(), Error> {
        for hash in hashes {
            self.hashes.push(*hash);
            if self.hashes.len() == self.run_hashes {
                self.spill()?;
            }
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), Error> {
        self.hashes.sort_unstable();
        let bytes: Vec<u8> = self.hashes.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        let file = match &self.spilled {
            Some(file) => file,
            None => self.spilled.insert((self.spool)()?),
        };
        let at = self.spilled_hashes * HASH_BYTES as u64;
        file.write_all_at(&bytes, at).map_err(|e| fault(&e))?;
        self.spilled_hashes += self.hashes.len() as u64;
        self.hashes.clear();
        Ok(())
    }

    /// How many ids came more than once.
    pub(crate) fn count(mut self) -> Result<u64, Error> {
        if self.spilled.is_none() {
            self.hashes.sort_unstable();
            let repeated = self.hashes.chunk_by(|one, other| one == other);
            return Ok(repeated.filter(|same| same.len() > 1).count() as u64);
        }
        self.spill()?;
        let Some(file) = self.spilled else { return Ok(0) };
        let starts = (0..self.spilled_hashes).step_by(self.run_hashes);
        let mut runs: Vec<Run> = starts
            .map(|at| {
                let end = self.spilled_hashes.min(at + self.run_hashes as u64);
                Run { at, end, read: Vec::new() }
            })
            .collect();
        let mut heap = BinaryHeap::new();
        for (number, run) in runs.iter_mut().enumerate() {
            heap.extend(run.next(&file)?.map(|hash| Reverse((hash, number))));
        }
        let (mut last, mut seen, mut repeated) = (None, 0u64, 0u64);
        while let Some(Reverse((hash, number))) = heap.pop() {
            seen = if last == Some(hash) { seen + 1 } else { 1 };
            repeated += u64::from(seen == 2);
            last = Some(hash);
            heap.extend(runs[number].next(&file)?.map(|hash| Reverse((hash, number))));
        }
        Ok(repeated)
    }
}

/// A sorted part of the spool.
struct Run {
    /// Numbers of the first hash that is not read, and of the first that is another run's.
    at: u64,
    end: u64,
    /// Hashes that were read, the next one last.
    read: Vec<u64>,
}

impl Run {
    fn next(&mut self, file: &File) -> Result<Option<u64>, Error> {
        if self.read.is_empty() && self.at < self.end {
            let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            let mut bytes = vec![0; READ_HASHES.min(left) * HASH_BYTES];
            file.read_exact_at(&mut bytes, self.at * HASH_BYTES as u64).map_err(|e| fault(&e))?;
            let (hashes, _) = bytes.as_chunks();
            self.read.extend(hashes.iter().rev().map(|hash| u64::from_le_bytes(*hash)));
            self.at += self.read.len() as u64;
        }
        Ok(self.read.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(run_hashes: usize, hashes: &[u64]) -> u64 {
        let mut duplicates = Duplicates {
            hashes: Vec::new(),
            spilled: None,
            spilled_hashes: 0,
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

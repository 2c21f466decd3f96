//! Entries of a fixed size in the order of their bytes, in bounded memory: sorted in runs, which are merged at the end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::os::unix::fs::FileExt;

use publish::Spools;

use crate::error::Error;

/// Bytes of a run that are read at once.
const READ_BYTES: usize = 8 << 10;

/// Collects entries of `N` bytes.
pub struct Runs<const N: usize> {
    entries: Vec<[u8; N]>,
    /// The runs, one behind the other; all are full but the last.
    spilled: Option<File>,
    spilled_entries: u64,
    spools: Spools,
    /// Entries of one run.
    run_entries: usize,
}

fn fault(fault: &std::io::Error) -> Error {
    Error::failed(format!("a spool failed: {fault}"))
}

impl<const N: usize> Runs<N> {
    /// None yet; so many bytes of them are in memory at most.
    pub fn new(spools: &Spools, run_bytes: usize) -> Self {
        let run_entries = (run_bytes / N).max(1);
        Self {
            entries: Vec::new(),
            spilled: None,
            spilled_entries: 0,
            spools: spools.clone(),
            run_entries,
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// The spool cannot be written.
    pub fn push(&mut self, entry: [u8; N]) -> Result<(), Error> {
        self.entries.push(entry);
        if self.entries.len() == self.run_entries { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<(), Error> {
        self.entries.sort_unstable();
        let file = match &self.spilled {
            Some(file) => file,
            None => self.spilled.insert(self.spools.make()?),
        };
        let at = self.spilled_entries * N as u64;
        file.write_all_at(self.entries.as_flattened(), at).map_err(|error| fault(&error))?;
        self.spilled_entries += self.entries.len() as u64;
        self.entries.clear();
        Ok(())
    }

    /// All entries, in order.
    ///
    /// # Errors
    /// The spool cannot be written or read.
    pub fn sorted(mut self) -> Result<Sorted<N>, Error> {
        let mut runs = Vec::new();
        if self.spilled.is_some() {
            self.spill()?;
            let step = self.run_entries;
            runs.extend((0..self.spilled_entries).step_by(step).map(|at| {
                let end = self.spilled_entries.min(at + step as u64);
                Run { at, end, read: Vec::new() }
            }));
        } else {
            self.entries.sort_unstable();
            self.entries.reverse();
            runs.push(Run { at: 0, end: 0, read: self.entries });
        }
        let mut sorted = Sorted { file: self.spilled, runs, heads: BinaryHeap::new() };
        for number in 0..sorted.runs.len() {
            sorted.refill(number)?;
        }
        Ok(sorted)
    }
}

/// Entries in order.
pub struct Sorted<const N: usize> {
    file: Option<File>,
    runs: Vec<Run<N>>,
    /// The next entry of each run.
    heads: BinaryHeap<Reverse<([u8; N], usize)>>,
}

impl<const N: usize> Sorted<N> {
    fn refill(&mut self, number: usize) -> Result<(), Error> {
        let next = self.runs[number].next(self.file.as_ref())?;
        self.heads.extend(next.map(|entry| Reverse((entry, number))));
        Ok(())
    }

    /// The next entry.
    ///
    /// # Errors
    /// The spool cannot be read.
    #[allow(clippy::should_implement_trait, reason = "it may fail")]
    pub fn next(&mut self) -> Result<Option<[u8; N]>, Error> {
        let Some(Reverse((entry, number))) = self.heads.pop() else { return Ok(None) };
        self.refill(number)?;
        Ok(Some(entry))
    }

    /// Gives `take` the entries that begin with the same so many bytes, together.
    ///
    /// # Errors
    /// The spool cannot be read, and those of `take`.
    pub fn each_group(
        mut self,
        same_bytes: usize,
        mut take: impl FnMut(&[[u8; N]]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut group: Vec<[u8; N]> = Vec::new();
        while let Some(entry) = self.next()? {
            if group.first().is_some_and(|first| first[..same_bytes] != entry[..same_bytes]) {
                take(&group)?;
                group.clear();
            }
            group.push(entry);
        }
        if group.is_empty() { Ok(()) } else { take(&group) }
    }
}

/// A sorted part of the spool.
struct Run<const N: usize> {
    /// Numbers of the first entry that is not read, and of the first that is another run's.
    at: u64,
    end: u64,
    /// Entries that were read, the next one last.
    read: Vec<[u8; N]>,
}

impl<const N: usize> Run<N> {
    fn next(&mut self, file: Option<&File>) -> Result<Option<[u8; N]>, Error> {
        if let Some(file) = file.filter(|_| self.read.is_empty() && self.at < self.end) {
            let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            let mut entries = vec![[0; N]; (READ_BYTES / N).max(1).min(left)];
            let at = self.at * N as u64;
            file.read_exact_at(entries.as_flattened_mut(), at).map_err(|error| fault(&error))?;
            self.at += entries.len() as u64;
            entries.reverse();
            self.read = entries;
        }
        Ok(self.read.pop())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use publish::{Stage, StageOptions};

    /// A stage that makes spools.
    pub(crate) fn stage(folder: &tempfile::TempDir) -> Stage {
        let manifest_name = "manifest".to_owned();
        let options = StageOptions { overwrite: false, manifest_name, keep_previous: 0 };
        Stage::open(&folder.path().join("out"), &options, |_| Ok(None)).unwrap()
    }

    #[test]
    fn entries_come_in_order_however_many_are_in_memory() {
        let work = tempfile::tempdir().unwrap();
        let stage = stage(&work);
        let mut number = 7u32;
        let entries: Vec<[u8; 3]> = (0..5_000)
            .map(|_| {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let [first, second, third, _] = number.to_be_bytes();
                [first >> 6, second, third]
            })
            .collect();
        let mut wanted = entries.clone();
        wanted.sort_unstable();
        for run_bytes in [1, 3, 30, 3_000, 1 << 20] {
            let mut runs = Runs::new(stage.spools(), run_bytes);
            for entry in &entries {
                runs.push(*entry).unwrap();
            }
            let (mut groups, mut all) = (0, Vec::new());
            let grouped = runs.sorted().unwrap().each_group(1, |group| {
                groups += 1;
                assert!(group.iter().all(|entry| entry[0] == group[0][0]));
                all.extend_from_slice(group);
                Ok(())
            });
            grouped.unwrap();
            assert_eq!((groups, &all), (4, &wanted), "{run_bytes}");
        }
        let none = Runs::<8>::new(stage.spools(), 8).sorted().unwrap().each_group(8, |_| panic!());
        none.unwrap();
    }
}

//! How many claim ids come more than once, in bounded memory.

use publish::Spools;

use crate::error::Error;
use crate::runs::Runs;

/// Bytes of hashes in memory.
const RUN_BYTES: usize = 512 << 10;

const HASH_BYTES: usize = size_of::<u64>();

/// Collects hashes of ids.
pub(crate) struct Duplicates(Runs<HASH_BYTES>);

impl Duplicates {
    pub(crate) fn new(spools: &Spools) -> Self {
        Self(Runs::new(spools, RUN_BYTES))
    }

    pub(crate) fn add(&mut self, hashes: &[u64]) -> Result<(), Error> {
        hashes.iter().try_for_each(|hash| self.0.push(hash.to_ne_bytes()))
    }

    /// How many ids came more than once.
    pub(crate) fn count(self) -> Result<u64, Error> {
        let mut repeated = 0;
        self.0.sorted()?.each_group(HASH_BYTES, |same| {
            repeated += u64::from(same.len() > 1);
            Ok(())
        })?;
        Ok(repeated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::tests::stage;

    #[test]
    fn ids_are_counted_once_however_often_they_repeat() {
        let work = tempfile::tempdir().unwrap();
        let stage = stage(&work);
        let counted = |run_bytes, hashes: &[u64]| {
            let mut duplicates = Duplicates(Runs::new(stage.spools(), run_bytes));
            hashes.chunks(3).for_each(|chunk| duplicates.add(chunk).unwrap());
            duplicates.count().unwrap()
        };
        let hashes = [5, 1, 5, 2, 3, 3, 3, u64::MAX, 0, 5, 2];
        for run_bytes in [8, 16, 32, 800] {
            assert_eq!(counted(run_bytes, &hashes), 3, "{run_bytes}");
        }
        assert_eq!(counted(16, &[]), 0);
    }
}

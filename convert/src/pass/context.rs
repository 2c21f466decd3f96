//! What every pass is told, and what all of them have found.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use cclf_crosswalk::{Columns, HospiceRanges, Index, Plan, Reader, RecordCounts};
use ndjson_io::SourceReport;

use crate::drift::{Counted, Look};
use crate::error::Error;
use crate::input::source::Source;
use crate::input::sources::Input;
use crate::input::version::{Foreign, Version};
use crate::memory;
use crate::options::{Drift, Reading};
use crate::pass::duplicates::Duplicates;
use crate::pass::left_out::Latest;
use crate::pass::rejects::{Aside, RejectLog};
use crate::state::State;

/// What every pass is told.
pub(crate) struct Pass<'o> {
    pub(crate) plan: &'static Plan,
    pub(crate) version: Version,
    /// The first record of another version, which ends the run.
    pub(crate) foreign: &'o OnceLock<Foreign>,
    pub(crate) input: &'o Input,
    pub(crate) reading: &'o Reading,
    pub(crate) columns: &'o Columns,
    /// Something is written that needs the beneficiary of a claim.
    pub(crate) joins: bool,
    /// Which claims have rows, where not all versions do; found after people were read.
    pub(crate) latest: Option<&'o Latest>,
    /// The earlier result that is brought up to date.
    pub(crate) earlier: Option<&'o State>,
    /// Whether the claims that count are kept for a state.
    pub(crate) keeps_state: bool,
    /// Which records are looked through for what is not known.
    pub(crate) drift: Drift,
    /// Where rejects and ids of claims go until the end.
    pub(crate) aside: Aside<'o>,
}

impl Pass<'_> {
    /// Looks through records for what is not known.
    pub(crate) fn look(&self) -> Look {
        Look::new(self.drift, self.version.api)
    }

    /// Reads records as the run wants them.
    pub(crate) fn reader(&self) -> Reader {
        Reader::new(self.plan).with_partially_adjudicated(self.reading.partially_adjudicated)
    }
}

/// What the passes have found so far.
pub(crate) struct Found {
    pub(crate) index: Index,
    /// In place of it, where another process made it.
    pub(crate) loaded: Option<Arc<Index>>,
    pub(crate) hospice: HospiceRanges,
    pub(crate) counts: RecordCounts,
    pub(crate) drift: Counted,
    /// Ids of claims that came more than once; none where nobody asks.
    pub(crate) repeated_claim_ids: Option<u64>,
    pub(crate) rejects: Vec<RejectLog>,
    /// By source.
    pub(crate) reports: Vec<Option<SourceReport>>,
    /// By source: its people are in the index, and its bad lines are counted.
    pub(crate) indexed: Vec<bool>,
    /// Sources that were indexed and hold claims too.
    pub(crate) with_claims: Vec<usize>,
    /// Whether people stood among claims, so that these were read again.
    pub(crate) restarted: bool,
    pub(crate) bytes_read: u64,
}

impl Found {
    /// Nothing yet.
    pub(crate) fn new(pass: &Pass<'_>) -> Self {
        let index = Index::bounded(memory::limit(pass.reading.max_people));
        Self {
            index: if pass.input.keeps_latest() { index.with_ties() } else { index },
            loaded: None,
            hospice: HospiceRanges::default(),
            counts: RecordCounts::default(),
            drift: Counted::default(),
            repeated_claim_ids: None,
            rejects: Vec::new(),
            reports: vec![None; pass.input.sources.len()],
            indexed: vec![false; pass.input.sources.len()],
            with_claims: Vec::new(),
            restarted: false,
            bytes_read: 0,
        }
    }

    /// The numbers of the sources that may hold claims.
    pub(crate) fn claim_sources(&self, pass: &Pass<'_>) -> Vec<usize> {
        let with_claims: HashSet<usize> = self.with_claims.iter().copied().collect();
        let holds_claims = |number: &usize| !self.indexed[*number] || with_claims.contains(number);
        (0..pass.input.sources.len()).filter(holds_claims).collect()
    }

    /// What claims are joined through, if they are.
    pub(crate) fn joined(&self, pass: &Pass<'_>) -> Option<&Index> {
        pass.joins.then(|| self.loaded.as_deref().unwrap_or(&self.index))
    }

    /// Keeps what reading the sources with these numbers came to.
    ///
    /// # Errors
    /// A source was read before, and was another one then: people of one content and claims of another would be joined.
    /// What tells of itself whether it changed is refused before this.
    pub(crate) fn keep_reports(
        &mut self,
        sources: &[Source],
        numbers: &[usize],
        new: Vec<SourceReport>,
    ) -> Result<(), Error> {
        for (number, report) in numbers.iter().zip(new) {
            self.bytes_read += report.raw_bytes;
            let earlier = self.reports[*number].as_ref().and_then(|earlier| earlier.blake3);
            if earlier.is_some_and(|earlier| report.blake3.is_some_and(|now| now != earlier)) {
                let name = sources[*number].file.name();
                return Err(Error::failed(format!("{name}: the file changed while it was read")));
            }
            self.reports[*number] = Some(report);
        }
        Ok(())
    }

    /// Keeps what the claims came to besides their rows.
    pub(crate) fn keep_gathered(&mut self, gathered: Gathered) -> Result<(), Error> {
        self.counts = gathered.counts;
        self.drift = gathered.drift;
        self.hospice = gathered.hospice;
        self.rejects.push(gathered.rejects);
        self.repeated_claim_ids = gathered.ids.map(Duplicates::count).transpose()?;
        Ok(())
    }
}

/// What reading claims gives besides their rows. It is thrown away if they have to be read again.
pub(crate) struct Gathered {
    pub(crate) hospice: HospiceRanges,
    /// None when nobody asks how many ids are repeated.
    pub(crate) ids: Option<Duplicates>,
    /// Of all passes so far.
    pub(crate) counts: RecordCounts,
    /// Likewise.
    pub(crate) drift: Counted,
    pub(crate) rejects: RejectLog,
}

impl Gathered {
    pub(crate) fn new(pass: &Pass<'_>, found: &Found) -> Self {
        Self {
            hospice: HospiceRanges::default(),
            ids: pass
                .aside
                .stage()
                .filter(|_| !pass.input.keeps_latest())
                .map(|stage| Duplicates::new(stage.spools())),
            counts: found.counts,
            drift: found.drift.clone(),
            rejects: RejectLog::new(pass.aside),
        }
    }
}

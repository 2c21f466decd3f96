//! The second pass: claims, joined through the index, into rows.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{
    BeneficiaryNumber, Claim, ClaimTables, HospiceRanges, Index, Lineage, Plan, Reader,
    RecordError, Resource, Table, Verdict,
};
use ndjson_io::{BlockWorker, Line, SourceFile, SourceReport};

use crate::error::Error;
use crate::input::sources::Source;
use crate::memory;
use crate::options::Options;
use crate::out::tables::Rows;
use crate::pass::block::{count, fatal_error, keep_rejects, or_stop};
use crate::pass::duplicates::Duplicates;
use crate::pass::rejects::RejectLog;
use crate::pass::tally::{Fatal, Reject, Tally};

/// What this pass reads; all else in a file that was indexed is counted already.
const CLAIM: Resource = Resource::ExplanationOfBenefit;

/// What the claims of a block came to.
#[derive(Default)]
pub(crate) struct ClaimBlock {
    pub(crate) batches: Vec<(Table, RecordBatch)>,
    stays: Vec<(BeneficiaryNumber, i32, Option<i32>)>,
    /// Hashes of their ids.
    ids: Vec<u64>,
    pub(crate) tally: Tally,
    failed: bool,
}

impl ClaimBlock {
    /// Ends the rows of the block.
    pub(crate) fn end(&mut self, tables: &mut ClaimTables) {
        match tables.finish() {
            Ok(batches) => self.batches = batches,
            Err(_) => self.failed = true,
        }
        self.tally.untranslated = tables.take_untranslated();
    }

    /// Adds what the run wants of the claims besides their rows and their count.
    pub(crate) fn gather(&self, gathered: &mut Gathered<'_, '_>) -> Result<(), Error> {
        if self.failed {
            return Err(Error::unbuilt());
        }
        for (number, start, end) in &self.stays {
            gathered.hospice.add(*number, *start, *end);
        }
        gathered.ids.as_deref_mut().map_or(Ok(()), |ids| ids.add(&self.ids))
    }
}

#[derive(Default)]
struct Block {
    claims: ClaimBlock,
    rejects: Vec<Reject>,
    fatal: Option<Fatal>,
    /// A Patient or Coverage stands among the claims: the pass must start again.
    person: bool,
}

struct Worker<'s> {
    reader: Reader,
    tables: ClaimTables,
    /// None when nothing is written that needs the beneficiary of a claim.
    index: Option<&'s Index>,
    numbers: &'s [usize],
    sources: &'s [Source],
    /// By source: its Patients, Coverages and bad lines are counted already.
    indexed: &'s [bool],
    hasher: BuildHasherDefault<DefaultHasher>,
    block: Block,
}

/// The beneficiary of a claim, and their MBI.
pub(crate) type Joined<'i> = (BeneficiaryNumber, Option<&'i str>);

/// Whose claim it is, if the index knows.
pub(crate) fn join<'i>(claim: &Claim<'_>, index: &'i Index) -> Option<Joined<'i>> {
    let number = claim.patient().and_then(|patient| index.find(&patient))?;
    Some((number, index.mbi(number)))
}

/// Makes the rows of a claim and what else the run wants of it.
pub(crate) fn convert(
    claim: &Claim<'_>,
    tables: &mut ClaimTables,
    beneficiary: Option<Joined<'_>>,
    lineage: &Lineage,
    hasher: &BuildHasherDefault<DefaultHasher>,
    block: &mut ClaimBlock,
) {
    let mbi = beneficiary.and_then(|(_, mbi)| mbi);
    if tables.append(claim, mbi, lineage) > 0 {
        block.tally.with_rows += 1;
    } else {
        block.tally.without_rows += 1;
    }
    block.tally.partial_dates += claim.partial_dates();
    block.tally.not_active.count(claim);
    if let (Some((number, _)), Some((start, end))) = (beneficiary, claim.hospice_stay()) {
        block.stays.push((number, start, end));
    }
    if let Some(id) = claim.id() {
        block.ids.push(hasher.hash_one(&*id));
    }
}

/// What a line is to this pass.
enum Judged {
    Claim,
    Person,
    Skipped,
    Foreign,
    Bad(RecordError),
    /// Counted by the index pass.
    Known,
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        #[cfg(test)]
        crate::tests::strike(line.bytes);
        if self.block.fatal.is_some() || self.block.person {
            return;
        }
        let source = self.numbers[line.source];
        let indexed = self.indexed[source];
        // The reader stays borrowed while its record lives, so the rest is named apart.
        let Self { reader, tables, index, sources, hasher, block, .. } = self;
        let judged = match reader.read(line.bytes) {
            Ok(Verdict::Record(CLAIM, record)) => {
                if let Some(claim) = Claim::new(record) {
                    let (lineage, claims) = (&sources[source].lineage, &mut block.claims);
                    let beneficiary = index.and_then(|index| join(&claim, index));
                    let unmatched = index.is_some() && beneficiary.is_none();
                    claims.tally.unmatched_claims += u64::from(unmatched);
                    convert(&claim, tables, beneficiary, lineage, hasher, claims);
                }
                Judged::Claim
            }
            Ok(_) if indexed => Judged::Known,
            Ok(Verdict::Record(..)) => Judged::Person,
            Ok(Verdict::Skipped) => Judged::Skipped,
            Ok(Verdict::Foreign) => Judged::Foreign,
            Err(error) if indexed && error.resource() != Some(CLAIM) => Judged::Known,
            Err(error) => Judged::Bad(error),
        };
        match judged {
            Judged::Claim | Judged::Known => {}
            Judged::Person => self.block.person = true,
            Judged::Skipped => self.block.claims.tally.skipped += 1,
            Judged::Foreign => {
                self.block.fatal = Some(Fatal::Foreign { source, number: line.number });
            }
            Judged::Bad(error) => {
                let (number, offset) = (line.number, line.offset);
                let reject =
                    self.block.claims.tally.reject(source, number, offset, error, Some(line.bytes));
                self.block.rejects.push(reject);
            }
        }
    }

    fn too_long(&mut self, source: usize, number: u64, offset: u64, _len_bytes: u64) {
        let source = self.numbers[source];
        if self.indexed[source] {
            return;
        }
        let error = RecordError::line_too_long();
        let reject = self.block.claims.tally.reject(source, number, offset, error, None);
        self.block.rejects.push(reject);
    }

    fn finish_block(&mut self) -> Block {
        let mut block = std::mem::take(&mut self.block);
        block.claims.end(&mut self.tables);
        block
    }
}

/// How the pass ended.
pub(crate) enum Outcome {
    /// All claims are written.
    Done(Vec<SourceReport>),
    /// People stand among the claims: the index is not complete.
    PeopleAmongClaims,
}

/// What the pass fills besides the tables.
pub(crate) struct Gathered<'g, 's> {
    pub(crate) hospice: &'g mut HospiceRanges,
    /// None when nobody asks how many ids are repeated.
    pub(crate) ids: Option<&'g mut Duplicates<'s>>,
    pub(crate) tally: &'g mut Tally,
    pub(crate) rejects: &'g mut RejectLog,
}

/// Reads the claims of the sources with these numbers into the tables.
#[allow(
    clippy::too_many_arguments,
    reason = "a pass takes the input, the index and where everything goes"
)]
pub(crate) fn run(
    plan: &'static Plan,
    sources: &[Source],
    numbers: &[usize],
    indexed: &[bool],
    options: &Options,
    index: Option<&Index>,
    tables: &mut impl Rows,
    gathered: &mut Gathered<'_, '_>,
) -> Result<Outcome, Error> {
    let files: Vec<_> = numbers.iter().map(|number| sources[*number].file.clone()).collect();
    let mut stopped = None;
    let mut people = false;
    let wanted = tables.names();
    let make = |_| Worker {
        reader: Reader::new(plan),
        tables: ClaimTables::new(plan, &wanted, &options.columns),
        index,
        numbers,
        sources,
        indexed,
        hasher: BuildHasherDefault::default(),
        block: Block::default(),
    };
    // The hash of a part of a file is compared with nothing.
    let hash = !files.iter().any(SourceFile::is_part);
    let reports = ndjson_io::read(&files, &options.reading(hash), make, |block: Block| {
        let mut take = || {
            keep_rejects(&block.rejects, None, sources, gathered.tally, gathered.rejects, options)?;
            if let Some(fatal) = block.fatal {
                return Err(fatal_error(fatal, sources));
            }
            if block.person {
                people = true;
                return Err(Error::failed(""));
            }
            gathered.tally.add(&block.claims.tally);
            block.claims.gather(gathered)?;
            let stays = gathered.hospice.heap_bytes();
            index.map_or(Ok(()), |index| index.check_room(stays)).map_err(memory::full)
        };
        let mut taken = take();
        if taken.is_ok() {
            count(options, &block.claims.tally);
            let mut batches = block.claims.batches.into_iter();
            taken = batches.try_for_each(|(table, batch)| tables.write(table, batch));
        }
        or_stop(taken, &mut stopped)
    });
    if people {
        return Ok(Outcome::PeopleAmongClaims);
    }
    match stopped {
        Some(error) => Err(error),
        None => Ok(Outcome::Done(reports?)),
    }
}

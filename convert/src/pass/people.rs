//! The first pass: Patients and Coverages into the index.

use cclf_crosswalk::{
    Beneficiary, Enrolment, Index, Plan, Reader, Record, RecordError, Resource, Verdict,
};
use ndjson_io::{BlockWorker, Line, SourceReport};

use crate::error::Error;
use crate::input::sources::Source;
use crate::memory;
use crate::options::Options;
use crate::pass::block::{count, fatal_error, keep_rejects, or_stop};
use crate::pass::rejects::RejectLog;
use crate::pass::tally::{Fatal, Reject, Tally};

/// A record for the index, and for a Patient the number of its source.
pub(crate) enum Person {
    Patient(Beneficiary, usize),
    Coverage(Enrolment),
}

impl Person {
    /// Puts it into the index, if it has room.
    pub(crate) fn add_to(&self, index: &mut Index) -> Result<(), Error> {
        let added = match self {
            Self::Patient(patient, source) => {
                index.add_patient(patient, u32::try_from(*source).unwrap_or(u32::MAX))
            }
            Self::Coverage(coverage) => index.add_coverage(coverage),
        };
        added.map_err(memory::full)
    }
}

/// What a block of lines came to.
#[derive(Default)]
struct Block {
    people: Vec<Person>,
    /// Sources that hold claims, by their place in this pass.
    with_claims: Vec<usize>,
    tally: Tally,
    rejects: Vec<Reject>,
    fatal: Option<Fatal>,
}

struct Worker<'s> {
    reader: Reader,
    /// Numbers of the sources that this pass reads.
    numbers: &'s [usize],
    sources: &'s [Source],
    block: Block,
}

/// Counts a Patient or Coverage and takes of it what the index keeps.
pub(crate) fn person(
    resource: Resource,
    record: &Record<'_>,
    source: usize,
    tally: &mut Tally,
) -> Option<Person> {
    tally.partial_dates += record.partial_dates();
    tally.joined += 1;
    match resource {
        Resource::Patient => {
            let patient = Beneficiary::new(record)?;
            tally.untranslated.codes += patient.unknown_marks();
            Some(Person::Patient(patient, source))
        }
        Resource::Coverage => Some(Person::Coverage(Enrolment::new(record)?)),
        Resource::ExplanationOfBenefit => None,
    }
}

impl Worker<'_> {
    fn reject(
        &mut self,
        source: usize,
        number: u64,
        offset: u64,
        error: RecordError,
        line: Option<&[u8]>,
    ) {
        let source = self.numbers[source];
        let reject = self.block.tally.reject(source, number, offset, error, line);
        self.block.rejects.push(reject);
    }
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        #[cfg(test)]
        crate::tests::strike(line.bytes);
        if self.block.fatal.is_some() {
            return;
        }
        let source = self.numbers[line.source];
        let only_people = self.sources[source].only_people;
        match self.reader.read(line.bytes) {
            Ok(Verdict::Record(Resource::ExplanationOfBenefit, _)) => {
                if !only_people && self.block.with_claims.last() != Some(&source) {
                    self.block.with_claims.push(source);
                }
            }
            Ok(Verdict::Record(resource, record)) => {
                let person = person(resource, &record, source, &mut self.block.tally);
                self.block.people.extend(person);
            }
            Ok(Verdict::Skipped) => self.block.tally.skipped += 1,
            Ok(Verdict::Foreign) => {
                self.block.fatal = Some(Fatal::Foreign { source, number: line.number });
            }
            // The claim pass reads this file too, and judges what says that it is a claim.
            Err(error) if error.resource() == Some(Resource::ExplanationOfBenefit) => {
                if !only_people && self.block.with_claims.last() != Some(&source) {
                    self.block.with_claims.push(source);
                }
            }
            Err(error) => {
                self.reject(line.source, line.number, line.offset, error, Some(line.bytes));
            }
        }
    }

    fn too_long(&mut self, source: usize, number: u64, offset: u64, _len_bytes: u64) {
        self.reject(source, number, offset, RecordError::line_too_long(), None);
    }

    fn finish_block(&mut self) -> Block {
        std::mem::take(&mut self.block)
    }
}

/// What the pass came to.
pub(crate) struct Outcome {
    /// Which sources hold claims, of those that were read.
    pub(crate) with_claims: Vec<usize>,
    pub(crate) reports: Vec<SourceReport>,
}

/// Reads the sources with these numbers into `index`.
pub(crate) fn run(
    plan: &'static Plan,
    sources: &[Source],
    numbers: &[usize],
    options: &Options,
    index: &mut Index,
    tally: &mut Tally,
    rejects: &mut RejectLog,
) -> Result<Outcome, Error> {
    let files: Vec<_> = numbers.iter().map(|number| sources[*number].file.clone()).collect();
    let mut with_claims = Vec::new();
    let mut stopped = None;
    let reports = ndjson_io::read(
        &files,
        &options.reading(true),
        |_| Worker { reader: Reader::new(plan), numbers, sources, block: Block::default() },
        |block: Block| {
            let mut take = || {
                keep_rejects(&block.rejects, None, sources, tally, rejects, options)?;
                if let Some(fatal) = block.fatal {
                    return Err(fatal_error(fatal, sources));
                }
                tally.add(&block.tally);
                memory::keep_within(index);
                for person in &block.people {
                    person.add_to(index)?;
                }
                for source in &block.with_claims {
                    if with_claims.last() != Some(source) {
                        with_claims.push(*source);
                    }
                }
                Ok(())
            };
            let taken = take();
            count(options, &block.tally);
            or_stop(taken, &mut stopped)
        },
    )?;
    match stopped {
        Some(error) => Err(error),
        None => Ok(Outcome { with_claims, reports }),
    }
}

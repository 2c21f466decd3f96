//! The first pass: Patients and Coverages into the index.

use std::ops::ControlFlow;

use cclf_crosswalk::{Guess, Person, PersonRecord, Reader, Tie, Took};
use ndjson_io::{BlockWorker, InBlock, Line};

use crate::drift::Look;
use crate::error::Error;
use crate::input::deletions::{id_hash, part_of};
use crate::input::source::Source;
use crate::memory;
use crate::pass::block::{self, Judged};
use crate::pass::context::{Found, Pass};
use crate::pass::entry::person_hash;
use crate::pass::first_bad::first_bad;
use crate::pass::rejects::RejectLog;

/// The number of a source, as the index has it.
pub(crate) fn source_number(source: usize) -> u32 {
    u32::try_from(source).unwrap_or(u32::MAX)
}

/// Looks through a Patient or Coverage for what is not known, if it is one of those that are.
#[inline]
pub(crate) fn look_through_person(
    look: &mut Look,
    text: &[u8],
    (record, person): (&PersonRecord<'_>, &Person),
    judged: &mut Judged,
) {
    if look.takes(text) {
        let whose = person.whose().map(person_hash);
        look.look(record.walker(), record.resource().name(), whose, &mut judged.looked);
    }
}

/// What a block of lines came to.
#[derive(Default)]
struct Block {
    judged: Judged,
    /// With the numbers of their sources.
    people: Vec<(Person, u32, Option<Tie>)>,
    /// Sources that hold claims.
    with_claims: Vec<usize>,
}

struct Worker<'p> {
    pass: &'p Pass<'p>,
    reader: Reader,
    look: Look,
    /// Numbers of the sources that this pass reads.
    numbers: &'p [usize],
    block: Block,
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        let Self { pass, reader, look, numbers, block: Block { judged, people, with_claims } } =
            self;
        if judged.is_over() {
            return;
        }
        let source = numbers[line.source];
        match reader.take(line.bytes) {
            // The claim pass reads this file too, and judges what says that it is a claim.
            took if took.is_of_claims() => {
                if !pass.input.sources[source].only_people && with_claims.last() != Some(&source) {
                    with_claims.push(source);
                }
            }
            Took::Person(record) => {
                let person = record.pack();
                judged.counts.person(&person);
                let input = pass.input;
                let rank = input.rank(source);
                let mut tie = None;
                if input.keeps_latest() {
                    let id = person.named().map(|(resource, id)| id_hash(resource, id));
                    let whose = person.whose().map(person_hash);
                    if id.is_some_and(|id| input.deletions.has(&id, rank))
                        || whose.is_some_and(|whose| input.deletions.has_left(whose))
                    {
                        judged.counts.deleted_people += 1;
                        return;
                    }
                    let own = Tie::new(rank, blake3::hash(line.bytes).as_bytes());
                    tie = Some(own.with_id(id.map_or(0, |id| part_of(&id))));
                }
                look_through_person(look, line.bytes, (&record, &person), judged);
                people.push((person, input.number_of(source), tie));
            }
            Took::Bad(error) => judged.bad(source, &line, error),
            Took::Foreign(api) => judged.foreign(pass.version.told, source, &line, api),
            Took::Skipped(why) => judged.counts.skip(why),
            // All claims are left to the next pass, above.
            Took::Claim(_) => {}
        }
    }

    fn too_long(&mut self, source: usize, number: InBlock, offset: u64, _len_bytes: u64) {
        self.block.judged.too_long(self.numbers[source], number, offset);
    }

    fn finish_block(&mut self) -> Block {
        std::mem::take(&mut self.block)
    }
}

/// Reads the people of files that seem to hold people, and of those that are read for nothing else.
pub(crate) fn read_first(pass: &Pass<'_>, found: &mut Found) -> Result<(), Error> {
    let is_of_people = |source: &Source| source.only_people || source.guess == Guess::People;
    read(pass, found, |number| is_of_people(&pass.input.sources[number]))
}

/// Reads the people of all files.
pub(crate) fn read_all(pass: &Pass<'_>, found: &mut Found) -> Result<(), Error> {
    read(pass, found, |_| true)
}

/// Reads into the index the people of these sources, unless they are in it.
///
/// # Errors
/// Among others the first bad record of the input, if one is to end the run.
fn read(
    pass: &Pass<'_>,
    found: &mut Found,
    is_asked_for: impl Fn(usize) -> bool,
) -> Result<(), Error> {
    let asked_for = |number: &usize| !found.indexed[*number] && is_asked_for(*number);
    let numbers: Vec<usize> = (0..pass.input.sources.len()).filter(asked_for).collect();
    if numbers.is_empty() {
        return Ok(());
    }
    match read_these(pass, found, &numbers) {
        // Claims that nobody has read yet may stand before it.
        Err(error) if error.is_of_a_record() => Err(first_bad(pass)?.unwrap_or(error)),
        read => read,
    }
}

fn read_these(pass: &Pass<'_>, found: &mut Found, numbers: &[usize]) -> Result<(), Error> {
    let mut rejects = RejectLog::new(pass.aside);
    let make = |_| Worker {
        pass,
        reader: pass.reader(),
        look: pass.look(),
        numbers,
        block: Block::default(),
    };
    let reports = block::read(pass, numbers, make, |mut block: Block, lines| {
        let counts = (&mut found.counts, &mut found.drift);
        block.judged.keep(pass, lines, counts, &mut rejects)?;
        memory::keep_within(&mut found.index);
        for (person, source, tie) in &block.people {
            person.add_version_to(&mut found.index, *source, *tie).map_err(memory::full)?;
        }
        for source in block.with_claims {
            if found.with_claims.last() != Some(&source) {
                found.with_claims.push(source);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    found.rejects.push(rejects);
    for number in numbers {
        found.indexed[*number] = true;
    }
    found.keep_reports(&pass.input.sources, numbers, reports.unwrap_or_default())
}

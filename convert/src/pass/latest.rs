//! Which claims have rows, where only the latest version of each does: a pass of its own over the claims, before rows are
//! made.
//!
//! Each claim becomes an entry of a fixed size. Sorted by ids, the versions of one claim stand together, and one of them
//! counts. Those that count are sorted once more, by what records of one claim have in common: what two systems have is
//! one claim. Entries wait in a spool; in memory are only the places of the claims that are left out.

use std::io::{BufWriter, Write as _};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use cclf_crosswalk::{Guess, Reader, Resource, Tie, Took};
use ndjson_io::{BlockWorker, InBlock, Line};
use publish::Spools;

use crate::error::Error;
use crate::input::deletions::id_hash;
use crate::pass::block;
use crate::pass::context::{Found, Pass};
use crate::pass::entry::{Entry, Kin, Kinship, person_hash};
use crate::pass::left_out::Latest;
use crate::pass::people::{self, source_number};
use crate::runs::Runs;
use crate::state::FORGOTTEN;

/// Bytes of entries in memory.
const RUN_BYTES: usize = 4 << 20;

fn fault(error: &std::io::Error) -> Error {
    Error::failed(format!("the spool of claims that count failed: {error}"))
}

/// Reads the people, and says which claims count, where not all versions do.
///
/// Claims are read before people here: where these stand among claims, all of them are read in the order of the exports, as
/// where they have files of their own.
///
/// # Errors
/// A source cannot be read, or the spool fails. What is wrong with claims is told by who makes rows of them.
pub(crate) fn find(
    pass: &Pass<'_>,
    found: &mut Found,
    spools: &Spools,
    anywhere: bool,
) -> Result<Latest, Error> {
    let mut entries = Runs::new(spools, RUN_BYTES);
    let sources = &pass.input.sources;
    let seems_of_claims =
        |number: &usize| !sources[*number].only_people && sources[*number].guess != Guess::People;
    let claims: Vec<usize> = (0..sources.len()).filter(seems_of_claims).collect();
    let is_mixed = collect(pass, found, &claims, &mut entries)?;
    found.restarted = is_mixed;
    if is_mixed || anywhere {
        people::read_all(pass, found)?;
    } else {
        people::read_first(pass, found)?;
    }
    let mut others = found.claim_sources(pass);
    others.retain(|number| !seems_of_claims(number));
    collect(pass, found, &others, &mut entries)?;
    if let Some(earlier) = pass.earlier {
        let source = pass.input.number_of_earlier();
        earlier.each_claim(|place, entry| {
            let rank = |old| pass.input.known.rank(old);
            let ranks = (rank(entry.rank()), rank(entry.newest()));
            let deletions = &pass.input.deletions;
            let has_left = deletions.has_left(entry.person());
            let is_deleted = |rank| has_left || deletions.has(entry.id(), rank);
            if is_deleted(ranks.0) && !is_deleted(ranks.1) {
                return Err(Error::usage(FORGOTTEN));
            }
            entries.push(entry.of_state((source, place), ranks, is_deleted(ranks.0)).pack())
        })?;
    }
    let kinship = Kinship::new(found.index.merged());
    let mut latest = Latest::default();
    latest.possibly_replaced = pass.plan.tells_identity().then_some(0);
    let mut kin = Runs::new(spools, RUN_BYTES);
    let mut kept = if pass.keeps_state { Some(BufWriter::new(spools.make()?)) } else { None };
    let check = || {
        if pass.reading.cancel.is_cancelled() { Err(Error::cancelled()) } else { Ok(()) }
    };
    entries.sorted()?.each_group(Entry::ID_BYTES, |versions| {
        check()?;
        let versions: Vec<Entry> = versions.iter().map(Entry::unpack).collect();
        let Some(chosen) = latest.choose(&versions) else { return Ok(()) };
        if let Some(kept) = &mut kept {
            kept.write_all(&chosen.pack()).map_err(|error| fault(&error))?;
        }
        kinship.of(&chosen).try_for_each(|own| kin.push(own.pack()))
    })?;
    let versions = latest.sort(sources.len());
    kin.sorted()?.each_group(Kin::KEY_BYTES, |same| {
        check()?;
        latest.compare(&same.iter().map(Kin::unpack).collect::<Vec<_>>());
        Ok(())
    })?;
    latest.shared = latest.sort(sources.len()) - versions;
    let kept = kept.map(BufWriter::into_inner).transpose();
    latest.chosen = kept.map_err(|error| fault(error.error()))?;
    Ok(latest)
}

/// What a block of lines came to.
#[derive(Default)]
struct Block {
    entries: Vec<[u8; Entry::BYTES]>,
    /// A Patient or Coverage stands among the claims.
    person: bool,
    /// A record of another version of the API: who makes rows ends the run.
    is_over: bool,
}

struct Worker<'p> {
    pass: &'p Pass<'p>,
    reader: Reader,
    numbers: &'p [usize],
    /// By source: its Patients and Coverages are known already.
    indexed: &'p [bool],
    block: Block,
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        let Self { pass, reader, numbers, indexed, block } = self;
        if block.is_over {
            return;
        }
        let source = numbers[line.source];
        match reader.take(line.bytes) {
            Took::Claim(claim) => {
                // What has no id is no version of anything.
                let Some(id) = claim.id() else { return };
                let id = id_hash(Resource::ExplanationOfBenefit, &id);
                let rank = pass.input.rank(source);
                let deletions = &pass.input.deletions;
                let patient = claim.patient();
                let has_left = patient.is_some_and(|id| deletions.has_left(person_hash(&id)));
                let is_deleted = has_left || deletions.has(&id, rank);
                let tie = Tie::new(rank, blake3::hash(line.bytes).as_bytes());
                let place = (source_number(source), line.offset);
                block.entries.push(Entry::new(&claim, id, tie, place, is_deleted).pack());
            }
            Took::Person(_) => block.person |= !indexed[source],
            Took::Foreign(_) => block.is_over = true,
            Took::Skipped(_) | Took::Bad(_) => {}
        }
    }

    fn too_long(&mut self, _source: usize, _number: InBlock, _offset: u64, _len_bytes: u64) {}

    fn finish_block(&mut self) -> Block {
        std::mem::take(&mut self.block)
    }
}

/// Collects the entries of the claims of these sources; gives whether there are people among them who are not known yet.
fn collect(
    pass: &Pass<'_>,
    found: &mut Found,
    numbers: &[usize],
    entries: &mut Runs<{ Entry::BYTES }>,
) -> Result<bool, Error> {
    if numbers.is_empty() {
        return Ok(false);
    }
    // They are read once more by who makes rows of them.
    let bytes = numbers.iter().filter_map(|number| pass.input.sources[*number].file.len()).sum();
    pass.reading.progress.total_bytes.fetch_add(bytes, Ordering::Relaxed);
    let make = |_| Worker {
        pass,
        reader: pass.reader(),
        numbers,
        indexed: &found.indexed,
        block: Block::default(),
    };
    let mut person = false;
    let reports = block::read(pass, numbers, make, |block: Block, _| {
        block.entries.into_iter().try_for_each(|entry| entries.push(entry))?;
        person |= block.person;
        Ok(if block.is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    found.keep_reports(&pass.input.sources, numbers, reports.unwrap_or_default())?;
    Ok(person)
}

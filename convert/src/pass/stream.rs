//! The one pass over standard input: people into the index and claims into rows as they come.
//!
//! A stream is read once, and a Patient may come after its claims. So from the first claim on whose Patient is not
//! known yet, rows are held back in the run's private folder, and written when the stream has ended, with the MBIs
//! that were missing. With `--patients` nobody is waited for: nothing is held back, and a Patient that comes after a
//! claim of its own is refused. Rows come in the order of the input either way, so that a stream gives the same
//! tables as a file.
//!
//! What makes a row right whenever it was made: its MBI is that of the complete index. So a Patient that changes a
//! known MBI when claims have come is refused, whether rows were made of them or not: the verdict must not depend on
//! where blocks end.
//!
//! Workers run ahead of the index: the Patient of a claim may be in a block that is still under way, and so may a
//! newer version of one that they know. So a claim stays open in its block where its Patient is not known, and as
//! long as an MBI may still change; the sink, which sees blocks in order, puts in the MBIs of open claims.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{
    Claim, ClaimTables, HospiceRanges, Index, LateMbi, Plan, Reader, RecordError, Resource, Table,
    Verdict,
};
use ndjson_io::{BlockWorker, Line, SourceReport};
use publish::Stage;

use crate::error::Error;
use crate::input::sources::Source;
use crate::memory;
use crate::options::Options;
use crate::out::tables::{Rows as _, Tables};
use crate::pass::block::{count, fatal_error, keep_rejects, or_stop};
use crate::pass::claims::{self, ClaimBlock, Gathered};
use crate::pass::held::{Held, OpenClaim, Stay};
use crate::pass::people::{Person, person};
use crate::pass::tally::{Fatal, Reject};

/// What workers and sink share.
struct Shared {
    index: RwLock<Index>,
    /// Something is written that needs the beneficiary of a claim.
    joins: bool,
    /// The sink has had a claim: from here on no known MBI changes, or the run is refused.
    settled: AtomicBool,
}

impl Shared {
    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A Patient or Coverage of a block.
struct Came {
    person: Person,
    /// A claim of the block stands before it.
    after_claim: bool,
    /// A claim of this Patient does, and was not matched.
    after_own_claim: bool,
}

/// Memory of a Patient who has not come: in a map that may just have doubled, with an id of its own.
const ABSENT_BYTES: usize = 200;

/// Memory of a hospice stay in a map.
const STAY_BYTES: usize = 40;

/// Claims of a Patient who has not come.
#[derive(Default)]
struct Absent {
    claims: u64,
    /// Hospice stays, by their begin: those that begin on one day are one.
    stays: BTreeMap<i32, Option<i32>>,
}

impl Absent {
    fn add(&mut self, stay: Option<Stay>) {
        self.claims += 1;
        if let Some((start, end)) = stay {
            let known = self.stays.entry(start);
            known.and_modify(|known| *known = HospiceRanges::later_end(*known, end)).or_insert(end);
        }
    }

    /// Memory, about.
    fn bytes(&self, id: &str) -> usize {
        ABSENT_BYTES + id.len() + self.stays.len() * STAY_BYTES
    }
}

#[derive(Default)]
struct Block {
    people: Vec<Came>,
    has_claims: bool,
    claims: ClaimBlock,
    open: Vec<OpenClaim>,
    rejects: Vec<Reject>,
    fatal: Option<Fatal>,
}

struct Worker<'s> {
    reader: Reader,
    tables: ClaimTables,
    hasher: BuildHasherDefault<DefaultHasher>,
    shared: &'s Shared,
    sources: &'s [Source],
    /// The number of the stream among the sources.
    source: usize,
    block: Block,
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        #[cfg(test)]
        crate::tests::strike(line.bytes);
        if self.block.fatal.is_some() {
            return;
        }
        // The reader stays borrowed while its record lives, so the rest is named apart.
        let Self { reader, tables, hasher, shared, sources, source, block } = self;
        let tally = &mut block.claims.tally;
        match reader.read(line.bytes) {
            Ok(Verdict::Record(Resource::ExplanationOfBenefit, record)) => {
                let Some(claim) = Claim::new(record) else { return };
                block.has_claims = true;
                // Asked before the index is: what is found in a settled one stays.
                let settled = shared.settled.load(Ordering::Acquire);
                let index = shared.joins.then(|| shared.index());
                let found = index.as_deref().and_then(|index| claims::join(&claim, index));
                let (known, patient) = (found.filter(|_| settled), claim.patient());
                let rows = |tables: &ClaimTables| tables.table_rows().collect::<Vec<_>>();
                let before = (shared.joins && known.is_none()).then(|| rows(tables));
                let lineage = &sources[*source].lineage;
                claims::convert(&claim, tables, known, lineage, hasher, &mut block.claims);
                match (before, patient) {
                    (None, _) => {}
                    (Some(_), None) => block.claims.tally.unmatched_claims += 1,
                    (Some(before), Some(patient)) => {
                        let ranges = before.into_iter().zip(rows(tables));
                        let ranges = ranges.map(|((table, from), (_, to))| (table, from..to));
                        block.open.push(OpenClaim {
                            patient: patient.into(),
                            stay: claim.hospice_stay(),
                            rows: ranges.filter(|(_, range)| !range.is_empty()).collect(),
                        });
                    }
                }
            }
            Ok(Verdict::Record(resource, record)) => {
                let Some(person) = person(resource, &record, *source, tally) else { return };
                let after_own_claim = match &person {
                    Person::Patient(patient, _) => {
                        block.open.iter().any(|open| *open.patient == *patient.id())
                    }
                    Person::Coverage(_) => false,
                };
                let after_claim = block.has_claims;
                block.people.push(Came { person, after_claim, after_own_claim });
            }
            Ok(Verdict::Skipped) => tally.skipped += 1,
            Ok(Verdict::Foreign) => {
                block.fatal = Some(Fatal::Foreign { source: *source, number: line.number });
            }
            Err(error) => {
                let (number, offset) = (line.number, line.offset);
                let reject = tally.reject(*source, number, offset, error, Some(line.bytes));
                block.rejects.push(reject);
            }
        }
    }

    fn too_long(&mut self, _source: usize, number: u64, offset: u64, _len_bytes: u64) {
        let error = RecordError::line_too_long();
        let tally = &mut self.block.claims.tally;
        let reject = tally.reject(self.source, number, offset, error, None);
        self.block.rejects.push(reject);
    }

    fn finish_block(&mut self) -> Block {
        let mut block = std::mem::take(&mut self.block);
        block.claims.end(&mut self.tables);
        block
    }
}

/// The sink of the pass: blocks in input order.
struct Sink<'r, 'g, 's> {
    shared: &'r Shared,
    sources: &'r [Source],
    options: &'r Options,
    late: LateMbi,
    /// Rows are held back from the first claim on whose Patient has not come.
    waits: bool,
    held: Option<Held>,
    stage: &'r Stage,
    tables: &'r mut Tables,
    gathered: &'r mut Gathered<'g, 's>,
    /// A record has come.
    begun: bool,
    absent: HashMap<Box<str>, Absent>,
    /// Memory of these.
    absent_bytes: usize,
}

impl Sink<'_, '_, '_> {
    fn take(&mut self, mut block: Block) -> Result<(), Error> {
        let Gathered { tally, rejects, .. } = &mut *self.gathered;
        let judged = block.claims.tally.read();
        let begins = (!self.begun && judged > 0).then_some(judged);
        self.begun |= judged > 0;
        keep_rejects(&block.rejects, begins, self.sources, tally, rejects, self.options)?;
        if let Some(fatal) = block.fatal {
            return Err(fatal_error(fatal, self.sources));
        }
        tally.add(&block.claims.tally);
        self.index_people(&block.people)?;
        if block.has_claims {
            self.shared.settled.store(true, Ordering::Release);
        }
        block.claims.gather(self.gathered)?;
        let open = self.close(&mut block)?;
        let others = self.gathered.hospice.heap_bytes() + self.absent_bytes;
        self.shared.index().check_room(others).map_err(memory::full)?;
        let rows = block.claims.batches;
        if self.held.is_none() && self.waits && open.iter().any(|claim| !claim.rows.is_empty()) {
            self.held = Some(Held::new(self.late.clone(), self.stage)?);
        }
        match &mut self.held {
            Some(held) => held.push(rows, &open, self.stage),
            None => rows.into_iter().try_for_each(|(table, batch)| self.tables.write(table, batch)),
        }
    }

    /// Puts the MBIs of Patients that have come into the rows of a block; gives the claims that stay open.
    fn close(&mut self, block: &mut Block) -> Result<Vec<OpenClaim>, Error> {
        let index = self.shared.index();
        let mut mbis: HashMap<Table, Vec<(Range<usize>, &str)>> = HashMap::new();
        let mut open = Vec::new();
        for claim in std::mem::take(&mut block.open) {
            let Some(number) = index.find(&claim.patient) else {
                let before = self.absent.get(&claim.patient);
                self.absent_bytes -= before.map_or(0, |absent| absent.bytes(&claim.patient));
                let absent = self.absent.entry(claim.patient.clone()).or_default();
                absent.add(claim.stay);
                self.absent_bytes += absent.bytes(&claim.patient);
                open.push(claim);
                continue;
            };
            if let Some((start, end)) = claim.stay {
                self.gathered.hospice.add(number, start, end);
            }
            let Some(mbi) = index.mbi(number) else { continue };
            for (table, range) in claim.rows {
                mbis.entry(table).or_default().push((range, mbi));
            }
        }
        for (table, batch) in &mut block.claims.batches {
            let Some(mbis) = mbis.get(table) else { continue };
            *batch = with_mbis(&self.late, *table, batch, mbis)?;
        }
        Ok(open)
    }

    fn index_people(&mut self, people: &[Came]) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        let had_claims = self.shared.settled.load(Ordering::Acquire);
        let refuses = !self.options.patients.is_empty();
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        memory::keep_within(&mut index);
        for Came { person, after_claim, after_own_claim } in people {
            let Person::Patient(patient, _) = person else {
                person.add_to(&mut index)?;
                continue;
            };
            let mbi = |index: &Index| {
                index.find(patient.id()).map(|number| index.mbi(number).map(str::to_owned))
            };
            let before = if had_claims || *after_claim { mbi(&index) } else { None };
            let absent = self.absent.remove(patient.id());
            let own_claim = *after_own_claim || absent.is_some();
            if refuses && own_claim && index.find(patient.id()).is_none() {
                return Err(Error::usage(
                    "standard input has a Patient after a claim of theirs: with --patients nobody is waited for; put \
                     all Patients first, or leave --patients out",
                ));
            }
            person.add_to(&mut index)?;
            if before.is_some() && before != mbi(&index) {
                return Err(Error::usage(
                    "standard input has two versions of a Patient with different MBIs, the newer one after claims: \
                     put all Patients first, or give the input as a file",
                ));
            }
            let Some((absent, number)) = absent.zip(index.find(patient.id())) else { continue };
            self.absent_bytes -= absent.bytes(patient.id());
            for (start, end) in absent.stays {
                self.gathered.hospice.add(number, start, end);
            }
        }
        Ok(())
    }
}

/// Puts MBIs into ranges of rows, which are in order.
fn with_mbis(
    late: &LateMbi,
    table: Table,
    batch: &RecordBatch,
    mbis: &[(Range<usize>, &str)],
) -> Result<RecordBatch, Error> {
    let mbi = |row: usize| {
        let place = mbis.partition_point(|(range, _)| range.end <= row);
        mbis.get(place).filter(|(range, _)| range.contains(&row)).map(|(_, mbi)| *mbi)
    };
    late.put(table, batch, mbi).map_err(|_| Error::unbuilt())
}

/// Reads the last of the sources, which is a stream. `index` has the people that came beforehand.
#[allow(
    clippy::too_many_arguments,
    reason = "a pass takes the input, the index and where everything goes"
)]
pub(crate) fn run(
    plan: &'static Plan,
    sources: &[Source],
    options: &Options,
    joins: bool,
    stage: &Stage,
    index: &mut Index,
    tables: &mut Tables,
    gathered: &mut Gathered<'_, '_>,
) -> Result<SourceReport, Error> {
    let number = sources.len() - 1;
    let wanted = tables.names();
    let shared = Shared {
        index: RwLock::new(std::mem::take(index)),
        joins,
        settled: AtomicBool::new(false),
    };
    let make = |_| Worker {
        reader: Reader::new(plan),
        tables: ClaimTables::new(plan, &wanted, &options.columns),
        hasher: BuildHasherDefault::default(),
        shared: &shared,
        sources,
        source: number,
        block: Block::default(),
    };
    let late = LateMbi::new(plan, &wanted, &options.columns);
    let mut sink = Sink {
        shared: &shared,
        sources,
        options,
        waits: options.patients.is_empty() && late.is_anywhere(),
        late,
        held: None,
        stage,
        tables,
        gathered,
        begun: false,
        absent: HashMap::new(),
        absent_bytes: 0,
    };
    let mut stopped = None;
    let file = std::slice::from_ref(&sources[number].file);
    let reports = ndjson_io::read(file, &options.reading(true), make, |block: Block| {
        count(options, &block.claims.tally);
        or_stop(sink.take(block), &mut stopped)
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    let report = reports?.pop().unwrap_or_default();

    let claims: u64 = sink.absent.values().map(|absent| absent.claims).sum();
    sink.gathered.tally.unmatched_claims += claims;
    if let Some(held) = sink.held.take() {
        held.write(&shared.index(), sink.tables, options)?;
    }
    *index = shared.index.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(report)
}

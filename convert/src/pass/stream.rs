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
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{Claim, HospiceRanges, Index, LateMbi, Person, Reader, Table, Took};
use ndjson_io::{BlockWorker, InBlock, Line};
use publish::Stage;

use crate::drift::Look;
use crate::error::Error;
use crate::memory;
use crate::out::tables::{Rows as _, Tables};
use crate::pass::block::{self, Judged, Numbers};
use crate::pass::claims::{ClaimBlock, ClaimRows, join, look_through};
use crate::pass::context::{Found, Gathered, Pass};
use crate::pass::held::{Held, OpenClaim, Stay};
use crate::pass::people::{look_through_person, source_number};
use crate::setting::{Setting, said};

/// What workers and sink share.
struct Shared {
    index: RwLock<Index>,
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

struct Block {
    judged: Judged,
    claims: Result<ClaimBlock, Error>,
    lines: Lines,
}

/// What a block keeps until the people before it are known.
#[derive(Default)]
struct Lines {
    people: Vec<Came>,
    has_claims: bool,
    open: Vec<OpenClaim>,
}

struct Worker<'p> {
    pass: &'p Pass<'p>,
    reader: Reader,
    look: Look,
    rows: ClaimRows<'p>,
    shared: &'p Shared,
    /// The number of the stream among the sources.
    source: usize,
    judged: Judged,
    lines: Lines,
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        let Self { pass, reader, look, rows, shared, source, judged, lines } = self;
        if judged.is_over() {
            return;
        }
        match reader.take(line.bytes) {
            Took::Claim(claim) => {
                lines.has_claims = true;
                // Asked before the index is: what is found in a settled one stays.
                let settled = shared.settled.load(Ordering::Acquire);
                let index = pass.joins.then(|| shared.index());
                let known = index.as_deref().and_then(|index| join(&claim, index));
                let known = known.filter(|_| settled);
                let before = (pass.joins && known.is_none()).then(|| rows.by_table());
                rows.append(&claim, known, &pass.input.sources[*source].lineage, judged);
                look_through(look, line.bytes, &claim, judged);
                if let Some(before) = before {
                    match open_claim(&claim, before, rows.by_table()) {
                        Some(open) => lines.open.push(open),
                        None => judged.counts.claims_without_patient += 1,
                    }
                }
            }
            Took::Person(record) => {
                let person = record.pack();
                judged.counts.person(&person);
                look_through_person(look, line.bytes, (&record, &person), judged);
                let after_own_claim = person.patient().is_some_and(|patient| {
                    lines.open.iter().any(|open| *open.patient == *patient.id())
                });
                let after_claim = lines.has_claims;
                lines.people.push(Came { person, after_claim, after_own_claim });
            }
            Took::Skipped(why) => judged.counts.skip(why),
            Took::Foreign(api) => judged.foreign(pass.version.told, *source, &line, api),
            Took::Bad(error) => judged.bad(*source, &line, error),
        }
    }

    fn too_long(&mut self, _source: usize, number: InBlock, offset: u64, _len_bytes: u64) {
        self.judged.too_long(self.source, number, offset);
    }

    fn finish_block(&mut self) -> Block {
        let mut judged = std::mem::take(&mut self.judged);
        let claims = self.rows.end(&mut judged);
        Block { judged, claims, lines: std::mem::take(&mut self.lines) }
    }
}

/// A claim whose rows are those that came since `before`; none if it names no Patient.
fn open_claim(
    claim: &Claim<'_>,
    before: Vec<(Table, usize)>,
    after: Vec<(Table, usize)>,
) -> Option<OpenClaim> {
    let ranges = before.into_iter().zip(after).map(|((table, from), (_, to))| (table, from..to));
    Some(OpenClaim {
        patient: claim.patient()?.into(),
        stay: claim.hospice_stay(),
        rows: ranges.filter(|(_, range)| !range.is_empty()).collect(),
    })
}

/// The sink of the pass: blocks in input order.
struct Sink<'r, 'o> {
    pass: &'r Pass<'o>,
    shared: &'r Shared,
    late: LateMbi,
    /// Rows are held back from the first claim on whose Patient has not come.
    waits: bool,
    held: Option<Held>,
    stage: &'o Stage,
    tables: Tables<'o>,
    gathered: Gathered,
    /// A record has come.
    begun: bool,
    absent: HashMap<Box<str>, Absent>,
    /// Memory of these.
    absent_bytes: usize,
}

impl Sink<'_, '_> {
    fn take(&mut self, block: Block, numbers: &Numbers<'_>) -> Result<(), Error> {
        let Block { mut judged, claims, mut lines } = block;
        if !self.begun && judged.counts.read() > 0 {
            judged.refuse_other_json(&self.pass.input.sources)?;
            self.begun = true;
        }
        let Gathered { counts, drift, rejects, .. } = &mut self.gathered;
        judged.keep(self.pass, numbers, (counts, drift), rejects)?;
        self.index_people(&lines.people)?;
        if lines.has_claims {
            self.shared.settled.store(true, Ordering::Release);
        }
        let mut claims = claims?;
        claims.gather(&mut self.gathered)?;
        let open = self.close(std::mem::take(&mut lines.open), &mut claims.batches)?;
        let others = self.gathered.hospice.heap_bytes() + self.absent_bytes;
        self.shared.index().check_room(others).map_err(memory::full)?;
        if self.held.is_none() && self.waits && open.iter().any(|claim| !claim.rows.is_empty()) {
            self.held = Some(Held::new(self.late.clone(), self.stage));
        }
        let mut rows = claims.batches.into_iter();
        match &mut self.held {
            Some(held) => held.push(rows.collect(), &open, self.stage),
            None => rows.try_for_each(|(table, batch)| self.tables.write(table, batch)),
        }
    }

    /// Puts the MBIs of Patients that have come into the rows of a block; gives the claims that stay open.
    fn close(
        &mut self,
        claims: Vec<OpenClaim>,
        batches: &mut [(Table, RecordBatch)],
    ) -> Result<Vec<OpenClaim>, Error> {
        let index = self.shared.index();
        let mut mbis: HashMap<Table, Vec<(Range<usize>, &str)>> = HashMap::new();
        let mut open = Vec::new();
        for claim in claims {
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
        for (table, batch) in batches {
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
        let refuses = !self.pass.reading.patients.is_empty();
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        memory::keep_within(&mut index);
        for Came { person, after_claim, after_own_claim } in people {
            let source = source_number(self.pass.input.sources.len() - 1);
            let Some(patient) = person.patient() else {
                person.add_to(&mut index, source).map_err(memory::full)?;
                continue;
            };
            let mbi = |index: &Index| {
                index.find(patient.id()).map(|number| index.mbi(number).map(str::to_owned))
            };
            let before = if had_claims || *after_claim { mbi(&index) } else { None };
            let absent = self.absent.remove(patient.id());
            let own_claim = *after_own_claim || absent.is_some();
            if refuses && own_claim && index.find(patient.id()).is_none() {
                return Err(Error::usage(said![
                    "standard input has a Patient after a claim of theirs: with ",
                    Setting::Patients,
                    " nobody is waited for; put all Patients first, or leave ",
                    Setting::Patients,
                    " out"
                ]));
            }
            person.add_to(&mut index, source).map_err(memory::full)?;
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

/// Reads the last of the sources, which is a stream, into the tables. The index has the people that came beforehand.
pub(crate) fn read<'o>(
    pass: &Pass<'o>,
    found: &mut Found,
    stage: &'o Stage,
    tables: Tables<'o>,
) -> Result<Tables<'o>, Error> {
    let number = pass.input.sources.len() - 1;
    let wanted = tables.names();
    let index = RwLock::new(std::mem::take(&mut found.index));
    let shared = Shared { index, settled: AtomicBool::new(false) };
    let make = |_| Worker {
        pass,
        reader: pass.reader(),
        look: pass.look(),
        rows: ClaimRows::new(pass, &wanted),
        shared: &shared,
        source: number,
        judged: Judged::default(),
        lines: Lines::default(),
    };
    let late = LateMbi::new(pass.plan, &wanted, pass.columns);
    let mut sink = Sink {
        pass,
        shared: &shared,
        waits: pass.reading.patients.is_empty() && late.is_anywhere(),
        late,
        held: None,
        stage,
        tables,
        gathered: Gathered::new(pass, found),
        begun: false,
        absent: HashMap::new(),
        absent_bytes: 0,
    };
    let reports = block::read(pass, &[number], make, |block, numbers| {
        sink.take(block, numbers).map(ControlFlow::Continue)
    })?;
    let claims: u64 = sink.absent.values().map(|absent| absent.claims).sum();
    let Sink { held, mut gathered, mut tables, .. } = sink;
    gathered.counts.claims_without_patient += claims;
    if let Some(held) = held {
        held.write(&shared.index(), &mut tables, pass.reading)?;
    }
    found.index = shared.index.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.keep_reports(&pass.input.sources, &[number], reports.unwrap_or_default())?;
    found.keep_gathered(gathered)?;
    Ok(tables)
}

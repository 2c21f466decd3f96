//! The second pass: claims, joined through the index, into rows.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::ops::ControlFlow;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{
    BeneficiaryNumber, Claim, ClaimTables, Index, Lineage, Reader, Resource, Table, Took,
};
use ndjson_io::{BlockWorker, InBlock, Line};

use crate::drift::Look;
use crate::error::Error;
use crate::memory;
use crate::out::tables::Rows;
use crate::pass::block::{self, Judged};
use crate::pass::context::{Found, Gathered, Pass};
use crate::pass::entry::person_hash;
use crate::pass::people;

/// Makes rows of the claims of a block.
pub(crate) struct ClaimRows<'p> {
    pass: &'p Pass<'p>,
    wanted: &'p [Table],
    /// Made for the first claim: their columns have room for many rows, and a worker may get none.
    tables: Option<ClaimTables>,
    hasher: BuildHasherDefault<DefaultHasher>,
    stays: Vec<(BeneficiaryNumber, i32, Option<i32>)>,
    /// Hashes of their ids.
    ids: Vec<u64>,
}

/// What the claims of a block came to, besides their counts.
pub(crate) struct ClaimBlock {
    pub(crate) batches: Vec<(Table, RecordBatch)>,
    stays: Vec<(BeneficiaryNumber, i32, Option<i32>)>,
    ids: Vec<u64>,
}

/// The beneficiary of a claim, and their MBI.
pub(crate) type Joined<'i> = (BeneficiaryNumber, Option<&'i str>);

/// Looks through a claim for what is not known, if it is one of those that are.
#[inline]
pub(crate) fn look_through(look: &mut Look, text: &[u8], claim: &Claim<'_>, judged: &mut Judged) {
    if look.takes(text) {
        let person = claim.patient().as_deref().map(person_hash);
        let resource = Resource::ExplanationOfBenefit.name();
        look.look(claim.walker(), resource, person, &mut judged.looked);
    }
}

/// Whose claim it is, if the index knows.
pub(crate) fn join<'i>(claim: &Claim<'_>, index: &'i Index) -> Option<Joined<'i>> {
    let number = claim.patient().and_then(|patient| index.find(&patient))?;
    Some((number, index.mbi(number)))
}

impl<'p> ClaimRows<'p> {
    pub(crate) fn new(pass: &'p Pass<'p>, wanted: &'p [Table]) -> Self {
        Self {
            pass,
            wanted,
            tables: None,
            hasher: BuildHasherDefault::default(),
            stays: Vec::new(),
            ids: Vec::new(),
        }
    }

    fn tables(&mut self) -> &mut ClaimTables {
        let Self { pass, wanted, .. } = *self;
        self.tables.get_or_insert_with(|| ClaimTables::new(pass.plan, wanted, pass.columns))
    }

    /// How many rows each table has so far.
    pub(crate) fn by_table(&mut self) -> Vec<(Table, usize)> {
        self.tables().table_rows().collect()
    }

    /// Makes the rows of a claim, takes what else the run wants of it, and counts it.
    pub(crate) fn append(
        &mut self,
        claim: &Claim<'_>,
        beneficiary: Option<Joined<'_>>,
        lineage: &Lineage,
        judged: &mut Judged,
    ) {
        let mbi = beneficiary.and_then(|(_, mbi)| mbi);
        judged.counts.claim(claim, self.tables().append(claim, mbi, lineage));
        if let (Some((number, _)), Some((start, end))) = (beneficiary, claim.hospice_stay()) {
            self.stays.push((number, start, end));
        }
        if let Some(id) = claim.id() {
            self.ids.push(self.hasher.hash_one(&*id));
        }
    }

    /// Ends the rows of the block.
    pub(crate) fn end(&mut self, judged: &mut Judged) -> Result<ClaimBlock, Error> {
        let mut batches = Vec::new();
        if let Some(tables) = &mut self.tables {
            judged.counts.untranslated(tables.take_untranslated());
            batches = tables.finish().map_err(|_| Error::unbuilt())?;
        }
        Ok(ClaimBlock {
            batches,
            stays: std::mem::take(&mut self.stays),
            ids: std::mem::take(&mut self.ids),
        })
    }
}

impl ClaimBlock {
    /// Adds what the run wants of the claims besides their rows and their count.
    pub(crate) fn gather(&self, gathered: &mut Gathered) -> Result<(), Error> {
        for (number, start, end) in &self.stays {
            gathered.hospice.add(*number, *start, *end);
        }
        gathered.ids.as_mut().map_or(Ok(()), |ids| ids.add(&self.ids))
    }
}

struct Block {
    judged: Judged,
    claims: Result<ClaimBlock, Error>,
    /// A Patient or Coverage stands among the claims: the pass must start again.
    person: bool,
}

struct Worker<'p> {
    pass: &'p Pass<'p>,
    reader: Reader,
    look: Look,
    rows: ClaimRows<'p>,
    /// None when nothing is written that needs the beneficiary of a claim.
    index: Option<&'p Index>,
    numbers: &'p [usize],
    /// By source: its Patients, Coverages and bad lines are counted already.
    indexed: &'p [bool],
    judged: Judged,
    person: bool,
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        let Self { pass, reader, look, rows, index, numbers, indexed, judged, person } = self;
        if judged.is_over() || *person {
            return;
        }
        let source = numbers[line.source];
        if pass.latest.is_some_and(|latest| latest.leaves_out(source, line.offset)) {
            judged.counts.left_out += 1;
            return;
        }
        match reader.take(line.bytes) {
            // What is no claim in a file that was indexed is counted already.
            took if indexed[source] && !took.is_of_claims() => {}
            Took::Claim(claim) => {
                let beneficiary = index.and_then(|index| join(&claim, index));
                let unmatched = index.is_some() && beneficiary.is_none();
                judged.counts.claims_without_patient += u64::from(unmatched);
                rows.append(&claim, beneficiary, &pass.input.sources[source].lineage, judged);
                look_through(look, line.bytes, &claim, judged);
            }
            Took::Person(_) => *person = true,
            Took::Skipped(why) => judged.counts.skip(why),
            Took::Foreign(api) => judged.foreign(pass.version.told, source, &line, api),
            Took::Bad(error) => judged.bad(source, &line, error),
        }
    }

    fn too_long(&mut self, source: usize, number: InBlock, offset: u64, _len_bytes: u64) {
        let source = self.numbers[source];
        if !self.indexed[source] {
            self.judged.too_long(source, number, offset);
        }
    }

    fn finish_block(&mut self) -> Block {
        let mut judged = std::mem::take(&mut self.judged);
        let claims = self.rows.end(&mut judged);
        Block { judged, claims, person: std::mem::take(&mut self.person) }
    }
}

/// Reads the claims into the rows that `begin` makes. If there are people among them, these rows are abandoned, the
/// people of all files are indexed after all, and it begins again.
pub(crate) fn read<T: Rows>(
    pass: &Pass<'_>,
    found: &mut Found,
    begin: impl Fn() -> Result<T, Error>,
) -> Result<T, Error> {
    loop {
        let mut rows = begin()?;
        if read_into(pass, found, &mut rows)? {
            return Ok(rows);
        }
        rows.abandon()?;
        people::read_all(pass, found)?;
        found.restarted = true;
    }
}

/// Reads the claims into the tables, unless people stand among them.
fn read_into(pass: &Pass<'_>, found: &mut Found, rows: &mut impl Rows) -> Result<bool, Error> {
    let numbers = found.claim_sources(pass);
    let (index, wanted) = (found.joined(pass), rows.names());
    let make = |_| Worker {
        pass,
        reader: pass.reader(),
        look: pass.look(),
        rows: ClaimRows::new(pass, &wanted),
        index,
        numbers: &numbers,
        indexed: &found.indexed,
        judged: Judged::default(),
        person: false,
    };
    let mut gathered = Gathered::new(pass, found);
    let reports = block::read(pass, &numbers, make, |mut block: Block, lines| {
        let counts = (&mut gathered.counts, &mut gathered.drift);
        block.judged.keep(pass, lines, counts, &mut gathered.rejects)?;
        if block.person {
            return Ok(ControlFlow::Break(()));
        }
        let claims = block.claims?;
        claims.gather(&mut gathered)?;
        let stays = gathered.hospice.heap_bytes();
        index.map_or(Ok(()), |index| index.check_room(stays)).map_err(memory::full)?;
        claims.batches.into_iter().try_for_each(|(table, batch)| rows.write(table, batch))?;
        Ok(ControlFlow::Continue(()))
    })?;
    let Some(reports) = reports else { return Ok(false) };
    found.keep_reports(&pass.input.sources, &numbers, reports)?;
    found.keep_gathered(gathered)?;
    Ok(true)
}

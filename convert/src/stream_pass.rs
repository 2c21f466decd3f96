//! The one pass over standard input: people into the index and claims into rows as they come.
//!
//! A stream is read once, and a Patient may come after its claims. So a claim whose Patient is not known yet, and
//! all claims after it, are held back, compressed, in the run's private folder, and converted when the stream has
//! ended. If Patients come first (or from `--patients`), nothing is held back. Rows come in the order of the input
//! either way, so that a stream gives the same tables as a file.
//!
//! What makes a row right whenever it was made: its MBI is that of the complete index. So a Patient that changes a
//! known MBI when claims have come is refused, whether rows were made of them or not: the verdict must not depend on
//! where blocks end.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use cclf_crosswalk::{
    Beneficiary, Claim, ClaimTables, Enrolment, Index, Plan, Reader, RecordError, Resource, Table,
    Verdict,
};
use ndjson_io::{BlockWorker, Line, SourceFile, SourceReport};

use crate::claim_pass::{self, ClaimBlock, Gathered, Outcome};
use crate::error::Error;
use crate::index_pass::{Person, count, fatal_error, keep_rejects, or_stop};
use crate::options::Options;
use crate::output::Tables;
use crate::sources::Source;
use crate::tally::{Fatal, Reject, Tally};

/// What workers and sink share.
struct Shared {
    index: RwLock<Index>,
    /// Something is written that needs the beneficiary of a claim.
    joins: bool,
    /// Claims are held back: workers only judge them.
    holding: AtomicBool,
}

impl Shared {
    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Block {
    /// And whether a claim of the block stands before them.
    people: Vec<(Person, bool)>,
    claims: bool,
    /// Rows of the claims that come first in the block.
    converted: ClaimBlock,
    /// The lines of the claims after them, whose Patient was not known.
    raw: Vec<u8>,
    tally: Tally,
    rejects: Vec<Reject>,
    fatal: Option<Fatal>,
    failed: bool,
}

struct Worker<'s> {
    converter: Converter,
    shared: &'s Shared,
    sources: &'s [Source],
    /// The number of the stream among the sources.
    source: usize,
    block: Block,
}

/// Claims to rows.
struct Converter {
    reader: Reader,
    tables: ClaimTables,
    hasher: BuildHasherDefault<DefaultHasher>,
}

impl Converter {
    fn new(plan: &'static Plan, wanted: &[Table], options: &Options) -> Self {
        Self {
            reader: Reader::new(plan),
            tables: ClaimTables::new(plan, wanted, &options.columns),
            hasher: BuildHasherDefault::default(),
        }
    }

    /// Ends the columns of a block.
    fn finish(&mut self, block: &mut ClaimBlock) -> Result<(), Error> {
        block.batches = self.tables.finish().map_err(|_| unbuilt())?;
        block.tally.untranslated = self.tables.take_untranslated();
        Ok(())
    }

    /// Converts lines that were judged to be claims; how many have a Patient that is not known.
    fn convert(
        &mut self,
        lines: &[u8],
        index: &Index,
        source: &Source,
    ) -> Result<(ClaimBlock, u64), Error> {
        let (mut block, mut waiting) = (ClaimBlock::default(), 0);
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Ok(Verdict::Record(Resource::ExplanationOfBenefit, record)) =
                self.reader.read(line)
            else {
                return Err(unbuilt());
            };
            if let Some(claim) = Claim::new(record) {
                waiting += u64::from(waits(&claim, index));
                let (tables, hasher) = (&mut self.tables, &self.hasher);
                let lineage = &source.lineage;
                claim_pass::convert(&claim, tables, Some(index), lineage, hasher, &mut block);
            }
        }
        self.finish(&mut block)?;
        Ok((block, waiting))
    }
}

fn unbuilt() -> Error {
    Error::failed("building a record batch failed; please report it")
}

/// Whether the Patient of a claim may still come.
fn waits(claim: &Claim<'_>, index: &Index) -> bool {
    claim.patient().is_some_and(|patient| index.find(&patient).is_none())
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        if self.block.fatal.is_some() {
            return;
        }
        let Self { converter, shared, sources, source, block } = self;
        let Converter { reader, tables, hasher } = converter;
        match reader.read(line.bytes) {
            Ok(Verdict::Record(Resource::ExplanationOfBenefit, record)) => {
                let Some(claim) = Claim::new(record) else { return };
                block.claims = true;
                let index = shared.joins.then(|| shared.index());
                let index = index.as_deref();
                let held = !block.raw.is_empty() || shared.holding.load(Ordering::Relaxed);
                if held || index.is_some_and(|index| waits(&claim, index)) {
                    block.raw.extend_from_slice(line.bytes);
                    block.raw.push(b'\n');
                    block.tally.held += 1;
                } else {
                    let lineage = &sources[*source].lineage;
                    let converted = &mut block.converted;
                    claim_pass::convert(&claim, tables, index, lineage, hasher, converted);
                    // Counted with the block, where bad records count what came before them.
                    block.tally.add(&std::mem::take(&mut converted.tally));
                }
            }
            Ok(Verdict::Record(Resource::Patient, record)) => {
                block.tally.partial_dates += record.partial_dates();
                block.tally.joined += 1;
                if let Some(patient) = Beneficiary::new(&record) {
                    block.people.push((Person::Patient(patient, *source), block.claims));
                }
            }
            Ok(Verdict::Record(Resource::Coverage, record)) => {
                block.tally.partial_dates += record.partial_dates();
                block.tally.joined += 1;
                if let Some(coverage) = Enrolment::new(&record) {
                    block.people.push((Person::Coverage(coverage), block.claims));
                }
            }
            Ok(Verdict::Skipped) => block.tally.skipped += 1,
            Ok(Verdict::Foreign) => {
                block.fatal = Some(Fatal::Foreign { source: *source, number: line.number });
            }
            Err(error) => {
                let (number, offset) = (line.number, line.offset);
                let reject = block.tally.reject(*source, number, offset, error, Some(line.bytes));
                block.rejects.push(reject);
            }
        }
    }

    fn too_long(&mut self, _source: usize, number: u64, offset: u64, _len_bytes: u64) {
        let error = RecordError::line_too_long();
        let reject = self.block.tally.reject(self.source, number, offset, error, None);
        self.block.rejects.push(reject);
    }

    fn finish_block(&mut self) -> Block {
        let mut block = std::mem::take(&mut self.block);
        match self.converter.finish(&mut block.converted) {
            Ok(()) => block.tally.add(&std::mem::take(&mut block.converted.tally)),
            Err(_) => block.failed = true,
        }
        block
    }
}

/// Claims held back until the stream has ended, in their order.
struct Held {
    /// Blocks that were on their way when holding began: some are converted already.
    early: Vec<(ClaimBlock, Vec<u8>)>,
    /// How many such blocks there can be.
    most_early: usize,
    path: PathBuf,
    spool: Option<zstd::Encoder<'static, File>>,
}

fn fault(fault: &std::io::Error) -> Error {
    Error::failed(format!("write of the spool of stdin failed: {fault}"))
}

impl Held {
    fn push(&mut self, block: ClaimBlock, raw: Vec<u8>) -> Result<(), Error> {
        if self.early.len() < self.most_early {
            self.early.push((block, raw));
            return Ok(());
        }
        debug_assert!(block.batches.is_empty(), "workers knew that claims are held back");
        if self.spool.is_none() {
            let file = private_file(&self.path).map_err(|e| fault(&e))?;
            self.spool = Some(zstd::Encoder::new(file, 1).map_err(|e| fault(&e))?);
        }
        let spool = self.spool.as_mut().map(|spool| spool.write_all(&raw));
        spool.unwrap_or(Ok(())).map_err(|e| fault(&e))
    }

    /// The file that holds what is not in `early`, if there is one.
    fn finish(&mut self) -> Result<Option<PathBuf>, Error> {
        let Some(spool) = self.spool.take() else { return Ok(None) };
        spool.finish().map_err(|e| fault(&e))?;
        Ok(Some(self.path.clone()))
    }
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The sink of the pass: blocks in input order.
struct Sink<'r, 'g, 's> {
    shared: &'r Shared,
    sources: &'r [Source],
    options: &'r Options,
    converter: Converter,
    held: Held,
    tables: &'r mut Tables,
    gathered: &'r mut Gathered<'g, 's>,
    /// A claim has come: rows may have been made with the MBIs of the index as it was.
    claims: bool,
}

impl Sink<'_, '_, '_> {
    fn take(&mut self, block: Block) -> Result<(), Error> {
        if block.failed {
            return Err(unbuilt());
        }
        let Gathered { tally, rejects, .. } = &mut *self.gathered;
        keep_rejects(&block.rejects, self.sources, tally, rejects, self.options)?;
        if let Some(fatal) = block.fatal {
            return Err(fatal_error(fatal, self.sources));
        }
        tally.add(&block.tally);
        self.index_people(&block.people)?;
        self.claims |= block.claims;
        if self.shared.holding.load(Ordering::Relaxed) {
            return self.held.push(block.converted, block.raw);
        }
        self.write(block.converted)?;
        if block.raw.is_empty() {
            return Ok(());
        }
        // Their Patients may have come in the blocks before this one while it was read.
        let source = &self.sources[self.sources.len() - 1];
        let index = self.shared.index();
        let (converted, waiting) = self.converter.convert(&block.raw, &index, source)?;
        drop(index);
        if waiting > 0 {
            self.shared.holding.store(true, Ordering::Relaxed);
            return self.held.push(ClaimBlock::default(), block.raw);
        }
        self.count_held(&converted);
        self.write(converted)
    }

    /// Claims that were held back have become rows.
    fn count_held(&mut self, block: &ClaimBlock) {
        let tally = &mut *self.gathered.tally;
        tally.held -= block.tally.with_rows + block.tally.without_rows;
        tally.add(&block.tally);
    }

    fn index_people(&mut self, people: &[(Person, bool)]) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        for (person, after_claim) in people {
            match person {
                Person::Coverage(coverage) => index.add_coverage(coverage),
                Person::Patient(patient, source) => {
                    let source = u32::try_from(*source).unwrap_or(u32::MAX);
                    let mbi = |index: &Index| {
                        index.find(patient.id()).map(|number| index.mbi(number).map(str::to_owned))
                    };
                    let after_claim = self.claims || *after_claim;
                    let before = if after_claim { mbi(&index) } else { None };
                    index.add_patient(patient, source);
                    if before.is_some() && before != mbi(&index) {
                        return Err(Error::usage(
                            "standard input has two versions of a Patient with different MBIs, the newer one after \
                             claims: put all Patients first, or give the input as a file",
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    fn write(&mut self, block: ClaimBlock) -> Result<(), Error> {
        block.gather(self.gathered)?;
        block.batches.into_iter().try_for_each(|(table, batch)| self.tables.write(table, batch))
    }
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
    scratch: &Path,
    index: &mut Index,
    tables: &mut Tables,
    gathered: &mut Gathered<'_, '_>,
) -> Result<SourceReport, Error> {
    let number = sources.len() - 1;
    let wanted = tables.names();
    let shared = Shared {
        index: RwLock::new(std::mem::take(index)),
        joins,
        holding: AtomicBool::new(false),
    };
    let make = |_| Worker {
        converter: Converter::new(plan, &wanted, options),
        shared: &shared,
        sources,
        source: number,
        block: Block::default(),
    };
    let reading = options.reading(true);
    let held = Held {
        early: Vec::new(),
        most_early: reading.blocks_under_way() + 1,
        path: scratch.join("stdin"),
        spool: None,
    };
    let converter = Converter::new(plan, &wanted, options);
    let mut sink = Sink {
        shared: &shared,
        sources,
        options,
        converter,
        held,
        tables,
        gathered,
        claims: false,
    };
    let mut stopped = None;
    let file = std::slice::from_ref(&sources[number].file);
    let reports = ndjson_io::read(file, &reading, make, |block: Block| {
        count(options, &block.tally);
        or_stop(sink.take(block), &mut stopped)
    });
    if let Some(error) = stopped {
        return Err(error);
    }
    let report = reports?.pop().unwrap_or_default();

    for (block, raw) in std::mem::take(&mut sink.held.early) {
        sink.write(block)?;
        let (converted, _) = sink.converter.convert(&raw, &shared.index(), &sources[number])?;
        sink.count_held(&converted);
        sink.write(converted)?;
    }
    let spool = sink.held.finish()?;
    *index = shared.index.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = spool {
        convert_spool(plan, &sources[number], &path, options, index, tables, gathered)?;
    }
    Ok(report)
}

/// Converts the claims that were spooled, with the complete index.
fn convert_spool(
    plan: &'static Plan,
    stream: &Source,
    path: &Path,
    options: &Options,
    index: &Index,
    tables: &mut Tables,
    gathered: &mut Gathered<'_, '_>,
) -> Result<(), Error> {
    // The compression is ours: no limit on what it may hold applies.
    let options = Options { max_decompressed_bytes: u64::MAX, ..options.clone() };
    let file = SourceFile::with_name(path, stream.file.name())?;
    let spooled = [Source { file, lineage: stream.lineage.clone(), ..*stream }];
    // All that is not a claim is counted already, and so are the claims, as held back.
    let held = std::mem::take(&mut gathered.tally.held);
    let before = gathered.tally.read();
    let outcome =
        claim_pass::run(plan, &spooled, &[0], &[true], &options, Some(index), tables, gathered)?;
    match outcome {
        Outcome::Done(_) if gathered.tally.read() - before == held => Ok(()),
        _ => Err(Error::failed("claims held back were not found again; please report it")),
    }
}

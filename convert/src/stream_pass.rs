//! The one pass over standard input: people into the index and claims into rows as they come.
//!
//! A stream is read once, and a Patient may come after its claims. So a claim whose Patient is not known yet, and
//! all claims after it, are held back, compressed, in the run's private folder, and converted when the stream has
//! ended. With `--patients` nobody is waited for: nothing is held back, and a Patient that comes after a claim of
//! its own is refused. Rows come in the order of the input either way, so that a stream gives the same tables as a
//! file.
//!
//! What makes a row right whenever it was made: its MBI is that of the complete index. So a Patient that changes a
//! known MBI when claims have come is refused, whether rows were made of them or not: the verdict must not depend on
//! where blocks end.
//!
//! Workers run ahead of the index: the Patient of a claim may be in a block that is still under way. So from the
//! first claim of a block whose Patient they do not find they keep the lines beside the rows, and the sink, which
//! sees blocks in order, decides which of the two is used.

use std::collections::HashSet;
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
    /// Claims whose Patient is not known are held back until the stream ends.
    waits: bool,
    /// Claims are held back: workers only judge them.
    holding: AtomicBool,
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

#[derive(Default)]
struct Block {
    people: Vec<Came>,
    claims: bool,
    /// Rows of the claims that come first in the block.
    converted: ClaimBlock,
    /// The lines of the claims from the first one on whose Patient was not known.
    raw: Vec<u8>,
    /// Their rows, with the index as it was.
    ahead: ClaimBlock,
    /// The Patients that were not known.
    missing: Vec<Box<str>>,
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

    /// Converts lines that were judged to be claims; which Patients of theirs are not known.
    fn convert(
        &mut self,
        lines: &[u8],
        index: &Index,
        source: &Source,
    ) -> Result<(ClaimBlock, Vec<Box<str>>), Error> {
        let (mut block, mut missing) = (ClaimBlock::default(), Vec::new());
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let Ok(Verdict::Record(Resource::ExplanationOfBenefit, record)) =
                self.reader.read(line)
            else {
                return Err(unbuilt());
            };
            if let Some(claim) = Claim::new(record) {
                missing.extend(missing_patient(&claim, index));
                let (tables, hasher) = (&mut self.tables, &self.hasher);
                let lineage = &source.lineage;
                claim_pass::convert(&claim, tables, Some(index), lineage, hasher, &mut block);
            }
        }
        finish(&mut self.tables, &mut block)?;
        Ok((block, missing))
    }
}

/// Ends the columns of a block.
fn finish(tables: &mut ClaimTables, block: &mut ClaimBlock) -> Result<(), Error> {
    block.batches = tables.finish().map_err(|_| unbuilt())?;
    block.tally.untranslated = tables.take_untranslated();
    Ok(())
}

fn unbuilt() -> Error {
    Error::failed("building a record batch failed; please report it")
}

/// The Patient of a claim, if it is not known and may still come.
fn missing_patient(claim: &Claim<'_>, index: &Index) -> Option<Box<str>> {
    let patient = claim.patient()?;
    index.find(&patient).is_none().then(|| patient.into())
}

impl BlockWorker for Worker<'_> {
    type Output = Block;

    fn line(&mut self, line: Line<'_>) {
        #[cfg(test)]
        crate::tests::strike(line.bytes);
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
                let holding = shared.holding.load(Ordering::Relaxed);
                let missing = index.and_then(|index| missing_patient(&claim, index));
                if block.raw.is_empty() && (holding || missing.is_some()) {
                    block.failed |= finish(tables, &mut block.converted).is_err();
                    block.tally.add(&std::mem::take(&mut block.converted.tally));
                }
                let kept = !block.raw.is_empty() || holding || missing.is_some();
                block.missing.extend(missing);
                let rows = if kept { &mut block.ahead } else { &mut block.converted };
                if !holding {
                    let lineage = &sources[*source].lineage;
                    claim_pass::convert(&claim, tables, index, lineage, hasher, rows);
                }
                if kept {
                    block.raw.extend_from_slice(line.bytes);
                    block.raw.push(b'\n');
                    block.tally.held += 1;
                } else {
                    // Counted with the block, where bad records count what came before them.
                    block.tally.add(&std::mem::take(&mut rows.tally));
                }
            }
            Ok(Verdict::Record(Resource::Patient, record)) => {
                block.tally.partial_dates += record.partial_dates();
                block.tally.joined += 1;
                if let Some(patient) = Beneficiary::new(&record) {
                    let after_own_claim = block.missing.iter().any(|id| **id == *patient.id());
                    let person = Person::Patient(patient, *source);
                    block.people.push(Came { person, after_claim: block.claims, after_own_claim });
                }
            }
            Ok(Verdict::Record(Resource::Coverage, record)) => {
                block.tally.partial_dates += record.partial_dates();
                block.tally.joined += 1;
                if let Some(coverage) = Enrolment::new(&record) {
                    let person = Person::Coverage(coverage);
                    let after_claim = block.claims;
                    block.people.push(Came { person, after_claim, after_own_claim: false });
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
        if block.raw.is_empty() {
            block.failed |= finish(&mut self.converter.tables, &mut block.converted).is_err();
            block.tally.add(&std::mem::take(&mut block.converted.tally));
        } else {
            block.failed |= finish(&mut self.converter.tables, &mut block.ahead).is_err();
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

fn fault(path: &Path, fault: &std::io::Error) -> Error {
    Error::failed(format!("write of the spool of stdin, {}, failed: {fault}", path.display()))
}

impl Held {
    fn push(&mut self, block: ClaimBlock, raw: Vec<u8>) -> Result<(), Error> {
        if self.early.len() < self.most_early {
            self.early.push((block, raw));
            return Ok(());
        }
        debug_assert!(block.batches.is_empty(), "workers knew that claims are held back");
        if self.spool.is_none() {
            let file = private_file(&self.path).map_err(|e| fault(&self.path, &e))?;
            let spool = zstd::Encoder::new(file, 1).map_err(|e| fault(&self.path, &e))?;
            self.spool = Some(spool);
        }
        let spool = self.spool.as_mut().map(|spool| spool.write_all(&raw));
        spool.unwrap_or(Ok(())).map_err(|e| fault(&self.path, &e))
    }

    /// The file that holds what is not in `early`, if there is one.
    fn finish(&mut self) -> Result<Option<PathBuf>, Error> {
        let Some(spool) = self.spool.take() else { return Ok(None) };
        spool.finish().map_err(|e| fault(&self.path, &e))?;
        Ok(Some(self.path.clone()))
    }
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // A umask may have taken away bits of ours.
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
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
    /// A record has come.
    begun: bool,
    /// A claim has come: rows may have been made with the MBIs of the index as it was.
    claims: bool,
    /// Patients of claims whose rows were written without them.
    missing: HashSet<Box<str>>,
}

impl Sink<'_, '_, '_> {
    fn take(&mut self, block: Block) -> Result<(), Error> {
        if block.failed {
            return Err(unbuilt());
        }
        let Gathered { tally, rejects, .. } = &mut *self.gathered;
        let judged = block.tally.read();
        let begins = (!self.begun && judged > 0).then_some(judged);
        self.begun |= judged > 0;
        keep_rejects(&block.rejects, begins, self.sources, tally, rejects, self.options)?;
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
        let index = self.shared.index();
        let came = block.missing.iter().any(|patient| index.find(patient).is_some());
        let (rows, missing) = if came {
            let source = &self.sources[self.sources.len() - 1];
            self.converter.convert(&block.raw, &index, source)?
        } else {
            (block.ahead, block.missing)
        };
        drop(index);
        if self.shared.waits && !missing.is_empty() {
            self.shared.holding.store(true, Ordering::Relaxed);
            return self.held.push(ClaimBlock::default(), block.raw);
        }
        self.missing.extend(missing);
        self.count_held(&rows);
        self.write(rows)
    }

    /// Claims that were held back have become rows.
    fn count_held(&mut self, block: &ClaimBlock) {
        let tally = &mut *self.gathered.tally;
        tally.held -= block.tally.with_rows + block.tally.without_rows;
        tally.add(&block.tally);
    }

    fn index_people(&mut self, people: &[Came]) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        let mut index = self.shared.index.write().unwrap_or_else(PoisonError::into_inner);
        for Came { person, after_claim, after_own_claim } in people {
            match person {
                Person::Coverage(coverage) => index.add_coverage(coverage),
                Person::Patient(patient, source) => {
                    let source = u32::try_from(*source).unwrap_or(u32::MAX);
                    let mbi = |index: &Index| {
                        index.find(patient.id()).map(|number| index.mbi(number).map(str::to_owned))
                    };
                    let after_claim = self.claims || *after_claim;
                    let before = if after_claim { mbi(&index) } else { None };
                    let own_claim = *after_own_claim || self.missing.contains(patient.id());
                    if !self.shared.waits && own_claim && index.find(patient.id()).is_none() {
                        return Err(Error::usage(
                            "standard input has a Patient after a claim of theirs: with --patients nobody is waited \
                             for; put all Patients first, or leave --patients out",
                        ));
                    }
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
        waits: options.patients.is_empty(),
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
        begun: false,
        claims: false,
        missing: HashSet::new(),
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

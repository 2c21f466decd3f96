//! What all passes do with a block of lines besides their own.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering::Relaxed;

use cclf_crosswalk::{Api, Guess, Guesser, RecordCounts, RecordError};
use ndjson_io::{Before, BlockWorker, InBlock, Line, SourceFile, SourceReport};

use crate::drift::{Counted, Looked};
use crate::error::Error;
use crate::input::blocks;
use crate::input::instead::Instead;
use crate::input::source::Source;
use crate::input::version::{Foreign, Told};
use crate::pass::context::Pass;
use crate::pass::rejects::{Reject, RejectLog};

/// What the lines of a block came to in any pass.
#[derive(Default)]
pub(crate) struct Judged {
    pub(crate) counts: RecordCounts,
    /// What is not known of the records that were looked through.
    pub(crate) looked: Looked,
    rejects: Vec<(InBlock, Reject)>,
    /// The first record of another version of the API, which ends the run whatever else is in it.
    foreign: Option<(InBlock, Foreign)>,
}

impl Judged {
    /// Whether no further line is judged.
    pub(crate) fn is_over(&self) -> bool {
        self.foreign.is_some()
    }

    /// The line, of the source with this number, is of this version of the API: where the user states another it is
    /// bad.
    pub(crate) fn foreign(&mut self, told: Told, source: usize, line: &Line<'_>, api: Api) {
        if told == Told::ByUser {
            self.bad(source, line, RecordError::of_other_version());
        } else {
            self.foreign = Some((line.number, Foreign { api, source, line: 0 }));
        }
    }

    /// The line is bad.
    pub(crate) fn bad(&mut self, source: usize, line: &Line<'_>, error: RecordError) {
        self.reject(source, (line.number, line.offset), error, Some(line.bytes.to_vec()));
    }

    /// A line is too long to be kept.
    pub(crate) fn too_long(&mut self, source: usize, number: InBlock, offset: u64) {
        self.reject(source, (number, offset), RecordError::line_too_long(), None);
    }

    fn reject(
        &mut self,
        source: usize,
        (number, offset): (InBlock, u64),
        error: RecordError,
        line: Option<Vec<u8>>,
    ) {
        self.counts.bad(&error);
        let ordinal = self.counts.read();
        self.rejects.push((number, Reject { source, number: 0, offset, error, line, ordinal }));
    }

    /// Keeps the rejects, now that the numbers of their lines are known, and adds the counts to those of what came before the
    /// block.
    ///
    /// # Errors
    /// What ends the run: another version of the API, a bad record or too many of them, or a file that cannot be written.
    pub(crate) fn keep(
        &mut self,
        pass: &Pass<'_>,
        numbers: &Numbers<'_>,
        (counts, drift): (&mut RecordCounts, &mut Counted),
        rejects: &mut RejectLog,
    ) -> Result<(), Error> {
        for (earlier, (line, reject)) in (1..).zip(&mut self.rejects) {
            reject.number = numbers.of(reject.source, *line);
            let rejected = counts.rejected + earlier;
            rejects.push(
                reject,
                &pass.input.sources,
                rejected,
                counts.read() + reject.ordinal,
                pass.reading,
            )?;
        }
        if let Some((line, foreign)) = self.foreign {
            let before = pass.input.sources[foreign.source].file.lines_before()?;
            let line = before + numbers.of(foreign.source, line);
            let foreign = Foreign { line, ..foreign };
            let first = *pass.foreign.get_or_init(|| foreign);
            return Err(pass.version.error(first, &pass.input.sources));
        }
        counts.add(&self.counts);
        drift.add(&self.looked);
        pass.reading.progress.records.fetch_add(self.counts.read(), Relaxed);
        pass.reading.progress.rejects.fetch_add(self.counts.rejected, Relaxed);
        Ok(())
    }

    /// Refuses a stream of which this block is the beginning, if it is a JSON text over several lines or an array.
    /// Files are looked at before they are read; a stream, which is read once, tells it here.
    pub(crate) fn refuse_other_json(&self, sources: &[Source]) -> Result<(), Error> {
        let mut rejects = self.rejects.iter().map(|(_, reject)| reject);
        let Some(first) = rejects.next().filter(|first| first.ordinal == 1) else {
            return Ok(());
        };
        let Some(mut beginning) = first.line.clone() else { return Ok(()) };
        beginning.push(b'\n');
        match rejects.next().filter(|second| second.ordinal == 2) {
            Some(second) => beginning.extend(second.line.iter().flatten()),
            // The next record is good.
            None if self.counts.read() > 1 => beginning.push(b'{'),
            None => {}
        }
        match Guesser::default().guess(&beginning) {
            Guess::NotNdjson => Err(Instead::ONE_JSON_TEXT.error(&sources[first.source].file)),
            _ => Ok(()),
        }
    }
}

/// Which line of its source a line of a block is.
pub(crate) struct Numbers<'b> {
    before: Before<'b>,
    /// Numbers of the sources that are read, in rising order.
    sources: &'b [usize],
}

impl Numbers<'_> {
    fn of(&self, source: usize, line: InBlock) -> u64 {
        self.before.number(self.sources.partition_point(|number| *number < source), line)
    }
}

/// Reads the sources with these numbers, and gives `take` their blocks in input order; no reports if it breaks off.
pub(crate) fn read<W: BlockWorker>(
    pass: &Pass<'_>,
    numbers: &[usize],
    make: impl Fn(usize) -> W + Sync,
    mut take: impl FnMut(W::Output, &Numbers<'_>) -> Result<ControlFlow<()>, Error>,
) -> Result<Option<Vec<SourceReport>>, Error> {
    let files: Vec<_> =
        numbers.iter().map(|number| pass.input.sources[*number].file.clone()).collect();
    // The hash of a part of a file is compared with nothing.
    let hash = (pass.reading.hash_inputs || !files.iter().all(SourceFile::is_bound))
        && !files.iter().any(SourceFile::is_part);
    blocks::read(&files, &pass.reading.options(hash), make, |block, before| {
        take(block, &Numbers { before, sources: numbers })
    })
}

//! What a worker is given: the lines of a block, one by one, wherever they come from.

use std::ops::{ControlFlow, Range};
use std::sync::{Mutex, PoisonError};

use crate::block::{Block, Content};
use crate::counts::{Found, InBlock};
use crate::decompress::{Chunk, Decoders, Stream};
use crate::error::Error;
use crate::fault::Fault;
use crate::line::{Line, Lines, is_blank};
use crate::plain::PlainFile;
use crate::progress::{Progress, SourceReport};
use crate::range::{Bytes, Piece, Ranges};
use crate::source::SourceFile;
use crate::stop::StopSignal;
use crate::turns::Turns;

/// Most lines of a block whose results wait for others. A block of short lines is handed on in pieces of so many, each
/// when its turn has come: what is made of a line may be much larger than the line.
const MOST_WAITING_LINES: u64 = 8192;

/// What each worker thread does with lines. A worker lives on one thread and sees some of the
/// blocks of the input, in rising order; which ones is not known before.
///
/// To get the same result for any number of threads and any size of block, what
/// [`finish_block`](Self::finish_block) gives must depend on the lines since the last call only.
pub trait BlockWorker {
    /// What a worker makes of the lines of one block.
    type Output: Send;

    /// One line that is not blank and not too long.
    fn line(&mut self, line: Line<'_>);

    /// A line over [`Limits::max_line_bytes`](crate::Limits::max_line_bytes): its bytes are not kept, only where it begins and
    /// how long it is (without line end and byte order mark). It comes in its place among the
    /// lines.
    fn too_long(&mut self, source: usize, number: InBlock, offset: u64, len_bytes: u64);

    /// The block ends, or has had many lines: gives what was made of the lines since the last call, which goes to the
    /// sink in input order. A block may hold lines of several sources, and a source may end within a block.
    fn finish_block(&mut self) -> Self::Output;
}

/// A source, the line of it that a worker was given last, and where that begins.
pub(crate) type Place = Option<(usize, InBlock, u64)>;

/// What was made of a block; and why there is no more of it.
pub(crate) type Finished<T> = (T, Option<Broken>);

/// Why nothing comes behind the lines that came.
pub(crate) enum Broken {
    /// The bytes of a source end at this one, which is the first of a line.
    At(Fault, usize, u64),
    /// A source cannot be opened, or was another one before.
    Source(Error),
}

/// What all workers are told.
pub(crate) struct Run<'o> {
    pub(crate) sources: &'o [SourceFile],
    pub(crate) max_line_bytes: usize,
    pub(crate) max_decompressed_bytes: u64,
    pub(crate) require_checksums: bool,
    pub(crate) progress: Option<&'o Progress>,
    pub(crate) reports: &'o Mutex<Vec<SourceReport>>,
    pub(crate) stop: StopSignal,
    pub(crate) turns: Turns,
}

/// A whole file, whichever way it is stored.
impl Bytes for Stream {
    fn read_from(&mut self, _at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        loop {
            match self.read(buffer)? {
                // A step of a decoder may take bytes and give none.
                Chunk::Bytes(0) => {}
                Chunk::Bytes(count) => return Ok(count),
                Chunk::End => return Ok(0),
            }
        }
    }
}

/// What a worker thread reads with, one block after another.
#[derive(Default)]
pub(crate) struct Memory {
    ranges: Ranges,
    decoders: Decoders,
}

/// Gives a block to a worker, line by line. Breaks if told to stop.
pub(crate) fn run_block<W: BlockWorker>(
    worker: &mut W,
    memory: &mut Memory,
    block: &mut Block,
    run: &Run<'_>,
    place: &mut Place,
    hand_over: &mut dyn FnMut(W::Output) -> ControlFlow<()>,
) -> ControlFlow<(), Finished<W::Output>> {
    let (mut broken, mut waiting) = (None, 0);
    // The source of the segment before, and how many of its lines came so far.
    let (mut last, mut count) = (0, 0);
    for segment in &mut block.segments {
        let source = segment.source;
        if source != last {
            (last, count) = (source, 0);
        }
        let (first_byte, found) = (segment.first_byte, &mut segment.found);
        let waiting = &mut waiting;
        let mut given = Given { worker, run, place, hand_over, waiting, source, count, found };
        let read = match &segment.content {
            Content::TooLong { len_bytes } => Ok(given.too_long(first_byte, *len_bytes)),
            Content::Lines(range) => Ok(given.lines(&block.buffer[range.clone()], first_byte)),
            Content::Range { file, bytes } => given.range(&mut memory.ranges, file, bytes.clone()),
            Content::File => given.file(memory),
        };
        count = given.count;
        if let Some(progress) = run.progress {
            progress.add_lines(segment.found.lines);
        }
        match read {
            Ok(went_on) => went_on?,
            Err(why) => {
                broken = Some(why);
                break;
            }
        }
    }
    ControlFlow::Continue((worker.finish_block(), broken))
}

/// Lines of one source, on their way to a worker.
struct Given<'g, W: BlockWorker> {
    worker: &'g mut W,
    run: &'g Run<'g>,
    place: &'g mut Place,
    hand_over: &'g mut dyn FnMut(W::Output) -> ControlFlow<()>,
    /// Lines of the block that nothing was handed on of.
    waiting: &'g mut u64,
    source: usize,
    /// Lines of the source in this block, so far.
    count: u64,
    found: &'g mut Found,
}

impl<W: BlockWorker> Given<'_, W> {
    /// A range of a plain file.
    fn range(
        &mut self,
        ranges: &mut Ranges,
        file: &PlainFile,
        range: Range<u64>,
    ) -> Result<ControlFlow<()>, Broken> {
        let mut bytes = 0;
        let read = self.pieces(ranges, &mut &*file, range, &mut bytes);
        self.found.range_bytes += bytes;
        if let Some(progress) = self.run.progress {
            progress.add_bytes(bytes, bytes);
        }
        read
    }

    /// All of a small file.
    fn file(&mut self, memory: &mut Memory) -> Result<ControlFlow<()>, Broken> {
        let (run, source) = (self.run, self.source);
        let opened = run.sources[source].open_to_read().map_err(Broken::Source)?;
        let decoders = std::mem::take(&mut memory.decoders);
        let (most, checked) = (run.max_decompressed_bytes, run.require_checksums);
        let mut stream = Stream::open(opened, decoders, false, most, checked);
        let mut report = SourceReport::default();
        let went_on = self.pieces(
            &mut memory.ranges,
            &mut stream,
            0..u64::MAX,
            &mut report.decompressed_bytes,
        )?;
        report.raw_bytes = stream.raw_bytes();
        report.compression = stream.compression();
        report.frames_without_checksum = stream.frames_without_checksum();
        let failed =
            |fault: Fault| Broken::Source(fault.into_error().named(run.sources[source].name()));
        (_, report.grew, memory.decoders) = stream.close().map_err(failed)?;
        report.finished = went_on.is_continue();
        if let Some(progress) = run.progress {
            progress.add_bytes(report.raw_bytes, report.decompressed_bytes);
            progress.add_file();
        }
        let mut reports = run.reports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = reports.get_mut(source) {
            *slot = report;
        }
        Ok(went_on)
    }

    /// The lines that begin in a range of what a source gives. Adds their bytes to `bytes`.
    fn pieces(
        &mut self,
        ranges: &mut Ranges,
        from: &mut impl Bytes,
        range: Range<u64>,
        bytes: &mut u64,
    ) -> Result<ControlFlow<()>, Broken> {
        let (source, most) = (self.source, self.run.max_line_bytes);
        let mut next_byte = range.start;
        let read = ranges.read(from, range, most, bytes, &mut |piece| match piece {
            Piece::Lines { bytes, first_byte } => {
                next_byte = first_byte + bytes.len() as u64;
                self.lines(bytes, first_byte)
            }
            Piece::TooLong { first_byte, len_bytes, next_byte: next } => {
                next_byte = next;
                self.too_long(first_byte, len_bytes)
            }
        });
        read.map_err(|why| Broken::At(why, source, next_byte))
    }

    /// Whole lines. Breaks if told to stop.
    fn lines(&mut self, bytes: &[u8], first_byte: u64) -> ControlFlow<()> {
        let Self { worker, run, place, hand_over, waiting, source, count, found } = self;
        let before = *count;
        let mut lines = Lines::new(bytes, *source, before + 1, first_byte);
        loop {
            found.blank += lines.skip_blank(run.max_line_bytes);
            let Some(line) = lines.next() else { break };
            **place = Some((*source, line.number, line.offset));
            if line.bytes.len() > run.max_line_bytes {
                found.too_long += 1;
                worker.too_long(*source, line.number, line.offset, line.bytes.len() as u64);
            } else if is_blank(line.bytes) {
                found.blank += 1;
            } else {
                worker.line(line);
            }
            if run.stop.is_set() {
                return ControlFlow::Break(());
            }
            **waiting += 1;
            if **waiting == MOST_WAITING_LINES {
                **waiting = 0;
                hand_over(worker.finish_block())?;
            }
        }
        *count = lines.number() - 1;
        found.lines += *count - before;
        ControlFlow::Continue(())
    }

    /// A line that was not kept.
    fn too_long(&mut self, first_byte: u64, len_bytes: u64) -> ControlFlow<()> {
        self.count += 1;
        self.found.lines += 1;
        self.found.too_long += 1;
        let number = InBlock(self.count);
        *self.place = Some((self.source, number, first_byte));
        self.worker.too_long(self.source, number, first_byte, len_bytes);
        if self.run.stop.is_set() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

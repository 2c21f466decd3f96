//! The reader: one thread that opens the sources one after another and cuts them into blocks.
//!
//! A plain file that fills a block is only cut, into ranges that workers read themselves (see `range.rs`), and of smaller
//! files and small compressed ones, many of which share a block, only the names are handed on. What must be read in its
//! order is read here: streams, large compressed files, files elsewhere, files whose bytes are hashed.
//!
//! Before changing this, know what it promises:
//!
//! - Blocks end at line ends. What follows the last line end of a full block is carried, by copy,
//!   to the start of the next; nothing else is copied.
//! - A line that does not fit grows its block, up to the limit of a line. Beyond that the line is
//!   skipped with the memory at hand.
//! - Where a block ends can be seen by nobody: lines, numbers and offsets are the same for every
//!   block size. The tests compare all sizes from one byte up.
//! - Small sources share a block: their cost is opening them.
//! - Memory: the blocks there are (see `order.rs`), of `block_bytes` each, and beyond that, over all
//!   blocks together, at most `max_excess_bytes` and one line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crossbeam_channel::{Receiver, Sender};
use memchr::{memchr, memrchr};

use crate::block::{Block, Content, MAX_SEGMENTS, Segment};
use crate::counts::Found;
use crate::decompress::{Chunk, Compression, Decoders, MAGIC_BYTES, Stream};
use crate::error::Error;
use crate::fault::Fault;
use crate::line::{BOM, UNCOUNTED_BYTES};
use crate::plain::PlainFile;
use crate::progress::{Progress, SourceReport};
use crate::remote::Purpose;
use crate::source::{Opened, SourceFile};
use crate::stop::StopSignal;
use crate::turns::{Turn, Turns};

/// When less than this part of a block is free, the next source begins a new one: a read into the
/// rest would cost as much as one into a whole block.
const MIN_ROOM_DIVISOR: usize = 8;

/// Sources behind the one being read that are told to come, if they are elsewhere: as many small files as answer
/// while one is waited for.
const PREPARED_SOURCES: usize = 16;

/// How many bytes of claims come of one that is compressed, about.
const USUAL_EXPANSION: usize = 16;

/// Everything the reader thread needs; it owns all of it, since it may have to be left behind
/// waiting for a stream.
pub(crate) struct Reader {
    pub(crate) sources: Vec<SourceFile>,
    /// How many blocks there are.
    pub(crate) blocks: usize,
    pub(crate) block_bytes: usize,
    pub(crate) max_line_bytes: usize,
    pub(crate) max_decompressed_bytes: u64,
    pub(crate) max_excess_bytes: usize,
    pub(crate) hash: bool,
    pub(crate) require_checksums: bool,
    pub(crate) progress: Option<Arc<Progress>>,
    pub(crate) reports: Arc<Mutex<Vec<SourceReport>>>,
    /// True while a read may wait for someone else.
    pub(crate) waiting: Arc<AtomicBool>,
    pub(crate) stop: StopSignal,
    pub(crate) turns: Turns,
    pub(crate) free: Receiver<Block>,
    pub(crate) work: Sender<Block>,
}

/// Reading ends early: someone else knows why, or this is why.
pub(crate) enum Ended {
    Stopped,
    Failed(Error),
    /// At the line of this source that begins at this byte. Its number is known to those who have counted the lines
    /// before it.
    FailedAt(Error, usize, u64),
}

impl Reader {
    /// Reads all sources.
    pub(crate) fn run(self) -> Result<(), Ended> {
        let sources = self.sources.len();
        let mut cutter = Cutter::new(self)?;
        let read = (0..sources).try_for_each(|source| cutter.read_source(source));
        // What came before an error is handed on, too: whether a line is seen does not depend on
        // where a block happened to end.
        let flushed = cutter.flush();
        read.and(flushed)
    }
}

/// Whether a file is stored as it is, by its first bytes.
fn is_plain(file: &PlainFile) -> Result<bool, Fault> {
    let mut beginning = [0; MAGIC_BYTES];
    let mut filled = 0;
    while filled < MAGIC_BYTES {
        match file.read_at(&mut beginning[filled..], filled as u64)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(Compression::from_magic(&beginning[..filled]) == Compression::None)
}

/// The block being filled and the place in the source.
struct Cutter {
    reader: Reader,
    decoders: Option<Decoders>,
    block: Block,
    /// Blocks that came back while waiting for memory, empty.
    spare: Vec<Block>,
    sequence: u64,
    /// Bytes beyond `block_bytes` in blocks that are not back.
    excess: usize,
    /// Bytes of the block's buffer that are filled.
    filled: usize,
    /// About so many bytes come from files that a worker opens.
    file_bytes: usize,
    /// Where in the buffer the lines begin that are not in a segment; a line begins there.
    open: usize,
    source: usize,
    /// Where in the source the line at `open` begins.
    at: u64,
    report: SourceReport,
    /// Raw bytes already told to the progress counters.
    raw_told: u64,
    /// Had from the first read of a block until the block is handed on.
    turn: Option<Turn>,
}

impl Cutter {
    fn new(reader: Reader) -> Result<Self, Ended> {
        let mut cutter = Self {
            reader,
            decoders: Some(Decoders::default()),
            block: Block::default(),
            spare: Vec::new(),
            sequence: 0,
            excess: 0,
            filled: 0,
            file_bytes: 0,
            open: 0,
            source: 0,
            at: 0,
            report: SourceReport::default(),
            raw_told: 0,
            turn: None,
        };
        cutter.block = cutter.take()?;
        Ok(cutter)
    }

    fn read_source(&mut self, source: usize) -> Result<(), Ended> {
        if self.reader.stop.is_set() {
            return Err(Ended::Stopped);
        }
        self.source = source;
        self.at = 0;
        self.report = SourceReport::default();
        self.raw_told = 0;

        for next in self.reader.sources.iter().skip(source + 1).take(PREPARED_SOURCES) {
            next.prepare(Purpose::Read);
        }
        let file = &self.reader.sources[source];
        if let Some(bytes) = self.small(file) {
            self.push(Content::File, 0);
            self.file_bytes += bytes;
            return self.next_block_if_full();
        }
        let file_is_part = file.is_part();
        // Opening a named pipe waits for its writer.
        self.reader.waiting.store(file.is_stream(), Ordering::Release);
        let opened = file.open_to_read();
        self.reader.waiting.store(false, Ordering::Release);
        let opened = match opened.map_err(Ended::Failed)? {
            Opened::File(file) if self.is_for_workers(&file, file_is_part)? => {
                return self.cut(file);
            }
            opened => opened,
        };
        let mut stream = Stream::open(
            opened,
            self.decoders.take().unwrap_or_default(),
            self.reader.hash,
            self.reader.max_decompressed_bytes,
            self.reader.require_checksums,
        );
        while self.step(&mut stream)? {}
        self.close_segment(self.filled);

        self.report.raw_bytes = stream.raw_bytes();
        self.report.compression = stream.compression();
        self.report.frames_without_checksum = stream.frames_without_checksum();
        let (hash, grew, decoders) = stream.close().map_err(|fault| self.failed(fault))?;
        self.decoders = Some(decoders);
        self.report.blake3 = hash;
        self.report.grew = grew;
        self.report.finished = true;
        let report = std::mem::take(&mut self.report);
        let mut reports = self.reader.reports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = reports.get_mut(source) {
            *slot = report;
        }
        drop(reports);
        if let Some(progress) = &self.reader.progress {
            progress.add_file();
        }

        self.next_block_if_full()
    }

    /// At the end of a source.
    fn next_block_if_full(&mut self) -> Result<(), Ended> {
        let size = self.block.buffer.len().max(self.reader.block_bytes);
        let room = size.saturating_sub(self.filled + self.file_bytes);
        if room < self.reader.block_bytes / MIN_ROOM_DIVISOR
            || self.block.segments.len() >= MAX_SEGMENTS
        {
            self.next_block()?;
        }
        Ok(())
    }

    /// About how many bytes of lines a file has that a worker reads whole: a small one, that nobody hashes.
    fn small(&self, file: &SourceFile) -> Option<usize> {
        if self.reader.hash || file.is_stream() || file.is_remote() || file.is_part() {
            return None;
        }
        let bytes = usize::try_from(file.len()?).ok()?;
        let bytes = if file.is_compressed_by_name() {
            bytes.saturating_mul(USUAL_EXPANSION)
        } else {
            bytes
        };
        (bytes < self.reader.block_bytes).then_some(bytes)
    }

    /// Whether workers read a file themselves: it is stored as it is, nobody hashes it, and it fills a block. A part of
    /// a file is always read as it is stored: what it begins with tells nothing.
    fn is_for_workers(&self, file: &PlainFile, is_part: bool) -> Result<bool, Ended> {
        if is_part {
            return Ok(true);
        }
        if self.reader.hash || file.size_at_open < self.reader.block_bytes as u64 {
            return Ok(false);
        }
        is_plain(file).map_err(|fault| self.failed(fault))
    }

    fn failed(&self, fault: Fault) -> Ended {
        Ended::Failed(fault.into_error().named(self.reader.sources[self.source].name()))
    }

    /// Hands a file on in ranges, each in a block of its own.
    fn cut(&mut self, file: PlainFile) -> Result<(), Ended> {
        let file = Arc::new(file);
        if !self.block.segments.is_empty() {
            self.next_block()?;
        }
        for bytes in file.ranges(self.reader.block_bytes as u64) {
            let first_byte = bytes.start;
            self.push(Content::Range { file: Arc::clone(&file), bytes }, first_byte);
            self.next_block()?;
        }
        Ok(())
    }

    /// Reads once, making room first. False at the end of the source.
    fn step(&mut self, stream: &mut Stream) -> Result<bool, Ended> {
        if self.reader.stop.is_set() {
            return Err(Ended::Stopped);
        }
        // More than once if what is carried to a new block fills that, too.
        loop {
            self.block.grow(self.reader.block_bytes);
            if self.filled < self.block.buffer.len() {
                break;
            }
            if !self.make_room(stream)? {
                return Ok(false);
            }
        }
        match self.fill(stream, self.filled)? {
            Chunk::Bytes(count) => self.filled += count,
            Chunk::End => return Ok(false),
        }
        Ok(true)
    }

    /// One read into the buffer from `from` on.
    fn fill(&mut self, stream: &mut Stream, from: usize) -> Result<Chunk, Ended> {
        let may_wait = stream.may_wait();
        if may_wait {
            self.turn = None;
            self.reader.waiting.store(true, Ordering::Release);
        } else if self.turn.is_none() {
            self.turn = Some(self.reader.turns.take());
        }
        let read = stream.read(&mut self.block.buffer[from..]);
        if may_wait {
            self.reader.waiting.store(false, Ordering::Release);
        }
        let count = match read {
            Ok(Chunk::Bytes(count)) => count as u64,
            Ok(Chunk::End) => 0,
            Err(fault) => {
                self.close_whole_lines();
                return Err(Ended::FailedAt(fault.into_error(), self.source, self.at));
            }
        };
        self.report.decompressed_bytes += count;
        if let Some(progress) = &self.reader.progress {
            let raw = stream.raw_bytes();
            progress.add_bytes(raw - self.raw_told, count);
            self.raw_told = raw;
        }
        read.map_err(|_| Ended::Stopped)
    }

    /// The block is full: hands it on, or lets it grow, or skips the line that fills it. False if
    /// the source ended while skipping.
    fn make_room(&mut self, stream: &mut Stream) -> Result<bool, Ended> {
        let open_bytes = self.filled - self.open;
        let too_long = self.reader.max_line_bytes.saturating_add(UNCOUNTED_BYTES + 1);
        if self.close_whole_lines() || self.open > 0 {
            self.next_block()?;
        } else if open_bytes >= too_long {
            return self.skip_line(stream);
        } else {
            self.grow(open_bytes.saturating_mul(2).min(too_long).max(1))?;
        }
        Ok(true)
    }

    /// Puts the whole lines since `open` into a segment. False if there is none.
    fn close_whole_lines(&mut self) -> bool {
        match memrchr(b'\n', &self.block.buffer[self.open..self.filled]) {
            Some(end) => {
                self.close_segment(self.open + end + 1);
                true
            }
            None => false,
        }
    }

    /// Puts the bytes from `open` to `end` into a segment: whole lines, or all to the end of the
    /// source.
    fn close_segment(&mut self, end: usize) {
        if self.open < end {
            self.push(Content::Lines(self.open..end), self.at);
            self.at += (end - self.open) as u64;
            self.open = end;
        }
    }

    fn push(&mut self, content: Content, first_byte: u64) {
        let (source, found) = (self.source, Found::default());
        self.block.segments.push(Segment { source, first_byte, content, found });
    }

    /// Skips the line that begins at `open` (which is 0) and fills the buffer. Only its length and
    /// its last byte are kept. False if the source ended with it.
    fn skip_line(&mut self, stream: &mut Stream) -> Result<bool, Ended> {
        let head = &self.block.buffer[..self.filled];
        let mark = if self.at == 0 && head.starts_with(BOM) { BOM.len() as u64 } else { 0 };
        let mut skipped = self.filled as u64;
        let mut ends_with_return = head.last() == Some(&b'\r');
        self.filled = 0;
        let more = loop {
            if self.reader.stop.is_set() {
                return Err(Ended::Stopped);
            }
            let count = match self.fill(stream, 0)? {
                Chunk::Bytes(count) => count,
                Chunk::End => break false,
            };
            let bytes = &self.block.buffer[..count];
            let end = memchr(b'\n', bytes);
            let part = &bytes[..end.unwrap_or(count)];
            skipped += part.len() as u64;
            if let Some(last) = part.last() {
                ends_with_return = *last == b'\r';
            }
            if let Some(end) = end {
                self.block.buffer.copy_within(end + 1..count, 0);
                self.filled = count - end - 1;
                break true;
            }
        };
        let line_return = u64::from(more && ends_with_return);
        let len_bytes = skipped - mark - line_return;
        self.push(Content::TooLong { len_bytes }, self.at + mark);
        self.at += skipped + u64::from(more);
        if self.block.segments.len() >= MAX_SEGMENTS {
            self.next_block()?;
        }
        Ok(more)
    }

    /// Grows the block being filled. Memory beyond the usual size of a block is limited over all
    /// blocks; until enough of it is back, this waits.
    fn grow(&mut self, bytes: usize) -> Result<(), Ended> {
        let more = |block: &Block| bytes.saturating_sub(block.buffer.len());
        // All other blocks are here when there is nothing left to wait for.
        while self.spare.len() + 1 < self.reader.blocks
            && self.excess.saturating_add(more(&self.block)) > self.reader.max_excess_bytes
        {
            let block = self.receive()?;
            self.spare.push(block);
        }
        self.excess += more(&self.block);
        self.block.grow(bytes);
        Ok(())
    }

    /// Hands the block on with the bytes before `open`, and carries the rest to a new one.
    fn next_block(&mut self) -> Result<(), Ended> {
        let mut next = self.take()?;
        let tail = &self.block.buffer[self.open..self.filled];
        // No wait for memory here: the block in hand would have to come back first.
        let usual = next.buffer.len().max(self.reader.block_bytes);
        self.excess += tail.len().saturating_sub(usual);
        next.grow(tail.len());
        next.buffer[..tail.len()].copy_from_slice(tail);
        self.filled = tail.len();
        self.file_bytes = 0;
        self.open = 0;
        let full = std::mem::replace(&mut self.block, next);
        self.emit(full)
    }

    /// Hands on what there is.
    fn flush(&mut self) -> Result<(), Ended> {
        let block = std::mem::take(&mut self.block);
        if block.segments.is_empty() { Ok(()) } else { self.emit(block) }
    }

    fn emit(&mut self, mut block: Block) -> Result<(), Ended> {
        block.sequence = self.sequence;
        self.sequence += 1;
        self.turn = None;
        crossbeam_channel::select! {
            send(self.reader.work, block) -> sent => sent.map_err(|_| Ended::Stopped),
            recv(self.reader.stop.channel()) -> _ => Err(Ended::Stopped),
        }
    }

    /// An empty block. It has the usual size when a stream is read into it.
    fn take(&mut self) -> Result<Block, Ended> {
        match self.spare.pop() {
            Some(block) => Ok(block),
            None => self.receive(),
        }
    }

    /// A block that comes back; waits for it.
    fn receive(&mut self) -> Result<Block, Ended> {
        self.turn = None;
        let mut block = crossbeam_channel::select! {
            recv(self.reader.free) -> block => block.map_err(|_| Ended::Stopped)?,
            recv(self.reader.stop.channel()) -> _ => return Err(Ended::Stopped),
        };
        let block_bytes = self.reader.block_bytes;
        self.excess = self.excess.saturating_sub(block.buffer.len().saturating_sub(block_bytes));
        block.recycle(block_bytes);
        Ok(block)
    }
}

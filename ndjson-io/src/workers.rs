//! Workers turn blocks into results; the calling thread gives them to the sink in input order.
//!
//! ```text
//!            work                      done
//!  reader ─────────> worker 0 .. n ──────────> calling thread ──> sink
//!     ^                                              │
//!     └───────────── free: empty blocks ─────────────┘
//! ```
//!
//! Every queue holds as many blocks as there are, so that none but `free` and `work` ever makes
//! anybody wait. Whoever waits also listens to the stop signal, which is given by dropping a
//! sender: also when the sink panics.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::block::{Block, Content};
use crate::error::{Error, ErrorKind, Position};
use crate::limits::Limits;
use crate::line::{Line, Lines, is_blank};
use crate::order::{Reorder, blocks_for};
use crate::progress::{Progress, SourceReport};
use crate::reader::{Reader, UNCOUNTED_BYTES};
use crate::source::SourceFile;
use crate::stop::{StopSignal, stop_pair};
use crate::turns::Turns;

/// Size of a block, unless told otherwise: 1 MiB.
pub const DEFAULT_BLOCK_BYTES: usize = 1024 * 1024;

/// How often the calling thread looks whether it was cancelled while nothing comes.
const CANCEL_POLL: Duration = Duration::from_millis(10);

/// How often it is looked whether the reader thread has ended.
const END_POLL: Duration = Duration::from_millis(1);

/// How often in a row it may be found waiting for a stream before it is left behind.
const END_POLLS: u32 = 50;

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

    /// A line over [`Limits::max_line_bytes`]: its bytes are not kept, only where it begins and
    /// how long it is (without line end and byte order mark). It comes in its place among the
    /// lines.
    fn too_long(&mut self, source: usize, number: u64, offset: u64, len_bytes: u64);

    /// The block ends: gives what was made of its lines, which goes to the sink in input order.
    /// A block may hold lines of several sources, and a source may end within a block.
    fn finish_block(&mut self) -> Self::Output;
}

/// How to read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// How many threads work at once, and how many workers there are; 0 counts as 1. The thread that reads files and
    /// the sink take turns with the workers where the machine would run more than that; reading a pipe is not counted.
    /// Default: as many as the machine runs at once.
    pub threads: usize,
    /// Size of a block in bytes, from 1 up; 0 counts as 1. Default: 1 MiB. It changes speed and
    /// memory, never what is read.
    pub block_bytes: usize,
    /// Limits on lines and decompression.
    pub limits: Limits,
    /// Whether to hash the bytes of each source as stored, with BLAKE3, on the reader thread.
    /// Default: no.
    pub hash: bool,
    /// Whether compressed data without a checksum is refused, [`ErrorKind::NoChecksum`], rather
    /// than counted in [`SourceReport::frames_without_checksum`]. Default: no.
    pub require_checksums: bool,
    /// Set it to true from anywhere to end the reading with [`ErrorKind::Cancelled`].
    pub cancel: Arc<AtomicBool>,
    /// Counters to watch the reading.
    pub progress: Option<Arc<Progress>>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            threads: thread::available_parallelism().map_or(1, usize::from),
            block_bytes: DEFAULT_BLOCK_BYTES,
            limits: Limits::default(),
            hash: false,
            require_checksums: false,
            cancel: Arc::default(),
            progress: None,
        }
    }
}

impl ReadOptions {
    /// Most blocks that [`read`] has under way at a time: read, being worked on, or waiting for their turn at the
    /// sink.
    pub fn blocks_under_way(&self) -> usize {
        blocks_for(self.threads.max(1))
    }
}

/// Reads all sources, in parallel, and gives the results to `sink` in input order.
///
/// One thread reads, decompresses and cuts blocks; [`ReadOptions::threads`] threads run a worker
/// each, made by `make_worker`, which gets the index of the thread; `sink` runs on the calling
/// thread. It may end the reading early with [`ControlFlow::Break`]; that is no error.
///
/// Returns a report per source, in the order of `sources`. After an early end, reports of sources
/// that were not read to their end are not [`finished`](SourceReport::finished), and blank and
/// too long lines are counted up to that end.
///
/// Memory, besides what workers and sink keep: `2 × threads + 2` blocks of
/// [`ReadOptions::block_bytes`], up to `threads + 1` longest lines, 128 KiB of input, the window
/// of a decoder (32 KiB for gzip, at most 128 MiB for zstd), and as many results as blocks. It does not
/// depend on the size of the input, nor on how slow a worker or the sink is. One file is open at
/// a time.
///
/// # Errors
///
/// The first in input order of: a source that cannot be opened or read, [`ErrorKind::Shrunk`],
/// [`ErrorKind::Corrupt`], [`ErrorKind::NoChecksum`], [`ErrorKind::ExpandsTooMuch`], [`ErrorKind::AlreadyRead`],
/// [`ErrorKind::WorkerPanicked`]. Whole lines before it have been given to the sink (of a damaged
/// zstd frame, those that could be decoded before the damage was seen). And
/// [`ErrorKind::Cancelled`], at once: also when the reader thread is waiting for a stream; it is
/// then left behind and ends when the stream next gives something.
///
/// # Panics
///
/// If `sink` panics, after the workers have ended.
pub fn read<W, M, S>(
    sources: &[SourceFile],
    options: &ReadOptions,
    make_worker: M,
    mut sink: S,
) -> Result<Vec<SourceReport>, Error>
where
    W: BlockWorker,
    M: Fn(usize) -> W + Sync,
    S: FnMut(W::Output) -> ControlFlow<()>,
{
    let threads = options.threads.max(1);
    let blocks = blocks_for(threads);
    let (free_in, free_out) = bounded(blocks);
    let (work_in, work_out) = bounded(blocks);
    // One more message per worker: that it could not be made.
    let (done_in, done_out) = bounded(blocks + threads);
    let (stopper, stop) = stop_pair();
    let turns = Turns::new(threads);
    for _ in 0..blocks {
        // There is room for all of them.
        let _ = free_in.send(Block::default());
    }
    let reports = Arc::new(Mutex::new(vec![SourceReport::default(); sources.len()]));
    let waiting = Arc::new(AtomicBool::new(false));
    let reader = Reader {
        sources: sources.to_vec(),
        blocks,
        block_bytes: options.block_bytes.max(1),
        max_line_bytes: options.limits.max_line_bytes,
        max_decompressed_bytes: options.limits.max_decompressed_bytes,
        max_excess_bytes: options
            .limits
            .max_line_bytes
            .saturating_add(UNCOUNTED_BYTES + 1)
            .saturating_mul(threads),
        hash: options.hash,
        require_checksums: options.require_checksums,
        progress: options.progress.clone(),
        reports: Arc::clone(&reports),
        waiting: Arc::clone(&waiting),
        stop: stop.clone(),
        turns: turns.clone(),
        free: free_out,
        work: work_in,
    };
    let no_thread = |error| Error::io("start a thread", error);
    let reader = thread::Builder::new()
        .name("ndjson-reader".to_owned())
        .spawn(move || reader.run())
        .map_err(no_thread)?;

    let mut counts = vec![(0, 0); sources.len()];
    let ended = thread::scope(|scope| {
        // Dropped when this closure ends, however it ends.
        let _stopper = stopper;
        for index in 0..threads {
            let (work, done, stop) = (work_out.clone(), done_in.clone(), stop.clone());
            let (make_worker, limits, turns) = (&make_worker, &options.limits, &turns);
            thread::Builder::new()
                .name(format!("ndjson-worker-{index}"))
                .spawn_scoped(scope, move || {
                    run_worker(index, make_worker, limits, turns, &work, &done, &stop);
                })
                .map_err(no_thread)?;
        }
        drop((work_out, done_in));

        let mut order = Reorder::new(blocks);
        loop {
            if options.cancel.load(Ordering::Relaxed) {
                return Err(Error::new(ErrorKind::Cancelled));
            }
            match done_out.recv_timeout(CANCEL_POLL) {
                Ok(Done::Block { block, result }) => {
                    order.insert(block.sequence, (block, result));
                }
                Ok(Done::NoWorker) => return Err(Error::new(ErrorKind::WorkerPanicked)),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    debug_assert!(order.is_empty());
                    return Ok(ControlFlow::Continue(()));
                }
            }
            while let Some((block, result)) = order.next() {
                let output = result.map_err(|place| panicked(sources, place))?;
                count_lines(&mut counts, &block);
                let turn = turns.take();
                let went_on = sink(output);
                drop(turn);
                if went_on.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                let _ = free_in.send(block);
                if options.cancel.load(Ordering::Relaxed) {
                    return Err(Error::new(ErrorKind::Cancelled));
                }
            }
        }
    });
    if let Ok(ControlFlow::Continue(())) = ended {
        // It has given its last block, so it has ended or is about to.
        match reader.join() {
            Ok(read) => read?,
            Err(_) => return Err(Error::new(ErrorKind::WorkerPanicked)),
        }
    } else {
        end(reader, &waiting);
        ended.map(drop)?;
    }
    let mut reports = std::mem::take(&mut *reports.lock().unwrap_or_else(PoisonError::into_inner));
    for (report, (blank, too_long)) in reports.iter_mut().zip(counts) {
        report.blank_lines = blank;
        report.too_long_lines = too_long;
    }
    Ok(reports)
}

/// Waits for the reader thread, which was told to stop. If it keeps waiting for someone else (a
/// pipe), it is left behind.
fn end(reader: JoinHandle<Result<(), Error>>, waiting: &AtomicBool) {
    let mut polls = 0;
    while !reader.is_finished() {
        polls = if waiting.load(Ordering::Acquire) { polls + 1 } else { 0 };
        if polls > END_POLLS {
            return;
        }
        thread::sleep(END_POLL);
    }
    // It was told to stop: what else happened to it does not matter.
    let _ = reader.join();
}

/// The source and the place of the line that a worker was given last.
type Place = Option<(usize, Position)>;

enum Done<T> {
    Block { block: Block, result: Result<T, Place> },
    NoWorker,
}

fn run_worker<W: BlockWorker>(
    index: usize,
    make_worker: &(impl Fn(usize) -> W + Sync),
    limits: &Limits,
    turns: &Turns,
    work: &Receiver<Block>,
    done: &Sender<Done<W::Output>>,
    stop: &StopSignal,
) {
    let Ok(mut worker) = catch_unwind(AssertUnwindSafe(|| make_worker(index))) else {
        let _ = done.send(Done::NoWorker);
        return;
    };
    loop {
        let received = crossbeam_channel::select! {
            recv(work) -> block => block.ok(),
            recv(stop.channel()) -> _ => None,
        };
        let Some(mut block) = received else { break };
        let mut place = block.start();
        let result = catch_unwind(AssertUnwindSafe(|| {
            let _turn = turns.take();
            run_block(&mut worker, &mut block, limits.max_line_bytes, stop, &mut place)
        }));
        // The panic's payload may quote the data: it is dropped unread.
        let (result, panicked) = match result {
            Ok(ControlFlow::Continue(output)) => (Ok(output), false),
            Ok(ControlFlow::Break(())) => break,
            Err(_) => (Err(place), true),
        };
        if done.send(Done::Block { block, result }).is_err() || panicked {
            break;
        }
    }
    let _ = catch_unwind(AssertUnwindSafe(|| drop(worker)));
}

/// Gives a block to a worker, line by line. Breaks if told to stop.
fn run_block<W: BlockWorker>(
    worker: &mut W,
    block: &mut Block,
    max_line_bytes: usize,
    stop: &StopSignal,
    place: &mut Place,
) -> ControlFlow<(), W::Output> {
    for segment in &mut block.segments {
        let source = segment.source;
        match &mut segment.content {
            Content::TooLong { len_bytes } => {
                *place = Some((source, segment.first));
                worker.too_long(source, segment.first.line, segment.first.byte, *len_bytes);
            }
            Content::Lines { range, blank, too_long } => {
                let mut lines = Lines::new(&block.buffer[range.clone()], source, segment.first);
                loop {
                    *blank += lines.skip_blank(max_line_bytes);
                    let Some(line) = lines.next() else { break };
                    *place = Some((source, line.position()));
                    if line.bytes.len() > max_line_bytes {
                        *too_long += 1;
                        worker.too_long(source, line.number, line.offset, line.bytes.len() as u64);
                    } else if is_blank(line.bytes) {
                        *blank += 1;
                    } else {
                        worker.line(line);
                    }
                    if stop.is_set() {
                        return ControlFlow::Break(());
                    }
                }
            }
        }
    }
    ControlFlow::Continue(worker.finish_block())
}

/// Adds the blank and too long lines of a block to those of its sources.
fn count_lines(counts: &mut [(u64, u64)], block: &Block) {
    for segment in &block.segments {
        let Some((all_blank, all_too_long)) = counts.get_mut(segment.source) else { continue };
        match segment.content {
            Content::TooLong { .. } => *all_too_long += 1,
            Content::Lines { blank, too_long, .. } => {
                *all_blank += blank;
                *all_too_long += too_long;
            }
        }
    }
}

fn panicked(sources: &[SourceFile], place: Place) -> Error {
    let error = Error::new(ErrorKind::WorkerPanicked);
    match place.and_then(|(source, position)| Some((sources.get(source)?, position))) {
        Some((source, position)) => {
            let error = error.named(source.name());
            match source.in_file(position) {
                Some(position) => error.at(position),
                None => error,
            }
        }
        None => error,
    }
}

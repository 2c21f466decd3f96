//! Workers turn blocks into results; the calling thread gives them to the sink in input order.
//!
//! ```text
//!            work                      done
//!  reader ─────────> worker 0 .. n ──────────> calling thread ──> sink
//!     ^                                              │
//!     └───────────── free: empty blocks ─────────────┘
//! ```
//!
//! A block holds lines, or names what the worker reads itself: a range of a plain file, or small files.
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

use crate::block::Block;
use crate::counts::{Before, Found, InBlock};
use crate::error::{Error, ErrorKind, Position};
use crate::given::{BlockWorker, Broken, Finished, Memory, Place, Run, run_block};
use crate::limits::Limits;
use crate::line::UNCOUNTED_BYTES;
use crate::order::{Reorder, blocks_for};
use crate::progress::{Progress, SourceReport};
use crate::reader::{Ended, Reader};
use crate::source::SourceFile;
use crate::stop::stop_pair;
use crate::turns::{Turns, processors};

/// Size of a block, unless told otherwise: 4 MiB. Where a block ends, rows are handed on, and that has a price.
pub const DEFAULT_BLOCK_BYTES: usize = 4 << 20;

/// How often the calling thread looks whether it was cancelled while nothing comes.
const CANCEL_POLL: Duration = Duration::from_millis(10);

/// How often it is looked whether the reader thread has ended.
const END_POLL: Duration = Duration::from_millis(1);

/// How often in a row it may be found waiting for a stream before it is left behind.
const END_POLLS: u32 = 50;

/// How to read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// How many threads work at once, and how many workers there are; 0 counts as 1. The thread that reads files and
    /// the sink take turns with the workers where the machine would run more than that; reading a pipe is not counted.
    /// Default: as many as the machine runs at once.
    pub threads: usize,
    /// Size of a block in bytes, from 1 up; 0 counts as 1. Default: 4 MiB. It changes speed and
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
            threads: processors().unwrap_or(1),
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
/// [`ReadOptions::threads`] threads run a worker each, made by `make_worker`, which gets the index of the thread, and read
/// plain files and small compressed ones themselves. One more thread reads, decompresses and cuts all else: streams, large
/// compressed files, files elsewhere, and all of them where they are hashed. `sink` runs on the calling thread, and is told
/// how many lines come before a block. It may end the reading early with [`ControlFlow::Break`]; that is no error.
///
/// Returns a report per source, in the order of `sources`. After an early end, reports of sources
/// that were not read to their end are not [`finished`](SourceReport::finished), and blank and
/// too long lines are counted up to that end.
///
/// Memory, besides what workers and sink keep: `2 × threads + 2` blocks of
/// [`ReadOptions::block_bytes`], up to `threads + 1` longest lines, for each thread 128 KiB of input and the window
/// of a decoder (32 KiB for gzip, at most 128 MiB for zstd), and as many results as blocks. It does not
/// depend on the size of the input, nor on how slow a worker or the sink is. Of files that are smaller than a block as many
/// are open at a time as there are threads, of larger ones as many as blocks.
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
    S: FnMut(W::Output, Before<'_>) -> ControlFlow<()>,
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

    let mut counts = vec![Found::default(); sources.len()];
    let ended = thread::scope(|scope| {
        // Dropped when this closure ends, however it ends.
        let _stopper = stopper;
        for index in 0..threads {
            let (work, done, stop) = (work_out.clone(), done_in.clone(), stop.clone());
            let run = Run {
                sources,
                max_line_bytes: options.limits.max_line_bytes,
                max_decompressed_bytes: options.limits.max_decompressed_bytes,
                require_checksums: options.require_checksums,
                progress: options.progress.as_deref(),
                reports: &reports,
                stop,
                turns: turns.clone(),
            };
            let make_worker = &make_worker;
            thread::Builder::new()
                .name(format!("ndjson-worker-{index}"))
                .spawn_scoped(scope, move || {
                    run_worker(index, make_worker, &run, &work, &done);
                })
                .map_err(no_thread)?;
        }
        drop((work_out, done_in));

        let mut order = Reorder::new(blocks);
        let mut pieces: Vec<Handed<W::Output>> = Vec::new();
        loop {
            if options.cancel.load(Ordering::Relaxed) {
                return Err(Error::new(ErrorKind::Cancelled));
            }
            match done_out.recv_timeout(CANCEL_POLL) {
                Ok(Done::Block { block, result }) => {
                    order.insert(block.sequence, (block, result));
                }
                Ok(Done::Piece(piece)) => pieces.push(piece),
                Ok(Done::NoWorker) => return Err(Error::new(ErrorKind::WorkerPanicked)),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => {
                    debug_assert!(order.is_empty());
                    return Ok(ControlFlow::Continue(()));
                }
            }
            loop {
                let turn_of = order.position();
                if let Some(at) = pieces.iter().position(|piece| piece.sequence == turn_of) {
                    let Handed { output, taken, .. } = pieces.swap_remove(at);
                    let turn = turns.take();
                    let went_on = sink(output, Before(&counts));
                    drop(turn);
                    if went_on.is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                    let _ = taken.send(());
                    continue;
                }
                let Some((mut block, result)) = order.next() else { break };
                let (output, broken) = match result {
                    Ok(done) => done,
                    Err(place) => {
                        let error = Error::new(ErrorKind::WorkerPanicked);
                        return Err(located(error, sources, &counts, place));
                    }
                };
                let turn = turns.take();
                let went_on = sink(output, Before(&counts));
                drop(turn);
                for segment in &block.segments {
                    if let Some(count) = counts.get_mut(segment.source) {
                        count.add(&segment.found);
                    }
                }
                if went_on.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                match broken {
                    None => {}
                    Some(Broken::Source(error)) => return Err(error),
                    Some(Broken::At(fault, source, byte)) => {
                        let next = Some((source, InBlock(1), byte));
                        return Err(located(fault.into_error(), sources, &counts, next));
                    }
                }
                if let Some((source, file)) = block.ended() {
                    let grew = file.grew().map_err(|fault| {
                        fault.into_error().named(sources.get(source).map_or("", SourceFile::name))
                    })?;
                    let mut reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(report) = reports.get_mut(source) {
                        (report.grew, report.finished) = (grew, true);
                    }
                    if let Some(progress) = &options.progress {
                        progress.add_file();
                    }
                }
                // No file stays open for a block that waits to be filled.
                block.segments.clear();
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
            Ok(Ok(()) | Err(Ended::Stopped)) => {}
            Ok(Err(Ended::Failed(error))) => return Err(error),
            Ok(Err(Ended::FailedAt(error, source, byte))) => {
                // All whole lines before it have been counted.
                let next = Some((source, InBlock(1), byte));
                return Err(located(error, sources, &counts, next));
            }
            Err(_) => return Err(Error::new(ErrorKind::WorkerPanicked)),
        }
    } else {
        end(reader, &waiting);
        ended.map(drop)?;
    }
    let mut reports = std::mem::take(&mut *reports.lock().unwrap_or_else(PoisonError::into_inner));
    for (report, found) in reports.iter_mut().zip(counts) {
        report.blank_lines = found.blank;
        report.too_long_lines = found.too_long;
        if report.finished {
            report.lines = found.lines;
            report.raw_bytes += found.range_bytes;
            report.decompressed_bytes += found.range_bytes;
        }
    }
    Ok(reports)
}

/// Waits for the reader thread, which was told to stop. If it keeps waiting for someone else (a
/// pipe), it is left behind.
fn end(reader: JoinHandle<Result<(), Ended>>, waiting: &AtomicBool) {
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

enum Done<T> {
    Block { block: Block, result: Result<Finished<T>, Place> },
    Piece(Handed<T>),
    NoWorker,
}

/// What was made of the first lines of a block, or of the next ones. Whoever made it waits until it is taken.
struct Handed<T> {
    sequence: u64,
    output: T,
    taken: Sender<()>,
}

fn run_worker<W: BlockWorker>(
    index: usize,
    make_worker: &(impl Fn(usize) -> W + Sync),
    run: &Run<'_>,
    work: &Receiver<Block>,
    done: &Sender<Done<W::Output>>,
) {
    let Ok(mut worker) = catch_unwind(AssertUnwindSafe(|| make_worker(index))) else {
        let _ = done.send(Done::NoWorker);
        return;
    };
    let mut memory = Memory::default();
    loop {
        let received = crossbeam_channel::select! {
            recv(work) -> block => block.ok(),
            recv(run.stop.channel()) -> _ => None,
        };
        let Some(mut block) = received else { break };
        let mut place = None;
        let sequence = block.sequence;
        let result = catch_unwind(AssertUnwindSafe(|| {
            let mut turn = Some(run.turns.take());
            let mut hand_over = |output| {
                // Who has its turn must not wait.
                turn = None;
                let (taken, answer) = bounded(1);
                let piece = Handed { sequence, output, taken };
                done.send(Done::Piece(piece))
                    .map_or(ControlFlow::Break(()), ControlFlow::Continue)?;
                crossbeam_channel::select! {
                    recv(answer) -> taken => taken.map_or(ControlFlow::Break(()), ControlFlow::Continue)?,
                    recv(run.stop.channel()) -> _ => return ControlFlow::Break(()),
                }
                turn = Some(run.turns.take());
                ControlFlow::Continue(())
            };
            run_block(&mut worker, &mut memory, &mut block, run, &mut place, &mut hand_over)
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

/// An error with the name of its source and its place, as far as they are known.
fn located(error: Error, sources: &[SourceFile], counts: &[Found], place: Place) -> Error {
    let Some((source, line, byte)) = place else { return error };
    let Some(file) = sources.get(source) else { return error };
    let error = error.named(file.name());
    match file.in_file(Position { line: Before(counts).number(source, line), byte }) {
        Some(position) => error.at(position),
        None => error,
    }
}

//! What is bounded, measured: results that wait, bytes read ahead, and the memory of the process.

mod common;

use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use common::{Seen, read_all};
use ndjson_io::{BlockWorker, ErrorKind, InBlock, Limits, Line, ReadOptions, SourceFile, read};

const BLOCK_BYTES: usize = 1000;

fn options(threads: usize) -> ReadOptions {
    ReadOptions { threads, block_bytes: BLOCK_BYTES, ..ReadOptions::default() }
}

/// Lines of ten bytes, counted as they are read.
struct Lines {
    left: u64,
    read: Arc<AtomicU64>,
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = buffer.len().min(usize::try_from(self.left).unwrap());
        for (at, byte) in buffer[..count].iter_mut().enumerate() {
            *byte = if (self.left - at as u64) % 10 == 1 { b'\n' } else { b'x' };
        }
        self.left -= count as u64;
        self.read.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }
}

/// Counts results that exist.
struct Counted {
    results: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    slow_once: Arc<AtomicBool>,
}

struct Result1(Arc<AtomicUsize>);

impl Drop for Result1 {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl BlockWorker for Counted {
    type Output = Result1;

    fn line(&mut self, line: Line<'_>) {
        if line.offset == 0 && self.slow_once.swap(false, Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(300));
        }
    }

    fn too_long(&mut self, _: usize, _: InBlock, _: u64, _: u64) {}

    fn finish_block(&mut self) -> Result1 {
        let now = self.results.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Result1(Arc::clone(&self.results))
    }
}

#[test]
fn a_slow_worker_or_sink_lets_nothing_pile_up() {
    for threads in [2, 7] {
        for slow_worker in [true, false] {
            let (results, most) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
            let slow_once = Arc::new(AtomicBool::new(slow_worker));
            let bytes = Arc::new(AtomicU64::new(0));
            let lines = Lines { left: 2_000_000, read: Arc::clone(&bytes) };
            let source = SourceFile::from_reader("s", lines);
            let mut first = true;
            let blocks = 2 * threads + 2;
            let make = |_| Counted {
                results: Arc::clone(&results),
                most: Arc::clone(&most),
                slow_once: Arc::clone(&slow_once),
            };
            read(&[source], &options(threads), make, |_, _| {
                if std::mem::take(&mut first) {
                    if !slow_worker {
                        thread::sleep(Duration::from_millis(300));
                    }
                    // 128 KiB is what is read for the first look at a stream.
                    let most = ((blocks + 1) * BLOCK_BYTES + 128 * 1024) as u64;
                    let read = bytes.load(Ordering::SeqCst);
                    assert!(read <= most, "{read} bytes read ahead, {most} allowed");
                }
                ControlFlow::Continue(())
            })
            .unwrap();
            let most = most.load(Ordering::SeqCst);
            assert!(most <= blocks, "{most} results for {blocks} blocks");
            assert_eq!(results.load(Ordering::SeqCst), 0);
        }
    }
}

/// Many long lines at once wait for the memory of those before; no block size and number of
/// threads makes them wait for ever.
#[test]
fn long_lines_wait_for_memory_and_get_it() {
    for threads in [1, 3] {
        for block_bytes in [1, 64, 5000] {
            let text: Vec<u8> = (0..300)
                .flat_map(|index| {
                    let mut line = vec![b'x'; if index % 3 == 0 { 4096 } else { 4097 }];
                    line.extend_from_slice(if index % 2 == 0 { b"\n" } else { b"\r\n" });
                    line
                })
                .collect();
            let source = SourceFile::from_reader("s", io::Cursor::new(text));
            let limits = Limits { max_line_bytes: 4096, ..Limits::default() };
            let options = ReadOptions { threads, block_bytes, limits, ..ReadOptions::default() };
            let (seen, result) = read_all(&[source], &options);
            result.unwrap();
            let long = seen.iter().filter(|seen| matches!(seen, Seen::TooLong { .. })).count();
            assert_eq!((seen.len(), long), (300, 200));
        }
    }
}

/// Peak memory of this process in MiB, if the system tells.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? / 1024)
}

/// Well over what the tests of this program need together, well under what they read.
const MOST_MIB: u64 = 128;

#[test]
fn a_line_of_one_gib_costs_time_and_not_memory() {
    const LINE: u64 = 1 << 30;
    let text = io::Cursor::new(&b"a\n"[..])
        .chain(io::repeat(b'x').take(LINE))
        .chain(io::Cursor::new(&b"\r\nb\n"[..]));
    let source = SourceFile::from_reader("s", text);
    let limits = Limits { max_line_bytes: 1 << 20, ..Limits::default() };
    let options = ReadOptions { threads: 2, limits, ..ReadOptions::default() };
    let (seen, result) = read_all(&[source], &options);
    result.unwrap();
    let line = |number, offset, bytes: &[u8]| Seen::Line {
        source: 0,
        number,
        offset,
        bytes: bytes.to_vec(),
    };
    assert_eq!(
        seen,
        [
            line(1, 0, b"a"),
            Seen::TooLong { source: 0, number: 2, offset: 2, len_bytes: LINE },
            line(3, LINE + 4, b"b"),
        ]
    );
    assert!(peak_mib().is_none_or(|peak| peak < MOST_MIB), "{:?} MiB", peak_mib());
}

/// Counts lines and keeps none.
#[derive(Default)]
struct Count(u64);

impl BlockWorker for Count {
    type Output = u64;

    fn line(&mut self, _: Line<'_>) {
        self.0 += 1;
    }

    fn too_long(&mut self, _: usize, _: InBlock, _: u64, _: u64) {}

    fn finish_block(&mut self) -> u64 {
        std::mem::take(&mut self.0)
    }
}

#[test]
fn a_bomb_stays_flat() {
    const RECORD: &[u8] = b"{\"resourceType\":\"Patient\",\"id\":\"-10000010254618\"}\n";
    // Lines make work, so fewer bytes of them than of one long line.
    let kinds = [(&b"\n"[..], 100_000_000), (b"x", 200_000_000), (RECORD, 1_000_000)];
    for (piece, pieces) in kinds {
        let bytes = pieces * piece.len() as u64;
        let copy = |encoder: &mut dyn Write| {
            let some = piece.repeat(1000);
            (0..pieces / 1000).for_each(|_| encoder.write_all(&some).unwrap());
        };
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        copy(&mut gzip);
        let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
        copy(&mut zstd);
        for stored in [gzip.finish().unwrap(), zstd.finish().unwrap()] {
            assert!(stored.len() < 2_000_000);
            // Below the limit all of it is read; above it, it ends.
            for max_decompressed_bytes in [bytes, bytes - 1] {
                let source = SourceFile::from_reader("s", io::Cursor::new(stored.clone()));
                let limits = Limits { max_line_bytes: 1 << 20, max_decompressed_bytes };
                let options = ReadOptions { threads: 2, limits, ..ReadOptions::default() };
                let mut lines = 0;
                let result = read(
                    &[source],
                    &options,
                    |_| Count::default(),
                    |count, _| {
                        lines += count;
                        ControlFlow::Continue(())
                    },
                );
                if max_decompressed_bytes == bytes {
                    assert_eq!(result.unwrap()[0].decompressed_bytes, bytes);
                    assert_eq!(lines, if piece == RECORD { pieces } else { 0 });
                } else {
                    let kind = result.unwrap_err().kind();
                    assert!(matches!(kind, ErrorKind::ExpandsTooMuch { .. }), "{kind:?}");
                }
            }
        }
    }
    assert!(peak_mib().is_none_or(|peak| peak < MOST_MIB), "{:?} MiB", peak_mib());
}

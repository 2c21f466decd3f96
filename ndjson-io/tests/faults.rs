//! Faults of data, files, workers and people: each ends the reading with its error, and nothing
//! hangs.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::common::{self, Keep, Seen, assert_same, expected, gzip, placed, read_all};
use ndjson_io::{
    Before, BlockWorker, Error, ErrorKind, InBlock, Limits, Line, Position, ReadOptions,
    SourceFile, read, read_records,
};

fn options(threads: usize, block_bytes: usize) -> ReadOptions {
    ReadOptions { threads, block_bytes, ..ReadOptions::default() }
}

/// Nothing here takes nearly as long.
const HANG: Duration = Duration::from_mins(1);

/// Runs on another thread and fails instead of hanging.
fn in_time<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let _ = sender.send(run());
    });
    receiver.recv_timeout(HANG).expect("finishes, and does not panic")
}

fn numbered(lines: usize) -> Vec<u8> {
    (0..lines).flat_map(|line| format!("{{\"secret\":{line}}}\n").into_bytes()).collect()
}

/// `text` once, then silence until told to end.
struct Silent {
    text: io::Cursor<Vec<u8>>,
    until: mpsc::Receiver<()>,
}

impl Read for Silent {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.text.read(buffer)? {
            0 => {
                let _ = self.until.recv();
                Ok(0)
            }
            count => Ok(count),
        }
    }
}

/// Line ends for ever; tells when it is dropped.
struct Endless(Arc<AtomicBool>);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::repeat(b'\n').read(buffer)
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn corrupt_gzip_after_good_lines() {
    let text = numbered(2000);
    let good = gzip(&text);
    let mut bad_sum = good.clone();
    let len = bad_sum.len();
    bad_sum[len - 6] ^= 1;
    let garbage = [&good[..], b"garbage"].concat();
    for stored in [&good[..len - 3], &bad_sum, &garbage] {
        for block_bytes in [1, 100, 1 << 20] {
            let source = SourceFile::from_reader("x.ndjson", io::Cursor::new(stored.to_vec()));
            let (seen, result) = read_all(&[source], &options(2, block_bytes));
            let error = result.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Corrupt { .. }), "{error}");
            assert_eq!(error.source_name(), Some("x.ndjson"));
            // All lines came before the fault, for any size of block.
            assert_same(&seen, &expected(0, &text, usize::MAX).0, "all lines");
            let byte = text.len() as u64;
            assert_eq!(error.position(), Some(Position { line: 2001, byte }));
        }
    }
    let padded = [&good[..], &[0; 512]].concat();
    let source = SourceFile::from_reader("x.ndjson", io::Cursor::new(padded));
    assert!(read_all(&[source], &options(2, 100)).1.is_ok());
}

#[test]
fn a_missing_file_ends_the_reading_after_what_came_before() {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["a", "b", "c"].map(|name| dir.path().join(name));
    for path in &paths {
        fs::write(path, "1\n2\n").unwrap();
    }
    let sources: Vec<_> = paths.iter().map(|path| SourceFile::from_path(path).unwrap()).collect();
    fs::remove_file(&paths[1]).unwrap();
    let (seen, result) = read_all(&sources, &options(2, 1 << 20));
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io { operation: "open", error: io::ErrorKind::NotFound });
    assert_eq!(error.source_name(), Some("b"));
    assert_eq!(seen.len(), 2);
}

#[test]
fn a_fault_among_small_files_is_told_the_same_whoever_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    let text = numbered(3000);
    let good = gzip(&text);
    let mut bad_sum = good.clone();
    bad_sum[good.len() - 6] ^= 1;
    let faults: [(&[u8], ErrorKind); 4] = [
        (&good[..good.len() - 3], ErrorKind::Corrupt { detail: "" }),
        (&bad_sum, ErrorKind::Corrupt { detail: "" }),
        (&common::zstd(&text)[..200], ErrorKind::Corrupt { detail: "" }),
        (&good, ErrorKind::ExpandsTooMuch { limit_bytes: 20_000 }),
    ];
    for (number, (stored, kind)) in faults.into_iter().enumerate() {
        let paths = ["a", "b", "c", "d"].map(|name| dir.path().join(format!("{name}.ndjson")));
        for path in &paths {
            fs::write(path, "{}\n[]\n").unwrap();
        }
        fs::write(&paths[2], stored).unwrap();
        let limit = if number == 3 { 20_000 } else { u64::MAX };
        // The first of them is what the thread of the reader sees.
        let mut first = None;
        for (hash, threads) in [(true, 1), (false, 1), (false, 3)] {
            let limits = Limits { max_decompressed_bytes: limit, ..Limits::default() };
            let options = ReadOptions { hash, limits, ..options(threads, 1 << 20) };
            let sources = paths.each_ref().map(|path| SourceFile::from_path(path).unwrap());
            let (seen, result) = read_all(&sources, &options);
            let error = result.unwrap_err();
            let is_of_kind = |kind: &ErrorKind| {
                std::mem::discriminant(&error.kind()) == std::mem::discriminant(kind)
            };
            assert!(is_of_kind(&kind), "{number}: {error}");
            assert_eq!(error.source_name(), Some("c.ndjson"));
            let (lines, place) = first.get_or_insert_with(|| (seen.clone(), error.position()));
            assert_same(&seen, lines, "up to the fault");
            assert_eq!(error.position(), *place, "{number}, hash {hash}");
            assert!(
                seen.len() >= 4
                    && seen.iter().all(|seen| matches!(seen, Seen::Line { source: 0..3, .. }))
            );
        }
        assert!(first.unwrap().1.is_some());
    }
}

fn stored_gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_file_that_shrinks_and_one_that_grows() {
    let dir = tempfile::tempdir().unwrap();
    let text = numbered(20_000);
    for compressed in [false, true] {
        // More than what the reader has read when the first block comes, so stored without compression.
        let stored = if compressed { stored_gzip(&text) } else { text.clone() };
        let path = dir.path().join("x");
        // The worker changes the file while the reader is waiting for blocks.
        for change in [-1000_i64, 7] {
            fs::write(&path, &stored).unwrap();
            // The first source holds the reader back until the second is open.
            let source = SourceFile::from_path(&path).unwrap();
            let changed = AtomicBool::new(false);
            let new_len = stored.len() as u64;
            let new_len = new_len.checked_add_signed(change).unwrap();
            let mut seen = Vec::new();
            let result = read(
                &[source],
                &options(1, 256),
                |_| Keep::default(),
                |block, before| {
                    if !changed.swap(true, Ordering::Relaxed) {
                        let file = OpenOptions::new().write(true).open(&path).unwrap();
                        file.set_len(new_len).unwrap();
                    }
                    seen.extend(placed(block, before));
                    ControlFlow::Continue(())
                },
            );
            if change < 0 {
                let error = result.unwrap_err();
                let expected_bytes = stored.len() as u64;
                assert_eq!(
                    error.kind(),
                    ErrorKind::Shrunk { expected_bytes, found_bytes: new_len }
                );
                assert!(error.position().is_some());
            } else {
                assert!(result.unwrap()[0].grew);
                assert_same(&seen, &expected(0, &text, usize::MAX).0, "all lines");
            }
        }
    }
}

#[test]
fn expands_too_much() {
    let text = numbered(50_000);
    let limit_bytes = 100_000;
    let mut first = None;
    for block_bytes in [64, 1 << 20] {
        for stored in [gzip(&text), common::zstd(&text)] {
            let limits = Limits { max_decompressed_bytes: limit_bytes, ..Limits::default() };
            let options = ReadOptions { limits, ..options(2, block_bytes) };
            let source = SourceFile::from_reader("bomb", io::Cursor::new(stored));
            let (seen, result) = read_all(&[source], &options);
            assert_eq!(result.unwrap_err().kind(), ErrorKind::ExpandsTooMuch { limit_bytes });
            // Up to the limit, for any size of block.
            assert_same(&seen, first.get_or_insert_with(|| seen.clone()), "up to the limit");
        }
    }
    assert!(first.unwrap().len() > 5000);
}

#[test]
fn a_stream_is_read_once() {
    let stream = SourceFile::from_reader("s", &b"1\n"[..]);
    assert!(read_all(std::slice::from_ref(&stream), &options(1, 10)).1.is_ok());
    let error = read_all(&[stream], &options(1, 10)).1.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyRead);
}

#[test]
fn an_error_of_a_stream_is_not_an_error_of_the_data() {
    struct Failing(io::Cursor<Vec<u8>>, bool);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if !std::mem::replace(&mut self.1, true) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            match self.0.read(buffer)? {
                0 => Err(io::Error::from_raw_os_error(5)),
                count => Ok(count),
            }
        }
    }
    let text = numbered(100);
    for stored in [text.clone(), gzip(&text)] {
        let source = SourceFile::from_reader("s", Failing(io::Cursor::new(stored), false));
        let (seen, result) = read_all(&[source], &options(2, 77));
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Io { operation: "read", .. }), "{error}");
        assert_eq!(seen.len(), 100);
    }
}

/// Panics at one line, with its content.
struct Panics(u64);

impl BlockWorker for Panics {
    type Output = u64;

    fn line(&mut self, line: Line<'_>) {
        let struck = format!("{{\"secret\":{}}}", self.0.wrapping_sub(1));
        assert!(line.bytes != struck.as_bytes(), "{}", String::from_utf8_lossy(line.bytes));
    }

    fn too_long(&mut self, _: usize, _: InBlock, _: u64, _: u64) {}

    fn finish_block(&mut self) -> u64 {
        assert!(self.0 != u64::MAX, "at the end of a block");
        0
    }
}

fn assert_panicked(error: &Error, line: Option<u64>) {
    assert_eq!(error.kind(), ErrorKind::WorkerPanicked);
    assert!(!error.to_string().contains("secret") && !format!("{error:?}").contains("secret"));
    assert_eq!(error.position().map(|position| position.line), line);
}

#[test]
fn a_panicking_worker_ends_the_reading() {
    for threads in [1, 2, 7] {
        for block_bytes in [1, 1000, 1 << 20] {
            let error = in_time(move || {
                let source = SourceFile::from_reader("s", io::Cursor::new(numbered(3000)));
                let go = |_, _: Before<'_>| ControlFlow::Continue(());
                read(&[source], &options(threads, block_bytes), |_| Panics(1234), go).unwrap_err()
            });
            assert_panicked(&error, Some(1234));
            assert_eq!(error.source_name(), Some("s"));
        }
        let error = in_time(move || {
            let source = SourceFile::from_reader("s", io::Cursor::new(numbered(3000)));
            let go = |_, _: Before<'_>| ControlFlow::Continue(());
            read(&[source], &options(threads, 1 << 20), |_| Panics(u64::MAX), go).unwrap_err()
        });
        assert_panicked(&error, Some(3000));
        let error = in_time(move || {
            let source = SourceFile::from_reader("s", io::Cursor::new(numbered(3000)));
            let go = |_, _: Before<'_>| ControlFlow::Continue(());
            let make = |index| if index == 0 { panic!("cannot be made") } else { Panics(0) };
            read(&[source], &options(threads, 10), make, go).unwrap_err()
        });
        assert_panicked(&error, None);
    }
}

#[test]
fn a_worker_that_panics_when_dropped_is_harmless() {
    struct Drops(Keep);
    impl Drop for Drops {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    impl BlockWorker for Drops {
        type Output = <Keep as BlockWorker>::Output;
        fn line(&mut self, line: Line<'_>) {
            self.0.line(line);
        }
        fn too_long(&mut self, _: usize, _: InBlock, _: u64, _: u64) {}
        fn finish_block(&mut self) -> Self::Output {
            self.0.finish_block()
        }
    }
    let lines = in_time(|| {
        let source = SourceFile::from_reader("s", io::Cursor::new(numbered(100)));
        let mut lines = 0;
        let go = |block: Vec<_>, _: Before<'_>| {
            lines += block.len();
            ControlFlow::Continue(())
        };
        read(&[source], &options(2, 100), |_| Drops(Keep::default()), go).map(|_| lines)
    });
    assert_eq!(lines.unwrap(), 100);
}

#[test]
fn a_panicking_sink_panics_after_the_threads_have_ended() {
    struct Alive(Arc<AtomicUsize>);
    impl BlockWorker for Alive {
        type Output = ();
        fn line(&mut self, _: Line<'_>) {}
        fn too_long(&mut self, _: usize, _: InBlock, _: u64, _: u64) {}
        fn finish_block(&mut self) {}
    }
    impl Drop for Alive {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let alive = Arc::new(AtomicUsize::new(0));
    let workers = Arc::clone(&alive);
    let panicked = in_time(move || {
        let source = SourceFile::from_reader("s", io::repeat(b'\n'));
        let make = |_| {
            workers.fetch_add(1, Ordering::SeqCst);
            Alive(Arc::clone(&workers))
        };
        catch_unwind(AssertUnwindSafe(|| {
            read(&[source], &options(3, 100), make, |(), _| panic!("the sink"))
        }))
        .is_err()
    });
    assert!(panicked);
    assert_eq!(alive.load(Ordering::SeqCst), 0);
}

#[test]
fn the_sink_may_stop_early() {
    // Endless input: only stopping ends it.
    let reports = in_time(|| {
        let endless = SourceFile::from_reader("s", io::repeat(b'x').chain(io::empty()));
        let lines = SourceFile::from_reader("l", io::Cursor::new(numbered(10)));
        let mut blocks = 0;
        let limits = Limits { max_line_bytes: 10, ..Limits::default() };
        let options = ReadOptions { limits, ..options(3, 10) };
        read(
            &[lines, endless],
            &options,
            |_| Keep::default(),
            |_, _| {
                blocks += 1;
                assert_eq!(blocks, 1, "the sink is not called again");
                ControlFlow::Break(())
            },
        )
        .unwrap()
    });
    assert!(!reports[1].finished);
    assert_eq!(reports[1].raw_bytes, 0);

    let mut seen = Vec::new();
    let source = SourceFile::from_reader("s", io::Cursor::new(numbered(100_000)));
    let parse = |line: Line<'_>| if line.offset < 50 { Ok(line.offset) } else { Err(()) };
    read_records(&[source], &options(2, 500), parse, |record| {
        seen.push(record.value);
        if seen.len() == 6 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    let refused = Err(ndjson_io::RecordError::Parse(()));
    assert_eq!(seen, [Ok(0), Ok(13), Ok(26), Ok(39), refused, refused]);
}

#[test]
fn cancelled_before_while_busy_and_while_waiting() {
    let cancel = Arc::new(AtomicBool::new(true));
    let before = ReadOptions { cancel: Arc::clone(&cancel), ..options(2, 100) };
    let error = read_all(&[SourceFile::from_reader("s", io::empty())], &before).1.unwrap_err();
    assert!(error.is_cancelled());

    // Busy: endless input, cancelled by the sink.
    let error = in_time(|| {
        let options = options(2, 100);
        let source = SourceFile::from_reader("s", io::repeat(b'\n'));
        read(
            &[source],
            &options,
            |_| Keep::default(),
            |_, _| {
                options.cancel.store(true, Ordering::Relaxed);
                ControlFlow::Continue(())
            },
        )
        .unwrap_err()
    });
    assert!(error.is_cancelled());

    // The reader thread has ended, too: it dropped the stream.
    let dropped = Arc::new(AtomicBool::new(false));
    let source = SourceFile::from_reader("s", Endless(Arc::clone(&dropped)));
    let go = |_, _: Before<'_>| ControlFlow::Break(());
    read(&[source], &options(2, 100), |_| Keep::default(), go).unwrap();
    assert!(dropped.load(Ordering::SeqCst));

    // Waiting: a stream that says nothing; the reader thread is left behind.
    let (tell, until) = mpsc::channel();
    let text = io::Cursor::new(numbered(10));
    let source = SourceFile::from_reader("s", Silent { text, until });
    let options = ReadOptions { cancel: Arc::default(), ..options(2, 1) };
    let cancel = Arc::clone(&options.cancel);
    let canceller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(200));
        cancel.store(true, Ordering::Relaxed);
        Instant::now()
    });
    let (error, ended) = in_time(move || {
        let error = read_all(&[source], &options).1.unwrap_err();
        (error, Instant::now())
    });
    assert!(error.is_cancelled());
    let set = canceller.join().unwrap();
    assert!(ended.duration_since(set) < Duration::from_secs(2));
    drop(tell);
}

#[test]
fn a_slow_worker_stops_within_its_line() {
    struct Slow;
    impl BlockWorker for Slow {
        type Output = ();
        fn line(&mut self, _: Line<'_>) {
            thread::sleep(Duration::from_millis(20));
        }
        fn too_long(&mut self, _: usize, _: InBlock, _: u64, _: u64) {}
        fn finish_block(&mut self) {}
    }
    // A block of 10,000 lines would take 200 seconds.
    let error = in_time(|| {
        let source = SourceFile::from_reader("s", io::Cursor::new(numbered(10_000)));
        let options = options(1, 1 << 20);
        let cancel = Arc::clone(&options.cancel);
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            cancel.store(true, Ordering::Relaxed);
        });
        read(&[source], &options, |_| Slow, |(), _| ControlFlow::Continue(())).unwrap_err()
    });
    assert!(error.is_cancelled());
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read_as_a_stream() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let text = numbered(50_000);
    let source = SourceFile::from_path(&path).unwrap();
    assert!(source.is_stream());
    let stored = gzip(&text);
    let writer = thread::spawn(move || fs::write(path, stored));
    let (seen, result) = in_time(move || read_all(&[source], &options(2, 1000)));
    assert!(result.is_ok());
    assert_same(&seen, &expected(0, &text, usize::MAX).0, "through a pipe");
    writer.join().unwrap().unwrap();
}

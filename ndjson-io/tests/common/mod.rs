//! What the tests share: a worker that keeps what it sees, and a slow obvious reading of lines to
//! compare with.

#![allow(dead_code, reason = "each test program uses a part of this")]

use std::io::{self, Read, Write};
use std::ops::ControlFlow;

use ndjson_io::{
    Before, BlockWorker, Error, InBlock, Line, ReadOptions, SourceFile, SourceReport, read,
};

/// Compares without printing thousands of lines.
#[track_caller]
pub(crate) fn assert_same(seen: &[Seen], wanted: &[Seen], what: &str) {
    if seen != wanted {
        let at = seen.iter().zip(wanted).take_while(|(a, b)| a == b).count();
        panic!(
            "{what}: {} seen, {} wanted; differs at {at}: {:?} instead of {:?}",
            seen.len(),
            wanted.len(),
            seen.get(at),
            wanted.get(at)
        );
    }
}

/// What a worker is given, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Line { source: usize, number: u64, offset: u64, bytes: Vec<u8> },
    TooLong { source: usize, number: u64, offset: u64, len_bytes: u64 },
}

/// Keeps everything.
#[derive(Default)]
pub(crate) struct Keep(Vec<(InBlock, Seen)>);

impl BlockWorker for Keep {
    type Output = Vec<(InBlock, Seen)>;

    fn line(&mut self, line: Line<'_>) {
        let Line { bytes, source, number, offset } = line;
        self.0.push((number, Seen::Line { source, number: 0, offset, bytes: bytes.to_vec() }));
    }

    fn too_long(&mut self, source: usize, number: InBlock, offset: u64, len_bytes: u64) {
        self.0.push((number, Seen::TooLong { source, number: 0, offset, len_bytes }));
    }

    fn finish_block(&mut self) -> Self::Output {
        std::mem::take(&mut self.0)
    }
}

/// What a block gave, with the numbers of its lines.
pub(crate) fn placed(block: Vec<(InBlock, Seen)>, before: Before<'_>) -> Vec<Seen> {
    let numbered = block.into_iter().map(|(line, mut seen)| {
        let (Seen::Line { source, number, .. } | Seen::TooLong { source, number, .. }) = &mut seen;
        *number = before.number(*source, line);
        seen
    });
    numbered.collect()
}

pub(crate) fn read_all(
    sources: &[SourceFile],
    options: &ReadOptions,
) -> (Vec<Seen>, Result<Vec<SourceReport>, Error>) {
    let mut all = Vec::new();
    let reports = read(
        sources,
        options,
        |_| Keep::default(),
        |seen, before| {
            all.extend(placed(seen, before));
            ControlFlow::Continue(())
        },
    );
    (all, reports)
}

/// The same, read slowly and obviously from the whole text. Also: lines, blank lines, and lines
/// that are too long.
pub(crate) fn expected(source: usize, text: &[u8], max_line: usize) -> (Vec<Seen>, [u64; 3]) {
    let mut seen = Vec::new();
    let mut counts = [0; 3];
    let mut offset = 0;
    for (index, raw) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let mut start = offset;
        offset += raw.len();
        let mut bytes = raw;
        if let [line @ .., b'\r', b'\n'] | [line @ .., b'\n'] = bytes {
            bytes = line;
        }
        if start == 0 && bytes.starts_with(b"\xef\xbb\xbf") {
            bytes = &bytes[3..];
            start = 3;
        }
        let (number, start) = (index as u64 + 1, start as u64);
        counts[0] += 1;
        if bytes.len() > max_line {
            counts[2] += 1;
            let len_bytes = bytes.len() as u64;
            seen.push(Seen::TooLong { source, number, offset: start, len_bytes });
        } else if bytes.iter().all(|byte| b" \t\r".contains(byte)) {
            counts[1] += 1;
        } else {
            seen.push(Seen::Line { source, number, offset: start, bytes: bytes.to_vec() });
        }
    }
    (seen, counts)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Many members, cut anywhere.
pub(crate) fn gzip_members(bytes: &[u8], member: usize) -> Vec<u8> {
    bytes.chunks(member).flat_map(gzip).collect()
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}

/// A stream that gives a few bytes at a time: 1, 2, 3, ... up to `most`, then from 1 again.
pub(crate) struct Pieces {
    bytes: io::Cursor<Vec<u8>>,
    next: usize,
    most: usize,
}

impl Pieces {
    pub(crate) fn new(bytes: Vec<u8>, most: usize) -> Self {
        Self { bytes: io::Cursor::new(bytes), next: 0, most }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.next = self.next % self.most + 1;
        let count = self.next.min(buffer.len());
        self.bytes.read(&mut buffer[..count])
    }
}

//! Parallel, ordered, bounded-memory reading of NDJSON from files, folders, globs and stdin.
//!
//! NDJSON is text with one JSON value a line. This crate is about how bytes become lines: it knows nothing of what a line holds, not even
//! that it is JSON. [`discover`] finds the sources, [`read`] gives their lines to one worker per
//! thread and the results to a sink in input order, [`read_records`] does the same for callers
//! that parse line by line. gzip and zstd are recognised by their first bytes.
//!
//! What it promises:
//!
//! - **Order.** Lines, their numbers and offsets, and the order of results are the same for any
//!   number of threads and any size of block.
//! - **Bounds.** Memory is bounded by threads, blocks and the longest line allowed, however large
//!   the input, however slow a worker or the sink, and whatever a compressed file expands to.
//! - **No silent loss.** A file that is cut short, damaged or shrinks while it is read is an
//!   error. A line that is too long is reported with its place. A worker that panics ends the
//!   reading with an error.
//! - **No content in messages.** Errors name a source, a line and a byte offset.
//!
//! # Example
//!
//! Lengths of all lines of a folder, on all processors, and one line that a parser refuses:
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use ndjson_io::{Line, ReadOptions, RecordError, discover, read_records};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("a.ndjson"), "{\"id\":1}\n\n{\"id\":22}\r\n")?;
//! std::fs::write(folder.path().join("b.ndjson"), "not an object")?;
//!
//! let sources = discover(&[folder.path().display().to_string()], &[])?;
//! let parse = |line: Line<'_>| match line.bytes {
//!     [b'{', .., b'}'] => Ok(line.bytes.len()),
//!     _ => Err("not an object"),
//! };
//!
//! let mut found = Vec::new();
//! let reports = read_records(&sources, &ReadOptions::default(), parse, |record| {
//!     found.push((sources[record.source].name(), record.number, record.offset, record.value));
//!     ControlFlow::Continue(())
//! })?;
//!
//! assert_eq!(
//!     found,
//!     [
//!         ("a.ndjson", 1, 0, Ok(8)),
//!         ("a.ndjson", 3, 10, Ok(9)),
//!         ("b.ndjson", 1, 0, Err(RecordError::Parse("not an object"))),
//!     ]
//! );
//! assert_eq!((reports[0].lines, reports[0].blank_lines), (3, 1));
//! # Ok(())
//! # }
//! ```
//!
//! A worker that keeps something across lines, such as column builders, implements
//! [`BlockWorker`] and goes through [`read`]:
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use ndjson_io::{BlockWorker, InBlock, Line, ReadOptions, SourceFile, read};
//!
//! /// Counts lines and bytes.
//! #[derive(Default)]
//! struct Count(u64, u64);
//!
//! impl BlockWorker for Count {
//!     type Output = (u64, u64);
//!
//!     fn line(&mut self, line: Line<'_>) {
//!         self.0 += 1;
//!         self.1 += line.bytes.len() as u64;
//!     }
//!
//!     fn too_long(&mut self, _source: usize, _number: InBlock, _offset: u64, _len_bytes: u64) {}
//!
//!     fn finish_block(&mut self) -> (u64, u64) {
//!         let Count(lines, bytes) = std::mem::take(self);
//!         (lines, bytes)
//!     }
//! }
//!
//! # fn main() -> Result<(), ndjson_io::Error> {
//! let sources = [SourceFile::from_reader("text", &b"one\ntwo\n"[..])];
//! let mut total = (0, 0);
//! read(&sources, &ReadOptions::default(), |_thread| Count::default(), |(lines, bytes), _| {
//!     total = (total.0 + lines, total.1 + bytes);
//!     ControlFlow::Continue(())
//! })?;
//! assert_eq!(total, (2, 6));
//! # Ok(())
//! # }
//! ```
//!
//! # The parts, in the order of the data
//!
//! `discover`, `source` and `plain` (what is read), `decompress` (stored bytes to bytes), `reader` and `block` (bytes to
//! blocks of whole lines, plain files to ranges), `range` (which lines a range has), `line` (bytes to lines), `given` (what a
//! worker is given of a block), `workers` (threads, queues, the stop signal), `order` (back in input order), `counts` (which
//! number a line has), `records` (the convenience on top).
//!
//! # Panics of workers
//!
//! A panic of a worker is caught, but the process's panic hook runs first and by default prints
//! the panic message to stderr. A program whose workers might put data in such a message should
//! set a hook that prints the location only.

#![forbid(unsafe_code)]

mod block;
mod counts;
mod decompress;
mod discover;
mod error;
mod fault;
mod given;
mod limits;
mod line;
mod order;
mod plain;
mod progress;
mod range;
mod reader;
mod records;
mod remote;
mod sniff;
mod source;
mod stop;
mod turns;
mod workers;

pub use counts::{Before, InBlock};
pub use decompress::Compression;
pub use discover::{Discovered, discover, discover_among};
pub use error::{Error, ErrorKind, Position, shown};
pub use given::BlockWorker;
pub use limits::{DEFAULT_MAX_DECOMPRESSED_BYTES, DEFAULT_MAX_LINE_BYTES, Limits};
pub use line::Line;
pub use progress::{Progress, SourceReport};
pub use records::{Record, RecordError, read_records};
pub use remote::{Elsewhere, Purpose, Remote, RemoteFault, RemoteFile};
pub use sniff::Sniffer;
pub use source::SourceFile;
pub use workers::{DEFAULT_BLOCK_BYTES, ReadOptions, read};

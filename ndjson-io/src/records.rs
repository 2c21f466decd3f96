//! Reading values: for callers that parse each line by itself and want the results one by one.

use std::fmt;
use std::ops::ControlFlow;

use crate::counts::InBlock;
use crate::error::{Error, Position};
use crate::given::BlockWorker;
use crate::line::Line;
use crate::progress::SourceReport;
use crate::source::SourceFile;
use crate::workers::{ReadOptions, read};

/// What became of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<T, E> {
    /// Index of the source in the slice that is read.
    pub source: usize,
    /// Line number in the source, 1-based; blank lines count.
    pub number: u64,
    /// Byte offset of the line in the decompressed source, 0-based.
    pub offset: u64,
    /// The value, or why there is none.
    pub value: Result<T, RecordError<E>>,
}

impl<T, E> Record<T, E> {
    /// Line number and byte offset.
    pub fn position(&self) -> Position {
        Position { line: self.number, byte: self.offset }
    }
}

/// Why a line gave no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError<E> {
    /// The line is longer than [`Limits::max_line_bytes`](crate::Limits::max_line_bytes); it was
    /// skipped.
    TooLong {
        /// Length in bytes, without the line end.
        len_bytes: u64,
    },
    /// The parser refused the line.
    Parse(E),
}

impl<E: fmt::Display> fmt::Display for RecordError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { len_bytes } => write!(f, "the line is too long: {len_bytes} bytes"),
            Self::Parse(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error + 'static> std::error::Error for RecordError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLong { .. } => None,
            Self::Parse(error) => Some(error),
        }
    }
}

/// Parses every line that is not blank, in parallel, and gives the records to `sink` in input
/// order, on the calling thread. A line that `parse` refuses does not end the reading; the sink
/// may, with [`ControlFlow::Break`].
///
/// # Errors
///
/// As [`read`].
pub fn read_records<T, E, P, S>(
    sources: &[SourceFile],
    options: &ReadOptions,
    parse: P,
    mut sink: S,
) -> Result<Vec<SourceReport>, Error>
where
    T: Send,
    E: Send,
    P: Fn(Line<'_>) -> Result<T, E> + Sync,
    S: FnMut(Record<T, E>) -> ControlFlow<()>,
{
    let make_worker = |_| Parser { parse: &parse, records: Vec::new() };
    read(sources, options, make_worker, |records, before| {
        records.into_iter().try_for_each(|(number, record)| {
            sink(Record { number: before.number(record.source, number), ..record })
        })
    })
}

struct Parser<'p, P, T, E> {
    parse: &'p P,
    /// Their numbers are not known yet.
    records: Vec<(InBlock, Record<T, E>)>,
}

impl<P, T, E> BlockWorker for Parser<'_, P, T, E>
where
    T: Send,
    E: Send,
    P: Fn(Line<'_>) -> Result<T, E>,
{
    type Output = Vec<(InBlock, Record<T, E>)>;

    fn line(&mut self, line: Line<'_>) {
        let Line { source, number, offset, .. } = line;
        let value = (self.parse)(line).map_err(RecordError::Parse);
        self.records.push((number, Record { source, number: 0, offset, value }));
    }

    fn too_long(&mut self, source: usize, number: InBlock, offset: u64, len_bytes: u64) {
        let value = Err(RecordError::TooLong { len_bytes });
        self.records.push((number, Record { source, number: 0, offset, value }));
    }

    fn finish_block(&mut self) -> Self::Output {
        // The next block will be about as full.
        let capacity = self.records.len();
        std::mem::replace(&mut self.records, Vec::with_capacity(capacity))
    }
}

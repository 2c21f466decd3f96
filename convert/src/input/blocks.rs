//! The lines of the input, in blocks, on several threads.

use std::ops::ControlFlow;

use ndjson_io::{Before, BlockWorker, InBlock, Line, ReadOptions, SourceFile, SourceReport};

use crate::error::Error;

/// Every worker of this crate: in tests it may meet a line that strikes it.
struct Worker<W>(W);

impl<W: BlockWorker> BlockWorker for Worker<W> {
    type Output = W::Output;

    fn line(&mut self, line: Line<'_>) {
        #[cfg(test)]
        crate::tests::strike(line.bytes);
        self.0.line(line);
    }

    fn too_long(&mut self, source: usize, number: InBlock, offset: u64, len_bytes: u64) {
        self.0.too_long(source, number, offset, len_bytes);
    }

    fn finish_block(&mut self) -> W::Output {
        self.0.finish_block()
    }
}

/// Reads files, and gives `take` what workers make of their blocks, in input order; no reports if it breaks off.
///
/// # Errors
/// That of `take`, else that of the reading.
pub(crate) fn read<W: BlockWorker>(
    files: &[SourceFile],
    options: &ReadOptions,
    make: impl Fn(usize) -> W + Sync,
    mut take: impl FnMut(W::Output, Before<'_>) -> Result<ControlFlow<()>, Error>,
) -> Result<Option<Vec<SourceReport>>, Error> {
    let mut end = Ok(ControlFlow::Continue(()));
    let reports = ndjson_io::read(
        files,
        options,
        |number| Worker(make(number)),
        |block, before| {
            end = take(block, before);
            if matches!(end, Ok(ControlFlow::Continue(()))) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        },
    );
    match end? {
        ControlFlow::Continue(()) => Ok(Some(reports?)),
        ControlFlow::Break(()) => Ok(None),
    }
}

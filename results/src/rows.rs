//! The rows of a finished table, a piece at a time, in order, on several threads.

use std::ops::Range;

use cclf_crosswalk::arrow::array::RecordBatch;
use convert::building::{StoredTable, shared};
use convert::{Cancel, Error};

/// Rows of a piece: columns of so many are in memory for each thread.
const PIECE_ROWS: usize = 16_384;

/// Pieces that are read for each thread before their turn comes.
const PIECES_PER_THREAD: usize = 2;

/// Some rows of a table.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) row_group: usize,
    /// Within the row group.
    pub(crate) rows: Range<usize>,
    /// The number of the first of them in the table.
    pub(crate) first: u64,
}

/// How a table is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) threads: usize,
    pub(crate) cancel: &'a Cancel,
}

impl Reader<'_> {
    /// Gives `work` pieces of a table with these columns, on several threads, and `take` what comes of them, in order.
    ///
    /// # Errors
    /// The table cannot be read, the run was asked to end, and those of `work` and `take`.
    pub(crate) fn each<R: Send>(
        self,
        table: &StoredTable,
        columns: &[usize],
        work: impl Fn(&Piece, RecordBatch) -> Result<R, Error> + Sync,
        mut take: impl FnMut(&Piece, R) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let pieces = pieces(table);
        for some in pieces.chunks(self.threads.max(1) * PIECES_PER_THREAD) {
            let done = shared(some.iter().collect(), self.threads.saturating_sub(1), |piece| {
                if self.cancel.is_cancelled() {
                    return Err(Error::cancelled());
                }
                let batch = table.batch(columns, piece.row_group, piece.rows.clone())?;
                work(piece, batch)
            });
            for (piece, done) in some.iter().zip(done) {
                take(piece, done?)?;
            }
        }
        Ok(())
    }
}

/// The pieces of a table, in order.
pub(crate) fn pieces(table: &StoredTable) -> Vec<Piece> {
    let (mut pieces, mut first) = (Vec::new(), 0);
    for (row_group, rows) in table.pieces(PIECE_ROWS) {
        let count = rows.len() as u64;
        pieces.push(Piece { row_group, rows, first });
        first += count;
    }
    pieces
}

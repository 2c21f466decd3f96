//! Blocks: the unit of work. A recycled buffer cut at a line end, and where its bytes come from.

use std::ops::Range;

use crate::error::Position;

/// Most segments in one block, so that a block of many tiny sources stays small, too.
pub(crate) const MAX_SEGMENTS: usize = 16 * 1024;

/// Whole lines, in the order of the sources; the lines of one block may come from many sources.
#[derive(Default)]
pub(crate) struct Block {
    /// Place among all blocks, from 0.
    pub(crate) sequence: u64,
    /// Initialised up to its length, which is what may be filled. It is zeroed once, when it
    /// grows, not each time it is used.
    pub(crate) buffer: Vec<u8>,
    /// What the bytes are, in order.
    pub(crate) segments: Vec<Segment>,
}

/// Part of a block that comes from one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// Index of the source.
    pub(crate) source: usize,
    /// Number and offset of the first line.
    pub(crate) first: Position,
    /// The lines, or what stands for one that was skipped.
    pub(crate) content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Whole lines in the buffer; the last may lack its line end where the source ends.
    Lines {
        range: Range<usize>,
        /// Filled in by the worker: how many of the lines are blank.
        blank: u64,
        /// Filled in by the worker: how many of the lines are over the limit.
        too_long: u64,
    },
    /// One line so long that the reader skipped it.
    TooLong { len_bytes: u64 },
}

impl Block {
    /// Empties the block and gives back memory beyond `block_bytes` that a long line needed.
    pub(crate) fn recycle(&mut self, block_bytes: usize) {
        self.segments.clear();
        if self.buffer.len() > block_bytes {
            self.buffer.truncate(block_bytes);
            self.buffer.shrink_to_fit();
        }
    }

    /// Makes room for at least `bytes`, exactly, unless there is more already.
    pub(crate) fn grow(&mut self, bytes: usize) {
        if self.buffer.is_empty() {
            // Zeros of the system's, which cost nothing until a page is used.
            self.buffer = vec![0; bytes];
        } else if self.buffer.len() < bytes {
            self.buffer.reserve_exact(bytes - self.buffer.len());
            self.buffer.resize(bytes, 0);
        }
    }

    /// Source and place of the first line, for a message.
    pub(crate) fn start(&self) -> Option<(usize, Position)> {
        self.segments.first().map(|segment| (segment.source, segment.first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recycling_gives_memory_back() {
        let mut block = Block::default();
        block.grow(10);
        block.grow(1000);
        block.grow(500);
        assert_eq!(block.buffer.len(), 1000);
        assert!(block.buffer.capacity() <= 1000);
        block.recycle(64);
        assert_eq!(block.buffer.len(), 64);
        assert!(block.buffer.capacity() < 1000);
    }
}

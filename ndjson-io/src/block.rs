//! Blocks: the unit of work. Lines in a recycled buffer, or what a worker reads itself: a range of a plain file, or small
//! files.

use std::ops::Range;
use std::sync::Arc;

use crate::counts::Found;
use crate::plain::PlainFile;

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
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    /// Index of the source.
    pub(crate) source: usize,
    /// Where in the source its first byte is.
    pub(crate) first_byte: u64,
    /// The lines, or what stands for one that was skipped.
    pub(crate) content: Content,
    /// What the worker found.
    pub(crate) found: Found,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// Whole lines in the buffer; the last may lack its line end where the source ends.
    Lines(Range<usize>),
    /// One line so long that the reader skipped it.
    TooLong { len_bytes: u64 },
    /// The lines that begin in these bytes of a plain file. The block has no other segment.
    Range { file: Arc<PlainFile>, bytes: Range<u64> },
    /// All of a small file, which is not open yet.
    File,
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

    /// The source that ends with this block, where its last lines are a range of a file.
    pub(crate) fn ended(&self) -> Option<(usize, &PlainFile)> {
        match self.segments.first() {
            Some(Segment { source, content: Content::Range { file, bytes }, .. })
                if bytes.end >= file.end() =>
            {
                Some((*source, file))
            }
            _ => None,
        }
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

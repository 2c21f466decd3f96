//! What was found in the lines of a block or a source, and which number a line has.

/// What a worker found in a segment, or in all of one source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) lines: u64,
    /// How many of the lines are blank.
    pub(crate) blank: u64,
    /// How many of the lines are over the limit.
    pub(crate) too_long: u64,
    /// Bytes of the lines in a range of a file, line ends included.
    pub(crate) range_bytes: u64,
}

impl Found {
    pub(crate) fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.blank += other.blank;
        self.too_long += other.too_long;
        self.range_bytes += other.range_bytes;
    }
}

/// A line's number among the lines of its source that are in one block, from 1.
///
/// Blocks are read side by side, and none knows how many lines come before it. Whoever takes their results in order
/// does: [`Before::number`] makes of it the number in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InBlock(pub(crate) u64);

/// How many lines of each source come before a block.
#[derive(Clone, Copy, Debug)]
pub struct Before<'b>(pub(crate) &'b [Found]);

impl Before<'_> {
    /// The number of a line of the block in its source, the one with this index among those that are read: 1-based,
    /// blank lines count.
    pub fn number(&self, source: usize, line: InBlock) -> u64 {
        self.0.get(source).map_or(0, |found| found.lines) + line.0
    }
}

//! Ranges of plain files, and small files whole, which workers read by themselves: the bytes are still in a worker's own
//! caches when it looks at them, and no thread reads ahead for all.
//!
//! A line belongs to the range in which its first byte lies. So a range begins at the first line start at or behind
//! its first byte, and ends where the next range begins: no line is in two of them, and none between them. Whoever
//! reads a range sees that by itself; it looks at the byte before the range, and reads on to the end of its last line.

use std::ops::{ControlFlow, Range};

use memchr::{memchr, memchr_iter, memrchr};

use crate::fault::Fault;
use crate::line::{BOM, UNCOUNTED_BYTES};
use crate::plain::PlainFile;

/// Bytes that are read at once: they are looked at while they are in the processor's second-level cache.
const STEP_BYTES: usize = 256 << 10;

/// The same beyond the end of a range, where no more is wanted than the rest of a line.
const REST_BYTES: usize = 32 << 10;

/// Where bytes come from that are read one after another.
pub(crate) trait Bytes {
    /// Reads some, from this byte on: the first of all, or the one behind those that were read last. Zero at the end.
    fn read_from(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault>;
}

impl Bytes for &PlainFile {
    fn read_from(&mut self, at: u64, buffer: &mut [u8]) -> Result<usize, Fault> {
        self.read_at(buffer, at)
    }
}

/// What a range has, piece by piece.
pub(crate) enum Piece<'b> {
    /// Whole lines, from this byte of the file on; the last may lack its line end where the file ends.
    Lines { bytes: &'b [u8], first_byte: u64 },
    /// A line that is too long to be kept begins at this byte, and the next one at that; its length is without line end
    /// and byte order mark.
    TooLong { first_byte: u64, len_bytes: u64, next_byte: u64 },
}

/// Reads ranges one after another with the same memory: one for each worker.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    buffer: Vec<u8>,
}

impl Ranges {
    /// Gives `take` what a range has, in order, until it breaks off. Adds the bytes of what was taken to `bytes`.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or is shorter than it was. What comes whole before that has been taken.
    pub(crate) fn read(
        &mut self,
        from: &mut impl Bytes,
        range: Range<u64>,
        max_line_bytes: usize,
        bytes: &mut u64,
        take: &mut impl FnMut(Piece<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Fault> {
        let step = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let mut reading = Reading {
            from,
            step_bytes: STEP_BYTES.min(step.max(1)),
            too_long: max_line_bytes.saturating_add(UNCOUNTED_BYTES + 1),
            buffer: &mut self.buffer,
            base: range.start.saturating_sub(1),
            range,
            filled: 0,
            searched: 0,
        };
        let read = reading.lines(bytes, take);
        if self.buffer.len() > STEP_BYTES + REST_BYTES {
            self.buffer.truncate(STEP_BYTES + REST_BYTES);
            self.buffer.shrink_to_fit();
        }
        read
    }
}

/// A range while it is read.
struct Reading<'r, B> {
    from: &'r mut B,
    range: Range<u64>,
    step_bytes: usize,
    /// So many bytes without a line end are a line that is not kept.
    too_long: usize,
    buffer: &'r mut Vec<u8>,
    /// The byte of the file that the buffer begins with.
    base: u64,
    filled: usize,
    /// So many bytes at the beginning of the buffer are known to have no line end.
    searched: usize,
}

impl<B: Bytes> Reading<'_, B> {
    /// Reads on, behind what is there. Zero at the end of the file.
    fn fill(&mut self) -> Result<usize, Fault> {
        let at = self.base + self.filled as u64;
        let step = match self.range.end.checked_sub(at) {
            Some(left @ 1..) => self.step_bytes.min(usize::try_from(left).unwrap_or(usize::MAX)),
            _ => self.step_bytes.min(REST_BYTES),
        };
        let wanted = self.filled + step;
        let len = self.buffer.len();
        if len < wanted {
            // A long line doubles it, up to the limit of a line.
            let grown = wanted.max(len.saturating_mul(2).min(self.too_long));
            self.buffer.reserve_exact(grown - len);
            self.buffer.resize(grown, 0);
        }
        let count = self.from.read_from(at, &mut self.buffer[self.filled..wanted])?;
        self.filled += count;
        Ok(count)
    }

    /// Drops the first bytes of the buffer. What is left has no line end, unless it was not `searched`.
    fn drop_bytes(&mut self, count: usize, searched: bool) {
        self.buffer.copy_within(count..self.filled, 0);
        self.base += count as u64;
        self.filled -= count;
        self.searched = if searched { self.filled } else { 0 };
    }

    /// Drops all up to the next line end and it; false if no line begins in the range behind that.
    fn pass_line_end(&mut self) -> Result<bool, Fault> {
        // A line that begins in the range has a line end right before it.
        while self.base + 1 < self.range.end && self.fill()? > 0 {
            if let Some(at) = memchr(b'\n', &self.buffer[..self.filled]) {
                self.drop_bytes(at + 1, false);
                return Ok(self.base < self.range.end);
            }
            self.drop_bytes(self.filled, true);
        }
        Ok(false)
    }

    fn lines(
        &mut self,
        bytes: &mut u64,
        take: &mut impl FnMut(Piece<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Fault> {
        if self.range.is_empty() || self.range.start > 0 && !self.pass_line_end()? {
            return Ok(ControlFlow::Continue(()));
        }
        // Here a line begins where the buffer does, or the file ends there.
        loop {
            let first_byte = self.base;
            let end = self.whole_lines();
            let taken = if end > 0 {
                let taken = take(Piece::Lines { bytes: &self.buffer[..end], first_byte });
                self.drop_bytes(end, true);
                taken
            } else if self.filled >= self.too_long {
                self.skip_line(take)?
            } else if self.fill()? > 0 {
                continue;
            } else if self.filled > 0 {
                // The last line of a file may lack its line end.
                let taken = take(Piece::Lines { bytes: &self.buffer[..self.filled], first_byte });
                self.drop_bytes(self.filled, true);
                taken
            } else {
                return Ok(ControlFlow::Continue(()));
            };
            *bytes += self.base - first_byte;
            if taken.is_break() || self.base >= self.range.end {
                return Ok(taken);
            }
        }
    }

    /// Where in the buffer the last whole line ends that begins in the range.
    fn whole_lines(&mut self) -> usize {
        let bytes = &self.buffer[..self.filled];
        // The line that has the last byte of the range ends it.
        let last = usize::try_from(self.range.end - 1 - self.base).unwrap_or(usize::MAX);
        let from = last.max(self.searched).min(self.filled);
        let end = memchr(b'\n', &bytes[from..])
            .map(|at| from + at)
            .or_else(|| memrchr(b'\n', &bytes[self.searched..from]).map(|at| self.searched + at));
        self.searched = self.filled;
        end.map_or(0, |at| at + 1)
    }

    /// Passes over the line that fills the buffer. Only its length and its last byte are kept.
    fn skip_line(
        &mut self,
        take: &mut impl FnMut(Piece<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, Fault> {
        let first_byte = self.base;
        let marked = first_byte == 0 && self.buffer[..self.filled].starts_with(BOM);
        let mark = if marked { BOM.len() as u64 } else { 0 };
        let mut last = self.buffer[self.filled - 1];
        self.drop_bytes(self.filled, true);
        let mut line_end = 0;
        while line_end == 0 && self.fill()? > 0 {
            let bytes = &self.buffer[..self.filled];
            let end = memchr(b'\n', bytes);
            if let Some(before) = bytes[..end.unwrap_or(self.filled)].last() {
                last = *before;
            }
            line_end = end.map_or(0, |_| 1 + u64::from(last == b'\r'));
            self.drop_bytes(end.map_or(self.filled, |end| end + 1), false);
        }
        let len_bytes = self.base - first_byte - line_end - mark;
        let (first_byte, next_byte) = (first_byte + mark, self.base);
        Ok(take(Piece::TooLong { first_byte, len_bytes, next_byte }))
    }
}

/// How many lines of the file begin before the first line start at or behind this byte.
pub(crate) fn lines_before(file: &PlainFile, byte: u64) -> Result<u64, Fault> {
    let mut buffer = vec![0; STEP_BYTES];
    let (mut at, mut lines, mut last) = (0, 0, b'\n');
    while at < byte {
        let most = buffer.len().min(usize::try_from(byte - at).unwrap_or(usize::MAX));
        let count = file.read_at(&mut buffer[..most], at)?;
        if count == 0 {
            break;
        }
        lines += memchr_iter(b'\n', &buffer[..count]).count() as u64;
        last = buffer[count - 1];
        at += count as u64;
    }
    // The line in which it lies began before it.
    Ok(lines + u64::from(last != b'\n'))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// Where a line begins, and what it is, or how long.
    type Seen = (u64, Result<String, u64>);

    /// What a range has, and how many bytes that is.
    fn lines(file: &PlainFile, range: Range<u64>, max: usize) -> (Vec<Seen>, u64) {
        let (mut seen, mut bytes) = (Vec::new(), 0);
        let read = Ranges::default().read(&mut &*file, range, max, &mut bytes, &mut |piece| {
            match piece {
                Piece::Lines { bytes, first_byte } => {
                    let mut at = first_byte;
                    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
                        seen.push((at, Ok(String::from_utf8_lossy(line).into_owned())));
                        at += line.len() as u64;
                    }
                }
                Piece::TooLong { first_byte, len_bytes, .. } => {
                    seen.push((first_byte, Err(len_bytes)));
                }
            }
            ControlFlow::Continue(())
        });
        assert!(read.unwrap().is_continue());
        (seen, bytes)
    }

    fn plain(text: &str, lines: Range<u64>) -> PlainFile {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        PlainFile { file, size_at_open: text.len() as u64, lines, unchanged: None }
    }

    #[test]
    fn every_line_is_in_the_range_of_its_first_byte() {
        for text in ["", "\n", "a", "a\nbc\n\n\ndef", "a\nbc\n\n\ndef\n", "\r\nlong line\r\n"] {
            let size = text.len() as u64;
            let file = plain(text, 0..size);
            let mut at = 0;
            let all: Vec<(u64, &str)> = text
                .split_inclusive('\n')
                .map(|line| {
                    at += line.len() as u64;
                    (at - line.len() as u64, line)
                })
                .collect();
            for start in 0..=size {
                for end in start..=size {
                    let inside = all.iter().filter(|(first, _)| (start..end).contains(first));
                    for max in [100, 3] {
                        let wanted: Vec<_> = inside.clone().collect();
                        let (seen, bytes) = lines(&file, start..end, max);
                        assert_eq!(seen.len(), wanted.len(), "{text:?}, {start}..{end}");
                        let mut sum = 0;
                        for ((seen_at, seen), (at, line)) in seen.into_iter().zip(&wanted) {
                            assert_eq!(seen_at, *at, "{text:?}, {start}..{end}");
                            let len = line.trim_end_matches('\n').trim_end_matches('\r').len();
                            match seen {
                                Ok(seen) => assert_eq!(seen, *line),
                                Err(seen) => {
                                    assert!(len > max, "{text:?}, {start}..{end}");
                                    assert_eq!(seen, len as u64);
                                }
                            }
                            sum += line.len() as u64;
                        }
                        assert_eq!(bytes, sum, "{text:?}, {start}..{end}");
                    }
                }
                let next = all.iter().map(|(first, _)| *first).find(|first| *first >= start);
                if let Some(next) = next {
                    let before = all.iter().filter(|(first, _)| *first < next).count();
                    assert_eq!(lines_before(&file, start).unwrap(), before as u64);
                }
            }
        }
    }

    #[test]
    fn ranges_cover_what_is_read_and_one_of_nothing_ends_it() {
        let cut = |lines: Range<u64>, bytes| {
            let ranges = plain("0123456789", lines).ranges(bytes);
            ranges.map(|range| (range.start, range.end)).collect::<Vec<_>>()
        };
        assert_eq!(cut(0..10, 4), [(0, 4), (4, 8), (8, 10)]);
        assert_eq!(cut(3..7, 4), [(3, 7)]);
        assert_eq!(cut(3..100, 100), [(3, 10)]);
        assert_eq!(cut(10..20, 4), [(10, 10)]);
        assert_eq!(cut(50..60, 4), [(10, 10)]);
        assert_eq!(cut(5..5, 4), [(5, 5)]);
    }

    #[test]
    fn a_long_line_is_searched_once_and_gives_its_memory_back() {
        let text = format!("{}\n{}\n", "x".repeat(5 * STEP_BYTES), "y".repeat(10));
        let file = plain(&text, 0..u64::MAX);
        let mut ranges = Ranges::default();
        let (mut bytes, mut longest) = (0, 0);
        let read =
            ranges.read(&mut &file, 0..text.len() as u64, usize::MAX, &mut bytes, &mut |piece| {
                if let Piece::Lines { bytes, .. } = piece {
                    longest = longest.max(bytes.len());
                }
                ControlFlow::Continue(())
            });
        assert!(read.unwrap().is_continue());
        assert!(longest > 5 * STEP_BYTES);
        assert_eq!(bytes, text.len() as u64);
        assert!(ranges.buffer.capacity() <= STEP_BYTES + REST_BYTES);
    }
}

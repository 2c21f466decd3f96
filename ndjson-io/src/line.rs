//! One line: its number, its byte offset, and what is not part of it (line end, byte order mark).

use memchr::{memchr, memchr_iter, memrchr};

use crate::counts::InBlock;

/// The UTF-8 byte order mark. It is skipped at the start of a source and nowhere else.
pub(crate) const BOM: &[u8] = b"\xef\xbb\xbf";

/// What is in a line beyond the bytes that its limit binds: a byte order mark and a carriage
/// return. One more byte than that and the limit, without a line end in sight, is too long.
pub(crate) const UNCOUNTED_BYTES: usize = BOM.len() + 1;

/// One line of a source, as a worker sees it.
///
/// In the decompressed stream, `bytes` are exactly the bytes from `offset` on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The line without its line end (LF or CR LF), and without a byte order mark at the start of
    /// the source. Not checked to be UTF-8.
    pub bytes: &'a [u8],
    /// Index of the source in the slice that is read.
    pub source: usize,
    /// Which of the lines of its source that are in one block it is; blank lines count.
    pub number: InBlock,
    /// Byte offset of the first of `bytes` in the decompressed source, 0-based.
    pub offset: u64,
}

/// Shows the place and the length, never the bytes.
impl std::fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line")
            .field("len_bytes", &self.bytes.len())
            .field("source", &self.source)
            .field("number", &self.number.0)
            .field("offset", &self.offset)
            .finish()
    }
}

/// True for a line of nothing but spaces, tabs and carriage returns.
pub(crate) fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

/// How many of the first bytes are those of blank lines, line feeds included. Many at a time: a file of line feeds
/// alone should not cost more than one of records.
fn blank_bytes(bytes: &[u8]) -> usize {
    const AT_ONCE: usize = 64;
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    // Without a way out of the loop it becomes vector instructions.
    let all_blank = |bytes: &&[u8]| bytes.iter().fold(true, |all, byte| all & is_blank(byte));
    let at_once = bytes.chunks_exact(AT_ONCE).take_while(all_blank).count() * AT_ONCE;
    at_once + bytes[at_once..].iter().take_while(|byte| is_blank(byte)).count()
}

/// Cuts consecutive bytes of one source into lines. The first byte begins a line; the last line
/// may lack its line end.
pub(crate) struct Lines<'a> {
    rest: &'a [u8],
    source: usize,
    number: u64,
    offset: u64,
}

impl<'a> Lines<'a> {
    /// `number` is that of the first line, `offset` where in the source it begins.
    pub(crate) fn new(bytes: &'a [u8], source: usize, number: u64, offset: u64) -> Self {
        Self { rest: bytes, source, number, offset }
    }

    /// The number of the line that comes next.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Passes over the blank lines that come next and are at most so long; says how many there were. A line that is
    /// both blank and too long is left to [`next`](Self::next).
    pub(crate) fn skip_blank(&mut self, max_line_bytes: usize) -> u64 {
        let mut skipped = 0;
        loop {
            let near = &self.rest[..self.rest.len().min(max_line_bytes.saturating_add(1))];
            let Some(last) = memrchr(b'\n', &near[..blank_bytes(near)]) else { return skipped };
            let (lines, rest) = self.rest.split_at(last + 1);
            let count = memchr_iter(b'\n', lines).count() as u64;
            self.number += count;
            self.offset += lines.len() as u64;
            self.rest = rest;
            skipped += count;
        }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Line<'a>;

    #[inline]
    fn next(&mut self) -> Option<Line<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (mut bytes, rest) = match memchr(b'\n', self.rest) {
            Some(end) => {
                let line = &self.rest[..end];
                (line.strip_suffix(b"\r").unwrap_or(line), &self.rest[end + 1..])
            }
            None => (self.rest, &[][..]),
        };
        let mut offset = self.offset;
        if offset == 0
            && let Some(marked) = bytes.strip_prefix(BOM)
        {
            bytes = marked;
            offset = BOM.len() as u64;
        }
        let line = Line { bytes, source: self.source, number: InBlock(self.number), offset };
        self.offset += (self.rest.len() - rest.len()) as u64;
        self.number += 1;
        self.rest = rest;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8], byte: u64) -> Vec<(&[u8], u64, u64)> {
        Lines::new(bytes, 4, 1, byte)
            .map(|line| {
                assert_eq!(line.source, 4);
                (line.bytes, line.number.0, line.offset)
            })
            .collect()
    }

    #[test]
    fn line_ends() {
        assert_eq!(lines(b"", 0), []);
        assert_eq!(lines(b"a", 0), [(&b"a"[..], 1, 0)]);
        assert_eq!(lines(b"a\n", 0), [(&b"a"[..], 1, 0)]);
        assert_eq!(
            lines(b"a\r\n\n\r\nb\r\r\nc\r", 10),
            [
                (&b"a"[..], 1, 10),
                (b"", 2, 13),
                (b"", 3, 14),
                (b"b\r", 4, 16),
                // Without a line feed it is no line end.
                (b"c\r", 5, 20),
            ]
        );
    }

    #[test]
    fn byte_order_mark_at_the_start_only() {
        let bytes = b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n";
        assert_eq!(lines(bytes, 0), [(&b"a"[..], 1, 3), (b"\xef\xbb\xbfb", 2, 5)]);
        assert_eq!(lines(bytes, 5)[0], (&b"\xef\xbb\xbfa"[..], 1, 5));
        assert_eq!(lines(BOM, 0), [(&b""[..], 1, 3)]);
        assert_eq!(lines(b"\xef\xbb\n", 0), [(&b"\xef\xbb"[..], 1, 0)]);
    }

    #[test]
    fn blank() {
        assert!(is_blank(b"") && is_blank(b" \t\r "));
        assert!(!is_blank(b" x") && !is_blank(b"\x0b") && !is_blank(b"\xc2\xa0"));
    }

    #[test]
    fn blank_lines_are_passed_over_many_at_a_time() {
        let blank = b" \t\r\n\n\r\n".repeat(100);
        for filler in [0, 1, 63, 64, 65, 130] {
            let text = [&blank[..], &b" ".repeat(filler), b"{}\n", &blank, b"  "].concat();
            for max in [0, 1, 3, 4, 70, 1 << 20] {
                let mut lines = Lines::new(&text, 0, 1, 0);
                let (mut blanks, mut records) = (0, Vec::new());
                loop {
                    blanks += lines.skip_blank(max);
                    let Some(line) = lines.next() else { break };
                    if is_blank(line.bytes) {
                        blanks += 1;
                    } else {
                        records.push((line.number.0, line.offset));
                    }
                }
                assert_eq!(records, [(301, blank.len() as u64)], "{filler}, {max}");
                assert_eq!(blanks, 601, "{filler}, {max}");
            }
        }
        // What is longer than a line may be is not passed over, blank or not.
        let mut lines = Lines::new(b"\n    \n\n", 0, 1, 0);
        assert_eq!(lines.skip_blank(3), 1);
        assert_eq!(lines.next().unwrap().bytes, b"    ");
        assert_eq!(lines.skip_blank(3), 1);
        assert!(lines.next().is_none());
    }

    #[test]
    fn debug_does_not_show_the_bytes() {
        let line = Line { bytes: b"SECRET", source: 0, number: InBlock(1), offset: 0 };
        assert!(!format!("{line:?}").contains("SECRET"));
        assert!(!format!("{line:?}").contains("83"));
    }
}

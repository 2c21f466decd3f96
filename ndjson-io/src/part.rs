//! Where the lines of a range of bytes begin and end.
//!
//! A line belongs to the range in which its first byte lies. So a range begins at the first line start at or behind
//! its first byte, and ends where the next range begins: no line is in two of them, and none between them.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use memchr::{memchr, memchr_iter};

/// Bytes looked at in one go.
const LOOK_BYTES: usize = 64 << 10;

/// The bytes of the lines that begin in this range of a file of `size` bytes, which then stands at the first of them.
pub(crate) fn whole_lines(
    file: &mut (impl Read + Seek),
    range: &Range<u64>,
    size: u64,
) -> io::Result<Range<u64>> {
    let end = line_start(file, range.end, size)?;
    let start = line_start(file, range.start, size)?.min(end);
    file.seek(SeekFrom::Start(start))?;
    Ok(start..end)
}

/// The first line start at or behind this byte; the end of the file if there is none.
fn line_start(file: &mut (impl Read + Seek), byte: u64, size: u64) -> io::Result<u64> {
    if byte == 0 || byte >= size {
        return Ok(byte.min(size));
    }
    // It is one itself if a line ends right before it.
    let mut at = byte - 1;
    file.seek(SeekFrom::Start(at))?;
    let mut buffer = vec![0; LOOK_BYTES];
    while at < size {
        let count = some(file, &mut buffer, size - at)?;
        if count == 0 {
            break;
        }
        if let Some(end) = memchr(b'\n', &buffer[..count]) {
            return Ok((at + end as u64 + 1).min(size));
        }
        at += count as u64;
    }
    Ok(size)
}

/// How many lines end before the first line start at or behind this byte.
pub(crate) fn lines_before(file: &mut (impl Read + Seek), byte: u64, size: u64) -> io::Result<u64> {
    let end = line_start(file, byte, size)?;
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; LOOK_BYTES];
    let (mut at, mut lines) = (0, 0);
    while at < end {
        let count = some(file, &mut buffer, end - at)?;
        if count == 0 {
            break;
        }
        lines += memchr_iter(b'\n', &buffer[..count]).count() as u64;
        at += count as u64;
    }
    Ok(lines)
}

/// Reads at most so many bytes; 0 at the end of the file. Goes on when a signal interrupts.
fn some(file: &mut impl Read, buffer: &mut [u8], most: u64) -> io::Result<usize> {
    let len = buffer.len().min(usize::try_from(most).unwrap_or(usize::MAX));
    loop {
        match file.read(&mut buffer[..len]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn every_line_is_in_the_range_of_its_first_byte() {
        for text in ["", "\n", "a", "a\nbc\n\n\ndef", "a\nbc\n\n\ndef\n", "\r\nlong line\r\n"] {
            let size = text.len() as u64;
            let mut starts: Vec<u64> =
                text.match_indices('\n').map(|(at, _)| at as u64 + 1).collect();
            starts.insert(0, 0);
            starts.retain(|start| *start < size);
            for start in 0..=size {
                for end in start..=size + 1 {
                    let mut file = Cursor::new(text);
                    let found = whole_lines(&mut file, &(start..end), size).unwrap();
                    let inside = |at: &&u64| (start..end).contains(*at);
                    let first = starts.iter().find(inside).copied();
                    let next = starts.iter().find(|at| **at >= end).copied().unwrap_or(size);
                    let expected = first.map_or(next..next, |first| first..next);
                    if first.is_some() {
                        assert_eq!(found, expected, "{text:?}, {start}..{end}");
                        assert_eq!(file.position(), found.start);
                        let before = starts.iter().filter(|at| **at < found.start).count();
                        assert_eq!(lines_before(&mut file, start, size).unwrap(), before as u64);
                    } else {
                        assert!(found.is_empty(), "{text:?}, {start}..{end}: {found:?}");
                    }
                }
            }
        }
    }
}

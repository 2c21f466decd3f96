//! `Range: bytes=...`, one range of it.

use std::ops::Range;

/// What a Range header asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The whole: it is no range of bytes, is malformed, or has several ranges, which need not be honoured.
    Whole,
    /// A part, which is not empty.
    Part(Range<u64>),
    /// A part that lies outside.
    Outside,
}

/// Reads a header for a file of so many bytes.
pub(crate) fn parse(header: &str, size: u64) -> Asked {
    read(header.trim(), size).unwrap_or(Asked::Whole)
}

fn read(header: &str, size: u64) -> Option<Asked> {
    let (unit, range) = header.split_once('=')?;
    let (first, last) = range.split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    // Digits only: Rust's numbers may have a sign.
    let number = |digits: &str| {
        digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse::<u64>().ok())?
    };
    let (first, last) = (first.trim(), last.trim());
    let part = if first.is_empty() {
        size.saturating_sub(number(last)?)..size
    } else if last.is_empty() {
        number(first)?..size
    } else {
        let (first, last) = (number(first)?, number(last)?);
        if last < first {
            return None;
        }
        first..last.saturating_add(1).min(size)
    };
    Some(if part.start < part.end { Asked::Part(part) } else { Asked::Outside })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms() {
        for (header, asked) in [
            ("bytes=0-", Asked::Part(0..100)),
            ("bytes=5-9", Asked::Part(5..10)),
            ("Bytes = 5 - 9", Asked::Part(5..10)),
            ("bytes=99-18446744073709551615", Asked::Part(99..100)),
            ("bytes=-7", Asked::Part(93..100)),
            ("bytes=-700", Asked::Part(0..100)),
            ("bytes=-0", Asked::Outside),
            ("bytes=100-", Asked::Outside),
            ("bytes=100-200", Asked::Outside),
            ("bytes=9-5", Asked::Whole),
            ("bytes=0-1,3-4", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("bytes=--2", Asked::Whole),
            ("bytes=18446744073709551616-", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes", Asked::Whole),
            ("lines=1-2", Asked::Whole),
        ] {
            assert_eq!(parse(header, 100), asked, "{header}");
        }
        assert_eq!(parse("bytes=0-", 0), Asked::Outside);
        assert_eq!(parse("bytes=-5", 0), Asked::Outside);
    }
}

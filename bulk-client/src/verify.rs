//! What is checked before a downloaded file gets its name: that it decodes wholly, is NDJSON by its first and last
//! bytes, and what it hashes to. Compression is told by the bytes, and several gzip members are one file.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

use crate::error::{Error, ErrorKind};
use crate::outcome::{IssueCounts, only_class};

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;
/// Longest last line without a line feed, and longest line of an error file, in bytes.
const MAX_LINE: usize = 16 << 20;
/// Longest answer of a server that is looked at as an OperationOutcome in place of records, in bytes.
const MAX_REFUSAL: usize = 64 << 10;
const GZIP: [u8; 2] = [0x1f, 0x8b];
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A file that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) bytes: u64,
    pub(crate) content_bytes: u64,
    /// Lines that are not blank.
    pub(crate) lines: u64,
    pub(crate) gzip: bool,
    pub(crate) blake3: String,
}

/// Counts and hashes what passes.
struct Hashing<R> {
    inner: R,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// What the lines of a file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holds {
    /// Records.
    Records,
    /// What the server has to say of records that it could not deliver.
    Outcomes,
}

/// Checks a file of NDJSON, plain or gzip.
pub(crate) fn check_ndjson(file: impl Read, holds: Holds) -> Result<Checked, Error> {
    let hashing = Hashing { inner: file, hasher: blake3::Hasher::new(), bytes: 0 };
    let mut raw = BufReader::with_capacity(BUFFER, hashing);
    let gzip = raw.fill_buf().map_err(|error| unreadable(&error))?.starts_with(&GZIP);
    let mut text = Text::default();
    if gzip {
        let mut decoded = BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw));
        text.read(&mut decoded)?;
        raw = decoded.into_inner().into_inner();
    } else {
        text.read(&mut raw)?;
    }
    text.check_end()?;
    if holds == Holds::Records {
        text.check_refusal()?;
    }
    let hashing = raw.into_inner();
    Ok(Checked {
        bytes: hashing.bytes,
        content_bytes: text.bytes,
        lines: text.lines,
        gzip,
        blake3: hashing.hasher.finalize().to_hex().to_string(),
    })
}

/// Hashes a file that cannot be looked into.
pub(crate) fn check_sealed(file: impl Read) -> Result<Checked, Error> {
    let mut hashing = Hashing { inner: file, hasher: blake3::Hasher::new(), bytes: 0 };
    io::copy(&mut BufReader::with_capacity(BUFFER, &mut hashing), &mut io::sink())
        .map_err(|error| unreadable(&error))?;
    let (bytes, blake3) = (hashing.bytes, hashing.hasher.finalize().to_hex().to_string());
    Ok(Checked { bytes, content_bytes: bytes, lines: 0, gzip: false, blake3 })
}

/// What was seen of a text.
#[derive(Default)]
struct Text {
    bytes: u64,
    lines: u64,
    /// The first byte that is not white space.
    first: Option<u8>,
    /// Of the last line, what has come so far; of a line above the limit, its beginning.
    last_line: Vec<u8>,
    /// The beginning of it, as far as one answer may be long.
    beginning: Vec<u8>,
}

impl Text {
    fn read(&mut self, input: &mut impl BufRead) -> Result<(), Error> {
        loop {
            let block = match input.fill_buf() {
                Ok(block) => block,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(undecodable(&error)),
            };
            let length = block.len();
            if length == 0 {
                return Ok(());
            }
            self.take(block)?;
            input.consume(length);
        }
    }

    fn take(&mut self, block: &[u8]) -> Result<(), Error> {
        if self.first.is_none() {
            let start =
                if self.bytes == 0 { block.strip_prefix(&BOM).unwrap_or(block) } else { block };
            self.first = start.iter().copied().find(|b| !b.is_ascii_whitespace());
            match self.first {
                Some(b'{') | None => {}
                Some(b'<') => return Err(bad("it is an HTML or XML page, not NDJSON")),
                Some(_) => return Err(bad("it is not NDJSON: its first character is not {")),
            }
        }
        self.bytes += block.len() as u64;
        let room = MAX_REFUSAL.saturating_sub(self.beginning.len()).min(block.len());
        self.beginning.extend_from_slice(&block[..room]);
        for line in block.split_inclusive(|byte| *byte == b'\n') {
            if line.ends_with(b"\n") {
                self.lines += u64::from(!(is_blank(&self.last_line) && is_blank(line)));
                self.last_line.clear();
            } else if self.last_line.len() <= MAX_LINE {
                self.last_line.extend_from_slice(line);
            }
        }
        Ok(())
    }

    /// The last line must be whole: it ends in a line feed, or is one JSON text.
    fn check_end(&mut self) -> Result<(), Error> {
        if is_blank(&self.last_line) {
            return Ok(());
        }
        self.lines += 1;
        let line = self.last_line.strip_prefix(&BOM).unwrap_or(&self.last_line);
        match serde_json::from_slice::<serde::de::IgnoredAny>(line) {
            Ok(_) => Ok(()),
            Err(_) => Err(bad("its last line is cut off, or very long and without a line feed")),
        }
    }

    /// One OperationOutcome in place of records: some servers refuse so, with status 200.
    fn check_refusal(&self) -> Result<(), Error> {
        if self.bytes > self.beginning.len() as u64 {
            return Ok(());
        }
        let text = self.beginning.strip_prefix(&BOM).unwrap_or(&self.beginning);
        match only_class(text) {
            None => Ok(()),
            Some(class) => Err(bad(&format!("it is one OperationOutcome ({class}), not records"))),
        }
    }
}

fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(u8::is_ascii_whitespace)
}

/// Counts the issues of an error file.
pub(crate) fn count_issues(file: File) -> Result<IssueCounts, Error> {
    let mut raw = BufReader::new(file);
    let gzip = raw.fill_buf().map_err(|error| unreadable(&error))?.starts_with(&GZIP);
    let mut decoded: Box<dyn BufRead> =
        if gzip { Box::new(BufReader::new(MultiGzDecoder::new(raw))) } else { Box::new(raw) };
    let mut counts = IssueCounts::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = decoded.as_mut().take(MAX_LINE as u64);
        let read = limited.read_until(b'\n', &mut line).map_err(|error| undecodable(&error))?;
        if read == 0 {
            return Ok(counts);
        }
        counts.add_line(&line);
    }
}

fn bad(what: &str) -> Error {
    Error::new(ErrorKind::BadFile, what).passing(None)
}

fn undecodable(_: &io::Error) -> Error {
    bad("its compression is damaged or cut off")
}

fn unreadable(error: &io::Error) -> Error {
    Error::local(format!("what was downloaded cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn records(file: &[u8]) -> Result<Checked, Error> {
        check_ndjson(file, Holds::Records)
    }

    #[test]
    fn one_outcome_is_no_file_of_records() {
        let one = r#"{"issue":[{"code":"not-found","diagnostics":"1EG4TE5MK73"}],"resourceType":"OperationOutcome"}"#;
        let pretty = one.replace(',', ",\n  ") + "\n";
        let twice = format!("{one}\n{one}\n");
        let long = one.replace("1EG4", &"x".repeat(MAX_REFUSAL));
        for (text, refused) in [
            (one, true),
            (&format!("\u{feff}{one}\n\n"), true),
            (&pretty, true),
            (&twice, false),
            (&long, false),
            (r#"{"id":"1","resourceType":"Patient"}"#, false),
            (
                r#"{"contained":[{"resourceType":"OperationOutcome"}],"resourceType":"Patient"}"#,
                false,
            ),
        ] {
            for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
                let said = records(&bytes).map_err(|error| error.to_string());
                assert_eq!(said.is_err(), refused, "{said:?}");
                assert!(!refused || said.unwrap_err().contains("OperationOutcome (not-found)"));
                assert!(check_ndjson(bytes.as_slice(), Holds::Outcomes).is_ok());
            }
        }
    }

    #[test]
    fn several_members_are_one_file() {
        let bytes = [gzip(b"{\"a\":1}\n{\"b\""), gzip(b":2}\n")].concat();
        let checked = records(bytes.as_slice()).unwrap();
        assert_eq!((checked.lines, checked.content_bytes, checked.gzip), (2, 16, true));
        assert_eq!(checked.bytes, bytes.len() as u64);
        assert_eq!(checked.blake3, blake3::hash(&bytes).to_hex().to_string());
        for end in [1, 9, bytes.len() / 2, bytes.len() - 1] {
            assert_eq!(records(&bytes[..end]).unwrap_err().kind(), ErrorKind::BadFile, "{end}");
        }
        assert!(records([bytes.as_slice(), b"garbage"].concat().as_slice()).is_err());
        let page = gzip(b"<html></html>\n");
        assert!(records(page.as_slice()).is_err());
    }

    #[test]
    fn ends() {
        let lines = |text: &str| records(text.as_bytes()).map(|checked| checked.lines);
        assert_eq!(lines("").unwrap(), 0);
        assert_eq!(lines("{}\n\n {}\r\n \n").unwrap(), 2);
        assert_eq!(lines("\u{feff}{}").unwrap(), 1);
        for bad in
            ["{}\n{\"a\":", "{}\n{\"a\":{}", "<!DOCTYPE html>", "Not Found", "[{}]\n", "{}\n{} x"]
        {
            assert_eq!(lines(bad).unwrap_err().kind(), ErrorKind::BadFile, "{bad}");
        }
    }

    #[test]
    fn lines_that_arrive_in_pieces_are_counted_once() {
        let text = "{\"a\":1}\n\n{\"b\":2}\n{\"c\":3}".as_bytes();
        for size in 1..text.len() {
            let mut seen = Text::default();
            seen.read(&mut BufReader::with_capacity(size, text)).unwrap();
            seen.check_end().unwrap();
            assert_eq!((seen.lines, seen.bytes), (3, text.len() as u64), "{size}");
        }
    }
}

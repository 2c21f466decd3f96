//! What a file holds that is no NDJSON: what its first bytes show.

use ndjson_io::SourceFile;

use crate::error::Error;

/// Bytes of a line that are looked at: the marks of tar archives are the farthest ones.
pub(crate) const LOOK_BYTES: usize = 512;

/// What a file holds in place of records, and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instead {
    pub(crate) what: &'static str,
    pub(crate) advice: &'static str,
    /// An archive by its mark. Lines of an archive that does not compress can be read, but it is no file of records.
    pub(crate) is_marked: bool,
}

const UNPACK: &str = "unpack it first";
const TWICE: &str = "decompress it once";
const AS_UTF_8: &str = "write it as UTF-8";
const ONE_A_LINE: &str = "write one record a line (jq -c does)";
const FETCH: &str = "it may be what a server answered in place of the file: fetch it again";
const GIVE_EXPORT: &str = "give the NDJSON files of the export";
const DECRYPT: &str =
    "give the NDJSON files of the export; those of 2018 to 2020 are decrypted first (bcda decrypt)";

/// How files of other kinds begin, the longer marks before those that they begin with.
const MARKS: [(&[u8], &str, &str); 20] = [
    (b"PK\x03\x04", "a ZIP archive", UNPACK),
    (b"PK\x05\x06", "a ZIP archive", UNPACK),
    // Of a compressed file the decompressed bytes are looked at.
    (b"\x1F\x8B", "gzip within a compressed file (it was compressed twice)", TWICE),
    (b"\x28\xB5\x2F\xFD", "zstd within a compressed file (it was compressed twice)", TWICE),
    (b"\xFD7zXZ", "an xz file", UNPACK),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive", UNPACK),
    (b"PAR1", "a Parquet file", GIVE_EXPORT),
    (b"ARROW1", "an Arrow file", GIVE_EXPORT),
    (b"Obj\x01", "an Avro file", GIVE_EXPORT),
    (b"SQLite format 3", "an SQLite database", GIVE_EXPORT),
    (b"%PDF", "a PDF document", GIVE_EXPORT),
    (b"\xD0\xCF\x11\xE0", "an Office document", GIVE_EXPORT),
    (b"{\\rtf", "an RTF document", GIVE_EXPORT),
    (b"\x89PNG", "a picture", GIVE_EXPORT),
    (b"\x7FELF", "a program", GIVE_EXPORT),
    (b"-----BEGIN", "a key or a certificate", GIVE_EXPORT),
    (b"\xFF\xFE\0\0", "UTF-32", AS_UTF_8),
    (b"\0\0\xFE\xFF", "UTF-32", AS_UTF_8),
    (b"\xFF\xFE", "UTF-16", AS_UTF_8),
    (b"\xFE\xFF", "UTF-16", AS_UTF_8),
];

impl Instead {
    /// One JSON text that is not one a line.
    pub(crate) const ONE_JSON_TEXT: Self =
        Self::new("one JSON text over several lines or an array", ONE_A_LINE);

    const fn new(what: &'static str, advice: &'static str) -> Self {
        Self { what, advice, is_marked: false }
    }

    /// What the first line of a file is, if it does not begin as a JSON object does.
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        let line = &line[..line.len().min(LOOK_BYTES)];
        if let Some((_, what, advice)) = MARKS.iter().find(|(mark, ..)| line.starts_with(mark)) {
            let holds_files = [UNPACK, TWICE].contains(advice);
            return Some(Self { is_marked: holds_files, ..Self::new(what, advice) });
        }
        if line.starts_with(b"BZh") && line.get(4..10) == Some(b"1AY&SY") {
            return Some(Self::new("a bzip2 file", UNPACK));
        }
        if line.get(257..262) == Some(b"ustar") {
            return Some(Self { is_marked: true, ..Self::new("a tar archive", UNPACK) });
        }
        let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        match *line {
            [0, 0, 0, 0, ..] => return Some(Self::new("NULs in place of text", FETCH)),
            [0, 0, 0, one, ..] | [one, 0, 0, 0, ..] if is_text(one) => {
                return Some(Self::new("UTF-32", AS_UTF_8));
            }
            [0, one, ..] | [one, 0, ..] if is_text(one) => {
                return Some(Self::new("UTF-16", AS_UTF_8));
            }
            _ => {}
        }
        let text = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line).trim_ascii_start();
        match text.first()? {
            b'{' => None,
            b'[' => Some(Self::new("a JSON array", ONE_A_LINE)),
            b'<' => Some(markup(text)),
            _ if is_binary(text) => Some(Self::new("binary data", DECRYPT)),
            _ if is_delimited(text) => Some(Self::new("delimited text (CSV)", GIVE_EXPORT)),
            _ => Some(Self::new("text that is no JSON object", GIVE_EXPORT)),
        }
    }

    /// The error of a whole file.
    pub(crate) fn error(self, file: &SourceFile) -> Error {
        let Self { what, advice, .. } = self;
        Error::bad_data(format!(
            "{}: not NDJSON: expected one JSON object on each line, found {what}; {advice}",
            file.name()
        ))
    }
}

fn markup(text: &[u8]) -> Instead {
    let lower = text.to_ascii_lowercase();
    let has = |word: &[u8]| lower.windows(word.len()).any(|part| part == word);
    if has(b"<!doctype html") || has(b"<html") || has(b"<head") || has(b"<body") {
        Instead::new("an HTML page", FETCH)
    } else if lower.starts_with(b"<?xml") {
        Instead::new("XML", FETCH)
    } else {
        Instead::new("HTML or XML", FETCH)
    }
}

/// Whether bytes, which may end within a character, are no text.
fn is_binary(bytes: &[u8]) -> bool {
    let valid = match str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(fault) if fault.error_len().is_some() => return true,
        Err(fault) => fault.valid_up_to(),
    };
    bytes[..valid].iter().any(|byte| byte.is_ascii_control() && !byte.is_ascii_whitespace())
}

/// Whether a line of text has fields: in prose blanks follow commas.
fn is_delimited(line: &[u8]) -> bool {
    let between = |pair: &[u8]| {
        matches!(pair[0], b',' | b';' | b'|' | b'\t') && !pair[1].is_ascii_whitespace()
    };
    line.windows(2).any(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_what_it_is() {
        let utf_16 = |text: &str, big: bool| -> Vec<u8> {
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            text.encode_utf16().flat_map(bytes).collect()
        };
        let mut tar = [&b"1.Patient.ndjson"[..], &[0; 241], b"ustar\x0000"].concat();
        tar.resize(LOOK_BYTES, 0);
        for (line, what) in [
            (&b"PK\x03\x04"[..], "a ZIP archive"),
            (b"\x1F\x8B\x08", "gzip within a compressed file (it was compressed twice)"),
            (b"\x28\xB5\x2F\xFD", "zstd within a compressed file (it was compressed twice)"),
            (b"PAR1\x15", "a Parquet file"),
            (b"\xFF\xFE{\0", "UTF-16"),
            (b"\xFF\xFE", "UTF-16"),
            (b"\xFF\xFE\0\0{\0\0\0", "UTF-32"),
            (&utf_16("{\"id\":1}", false), "UTF-16"),
            (&utf_16("{\"id\":1}", true), "UTF-16"),
            (b"{\0\0\0\"\0\0\0", "UTF-32"),
            (b"\0\0\0{\0\0\0\"", "UTF-32"),
            (&[0; 9], "NULs in place of text"),
            (&tar, "a tar archive"),
            (b"<!DOCTYPE html>\r", "an HTML page"),
            (b"\xEF\xBB\xBF  <HTML lang=\"en\">", "an HTML page"),
            (b"<?xml version=\"1.0\"?><Bundle/>", "XML"),
            (b"<!-- busy -->", "HTML or XML"),
            (b"[", "a JSON array"),
            (b"id,name", "delimited text (CSV)"),
            (b"\"id\",\"name\"", "delimited text (CSV)"),
            (b"id\tname", "delimited text (CSV)"),
            (b"busy, please wait", "text that is no JSON object"),
            ("é".as_bytes(), "text that is no JSON object"),
            (b"null", "text that is no JSON object"),
            (b"\x8F\x02\xC3", "binary data"),
            (b"a\x01b", "binary data"),
            (b"\x01\0\x02\0", "binary data"),
            (b"BZh91AY&SY\x02", "a bzip2 file"),
            (b"BZhang", "text that is no JSON object"),
            (b"{\\rtf1", "an RTF document"),
        ] {
            assert_eq!(Instead::of(line).map(|instead| instead.what), Some(what), "{line:?}");
        }
        for line in [&b"{"[..], b"{}", b" {\"id\":", b"\xEF\xBB\xBF{", b"{broken", b""] {
            assert_eq!(Instead::of(line), None, "{line:?}");
        }
        // Cut within a character, it is text.
        let long = "é".repeat(LOOK_BYTES);
        assert!(!is_binary(&long.as_bytes()[..LOOK_BYTES - 1]));
    }
}

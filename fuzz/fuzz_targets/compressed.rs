//! gzip and zstd, whole and damaged, against a decoder that is given the whole file: the verdict and the bytes.
#![no_main]

#[path = "../../ndjson-io/tests/common/mod.rs"]
mod common;

use std::io::{BufRead, Read};

use common::{Pieces, Seen, assert_same, expected, gzip_members, read_all, zstd};
use ndjson_io::{Compression, ErrorKind, Limits, ReadOptions, SourceFile};

/// More than this a file may not expand to.
const MOST: u64 = 1 << 18;

/// Bytes that nothing but chance would make: our own compression, changed in a few places.
fn compressed(data: &[u8]) -> Vec<u8> {
    let [form, member, changes, rest @ ..] = data else { return data.to_vec() };
    let member = usize::from(*member) * 8 + 1;
    let count = usize::from(changes % 4).min(rest.len() / 3);
    let (changes, text) = rest.split_at(count * 3);
    let mut bytes = match form % 4 {
        0 => return rest.to_vec(),
        1 => gzip_members(text, member),
        2 => text.chunks(member).flat_map(zstd).collect(),
        _ => {
            let long = text.repeat(usize::from(*form));
            if form & 4 == 0 { gzip_members(&long, long.len().max(1)) } else { zstd(&long) }
        }
    };
    for change in changes.chunks(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
        match at.checked_rem(bytes.len() + 1) {
            Some(at) if at == bytes.len() => bytes.push(change[2]),
            Some(at) if change[2] == 0 => bytes.truncate(at),
            Some(at) => bytes[at] ^= change[2],
            None => {}
        }
    }
    bytes
}

/// The members one after another, then zeros and nothing else.
fn ungzip(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut text, mut rest) = (Vec::new(), bytes);
    loop {
        let mut decoder = flate2::bufread::GzDecoder::new(rest);
        decoder.by_ref().take(MOST + 1).read_to_end(&mut text).ok()?;
        rest = decoder.into_inner();
        if text.len() as u64 > MOST {
            return Some(text);
        }
        match rest.fill_buf().ok()? {
            [0x1f, 0x8b, ..] => {}
            rest => return rest.iter().all(|byte| *byte == 0).then_some(text),
        }
    }
}

fn unzstd(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut decoder = zstd::stream::read::Decoder::with_buffer(bytes).ok()?;
    decoder.window_log_max(27).ok()?;
    decoder.take(MOST + 1).read_to_end(&mut text).ok()?;
    Some(text)
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let bytes = compressed(data);
    let plain = match Compression::from_magic(&bytes) {
        Compression::Gzip => ungzip(&bytes),
        Compression::Zstd => unzstd(&bytes),
        _ => Some(bytes.clone()),
    };
    let options = ReadOptions {
        threads: 1,
        block_bytes: data.first().map_or(1, |byte| usize::from(*byte) * 64 + 1),
        limits: Limits {
            max_line_bytes: 1 << 16,
            max_decompressed_bytes: MOST,
            ..Limits::default()
        },
        ..ReadOptions::default()
    };
    let most = data.get(1).map_or(1, |byte| usize::from(*byte) * 16 + 1);
    let source = SourceFile::from_reader("file", Pieces::new(bytes.clone(), most));
    let (seen, reports) = read_all(&[source], &options);
    match (plain, reports) {
        (Some(plain), Ok(_)) => {
            let (wanted, _) = expected(0, &plain, options.limits.max_line_bytes);
            assert_same(&seen, &wanted, "compressed");
        }
        // The library's streams do not always look whether a frame holds as many bytes as its head says.
        (Some(_), Err(error)) if matches!(error.kind(), ErrorKind::Corrupt { .. }) => {
            assert!(zstd::bulk::decompress(&bytes, MOST as usize).is_err(), "{error}");
        }
        (Some(plain), Err(error)) => {
            assert!(matches!(error.kind(), ErrorKind::ExpandsTooMuch { .. }), "{error}");
            assert!(plain.len() as u64 > MOST);
        }
        (None, Err(error)) => {
            let kind = error.kind();
            assert!(
                matches!(kind, ErrorKind::Corrupt { .. } | ErrorKind::ExpandsTooMuch { .. }),
                "{error}"
            );
            // What was given out before the damage is lines from the start on.
            assert!(
                seen.iter().all(|seen| matches!(
                    seen,
                    Seen::Line { source: 0, .. } | Seen::TooLong { .. }
                ))
            );
        }
        (None, Ok(_)) => panic!("damage was not seen"),
    }
});

use std::io::{self, Read, Write};

use super::step::detail;
use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    frame(bytes, true)
}

fn frame(bytes: &[u8], checksum: bool) -> Vec<u8> {
    let mut encoder = ::zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(checksum).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Gives `step` bytes at a time.
struct Pieces(Vec<u8>, usize, usize);

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.2.min(self.0.len() - self.1).min(buffer.len());
        buffer[..count].copy_from_slice(&self.0[self.1..self.1 + count]);
        self.1 += count;
        Ok(count)
    }
}

fn decode(stored: &[u8], piece: usize, out: usize, max: u64) -> Result<Vec<u8>, ErrorKind> {
    decode_and_count(stored, piece, out, max, false).map(|(all, _)| all)
}

/// And how many frames have no checksum.
fn decode_and_count(
    stored: &[u8],
    piece: usize,
    out: usize,
    max: u64,
    require_checksums: bool,
) -> Result<(Vec<u8>, u64), ErrorKind> {
    let opened = Opened::Stream(Box::new(Pieces(stored.to_vec(), 0, piece)));
    let mut stream = Stream::open(opened, Decoders::default(), true, max, require_checksums);
    let mut all = Vec::new();
    let mut buffer = vec![0; out];
    loop {
        match stream.read(&mut buffer) {
            Ok(Chunk::Bytes(count)) => all.extend_from_slice(&buffer[..count]),
            Ok(Chunk::End) => break,
            Err(Fault::Kind(kind)) => return Err(kind),
            Err(Fault::Io(error)) => panic!("{error}"),
        }
    }
    assert_eq!(stream.raw_bytes(), stored.len() as u64);
    let unchecked = stream.frames_without_checksum();
    let Ok((hash, grew, _)) = stream.close() else { panic!("nobody changed it") };
    assert_eq!(hash, Some(*blake3::hash(stored).as_bytes()));
    assert!(!grew);
    Ok((all, unchecked))
}

/// Every way of cutting input and output gives the same.
fn decode_all(stored: &[u8], max: u64) -> Result<Vec<u8>, ErrorKind> {
    let whole = decode(stored, usize::MAX, 1 << 16, max);
    for (piece, out) in [(1, 1), (1, 1 << 16), (7, 3), (usize::MAX, 1), (4096, 100)] {
        assert_eq!(decode(stored, piece, out, max), whole, "piece {piece}, out {out}");
    }
    whole
}

fn corrupt(detail: &'static str) -> Result<Vec<u8>, ErrorKind> {
    Err(ErrorKind::Corrupt { detail })
}

fn text() -> Vec<u8> {
    (0..400).flat_map(|i| format!("{{\"id\":{i}}}\n").into_bytes()).collect()
}

#[test]
fn plain_is_plain_whatever_its_length() {
    for len in [0, 1, 2, 3, 4, 5, 1000] {
        let bytes = &text()[..len];
        assert_eq!(decode_all(bytes, 1).unwrap(), bytes);
    }
    assert_eq!(decode_all(b"\x1f", u64::MAX).unwrap(), b"\x1f");
    assert_eq!(decode_all(b"\x28\xb5\x2f", u64::MAX).unwrap(), b"\x28\xb5\x2f");
}

#[test]
fn gzip_one_member_many_members_empty_members_zero_padding() {
    let text = text();
    assert_eq!(decode_all(&gzip(&text), u64::MAX).unwrap(), text);
    let mut many = Vec::new();
    for part in text.chunks(700) {
        many.extend(gzip(part));
        many.extend(gzip(b""));
    }
    assert_eq!(decode_all(&many, u64::MAX).unwrap(), text);
    many.extend([0; 1000]);
    assert_eq!(decode_all(&many, u64::MAX).unwrap(), text);
    assert_eq!(decode_all(&gzip(b""), u64::MAX).unwrap(), b"");
}

#[test]
fn gzip_with_all_header_fields() {
    let mut encoder = flate2::GzBuilder::new()
        .extra(vec![1; 300])
        .filename("n")
        .comment("c")
        .write(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"x\n").unwrap();
    assert_eq!(decode_all(&encoder.finish().unwrap(), u64::MAX).unwrap(), b"x\n");
}

#[test]
fn gzip_cut_anywhere_is_an_error() {
    let whole = gzip(&text());
    for len in 2..whole.len() {
        let result = decode(&whole[..len], usize::MAX, 1 << 16, u64::MAX);
        assert_eq!(result, corrupt(detail::GZIP_TRUNCATED), "{len}");
    }
    let mut two = whole.clone();
    two.extend(&whole);
    for len in whole.len() + 1..two.len() {
        let result = decode(&two[..len], 100, 1000, u64::MAX);
        assert_eq!(result, corrupt(detail::GZIP_TRUNCATED), "{len}");
    }
}

#[test]
fn gzip_damage_and_garbage_are_errors() {
    let good = gzip(&text());
    let len = good.len();
    for at in [2, 3, len - 1, len - 4, len - 5, len - 8] {
        let mut bad = good.clone();
        bad[at] ^= 0xe0;
        assert_eq!(decode_all(&bad, u64::MAX), corrupt(detail::GZIP_DAMAGED), "{at}");
    }
    for garbage in [&b"garbage"[..], b"\n\n", b"\x1f\x8c", b"\0\0x", b"\0\x1f\x8b"] {
        let bad = [&good[..], garbage].concat();
        assert_eq!(decode_all(&bad, u64::MAX), corrupt(detail::GZIP_GARBAGE));
    }
    let after_padding = [&good[..], &[0; 512], &good[..]].concat();
    assert_eq!(decode_all(&after_padding, u64::MAX), corrupt(detail::GZIP_GARBAGE));
}

#[test]
fn zstd_frames_skippable_frames_and_faults() {
    let text = text();
    let frame = zstd(&text);
    assert_eq!(decode_all(&frame, u64::MAX).unwrap(), text);
    let skippable = [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let many = [&skippable[..], &frame, &zstd(b""), &skippable, &frame].concat();
    assert_eq!(decode_all(&many, u64::MAX).unwrap(), [&text[..], &text].concat());
    for len in 4..frame.len() {
        let result = decode(&frame[..len], usize::MAX, 1 << 16, u64::MAX);
        assert_eq!(result, corrupt(detail::ZSTD_TRUNCATED), "{len}");
    }
    for garbage in [&b"garbage"[..], &[0; 100]] {
        let bad = [&frame[..], garbage].concat();
        assert_eq!(decode_all(&bad, u64::MAX), corrupt(detail::ZSTD_DAMAGED));
    }
    let mut bad = frame.clone();
    *bad.last_mut().unwrap() ^= 1;
    assert_eq!(decode_all(&bad, u64::MAX), corrupt(detail::ZSTD_DAMAGED));
}

#[test]
fn a_zstd_frame_has_as_many_bytes_as_it_says() {
    // A single segment that says how long it is, and nothing but an empty last block.
    let says = |size: u8| [&b"\x28\xb5\x2f\xfd\x20"[..], &[size, 1, 0, 0]].concat();
    assert_eq!(decode_all(&says(0), u64::MAX).unwrap(), b"");
    assert_eq!(decode_all(&says(11), u64::MAX), corrupt(detail::ZSTD_DAMAGED));
    let two = [frame(&text(), false), says(11)].concat();
    assert_eq!(decode_all(&two, u64::MAX), corrupt(detail::ZSTD_DAMAGED));
}

#[test]
fn each_frame_without_a_checksum_counts() {
    let text = text();
    let (with, without) = (frame(&text, true), frame(&text, false));
    let skippable = b"\x50\x2a\x4d\x18\x05\0\0\0hello".to_vec();
    for (frames, expected) in [
        (vec![&with], 0),
        (vec![&without], 1),
        (vec![&skippable, &with], 0),
        (vec![&skippable, &without, &skippable], 1),
        (vec![&with, &without, &with], 1),
        (vec![&without, &with, &skippable, &skippable, &without], 2),
        (vec![&frame(b"", false), &frame(b"", true), &frame(b"", false)], 2),
    ] {
        let stored = frames.into_iter().flatten().copied().collect::<Vec<_>>();
        for (piece, out) in [(1, 1), (3, 1 << 16), (usize::MAX, 7), (usize::MAX, 1 << 16)] {
            let (_, unchecked) = decode_and_count(&stored, piece, out, u64::MAX, false).unwrap();
            assert_eq!(unchecked, expected, "piece {piece}, out {out}");
            let required = decode_and_count(&stored, piece, out, u64::MAX, true);
            match expected {
                0 => assert!(required.is_ok()),
                _ => assert_eq!(required.unwrap_err(), ErrorKind::NoChecksum),
            }
        }
    }
    assert!(decode_and_count(&gzip(&text), 100, 100, u64::MAX, true).is_ok());
    assert!(decode_and_count(&text, 100, 100, u64::MAX, true).is_ok());
}

#[test]
fn no_flipped_bit_goes_unseen_unless_the_report_says_that_it_may() {
    let text = text();
    let (mut seen, mut unseen) = (0, 0);
    let skippable = b"\x50\x2a\x4d\x18\x05\0\0\0hello".to_vec();
    for stored in [
        gzip(&text),
        frame(&text, true),
        frame(&text, false),
        [&skippable[..], &frame(&text, true), &frame(&text, false)].concat(),
    ] {
        let (good, _) = decode_and_count(&stored, usize::MAX, 1 << 16, u64::MAX, false).unwrap();
        for bit in 0..stored.len() * 8 {
            let mut bad = stored.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            // A file that is no longer called compressed is not this decoder's.
            if Compression::from_magic(&bad) != Compression::from_magic(&stored) {
                continue;
            }
            match decode_and_count(&bad, usize::MAX, 1 << 16, 1 << 24, false) {
                Err(_) => seen += 1,
                Ok((decoded, unchecked)) => {
                    assert!(decoded == good || unchecked > 0, "bit {bit} of {}", stored.len());
                    unseen += u64::from(decoded != good);
                    // What is refused without a checksum is never other data.
                    let required = decode_and_count(&bad, usize::MAX, 1 << 16, 1 << 24, true);
                    assert!(required.is_err() || decoded == good, "bit {bit}");
                }
            }
        }
    }
    assert!(seen > 1000 && unseen > 10, "{seen}, {unseen}");
}

#[test]
fn limit_is_exact() {
    let text = text();
    let len = text.len() as u64;
    for stored in [gzip(&text), zstd(&text), [gzip(&text), gzip(b"")].concat()] {
        assert_eq!(decode_all(&stored, len).unwrap(), text);
        let limit_bytes = len - 1;
        assert_eq!(
            decode_all(&stored, limit_bytes),
            Err(ErrorKind::ExpandsTooMuch { limit_bytes })
        );
    }
}

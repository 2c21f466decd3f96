//! Compressed files: whole, damaged, expanding, and not what they are called.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Case;
use super::records::carrier;

/// Stored blocks: the bytes are the same with any version of the compressor.
fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A frame with a checksum.
fn zstd(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn changed(mut bytes: Vec<u8>, from_end: usize) -> Vec<u8> {
    let at = bytes.len() - from_end;
    bytes[at] ^= 0x55;
    bytes
}

pub(super) fn all() -> Vec<Case> {
    let line = |id| format!("{}\n", carrier(id, "1")).into_bytes();
    let (one, two) = (line("11"), line("12"));
    let text = [&one[..], &two].concat();
    let packed = gzip(&text);
    let small = zstd(&text);
    let many = text.repeat(20);
    let case = |name: &str, about: &str, stored: Vec<u8>| {
        Case::new(name, about, text.clone()).stored(stored)
    };
    let fails = |name: &str, about: &str, stored: Vec<u8>, message| {
        case(name, about, stored).ends(1, message)
    };
    let cut = |bytes: &[u8], by: usize| bytes[..bytes.len() - by].to_vec();
    let mut cases = vec![
        case("gzip.ndjson.gz", "gzip", packed.clone()).good(2),
        case(
            "gzip-members.ndjson.gz",
            "gzip: a member a record",
            [gzip(&one), gzip(&two)].concat(),
        )
        .good(2),
        case(
            "gzip-members-within-a-line.ndjson.gz",
            "gzip: members that end within a line",
            [gzip(&text[..100]), gzip(b""), gzip(&text[100..])].concat(),
        )
        .good(2),
        case(
            "gzip-padded.ndjson.gz",
            "gzip: zeros after the last member",
            [&packed[..], &[0; 512]].concat(),
        )
        .good(2),
        fails(
            "gzip-cut.ndjson.gz",
            "gzip: the last record is not all there",
            cut(&packed, 200),
            "gzip",
        ),
        fails(
            "gzip-cut-trailer.ndjson.gz",
            "gzip: only the trailer is cut",
            cut(&packed, 3),
            "gzip",
        ),
        fails("gzip-cut-header.ndjson.gz", "gzip: the header is cut", packed[..7].to_vec(), "gzip"),
        fails(
            "gzip-cut-second-member.ndjson.gz",
            "gzip: the second member is cut",
            [gzip(&one), cut(&gzip(&two), 9)].concat(),
            "gzip",
        ),
        fails("gzip-checksum.ndjson.gz", "gzip: wrong CRC", changed(packed.clone(), 6), "gzip"),
        fails("gzip-length.ndjson.gz", "gzip: wrong length", changed(packed.clone(), 2), "gzip"),
        fails("gzip-data.ndjson.gz", "gzip: a changed byte", changed(packed.clone(), 300), "gzip"),
        fails(
            "gzip-garbage.ndjson.gz",
            "gzip: garbage after the last member",
            [&packed[..], b"garbage"].concat(),
            "gzip",
        ),
        fails(
            "gzip-plain-after.ndjson.gz",
            "gzip: plain lines after the last member",
            [&packed[..], &one].concat(),
            "gzip",
        ),
        case("gzip-of-nothing.ndjson.gz", "gzip: no byte", gzip(b"")),
        case(
            "plain-called-gz.ndjson.gz",
            "plain text that is called .gz: bytes decide",
            text.clone(),
        )
        .good(2),
        case(
            "plain-called-zst.ndjson.zst",
            "plain text that is called .zst: bytes decide",
            text.clone(),
        )
        .good(2),
        case(
            "gzip-called-ndjson.ndjson",
            "gzip that is called .ndjson: bytes decide",
            packed.clone(),
        )
        .good(2),
        case(
            "gzip-called-zst.ndjson.zst",
            "gzip that is called .zst: bytes decide",
            packed.clone(),
        )
        .good(2),
        case("zstd.ndjson.zst", "Zstandard", small.clone()).good(2),
        case(
            "zstd-called-gz.ndjson.gz",
            "Zstandard that is called .gz: bytes decide",
            small.clone(),
        )
        .good(2),
        case(
            "zstd-frames.ndjson.zst",
            "Zstandard: a frame a record",
            [zstd(&one), zstd(&two)].concat(),
        )
        .good(2),
        case(
            "zstd-skippable.ndjson.zst",
            "Zstandard: a skippable frame between",
            [zstd(&one), b"\x50\x2A\x4D\x18\x05\x00\x00\x00hello".to_vec(), zstd(&two)].concat(),
        )
        .good(2),
        fails("zstd-cut.ndjson.zst", "Zstandard: cut", cut(&small, 40), "zstd"),
        fails(
            "zstd-cut-checksum.ndjson.zst",
            "Zstandard: the checksum is cut",
            cut(&small, 2),
            "zstd",
        ),
        fails(
            "zstd-checksum.ndjson.zst",
            "Zstandard: wrong checksum",
            changed(small.clone(), 1),
            "zstd",
        ),
        fails(
            "zstd-garbage.ndjson.zst",
            "Zstandard: garbage after the last frame",
            [&small[..], b"garbage"].concat(),
            "zstd",
        ),
        // Window descriptor: 2^31 bytes.
        fails(
            "zstd-window.ndjson.zst",
            "Zstandard: a window beyond the limit",
            b"\x28\xB5\x2F\xFD\x00\xA8\x01\x00\x00".to_vec(),
            "zstd",
        ),
        case("gzip-double.ndjson.gz", "gzip within gzip: the inner one is no text", gzip(&packed))
            .ends(4, "compressed twice"),
    ];
    if let Some(double) = cases.last_mut() {
        double.text.clone_from(&packed);
    }
    let limit = ["--max-decompressed", "5000"];
    for (name, stored) in
        [("gzip-expands.ndjson.gz", gzip(&many)), ("zstd-expands.ndjson.zst", zstd(&many))]
    {
        cases.push(
            fails(name, "more than --max-decompressed allows", stored, "expands too much")
                .options(&limit),
        );
    }
    cases
}

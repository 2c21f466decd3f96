//! Lines of any bytes, for any size of block, longest line and number of threads, against a plain split of the whole.
#![no_main]

#[path = "../../ndjson-io/tests/common/mod.rs"]
mod common;

use common::{Pieces, assert_same, expected, read_all};
use ndjson_io::{Limits, ReadOptions, SourceFile};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let [block, longest, threads, texts @ ..] = data else { return };
    // Two sources, so that a block may hold the end of one and the beginning of another.
    let cut = texts.iter().position(|byte| *byte == 0xFE).unwrap_or(texts.len());
    let texts = [&texts[..cut], &texts[cut..]];
    // What looks compressed is for the target `compressed`.
    if texts.iter().any(|text| ndjson_io::Compression::from_magic(text) != Default::default()) {
        return;
    }
    let options = ReadOptions {
        threads: usize::from(threads % 3) + 1,
        block_bytes: usize::from(*block) + 1,
        limits: Limits { max_line_bytes: usize::from(*longest), ..Limits::default() },
        ..ReadOptions::default()
    };
    let sources = texts.map(|text| {
        SourceFile::from_reader("text", Pieces::new(text.to_vec(), usize::from(threads / 3) + 1))
    });
    let (seen, reports) = read_all(&sources, &options);
    let reports = reports.expect("plain bytes have no fault");
    let mut wanted = Vec::new();
    for (source, text) in texts.iter().enumerate() {
        let (lines, counts) = expected(source, text, options.limits.max_line_bytes);
        wanted.extend(lines);
        let report = &reports[source];
        assert_eq!([report.lines, report.blank_lines, report.too_long_lines], counts);
        assert!(report.finished && report.decompressed_bytes == text.len() as u64);
    }
    assert_same(&seen, &wanted, "lines");
});

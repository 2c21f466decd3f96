//! The same lines, numbers and offsets for any number of threads, size of block, compression and
//! way the bytes arrive.

use std::fs;
use std::path::PathBuf;

use crate::common::{
    self, Pieces, Seen, assert_same, expected, gzip, gzip_members, read_all, zstd,
};
use ndjson_io::{Compression, Limits, ReadOptions, SourceFile, discover};
use proptest::prelude::*;

/// Lines of many lengths with every oddity: blank, spaces, CR LF, empty, long, NUL, not UTF-8, a
/// byte order mark at the start and elsewhere.
fn odd_text() -> Vec<u8> {
    let mut text = b"\xef\xbb\xbf{\"first\":1}\r\n\n \t \r\n\r\n".to_vec();
    for index in 0..120_usize {
        let len = index * 37 % 211;
        text.extend(std::iter::repeat_n(b'a' + u8::try_from(index % 26).unwrap(), len));
        text.extend_from_slice(match index % 7 {
            0 => b"\r\n",
            1 => b"\r\r\n",
            2 => b"\n\n",
            3 => b"\0\xff\n",
            4 => b"\n\xef\xbb\xbf\n",
            _ => b"\n",
        });
    }
    text
}

fn check(texts: &[Vec<u8>], sources: &[SourceFile], options: &ReadOptions, what: &str) {
    let max_line = options.limits.max_line_bytes;
    let (seen, reports) = read_all(sources, options);
    let reports = reports.unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut all = Vec::new();
    for (source, text) in texts.iter().enumerate() {
        let (seen, counts) = expected(source, text, max_line);
        all.extend(seen);
        let report = &reports[source];
        let found = [report.lines, report.blank_lines, report.too_long_lines];
        assert_eq!(found, counts, "{what}: counts of source {source}");
        assert_eq!(report.decompressed_bytes, text.len() as u64, "{what}");
        assert!(report.finished && !report.grew, "{what}");
    }
    assert_same(&seen, &all, what);
}

/// All ways to store and deliver the texts.
fn deliveries(texts: &[Vec<u8>], dir: &std::path::Path) -> Vec<(String, Vec<SourceFile>)> {
    type Store = fn(&[u8]) -> Vec<u8>;
    let stores: [(&str, Store); 5] = [
        ("plain", <[u8]>::to_vec),
        ("gzip", gzip),
        ("gzip members", |text| gzip_members(text, 333)),
        ("zstd", zstd),
        ("zstd frames", |text| text.chunks(333).flat_map(zstd).collect()),
    ];
    let mut all = Vec::new();
    for (name, store) in stores {
        let files = texts.iter().enumerate().map(|(index, text)| {
            let path: PathBuf = dir.join(format!("{name}-{index}"));
            fs::write(&path, store(text)).unwrap();
            SourceFile::from_path(path).unwrap()
        });
        all.push((name.to_owned(), files.collect()));
        let streams = texts
            .iter()
            .map(|text| SourceFile::from_reader("stream", Pieces::new(store(text), 11)))
            .collect();
        all.push((format!("{name} in pieces"), streams));
    }
    all
}

#[test]
fn blocks_threads_and_compressions() {
    let odd = odd_text();
    let texts = [
        odd.clone(),
        Vec::new(),
        b"one line, no end".to_vec(),
        b"\n\n\n".to_vec(),
        b"\xef\xbb\xbf".to_vec(),
        odd[..odd.len() - 1].to_vec(),
        b"\r".to_vec(),
    ];
    let dir = tempfile::tempdir().unwrap();
    for block_bytes in [1, 2, 3, 7, 64, 210, 1000, 4096, 1 << 20, 4 << 20] {
        for threads in [1, 2, 7] {
            for max_line_bytes in [100, 1 << 24] {
                for (name, sources) in deliveries(&texts, dir.path()) {
                    let options = ReadOptions {
                        threads,
                        block_bytes,
                        limits: Limits { max_line_bytes, ..Limits::default() },
                        ..ReadOptions::default()
                    };
                    let what = format!("{name}, {block_bytes} bytes, {threads} threads");
                    check(&texts, &sources, &options, &what);
                }
            }
        }
    }
}

/// The limit binds the bytes a worker would see: not the mark, not the line end.
#[test]
fn limit_of_a_line_is_exact() {
    for (text, max, too_long) in [
        (&b"12345\n"[..], 5, false),
        (b"12345\r\n", 5, false),
        (b"12345", 5, false),
        (b"12345\r", 5, true),
        (b"\xef\xbb\xbf12345\r\n", 5, false),
        (b"\xef\xbb\xbf123456\r\n", 5, true),
        (b"\xef\xbb\xbf123456\n", 5, true),
        (b"123456\n", 5, true),
        (b"        \n", 5, true),
        (b"1\n", 0, true),
    ] {
        for tail in [&b""[..], b"x\n", b"\n\nyy\r\n"] {
            if !text.ends_with(b"\n") && !tail.is_empty() {
                continue;
            }
            let text = [text, tail].concat();
            for block_bytes in (1..20).chain([1 << 20]) {
                let source = SourceFile::from_reader("s", std::io::Cursor::new(text.clone()));
                let options = ReadOptions {
                    threads: 1,
                    block_bytes,
                    limits: Limits { max_line_bytes: max, ..Limits::default() },
                    ..ReadOptions::default()
                };
                check(
                    std::slice::from_ref(&text),
                    std::slice::from_ref(&source),
                    &options,
                    "limit",
                );
                let again = SourceFile::from_reader("s", std::io::Cursor::new(text.clone()));
                let (seen, _) = read_all(&[again], &options);
                assert_eq!(matches!(seen[0], Seen::TooLong { .. }), too_long, "{text:?} {max}");
            }
        }
    }
}

#[test]
fn many_small_files_cost_little() {
    const FILES: usize = 20_000;
    let dir = tempfile::tempdir().unwrap();
    for folder in 0..20 {
        fs::create_dir(dir.path().join(format!("{folder:02}"))).unwrap();
    }
    let mut texts = Vec::new();
    for file in 0..FILES {
        // Some without a line end, some empty.
        let text = match file % 10 {
            0 => String::new(),
            1 => format!("{{\"id\":{file}}}"),
            _ => format!("{{\"id\":{file}}}\n\n{{\"id\":-{file}}}\r\n"),
        };
        let path = dir.path().join(format!("{:02}/{file:05}.ndjson", file / 1000));
        fs::write(path, &text).unwrap();
        texts.push(text.into_bytes());
    }
    let sources = discover(&[dir.path().to_str().unwrap().to_owned()], &[]).unwrap();
    assert_eq!(sources.len(), FILES);
    assert_eq!(sources[12_345].name(), "12/12345.ndjson");
    // Hashed ones are read by the reader's thread, others by workers.
    for hash in [true, false] {
        let options = ReadOptions { threads: 2, hash, ..ReadOptions::default() };
        check(&texts, &sources, &options, "20,000 files");
        let (mut blocks, started) = (0, std::time::Instant::now());
        ndjson_io::read(
            &sources,
            &options,
            |_| common::Keep::default(),
            |_, _| {
                blocks += 1;
                std::ops::ControlFlow::Continue(())
            },
        )
        .unwrap();
        // 18,000 segments with lines in blocks of at most 16,384 segments, which are handed on by 8,192 lines: packed,
        // not one block per file.
        assert!(blocks <= 6, "{blocks} blocks");
        // Generous for a busy machine; it takes well under a second.
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}

#[test]
fn reports_tell_compression_hash_and_sizes() {
    let dir = tempfile::tempdir().unwrap();
    let text = odd_text();
    let stored = [text.clone(), gzip_members(&text, 500), zstd(&text)];
    let sources: Vec<_> = stored
        .iter()
        .enumerate()
        .map(|(index, bytes)| {
            // The extension says something else: the bytes decide.
            let path = dir.path().join(format!("{index}.ndjson{}", [".gz", "", ".gz"][index]));
            fs::write(&path, bytes).unwrap();
            SourceFile::from_path(path).unwrap()
        })
        .collect();
    let progress = std::sync::Arc::new(ndjson_io::Progress::new());
    for hash in [true, false] {
        let options = ReadOptions {
            hash,
            threads: 2,
            block_bytes: 300,
            progress: Some(progress.clone()),
            ..ReadOptions::default()
        };
        let reports = read_all(&sources, &options).1.unwrap();
        let compressions = [Compression::None, Compression::Gzip, Compression::Zstd];
        for ((report, stored), compression) in reports.iter().zip(&stored).zip(compressions) {
            assert_eq!(report.compression, compression);
            assert_eq!(report.raw_bytes, stored.len() as u64);
            assert_eq!(report.blake3, hash.then(|| *blake3::hash(stored).as_bytes()));
        }
    }
    let raw: usize = stored.iter().map(Vec::len).sum();
    let lines = expected(0, &text, usize::MAX).1[0];
    assert_eq!(progress.raw_bytes(), 2 * raw as u64);
    assert_eq!(progress.decompressed_bytes(), 6 * text.len() as u64);
    assert_eq!(progress.lines(), 6 * lines);
    assert_eq!(progress.files_done(), 6);
}

fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        6 => proptest::collection::vec(any::<u8>(), 0..12),
        4 => Just(b"\n".to_vec()),
        1 => Just(b"\r\n".to_vec()),
        1 => Just(b"\xef\xbb\xbf".to_vec()),
        1 => Just(b"  \t".to_vec()),
        1 => (10..200_usize).prop_map(|len| vec![b'x'; len]),
    ];
    proptest::collection::vec(part, 0..30).prop_map(|parts| parts.concat())
}

/// 300 cases unless `PROPTEST_CASES` asks for others.
fn config() -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let default = ProptestConfig::default();
    ProptestConfig { cases: if asked { default.cases } else { 300 }, ..default }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_texts_in_any_blocks(
        texts in proptest::collection::vec(any_text(), 1..5),
        block_bytes in 1..300_usize,
        threads in 1..4_usize,
        max_line_bytes in 0..150_usize,
        stored in 0..3_u8,
        piece in 1..40_usize,
    ) {
        // Random bytes may look compressed.
        prop_assume!(texts.iter().all(|text| Compression::from_magic(text) == Compression::None));
        let sources: Vec<_> = texts
            .iter()
            .map(|text| {
                let stored = match stored {
                    0 => text.clone(),
                    1 if !text.is_empty() => gzip_members(text, 50),
                    _ => zstd(text),
                };
                SourceFile::from_reader("s", Pieces::new(stored, piece))
            })
            .collect();
        let options = ReadOptions {
            threads,
            block_bytes,
            limits: Limits { max_line_bytes, ..Limits::default() },
            ..ReadOptions::default()
        };
        check(&texts, &sources, &options, "property");
    }
}

#[test]
fn parts_of_a_file_give_each_line_once() {
    let text = odd_text();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.ndjson");
    fs::write(&path, &text).unwrap();
    let whole = SourceFile::from_path(&path).unwrap();
    let size = text.len() as u64;
    let limits = Limits { max_line_bytes: 150, ..Limits::default() };
    let (expected, _) = expected(0, &text, limits.max_line_bytes);
    for part_bytes in [1, 7, 100, 1_000, size, size + 5] {
        for block_bytes in [1, 64, 1 << 20] {
            let cuts = 0..size.div_ceil(part_bytes);
            let cut = |cut| whole.part(cut * part_bytes..(cut + 1) * part_bytes);
            let parts: Vec<SourceFile> = cuts.map(cut).collect();
            let options = ReadOptions { threads: 2, block_bytes, limits, ..ReadOptions::default() };
            let (seen, reports) = read_all(&parts, &options);
            let reports = reports.unwrap();
            let sum: u64 = reports.iter().map(|report| report.raw_bytes).sum();
            assert_eq!(sum, size);
            // Numbers are those within a part.
            let whole_file = |seen: Seen| {
                let before = |source: usize| parts[source].lines_before().unwrap();
                match seen {
                    Seen::Line { source, number, offset, bytes } => {
                        Seen::Line { source: 0, number: before(source) + number, offset, bytes }
                    }
                    Seen::TooLong { source, number, offset, len_bytes } => Seen::TooLong {
                        source: 0,
                        number: before(source) + number,
                        offset,
                        len_bytes,
                    },
                }
            };
            let seen: Vec<Seen> = seen.into_iter().map(whole_file).collect();
            assert_same(
                &seen,
                &expected,
                &format!("parts of {part_bytes}, blocks of {block_bytes}"),
            );
        }
    }
    assert_eq!(whole.lines_before().unwrap(), 0);
    fs::write(&path, "short").unwrap();
    let part = whole.part(10..20);
    let (_, read) = read_all(&[part], &ReadOptions::default());
    assert!(matches!(read.unwrap_err().kind(), ndjson_io::ErrorKind::Shrunk { .. }));
}

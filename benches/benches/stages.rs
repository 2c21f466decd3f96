//! The stages that the other files leave out: cutting lines, decompressing, finding tokens, reading people,
//! encoding tables. One thread each; throughput in bytes of JSON and in records.

use std::fs;
use std::io::Write;
use std::path::Path;

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{
    ClaimTables, Compression, Format, Lineage, Plan, Provenance, Reader, Resources, Table,
    TableWriter, Took,
};
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use json_walk::index::Engine;
use json_walk::{Index, Limits};
use ndjson_io::{BlockWorker, InBlock, Line, ReadOptions, discover};
use synth::{ClaimType, Part};

/// Claims of each type in a text.
const CLAIMS: u64 = 50;

/// Claims of the four types that an export has most of.
fn claims() -> Vec<String> {
    let types = [ClaimType::Carrier, ClaimType::Outpatient, ClaimType::Inpatient, ClaimType::Pde];
    (0..CLAIMS).flat_map(|seed| types.map(|claim_type| synth::eob(seed, claim_type))).collect()
}

/// What a set of lines is called: shape, how many, how long.
fn name(shape: &str, lines: &[String]) -> String {
    let bytes: usize = lines.iter().map(String::len).sum();
    format!("{shape}/{}x{}KiB", lines.len(), (bytes / lines.len()).div_ceil(1024))
}

fn throughput<M: criterion::measurement::Measurement>(
    group: &mut BenchmarkGroup<'_, M>,
    lines: &[String],
) {
    let bytes = lines.iter().map(|line| line.len() as u64 + 1).sum();
    group.throughput(Throughput::ElementsAndBytes { elements: lines.len() as u64, bytes });
}

/// Counts lines: nearly no work beside the reader's.
#[derive(Default)]
struct Count(usize);

impl BlockWorker for Count {
    type Output = usize;

    fn line(&mut self, _: Line<'_>) {
        self.0 += 1;
    }

    fn too_long(&mut self, _: usize, _: InBlock, _: u64, _: u64) {}

    fn finish_block(&mut self) -> usize {
        std::mem::take(&mut self.0)
    }
}

fn count(path: &Path, options: &ReadOptions) -> usize {
    let files = discover(&[path.to_string_lossy().into_owned()], &[]).expect("the file is there");
    let mut lines = 0;
    ndjson_io::read(
        &files,
        options,
        |_| Count::default(),
        |count, _| {
            lines += count;
            std::ops::ControlFlow::Continue(())
        },
    )
    .expect("the file is good");
    lines
}

/// Cutting a file into lines, hashed or not, plain and compressed.
fn split(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lines: Vec<String> = (0..8).flat_map(|_| claims()).collect();
    let text = lines.join("\n") + "\n";
    let plain = folder.path().join("claims.ndjson");
    fs::write(&plain, &text).expect("it can be written");
    let gzip = folder.path().join("claims.ndjson.gz");
    let file = fs::File::create(&gzip).expect("it can be created");
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).expect("it is written");
    let zstd = folder.path().join("claims.ndjson.zst");
    let compressed = zstd::encode_all(text.as_bytes(), 3).expect("it is compressed");
    fs::write(&zstd, compressed).expect("it can be written");

    let mut group = criterion.benchmark_group("split");
    group.sample_size(20);
    throughput(&mut group, &lines);
    for (shape, path, hash) in [
        ("plain", &plain, false),
        ("plain-hashed", &plain, true),
        ("gzip", &gzip, false),
        ("zstd", &zstd, false),
    ] {
        let options = ReadOptions { threads: 1, hash, ..ReadOptions::default() };
        group.bench_function(name(shape, &lines), |bencher| {
            bencher.iter(|| assert_eq!(count(path, &options), lines.len()));
        });
    }
    group.finish();
}

/// Finding tokens and checking the text, by engine; beside the tape of simd-json, which is the same work less
/// the checks that it does not make, and more writing.
fn index(criterion: &mut Criterion) {
    let lines = claims();
    let mut group = criterion.benchmark_group("index");
    throughput(&mut group, &lines);
    for engine in Engine::available() {
        let mut index = Index::with_engine(engine);
        group.bench_function(name(engine.name(), &lines), |bencher| {
            bencher.iter(|| {
                let good = |line: &&String| index.read(line.as_bytes(), Limits::default()).is_ok();
                assert_eq!(lines.iter().filter(good).count(), lines.len());
            });
        });
    }
    group.bench_function(name("simd-json-tape", &lines), |bencher| {
        let mut buffers = simd_json::Buffers::new(1 << 20);
        let mut text = Vec::new();
        bencher.iter(|| {
            let tape = |line: &&String| {
                text.clear();
                text.extend_from_slice(line.as_bytes());
                simd_json::to_tape_with_buffers(&mut text, &mut buffers).is_ok()
            };
            assert_eq!(lines.iter().filter(tape).count(), lines.len());
        });
    });
    group.finish();
}

/// Patients and Coverages into registers; claims are in `crosswalk.rs`.
fn people(criterion: &mut Criterion) {
    let plan = Plan::stu3();
    let mut group = criterion.benchmark_group("extract");
    for (shape, lines) in [
        ("Patient", (0..200).map(synth::patient).collect::<Vec<_>>()),
        ("Coverage", (0..200).map(|seed| synth::coverage(seed, Part::A)).collect()),
    ] {
        throughput(&mut group, &lines);
        group.bench_function(name(shape, &lines), |bencher| {
            let mut reader = Reader::new(plan);
            bencher.iter(|| {
                let is_record = |line: &&String| {
                    matches!(reader.take(line.as_bytes()), Took::Claim(_) | Took::Person(_))
                };
                assert_eq!(lines.iter().filter(is_record).count(), lines.len());
            });
        });
    }
    group.finish();
}

/// Batches of the claims' tables, many times over.
fn batches(lines: &[String]) -> Vec<(Table, RecordBatch)> {
    let plan = Plan::stu3();
    let mut reader = Reader::new(plan);
    let mut tables = ClaimTables::new(plan, &Table::ALL, &true.into());
    let lineage = Lineage { file_name: "part-0001.ndjson".to_owned(), file_date: Some(19_000) };
    for line in lines {
        if let Took::Claim(claim) = reader.take(line.as_bytes()) {
            tables.append(&claim, Some("1S00E00AA00"), &lineage);
        }
    }
    tables.finish().expect("synthetic claims fit their tables")
}

/// Record batches to bytes, per byte of JSON that they came from.
fn encode(criterion: &mut Criterion) {
    let plan = Plan::stu3();
    let lines = claims();
    let batches = batches(&lines);
    let mut group = criterion.benchmark_group("encode");
    group.sample_size(20);
    throughput(&mut group, &lines);
    for (shape, format, compression) in [
        ("parquet-zstd", Format::Parquet, Compression::Zstd),
        ("parquet-none", Format::Parquet, Compression::None),
        ("csv", Format::Csv, Compression::None),
        ("arrow-zstd", Format::Arrow, Compression::Zstd),
    ] {
        let id = BenchmarkId::from_parameter(name(shape, &lines));
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                let mut bytes = 0;
                for (table, batch) in &batches {
                    let schema = cclf_crosswalk::schema(plan.crosswalk(), *table, &true.into());
                    let provenance = Provenance::default();
                    let mut writer = TableWriter::new(
                        schema,
                        format,
                        compression,
                        &provenance,
                        false,
                        Resources::default(),
                        Vec::new(),
                    )
                    .expect("a table begins");
                    writer.write(batch.clone()).expect("memory takes all");
                    bytes += writer.finish().expect("memory takes all").len();
                }
                bytes
            });
        });
    }
    group.finish();
}

criterion_group!(benches, split, index, people, encode);
criterion_main!(benches);

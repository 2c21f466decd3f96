//! Where one core's time goes: the stages of a conversion in memory, each with all before it, turn by turn, and
//! simd-json's tape of the same lines beside them. Medians.
//!
//! `cargo bench -p bcda-benches --bench split -- claims.ndjson`; without a file, on synthetic claims.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a program that prints rates")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use cclf_crosswalk::arrow::array::RecordBatch;
use cclf_crosswalk::{
    Claim, ClaimTables, Compression, Format, Lineage, Plan, Provenance, Reader, Resources, Table,
    TableWriter, Took, schema,
};
use json_walk::{Index, Limits};
use synth::ClaimType;

const ROUNDS: usize = 5;

/// Synthetic claims of each type, where no file is named.
const CLAIMS: u64 = 200;

/// Claims whose rows are built together: about what a block holds.
const BLOCK_CLAIMS: usize = 64;

/// What a stage does with the lines; how many were good.
type Stage = (&'static str, Box<dyn FnMut(&[String]) -> usize>);

fn read_claim<T>(reader: &mut Reader, line: &str, then: impl FnOnce(&Claim<'_>) -> T) -> Option<T> {
    match reader.take(line.as_bytes()) {
        Took::Claim(claim) => Some(then(&claim)),
        _ => None,
    }
}

/// Builds the rows of all lines, block by block.
fn build(
    reader: &mut Reader,
    tables: &mut ClaimTables,
    lines: &[String],
    mut take: impl FnMut(Vec<(Table, RecordBatch)>),
) -> usize {
    let lineage = Lineage { file_name: "part-0001.ndjson".to_owned(), file_date: Some(19_000) };
    let mut good = 0;
    for block in lines.chunks(BLOCK_CLAIMS) {
        for line in block {
            let append = |claim: &Claim<'_>| tables.append(claim, Some("1S00E00AA00"), &lineage);
            good += usize::from(read_claim(reader, line, append).is_some());
        }
        take(tables.finish().expect("claims fit their tables"));
    }
    good
}

fn new_tables(plan: &'static Plan) -> ClaimTables {
    ClaimTables::new(plan, &Table::ALL, &true.into())
}

fn stages() -> Vec<Stage> {
    let plan = Plan::stu3();
    let limits = Limits::default();
    let (mut finder, mut index) = (Index::new(), Index::new());
    let (mut walker, mut builder, mut encoder) =
        (Reader::new(plan), Reader::new(plan), Reader::new(plan));
    let (mut built, mut encoded) = (new_tables(plan), new_tables(plan));
    let mut buffers = simd_json::Buffers::new(1 << 20);
    let (mut text, mut kept) = (Vec::new(), Some(simd_json::Tape::null()));
    vec![
        (
            "UTF-8",
            Box::new(|lines| {
                lines
                    .iter()
                    .filter(|line| std::str::from_utf8(black_box(line.as_bytes())).is_ok())
                    .count()
            }),
        ),
        (
            "fill_tape",
            Box::new(move |lines| {
                let mut tape = |line: &&String| {
                    text.clear();
                    text.extend_from_slice(line.as_bytes());
                    let mut tape = kept.take().unwrap_or_else(simd_json::Tape::null).reset();
                    let good = simd_json::fill_tape(&mut text, &mut buffers, &mut tape).is_ok();
                    kept = Some(tape.reset());
                    good
                };
                lines.iter().filter(|line| tape(line)).count()
            }),
        ),
        (
            "index",
            Box::new(move |lines| {
                lines.iter().filter(|line| finder.tokens(line.as_bytes()) > 0).count()
            }),
        ),
        (
            "check",
            Box::new(move |lines| {
                lines.iter().filter(|line| index.read(line.as_bytes(), limits).is_ok()).count()
            }),
        ),
        (
            "walk",
            Box::new(move |lines| {
                lines.iter().filter(|line| read_claim(&mut walker, line, |_| ()).is_some()).count()
            }),
        ),
        (
            "build",
            Box::new(move |lines| {
                build(&mut builder, &mut built, lines, |batches| drop(black_box(batches)))
            }),
        ),
        (
            "encode",
            Box::new(move |lines| {
                let provenance = Provenance::default();
                let mut writers: Vec<(Table, TableWriter<Vec<u8>>)> = Vec::new();
                let good = build(&mut encoder, &mut encoded, lines, |batches| {
                    for (table, batch) in batches {
                        let place = writers.iter().position(|(own, _)| *own == table);
                        let place = place.unwrap_or_else(|| {
                            let writer = TableWriter::new(
                                schema(plan.crosswalk(), table, &true.into()),
                                Format::Parquet,
                                Compression::Zstd,
                                &provenance,
                                false,
                                Resources::default(),
                                Vec::new(),
                            );
                            writers.push((table, writer.expect("a table begins")));
                            writers.len() - 1
                        });
                        writers[place].1.write(batch).expect("memory takes all");
                    }
                });
                for (_, writer) in writers {
                    assert!(!writer.finish().expect("memory takes all").is_empty());
                }
                good
            }),
        ),
    ]
}

fn main() {
    let file = std::env::args().skip(1).find(|word| !word.starts_with("--"));
    let lines: Vec<String> = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file).expect("a file of claims");
            text.lines().map(str::to_owned).collect()
        }
        None => (0..CLAIMS)
            .flat_map(|seed| ClaimType::ALL.map(|claim_type| synth::eob(seed, claim_type)))
            .collect(),
    };
    let bytes: usize = lines.iter().map(|line| line.len() + 1).sum();
    let mut stages = stages();
    let mut times = vec![Vec::new(); stages.len()];
    // The first round is not counted.
    for round in 0..=ROUNDS {
        for ((name, stage), times) in stages.iter_mut().zip(&mut times) {
            let begin = Instant::now();
            assert_eq!(stage(black_box(&lines)), lines.len(), "{name} refuses lines");
            if round > 0 {
                times.push(begin.elapsed());
            }
        }
    }
    println!("{} claims, {:.1} MB", lines.len(), bytes as f64 / 1e6);
    for ((name, _), times) in stages.iter().zip(&mut times) {
        times.sort_unstable();
        let median: Duration = times[ROUNDS / 2];
        println!("{name:12} {:8.1} MB/s", bytes as f64 / 1e6 / median.as_secs_f64());
    }
}

//! One core, one claim type at a time: what reading a record into registers costs, and what its rows cost.

use cclf_crosswalk::{ClaimTables, Lineage, Plan, Reader, Table, Took};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use synth::ClaimType;

/// Claims of a type in one measured pass.
const CLAIMS: u64 = 100;

fn claims(claim_type: ClaimType) -> Vec<String> {
    (0..CLAIMS).map(|seed| synth::eob(seed, claim_type)).collect()
}

fn read(criterion: &mut Criterion) {
    let plan = Plan::stu3();
    let mut group = criterion.benchmark_group("read");
    for claim_type in ClaimType::ALL {
        let lines = claims(claim_type);
        let bytes: usize = lines.iter().map(String::len).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        let name = format!("{}/{}kB", claim_type.eob_type(), bytes / lines.len() / 1000);
        group.bench_function(name, |bencher| {
            let mut reader = Reader::new(plan);
            bencher.iter(|| {
                lines
                    .iter()
                    .filter(|line| matches!(reader.take(line.as_bytes()), Took::Claim(_)))
                    .count()
            });
        });
    }
    group.finish();
}

fn rows(criterion: &mut Criterion) {
    let plan = Plan::stu3();
    let lineage = Lineage { file_name: "part-0001.ndjson".to_owned(), file_date: Some(19_000) };
    let mut group = criterion.benchmark_group("rows");
    for claim_type in ClaimType::ALL {
        let lines = claims(claim_type);
        let bytes: usize = lines.iter().map(String::len).sum();
        group.throughput(Throughput::Bytes(bytes as u64));
        let name = format!("{}/{}kB", claim_type.eob_type(), bytes / lines.len() / 1000);
        group.bench_function(name, |bencher| {
            let mut reader = Reader::new(plan);
            let mut tables = ClaimTables::new(plan, &Table::ALL, &true.into());
            bencher.iter(|| {
                for line in &lines {
                    if let Took::Claim(claim) = reader.take(line.as_bytes()) {
                        tables.append(&claim, Some("1S00E00AA00"), &lineage);
                    }
                }
                tables.finish().map(|batches| batches.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, read, rows);
criterion_main!(benches);

//! One core, one version of the API and one claim type at a time: what reading a record into registers costs, and what
//! its rows cost.

use cclf_crosswalk::{Api, ClaimTables, Lineage, Plan, Reader, Table, Took};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use synth::ClaimType;

/// Claims of a type in one measured pass.
const CLAIMS: u64 = 100;

/// Every version and claim type.
fn all() -> impl Iterator<Item = (Api, ClaimType)> {
    Api::ALL.into_iter().flat_map(|api| ClaimType::ALL.map(|claim_type| (api, claim_type)))
}

/// Claims, their bytes, and what they are called.
fn claims(api: Api, claim_type: ClaimType) -> (Vec<String>, u64, String) {
    let lines: Vec<String> = (0..CLAIMS).map(|seed| synth::eob_of(api, seed, claim_type)).collect();
    let bytes: u64 = lines.iter().map(|line| line.len() as u64).sum();
    let name = format!("{api}/{}/{}kB", claim_type.eob_type(), bytes / CLAIMS / 1000);
    (lines, bytes, name)
}

fn read(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    for (api, claim_type) in all() {
        let (plan, (lines, bytes, name)) = (Plan::of(api), claims(api, claim_type));
        group.throughput(Throughput::Bytes(bytes));
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
    let lineage = Lineage { file_name: "part-0001.ndjson".to_owned(), file_date: Some(19_000) };
    let mut group = criterion.benchmark_group("rows");
    for (api, claim_type) in all() {
        let (plan, (lines, bytes, name)) = (Plan::of(api), claims(api, claim_type));
        group.throughput(Throughput::Bytes(bytes));
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

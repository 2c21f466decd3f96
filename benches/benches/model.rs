//! The typed model on synthetic records, one type of record at a time, beside `serde_json::Value`.
//!
//! A name says what is done, to which type of record, and how large they are: `model/read/CARRIER/64x18KiB`.
//! Throughput is in bytes of the records' text, for asking and writing too, so that the figures of one
//! type stand beside one another. Other FHIR crates on the same records: `benches/peers`.

use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{
    BatchSize, BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use fhir_model::stu3::ExplanationOfBenefit;
use fhir_model::{IntoOwned, Resource, from_slice};
use synth::{ClaimType, Part};

/// Records of one type: enough of them that the branch predictor cannot learn them by heart.
const RECORDS: u64 = 64;

/// Records of one type, read one after another.
struct Records {
    name: String,
    lines: Vec<String>,
    bytes: u64,
}

impl Records {
    fn new(record_type: &str, make: impl Fn(u64) -> String) -> Self {
        let lines: Vec<String> = (0..RECORDS).map(make).collect();
        let bytes: u64 = lines.iter().map(|line| line.len() as u64).sum();
        let mean = (bytes / RECORDS).div_ceil(1024);
        Self { name: format!("{record_type}/{RECORDS}x{mean}KiB"), lines, bytes }
    }

    fn claims(claim_type: ClaimType) -> Self {
        Self::new(claim_type.eob_type(), |seed| synth::eob(seed, claim_type))
    }

    fn all() -> Vec<Self> {
        let mut all: Vec<Self> = ClaimType::ALL.into_iter().map(Self::claims).collect();
        all.push(Self::new("Patient", synth::patient));
        all.push(Self::new("Coverage", |seed| synth::coverage(seed, Part::B)));
        all
    }

    fn read(&self) -> Vec<Resource<'_>> {
        self.lines.iter().map(|line| resource(line)).collect()
    }
}

fn resource(line: &str) -> Resource<'_> {
    from_slice(line.as_bytes()).expect("synthetic records are good")
}

/// What a claims developer asks of every claim: who, which type, diagnoses, lines and their amounts.
/// Counts the answers, so that no question can be left out.
fn ask(claim: &ExplanationOfBenefit<'_>) -> usize {
    let mut answers = [
        claim.claim_id().is_some(),
        claim.claim_type().is_some(),
        claim.patient_id().is_some(),
        claim.payment_amount().is_some(),
        claim.drg().is_some(),
        claim.attending().is_some(),
    ]
    .into_iter()
    .filter(|answered| *answered)
    .count();
    answers += claim.diagnoses().filter(|diagnosis| diagnosis.icd_version().is_some()).count();
    answers += claim.procedures().count();
    for item in &claim.item {
        answers += usize::from(item.line_number().is_some());
        answers += usize::from(item.hcpcs().is_some() || item.ndc().is_some());
        answers += usize::from(item.service_dates().0.is_some());
        for category in ["line_nch_pmt_amt", "rev_cntr_pmt_amt_amt", "line_sbmtd_chrg_amt"] {
            answers += usize::from(item.amount(category).is_some_and(|a| a.to_scaled(2).is_ok()));
        }
        answers += usize::from(claim.rendering(item).is_some());
        answers += usize::from(claim.diagnosis_of(item).is_some());
    }
    answers
}

fn bench<'c>(
    criterion: &'c mut Criterion,
    name: &str,
    records: &Records,
) -> (BenchmarkGroup<'c, WallTime>, BenchmarkId) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(records.bytes));
    (group, BenchmarkId::from_parameter(&records.name))
}

fn model(criterion: &mut Criterion) {
    for records in Records::all() {
        let (mut group, id) = bench(criterion, "model/read", &records);
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                for line in &records.lines {
                    black_box(resource(black_box(line)));
                }
            });
        });
        group.finish();

        let (mut group, id) = bench(criterion, "model/read-and-own", &records);
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                for line in &records.lines {
                    black_box(resource(black_box(line)).into_owned());
                }
            });
        });
        group.finish();

        let models = records.read();
        let claims: Vec<&ExplanationOfBenefit<'_>> = models
            .iter()
            .filter_map(|model| match model {
                Resource::ExplanationOfBenefit(claim) => Some(&**claim),
                _ => None,
            })
            .collect();
        if !claims.is_empty() {
            let (mut group, id) = bench(criterion, "model/ask", &records);
            group.bench_function(id, |bencher| {
                bencher.iter(|| {
                    let answers: usize = claims.iter().map(|claim| ask(black_box(claim))).sum();
                    assert!(answers > 5 * claims.len(), "the claims answer");
                    answers
                });
            });
            group.finish();
        }

        let (mut group, id) = bench(criterion, "model/write", &records);
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                for model in &models {
                    black_box(black_box(model).to_json());
                }
            });
        });
        group.finish();

        let (mut group, id) = bench(criterion, "model/drop", &records);
        group.bench_function(id, |bencher| {
            bencher.iter_batched(|| records.read(), drop, BatchSize::SmallInput);
        });
        group.finish();

        let (mut group, id) = bench(criterion, "serde_json-value/read", &records);
        group.bench_function(id, |bencher| {
            bencher.iter(|| {
                for line in &records.lines {
                    let value: serde_json::Value =
                        serde_json::from_str(black_box(line)).expect("synthetic records are JSON");
                    black_box(value);
                }
            });
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1200));
    targets = model
}
criterion_main!(benches);

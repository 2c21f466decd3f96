//! The fastest of many short passes over synthetic claims, stage by stage: a figure that other work on
//! the machine disturbs little, unlike a mean.
//!
//! `cargo bench -p bcda-benches --bench rates`; with a word after `--` only the stages whose names have it.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a program that prints rates")]

use std::hint::black_box;
use std::time::Instant;

use cclf_crosswalk::{ClaimTables, Lineage, Plan, Reader, Table, Took};
use json_walk::index::Engine;
use json_walk::{Duplicates, Index, Limits, check};
use synth::ClaimType;

/// Passes over the claims of a type. A pass takes about a millisecond.
const PASSES: usize = 100;

/// Claims of each type.
const CLAIMS: u64 = 40;

fn rate(stage: &str, lines: &[String], mut pass: impl FnMut(&[String]) -> usize) {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--")).peekable();
    if words.peek().is_some() && !words.any(|word| stage.contains(&word)) {
        return;
    }
    let bytes: usize = lines.iter().map(String::len).sum();
    let fastest = (0..PASSES)
        .map(|_| {
            let begin = Instant::now();
            assert!(black_box(pass(black_box(lines))) > 0);
            begin.elapsed()
        })
        .min()
        .unwrap_or_default();
    println!("{stage:24} {:7.3} GB/s", bytes as f64 / fastest.as_secs_f64() / 1e9);
}

fn main() {
    let plan = Plan::stu3();
    let limits = Limits::default();
    let lineage = Lineage { file_name: "part-0001.ndjson".to_owned(), file_date: Some(19_000) };
    for claim_type in ClaimType::ALL {
        let lines: Vec<String> = (0..CLAIMS).map(|seed| synth::eob(seed, claim_type)).collect();
        let name = |stage: &str| format!("{}/{stage}", claim_type.eob_type().to_ascii_lowercase());
        for engine in Engine::available() {
            let mut index = Index::with_engine(engine);
            rate(&name(&format!("check-{}", engine.name())), &lines, |lines| {
                lines.iter().filter(|line| index.read(line.as_bytes(), limits).is_ok()).count()
            });
        }
        rate(&name("check-strict"), &lines, |lines| {
            let good = |line: &str| check(line.as_bytes(), limits, Duplicates::Allow).is_ok();
            lines.iter().filter(|line| good(line)).count()
        });
        let mut reader = Reader::new(plan);
        rate(&name("registers"), &lines, |lines| {
            lines
                .iter()
                .filter(|line| matches!(reader.take(line.as_bytes()), Took::Claim(_)))
                .count()
        });
        let mut tables = ClaimTables::new(plan, &Table::ALL, &true.into());
        rate(&name("rows"), &lines, |lines| {
            for line in lines {
                if let Took::Claim(claim) = reader.take(line.as_bytes()) {
                    tables.append(&claim, Some("1S00E00AA00"), &lineage);
                }
            }
            tables.finish().map_or(0, |batches| batches.len())
        });
    }
}

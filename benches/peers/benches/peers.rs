//! The typed model of this project beside `fhir-sdk` and `fhir`, and beside untyped `serde_json::Value`.
//!
//! All of them read the same synthetic claims in one run, turn by turn, so that whatever else the machine
//! does meets them alike. A figure is the median of the rounds. Each crate is measured twice: as its user
//! would who knows that the line is a claim, and as one who does not and reads "a resource". A crate that refuses
//! lines is measured on the others, and ours with it on the same.
//!
//! The second table asks every crate to read and write all records, golden and synthetic. A record comes back
//! lossless if it has the same members, list lengths and orders, strings and number texts.

#![allow(clippy::print_stdout, reason = "a program that prints a measurement")]

#[path = "../../../fhir-model/tests/tree/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod tree;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use bcda_bench_peers as peers;
use fhir_model::{IntoOwned, Resource, from_slice, from_slice_as};
use synth::{ClaimType, Part};
use tree::Tree;

/// Times that each reader sees all claims.
const ROUNDS: usize = 25;

/// Claims of each type.
const CLAIMS: u64 = 40;

type Claim<'a> = fhir_model::stu3::ExplanationOfBenefit<'a>;

/// One way to read a line, and to drop what was read: nothing, or why it was refused.
struct Reader {
    name: &'static str,
    read: fn(&str) -> Result<(), String>,
}

/// The error of a reader as text. Synthetic records may be quoted.
fn told<T, E: Display>(outcome: Result<T, E>) -> Result<T, String> {
    outcome.map_err(|fault| fault.to_string())
}

/// What the others are measured against, on the lines that they accept.
const OURS: Reader = Reader {
    name: "bcda-fhir-model: claim, borrowed",
    read: |line| told(black_box(from_slice_as::<Claim<'_>>(line.as_bytes())).map(drop)),
};

const OTHERS: &[Reader] = &[
    Reader {
        name: "bcda-fhir-model: any resource, borrowed",
        read: |line| told(black_box(from_slice(line.as_bytes())).map(drop)),
    },
    Reader {
        name: "bcda-fhir-model: any resource, owned",
        read: |line| {
            told(black_box(from_slice(line.as_bytes()).map(Resource::into_owned)).map(drop))
        },
    },
    #[cfg(feature = "sdk")]
    Reader { name: "fhir-sdk 0.16: claim", read: |line| told(peers::sdk::read_claim(line)) },
    #[cfg(feature = "sdk")]
    Reader {
        name: "fhir-sdk 0.16: any resource",
        read: |line| told(peers::sdk::read_resource(line)),
    },
    #[cfg(feature = "fhir")]
    Reader { name: "fhir 4.1: claim", read: |line| told(peers::r3::read_claim(line)) },
    #[cfg(feature = "fhir")]
    Reader { name: "fhir 4.1: any resource", read: |line| told(peers::r3::read_resource(line)) },
    Reader { name: "serde_json::Value", read: |line| told(peers::untyped::read(line)) },
    Reader { name: "serde_json, checked only", read: |line| told(peers::untyped::check(line)) },
];

fn claims() -> Vec<String> {
    // Types take turns, as in no export, but so that no reader gets used to one of them.
    let of_type = |seed| ClaimType::ALL.map(|claim_type| synth::eob(seed, claim_type));
    (0..CLAIMS).flat_map(of_type).collect()
}

/// The lines that a reader accepts, and how long it and ours take for them.
struct Duel<'l> {
    reader: &'static Reader,
    lines: Vec<&'l str>,
    theirs: Vec<Duration>,
    ours: Vec<Duration>,
}

fn pass(reader: &Reader, lines: &[&str]) -> Duration {
    let start = Instant::now();
    for line in lines {
        let _ = black_box((reader.read)(black_box(line)));
    }
    start.elapsed()
}

/// Bytes per microsecond in the median round.
fn rate(bytes: usize, times: &mut [Duration]) -> f64 {
    times.sort();
    bytes as f64 / 1e6 / times[times.len() / 2].as_secs_f64()
}

fn measure(lines: &[String]) {
    println!(
        "{} synthetic claims, median of {ROUNDS} rounds, every crate on the lines it accepts\n",
        lines.len()
    );
    let mut duels: Vec<Duel<'_>> = OTHERS
        .iter()
        .map(|reader| {
            let accepted =
                lines.iter().map(String::as_str).filter(|line| (reader.read)(line).is_ok());
            Duel { reader, lines: accepted.collect(), theirs: Vec::new(), ours: Vec::new() }
        })
        .collect();
    // The first round fills caches and does not count.
    for round in 0..=ROUNDS {
        for duel in &mut duels {
            let (theirs, ours) = (pass(duel.reader, &duel.lines), pass(&OURS, &duel.lines));
            if round > 0 {
                duel.theirs.push(theirs);
                duel.ours.push(ours);
            }
        }
    }
    println!("{:<42} {:>8} {:>7} {:>10} {:>7}", "reader", "accepts", "MB/s", "ours MB/s", "ours x");
    for duel in &mut duels {
        let bytes = duel.lines.iter().map(|line| line.len()).sum();
        let (theirs, ours) = (rate(bytes, &mut duel.theirs), rate(bytes, &mut duel.ours));
        let name = duel.reader.name;
        let accepted = duel.lines.len();
        println!("{name:<42} {accepted:>8} {theirs:>7.0} {ours:>10.0} {:>7.2}", ours / theirs);
    }
    println!("\nours: {}", OURS.name);
}

/// Lines of all golden files, or none when `../shared` is not there.
fn golden() -> Vec<String> {
    let data = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let mut lines = Vec::new();
    for folder in ["", "identifiers", "seed-samples"] {
        for name in ["ExplanationOfBenefit", "Patient", "Coverage"] {
            let path = data.join(folder).join(format!("{name}.ndjson"));
            let text = std::fs::read_to_string(path).unwrap_or_default();
            lines.extend(text.lines().map(str::to_owned));
        }
    }
    lines
}

fn synthetic() -> Vec<String> {
    let of_seed = |seed| {
        let parts = [Part::A, Part::B, Part::C, Part::D].map(|part| synth::coverage(seed, part));
        parts.into_iter().chain([synth::patient(seed)])
    };
    claims().into_iter().chain((0..CLAIMS).flat_map(of_seed)).collect()
}

/// One way to read a line as a resource and to write it again.
struct Writer {
    name: &'static str,
    rewrite: fn(&str) -> Result<String, String>,
}

const WRITERS: &[Writer] = &[
    Writer {
        name: "bcda-fhir-model",
        rewrite: |line| told(from_slice(line.as_bytes()).map(|resource| resource.to_json())),
    },
    #[cfg(feature = "sdk")]
    Writer { name: "fhir-sdk 0.16", rewrite: |line| told(peers::sdk::rewrite(line)) },
    #[cfg(feature = "fhir")]
    Writer { name: "fhir 4.1", rewrite: |line| told(peers::r3::rewrite(line)) },
    Writer { name: "serde_json::Value", rewrite: |line| told(peers::untyped::rewrite(line)) },
];

fn compare(kind: &str, lines: &[String]) {
    println!(
        "\n{:<42} {:>9} {:>9}",
        format!("{} {kind} records", lines.len()),
        "accepts",
        "lossless"
    );
    for writer in WRITERS {
        let (mut accepted, mut lossless) = (0, 0);
        let mut faults: BTreeMap<String, usize> = BTreeMap::new();
        for line in lines {
            match (writer.rewrite)(line) {
                Ok(written) => {
                    accepted += 1;
                    lossless += usize::from(Tree::parse(&written) == Tree::parse(line));
                }
                Err(fault) => {
                    let class = fault.split(" at line").next().unwrap_or_default();
                    *faults.entry(class.to_owned()).or_default() += 1;
                }
            }
        }
        println!("{:<42} {accepted:>9} {lossless:>9}", writer.name);
        for (fault, count) in faults {
            println!("    {count} refused: {fault}");
        }
    }
}

fn main() {
    measure(&claims());
    let golden = golden();
    if golden.is_empty() {
        println!("\ngolden records: skipped: no ../shared");
    } else {
        compare("golden", &golden);
    }
    compare("synthetic", &synthetic());
}

//! Generates an export into a folder, or into nothing, and tells how fast that was.
//!
//! `cargo run --release -p bcda-synth --example throughput -- BENEFICIARIES [FOLDER [v1|v2|v3]]`; the folder `-` is none.

#![allow(clippy::print_stdout, reason = "the program is there to print a measurement")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::time::Instant;
use synth::Api;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let beneficiaries = arguments.next().map_or(Ok(500), |n| n.parse())?;
    let folder = arguments.next().filter(|folder| folder != "-");
    let api = arguments.next().map_or(Ok(Api::V1), |api| api.parse())?;
    if let Some(folder) = &folder {
        fs::create_dir_all(folder)?;
    }
    let options = synth::Options { beneficiaries, api, ..synth::Options::default() };
    let start = Instant::now();
    let summary = synth::generate(&options, |name| -> io::Result<Box<dyn Write>> {
        Ok(match &folder {
            Some(folder) => Box::new(File::create(Path::new(folder).join(name))?),
            None => Box::new(io::sink()),
        })
    })?;
    let micros = u64::try_from(start.elapsed().as_micros())?.max(1);
    println!("{} bytes in {} ms: {} MB/s", summary.bytes, micros / 1000, summary.bytes / micros);
    println!(
        "{} files, {} bytes per beneficiary",
        summary.files.len(),
        summary.bytes / beneficiaries.max(1)
    );
    let claims: u64 = summary.claims.values().sum();
    for (eob_type, count) in &summary.claims {
        let (share, bytes) = (count * 10_000 / claims, summary.claim_bytes[eob_type] / count);
        println!(
            "{eob_type:<10} {count:>8} {:>3}.{:02} % {bytes:>6} bytes each",
            share / 100,
            share % 100
        );
    }
    println!("{} bytes per claim", summary.claim_bytes.values().sum::<u64>() / claims.max(1));
    Ok(())
}

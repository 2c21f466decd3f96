//! simd-json's `fill_tape` over each line of a file, with one tape and one set of buffers: what a tokeniser alone takes.
//!
//! `cargo build --profile dist -p bcda-benches --example tape`, then `target/dist/examples/tape claims.ndjson`. Prints the
//! bytes, the lines and the seconds that a core was busy.
#![allow(clippy::print_stdout, clippy::cast_precision_loss, reason = "a program that prints")]

use std::fs::{File, read_to_string};
use std::io::{BufRead, BufReader};

/// Nanoseconds that this process was on a core: the first word that Linux has of it.
fn busy() -> u64 {
    let told = read_to_string("/proc/self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn main() {
    let path = std::env::args().nth(1).expect("tape FILE");
    let mut file = BufReader::with_capacity(1 << 18, File::open(path).expect("a file of lines"));
    let mut buffers = simd_json::Buffers::new(1 << 20);
    let mut kept = Some(simd_json::Tape::null());
    let (mut line, mut bytes, mut lines) = (Vec::new(), 0, 0);
    while file.read_until(b'\n', &mut line).expect("the file is read") > 0 {
        bytes += line.len();
        lines += 1;
        let mut tape = kept.take().unwrap_or_else(simd_json::Tape::null).reset();
        simd_json::fill_tape(&mut line, &mut buffers, &mut tape).expect("a line of JSON");
        kept = Some(tape.reset());
        line.clear();
    }
    println!("{bytes} bytes, {lines} lines, {:.3} CPU s", busy() as f64 / 1e9);
}

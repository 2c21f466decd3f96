//! Counts lines and bytes of what is named, and tells how fast: the reader alone, with nearly no
//! work per line.
//!
//! `cargo run --release -p bcda-ndjson-io --example count_lines -- [--hash] [--threads N] INPUT..`

use std::ops::ControlFlow;
use std::time::Instant;

use ndjson_io::{BlockWorker, InBlock, Line, ReadOptions, SourceFile, discover, read};

#[derive(Default)]
struct Count {
    lines: u64,
    bytes: u64,
}

impl BlockWorker for Count {
    type Output = Count;

    fn line(&mut self, line: Line<'_>) {
        self.lines += 1;
        self.bytes += line.bytes.len() as u64;
    }

    fn too_long(&mut self, _source: usize, _number: InBlock, _offset: u64, _len_bytes: u64) {}

    fn finish_block(&mut self) -> Count {
        std::mem::take(self)
    }
}

#[allow(clippy::print_stdout, reason = "an example shows its result")]
#[allow(clippy::cast_precision_loss, reason = "a rate for people to read")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut options = ReadOptions::default();
    let mut inputs = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--hash" => options.hash = true,
            "--threads" => options.threads = arguments.next().unwrap_or_default().parse()?,
            "--block" => options.block_bytes = arguments.next().unwrap_or_default().parse()?,
            _ => inputs.push(argument),
        }
    }
    let looked = Instant::now();
    let sources = match inputs.as_slice() {
        [input] if input == "-" => vec![SourceFile::stdin()],
        inputs => discover(inputs, &[])?,
    };
    let (found, started) = (looked.elapsed(), Instant::now());
    let mut total = Count::default();
    let mut blocks = 0_u64;
    let reports = read(
        &sources,
        &options,
        |_| Count::default(),
        |count, _| {
            total.lines += count.lines;
            total.bytes += count.bytes;
            blocks += 1;
            ControlFlow::Continue(())
        },
    )?;
    let seconds = started.elapsed().as_secs_f64();
    let decompressed: u64 = reports.iter().map(|report| report.decompressed_bytes).sum();
    println!(
        "{} sources (found in {found:?}), {} lines, {} bytes in lines, {blocks} blocks; \
         {decompressed} bytes in {seconds:.3} s: {:.2} GB/s",
        sources.len(),
        total.lines,
        total.bytes,
        decompressed as f64 / seconds / 1e9
    );
    Ok(())
}

//! Decompresses gzip files into nothing, one after another, as the reader of lines does: what the decompressor alone takes.
//!
//! `cargo build --profile dist -p bcda-benches --example gunzip`, then `target/dist/examples/gunzip FILE...`. Prints the
//! bytes that came out.
#![allow(clippy::print_stdout, reason = "a program that prints")]

use std::fs::File;
use std::io::{BufReader, Read};

use flate2::bufread::MultiGzDecoder;

fn main() {
    let (mut bytes, mut buffer) = (0, vec![0; 256 << 10]);
    for path in std::env::args().skip(1) {
        let file = BufReader::with_capacity(128 << 10, File::open(path).expect("a file"));
        let mut decoder = MultiGzDecoder::new(file);
        loop {
            let count = decoder.read(&mut buffer).expect("gzip");
            if count == 0 {
                break;
            }
            bytes += count;
        }
    }
    println!("{bytes} bytes");
}

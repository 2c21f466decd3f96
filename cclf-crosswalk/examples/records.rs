//! Records from standard input into record batches, as they might come from a response or a topic.
//!
//! ```sh
//! zcat testdata/export/*.ndjson.gz | cargo run -p bcda-cclf-crosswalk --example records
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example shows what it did")]

use std::error::Error;
use std::io::{self, BufRead};

use cclf_crosswalk::{BatchError, Beneficiaries, Lineage, Table, TableStream, TableStreamOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let records: Vec<Vec<u8>> = io::stdin().lock().split(b'\n').collect::<Result<_, _>>()?;
    let source = Lineage { file_name: "standard input".to_owned(), file_date: None };

    // People first. Here they are mixed with claims, so all records are read twice.
    let mut people = Beneficiaries::default();
    people.set_source(source.clone());
    for (number, record) in (1..).zip(&records) {
        if let Err(error) = people.push(record) {
            eprintln!("record {number}: {error}");
        }
    }
    eprintln!("{} beneficiaries", people.len());

    let options = TableStreamOptions { batch_rows: 16, second_reading: true, ..Default::default() };
    let mut tables =
        TableStream::new(people, &[Table::Cclf1, Table::Cclf5, Table::Cclf8], &options);
    tables.set_source(source);
    let mut batches = tables.batches(&records);
    for item in batches.by_ref() {
        match item {
            Ok((table, batch)) => println!("{table}: {} rows", batch.num_rows()),
            Err(BatchError::Record(bad)) => eprintln!("{bad}"),
            Err(error) => return Err(error.to_string().into()),
        }
    }
    println!("{:?}", batches.counts());
    Ok(())
}
